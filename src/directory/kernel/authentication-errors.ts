/** Thrown when a credential, a link or a token is not good. It never says why, so that nobody can probe for users. */
export class AuthenticationError extends Error {}

/** Thrown when something was tried or caused too often, such as signing in with one e-mail address, or invitations. */
export class RateLimitError extends Error {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number, message = 'Too many attempts. Try again later.') {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** How long a server that has failed to answer the keys of a trusted issuer is left alone. */
export const KEYS_RETRY_SECONDS = 10;

/** Thrown when the keys of a trusted issuer cannot be read, so that nobody can say whether its tokens are good. */
export class KeysUnavailableError extends Error {
  constructor(reason: string) {
    super(`The keys of the issuer could not be read: ${reason}. Try again later.`);
  }
}
