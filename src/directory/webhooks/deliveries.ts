import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { columnsAs } from '../../db/alias.ts';
import { webhookDeliveries } from '../../db/schema/webhooks.ts';
import { type RecordStatement, selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { inList, type RowOf, type Several, selection } from '../../db/statement.ts';
import { type Reach, webhookInReach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import { parse } from '../kernel/input.ts';
import { type InputOf, lazily } from '../kernel/lazily.ts';
import type { Connection, NestedConnection } from '../lists/connection.ts';
import { type Found, foundWhere } from '../lists/found.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { connectionOfList, nestedConnectionOfList } from '../lists/simple-list.ts';

const fields = {
  id: webhookDeliveries.id,
  webhookId: webhookDeliveries.webhookId,
  eventId: webhookDeliveries.eventId,
  tries: webhookDeliveries.tries,
  triedAt: webhookDeliveries.triedAt,
  responseStatus: webhookDeliveries.responseStatus,
  responseMilliseconds: webhookDeliveries.responseMilliseconds,
  response: webhookDeliveries.response,
  problem: webhookDeliveries.problem,
  deliveredAt: webhookDeliveries.deliveredAt,
  nextTryAt: webhookDeliveries.nextTryAt,
};

/** What became of an event at a webhook, as of the last try. */
export interface DeliveryRecord extends RowOf<typeof fields> {}

const RECORDS = { selection: selection(fields), fields, from: sql`webhook_delivery`, id: webhookDeliveries.id };

/** Returns a statement that reads deliveries: those that `rest` asks for, which follows FROM. */
export const deliveryRows = (rest: SQL): RecordStatement<DeliveryRecord> => selectingRecords(RECORDS, rest);

/** Whether a delivery is in reach: its webhook is. */
export const deliveryInReach = (reach: Reach): SQL => webhookInReach(reach, webhookDeliveries.webhookId);

/**
 * Returns the deliveries in reach among these, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `webhook:read`
 */
export function deliveriesByIds({ db, viewer }: Caller, ids: Several): Found<DeliveryRecord> {
  requirePermissions(viewer, ['webhook:read']);
  return foundWhere(db, RECORDS, sql`${inList(webhookDeliveries.id, ids)} AND ${deliveryInReach(viewer.reach)}`);
}

const scanned = columnsAs(webhookDeliveries, 'scanned');

/**
 * Lists the deliveries to each of these webhooks that is in reach, in the order of their first tries.
 *
 * @throws ForbiddenError if the viewer lacks `webhook:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listDeliveriesOfWebhooks(
  { db, viewer }: Caller,
  webhookIds: Several,
  page: PageArguments,
): NestedConnection<DeliveryRecord> {
  requirePermissions(viewer, ['webhook:read']);
  return nestedConnectionOfList(db, page, {
    name: 'Webhook.deliveries',
    records: RECORDS,
    parents: { column: scanned.webhookId, values: webhookIds },
    scan: {
      from: sql`webhook_delivery scanned`,
      id: scanned.id,
      where: [webhookInReach(viewer.reach, scanned.webhookId)],
    },
  });
}

const deliveryFilter = lazily(() => z.object({ eventId: z.int() }));

/**
 * Lists the deliveries of an event to webhooks in reach, in the order of their first tries.
 *
 * @throws ForbiddenError if the viewer lacks `webhook:read`
 * @throws ValidationError if the event or the page arguments are not valid
 */
export function listDeliveriesOfEvent(
  { db, viewer }: Caller,
  given: InputOf<typeof deliveryFilter>,
  page: PageArguments,
): Connection<DeliveryRecord> {
  requirePermissions(viewer, ['webhook:read']);
  const { eventId } = parse(deliveryFilter, given);
  return connectionOfList(db, page, {
    name: 'webhookDeliveries',
    records: RECORDS,
    scan: {
      from: sql`webhook_delivery scanned`,
      id: scanned.id,
      where: [sql`scanned.event_id = ${eventId}`, webhookInReach(viewer.reach, scanned.webhookId)],
    },
  });
}
