import type { SQL } from 'drizzle-orm';
import type { customers } from '../../db/schema/customers.ts';
import type { tenants } from '../../db/schema/tenants.ts';
import type { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { allOf, inList, insertWhen, type Several, select, update, type Values } from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import { type Caller, isGranted, type Viewer } from '../access/viewer.ts';
import { VersionConflictError } from '../kernel/errors.ts';
import type { EventType } from '../kernel/event-types.ts';
import { creationTime } from '../kernel/ids.ts';
import { type Check, isAllowed } from './checks.ts';
import { authorize, type CommandContext, type Plan, type Rules, type Subject, type UniqueValue } from './command.ts';
import { type EventContext, recordAfter, recordEvent, recordedSubjects, wasRecorded } from './event-recording.ts';
import { allExist, missingUnless } from './references.ts';
import { changes, type UniquelyIndexed, uniqueValuesOf, type Written, writtenOf } from './unique-values.ts';

/** The tables of the entities that have versions. */
export type EntityTable = typeof customers | typeof tenants | typeof users;

/** The entities that have versions, as SQL, event types and messages name them. */
export type EntityWord = 'customer' | 'tenant' | 'user';

/** A kind of record with versions and events: it is created, changed, hidden, restored and erased. */
export interface Entity<T extends EntityTable = EntityTable, Row = unknown> extends UniquelyIndexed<T, Row> {
  /** In global ids and events. */
  readonly name: 'Customer' | 'Tenant' | 'User';
  /** In SQL, event types and messages. */
  readonly word: EntityWord;
  /** A condition over the table's columns: not hidden. */
  readonly isLive: SQL;
  /** A condition over the table's columns, if it is another one: the record holds its unique values against others. */
  readonly holds?: SQL;
  /** What the API shows of a record, as a JSON object over the table's columns: what events keep of it. */
  readonly snapshot: SQL;
  /** A condition over the table's columns. */
  inReach(reach: Reach): SQL;
}

/** Writes that hang on an event: it is recorded before any write, under a condition, and they follow. */
export interface Writes {
  recorded(condition: SQL): SQL;
  readonly writes: readonly SQL[];
}

/** Writes of one record, that hang on an event of one type. */
interface WritesOfRecord extends Writes {
  readonly type: EventType;
  /** The write of the record itself, one of `writes`. */
  readonly record: SQL;
}

const from = ({ word }: Entity): SQL => sql`FROM ${sql.identifier(word)}`;

/** Returns an expression for what the subject of an event looks like when it is evaluated. */
export const snapshotOfSubject = (entity: Entity): SQL =>
  sql`(SELECT ${entity.snapshot} ${from(entity)} WHERE ${entity.table.id} = event.subject_id)`;

/** Returns an expression: whether a record meets the condition over the table's columns. */
export const exists = (entity: Entity, condition: SQL): SQL =>
  sql`EXISTS (SELECT 1 ${from(entity)} WHERE ${condition})`;

type Acting = EventContext['viewer'];

/** Returns who changes a record, for the columns of entities that keep it. A change of these alone is no change. */
export const updatedBy = ({ table }: Entity, { actor }: Acting) =>
  'updatedByType' in table ? { updatedByType: actor.type, updatedById: actor.id } : {};

/** Returns who creates a record, and so changed it last, for the columns of entities that keep it. */
export const createdBy = (entity: Entity, acting: Acting) =>
  'createdByType' in entity.table
    ? { createdByType: acting.actor.type, createdById: acting.actor.id, ...updatedBy(entity, acting) }
    : {};

/** Returns the event and the writes of a new record with these values. */
export function creation<T extends EntityTable>(
  context: EventContext,
  entity: Entity<T>,
  id: string,
  values: Values<T>,
): WritesOfRecord {
  const type: EventType = `${entity.word}.created`;
  const at = creationTime(id);
  const columns = { ...values, id, createdAt: at, updatedAt: at, version: 1, ...createdBy(entity, context.viewer) };
  const record = insertWhen<EntityTable>(entity.table, columns, wasRecorded(context, type));
  return {
    type,
    recorded: (condition) =>
      recordEvent(context, { type, subjectType: entity.name, subjectId: sql`${id}` }, sql`WHERE ${condition}`),
    record,
    writes: [record, recordAfter(context, [type], snapshotOfSubject(entity))],
  };
}

type Verb = 'updated' | 'deleted' | 'restored';

/**
 * Returns the event and the writes that give the record in `target` other values. If none of them differs, nothing is
 * recorded, and nothing written.
 */
export function alteration<T extends EntityTable>(
  context: CommandContext,
  entity: Entity<T>,
  target: SQL,
  values: Values<T>,
  verb: Verb = 'updated',
): WritesOfRecord {
  const type: EventType = `${entity.word}.${verb}`;
  const version = sql`${entity.table.version} + 1`;
  const columns = { ...values, updatedAt: context.at, version, ...updatedBy(entity, context.viewer) };
  const subject = { type, subjectType: entity.name, subjectId: sql`${entity.table.id}` };
  const before = verb === 'restored' ? {} : { before: entity.snapshot };
  const record = update<EntityTable>(
    entity.table,
    columns,
    sql`${entity.table.id} IN ${recordedSubjects(context, type)}`,
  );
  return {
    type,
    recorded: (condition) =>
      recordEvent(
        context,
        { ...subject, ...before },
        sql`${from(entity)} WHERE ${target} AND ${changes<EntityTable>(entity.table, values)} AND ${condition}`,
      ),
    record,
    writes: [record, ...(verb === 'deleted' ? [] : [recordAfter(context, [type], snapshotOfSubject(entity))])],
  };
}

/** A condition that matches live records in reach: only these can be changed or hidden. */
const liveInReach = (entity: Entity, { reach }: Viewer): SQL => sql`${entity.isLive} AND ${entity.inReach(reach)}`;

/** A condition that matches the record with an id if it is in reach, hidden or not. */
export const inReachById = (entity: Entity, { reach }: Viewer, id: string | SQL): SQL =>
  sql`${entity.table.id} = ${id} AND ${entity.inReach(reach)}`;

/**
 * Returns what a change is about: the record with this id, an expression evaluated before anything is written. A repetition
 * shows it if it is in reach and live, or in reach at all where the change was to hide or to erase it.
 */
export const subjectOf = <Row>(
  entity: Entity<EntityTable, Row>,
  viewer: Viewer,
  id: SQL,
  shows: 'LIVE' | 'HIDDEN' = 'LIVE',
): Subject<Row> => ({
  type: entity.name,
  id,
  find: (found) => {
    const isShown = shows === 'LIVE' ? liveInReach(entity, viewer) : entity.inReach(viewer.reach);
    return entity.rows(sql`WHERE ${entity.table.id} = ${found} AND ${isShown}`);
  },
});

/** Returns a SELECT of one row (path, entity) if no record meets the condition `target`: a part of `allExist`. */
export const missing = (entity: Entity, target: SQL, path: string): SQL =>
  missingUnless(exists(entity, target), path, entity.word);

/**
 * A check that nobody else changed the record since the viewer read its version; no check without an expected version.
 * @throws VersionConflictError
 */
export function hasVersion<Row>(
  entity: Entity<EntityTable, Row>,
  { permissions }: Viewer,
  target: SQL,
  expected: number | null | undefined,
): Check<Row>[] {
  if (expected == null) return [];
  const { version } = entity.table;
  return [
    {
      problem: sql`(SELECT ${version} ${from(entity)} WHERE ${target} AND ${version} <> ${expected})`,
      error: (current, row) => {
        const isReadable = row !== undefined && permissions.has(entity.readPermission);
        return new VersionConflictError(Number(current), isReadable ? entity.named(row) : null);
      },
    },
  ];
}

/**
 * Returns the unique values that a write may collide on: the given ones, or else those that the record in `target` has.
 * Their holder is shown to viewers who may read it, if it is a live record in reach. Of one that is hidden and holds them all
 * the same, they are told that it is there.
 */
export function uniqueValues<Row>(
  entity: Entity<EntityTable, Row>,
  viewer: Viewer,
  written: Written,
  target: SQL,
): UniqueValue[] {
  const isShown = sql`${entity.holds ?? entity.isLive} AND ${entity.inReach(viewer.reach)}`;
  return uniqueValuesOf(entity, viewer, written, target, isShown);
}

interface Alteration<T extends EntityTable> {
  /** Names the record before anything is written. */
  id: string | SQL;
  /** Where in the input it came from, if not as `id`. */
  path?: string;
  verb: Verb;
  values: Values<T>;
  /** Rows of what else the input refers to and is not there. */
  missing?: readonly SQL[];
}

/** The record that was changed, and so has an event; else the one with this id. */
const alteredOr = (context: EventContext, type: EventType, id: string | SQL): SQL =>
  sql`coalesce((SELECT changed.subject_id FROM event changed
    WHERE changed.command_id = ${context.id} AND changed.type = ${type}), ${id})`;

/**
 * Plans to change, hide or restore the record with this id. `checks` are those of its entity, for the record in
 * `target`. A record is restored whether it is hidden or not, and otherwise changed only if it is live.
 * @throws NotFoundError, from the command, if there is no such record
 */
export function planAlteration<T extends EntityTable, Row, Result>(
  context: CommandContext,
  entity: Entity<T, Row>,
  { id, path = 'id', verb, values, missing: others = [] }: Alteration<T>,
  checks: (target: SQL) => readonly Check<Row>[],
  result: (row: Row | null) => Result,
): Plan<Result, Row> {
  const { viewer } = context;
  const target =
    verb === 'restored'
      ? inReachById(entity, viewer, id)
      : sql`${entity.table.id} = ${id} AND ${liveInReach(entity, viewer)}`;
  const { recorded, writes } = alteration(context, entity, target, values, verb);
  return {
    checks: [allExist([missing(entity, target, path), ...others]), ...checks(target)],
    writes: (allowed) => [recorded(allowed), ...writes],
    unique: uniqueValues(entity, viewer, writtenOf(values), target),
    // What named the record may name it no more.
    answer: entity.rows(sql`WHERE ${inReachById(entity, viewer, alteredOr(context, `${entity.word}.${verb}`, id))}`),
    subject: subjectOf(entity, viewer, sql`${id}`, verb === 'deleted' ? 'HIDDEN' : 'LIVE'),
    result,
  };
}

/**
 * Returns those of the ids whose records the viewer could now change or hide by the command with these rules. It asks
 * what `planAlteration` asks, for all records in one statement. `checks` are those of the command, over the record's
 * columns.
 */
export async function changeable(
  { db, viewer }: Caller,
  entity: Entity,
  rules: Rules,
  ids: Several,
  checks: readonly Check<never>[] = [],
): Promise<Set<string>> {
  if (!isGranted(() => authorize(viewer, rules))) return new Set();
  const { id } = entity.table;
  const conditions = [inList(id, ids), liveInReach(entity, viewer), isAllowed(checks)];
  const rows = await db.read(select({ id: sql<string>`${id}` }, sql`${from(entity)} WHERE ${allOf(conditions)}`));
  return new Set(rows.map((row) => row.id));
}
