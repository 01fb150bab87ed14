import type { SQL } from 'drizzle-orm';
import { columnsAs } from '../../db/alias.ts';
import { webhooks } from '../../db/schema/webhooks.ts';
import { type RecordStatement, selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { inList, mapRows, parseJsonList, type Several, selection } from '../../db/statement.ts';
import { type Reach, reachOf, webhookInReach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import type { EventType } from '../kernel/event-types.ts';
import type { Permission } from '../kernel/permission-names.ts';
import type { Connection } from '../lists/connection.ts';
import { type Found, foundWhere } from '../lists/found.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { connectionOfList } from '../lists/simple-list.ts';

/** The permissions of the webhook in scope, as a JSON array. */
export const webhookPermissionList = sql<string>`(SELECT json_group_array(permission) FROM webhook_permission
  WHERE webhook_permission.webhook_id = ${webhooks.id})`;

const webhookSelection = mapRows(
  selection({
    id: webhooks.id,
    url: webhooks.url,
    description: webhooks.description,
    eventTypes: sql<string | null>`${webhooks.eventTypes}`,
    reachKind: webhooks.reach,
    permissions: webhookPermissionList,
    tenantIds: sql<string>`(SELECT json_group_array(tenant_id) FROM webhook_tenant
      WHERE webhook_tenant.webhook_id = ${webhooks.id})`,
    isEnabled: webhooks.enabled,
    disabledBecause: webhooks.disabledBecause,
    previousSecretExpiresAt: webhooks.previousSecretExpiresAt,
    failingSince: webhooks.failingSince,
    createdAt: webhooks.createdAt,
    updatedAt: webhooks.updatedAt,
    wire: webhooks.wire,
    wireVersion: webhooks.wireVersion,
    createdByType: webhooks.createdByType,
    createdById: webhooks.createdById,
    updatedByType: webhooks.updatedByType,
    updatedById: webhooks.updatedById,
  }),
  ({ permissions, tenantIds, reachKind, eventTypes, previousSecretExpiresAt, ...row }) => ({
    ...row,
    eventTypes: eventTypes === null ? null : parseJsonList<EventType>(eventTypes),
    permissions: parseJsonList<Permission>(permissions),
    reach: reachOf(reachKind, parseJsonList(tenantIds), null),
    previousSecretExpiresAt:
      previousSecretExpiresAt !== null && previousSecretExpiresAt > new Date() ? previousSecretExpiresAt : null,
  }),
);

/** A webhook as every API shows it: never a secret. */
export interface WebhookRecord extends ReturnType<typeof webhookSelection.decode> {}

/** How webhooks are read, for lists of them. */
export const WEBHOOK_RECORDS = {
  selection: webhookSelection,
  fields: { id: webhooks.id },
  from: sql`webhook`,
  id: webhooks.id,
};

/** Returns a statement that reads webhooks: those that `rest` asks for, which follows FROM. */
export const webhookRows = (rest: SQL): RecordStatement<WebhookRecord> => selectingRecords(WEBHOOK_RECORDS, rest);

/**
 * Returns the webhooks in reach among these, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `webhook:read`
 */
export function webhooksByIds({ db, viewer }: Caller, ids: Several): Found<WebhookRecord> {
  requirePermissions(viewer, ['webhook:read']);
  return foundWhere(
    db,
    WEBHOOK_RECORDS,
    sql`${inList(webhooks.id, ids)} AND ${webhookInReach(viewer.reach, webhooks.id)}`,
  );
}

const scanned = columnsAs(webhooks, 'scanned');

/** Where the webhooks that can be in reach are scanned: for a reach of some tenants, only those of these tenants. */
function scannedFor(reach: Reach): SQL {
  if (reach.kind !== 'TENANTS') return sql`webhook scanned`;
  return sql`(SELECT DISTINCT webhook_id FROM webhook_tenant WHERE ${inList(sql`tenant_id`, reach.tenantIds)}) reached
    CROSS JOIN webhook scanned ON scanned.id = reached.webhook_id`;
}

/**
 * Lists the webhooks in reach, the oldest first, those that are not enabled included.
 *
 * @throws ForbiddenError if the viewer lacks `webhook:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listWebhooks({ db, viewer }: Caller, page: PageArguments): Connection<WebhookRecord> {
  requirePermissions(viewer, ['webhook:read']);
  return connectionOfList(db, page, {
    name: 'webhooks',
    records: WEBHOOK_RECORDS,
    scan: { from: scannedFor(viewer.reach), id: scanned.id, where: [webhookInReach(viewer.reach, scanned.id)] },
  });
}
