import type { SQL } from 'drizzle-orm';
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core';
import type { events } from '../../db/schema/events.ts';
import { sql } from '../../db/sql.ts';
import { insertWhen, type Statement, type Values } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import type { EventType } from '../kernel/event-types.ts';
import type { Check } from './checks.ts';
import type { CommandContext, Plan, Subject, UniqueValue } from './command.ts';
import { recordAfter, recordEvent, recordedSubjects, wasRecorded } from './event-recording.ts';
import { allExist, missingUnless } from './references.ts';

type UnversionedTable = SQLiteTable & { readonly id: SQLiteColumn };

/** A kind of record without versions: it is created, changed with events, and deleted for good, but not hidden. */
export interface UnversionedEntity<T extends UnversionedTable = UnversionedTable, Row = unknown> {
  /** In global ids and events. */
  readonly name: typeof events.$inferSelect.subjectType;
  /** In messages. */
  readonly word: string;
  readonly table: T;
  /** What the API shows of a record, as a JSON object over the table's columns: what events keep of it. */
  readonly snapshot: SQL;
  rows(rest: SQL): Statement<Row>;
  /** A condition over the table's columns. */
  inReach(viewer: Viewer): SQL;
}

/** What a change is about: the record with this id. A repetition shows it if it is in reach. */
const subjectOf = <Row>(
  { name, table, rows, inReach }: UnversionedEntity<UnversionedTable, Row>,
  viewer: Viewer,
  id: SQL,
): Subject<Row> => ({
  type: name,
  id,
  find: (found) => rows(sql`WHERE ${table.id} = ${found} AND ${inReach(viewer)}`),
});

/** What the plans of an entity's commands differ in. */
interface PlanParts<Row, Result> {
  /** The type of the event on which all writes hang. */
  type: EventType;
  checks: readonly Check<NoInfer<Row>>[];
  readonly result: (row: Row | null) => Result;
}

interface Insert<T extends UnversionedTable, Row, Result> extends PlanParts<Row, Result> {
  values: Values<T> & { id: string };
  unique?: readonly UniqueValue[];
  /** What else belongs to the new record. `created` is the condition of these writes. */
  writes?(created: SQL): readonly SQL[];
}

/** Plans to create a record. Its event keeps what the record looks like after all of the writes. */
export function planInsert<T extends UnversionedTable, Row, Result>(
  context: CommandContext,
  entity: UnversionedEntity<T, Row>,
  { type, checks, unique = [], values, writes = () => [], result }: Insert<T, Row, Result>,
): Plan<Result, Row> {
  const { table, name } = entity;
  const created = wasRecorded(context, type);
  return {
    checks,
    writes: (allowed) => [
      recordEvent(context, { type, subjectType: name, subjectId: sql`${values.id}` }, sql`WHERE ${allowed}`),
      insertWhen<UnversionedTable>(table, values, created),
      ...writes(created),
      recordAfter(context, [type], snapshotOfSubject(entity)),
    ],
    unique,
    answer: entity.rows(sql`WHERE ${table.id} = ${values.id}`),
    subject: subjectOf(entity, context.viewer, sql`${values.id}`),
    result,
  };
}

interface Update<Row, Result> extends PlanParts<Row, Result> {
  /** Matches the record, before anything is written. */
  target: SQL;
  /** Checks of values that take the database: what is not valid is said before what is not there. */
  valid?: readonly Check<NoInfer<Row>>[];
  /** Where in the input the record is named, and what is missed there; `id` and the record, if not given. */
  named?: { path: string; word: string };
  /** Rows of what else the input refers to and is not there. */
  missing?: readonly SQL[];
  /** Whether there is anything to change, over the table's columns: if not, nothing is recorded or written. */
  changes: SQL;
  /** The snapshot that the event keeps of the record before the writes, if it keeps one. */
  before?: SQL;
  unique?: readonly UniqueValue[];
  /** The changes. `altered` is the condition of these writes. */
  writes(altered: SQL): readonly SQL[];
}

/**
 * Plans to change the record in `target`. Its event keeps what the record looks like after the writes.
 * @throws NotFoundError, from the command, if there is no such record
 */
export function planUpdate<Row, Result>(
  context: CommandContext,
  entity: UnversionedEntity<UnversionedTable, Row>,
  {
    type,
    target,
    valid = [],
    named,
    missing = [],
    changes,
    before,
    checks,
    unique = [],
    writes,
    result,
  }: Update<Row, Result>,
): Plan<Result, Row> {
  const subject = { type, subjectType: entity.name, subjectId: sql`${entity.table.id}` };
  const id = sql`(SELECT ${entity.table.id} FROM ${entity.table} WHERE ${target})`;
  return {
    checks: [...valid, isThere(entity, target, missing, named), ...checks],
    writes: (allowed) => [
      recordEvent(
        context,
        before ? { ...subject, before } : subject,
        sql`FROM ${entity.table} WHERE ${target} AND (${changes}) AND ${allowed}`,
      ),
      ...writes(wasRecorded(context, type)),
      recordAfter(context, [type], snapshotOfSubject(entity)),
    ],
    unique,
    // What named the record may name it no more.
    answer: entity.rows(sql`WHERE ${entity.table.id} = coalesce(
      (SELECT changed.subject_id FROM event changed WHERE changed.command_id = ${context.id} AND changed.type = ${type}), ${id})`),
    subject: subjectOf(entity, context.viewer, id),
    result,
  };
}

interface Delete<Row, Result> extends PlanParts<Row, Result> {
  target: SQL;
  /** Where in the input the record is named, and what is missed there; `id` and the record, if not given. */
  named?: { path: string; word: string };
  /** Rows of what else the input refers to and is not there. */
  missing?: readonly SQL[];
  /** What must be done before the record goes. `deleted` is the condition of these writes. */
  writes?(deleted: SQL): readonly SQL[];
}

/**
 * Plans to delete the record in `target`. Its event keeps what the record looked like.
 * @throws NotFoundError, from the command, if there is no such record
 */
export function planDelete<Row, Result>(
  context: CommandContext,
  entity: UnversionedEntity<UnversionedTable, Row>,
  { type, target, named, missing = [], checks, writes = () => [], result }: Delete<Row, Result>,
): Plan<Result, Row> {
  const { table, name, snapshot } = entity;
  return {
    checks: [isThere(entity, target, missing, named), ...checks],
    writes: (allowed) => [
      recordEvent(
        context,
        { type, subjectType: name, subjectId: sql`${table.id}`, before: snapshot },
        sql`FROM ${table} WHERE ${target} AND ${allowed}`,
      ),
      ...writes(wasRecorded(context, type)),
      sql`DELETE FROM ${table} WHERE ${table.id} IN ${recordedSubjects(context, type)}`,
    ],
    answer: entity.rows(sql`WHERE ${target}`),
    answersBeforeWriting: true,
    subject: subjectOf(entity, context.viewer, sql`(SELECT ${table.id} FROM ${table} WHERE ${target})`),
    result,
  };
}

const isThere = (
  { table, word }: UnversionedEntity,
  target: SQL,
  others: readonly SQL[],
  named = { path: 'id', word },
): Check<unknown> =>
  allExist([missingUnless(sql`EXISTS (SELECT 1 FROM ${table} WHERE ${target})`, named.path, named.word), ...others]);

/** What the subject of an event looks like at the time when this is evaluated. */
const snapshotOfSubject = ({ table, snapshot }: UnversionedEntity): SQL =>
  sql`(SELECT ${snapshot} FROM ${table} WHERE ${table.id} = event.subject_id)`;
