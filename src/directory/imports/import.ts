import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../../db/client.ts';
import { type Statement, select, write } from '../../db/statement.ts';
import type { Caller, Viewer } from '../access/viewer.ts';
import { authorize, type CommandContext, type Rules } from '../commands/command.ts';
import { countHiddenTaken, countInvitations, mayGuess, mayInvite } from '../commands/credential-limits.ts';
import type { Entity } from '../commands/entity.ts';
import { nameTenants } from '../commands/event-recording.ts';
import {
  AlreadyExistsError,
  DirectoryError,
  ForbiddenError,
  ImportRejectedError,
  ValidationError,
  VersionConflictError,
} from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { choice, otherwise, parse } from '../kernel/input.ts';
import type { Found, LookupRow } from './lookup.ts';
import { differsFrom, type StoredColumns } from './stored-columns.ts';
import { type Claim, requireNamedOnce, withClaims } from './taken-values.ts';
import { type ImportedRecord, importWrites, type RelationWrites, type StoredRecord } from './writes.ts';

/** How many rows an import may have. */
export const MAX_IMPORT_ROWS = 500;

/** How many tenants all rows of an import may name: one statement looks all of them up. */
export const MAX_NAMED_TENANTS = 5000;

const namedTenants = (rows: readonly unknown[]): number =>
  rows.reduce<number>((sum, row) => {
    const { tenantIdentifiers, tenantRoles } = named.parse(row);
    return sum + tenantIdentifiers.length + tenantRoles.length;
  }, 0);

const named = z
  .object({ tenantIdentifiers: z.array(z.unknown()).catch([]), tenantRoles: z.array(z.unknown()).catch([]) })
  .catch({ tenantIdentifiers: [], tenantRoles: [] });

const importInput = z.object({
  rows: z
    .array(z.unknown(), { error: otherwise('must be a list') })
    .min(1, 'must not be empty')
    .max(MAX_IMPORT_ROWS, `must be at most ${MAX_IMPORT_ROWS}`)
    .refine((rows) => namedTenants(rows) <= MAX_NAMED_TENANTS, `must name at most ${MAX_NAMED_TENANTS} tenants`),
  /** REJECT_ALL, which is what happens if nothing is given, keeps out all rows for one that fails. SKIP_FAILED imports the others. */
  errorPolicy: choice(['REJECT_ALL', 'SKIP_FAILED']).nullish(),
});

/** The input and the errors of every import. Errors of its rows are answered with the rows. */
export const IMPORT_RULES = { input: importInput, errors: [ValidationError, ForbiddenError] };

/** What became of one row of an import. */
export interface ImportedRow {
  /** Where in the input, such as `rows.3`. */
  path: string;
  outcome: 'CREATED' | 'UPDATED' | 'NOOP' | 'FAILED';
  /** Of the record; null for a row that failed. */
  id: string | null;
  /** Why the row failed; null if it did not. */
  error: DirectoryError | null;
}

/** What became of the rows of an import, in the order given. */
export interface ImportResult {
  rows: readonly ImportedRow[];
}

/** A row of an import that has been parsed. */
export interface GivenRow<Row> {
  /** Where in the input, such as `rows.3`. */
  path: string;
  row: Row;
}

/** What a row is decided with, beside what was found. */
export interface DecisionContext {
  viewer: Viewer;
  claim: Claim;
}

/** What a row makes of the record that it names. */
export interface Decision<Relation> {
  columns: StoredColumns;
  /** What is added beside the record. */
  relations: readonly Relation[];
}

/** A kind of import: how its rows are looked up, decided on and written. `runImport` does the rest. */
export interface Import<Row, F extends Found, Relation> extends Rules, RelationWrites<Relation> {
  readonly entity: Entity;
  readonly row: z.ZodType<Row>;
  /** Returns where in the input a row says which record it means, such as `rows.3.externalId`. */
  identifierPath(given: GivenRow<Row>): string;
  /** Looks up one row for each that is given, in their order: an `F` and the record. */
  lookup(viewer: Viewer, rows: readonly GivenRow<Row>[]): Statement<LookupRow>;
  /**
   * Decides on a row that names no record yet.
   *
   * @throws DirectoryError if the row fails
   */
  decideNew(context: DecisionContext, given: GivenRow<Row>, found: F): Decision<Relation>;
  /**
   * Decides on a row that names this record, which no row before has named.
   *
   * @throws DirectoryError if the row fails
   */
  decideExisting(context: DecisionContext, given: GivenRow<Row>, found: F, existing: StoredRecord): Decision<Relation>;
  /**
   * Returns how many invitations it leaves to be mailed, as an expression that is evaluated before it writes; null for none.
   */
  mails?(records: readonly ImportedRecord<Relation>[]): SQL | null;
}

interface FailedRow {
  path: string;
  error: DirectoryError;
}

type ParsedRow<Row> = GivenRow<Row> | FailedRow;

type DecidedRow<Relation> = { path: string; record: ImportedRecord<Relation> } | FailedRow;

const WRITE_ATTEMPTS = 2;

/**
 * Imports up to 500 records, in at most three D1 calls. The first looks up what is there. The second writes, if the same
 * lookup, made again in its batch, still finds the same: so what was decided on is what is written on. If somebody else
 * changed any of it in between, the rows are decided on anew, and the third call writes. Rows that fail do not throw. If any
 * names a value of what the caller may not see, one call more counts them before anything is answered or written.
 *
 * @throws ForbiddenError if the caller may not run the import at all
 * @throws ValidationError for an input that is no list of rows, or too long
 * @throws RateLimitError if its rows name more taken values than the caller may be told of, or if it would mail more
 *   invitations than the caller may cause; then nothing is written
 */
export async function runImport<Row, F extends Found, Relation>(
  { db, viewer }: Caller,
  command: Import<Row, F, Relation>,
  input: unknown,
): Promise<ImportResult> {
  authorize(viewer, command);
  const { rows, errorPolicy } = parse(importInput, input);
  const parsed = rows.map((row, position) => parseRow(command.row, row, position));
  const given = parsed.flatMap((row) => (hasFailed(row) ? [] : [row]));
  const lookup = command.lookup(viewer, given);

  let found = given.length === 0 ? [] : await lookUp(db, viewer, lookup);
  let counted = 0;
  for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt += 1) {
    const decided = decideRows(command, viewer, parsed, found);
    const hidden = decided.filter(isHiddenTaken).length;
    if (hidden > counted) await countHiddenTaken(db, viewer, hidden - counted);
    counted = Math.max(counted, hidden);
    if (errorPolicy !== 'SKIP_FAILED' && decided.some(hasFailed)) {
      return failAll(decided, () => new ImportRejectedError());
    }

    const records = recordsToWrite(decided);
    const answer = { rows: decided.map(imported) };
    if (records.length === 0) return answer;
    const foundAgain = await writeIfUnchanged(db, viewer, command, lookup, found, records);
    if (asText(foundAgain) === asText(found)) return answer;
    found = foundAgain;
  }
  return failAll(parsed, () => new VersionConflictError(null, null));
}

/**
 * Looks up what is there.
 * @throws RateLimitError if the viewer has been told too often of values that belong to what it may not see
 */
async function lookUp(db: Database, viewer: Viewer, lookup: Statement<LookupRow>): Promise<LookupRow[]> {
  const { problem, error } = mayGuess({ at: new Date(), viewer });
  const { found, guessed } = await db.reads({ found: lookup, guessed: sinceOf(problem) });
  const since = guessed[0]?.since ?? null;
  if (since !== null) throw error(since);
  return found;
}

/** Reads since when a limit has been passed; null if it has not. */
const sinceOf = (problem: SQL) => select({ since: sql<string | null>`${problem}` }, sql``);

function parseRow<Row>(schema: z.ZodType<Row>, row: unknown, position: number): ParsedRow<Row> {
  const path = `rows.${position}`;
  return orFailed(path, () => ({ path, row: parse(schema, row, 'rows', String(position)) }));
}

/** Decides on the rows one after the other: a value that one of them takes is not free for those behind it. */
function decideRows<Row, F extends Found, Relation>(
  command: Import<Row, F, Relation>,
  viewer: Viewer,
  rows: readonly ParsedRow<Row>[],
  found: readonly LookupRow[],
): DecidedRow<Relation>[] {
  const taken = new Set<string>();
  const lookedUp = found.values();
  return rows.map((row) => {
    if (hasFailed(row)) return row;
    const { value, done } = lookedUp.next();
    if (done) throw new Error('The lookup has fewer rows than the import');
    return orFailed(row.path, () =>
      withClaims(taken, (claim) => ({ path: row.path, record: decideRow(command, { viewer, claim }, row, value) })),
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

const recordsToWrite = <Relation>(rows: readonly DecidedRow<Relation>[]) =>
  rows.flatMap((row) => (hasFailed(row) || outcomeOf(row.record) === 'NOOP' ? [] : [row.record]));

/**
 * Writes the records, unless the lookup finds anything else by now; returns what it finds.
 * @throws RateLimitError if it would mail more invitations than the viewer may cause; then nothing is written
 */
async function writeIfUnchanged<Row, F extends Found, Relation>(
  db: Database,
  viewer: Viewer,
  command: Import<Row, F, Relation>,
  lookup: Statement<LookupRow>,
  found: readonly LookupRow[],
  records: readonly ImportedRecord<Relation>[],
): Promise<LookupRow[]> {
  const context: CommandContext = { id: newId(), at: new Date(), viewer };
  const isUnchanged = sql`(SELECT group_concat(found, char(10)) FROM (${lookup.sql})) = ${asText(found)}`;
  const mails = command.mails?.(records) ?? null;
  const invitations = mails && mayInvite(context, mails);
  const condition = invitations ? sql`${isUnchanged} AND ${invitations.problem} IS NULL` : isUnchanged;
  const writes = [...importWrites(context, command.entity, command, records, condition), nameTenants(context)];
  const { foundNow, refused } = await db.batch({
    foundNow: lookup,
    refused: invitations ? [sinceOf(invitations.problem)] : [],
    writes: writes.map(write),
    counted: invitations ? [countInvitations(context)] : [],
  });
  const since = refused[0]?.[0]?.since ?? null;
  if (invitations && since !== null) throw invitations.error(since);
  return foundNow;
}

/** What was found for all rows, as one text: the same that `group_concat` makes of it in SQL. */
const asText = (found: readonly LookupRow[]): string => found.map((row) => row.found).join('\n');

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

/** Whether a row failed by a value that belongs to what the viewer may not see. */
const isHiddenTaken = (row: object): boolean =>
  hasFailed(row) && row.error instanceof AlreadyExistsError && row.error.isHidden;

const hasFailed = (row: object): row is FailedRow => 'error' in row;

function imported<Relation>(row: DecidedRow<Relation>): ImportedRow {
  if (hasFailed(row)) return failed(row);
  return { path: row.path, outcome: outcomeOf(row.record), id: row.record.id, error: null };
}

const failed = ({ path, error }: FailedRow): ImportedRow => ({ path, outcome: 'FAILED', id: null, error });

/** Fails every row: for an error of its own, or else for this one. */
const failAll = (rows: readonly ({ path: string } | FailedRow)[], error: () => DirectoryError): ImportResult => ({
  rows: rows.map((row) => failed(hasFailed(row) ? row : { path: row.path, error: error() })),
});
