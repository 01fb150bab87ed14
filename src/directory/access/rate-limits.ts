import { type SQL, sql } from 'drizzle-orm';
import { attempts } from '../../db/schema/sign-in.ts';
import { inList, jsonList, type Statement, selection } from '../../db/statement.ts';
import { sha256 } from '../kernel/secrets.ts';
import { TooManyAttemptsError } from './authentication-errors.ts';

const WINDOW_MILLISECONDS = 15 * 60 * 1000;

/** Something that may be tried `max` times in 15 minutes. */
export interface Limit {
  key: string;
  max: number;
}

/** A limit of one kind of attempt, by what it is counted for. */
const limit = (what: string, by: string, max: number): Limit => ({ key: sha256(`${what}:${by}`), max });

export const MAX_BY_EMAIL = 10;
export const MAX_BY_ADDRESS = 50;
export const MAX_RESETS_BY_EMAIL = 5;
export const MAX_MAILS_TO_EMAIL = 10;

/** Limits by the address that a request came from, if it is known. */
const byAddress = (what: string, address: string | null): Limit[] =>
  address === null ? [] : [limit(what, networkOf(address), MAX_BY_ADDRESS)];

export const signInLimits = (emailKey: string, address: string | null): Limit[] => [
  signInsByEmail(emailKey),
  ...byAddress('sign in from', address),
];
export const signInsByEmail = (emailKey: string): Limit => limit('sign in as', emailKey, MAX_BY_EMAIL);
export const mailLimits = (emailKey: string, address: string | null): Limit[] => [
  limit('mail to', emailKey, MAX_RESETS_BY_EMAIL),
  ...byAddress('mail from', address),
];
export const tokenLimits = (address: string | null): Limit[] => byAddress('token from', address);
/** However many there are to invite somebody, and whoever they are: nobody is flooded with mail from here. */
export const mailsTo = (emailKey: string): Limit => limit('mailed to', emailKey, MAX_MAILS_TO_EMAIL);
export const linkLimits = (address: string | null): Limit[] => byAddress('link from', address);

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
export function countAttempt({ key }: Limit, now: Date): Statement<Counted> {
  const isOver = sql`since <= ${now.getTime() - WINDOW_MILLISECONDS}`;
  return {
    sql: sql`INSERT INTO attempt (key, count, since) VALUES (${key}, 1, ${now.getTime()})
      ON CONFLICT (key) DO UPDATE SET count = iif(${isOver}, 1, count + 1), since = iif(${isOver}, excluded.since, since)
      RETURNING count AS "count", since AS "since"`,
    decode: counted.decode,
  };
}

/** Whether none of these was tried too often, this time included, as an expression for the same batch. */
export const areFew = (limits: readonly Limit[]): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM json_each(${jsonList(limits)}) given JOIN attempt ON attempt.key = given.value ->> 'key'
    WHERE attempt.count > given.value ->> 'max')`;

/** Throws if any of these was tried too often. */
export function requireFew(limits: readonly Limit[], results: readonly (readonly Counted[])[], now: Date): void {
  const waits = limits.flatMap(({ max }, index) => {
    const [result] = results[index] ?? [];
    return result && result.count > max ? [result.since.getTime() + WINDOW_MILLISECONDS - now.getTime()] : [];
  });
  if (waits.length > 0) throw new TooManyAttemptsError(Math.ceil(Math.max(...waits) / 1000));
}

/** What succeeded was no attempt to guess. */
export const uncount = (limits: readonly Limit[]): SQL =>
  sql`UPDATE attempt SET count = max(0, count - 1) WHERE ${inList(
    attempts.key,
    limits.map(({ key }) => key),
  )}`;

export const forgetAttempts = ({ key }: Limit): SQL => sql`DELETE FROM attempt WHERE key = ${key}`;

export const forgetOldAttempts = (now: Date): SQL =>
  sql`DELETE FROM attempt WHERE since <= ${now.getTime() - WINDOW_MILLISECONDS}`;
