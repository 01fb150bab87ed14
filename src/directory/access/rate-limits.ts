import { type SQL, sql } from 'drizzle-orm';
import { attempts } from '../../db/schema/sign-in.ts';
import { inList, jsonList, type Statement, selection } from '../../db/statement.ts';
import { sha256 } from '../kernel/secrets.ts';
import { RateLimitError } from './authentication-errors.ts';

const WINDOW_MILLISECONDS = 15 * 60 * 1000;

/** Something that may be tried `max` times in 15 minutes. */
export interface RateLimit {
  key: string;
  max: number;
}

/** A limit of one kind of attempt, by what it is counted for. */
const limit = (what: string, by: string, max: number): RateLimit => ({ key: sha256(`${what}:${by}`), max });

export const MAX_BY_EMAIL = 10;
export const MAX_BY_ADDRESS = 50;
export const MAX_RESETS_BY_EMAIL = 5;
export const MAX_MAILS_TO_EMAIL = 10;

/** Limits by the address that a request came from, if it is known. */
const byAddress = (what: string, address: string | null): RateLimit[] =>
  address === null ? [] : [limit(what, networkOf(address), MAX_BY_ADDRESS)];

export const signInLimits = (emailKey: string, address: string | null): RateLimit[] => [
  signInLimitByEmail(emailKey),
  ...byAddress('sign in from', address),
];
export const signInLimitByEmail = (emailKey: string): RateLimit => limit('sign in as', emailKey, MAX_BY_EMAIL);
export const mailLimits = (emailKey: string, address: string | null): RateLimit[] => [
  limit('mail to', emailKey, MAX_RESETS_BY_EMAIL),
  ...byAddress('mail from', address),
];
export const tokenLimits = (address: string | null): RateLimit[] => byAddress('token from', address);
/** However many there are to invite somebody, and whoever they are: nobody is flooded with mail from here. */
export const mailLimitTo = (emailKey: string): RateLimit => limit('mailed to', emailKey, MAX_MAILS_TO_EMAIL);
export const linkLimits = (address: string | null): RateLimit[] => byAddress('link from', address);

/** Whoever has an IPv6 address has 2^64 of them. */
function networkOf(address: string): string {
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

const counted = selection({ count: attempts.count, since: attempts.since });
export type Counted = ReturnType<typeof counted.decode>;

/** Counts one more attempt, and tells how many there were. A batch that it is in may have any number of them. */
export function countAgainst({ key }: RateLimit, now: Date): Statement<Counted> {
  const isOver = sql`since <= ${now.getTime() - WINDOW_MILLISECONDS}`;
  return {
    sql: sql`INSERT INTO attempt (key, count, since) VALUES (${key}, 1, ${now.getTime()})
      ON CONFLICT (key) DO UPDATE SET count = iif(${isOver}, 1, count + 1), since = iif(${isOver}, excluded.since, since)
      RETURNING count AS "count", since AS "since"`,
    decode: counted.decode,
  };
}

/** Whether none of these was tried too often, this time included, as an expression for the same batch. */
export const isWithinLimits = (limits: readonly RateLimit[]): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM json_each(${jsonList(limits)}) given JOIN attempt ON attempt.key = given.value ->> 'key'
    WHERE attempt.count > given.value ->> 'max')`;

/** Throws if any of these was tried too often. */
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

/** What succeeded was no attempt to guess. */
export const refund = (limits: readonly RateLimit[]): SQL =>
  sql`UPDATE attempt SET count = max(0, count - 1) WHERE ${inList(
    attempts.key,
    limits.map(({ key }) => key),
  )}`;

export const resetLimit = ({ key }: RateLimit): SQL => sql`DELETE FROM attempt WHERE key = ${key}`;

export const removeExpiredLimits = (now: Date): SQL =>
  sql`DELETE FROM attempt WHERE since <= ${now.getTime() - WINDOW_MILLISECONDS}`;
