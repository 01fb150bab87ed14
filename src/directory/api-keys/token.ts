import { fromDigits, newSecret, toDigits, verifyChecksum, withChecksum } from '../kernel/secrets.ts';

/** `tenantry_<key id, 32 hex digits>_<256 random bits, 64 hex digits>`, followed by a checksum. */
const BODY = /^tenantry_([0-9a-f]{32})_[0-9a-f]{64}$/;

/** Returns a new secret token of an API key. Only its hash is kept. */
export const newToken = (apiKeyId: string): string => withChecksum(`tenantry_${toDigits(apiKeyId)}_${newSecret()}`);

/** Returns the id of the API key that a token, perhaps forged, names; null for a text that cannot be such a token. */
export function apiKeyIdOf(token: string): string | null {
  const [, digits] = BODY.exec(verifyChecksum(token) ?? '') ?? [];
  return digits === undefined ? null : fromDigits(digits);
}

/**
 * Returns the first and the last characters of a secret, to tell it from others: those of the id of its key, and of the
 * checksum, of which so few leave the 256 random bits as hard to guess.
 */
export const hintOf = (secret: string): string => `${secret.slice(0, 13)}…${secret.slice(-4)}`;
