import { getTableColumns, SQL } from 'drizzle-orm';
import * as z from 'zod';
import { events } from '../db/schema/events.ts';
import { sql } from '../db/sql.ts';
import { inList, mapRows, parseJsonList, type Several, select, selection, valueTable } from '../db/statement.ts';
import { eventInReach } from './access/reach.ts';
import { type Caller, requirePermissions, type Viewer } from './access/viewer.ts';
import { ValidationError } from './kernel/errors.ts';
import { EVENT_TYPES, type EventType } from './kernel/event-types.ts';
import { choice, id, parse } from './kernel/input.ts';
import { type InputOf, lazily } from './kernel/lazily.ts';
import { productPermission } from './kernel/permission-input.ts';
import type { Permission } from './kernel/permission-names.ts';
import { type Connection, connectionOf } from './lists/connection.ts';
import { anyOf, timeRange } from './lists/entity-filter.ts';
import { scanOfEvents } from './lists/event-scans.ts';
import { type Found, foundWhere } from './lists/found.ts';
import {
  BY_CREATION,
  decodeCursor,
  encodeCursor,
  type PageArguments,
  parsePageArguments,
} from './lists/page-arguments.ts';

const EVENT_ACTORS = events.actorType.enumValues;

const { type, ...columns } = getTableColumns(events);
const fields = { ...columns, type: sql<EventType>`${type}` };

const eventSelection = selection(fields);

/** An event of the feed: what happened to which record, by whom, and what the record was like before and after. */
export interface EventRecord extends ReturnType<typeof eventSelection.decode> {}

/** What must be held to see what a record looked like; null where everyone may. */
const READ_PERMISSIONS: Record<EventRecord['subjectType'], Permission | null> = {
  Organization: null,
  Tenant: 'tenant:read',
  Customer: 'customer:read',
  User: 'user:read',
  Role: 'role:read',
  ApiKey: 'apiKey:read',
  TrustedIssuer: 'organization:edit',
  Pixel: 'tenant:read',
  Pipeline: 'tenant:read',
  Webhook: 'webhook:read',
  Permission: 'role:read',
};

/** Events as a viewer may see them: what a record looked like only with the permission to read such records. */
const seenBy = ({ permissions, reach }: Viewer) =>
  mapRows(eventSelection, (event): EventRecord => {
    const needed = READ_PERMISSIONS[event.subjectType];
    if (needed !== null && !permissions.has(needed)) return { ...event, before: null, after: null };
    if (reach.kind === 'ORGANIZATION' || !event.type.startsWith('user.')) return event;
    return { ...event, before: withoutElsewhere(event.before), after: withoutElsewhere(event.after) };
  });

/** Of a user, who reaches some tenants sees neither the role elsewhere, nor the customer, nor where the user starts. */
function withoutElsewhere(snapshot: Record<string, unknown> | null): Record<string, unknown> | null {
  if (snapshot === null) return null;
  const { roleId: _roleId, customerId: _customerId, defaultTenantId: _defaultTenantId, ...shown } = snapshot;
  return shown;
}

/** The records of the list. Of their fields, what leads on from events asks for the id alone. */
const recordsSeenBy = (viewer: Viewer) => ({
  selection: seenBy(viewer),
  fields: { id: events.id },
  from: sql`event`,
  id: events.id,
});

/**
 * Returns the events in reach among these, as far as the viewer may see them, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `event:read`
 */
export function eventsByIds({ db, viewer }: Caller, ids: Several<string | number>): Found<EventRecord> {
  requirePermissions(viewer, ['event:read']);
  const isAmong = inList(events.id, ids instanceof SQL ? ids : ids.map(Number));
  return foundWhere(
    db,
    recordsSeenBy(viewer),
    sql`${isAmong} AND ${eventInReach(viewer.reach, events.id, events.subjectType)}`,
  );
}

/** The tenants in reach that an event names: the first of them by their ids, and whether there are more. */
export interface NamedTenants {
  ids: string[];
  hasMore: boolean;
}

/** So many of the tenants are shown that an event names: one about a customer names all that the customer belongs to. */
export const MAX_SHOWN_TENANTS = 100;

/** Returns the tenants in reach that each of these events names, by the id of the event, in one statement. */
export async function tenantsNamedBy(
  { db, viewer }: Caller,
  eventIds: Several<string | number>,
): Promise<ReadonlyMap<number, NamedTenants>> {
  const { reach } = viewer;
  const reached = reach.kind === 'TENANTS' ? reach.tenantIds : [];
  const named =
    reach.kind === 'ORGANIZATION'
      ? sql`event_tenant named WHERE named.event_id = given.value`
      : sql`${valueTable(reached)} reached CROSS JOIN event_tenant named
          ON named.tenant_id = reached.value AND named.event_id = given.value WHERE TRUE`;
  const ids = sql<string>`(SELECT json_group_array(tenant_id) FROM (SELECT named.tenant_id FROM ${named}
    ORDER BY named.tenant_id LIMIT ${MAX_SHOWN_TENANTS + 1}))`;
  const rows = await db.read(
    select({ eventId: sql<number>`given.value`, ids }, sql`FROM ${valueTable(eventIds)} given`),
  );
  return new Map(
    rows.map(({ eventId, ids }) => {
      const all = parseJsonList(ids);
      return [eventId, { ids: all.slice(0, MAX_SHOWN_TENANTS), hasMore: all.length > MAX_SHOWN_TENANTS }];
    }),
  );
}

/** The id of a record, or the name of a permission of the product, which has no other. */
const subjectId = lazily(() => z.union([id(), productPermission()], { error: 'is not an id of this kind' }));

const eventFilter = lazily(() =>
  z.object({
    types: anyOf(choice(EVENT_TYPES)).nullish(),
    subjectId: subjectId().nullish(),
    /** Where the id is one of a record of this type. */
    subjectType: z.string().nullish(),
    actor: z
      .object({ type: choice(EVENT_ACTORS), id: id().nullish() })
      .refine(({ type, id }) => (type === 'ROOT' || type === 'SYSTEM') === (id == null), {
        path: ['id'],
        error: 'is required unless the actor is ROOT or SYSTEM, which have none',
      })
      .nullish(),
    tenantId: id().nullish(),
    createdAt: timeRange(),
  }),
);

/** As a caller gives it: the types are checked here. */
type GivenEventFilter = Omit<InputOf<typeof eventFilter>, 'types'> & { types?: readonly string[] | null | undefined };

/** The arguments of the list of events. */
export interface EventListArguments extends PageArguments {
  filter?: GivenEventFilter | null | undefined;
  /** Whether the reader has just read up to the cursor, and can miss nothing of what has been removed since. */
  goesOn?: boolean;
}

const LIST = 'events';

/**
 * Returns the id of the event at a cursor of the list of events.
 * @throws ValidationError at `path` if it is none
 */
export const eventPosition = (cursor: string, path: string): number =>
  Number(decodeCursor(path, cursor, LIST, BY_CREATION.field).id);

/** Returns the cursor of an event in the list of events. */
export const eventCursor = (eventId: number): string =>
  encodeCursor({ list: LIST, field: BY_CREATION.field }, null, eventId);

/**
 * Lists the events in reach in the order in which they were committed. A reader who goes on from the last cursor misses
 * none, and sees of each only what the permissions to read its record allow.
 *
 * @throws ForbiddenError if the viewer lacks `event:read`
 * @throws ValidationError if the filter or the page arguments are not valid, or events behind the cursor have been removed
 */
export function listEvents({ db, viewer }: Caller, args: EventListArguments): Connection<EventRecord> {
  requirePermissions(viewer, ['event:read']);
  const scan = scanOfEvents(viewer.reach, parse(eventFilter, args.filter ?? {}, 'filter'));
  const request = parsePageArguments(args, BY_CREATION, LIST);
  const listed = connectionOf(db, { ...recordsSeenBy(viewer), sort: null }, scan, request, () => null);
  const { from } = request;
  if (from === null || args.goesOn) return listed;
  const page = async () => {
    const [found, [oldest]] = await Promise.all([listed.page(), db.read(OLDEST)]);
    const isRemoved = Number(from.id) + 1 < (oldest?.id ?? 0);
    if (isRemoved) throw ValidationError.at(request.backward ? 'before' : 'after', TOO_OLD);
    return found;
  };
  return { ...listed, page };
}

/** The first event that has not been removed by now (`removeOldEvents`). */
const OLDEST = select({ id: sql<number | null>`min(event.id)` }, sql`FROM event`);

/** What is said of a cursor from behind which events have been removed. */
export const TOO_OLD = 'is older than what is kept: events behind it have been removed';
