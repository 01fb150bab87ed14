import { newSecret, sha256 } from '../../directory/kernel/secrets.ts';

/** The header by which a caller names a request that changes something, to repeat it safely. */
export const IDEMPOTENCY_KEY = 'Idempotency-Key';

/** How many characters a key may have. */
export const MAX_KEY_CHARACTERS = 255;

/** What is wrong with a key that is not taken. */
export const KEY_PROBLEM = `An ${IDEMPOTENCY_KEY} has 1 to ${MAX_KEY_CHARACTERS} printable characters of ASCII.`;

const KEY = new RegExp(`^[\\x21-\\x7e]([\\x20-\\x7e]{0,${MAX_KEY_CHARACTERS - 2}}[\\x21-\\x7e])?$`);

/** A request that may be repeated: its key, and a hash of all that it asks. */
export interface RepeatableRequest {
  key: string;
  requestHash: string;
}

/** Returns the key in the headers of a request; null if there is none, undefined if it is not one that is taken. */
export function keyOf(headers: Headers): string | null | undefined {
  const key = headers.get(IDEMPOTENCY_KEY);
  return key === null || KEY.test(key) ? key : undefined;
}

/** Members in the order of their names: a program may write an object in another order when it asks again. */
const inOrder = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;

/**
 * Returns a hash of what a request asks. What is nested too deeply to be written as JSON gets one of its own each time: it
 * is no repetition of anything.
 */
export function hashOfRequest(...asked: readonly unknown[]): string {
  try {
    return sha256(JSON.stringify(asked, inOrder));
  } catch (error) {
    if (error instanceof RangeError) return newSecret();
    throw error;
  }
}
