import type { SQL } from 'drizzle-orm';
import { columnsAs } from '../../db/alias.ts';
import { events, eventTenants } from '../../db/schema/events.ts';
import { sql } from '../../db/sql.ts';
import { inList } from '../../db/statement.ts';
import type { Actor } from '../access/actor.ts';
import { eventInReach, namesOnlyReached, type Reach } from '../access/reach.ts';
import type { EventType } from '../kernel/event-types.ts';
import { smallestIdAt } from '../kernel/ids.ts';
import { idsWithin } from './entity-candidates.ts';
import { withinTime } from './entity-filter.ts';
import type { Edge, IndexScan, Range } from './index-scan.ts';

/** Which events are listed: those that satisfy everything given. */
export interface EventFilter {
  types?: readonly EventType[] | null | undefined;
  subjectId?: string | null | undefined;
  /** Only with `subjectId`. */
  subjectType?: string | null | undefined;
  actor?: { type: Actor['type']; id?: string | null | undefined } | null | undefined;
  tenantId?: string | null | undefined;
  createdAt?: { from?: Date | null | undefined; to?: Date | null | undefined } | null | undefined;
}

/**
 * An index that has the events in reach that satisfy a part of a filter, in their order. It is named, because SQLite would rather
 * read all of a tenant, whose key has every column.
 */
type Scan = Pick<IndexScan, 'from' | 'id' | 'partitions' | 'where'>;

const event = columnsAs(events, 'scanned');
const eventTenant = columnsAs(eventTenants, 'scanned');

/**
 * Returns where the events in reach are scanned that satisfy the filter. What no index serves together is tried on each row,
 * or on few candidates: those of the index that has the fewest.
 */
export function scanOfEvents(reach: Reach, filter: EventFilter): IndexScan {
  const scans = [...scansBySubject(reach, filter), ...scansInReach(reach, filter)];
  const range = rangeOfTimes(filter.createdAt);
  const [first] = scans;
  if (!first) throw new Error('The feed itself is a scan');
  const scan: IndexScan = { ...first, sort: null, ...(range && { range }) };
  if (isServedByIndex(filter)) return scan;
  return {
    ...scan,
    filter: {
      conditions: conditionsOf(reach, filter),
      // What alone leads there is scanned in its order until a page is full.
      candidates:
        scans.length === 1 ? [] : scans.map((one) => ({ query: idsWithin(one, range ? boundsOf(one, range) : []) })),
      isInReach: eventInReach(reach, events.id, events.subjectType),
    },
  };
}

/** Whether one index has all that is asked for: that of the subject nothing else, the others the tenant besides. */
function isServedByIndex({ types, subjectId, actor, tenantId, createdAt }: EventFilter): boolean {
  if (createdAt?.from != null || createdAt?.to != null) return false;
  const others = [types, actor].filter((given) => given != null).length;
  return subjectId == null ? others <= 1 : others === 0 && tenantId == null;
}

/** A subject has few events, wherever they lie in the feed. */
function scansBySubject(reach: Reach, { subjectId, subjectType }: EventFilter): Scan[] {
  if (subjectId == null) return [];
  const isInReach = eventInReach(reach, event.id, event.subjectType);
  const isOfType = subjectType == null ? [] : [sql`+scanned.subject_type = ${subjectType}`];
  const where = [sql`scanned.subject_id = ${subjectId}`, ...isOfType, isInReach];
  return [{ from: sql`event scanned INDEXED BY event_subject`, id: event.id, partitions: [], where }];
}

/** By the actor, by the types, and if neither is given, all that is in reach; of one tenant, if that is given. */
function scansInReach(reach: Reach, { actor, types, tenantId }: EventFilter): Scan[] {
  const all = tenantId == null ? eventsInReach(reach) : eventsNaming(tenantId, reach);
  const { table, typeColumn, ...scan } = all;
  const by = (column: string) => sql.raw(`${table} scanned INDEXED BY ${table}_${column}`);
  const byActor = actor == null ? [] : [{ ...scan, from: by('actor'), where: [...scan.where, ...isBy(actor)] }];
  const ofTypes = [...scan.partitions, { column: typeColumn, values: types ?? [] }];
  const byType = types == null ? [] : [{ ...scan, from: by('type'), partitions: ofTypes }];
  return actor == null && types == null ? [scan] : [...byActor, ...byType];
}

interface ScanInReach extends Scan {
  /** What its indexes are named after. */
  table: 'event' | 'event_tenant';
  typeColumn: typeof event.type | typeof eventTenant.type;
}

/**
 * Returns where the events in reach are scanned: the feed itself, or the part of it that names a tenant in reach. Of an
 * API key or a webhook that reaches other tenants besides, events are out of reach.
 */
function eventsInReach(reach: Reach): ScanInReach {
  if (reach.kind === 'ORGANIZATION') {
    const from = sql`event scanned`;
    return { table: 'event', from, id: event.id, typeColumn: event.type, partitions: [], where: [] };
  }
  const tenantIds = reach.kind === 'TENANTS' ? reach.tenantIds : [];
  return {
    table: 'event_tenant',
    from: sql`event_tenant scanned`,
    id: eventTenant.eventId,
    typeColumn: eventTenant.type,
    partitions: [{ column: eventTenant.tenantId, values: tenantIds, overlapping: true }],
    where: [
      sql`(scanned.type NOT LIKE 'apiKey.%' AND scanned.type NOT LIKE 'webhook.%' OR ${namesOnlyReached(tenantIds, eventTenant.eventId)})`,
    ],
  };
}

const isReached = (reach: Reach, tenantId: string): boolean =>
  reach.kind === 'ORGANIZATION' || (reach.kind === 'TENANTS' && reach.tenantIds.includes(tenantId));

/** Returns where those of them are scanned that name a tenant. None do that is out of reach. */
function eventsNaming(tenantId: string, reach: Reach): ScanInReach {
  const { where } = eventsInReach(reach);
  return {
    table: 'event_tenant',
    from: sql`event_tenant scanned`,
    id: eventTenant.eventId,
    typeColumn: eventTenant.type,
    partitions: [{ column: eventTenant.tenantId, values: isReached(reach, tenantId) ? [tenantId] : [] }],
    where,
  };
}

/** By `=` or `IS NULL`: an index serves both. */
const isBy = ({ type, id }: NonNullable<EventFilter['actor']>): SQL[] => [
  sql`scanned.actor_type = ${type}`,
  id == null ? sql`scanned.actor_id IS NULL` : sql`scanned.actor_id = ${id}`,
];

const names = (tenantId: string): SQL =>
  sql`EXISTS (SELECT 1 FROM event_tenant naming WHERE naming.tenant_id = ${tenantId} AND naming.event_id = event.id)`;

/** All that the filter asks for, over the events that have been found. The unary plus keeps SQLite from another index. */
const conditionsOf = (
  reach: Reach,
  { types, subjectId, subjectType, actor, tenantId, createdAt }: EventFilter,
): SQL[] => [
  ...(types == null ? [] : [inList(sql`+event.type`, types)]),
  ...(subjectId == null ? [] : [sql`+event.subject_id = ${subjectId}`]),
  ...(subjectId == null || subjectType == null ? [] : [sql`+event.subject_type = ${subjectType}`]),
  ...(actor == null ? [] : [sql`+event.actor_type = ${actor.type} AND +event.actor_id IS ${actor.id ?? null}`]),
  ...(tenantId == null ? [] : [isReached(reach, tenantId) ? names(tenantId) : sql`FALSE`]),
  ...withinTime(events.createdAt, createdAt),
];

/**
 * So long after it began a command is committed at the latest: a write takes 35 seconds and what is read before it a few more, and
 * clocks differ.
 */
const MAX_LATENESS_MILLISECONDS = 2 * 60 * 1000;

/** Later than every event. */
const BEHIND_ALL = Number.MAX_SAFE_INTEGER;

/**
 * Returns a part of the feed that has all events of a stretch of time, and others. The feed is in the order of commits: an event
 * may come before others that began earlier. Ids of commands sort by the time at which these began.
 */
function rangeOfTimes(createdAt: EventFilter['createdAt']): Range | null {
  const { from, to } = createdAt ?? {};
  if (from == null && to == null) return null;
  const shifted = (time: Date, by: number) => smallestIdAt(new Date(time.getTime() + by));
  const lastBefore = (time: Date) =>
    sql`coalesce((SELECT id FROM event WHERE command_id < ${shifted(time, -MAX_LATENESS_MILLISECONDS)}
      ORDER BY command_id DESC LIMIT 1), 0)`;
  const firstAfter = (time: Date) =>
    sql`coalesce((SELECT id FROM event WHERE command_id >= ${shifted(time, MAX_LATENESS_MILLISECONDS)}
      ORDER BY command_id LIMIT 1), ${BEHIND_ALL})`;
  return {
    from: from == null ? null : { key: null, id: lastBefore(from) },
    to: to == null ? null : { key: null, id: firstAfter(to) },
  };
}

/** Returns the bounds of a range, for a query that asks for nothing else. */
const boundsOf = ({ id }: Scan, { from, to }: Range): SQL[] => {
  const bound = (edge: Edge | null, comparison: SQL) => (edge === null ? [] : [sql`${id} ${comparison} ${edge.id}`]);
  return [...bound(from, sql`>`), ...bound(to, sql`<`)];
};
