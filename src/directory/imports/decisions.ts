import type { Viewer } from '../access/viewer.ts';
import { DirectoryError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Decision, GivenRow, Import, ImportedRow, ImportResult } from './import.ts';
import type { Found, LookupRow } from './lookup.ts';
import { allWrong, isReadable, type ParsedRow } from './rows.ts';
import { byRulesOfNow, changedFields, differsFrom, type StoredColumns } from './stored-columns.ts';
import { type JudgedRow, judgeValues, type UniqueValue, waitingColumns } from './taken-values.ts';
import type { ImportedRecord } from './writes.ts';

/** A row with what becomes of the record that it names. */
export interface DecidedRow<Relation> {
  /** Where in the input, such as `rows.3`. */
  path: string;
  /** Null where the row does not say enough to know it. */
  record: ImportedRecord<Relation> | null;
  /** The fields of the row that differ from what is there; none of a new record. */
  changes: readonly string[];
  /** All that is wrong with the row. It fails if there is anything. */
  errors: readonly DirectoryError[];
}

/** Decides on all rows: on each by itself, and then on the values that must be unique, on the state after all of them. */
export function decideRows<Row, F extends Found, Relation>(
  command: Import<Row, F, Relation>,
  viewer: Viewer,
  rows: readonly ParsedRow<Row>[],
  found: readonly LookupRow[],
): DecidedRow<Relation>[] {
  const lookedUp = found.values();
  const decided = rows.map((parsed): Draft<Row, Relation> => {
    if (!isReadable(parsed)) return { parsed, record: null, judged: nothingToJudge(parsed), errors: [] };
    const { value, done } = lookedUp.next();
    if (done) throw new Error('The lookup has fewer rows than the import');
    return decideRow(command, viewer, parsed, value);
  });
  const taken = judgeValues(
    command.entity.word,
    decided.map(({ judged }) => judged),
  );
  return decided.map(({ parsed, record, errors }, index) => ({
    path: parsed.path,
    record,
    changes: changesOf(command, record),
    errors: allWrong(parsed, [...errors, ...(taken[index] ?? [])]),
  }));
}

/** A row that was decided on by itself. */
interface Draft<Row, Relation> {
  parsed: ParsedRow<Row>;
  record: ImportedRecord<Relation> | null;
  judged: JudgedRow;
  errors: readonly DirectoryError[];
}

const nothingToJudge = ({ path }: ParsedRow<unknown>): JudgedRow => ({
  path,
  identifierPath: path,
  id: null,
  values: [],
  fails: true,
});

function decideRow<Row, F extends Found, Relation>(
  command: Import<Row, F, Relation>,
  viewer: Viewer,
  parsed: ParsedRow<Row> & GivenRow<Row>,
  lookedUp: LookupRow,
): Draft<Row, Relation> {
  const found: F = JSON.parse(lookedUp.found);
  const stored: StoredColumns | null = lookedUp.record === null ? null : byRulesOfNow(JSON.parse(lookedUp.record));
  const id = stored === null ? null : found.id;
  const problems: DirectoryError[] = [];
  const context = { viewer, problems };
  const decision = noting(problems, () =>
    id === null || stored === null
      ? command.decideNew(context, parsed, found)
      : command.decideExisting(context, parsed, found, { id, columns: stored }),
  );
  const values = decision ? command.uniqueValues(parsed, found, decision.columns, stored) : [];
  const fails = problems.length > 0 || parsed.error !== null;
  return {
    parsed,
    record: decision && recordOf(id, stored, decision, values),
    judged: { path: parsed.path, identifierPath: command.identifierPath(parsed), id, values, fails },
    errors: problems,
  };
}

const recordOf = <Relation>(
  id: string | null,
  stored: StoredColumns | null,
  decision: Decision<Relation>,
  values: readonly UniqueValue[],
): ImportedRecord<Relation> =>
  id === null || stored === null
    ? { id: newId(), stored: null, ...decision }
    : { id, stored, ...decision, waiting: waitingColumns(id, values) };

/**
 * Returns what `make` returns. If it throws a DirectoryError, nothing more is to be said of the row: the error is noted, and
 * null returned. Any other error is a bug.
 */
export function noting<T>(problems: DirectoryError[], make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    problems.push(error);
    return null;
  }
}

type Outcome = Exclude<ImportedRow['outcome'], 'FAILED'>;

function outcomeOf<Relation>({ columns, stored, relations }: ImportedRecord<Relation>): Outcome {
  if (stored === null) return 'CREATED';
  return differsFrom(columns, stored) || relations.length > 0 ? 'UPDATED' : 'NOOP';
}

function changesOf<Row, F extends Found, Relation>(
  { entity, fields, relationField }: Import<Row, F, Relation>,
  record: ImportedRecord<Relation> | null,
): string[] {
  if (record === null || record.stored === null) return [];
  const changed = changedFields(entity.table, record.columns, record.stored, fields());
  return record.relations.length > 0 ? [...changed, relationField] : changed;
}

/** Returns the records that there is something to write of. */
export const recordsToWrite = <Relation>(rows: readonly DecidedRow<Relation>[]): ImportedRecord<Relation>[] =>
  rows.flatMap(({ record, errors }) =>
    record === null || errors.length > 0 || outcomeOf(record) === 'NOOP' ? [] : [record],
  );

/** Returns whether nothing becomes of a row. */
export const hasFailed = ({ errors }: Pick<DecidedRow<unknown>, 'errors'>): boolean => errors.length > 0;

/** Returns what became of a row, if everything that there is to write was written. */
export function imported<Relation>({ path, record, changes, errors }: DecidedRow<Relation>): ImportedRow {
  if (errors.length > 0) return failed(path, errors);
  if (record === null) throw new Error('A row without an error has a record');
  const outcome = outcomeOf(record);
  return { path, outcome, id: record.id, changes: outcome === 'UPDATED' ? changes : [], errors: [] };
}

/** Returns what would become of a row: a record that does not exist yet has no id. */
export function foreseen<Relation>(row: DecidedRow<Relation>): ImportedRow {
  const would = imported(row);
  return would.outcome === 'CREATED' ? { ...would, id: null } : would;
}

const failed = (path: string, errors: readonly DirectoryError[]): ImportedRow => ({
  path,
  outcome: 'FAILED',
  id: null,
  changes: [],
  errors,
});

/** Fails every row: for what is wrong with it, or else for this error. */
export const failAll = (
  rows: readonly Pick<DecidedRow<unknown>, 'path' | 'errors'>[],
  error: () => DirectoryError,
): ImportResult => ({
  rows: rows.map(({ path, errors }) => failed(path, errors.length > 0 ? errors : [error()])),
});
