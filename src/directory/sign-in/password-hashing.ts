import { randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { ValidationError } from '../kernel/errors.ts';
import { folded } from '../kernel/folding.ts';
import { otherwise } from '../kernel/input.ts';
import { lazily } from '../kernel/lazily.ts';
import { isCommonPassword } from './common-passwords.ts';
import { type Cost, derive } from './scrypt.ts';

/** The cost of a hash, as OWASP advises for 16 MB. Every hash names its own cost, so that this one can be raised. */
const COST: Cost = { ln: 14, r: 8, p: 5 };

const SALT_BYTES = 16;

/** How many characters a new password has at least: letters of any script, emoji and spaces are one each. */
export const MIN_PASSWORD_LENGTH = 12;
/** How many bytes a new password has at most, in UTF-8. All of them count: a password is never cut. */
export const MAX_PASSWORD_BYTES = 1024;
/** What was typed in another form of Unicode has up to three times as many bytes, and is still that password. */
const MAX_GIVEN_LENGTH = MAX_PASSWORD_BYTES * 3;

/** A character that somebody sees, and not white space of any kind or width. */
const SEEN = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\u2800]/u;

/** Returns how long a password is to its user, who sees an accented letter as one character however it was typed. */
const lengthOf = (password: string): number => [...password.normalize('NFC')].length;

const bytesOf = (password: string): number => Buffer.byteLength(password.normalize('NFC'));

/**
 * A password to be set: from 12 characters to 1,024 bytes, not of white space only, and none of the commonest. It is taken
 * whole and never trimmed.
 */
export const newPassword = lazily(() =>
  z
    .string({ error: otherwise('must be a string') })
    .refine((text) => text.isWellFormed(), 'must not contain broken Unicode')
    .refine((text) => lengthOf(text) >= MIN_PASSWORD_LENGTH, `must have at least ${MIN_PASSWORD_LENGTH} characters`)
    .refine((text) => bytesOf(text) <= MAX_PASSWORD_BYTES, `must have at most ${MAX_PASSWORD_BYTES} bytes`)
    .refine((text) => SEEN.test(text), 'must not be white space only')
    .refine((text) => !isCommonPassword(text), 'is one of the commonest: choose another'),
);

/** A password that somebody signs in with. Its length is limited, so that no attempt costs more than an honest one. */
export const givenPassword = lazily(() =>
  z.string({ error: otherwise('must be a string') }).max(MAX_GIVEN_LENGTH, 'is too long'),
);

const MIN_NAME_LENGTH = 4;
const MIN_REST_LENGTH = 6;

/**
 * Requires that the password at this path of the input is more than the e-mail address of its user.
 * @throws ValidationError if it is not.
 */
export function requireUnlikeEmail(password: string, email: string, path: string): void {
  const given = folded(password);
  const [name = ''] = folded(email).split('@');
  const isMadeOfName =
    name.length >= MIN_NAME_LENGTH && given.includes(name) && given.length - name.length < MIN_REST_LENGTH;
  if (given === folded(email) || isMadeOfName) {
    throw ValidationError.at(path, 'must not be made of your e-mail address');
  }
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

/** Returns the hash of a password as a PHC string: `$scrypt$ln=14,r=8,p=5$<salt>$<key>`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const { ln, r, p } = COST;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(await derive(password, salt, COST))}`;
}

const HASH = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/;

function parseHash(hash: string) {
  const [, ln, r, p, salt, key] = HASH.exec(hash) ?? [];
  if (salt === undefined || key === undefined) throw new Error('A password is not stored as it should be');
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  return { cost, salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') };
}

/** Whether a password has this hash. Without a hash the answer is no, after as long, so that time tells nothing. */
export async function isPassword(password: string, hash: string | null): Promise<boolean> {
  if (hash === null) {
    await derive(password, randomBytes(SALT_BYTES), COST);
    return false;
  }
  const { cost, salt, key } = parseHash(hash);
  return timingSafeEqual(await derive(password, salt, cost), key);
}

/** Whether a hash was made at another cost than a new one would be. */
export function isOutdated(hash: string): boolean {
  const { cost } = parseHash(hash);
  return cost.ln !== COST.ln || cost.r !== COST.r || cost.p !== COST.p;
}
