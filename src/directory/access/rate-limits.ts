import { type SQL, sql } from 'drizzle-orm';
import { rateLimits } from '../../db/schema/sign-in.ts';
import { inList, jsonList, type Statement, selection } from '../../db/statement.ts';
import { RateLimitError } from '../kernel/authentication-errors.ts';
import { sha256 } from '../kernel/secrets.ts';

const WINDOW_MILLISECONDS = 15 * 60 * 1000;

/** A limit on something that may be tried `max` times in 15 minutes. */
export interface RateLimit {
  key: string;
  max: number;
}

/** Returns the limit of one kind of attempt, counted apart for each value of `by`. */
const limit = (what: string, by: string, max: number): RateLimit => ({ key: sha256(`${what}:${by}`), max });

/** How often one network address may try a password for one e-mail address in 15 minutes. */
export const MAX_BY_EMAIL_AND_ADDRESS = 10;
/** How often a password may be tried for one e-mail address in 15 minutes, from wherever. */
export const MAX_BY_EMAIL = 100;
/** How often one network address may try one kind of thing, such as signing in, in 15 minutes. */
export const MAX_BY_ADDRESS = 50;
/** How often one network address may ask for a new password with one e-mail address in 15 minutes. */
export const MAX_RESETS_BY_EMAIL_AND_ADDRESS = 5;
/** How often a new password may be asked for with one e-mail address in 15 minutes, from wherever. */
export const MAX_RESETS_BY_EMAIL = 20;
/** How many mails are sent to one e-mail address in 15 minutes. */
export const MAX_MAILS_TO_EMAIL = 10;

/** Returns the limit by the network that a request came from, or no limit if that is not known. */
const byAddress = (what: string, address: string | null): RateLimit[] =>
  address === null ? [] : [limit(what, networkOf(address), MAX_BY_ADDRESS)];

/**
 * Returns the part of a limit that counts one network alone. Its key begins with that of the whole, by which it is
 * found. Whatever comes from where nobody knows counts as one network.
 */
const fromNetwork = ({ key }: RateLimit, address: string | null, max: number): RateLimit => ({
  key: `${key}:${sha256(address === null ? 'unknown' : networkOf(address))}`,
  max,
});

const byEmail = (emailKey: string): RateLimit => limit('sign in as', emailKey, MAX_BY_EMAIL);

/**
 * Returns the limits on signing in with a password: tight for an e-mail address and a network address together, loose
 * for the e-mail address alone, because by that limit strangers keep its owner out.
 */
export const signInLimits = (emailKey: string, address: string | null): RateLimit[] => [
  signInLimitFrom(emailKey, address),
  ...byAddress('sign in from', address),
  byEmail(emailKey),
];
/** Returns the limit on trying passwords for one e-mail address from one network address. */
export const signInLimitFrom = (emailKey: string, address: string | null): RateLimit =>
  fromNetwork(byEmail(emailKey), address, MAX_BY_EMAIL_AND_ADDRESS);
/** Returns the limits on asking for a link to a new password: tight and loose, as those on signing in. */
export function mailLimits(emailKey: string, address: string | null): RateLimit[] {
  const whole = limit('mail to', emailKey, MAX_RESETS_BY_EMAIL);
  return [fromNetwork(whole, address, MAX_RESETS_BY_EMAIL_AND_ADDRESS), ...byAddress('mail from', address), whole];
}
/** Returns the limit on signing in with tokens of trusted issuers, by network address. */
export const tokenLimits = (address: string | null): RateLimit[] => byAddress('token from', address);
/** Returns the limit on mails to one e-mail address, whoever causes them: nobody is flooded with mail from here. */
export const mailLimitTo = (emailKey: string): RateLimit => limit('mailed to', emailKey, MAX_MAILS_TO_EMAIL);
/** Returns the limit on trying links out of mails, by network address. */
export const linkLimits = (address: string | null): RateLimit[] => byAddress('link from', address);

/** Returns what an address counts as. For IPv6 it is the first 64 bits, because whoever has one address has 2^64. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : Array(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

const counted = selection({ count: rateLimits.count, since: rateLimits.since });
/** How many attempts there were, and since when they are counted. */
export type Counted = ReturnType<typeof counted.decode>;

/**
 * Counts one more attempt if a condition holds, and reads how many there are now in the window of 15 minutes. What is
 * not counted answers no row.
 */
export function countAgainst({ key }: RateLimit, now: Date, condition = sql`TRUE`): Statement<Counted> {
  const isOver = sql`since <= ${now.getTime() - WINDOW_MILLISECONDS}`;
  return {
    sql: sql`INSERT INTO attempt (key, count, since) SELECT ${key}, 1, ${now.getTime()} WHERE ${condition}
      ON CONFLICT (key) DO UPDATE SET count = iif(${isOver}, 1, count + 1), since = iif(${isOver}, excluded.since, since)
      RETURNING count AS "count", since AS "since"`,
    decode: counted.decode,
  };
}

/**
 * Counts one attempt against each of these limits. What one of them refuses is not counted against those behind it: so
 * nobody uses up a loose limit, which is everybody's, from one network.
 */
export const countAttempt = (limits: readonly RateLimit[], now: Date): Statement<Counted>[] =>
  limits.map((limit, index) => countAgainst(limit, now, isWithinLimits(limits.slice(0, index))));

/** An expression: no limit is exceeded. Attempts that an earlier statement of the batch counts are included. */
export const isWithinLimits = (limits: readonly RateLimit[]): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM json_each(${jsonList(limits)}) given JOIN attempt ON attempt.key = given.value ->> 'key'
    WHERE attempt.count > given.value ->> 'max')`;

/**
 * Requires that no limit was exceeded; `results` are the counts of the limits, in their order.
 * @throws RateLimitError that says when to try again.
 */
export function requireWithinLimits(
  limits: readonly RateLimit[],
  results: readonly (readonly Counted[])[],
  now: Date,
): void {
  const waits = limits.flatMap(({ max }, index) => {
    const [result] = results[index] ?? [];
    return result && result.count > max ? [result.since.getTime() + WINDOW_MILLISECONDS - now.getTime()] : [];
  });
  if (waits.length > 0) throw new RateLimitError(Math.ceil(Math.max(...waits) / 1000));
}

/** Takes back what one success was counted as, because a success is no attempt to guess. */
export const refund = (limits: readonly RateLimit[]): SQL =>
  sql`UPDATE attempt SET count = max(0, count - 1) WHERE ${inList(
    rateLimits.key,
    limits.map(({ key }) => key),
  )}`;

/** Forgets all attempts that were counted under a limit. */
export const resetLimit = ({ key }: RateLimit): SQL => sql`DELETE FROM attempt WHERE key = ${key}`;

/** Forgets all attempts to sign in with an e-mail address, wherever they came from. */
export function resetSignInLimits(emailKey: string): SQL {
  const { key } = byEmail(emailKey);
  // In ASCII, ';' follows ':': what is between the two are the keys of its networks.
  return sql`DELETE FROM attempt WHERE key = ${key} OR (key > ${`${key}:`} AND key < ${`${key};`})`;
}

/** Removes the counts whose window of 15 minutes is over. */
export const removeExpiredLimits = (now: Date): SQL =>
  sql`DELETE FROM attempt WHERE since <= ${now.getTime() - WINDOW_MILLISECONDS}`;
