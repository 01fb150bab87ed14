import type { SQL } from 'drizzle-orm';
import { rateLimits } from '../../db/schema/sign-in.ts';
import { sql } from '../../db/sql.ts';
import { inList, jsonList, type Statement, selection } from '../../db/statement.ts';
import { RateLimitError } from '../kernel/authentication-errors.ts';
import { sha256 } from '../kernel/secrets.ts';

const MINUTE_MILLISECONDS = 60 * 1000;
const ATTEMPTS_WINDOW_MILLISECONDS = 15 * MINUTE_MILLISECONDS;
const HOUR_MILLISECONDS = 60 * MINUTE_MILLISECONDS;
/** No count is kept for longer. */
const LONGEST_WINDOW_MILLISECONDS = HOUR_MILLISECONDS;

/** A limit on something that may happen `max` times in a window, which begins with the first time. */
export interface RateLimit {
  key: string;
  max: number;
  windowMilliseconds: number;
}

/** Returns the limit of one kind of attempt, counted apart for each value of `by`: in 15 minutes, if not said otherwise. */
const limit = (
  what: string,
  by: string,
  max: number,
  windowMilliseconds = ATTEMPTS_WINDOW_MILLISECONDS,
): RateLimit => ({ key: sha256(`${what}:${by}`), max, windowMilliseconds });

/** How often one network address may try a password for one e-mail address in 15 minutes. */
export const MAX_BY_EMAIL_AND_ADDRESS = 10;
/**
 * How often a password may be tried for one e-mail address in 15 minutes from one region of networks, such as a provider gives to
 * one customer.
 */
export const MAX_BY_EMAIL_AND_REGION = 20;
/** How often a password may be tried for one e-mail address in 15 minutes, from wherever. */
export const MAX_BY_EMAIL = 100;
/** How often one network address may try one kind of thing, such as signing in, in 15 minutes. */
export const MAX_BY_ADDRESS = 50;
/** How often one network address may ask for a new password with one e-mail address in 15 minutes. */
export const MAX_RESETS_BY_EMAIL_AND_ADDRESS = 5;
/** How often one region of networks may ask for a new password with one e-mail address in 15 minutes. */
export const MAX_RESETS_BY_EMAIL_AND_REGION = 8;
/** How often a new password may be asked for with one e-mail address in 15 minutes, from wherever. */
export const MAX_RESETS_BY_EMAIL = 20;
/** How often the present password of one user may be tried in 15 minutes, to change it. */
export const MAX_CHANGES_BY_USER = 10;
/** How many mails are sent to one e-mail address in 15 minutes. */
export const MAX_MAILS_TO_EMAIL = 10;
/** How many times in an hour a credential is told that a value belongs to a record that it may not see. */
export const MAX_HIDDEN_TAKEN_PER_HOUR = 100;
/** How many invitations a credential may cause to be mailed in an hour. */
export const MAX_INVITATIONS_PER_HOUR = 1000;

/** Returns the limit by the network that a request came from, or no limit if that is not known. */
const byAddress = (what: string, address: string | null): RateLimit[] =>
  address === null ? [] : [limit(what, networkOf(address), MAX_BY_ADDRESS)];

/**
 * Returns the part of a limit that counts one place alone, such as a network. Its key begins with that of the whole, by
 * which it is found. Whatever comes from where nobody knows counts as one place.
 */
const fromPlace = (whole: RateLimit, place: string | null, max: number): RateLimit => ({
  ...whole,
  key: `${whole.key}:${sha256(place ?? 'unknown')}`,
  max,
});

const fromNetwork = (whole: RateLimit, address: string | null, max: number): RateLimit =>
  fromPlace(whole, address === null ? null : networkOf(address), max);

/** Whoever has one network may have those beside it, too. Where none is known, there is no region either. */
const fromRegion = (whole: RateLimit, address: string | null, max: number): RateLimit[] =>
  address === null ? [] : [fromPlace(whole, `region ${regionOf(address)}`, max)];

const byEmail = (emailKey: string): RateLimit => limit('sign in as', emailKey, MAX_BY_EMAIL);

/**
 * Returns the limits on signing in with a password: tight for an e-mail address and a network address together, loose
 * for the e-mail address alone, because by that limit strangers keep its owner out.
 */
export const signInLimits = (emailKey: string, address: string | null): RateLimit[] => [
  signInLimitFrom(emailKey, address),
  ...byAddress('sign in from', address),
  ...fromRegion(byEmail(emailKey), address, MAX_BY_EMAIL_AND_REGION),
  byEmail(emailKey),
];
/** Returns the limit on trying passwords for one e-mail address from one network address. */
export const signInLimitFrom = (emailKey: string, address: string | null): RateLimit =>
  fromNetwork(byEmail(emailKey), address, MAX_BY_EMAIL_AND_ADDRESS);
/** Returns the limits on asking for a link to a new password: tight and loose, as those on signing in. */
export function passwordRequestLimits(emailKey: string, address: string | null): RateLimit[] {
  const whole = limit('mail to', emailKey, MAX_RESETS_BY_EMAIL);
  return [
    fromNetwork(whole, address, MAX_RESETS_BY_EMAIL_AND_ADDRESS),
    ...byAddress('mail from', address),
    ...fromRegion(whole, address, MAX_RESETS_BY_EMAIL_AND_REGION),
    whole,
  ];
}
/** Returns the limits on trying the present password of a user who is signed in, to change it. */
export const passwordChangeLimits = (userId: string, address: string | null): RateLimit[] => [
  limit('password of', userId, MAX_CHANGES_BY_USER),
  ...byAddress('password from', address),
];
/** Returns the limit on signing in with tokens of trusted issuers, by network address. */
export const tokenLimits = (address: string | null): RateLimit[] => byAddress('token from', address);
/** Returns the limit on mails to one e-mail address, whoever causes them: nobody is flooded with mail from here. */
export const mailLimitTo = (emailKey: string): RateLimit => limit('mailed to', emailKey, MAX_MAILS_TO_EMAIL);
/** Returns the limit on trying links out of mails, by network address. */
export const linkLimits = (address: string | null): RateLimit[] => byAddress('link from', address);

/** Returns the limit on being told that a value belongs to a record that the credential with this name may not see. */
export const hiddenTakenLimit = (credential: string): RateLimit =>
  limit('hidden taken by', credential, MAX_HIDDEN_TAKEN_PER_HOUR, HOUR_MILLISECONDS);
/** Returns the limit on invitations that the credential with this name causes to be mailed. */
export const invitationLimit = (credential: string): RateLimit =>
  limit('invited by', credential, MAX_INVITATIONS_PER_HOUR, HOUR_MILLISECONDS);

/** Returns what an address counts as. For IPv6 it is the first 64 bits, because whoever has one address has 2^64. */
export const networkOf = (address: string): string =>
  address.includes(':') ? groupsOf(address).slice(0, 4).join(':') : address;

/** Returns the networks that belong to one customer of a provider at most: the first 48 bits, for IPv4 the first 24. */
const regionOf = (address: string): string =>
  address.includes(':') ? groupsOf(address).slice(0, 3).join(':') : address.split('.').slice(0, 3).join('.');

/** Returns the groups of an IPv6 address, in one spelling. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : Array(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...zeros, ...after].map((group) => group.replace(/^0+(?=.)/, ''));
}

const counted = selection({ count: rateLimits.count, since: rateLimits.since });
/** How many attempts there were, and since when they are counted. */
export type Counted = ReturnType<typeof counted.decode>;

/**
 * Counts one more time, or as many as the expression says, and reads how many there are now in the window. Where it is no
 * time, nothing is counted, and no row is read.
 */
export function countAgainst(
  { key, windowMilliseconds }: RateLimit,
  now: Date,
  times: SQL = sql`1`,
): Statement<Counted> {
  const isOver = sql`since <= ${now.getTime() - windowMilliseconds}`;
  return {
    sql: sql`INSERT INTO attempt (key, count, since)
      SELECT ${key}, times, ${now.getTime()} FROM (SELECT ${times} AS times) WHERE times > 0
      ON CONFLICT (key) DO UPDATE SET count = iif(${isOver}, excluded.count, count + excluded.count),
        since = iif(${isOver}, excluded.since, since)
      RETURNING count AS "count", since AS "since"`,
    decode: counted.decode,
  };
}

/**
 * Counts one attempt against each of these limits. What one of them refuses is not counted against those behind it: so
 * nobody uses up a loose limit, which is everybody's, from one network.
 */
export const countAttempt = (limits: readonly RateLimit[], now: Date): Statement<Counted>[] =>
  limits.map((limit, index) => countAgainst(limit, now, sql`iif(${isWithinLimits(limits.slice(0, index))}, 1, 0)`));

/** An expression: no limit is exceeded. Attempts that an earlier statement of the batch counts are included. */
export const isWithinLimits = (limits: readonly RateLimit[]): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM json_each(${jsonList(limits)}) given JOIN attempt ON attempt.key = given.value ->> 'key'
    WHERE attempt.count > given.value ->> 'max')`;

/** An expression: when the window of a limit ends that was counted against. */
export const endOfWindow = ({ key, windowMilliseconds }: RateLimit): SQL =>
  sql`(SELECT attempt.since + ${windowMilliseconds} FROM attempt WHERE attempt.key = ${key})`;

/**
 * Returns an expression: NULL if so many more times stay within the limit, else since when its window runs. What is no time
 * stays within any limit.
 */
export const passesLimit = ({ key, max, windowMilliseconds }: RateLimit, now: Date, times: SQL): SQL =>
  sql`(SELECT coalesce(max(attempt.since), ${now.getTime()}) FROM attempt
    WHERE attempt.key = ${key} AND attempt.since > ${now.getTime() - windowMilliseconds}
    HAVING ${times} > 0 AND coalesce(max(attempt.count), 0) + ${times} > ${max})`;

/** Returns the error for a limit that was passed, whose window runs since then. */
export const limitPassed = (
  { windowMilliseconds }: RateLimit,
  since: number,
  now: Date,
  message?: string,
): RateLimitError => new RateLimitError(Math.ceil((since + windowMilliseconds - now.getTime()) / 1000), message);

/**
 * Requires that no limit was exceeded; `results` are the counts of the limits, in their order.
 * @throws RateLimitError that says when to try again.
 */
export function requireWithinLimits(
  limits: readonly RateLimit[],
  results: readonly (readonly Counted[])[],
  now: Date,
): void {
  const waits = limits.flatMap(({ max, windowMilliseconds }, index) => {
    const [result] = results[index] ?? [];
    return result && result.count > max ? [result.since.getTime() + windowMilliseconds - now.getTime()] : [];
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

/** Removes the counts of which no window can still run. */
export const removeExpiredLimits = (now: Date): SQL =>
  sql`DELETE FROM attempt WHERE since <= ${now.getTime() - LONGEST_WINDOW_MILLISECONDS}`;
