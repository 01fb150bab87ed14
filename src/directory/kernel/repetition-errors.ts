/** Thrown when an idempotency key was used for another request before. Nothing was changed. */
export class IdempotencyKeyReusedError extends Error {
  override readonly name = 'IdempotencyKeyReusedError';

  constructor() {
    super('This Idempotency-Key belongs to another request. Nothing was done. Use a new key for a new request.');
  }
}

/** Thrown where a change was made before and what it left cannot be shown any more. */
export class RecordGoneError extends Error {
  override readonly name = 'RecordGoneError';

  constructor(message = 'The record that it was done to is not there any more, or not in your reach.') {
    super(message);
  }
}

/**
 * Returns the record that a command left.
 * @throws RecordGoneError if there is none to show, which happens to repetitions only
 */
export function shown<Row>(left: Row | null): Row {
  if (left === null) throw new RecordGoneError();
  return left;
}
