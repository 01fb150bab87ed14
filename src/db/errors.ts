/** Thrown when a revalidation fails. Nothing was written, and nothing that was read may be shown to the caller. */
export class RevalidationError extends Error {}

/**
 * Thrown instead where the request has written before, or may have: this write changed nothing, and what was written stays.
 */
export class RevokedMeanwhileError extends Error {
  override readonly name = 'RevokedMeanwhileError';

  constructor() {
    super('What the credential is good for has changed meanwhile. This was not done any more.');
  }
}

/**
 * Thrown where the database is not available for the moment, and nothing was written: the caller may try again. Its message
 * quotes nobody.
 */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/**
 * Thrown where the database failed so that nobody knows whether a write took effect. Its message quotes nobody; the failure
 * is its cause.
 */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
  /** Whether the caller may ask again, because a second time changes nothing if the first did. */
  readonly isRepeatable: boolean;

  constructor(cause: unknown, isRepeatable = false) {
    super('The database did not say whether it has written', { cause });
    this.isRepeatable = isRepeatable;
  }
}
