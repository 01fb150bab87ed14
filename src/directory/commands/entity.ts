import { type Column, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { customers } from '../../db/schema/customers.ts';
import type { tenants } from '../../db/schema/tenants.ts';
import type { users } from '../../db/schema/users.ts';
import {
  allOf,
  differs,
  inList,
  insertWhen,
  mapRows,
  type Statement,
  select,
  update,
  type Values,
} from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import { type Caller, isGranted, type Viewer } from '../access/viewer.ts';
import { type NamedRecord, VersionConflictError } from '../kernel/errors.ts';
import type { EventType } from '../kernel/event-types.ts';
import { creationTime } from '../kernel/ids.ts';
import type { Permission } from '../kernel/permission-names.ts';
import { authorize, type Change, type Check, isAllowed, type Plan, type Rules, type UniqueValue } from './command.ts';
import { happened, type Occasion, recordAfter, recordEvent, subjectsOf } from './event-recording.ts';
import { allExist, missingUnless } from './references.ts';

export type RecordTable = typeof customers | typeof tenants | typeof users;

export type RecordWord = 'customer' | 'tenant' | 'user';

/** A kind of record that is created, changed, hidden and restored like the others: with versions and events. */
export interface Concept<T extends RecordTable = RecordTable, Row = unknown> {
  /** In global ids and events. */
  readonly name: 'Customer' | 'Tenant' | 'User';
  /** In SQL, event types and messages. */
  readonly word: RecordWord;
  readonly table: T;
  readonly readPermission: Permission;
  /** Over the table's columns: not hidden. */
  readonly isLive: SQL;
  /** What the API shows of a record, as a JSON object over the table's columns: what events keep of it. */
  readonly snapshot: SQL;
  /** Over the table's columns. */
  inReach(reach: Reach): SQL;
  rows(rest: SQL): Statement<Row>;
  named(record: Row): NamedRecord;
  /** The columns whose values are unique among live records, and where in the input they come from. */
  readonly unique: readonly UniqueColumn[];
}

interface UniqueColumn {
  column: Column;
  path: string;
  /** Narrows the records that may not share the value, as the index does. */
  among?: SQL;
}

/** Writes that hang on an event: it is recorded before any write, under a condition, and they follow. */
interface Writes {
  recorded(condition: SQL): SQL;
  writes: readonly SQL[];
}

const from = ({ word }: Concept): SQL => sql`FROM ${sql.identifier(word)}`;

/** What the subject of an event looks like at the time when this is evaluated. */
export const snapshotOfSubject = (concept: Concept): SQL =>
  sql`(SELECT ${concept.snapshot} ${from(concept)} WHERE ${concept.table.id} = event.subject_id)`;

export const exists = (concept: Concept, condition: SQL): SQL =>
  sql`EXISTS (SELECT 1 ${from(concept)} WHERE ${condition})`;

type Acting = Occasion['viewer'];

/** Who changes a record last, for the columns of the concepts that keep it. They are no part of what differs. */
export const updatedBy = ({ table }: Concept, { actor }: Acting) =>
  'updatedByType' in table ? { updatedByType: actor.type, updatedById: actor.id } : {};

/** The same for a new record. */
export const createdBy = (concept: Concept, acting: Acting) =>
  'createdByType' in concept.table
    ? { createdByType: acting.actor.type, createdById: acting.actor.id, ...updatedBy(concept, acting) }
    : {};

/** A new record with these values. */
export function creation<T extends RecordTable>(
  change: Occasion,
  concept: Concept<T>,
  id: string,
  values: Values<T>,
): Writes {
  const type: EventType = `${concept.word}.created`;
  const at = creationTime(id);
  const columns = { ...values, id, createdAt: at, updatedAt: at, version: 1, ...createdBy(concept, change.viewer) };
  return {
    recorded: (condition) =>
      recordEvent(change, { type, subjectType: concept.name, subjectId: sql`${id}` }, sql`WHERE ${condition}`),
    writes: [
      insertWhen<RecordTable>(concept.table, columns, happened(change, type)),
      recordAfter(change, type, snapshotOfSubject(concept)),
    ],
  };
}

type Verb = 'updated' | 'deleted' | 'restored';

/** Other values for the record in `target`, if any of them differs: else nothing is recorded, and nothing written. */
export function alteration<T extends RecordTable>(
  change: Change,
  concept: Concept<T>,
  target: SQL,
  values: Values<T>,
  verb: Verb = 'updated',
): Writes {
  const type: EventType = `${concept.word}.${verb}`;
  const version = sql`${concept.table.version} + 1`;
  const columns = { ...values, updatedAt: change.at, version, ...updatedBy(concept, change.viewer) };
  const subject = { type, subjectType: concept.name, subjectId: sql`${concept.table.id}` };
  const before = verb === 'restored' ? {} : { before: concept.snapshot };
  return {
    recorded: (condition) =>
      recordEvent(
        change,
        { ...subject, ...before },
        sql`${from(concept)} WHERE ${target} AND ${differs<RecordTable>(concept.table, values)} AND ${condition}`,
      ),
    writes: [
      update<RecordTable>(concept.table, columns, sql`${concept.table.id} IN ${subjectsOf(change, type)}`),
      ...(verb === 'deleted' ? [] : [recordAfter(change, type, snapshotOfSubject(concept))]),
    ],
  };
}

/** Matches the live records in reach, the only ones that can be changed. */
const liveInReach = (concept: Concept, { reach }: Viewer): SQL => sql`${concept.isLive} AND ${concept.inReach(reach)}`;

/** The same, hidden or not. */
export const inReachById = (concept: Concept, { reach }: Viewer, id: string | SQL): SQL =>
  sql`${concept.table.id} = ${id} AND ${concept.inReach(reach)}`;

export const missing = (concept: Concept, target: SQL, path: string): SQL =>
  missingUnless(exists(concept, target), path, concept.word);

/** Refuses to overwrite what somebody else changed first. */
export function hasVersion<Row>(
  concept: Concept<RecordTable, Row>,
  { permissions }: Viewer,
  target: SQL,
  expected: number | null | undefined,
): Check<Row>[] {
  if (expected == null) return [];
  const { version } = concept.table;
  return [
    {
      problem: sql`(SELECT ${version} ${from(concept)} WHERE ${target} AND ${version} <> ${expected})`,
      error: (current, row) => {
        const isReadable = row !== undefined && permissions.has(concept.readPermission);
        return new VersionConflictError(Number(current), isReadable ? concept.named(row) : null);
      },
    },
  ];
}

/**
 * The unique values that a write may collide on: the given ones, or those that the record in `target` has. Who holds
 * them is shown to viewers who may read it.
 */
export function uniqueValues<Row>(
  concept: Concept<RecordTable, Row>,
  viewer: Viewer,
  values: object,
  target: SQL,
): UniqueValue[] {
  const given = new Map<string, unknown>(Object.entries(values));
  return concept.unique.map(({ column, path, among }) => {
    const value = given.get(keyOf(concept, column)) ?? sql`(SELECT ${column} ${from(concept)} WHERE ${target})`;
    const holds = [sql`${column} = ${value}`, among ?? sql`TRUE`, concept.isLive, concept.inReach(viewer.reach)];
    return {
      column: `${concept.word}.${column.name}`,
      path,
      holder: viewer.permissions.has(concept.readPermission)
        ? mapRows(concept.rows(sql`WHERE ${allOf(holds)}`), (row) => concept.named(row))
        : null,
    };
  });
}

/** What a column is called among the values of a record. */
export const keyOf = ({ table }: Concept, column: Column): string =>
  Object.entries(getTableColumns<RecordTable>(table)).find(([, candidate]) => candidate === column)?.[0] ?? '';

interface Alteration<T extends RecordTable> {
  /** As an expression, the same before and after. */
  id: string | SQL;
  /** Where in the input it came from, if not as `id`. */
  path?: string;
  verb: Verb;
  values: Values<T>;
  /** Rows of what else the input refers to and is not there. */
  missing?: readonly SQL[];
}

/** Changes, hides or restores the record with this id; `checks` are those of its concept, over the record's columns. */
export function planAlteration<T extends RecordTable, Row, Result>(
  change: Change,
  concept: Concept<T, Row>,
  { id, path = 'id', verb, values, missing: others = [] }: Alteration<T>,
  checks: (target: SQL) => readonly Check<Row>[],
  result: (row: Row) => Result,
): Plan<Result, Row> {
  const { viewer } = change;
  const known = inReachById(concept, viewer, id);
  const target = verb === 'restored' ? known : sql`${concept.table.id} = ${id} AND ${liveInReach(concept, viewer)}`;
  const { recorded, writes } = alteration(change, concept, target, values, verb);
  return {
    checks: [allExist([missing(concept, target, path), ...others]), ...checks(target)],
    writes: (allowed) => [recorded(allowed), ...writes],
    unique: uniqueValues(concept, viewer, values, target),
    answer: concept.rows(sql`WHERE ${known}`),
    result,
  };
}

/**
 * Those of the records with these ids that the viewer could run a command on that changes or hides them, as things are:
 * by the conditions of `planAlteration`, all of them in one statement. `checks` are those of the command, over the
 * record's columns.
 */
export async function changeable(
  { db, viewer }: Caller,
  concept: Concept,
  rules: Rules,
  ids: readonly string[],
  checks: readonly Check<never>[] = [],
): Promise<Set<string>> {
  if (!isGranted(() => authorize(viewer, rules))) return new Set();
  const { id } = concept.table;
  const conditions = [inList(id, ids), liveInReach(concept, viewer), isAllowed(checks)];
  const rows = await db.read(select({ id: sql<string>`${id}` }, sql`${from(concept)} WHERE ${allOf(conditions)}`));
  return new Set(rows.map((row) => row.id));
}
