import type { SQL } from 'drizzle-orm';
import { OutcomeUnknownError } from '../../db/errors.ts';
import { idempotencyKeys } from '../../db/schema/idempotency-keys.ts';
import { sql } from '../../db/sql.ts';
import { jsonList, mapRows, parseJsonList, type Statement, select, write } from '../../db/statement.ts';
import { credentialName } from '../access/actor.ts';
import type { ChangedRecord, Repeatable } from '../access/repeatable.ts';
import type { Caller, Viewer } from '../access/viewer.ts';
import type { EventType } from '../kernel/event-types.ts';
import { smallestIdAt } from '../kernel/ids.ts';
import { IdempotencyKeyReusedError, RecordGoneError } from '../kernel/repetition-errors.ts';
import { sha256 } from '../kernel/secrets.ts';

/** For how long a repetition is answered with what the first request came to. */
export const KEPT_MILLISECONDS = 24 * 60 * 60 * 1000;

/** What is kept of a change that may be asked for again. */
export interface Kept {
  readonly commandId: string;
  /** The record that it was about; null where it was about many, or none. */
  readonly record: ChangedRecord | null;
  /** What became of each row of an import, as JSON; null for any other change. */
  readonly imported: string | null;
  /** The types of its events. */
  readonly recorded: ReadonlySet<EventType>;
}

interface KeptRow extends Kept {
  readonly requestHash: string;
}

/** A run of a command. */
interface Run {
  readonly id: string;
  readonly at: Date;
}

/** What is kept of a change beside its command. */
interface Result {
  /** The record that the change is about: its id is an expression, evaluated before anything else is written. */
  record?: { type: ChangedRecord['type']; id: SQL } | undefined;
  imported?: string;
}

/** A change that may be asked for again, and what is kept of it. */
export interface Keeping {
  /** Reads what is kept under the key, of this change or of another request: no row if nothing is. */
  readonly kept: Statement<KeptRow>;
  /** An expression: the id of the record that what is kept is about; NULL if nothing is. */
  readonly keptRecordId: SQL;
  /**
   * Keeps the change, if the condition holds and nothing is kept yet. It comes before all else that the change writes, and
   * decides on it.
   */
  keep(condition: SQL, result: Result): Statement<never>;
  /** The condition of all else that the change writes: it is kept. */
  readonly isKept: SQL;
  /**
   * Returns what is kept, if it is of the same request; null if nothing is.
   * @throws IdempotencyKeyReusedError if it is of another request
   */
  ofSame(kept: readonly KeptRow[]): Kept | null;
}

/** A key is of whom it belongs to: a credential or, since what users may do depends on where they are, a user there. */
const hashOf = ({ actor, reach }: Viewer, { key }: Repeatable): string =>
  sha256(JSON.stringify([credentialName(actor), actor.type === 'USER' ? reach : null, key]));

const fields = {
  requestHash: idempotencyKeys.requestHash,
  commandId: idempotencyKeys.commandId,
  recordType: idempotencyKeys.recordType,
  recordId: idempotencyKeys.recordId,
  imported: idempotencyKeys.imported,
  recorded: sql<string>`(SELECT json_group_array(DISTINCT type) FROM event WHERE event.command_id = idempotency_key.command_id)`,
};

/** Returns how a change is kept that this run of a command makes; null for a caller who gave no key to repeat it under. */
export function keepingOf({ viewer, repeatable }: Caller, { id: commandId, at }: Run): Keeping | null {
  if (repeatable === null) return null;
  const { requestHash } = repeatable;
  const keyHash = hashOf(viewer, repeatable);
  const field = sha256(repeatable.field);
  const oldest = smallestIdAt(new Date(at.getTime() - KEPT_MILLISECONDS));
  const found = sql`FROM idempotency_key WHERE key_hash = ${keyHash} AND command_id > ${oldest}
    AND (field = ${field} OR request_hash <> ${requestHash}) ORDER BY request_hash = ${requestHash} LIMIT 1`;
  return {
    kept: mapRows(select(fields, found), ({ recordType, recordId, recorded, ...row }) => ({
      ...row,
      record: recordType !== null && recordId !== null ? { type: recordType, id: recordId } : null,
      recorded: new Set(parseJsonList<EventType>(recorded)),
    })),
    keptRecordId: sql`(SELECT record_id ${found})`,
    // All that it is given is one parameter: D1 takes 100, of which the condition may need nearly all.
    keep: (condition, { record, imported }) =>
      // One that is too old to be answered may still be there.
      write(sql`INSERT OR REPLACE INTO idempotency_key
          (key_hash, field, request_hash, command_id, record_type, record_id, imported)
        SELECT given.value ->> 'keyHash', given.value ->> 'field', given.value ->> 'requestHash',
          given.value ->> 'commandId', given.value ->> 'recordType', ${record?.id ?? sql`NULL`}, given.value ->> 'imported'
        FROM json_each(${jsonList([{ keyHash, field, requestHash, commandId, oldest, recordType: record?.type, imported }])}) given
        WHERE ${condition} AND NOT EXISTS (SELECT 1 FROM idempotency_key kept
          WHERE kept.key_hash = given.value ->> 'keyHash' AND kept.command_id > given.value ->> 'oldest'
            AND (kept.field = given.value ->> 'field' OR kept.request_hash <> given.value ->> 'requestHash'))`),
    isKept: sql`EXISTS (SELECT 1 FROM idempotency_key
      WHERE key_hash = ${keyHash} AND field = ${field} AND command_id = ${commandId})`,
    ofSame: ([kept]) => {
      if (kept && kept.requestHash !== requestHash) throw new IdempotencyKeyReusedError();
      return kept ?? null;
    },
  };
}

/** What a change comes to that was made before: what is kept of it, and its subject as it is now, if it is to be shown. */
export interface MadeBefore<Answer> {
  kept: Kept;
  left: Answer | null;
}

/**
 * Returns what a change came to whose batch has failed so that nobody knows whether it was made. It was made if anything is
 * kept of it; if nothing is, it may still come to be. `left` reads its subject.
 * @throws OutcomeUnknownError if nothing is kept, if that cannot be read, or if there is no key to find it by
 */
export async function madeInSpite<Answer>(
  { db }: Pick<Caller, 'db'>,
  keeping: Keeping | null,
  { cause }: OutcomeUnknownError,
  left: readonly Statement<Answer>[] = [],
): Promise<MadeBefore<Answer>> {
  if (keeping === null) throw new OutcomeUnknownError(cause);
  const found = await db.reads({ kept: keeping.kept, left }).catch(() => {
    throw new OutcomeUnknownError(cause, true);
  });
  const kept = keeping.ofSame(found.kept);
  if (kept === null) throw new OutcomeUnknownError(cause, true);
  return { kept, left: found.left[0]?.[0] ?? null };
}

/**
 * Refuses to say that nothing was changed, as the error would of which this is called, if the change was made before: the
 * viewer may not ask for it any more.
 * @throws RecordGoneError if so
 * @throws IdempotencyKeyReusedError if the key belongs to another request
 */
export async function refuseRepetition({ db, tookEffect }: Caller, keeping: Keeping): Promise<void> {
  const { found } = await db.reads({ found: keeping.kept });
  const kept = keeping.ofSame(found);
  if (kept === null) return;
  tookEffect(kept.record);
  throw new RecordGoneError('You may not ask for it any more.');
}

/** Returns a DELETE of what is too old to be answered, of so many keys at most. */
export const removeOldKeys = (now: Date, most: number): SQL =>
  sql`DELETE FROM idempotency_key WHERE command_id IN (SELECT command_id FROM idempotency_key
    WHERE command_id <= ${smallestIdAt(new Date(now.getTime() - KEPT_MILLISECONDS))} ORDER BY command_id LIMIT ${most})`;
