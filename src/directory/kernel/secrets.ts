import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** How many hex digits `sha256` answers. */
export const SHA256_DIGITS = 64;

/** Returns the SHA-256 hash of a text, as 64 hex digits. */
export const sha256 = (text: string): string => hash('sha256', text);

/** A token as somebody has shown it. Its hash is made once: that takes longer than most of what is asked of it. */
export class Token {
  readonly text: string;
  #hash: string | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get hash(): string {
    this.#hash ??= sha256(this.text);
    return this.#hash;
  }
}

/** Returns 256 random bits, as 64 hex digits. */
export const newSecret = (): string => randomBytes(32).toString('hex');

const encoder = new TextEncoder();

/** Compares two hashes. How long it takes does not tell where they differ. */
export function equalHashes(one: string, other: string): boolean {
  const [left, right] = [encoder.encode(one), encoder.encode(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const checksum = (body: string): string => sha256(body).slice(0, 8);

/**
 * Returns the token with this body: `<prefix>_<…>_<checksum, 8 hex digits>`. By the prefix, secret scanners find leaked
 * tokens. By the checksum, mistyped or invented ones are found out without asking the database.
 */
export const withChecksum = (body: string): string => `${body}_${checksum(body)}`;

/** Returns what stands before the checksum of a token; null when the checksum is wrong. */
export function verifyChecksum(token: string): string | null {
  const at = token.lastIndexOf('_');
  const body = token.slice(0, at);
  return at > 0 && token.slice(at + 1) === checksum(body) ? body : null;
}

/** Returns a UUID without its hyphens, as 32 hex digits. */
export const toDigits = (id: string): string => id.replaceAll('-', '');
/** Returns the UUID that these 32 hex digits stand for. */
export const fromDigits = (digits: string): string =>
  digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
