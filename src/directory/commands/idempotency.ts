import { type SQL, sql } from 'drizzle-orm';
import { OutcomeUnknownError, UnavailableError } from '../../db/errors.ts';
import { idempotencyKeys } from '../../db/schema/idempotency-keys.ts';
import { type RowOf, type Statement, select, write } from '../../db/statement.ts';
import { credentialName } from '../access/actor.ts';
import type { Repeatable } from '../access/repeatable.ts';
import type { Caller, Viewer } from '../access/viewer.ts';
import { smallestIdAt } from '../kernel/ids.ts';
import { IdempotencyKeyReusedError, RecordGoneError } from '../kernel/repetition-errors.ts';
import { sha256 } from '../kernel/secrets.ts';

/** For how long a repetition is answered with what the first request came to. */
export const KEPT_MILLISECONDS = 24 * 60 * 60 * 1000;

const fields = {
  requestHash: idempotencyKeys.requestHash,
  commandId: idempotencyKeys.commandId,
  /** The record that it was about; null where it was about many, or none. */
  recordId: idempotencyKeys.recordId,
  /** What became of each row of an import, as JSON; null for any other change. */
  imported: idempotencyKeys.imported,
};

/** What is kept of a change that may be asked for again. */
export type Kept = RowOf<typeof fields>;

/** A run of a command. */
interface Run {
  readonly id: string;
  readonly at: Date;
}

/** A change that may be asked for again, and what is kept of it. */
export interface Keeping {
  /** Reads what is kept under the key, of this change or of another request: no row if nothing is. */
  readonly kept: Statement<Kept>;
  /**
   * Keeps the change, if the condition holds and nothing is kept yet. It comes before all else that the change writes, and
   * decides on it.
   */
  keep(condition: SQL, result: { recordId?: SQL | undefined; imported?: string }): Statement<never>;
  /** The condition of all else that the change writes: it is kept. */
  readonly isKept: SQL;
  /**
   * Returns what is kept, if it is of the same request; null if nothing is.
   * @throws IdempotencyKeyReusedError if it is of another request
   */
  ofSame(kept: readonly Kept[]): Kept | null;
}

/** A key is of whom it belongs to: a credential or, since what users may do depends on where they are, a user there. */
const hashOf = ({ actor, reach }: Viewer, { key }: Repeatable): string =>
  sha256(JSON.stringify([credentialName(actor), actor.type === 'USER' ? reach : null, key]));

/** Returns how a change is kept that this run of a command makes; null for a caller who gave no key to repeat it under. */
export function keepingOf({ viewer, repeatable }: Caller, { id: commandId, at }: Run): Keeping | null {
  if (repeatable === null) return null;
  const { requestHash } = repeatable;
  const keyHash = hashOf(viewer, repeatable);
  const field = sha256(repeatable.field);
  const oldest = smallestIdAt(new Date(at.getTime() - KEPT_MILLISECONDS));
  const inTheWay = sql`FROM idempotency_key WHERE key_hash = ${keyHash} AND command_id > ${oldest}
    AND (field = ${field} OR request_hash <> ${requestHash})`;
  return {
    kept: select(fields, sql`${inTheWay} ORDER BY request_hash = ${requestHash} LIMIT 1`),
    keep: (condition, result) =>
      // One that is too old to be answered may still be there.
      write(sql`INSERT OR REPLACE INTO idempotency_key (key_hash, field, request_hash, command_id, record_id, imported)
        SELECT ${keyHash}, ${field}, ${requestHash}, ${commandId}, ${result.recordId ?? null}, ${result.imported ?? null}
        WHERE ${condition} AND NOT EXISTS (SELECT 1 ${inTheWay})`),
    isKept: sql`EXISTS (SELECT 1 FROM idempotency_key
      WHERE key_hash = ${keyHash} AND field = ${field} AND command_id = ${commandId})`,
    ofSame: ([kept]) => {
      if (kept && kept.requestHash !== requestHash) throw new IdempotencyKeyReusedError();
      return kept ?? null;
    },
  };
}

/**
 * Returns what is kept of a change whose batch has failed so that nobody knows whether it was made.
 *
 * @throws UnavailableError if nothing is kept: it was not made, and may be asked for again
 * @throws OutcomeUnknownError if that cannot be found out either, or there is no key to find it out by
 */
export async function keptInSpite(
  { db }: Pick<Caller, 'db'>,
  keeping: Keeping | null,
  error: OutcomeUnknownError,
): Promise<Kept> {
  if (keeping === null) throw error;
  const { found } = await db.reads({ found: keeping.kept }).catch(() => {
    throw new OutcomeUnknownError(error.cause, true);
  });
  const kept = keeping.ofSame(found);
  if (kept === null) throw new UnavailableError('The database did not write', { cause: error.cause });
  return kept;
}

/**
 * Refuses to say that nothing was changed, as the error would of which this is called, if the change was made before: the
 * viewer may not ask for it any more.
 * @throws RecordGoneError if so
 * @throws IdempotencyKeyReusedError if the key belongs to another request
 */
export async function refuseRepetition({ db, tookEffect }: Caller, keeping: Keeping): Promise<void> {
  const { kept } = await db.reads({ kept: keeping.kept });
  if (keeping.ofSame(kept) === null) return;
  tookEffect(null);
  throw new RecordGoneError();
}

/** How many keys are removed at a time. It is run every few minutes, and must not hold up requests. */
const MAX_REMOVED = 20_000;

/** Returns a DELETE of what is too old to be answered. */
export const removeOldKeys = (now: Date): SQL =>
  sql`DELETE FROM idempotency_key WHERE command_id IN (SELECT command_id FROM idempotency_key
    WHERE command_id <= ${smallestIdAt(new Date(now.getTime() - KEPT_MILLISECONDS))} ORDER BY command_id LIMIT ${MAX_REMOVED})`;
