const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long is waited after each try that failed. After the last, the event is given up. They make five days. */
export const PAUSES = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  HOUR,
  4 * HOUR,
  8 * HOUR,
  12 * HOUR,
  DAY,
  DAY,
  DAY,
  DAY - 90 * MINUTE,
];

/** How long is waited after each try of a target of Plain that failed: it is tried twelve times in five days. */
export const PLAIN_PAUSES = [
  5 * SECOND,
  MINUTE,
  10 * MINUTE,
  HOUR,
  3 * HOUR,
  8 * HOUR,
  12 * HOUR,
  DAY,
  DAY,
  DAY,
  DAY - 11 * MINUTE,
];

/** How many tries there are at most. */
export const MAX_TRIES = PAUSES.length + 1;

/** A webhook is disabled when nothing has been delivered for so long, though it was tried. */
export const MAX_FAILING_MILLISECONDS = 5 * DAY;

/** A receiver may ask for a longer pause, up to this. */
const MAX_RETRY_AFTER = DAY;

/** By how much of itself a pause is longer or shorter, so that receivers are not asked by all at once. */
const JITTER = 0.1;

/** All tries of an event take so long at least. */
export const MIN_TRYING_MILLISECONDS = (1 - JITTER) * PAUSES.reduce((sum, pause) => sum + pause, 0);

/**
 * Returns when an event is tried again that has been tried so often, in vain; null if it is given up. `retryAfter` are the
 * milliseconds for which the receiver asked, and `random` is between 0 and 1.
 */
export function nextTry(
  tries: number,
  now: Date,
  retryAfter: number | null,
  random = Math.random(),
  pauses: readonly number[] = PAUSES,
): Date | null {
  const pause = pauses[tries - 1];
  if (pause === undefined) return null;
  const spread = pause * (1 - JITTER + 2 * JITTER * random);
  return new Date(now.getTime() + Math.max(spread, Math.min(retryAfter ?? 0, MAX_RETRY_AFTER)));
}

/** Returns for how many milliseconds a `Retry-After` asks, in seconds or as a date; null if it says neither. */
export function retryAfterOf(header: string | null, now: Date): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * SECOND;
  const until = Date.parse(header);
  return Number.isNaN(until) ? null : Math.max(0, until - now.getTime());
}
