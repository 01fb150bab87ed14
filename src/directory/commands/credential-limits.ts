import type { SQL } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { OutcomeUnknownError, UnavailableError } from '../../db/errors.ts';
import { sql } from '../../db/sql.ts';
import type { Statement } from '../../db/statement.ts';
import {
  type Counted,
  countAgainst,
  hiddenTakenLimit,
  invitationLimit,
  limitPassed,
  passesLimit,
  type RateLimit,
} from '../access/rate-limits.ts';
import type { Caller, Viewer } from '../access/viewer.ts';
import type { RateLimitError } from '../kernel/authentication-errors.ts';
import type { NamedRecord } from '../kernel/errors.ts';
import { allRecordedSubjects, type EventContext } from './event-recording.ts';

/*
 * What one credential may do in an hour, however many requests it makes and at whichever API: be told of values that
 * belong to what it may not see, which is how somebody would guess them, and cause invitations to be mailed.
 */

/** Whom limits count. */
type Counting = Pick<Viewer, 'countsAs'>;

/** A run of a command, as far as limits count it. */
interface Limited {
  readonly at: Date;
  readonly viewer: Counting;
}

const HIDDEN_TAKEN =
  'Too many values belonged to records that this credential may not see. It may give no values that are unique for now.';
const INVITED = 'This credential may cause no more invitations to be mailed for now. Try again later.';

/**
 * Returns the record that holds a value which turned out to be taken, null where the viewer may not see it. That is
 * counted then, in the same D1 call. Whoever reaches the whole organization and may read such records sees all of them.
 *
 * @param holder finds the record; null when the viewer may not read such records at all
 * @throws RateLimitError where it was counted too often
 */
export async function holderOrCount(
  { db, viewer }: Pick<Caller, 'db' | 'viewer'>,
  holder: Statement<NamedRecord> | null,
): Promise<NamedRecord | null> {
  if (!holder) {
    await countHiddenTaken(db, viewer, 1);
    return null;
  }
  if (viewer.reach.kind === 'ORGANIZATION') return (await db.reads({ holder })).holder[0] ?? null;
  const now = new Date();
  const counted = countAgainst(hiddenTakenLimit(viewer.countsAs), now, sql`NOT EXISTS (${holder.sql})`);
  const results = await db.batch({ holder, counted }).catch(asNotMade);
  requireFewHiddenTaken(viewer, results.counted, now);
  return results.holder[0] ?? null;
}

/**
 * Counts that the viewer is about to be told of so many values that they belong to what it may not see.
 * @throws RateLimitError if these are more than it may be told of; then it must not be told
 */
export async function countHiddenTaken(db: Database, viewer: Counting, times: number): Promise<void> {
  const now = new Date();
  const count = countAgainst(hiddenTakenLimit(viewer.countsAs), now, sql`${times}`);
  const { counted } = await db.batch({ counted: count }).catch(asNotMade);
  requireFewHiddenTaken(viewer, counted, now);
}

/** Whether it was counted may be unknown: the change that it is counted for was not made. */
function asNotMade(error: unknown): never {
  throw error instanceof OutcomeUnknownError ? new UnavailableError(error.message, { cause: error.cause }) : error;
}

function requireFewHiddenTaken({ countsAs }: Counting, [counted]: readonly Counted[], now: Date): void {
  const limit = hiddenTakenLimit(countsAs);
  if (counted && counted.count > limit.max) throw limitPassed(limit, counted.since.getTime(), now, HIDDEN_TAKEN);
}

/** A condition under which nothing is written, as a check of a command has it. */
interface LimitCheck {
  readonly problem: SQL;
  error(since: string): RateLimitError;
}

const within = (limit: RateLimit, at: Date, times: SQL, message: string): LimitCheck => ({
  problem: passesLimit(limit, at, times),
  error: (since) => limitPassed(limit, Number(since), at, message),
});

/**
 * A check that the credential may be told once more of a value that belongs to what it may not see, where it could be, which
 * is an expression. It comes before the change is tried: else a refusal would tell as much as the answer in whose place it is
 * given.
 */
export const mayGuess = ({ at, viewer }: Limited, isGuess: SQL = sql`TRUE`): LimitCheck =>
  within(hiddenTakenLimit(viewer.countsAs), at, sql`iif(${isGuess}, 1, 0)`, HIDDEN_TAKEN);

/** A check that the credential may cause so many invitations more, which is an expression. */
export const mayInvite = ({ at, viewer }: Limited, mails: SQL): LimitCheck =>
  within(invitationLimit(viewer.countsAs), at, mails, INVITED);

/** Counts the invitations that a command has left to be mailed, behind its writes: those of the subjects of its events. */
export const countInvitations = (context: EventContext & Limited): Statement<Counted> =>
  countAgainst(
    invitationLimit(context.viewer.countsAs),
    context.at,
    sql`(SELECT count(*) FROM mailed_link WHERE mailed_link.purpose = 'INVITATION'
      AND mailed_link.due_at = ${context.at.getTime()} AND mailed_link.user_id IN (${allRecordedSubjects(context)}))`,
  );
