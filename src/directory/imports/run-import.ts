import type { SQL } from 'drizzle-orm';
import { OutcomeUnknownError } from '../../db/errors.ts';
import { sql } from '../../db/sql.ts';
import { type Statement, select, write } from '../../db/statement.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import { authorize, type CommandContext, contextOf } from '../commands/command.ts';
import { countHiddenTaken, countInvitations, mayGuess, mayInvite } from '../commands/credential-limits.ts';
import { eventsOf, nameTenants, tell } from '../commands/event-recording.ts';
import { type Keeping, type Kept, keepingOf, madeInSpite, refuseRepetition } from '../commands/idempotency.ts';
import { ImportRejectedError, VersionConflictError } from '../kernel/errors.ts';
import { parse } from '../kernel/input.ts';
import { decideRows, failAll, foreseen, hasFailed, imported, recordsToWrite } from './decisions.ts';
import { type Import, type ImportResult, importInput } from './import.ts';
import { keptRows, rowsKept } from './kept-rows.ts';
import type { Found, LookupRow } from './lookup.ts';
import { isReadable, type ParsedRow, parseRow } from './rows.ts';
import { hiddenTaken } from './taken-values.ts';
import { type ImportedRecord, importWrites } from './writes.ts';

const WRITE_ATTEMPTS = 2;

/**
 * Imports up to 500 records, in at most three D1 calls. The first looks up what is there. The second writes, if the same
 * lookup, made again in its batch, still finds the same: so what was decided on is what is written on. If somebody else
 * changed any of it in between, the rows are decided on anew, and the third call writes. Rows that fail do not throw. If any
 * names a value of what the caller may not see, one call more counts them before anything is answered or written.
 *
 * If the caller gave a key to repeat the import under, what became of its rows is kept, unless all of them failed. A
 * repetition is answered so with the first call.
 *
 * A dry run goes the same way up to the write, and says what would become of each row by itself. It is for callers who may
 * read such records.
 *
 * @throws ForbiddenError if the caller may not run the import at all
 * @throws ValidationError for an input that is no list of rows, or too long
 * @throws RateLimitError if its rows name more taken values than the caller may be told of, or if it would mail more
 *   invitations than the caller may cause; then nothing is written
 * @throws IdempotencyKeyReusedError if the key belongs to another request; likewise
 * @throws OutcomeUnknownError if it cannot be found out whether the import was written
 */
export async function runImport<Row, F extends Found, Relation>(
  caller: Caller,
  command: Import<Row, F, Relation>,
  input: unknown,
): Promise<ImportResult> {
  const context = contextOf(caller);
  const keeping = keepingOf(caller, context);
  const given = await readInput(caller, command, input).catch(async (error) => {
    if (keeping) await refuseRepetition(caller, keeping);
    throw error;
  });
  if (given.isDryRun) return importGiven({ caller, context, keeping: null, command }, given);
  const result = await importGiven({ caller, context, keeping, command }, given);
  if (result.rows.some(({ outcome }) => outcome !== 'FAILED')) caller.tookEffect(null);
  return result;
}

/** A run of an import. */
interface ImportRun<Row, F extends Found, Relation> {
  caller: Caller;
  context: CommandContext;
  keeping: Keeping | null;
  command: Import<Row, F, Relation>;
}

interface GivenRows<Row> {
  rows: ParsedRow<Row>[];
  skipsFailed: boolean;
  isDryRun: boolean;
}

/** Reads the input of a viewer who may run the import. It is async, so that whatever it throws is a rejection. */
async function readInput<Row, F extends Found, Relation>(
  { viewer }: Caller,
  command: Import<Row, F, Relation>,
  input: unknown,
): Promise<GivenRows<Row>> {
  authorize(viewer, command);
  const { rows, errorPolicy, dryRun } = parse(importInput, input);
  // It tells what differs from what is there, and changes nothing of it: whoever may not read that could find it out so.
  if (dryRun) requirePermissions(viewer, [command.entity.readPermission]);
  return {
    rows: rows.map((row, position) => parseRow(command, row, position)),
    skipsFailed: errorPolicy === 'SKIP_FAILED',
    isDryRun: dryRun === true,
  };
}

async function importGiven<Row, F extends Found, Relation>(
  run: ImportRun<Row, F, Relation>,
  { rows, skipsFailed, isDryRun }: GivenRows<Row>,
): Promise<ImportResult> {
  const { caller, keeping, command } = run;
  const { db, viewer } = caller;
  const readable = rows.filter(isReadable);
  const lookup = command.lookup(viewer, readable);
  const before = await lookUp(run, readable.length === 0 ? [] : [lookup]);
  if (before.kept !== null) return importedBefore(before.kept);
  let { found } = before;
  let counted = 0;
  for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt += 1) {
    const decided = decideRows(command, viewer, rows, found);
    const hidden = decided.reduce((sum, { errors }) => sum + hiddenTaken(errors), 0);
    if (hidden > counted) await countHiddenTaken(db, viewer, hidden - counted);
    counted = Math.max(counted, hidden);
    if (isDryRun) return { rows: decided.map(foreseen) };
    if (!skipsFailed && decided.some(hasFailed)) return failAll(decided, () => new ImportRejectedError());

    const records = recordsToWrite(decided);
    const answer = { rows: decided.map(imported) };
    if (decided.every(hasFailed) || (records.length === 0 && keeping === null)) return answer;
    const written = await writeIfUnchanged(run, { lookup, found, records, answer }).catch(async (error) => {
      if (!(error instanceof OutcomeUnknownError)) throw error;
      const { kept } = await madeInSpite(caller, keeping, error);
      return { found, kept };
    });
    const { kept } = written;
    if (kept !== null) return kept.commandId === run.context.id ? answer : importedBefore(kept);
    if (asText(written.found) === asText(found)) return answer;
    ({ found } = written);
  }
  const given = rows.map(({ path, error }) => ({ path, errors: error ? [error] : [] }));
  return failAll(given, () => new VersionConflictError(null, null));
}

/** What an import finds: what is there, and what is kept of an import that it repeats. */
interface Findings {
  found: LookupRow[];
  kept: Kept | null;
}

/** Returns what became of the rows of an import that was done before, of which this is a repetition. */
function importedBefore({ imported }: Kept): ImportResult {
  if (imported === null) throw new Error('What is kept of an import has no rows');
  return { rows: rowsKept(imported) };
}

/**
 * Looks up what is there, which is nothing to look up if all rows have failed, and whether it was imported before.
 * @throws RateLimitError if the viewer has been told too often of values that belong to what it may not see
 */
async function lookUp<Row, F extends Found, Relation>(
  { caller: { db, viewer }, context, keeping }: ImportRun<Row, F, Relation>,
  lookups: readonly Statement<LookupRow>[],
): Promise<Findings> {
  if (lookups.length === 0 && keeping === null) return { found: [], kept: null };
  const { problem, error } = mayGuess({ at: context.at, viewer });
  const { found, kept, guessed } = await db.reads({
    found: lookups,
    kept: keeping ? [keeping.kept] : [],
    guessed: lookups.length > 0 ? [sinceOf(problem)] : [],
  });
  const before = keeping?.ofSame(kept[0] ?? []) ?? null;
  const since = guessed[0]?.[0]?.since ?? null;
  if (before === null && since !== null) throw error(since);
  return { found: found[0] ?? [], kept: before };
}

/** Reads since when a limit has been passed; null if it has not. */
const sinceOf = (problem: SQL) => select({ since: sql<string | null>`${problem}` }, sql``);

interface Writing<Relation> {
  lookup: Statement<LookupRow>;
  found: readonly LookupRow[];
  records: readonly ImportedRecord<Relation>[];
  answer: ImportResult;
}

/**
 * Writes the records, unless the lookup finds anything else by now, or it was imported before; returns what it finds.
 * @throws RateLimitError if it would mail more invitations than the viewer may cause; then nothing is written
 */
async function writeIfUnchanged<Row, F extends Found, Relation>(
  { caller, context, keeping, command }: ImportRun<Row, F, Relation>,
  { lookup, found, records, answer }: Writing<Relation>,
): Promise<Findings> {
  const isUnchanged = sql`(SELECT group_concat(found, char(10)) FROM (${lookup.sql})) = ${asText(found)}`;
  const mails = command.mails?.(records) ?? null;
  const invitations = mails && mayInvite(context, mails);
  const condition = invitations ? sql`${isUnchanged} AND ${invitations.problem} IS NULL` : isUnchanged;
  const writes = importWrites(context, command.entity, command, records, keeping ? keeping.isKept : condition);
  const results = await caller.db.batch({
    kept: keeping ? [keeping.kept] : [],
    found: lookup,
    refused: invitations ? [sinceOf(invitations.problem)] : [],
    keep: keeping ? [keeping.keep(condition, { imported: keptRows(answer.rows) })] : [],
    writes: [...writes, nameTenants(context)].map(write),
    counted: invitations ? [countInvitations(context)] : [],
    recorded: eventsOf(context),
  });
  tell(results.recorded, caller);
  const kept = keeping?.ofSame(results.kept[0] ?? []) ?? null;
  const since = results.refused[0]?.[0]?.since ?? null;
  if (kept === null && invitations && since !== null) throw invitations.error(since);
  return { found: results.found, kept };
}

/** What was found for all rows, as one text: the same that `group_concat` makes of it in SQL. */
const asText = (found: readonly LookupRow[]): string => found.map((row) => row.found).join('\n');
