/** A credential, a link or a token that is not good: what is wrong with it is nobody's business. */
export class AuthenticationError extends Error {}

/** It was tried too often. */
export class RateLimitError extends Error {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super('Too many attempts. Try again later.');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The keys of a trusted issuer could not be read, so nobody can say whether a token is good. */
export class KeysUnavailableError extends Error {
  constructor(reason: string) {
    super(`The keys of the issuer could not be read: ${reason}. Try again later.`);
  }
}
