import { UnavailableError } from './errors.ts';

/** A message of D1 or of the runtime that says nothing against the request: the same would succeed a moment later. */
interface LaterMessage {
  /** What every such message has in it. */
  readonly text: string;
  /** Whether the statements were turned away, none of them run. Else nobody knows whether a write took effect. */
  readonly isRefusal: boolean;
}

/**
 * The messages that mean "later". A read that fails with one of them is tried again. A write never is, because it may have
 * taken effect; if it was turned away, its caller may try again.
 */
export const LATER_MESSAGES: readonly LaterMessage[] = [
  { text: 'D1 DB is overloaded', isRefusal: true },
  { text: 'Requests queued for too long', isRefusal: true },
  { text: 'Too many requests queued', isRefusal: true },
  { text: 'Cannot resolve D1 DB due to transient issue', isRefusal: true },
  { text: 'Currently processing a long-running', isRefusal: true },
  { text: 'storage operation exceeded timeout', isRefusal: false },
  { text: 'exceeded its memory limit', isRefusal: false },
  { text: 'exceeded its CPU time limit', isRefusal: false },
  { text: 'reset because its code was updated', isRefusal: false },
  { text: 'caused object to be reset', isRefusal: false },
  { text: 'Connection lost', isRefusal: false },
  { text: 'Replica disconnected from primary', isRefusal: false },
  { text: "Can't read from request stream because client disconnected", isRefusal: false },
  { text: 'fetch failed', isRefusal: false },
  { text: 'internal error', isRefusal: false },
];

/** Returns which of these messages an error has; undefined if it has none. Capitals do not matter. */
export function laterMessage(error: unknown): LaterMessage | undefined {
  if (!(error instanceof Error)) return undefined;
  const message = error.message.toLowerCase();
  return LATER_MESSAGES.find(({ text }) => message.includes(text.toLowerCase()));
}

/** How long a read may take, all attempts together. A database that does not answer must not hold a request for longer. */
export const READ_TIMEOUT_MILLISECONDS = 5000;

/** Returns an error that a read failed with, or a write that was turned away, as the caller is told of it. */
export function asUnavailable(error: unknown): unknown {
  const later = laterMessage(error);
  return later ? new UnavailableError(`The database failed in passing: ${later.text}`, { cause: error }) : error;
}

const READ_RETRIES = { retries: 2, minTimeout: 50, maxTimeout: 1000, randomize: true };

/**
 * Runs a read again whose first attempt has failed with this error, as long as it fails in passing, until it is given up. What
 * does that is loaded then: hardly any request needs it.
 * @throws UnavailableError if each attempt failed so
 */
export async function runAgain<Rows>(run: () => Promise<Rows>, failed: unknown, givenUp: GivenUp): Promise<Rows> {
  const { default: pRetry } = await import('p-retry');
  return pRetry((attempt) => (attempt === 1 ? Promise.reject(failed) : run()), {
    ...READ_RETRIES,
    signal: givenUp(),
    shouldRetry: ({ error }) => laterMessage(error) !== undefined,
  }).catch((error) => {
    throw asUnavailable(error);
  });
}

/**
 * How long a write may take. D1 gives up a query after 30 seconds by itself, so that one that takes longer has been lost on
 * the way there or back.
 */
export const WRITE_TIMEOUT_MILLISECONDS = 35_000;

/** A function that returns the signal that is aborted as soon as an answer is not waited for any more. */
export type GivenUp = () => AbortSignal;

/**
 * Returns what `read` answers.
 * @throws UnavailableError if that takes too long
 */
export const withinReadTime = <Rows>(read: (givenUp: GivenUp) => Promise<Rows>): Promise<Rows> =>
  within(READ_TIMEOUT_MILLISECONDS, read);

/**
 * Returns what `write` answers.
 * @throws UnavailableError if that takes too long; it may take effect all the same
 */
export const withinWriteTime = <Rows>(write: () => Promise<Rows>): Promise<Rows> =>
  within(WRITE_TIMEOUT_MILLISECONDS, write);

// A signal is made for who asks for one, as hardly anybody does: nearly all that D1 is asked is answered, and in time.
function within<Rows>(milliseconds: number, run: (givenUp: GivenUp) => Promise<Rows>): Promise<Rows> {
  return new Promise((resolve, reject) => {
    let stop: AbortController | undefined;
    const stopping = () => (stop ??= new AbortController());
    const timer = setTimeout(() => {
      const error = new UnavailableError(`The database did not answer within ${milliseconds} ms`);
      stopping().abort(error);
      reject(error);
    }, milliseconds);
    run(() => stopping().signal)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
