import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * `tenantry_<key id, 32 hex digits>_<256 random bits, 64 hex digits>_<checksum, 8 hex digits>`. The prefix lets secret
 * scanners find a leaked key; the checksum lets a mistyped or invented one be refused before the database is asked.
 */
const TOKEN = /^(tenantry_([0-9a-f]{32})_[0-9a-f]{64})_([0-9a-f]{8})$/;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const checksum = (body: string): string => sha256(body).slice(0, 8);

export function newToken(apiKeyId: string): string {
  const body = `tenantry_${apiKeyId.replaceAll('-', '')}_${randomBytes(32).toString('hex')}`;
  return `${body}_${checksum(body)}`;
}

/** The id of the key that the token claims to be; null when it cannot be one. */
export function apiKeyIdOf(token: string): string | null {
  const [, body, digits, given] = TOKEN.exec(token) ?? [];
  if (body === undefined || digits === undefined || given !== checksum(body)) return null;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Compares two hashes of equal length without telling by its duration where they differ. */
export function equalHashes(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
