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
