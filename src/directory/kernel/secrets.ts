import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** 256 random bits, as 64 hex digits. */
export const newSecret = (): string => randomBytes(32).toString('hex');

/** Compares two hashes of equal length without telling by its duration where they differ. */
export function equalHashes(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const checksum = (body: string): string => sha256(body).slice(0, 8);

/**
 * `<prefix>_<…>_<checksum, 8 hex digits>`. The prefix lets secret scanners find a leaked one; the checksum lets a
 * mistyped or invented one be refused before the database is asked.
 */
export const withChecksum = (body: string): string => `${body}_${checksum(body)}`;

/** What stands before the checksum; null when the two do not fit. */
export function verifyChecksum(token: string): string | null {
  const at = token.lastIndexOf('_');
  const body = token.slice(0, at);
  return at > 0 && token.slice(at + 1) === checksum(body) ? body : null;
}

/** A UUID as 32 hex digits, and back. */
export const toDigits = (id: string): string => id.replaceAll('-', '');
export const fromDigits = (digits: string): string =>
  digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
