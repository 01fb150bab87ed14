import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { type Statement, write } from '../../db/statement.ts';
import type { Caller, Viewer } from '../access/viewer.ts';
import { authorize, type CommandContext, type Rules } from '../commands/command.ts';
import type { EntityWord } from '../commands/entity.ts';
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

export const MAX_IMPORT_ROWS = 500;

export const MAX_NAMED_TENANTS = 5000;

/** How many tenants the rows name: all of them stand in one survey. */
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
  /** Whether one row that fails keeps out all of them; if it does not, the others are imported. */
  errorPolicy: choice(['REJECT_ALL', 'SKIP_FAILED']).nullish(),
});

/** What is common to all imports: only what a row is, and how it is read and written, differs. */
export const IMPORT_RULES = { input: importInput, errors: [ValidationError, ForbiddenError] };

export interface ImportedRow {
  /** Where in the input, such as `rows.3`. */
  path: string;
  outcome: 'CREATED' | 'UPDATED' | 'NOOP' | 'FAILED';
  /** Of the record; null where there is none. */
  id: string | null;
  error: DirectoryError | null;
}

export interface ImportResult {
  rows: readonly ImportedRow[];
}

export interface GivenRow<Row> {
  /** Such as `rows.3`. */
  path: string;
  row: Row;
}

/** A row as the database has it: `seen` is all, as text, that decides what becomes of it. */
export interface LookedUpRow {
  seen: string;
  /** The columns of the record that the row names, as they are stored; null where there is none. */
  record: string | null;
}

export interface Decision<Written> {
  outcome: 'CREATED' | 'UPDATED' | 'NOOP';
  id: string;
  written: Written;
}

export interface Decided<Written> {
  created: readonly Written[];
  updated: readonly Written[];
}

export interface Deciding {
  viewer: Viewer;
  /** Whether no row before has claimed this value, which only one may have. */
  claim(value: string): boolean;
}

export interface Import<Row, Written> extends Rules {
  readonly word: EntityWord;
  readonly row: z.ZodType<Row>;
  /** Answers one row for each that is given, in their order. */
  lookup(viewer: Viewer, rows: readonly GivenRow<Row>[]): Statement<LookedUpRow>;
  /** Throws a DirectoryError for a row that fails. */
  decide(deciding: Deciding, given: GivenRow<Row>, found: LookedUpRow): Decision<Written>;
  /** Like those of a plan: the events first, if `allowed`, and nothing without them. */
  writes(context: CommandContext, decided: Decided<Written>, allowed: SQL): readonly SQL[];
}

type RowOutcome<Written> = Decision<Written> | DirectoryError;

/** What `make` answers, or the error that is no bug. */
function attempt<T>(make: () => T): T | DirectoryError {
  try {
    return make();
  } catch (error) {
    if (error instanceof DirectoryError) return error;
    throw error;
  }
}

const WRITE_ATTEMPTS = 2;

/**
 * Brings in up to 500 records, in at most three D1 calls: one that surveys what is there, one that writes, and one more if
 * somebody else changed any of it between the two. The survey is made again in the batch of the writes, which happen only
 * if it still finds the same: so what was decided on is what is written on.
 */
export async function runImport<Row, Written>(
  { db, viewer }: Caller,
  command: Import<Row, Written>,
  input: unknown,
): Promise<ImportResult> {
  authorize(viewer, command);
  const { rows, errorPolicy } = parse(importInput, input);
  const paths = rows.map((_, position) => `rows.${position}`);
  const parsed = rows.map((row, position) => attempt(() => parse(command.row, row, 'rows', String(position))));
  const given = parsed.flatMap((row, position): (GivenRow<Row> & { position: number })[] =>
    row instanceof DirectoryError ? [] : [{ path: paths[position] ?? '', position, row }],
  );
  const lookup = command.lookup(viewer, given);

  let { found } = given.length === 0 ? { found: [] } : await db.reads({ found: lookup });
  for (let count = 0; count < WRITE_ATTEMPTS; count += 1) {
    const decided = decideAll(command, viewer, given, found);
    const outcomes = parsed
      .map((row, position) => (row instanceof DirectoryError ? row : decided.get(position)))
      .map((outcome) => {
        if (!outcome) throw new Error('A row of an import was not decided on');
        return outcome;
      });
    const failed = outcomes.some((outcome) => outcome instanceof DirectoryError);
    if (failed && errorPolicy !== 'SKIP_FAILED') return answer(paths, outcomes.map(rejected));

    const created = writtenBy(outcomes, 'CREATED');
    const updated = writtenBy(outcomes, 'UPDATED');
    if (created.length + updated.length === 0) return answer(paths, outcomes);
    const context: CommandContext = { id: newId(), at: new Date(), viewer };
    const seen = seenIn(found);
    const isStillSo = sql`(SELECT group_concat(seen, char(10)) FROM (${lookup.sql})) = ${seen}`;
    const writes = [...command.writes(context, { created, updated }, isStillSo), nameTenants(context)];
    const { again } = await db.batch({ again: lookup, writes: writes.map(write) });
    if (seenIn(again) === seen) return answer(paths, outcomes);
    found = again;
  }
  return answer(
    paths,
    parsed.map((row) => (row instanceof DirectoryError ? row : new VersionConflictError(null, null))),
  );
}

const writtenBy = <Written>(outcomes: readonly RowOutcome<Written>[], wanted: 'CREATED' | 'UPDATED'): Written[] =>
  outcomes.flatMap((outcome) =>
    outcome instanceof DirectoryError || outcome.outcome !== wanted ? [] : [outcome.written],
  );

/** A unique value that a row would write. */
interface Wanted {
  value: string | number | null | undefined;
  /** What the record has now. */
  before: string | number | null | undefined;
  /** The id of the live record that has the value. */
  holder: string | null;
  /** Where in the row. */
  at: string;
}

/** Nobody but the record with this id has what the row would write, and no row before would write the same. */
export function requireFree({ claim }: Deciding, path: string, id: string | null, wanted: readonly Wanted[]): void {
  for (const { value, before, holder, at } of wanted) {
    if (value == null || value === before) continue;
    const isTaken = holder !== null && holder !== id;
    if (isTaken || !claim(`${at} ${value}`)) throw new AlreadyExistsError(`${path}.${at}`, null);
  }
}

const seenIn = (found: readonly LookedUpRow[]): string => found.map(({ seen }) => seen).join('\n');

function decideAll<Row, Written>(
  command: Import<Row, Written>,
  viewer: Viewer,
  given: readonly (GivenRow<Row> & { position: number })[],
  found: readonly LookedUpRow[],
): Map<number, RowOutcome<Written>> {
  const claimed = new Set<string>();
  const decided = new Map<number, RowOutcome<Written>>();
  for (const [index, row] of given.entries()) {
    const lookedUp = found[index];
    if (!lookedUp) throw new Error('The lookup has fewer rows than the import');
    const claims = new Set<string>();
    const claim = (value: string) => {
      claims.add(value);
      return !claimed.has(value);
    };
    const outcome = attempt(() => command.decide({ viewer, claim }, row, lookedUp));
    // A row that fails writes nothing, and takes nothing from those behind it.
    if (!(outcome instanceof DirectoryError)) for (const value of claims) claimed.add(value);
    decided.set(row.position, outcome);
  }
  return decided;
}

/** Where one row fails and all are refused, the others fail for that. */
const rejected = <Written>(outcome: RowOutcome<Written>): DirectoryError =>
  outcome instanceof DirectoryError ? outcome : new ImportRejectedError();

function answer<Written>(paths: readonly string[], outcomes: readonly RowOutcome<Written>[]): ImportResult {
  return {
    rows: outcomes.map((outcome, position): ImportedRow => {
      const path = paths[position] ?? '';
      if (outcome instanceof DirectoryError) return { path, outcome: 'FAILED', id: null, error: outcome };
      return { path, outcome: outcome.outcome, id: outcome.id, error: null };
    }),
  };
}
