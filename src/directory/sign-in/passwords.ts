import { randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { ValidationError } from '../kernel/errors.ts';
import { comparable, otherwise } from '../kernel/input.ts';
import { isCommonPassword } from './common-passwords.ts';
import { type Cost, derive } from './scrypt.ts';

/** What a hash costs, as OWASP advises for 16 MB: with each it stands how it was made, so that these can be raised. */
const COST: Cost = { ln: 14, r: 8, p: 5 };

const SALT_BYTES = 16;
const MIN_LENGTH = 12;
const MAX_LENGTH = 256;

/** A password to be set: 12 to 256 characters, and none that everybody tries first. White space counts. */
export const newPassword = z
  .string({ error: otherwise('must be a string') })
  .refine((text) => text.isWellFormed(), 'must not contain broken Unicode')
  .min(MIN_LENGTH, `must have at least ${MIN_LENGTH} characters`)
  .max(MAX_LENGTH, `must have at most ${MAX_LENGTH} characters`)
  .refine((text) => !isCommonPassword(text), 'is one of the commonest: choose another');

/** One that is tried: whatever does not fit is wrong, and costs no more than what does. */
export const givenPassword = z.string({ error: otherwise('must be a string') }).max(MAX_LENGTH * 4, 'is too long');

const MIN_NAME_LENGTH = 4;
const MIN_REST_LENGTH = 6;

/** Throws for a password that is hardly more than the e-mail address of its user. */
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

/** `$scrypt$ln=14,r=8,p=5$<salt>$<key>`, in the format of PHC strings. */
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

/** Whether it is the password. Where there is none to compare with, it is not, and saying so takes as long. */
export async function isPassword(password: string, hash: string | null): Promise<boolean> {
  if (hash === null) {
    await derive(password, randomBytes(SALT_BYTES), COST);
    return false;
  }
  const { cost, salt, key } = parseHash(hash);
  return timingSafeEqual(await derive(password, salt, cost), key);
}

/** Whether the hash was made at another cost than it would be today. */
export function isOutdated(hash: string): boolean {
  const { cost } = parseHash(hash);
  return cost.ln !== COST.ln || cost.r !== COST.r || cost.p !== COST.p;
}
