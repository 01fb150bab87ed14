import type { idempotencyKeys } from '../../db/schema/idempotency-keys.ts';

/** A change that its caller may ask for again under the same key, and get the answer that it had. */
export interface Repeatable {
  /** What the caller calls the request. */
  readonly key: string;
  /** A hash of all that is asked: a key belongs to one request. */
  readonly requestHash: string;
  /** Which change of the request it is, of those that can be told apart by where they are answered. */
  readonly field: string;
}

/** The record that a change is about. */
export interface ChangedRecord {
  readonly type: NonNullable<typeof idempotencyKeys.$inferSelect.recordType>;
  readonly id: string;
}
