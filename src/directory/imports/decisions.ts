import type * as z from 'zod';
import type { Viewer } from '../access/viewer.ts';
import { AlreadyExistsError, DirectoryError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { parse } from '../kernel/input.ts';
import type { DecisionContext, GivenRow, Import, ImportedRow, ImportResult } from './import.ts';
import type { Found, LookupRow } from './lookup.ts';
import { differsFrom, type StoredColumns } from './stored-columns.ts';
import { requireNamedOnce, withClaims } from './taken-values.ts';
import type { ImportedRecord } from './writes.ts';

/** A row that fails, and why. */
interface FailedRow {
  path: string;
  error: DirectoryError;
}

/** A row that was read, or failed at that. */
export type ParsedRow<Row> = GivenRow<Row> | FailedRow;

/** A row with what becomes of the record that it names. */
type DecidedRow<Relation> = { path: string; record: ImportedRecord<Relation> } | FailedRow;

export function parseRow<Row>(schema: z.ZodType<Row>, row: unknown, position: number): ParsedRow<Row> {
  const path = `rows.${position}`;
  return orFailed(path, () => ({ path, row: parse(schema, row, 'rows', String(position)) }));
}

/** Decides on the rows one after the other: a value that one of them takes is not free for those behind it. */
export function decideRows<Row, F extends Found, Relation>(
  command: Import<Row, F, Relation>,
  viewer: Viewer,
  rows: readonly ParsedRow<Row>[],
  found: readonly LookupRow[],
): DecidedRow<Relation>[] {
  const taken = new Map<string, string>();
  const lookedUp = found.values();
  return rows.map((row) => {
    if (hasFailed(row)) return row;
    const { value, done } = lookedUp.next();
    if (done) throw new Error('The lookup has fewer rows than the import');
    return orFailed(row.path, () =>
      withClaims(taken, row.path, (claim) => ({
        path: row.path,
        record: decideRow(command, { viewer, claim }, row, value),
      })),
    );
  });
}

function decideRow<Row, F extends Found, Relation>(
  command: Import<Row, F, Relation>,
  context: DecisionContext,
  given: GivenRow<Row>,
  lookedUp: LookupRow,
): ImportedRecord<Relation> {
  const found: F = JSON.parse(lookedUp.found);
  const { id } = found;
  if (id === null || lookedUp.record === null) {
    return { id: newId(), stored: null, ...command.decideNew(context, given, found) };
  }
  requireNamedOnce(context.claim, command.identifierPath(given), command.entity.word, id);
  const stored: StoredColumns = JSON.parse(lookedUp.record);
  return { id, stored, ...command.decideExisting(context, given, found, { id, columns: stored }) };
}

export const recordsToWrite = <Relation>(rows: readonly DecidedRow<Relation>[]) =>
  rows.flatMap((row) => (hasFailed(row) || outcomeOf(row.record) === 'NOOP' ? [] : [row.record]));

function outcomeOf<Relation>({ columns, stored, relations }: ImportedRecord<Relation>) {
  if (stored === null) return 'CREATED';
  return differsFrom(columns, stored) || relations.length > 0 ? 'UPDATED' : 'NOOP';
}

/** Returns what `make` returns, or the row as failed by the DirectoryError that it throws; any other error is a bug. */
function orFailed<T>(path: string, make: () => T): T | FailedRow {
  try {
    return make();
  } catch (error) {
    if (error instanceof DirectoryError) return { path, error };
    throw error;
  }
}

/** Counts the values by which a row failed because they belong to what the viewer may not see. */
export const hiddenTaken = (row: object): number =>
  hasFailed(row) && row.error instanceof AlreadyExistsError ? row.error.hidden : 0;

export const hasFailed = (row: object): row is FailedRow => 'error' in row;

export function imported<Relation>(row: DecidedRow<Relation>): ImportedRow {
  if (hasFailed(row)) return failed(row);
  return { path: row.path, outcome: outcomeOf(row.record), id: row.record.id, error: null };
}

const failed = ({ path, error }: FailedRow): ImportedRow => ({ path, outcome: 'FAILED', id: null, error });

/** Fails every row: for an error of its own, or else for this one. */
export const failAll = (
  rows: readonly ({ path: string } | FailedRow)[],
  error: () => DirectoryError,
): ImportResult => ({
  rows: rows.map((row) => failed(hasFailed(row) ? row : { path: row.path, error: error() })),
});
