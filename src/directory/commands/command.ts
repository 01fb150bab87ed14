import type { Column, SQL } from 'drizzle-orm';
import type * as z from 'zod';
import { violatesUnique } from '../../db/constraint.ts';
import { OutcomeUnknownError } from '../../db/errors.ts';
import type { Source } from '../../db/source.ts';
import { anyOf, type Statement, write } from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import type { ChangedRecord } from '../access/repeatable.ts';
import { type Caller, requirePermissions, requireReach, type Viewer } from '../access/viewer.ts';
import { AlreadyExistsError, type ErrorClass, ForbiddenError, type NamedRecord } from '../kernel/errors.ts';
import type { EventType } from '../kernel/event-types.ts';
import { newId } from '../kernel/ids.ts';
import { parse } from '../kernel/input.ts';
import { lazily } from '../kernel/lazily.ts';
import type { Permission } from '../kernel/permission-names.ts';
import type { Neighbourhood } from '../kernel/webhook-addresses.ts';
import { type Check, canFail, isAllowed, outcomeOf } from './checks.ts';
import { countHiddenTaken, countInvitations, holderOrCount, mayGuess, mayInvite } from './credential-limits.ts';
import { nameTenants, tell } from './event-recording.ts';
import { type Keeping, keepingOf, type MadeBefore, madeInSpite, refuseRepetition } from './idempotency.ts';

/** The rules that every change in the directory carries, whether one plan makes it or an import. */
export interface Rules<Schema extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** The kinds of reach that may run it at all. */
  readonly reaches: readonly Reach['kind'][];
  readonly input: () => Schema;
  readonly errors: readonly ErrorClass[];
}

/**
 * A change that is made by one plan. It carries its permissions, its input schema and the errors it can answer, so that
 * every API enforces, documents and tests the same rules without repeating them.
 */
export interface Command<Result = unknown, Answer = unknown, Schema extends z.ZodType = z.ZodType>
  extends Rules<Schema> {
  plan(context: CommandContext, input: z.output<Schema>): Plan<Result, Answer>;
}

/** Returns the command, whose types the compiler infers from its schema and its plan. The schema is made once. */
export function command<Result, Answer, Schema extends z.ZodType>(
  definition: Command<Result, Answer, Schema>,
): Command<Result, Answer, Schema> {
  return { ...definition, input: lazily(definition.input) };
}

/** A run of a command: what all that it writes has in common. */
export interface CommandContext {
  /** Every event of the run bears it. */
  readonly id: string;
  readonly at: Date;
  readonly viewer: Viewer;
  /** Whether the change was made before. Then nothing is written, and what is shown once, such as a secret, is not shown. */
  readonly isRepetition: boolean;
  /** Where the deployment stands, to judge addresses by. */
  readonly neighbourhood: Neighbourhood;
}

/** The record that a change is about. */
export interface Subject<Answer> {
  readonly type: ChangedRecord['type'];
  /** An expression for its id, evaluated before anything is written. */
  readonly id: SQL;
  /** Reads it for a repetition of the change. No row, if it is not there any more or out of reach. */
  find(id: SQL): Statement<Answer>;
}

/** A unique value that a command may write. If another record holds it, the batch fails, and the holder is looked up. */
export interface UniqueValue {
  /** All columns of the unique index that the value would break, in the order of the index. */
  readonly columns: readonly Column[];
  /** Where in the input the value comes from. */
  readonly path: string;
  /** Returns what finds the record that holds the value; null when the viewer may not read such records at all. */
  readonly holder: (() => Statement<NamedRecord>) | null;
  /** Returns an expression: the record gets a value that it does not have, or comes back with the one that it had. */
  isNew(): SQL;
  /**
   * An expression, NULL if all is well: another record has the value by a key of version 1, which the unique index does not
   * tell. Not given, or null, where the key is the same in both versions.
   */
  readonly heldFormerly?: SQL | null;
}

/**
 * What a command does to the database, as one batch: the writes under their checks, what came of them, the answer.
 *
 * The events decide. The first write inserts the event, if every check passes and there is anything to change; all that
 * follows is written only where that event exists. So a change and its event cannot come apart, and a command that
 * changes nothing writes nothing. What is wrong can be asked behind the writes, as there are none if anything is. (`recordTraffic`
 * has no event: what it inserts first takes its place, and changes nothing of what its check asks.)
 */
export interface Plan<Result, Answer> {
  readonly checks: readonly Check<Answer>[];
  writes(allowed: SQL): readonly SQL[];
  /** What goes for good, once the events have named the tenants that it had to do with. */
  readonly removals?: readonly SQL[];
  readonly unique?: readonly UniqueValue[];
  readonly answer: Statement<Answer> & Partial<Source>;
  /** Not given for a change that is about many records or about none: a repetition reads the same answer. */
  readonly subject?: Subject<Answer>;
  /**
   * How many invitations it leaves to be mailed, as an expression that is evaluated before it writes. It is refused if
   * these are more than the credential may cause.
   */
  readonly mails?: SQL;
  /** Read the answer first: a removal may put the record out of the viewer's reach. */
  readonly answersBeforeWriting?: boolean;
  /** The answer is null where a repetition does not find the subject any more. */
  readonly result: (answer: Answer | null, recorded: ReadonlySet<EventType>) => Result;
}

/**
 * Refuses a viewer who may not run the command, whatever the input.
 * @throws ForbiddenError
 */
export function authorize(viewer: Viewer, { permissions, reaches }: Pick<Rules, 'permissions' | 'reaches'>): void {
  if (viewer.access === 'READ') throw ForbiddenError.readOnlyKey();
  requirePermissions(viewer, permissions);
  requireReach(viewer, reaches);
}

/**
 * Runs a command in one D1 call, and one more if a unique value is taken. Permissions and reach come first, then the
 * input, then checks and writes in one batch.
 *
 * If the caller gave a key to repeat the change under, its result is kept in that batch. A repetition changes nothing, and
 * is answered from what it finds there. One call more is made where it is not known whether the batch was run, and before a
 * refusal that comes without one: the change might have been made before.
 * @throws ForbiddenError
 * @throws ValidationError
 * @throws AlreadyExistsError
 * @throws the error of the first check that fails; then nothing is written
 * @throws RateLimitError if the credential may not be told that a value is taken, or cause another mail; likewise
 * @throws IdempotencyKeyReusedError if the key belongs to another request; likewise
 * @throws OutcomeUnknownError if it cannot be found out whether the change was made
 */
export async function run<Result, Answer, Schema extends z.ZodType>(
  caller: Caller,
  command: Command<Result, Answer, Schema>,
  input: unknown,
): Promise<Result> {
  const context = contextOf(caller);
  const keeping = keepingOf(caller, context);
  const plan = await planned(command, context, input).catch(async (error) => {
    if (keeping) await refuseRepetition(caller, keeping);
    throw error;
  });
  const made = await make(caller, context, plan, keeping).catch((error) => {
    if (error instanceof OutcomeUnknownError) return madeInSpite(caller, keeping, error, leftBy(plan, keeping));
    throw error;
  });
  if (!('kept' in made)) return made.result;
  const { kept, left } = made;
  caller.tookEffect(kept.record);
  if (plan.mails) caller.mailIsDue();
  const isOwn = kept.commandId === context.id;
  const again = isOwn ? plan : await planned(command, { ...context, id: kept.commandId, isRepetition: true }, input);
  if (again.subject) return again.result(left, kept.recorded);
  const { answer } = await caller.db.reads({ answer: again.answer });
  return again.result(answer[0] ?? null, kept.recorded);
}

/** Returns the context of a new run. */
export const contextOf = ({ viewer, neighbourhood }: Caller): CommandContext => ({
  id: newId(),
  at: new Date(),
  viewer,
  isRepetition: false,
  neighbourhood,
});

/** Reads the subject of a change that was made before, if it was about one. */
const leftBy = <Answer>({ subject }: Plan<unknown, Answer>, keeping: Keeping | null): Statement<Answer>[] =>
  subject && keeping ? [subject.find(keeping.keptRecordId)] : [];

/** Returns what a command does, for a viewer who may run it. It is async, so that whatever it throws is a rejection. */
async function planned<Result, Answer, Schema extends z.ZodType>(
  command: Command<Result, Answer, Schema>,
  context: CommandContext,
  input: unknown,
): Promise<Plan<Result, Answer>> {
  authorize(context.viewer, command);
  return command.plan(context, parse(command.input, input));
}

/** Makes the change, and returns its result; or what is kept of it, if it was made before. */
async function make<Result, Answer>(
  caller: Caller,
  context: CommandContext,
  plan: Plan<Result, Answer>,
  keeping: Keeping | null,
): Promise<{ result: Result } | MadeBefore<Answer>> {
  const { db, viewer, mailIsDue } = caller;
  const { answer, subject, mails, unique = [] } = plan;
  const formerly = heldFormerly(unique);
  const checks = [
    ...guesses(context, unique),
    ...plan.checks,
    ...(mails ? [mayInvite(context, mails)] : []),
    ...formerly.keys(),
  ].filter(canFail);
  const allowed = isAllowed(checks);
  const change = {
    kept: keeping ? [keeping.kept] : [],
    left: leftBy(plan, keeping),
    keep: keeping ? [keeping.keep(allowed, { record: subject })] : [],
    writes: [...plan.writes(keeping ? keeping.isKept : allowed), nameTenants(context), ...(plan.removals ?? [])].map(
      write,
    ),
    invitations: mails ? [countInvitations(context)] : [],
    outcome: outcomeOf(context, checks),
  };
  const note = plan.answersBeforeWriting ? () => {} : caller.readAlong({ values: answer.values ?? (() => null) });
  const statements = plan.answersBeforeWriting ? { answer, ...change } : { ...change, answer };
  const results = await db.batch(statements).catch(async (error) => {
    throw await asAlreadyExists(caller, unique, error);
  });

  const kept = keeping?.ofSame(results.kept[0] ?? []) ?? null;
  if (kept !== null) return { kept, left: results.left[0]?.[0] ?? null };
  const [shown] = results.answer;
  const [outcome] = results.outcome;
  if (!outcome) throw new Error('D1 answered no row for what a change came to');
  for (const [index, check] of checks.entries()) {
    const detail = outcome.problems[index];
    if (detail === null || detail === undefined) continue;
    const taken = formerly.get(check);
    if (taken) throw await asTaken(caller, taken);
    const error = check.error(detail, shown);
    if (error instanceof AlreadyExistsError && error.hidden > 0) await countHiddenTaken(db, viewer, error.hidden);
    throw error;
  }
  caller.tookEffect(subject && hasId(shown) ? { type: subject.type, id: shown.id } : null);
  if (mails) mailIsDue();
  tell([outcome], caller);
  if (shown === undefined) throw new Error('A command that passed its checks found no record to answer with');
  if (typeof shown === 'object' && shown !== null) note([shown]);
  return { result: plan.result(shown, outcome.recorded) };
}

const hasId = (answer: unknown): answer is { id: string } =>
  typeof answer === 'object' && answer !== null && 'id' in answer && typeof answer.id === 'string';

/** A check for a viewer who could run into values that belong to what the viewer may not see. */
function guesses(context: CommandContext, unique: readonly UniqueValue[]): Check<unknown>[] {
  const isSeeingAll = context.viewer.reach.kind === 'ORGANIZATION';
  const maybeHidden = unique.filter(({ holder }) => !isSeeingAll || holder === null);
  return maybeHidden.length === 0 ? [] : [mayGuess(context, anyOf(maybeHidden.map((value) => value.isNew())))];
}

async function asAlreadyExists(caller: Caller, unique: readonly UniqueValue[], error: unknown): Promise<unknown> {
  const taken = unique.find(({ columns }) => violatesUnique(error, columns));
  return taken ? asTaken(caller, taken) : error;
}

async function asTaken(caller: Caller, { path, holder }: UniqueValue): Promise<AlreadyExistsError> {
  const existing = await holderOrCount(caller, holder?.() ?? null);
  return existing?.ofDeletedCustomer
    ? AlreadyExistsError.ofDeletedCustomer(path)
    : new AlreadyExistsError(path, existing);
}

/** Checks that come last, of values that no unique index holds. */
const heldFormerly = (unique: readonly UniqueValue[]) =>
  new Map<Check<unknown>, UniqueValue>(
    unique.flatMap((taken) => {
      const { heldFormerly: problem, path } = taken;
      return problem ? [[{ problem, error: () => new AlreadyExistsError(path, null) }, taken]] : [];
    }),
  );
