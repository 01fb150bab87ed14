import { getTableColumns, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import * as z from 'zod';
import { events } from '../db/schema/events.ts';
import { inList, mapRows, selection } from '../db/statement.ts';
import { eventInReach, type Reach } from './access/reach.ts';
import { type Caller, requirePermissions, type Viewer } from './access/viewer.ts';
import { EVENT_TYPES, type EventType } from './kernel/event-types.ts';
import { choice, id, parse } from './kernel/input.ts';
import type { Permission } from './kernel/permission-names.ts';
import type { Connection } from './lists/connection.ts';
import { anyOf } from './lists/entity-filter.ts';
import { BY_CREATION, decodeCursor, encodeCursor, type PageArguments } from './lists/page-arguments.ts';
import { eventsInReach } from './lists/reach-scans.ts';
import { connectionOfList, type SimpleScan } from './lists/simple-list.ts';

const EVENT_ACTORS = events.actorType.enumValues;

const { commandId: _commandId, type, ...fields } = getTableColumns(events);

const eventSelection = selection({ ...fields, type: sql<EventType>`${type}` });

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

/**
 * Returns the events in reach among these, as far as the viewer may see them, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `event:read`
 */
export async function eventsByIds({ db, viewer }: Caller, ids: readonly number[]): Promise<EventRecord[]> {
  requirePermissions(viewer, ['event:read']);
  const { list, decode } = seenBy(viewer);
  const inReach = eventInReach(viewer.reach, events.id, events.subjectType);
  return db.read({ sql: sql`SELECT ${list} FROM event WHERE ${inList(events.id, ids)} AND ${inReach}`, decode });
}

const eventFilter = z.object({
  types: anyOf(choice(EVENT_TYPES)).nullish(),
  subjectId: id.nullish(),
  actor: z
    .object({ type: choice(EVENT_ACTORS), id: id.nullish() })
    .refine(({ type, id }) => (type === 'ROOT' || type === 'SYSTEM') === (id == null), {
      path: ['id'],
      error: 'is required unless the actor is ROOT or SYSTEM, which have none',
    })
    .nullish(),
});
type EventFilter = z.output<typeof eventFilter>;

/** As a caller gives it: the types are checked here. */
type GivenEventFilter = Omit<z.input<typeof eventFilter>, 'types'> & { types?: readonly string[] | null | undefined };

/** The arguments of the list of events. */
export interface EventListArguments extends PageArguments {
  filter?: GivenEventFilter | null | undefined;
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

const scanned = alias(events, 'scanned');

/**
 * Lists the events in reach in the order in which they were committed. A reader who goes on from the last cursor misses
 * none, and sees of each only what the permissions to read its record allow.
 *
 * @throws ForbiddenError if the viewer lacks `event:read`
 * @throws ValidationError if the filter or the page arguments are not valid
 */
export function listEvents({ db, viewer }: Caller, args: EventListArguments): Connection<EventRecord> {
  requirePermissions(viewer, ['event:read']);
  return connectionOfList(db, args, {
    name: LIST,
    records: { selection: seenBy(viewer), from: sql`event`, id: events.id },
    scan: scanEvents(viewer.reach, parse(eventFilter, args.filter ?? {}, 'filter')),
  });
}

/** Of what the filter asks for, one thing is served by an index: the subject, else the actor, else the types. */
function scanEvents(reach: Reach, { types, subjectId, actor }: EventFilter): SimpleScan {
  const isByActor =
    actor == null ? [] : [sql`scanned.actor_type = ${actor.type} AND scanned.actor_id IS ${actor.id ?? null}`];
  // The unary plus keeps SQLite from scanning the index of types.
  const isOfTypes = types == null ? [] : [inList(sql`+scanned.type`, types)];
  // A subject has few events, wherever they lie in the feed.
  if (subjectId != null) {
    const isOfSubject = sql`scanned.subject_id = ${subjectId}`;
    const isInReach = eventInReach(reach, scanned.id, scanned.subjectType);
    return {
      from: sql`event scanned`,
      id: scanned.id,
      where: [isOfSubject, ...isByActor, ...isOfTypes, isInReach],
    };
  }
  const { from, columns, partitions, where } = eventsInReach(reach);
  if (actor != null) return { from, id: columns.id, partitions, where: [...where, ...isByActor, ...isOfTypes] };
  const byType = types == null ? [] : [{ column: columns.type, values: types }];
  return { from, id: columns.id, partitions: [...partitions, ...byType], where };
}
