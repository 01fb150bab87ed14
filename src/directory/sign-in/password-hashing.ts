import { randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { comparable } from '../kernel/comparable.ts';
import { ValidationError } from '../kernel/errors.ts';
import { otherwise } from '../kernel/input.ts';
import { isCommonPassword } from './common-passwords.ts';
import { type Cost, derive } from './scrypt.ts';

/** The cost of a hash, as OWASP advises for 16 MB. Every hash names its own cost, so that this one can be raised. */
const COST: Cost = { ln: 14, r: 8, p: 5 };

const SALT_BYTES = 16;
const MIN_LENGTH = 12;
const MAX_LENGTH = 256;

/** A password to be set: 12 to 256 characters, and none of the commonest. White space is not trimmed. */
export const newPassword = z
  .string({ error: otherwise('must be a string') })
  .refine((text) => text.isWellFormed(), 'must not contain broken Unicode')
  .min(MIN_LENGTH, `must have at least ${MIN_LENGTH} characters`)
  .max(MAX_LENGTH, `must have at most ${MAX_LENGTH} characters`)
  .refine((text) => !isCommonPassword(text), 'is one of the commonest: choose another');

/** A password that somebody signs in with. Its length is limited, so that no attempt costs more than an honest one. */
export const givenPassword = z.string({ error: otherwise('must be a string') }).max(MAX_LENGTH * 4, 'is too long');

const MIN_NAME_LENGTH = 4;
const MIN_REST_LENGTH = 6;

/**
 * Requires that a password is more than the e-mail address of its user.
 * @throws ValidationError if it is not.
 */
export function requireUnlikeEmail(password: string, email: string): void {
  const given = comparable(password);
  const [name = ''] = comparable(email).split('@');
  const isMadeOfName =
    name.length >= MIN_NAME_LENGTH && given.includes(name) && given.length - name.length < MIN_REST_LENGTH;
  if (given === comparable(email) || isMadeOfName) {
    throw ValidationError.at('password', 'must not be made of your e-mail address');
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
