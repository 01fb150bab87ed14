import { fromDigits, newSecret, toDigits, verifyChecksum, withChecksum } from '../kernel/secrets.ts';

/** `tenantry_<key id, 32 hex digits>_<256 random bits, 64 hex digits>`, and a checksum. */
const BODY = /^tenantry_([0-9a-f]{32})_[0-9a-f]{64}$/;

export const newToken = (apiKeyId: string): string => withChecksum(`tenantry_${toDigits(apiKeyId)}_${newSecret()}`);

/** The id of the key that the token claims to be; null when it cannot be one. */
export function apiKeyIdOf(token: string): string | null {
  const [, digits] = BODY.exec(verifyChecksum(token) ?? '') ?? [];
  return digits === undefined ? null : fromDigits(digits);
}
