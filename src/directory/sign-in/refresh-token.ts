import { fromDigits, newSecret, sha256, toDigits, verifyChecksum, withChecksum } from '../kernel/secrets.ts';

/**
 * `tenantry-session_<session id, 32 hex digits>_<family, 64 hex digits>_<256 random bits, 64 hex digits>`, followed by
 * a checksum. All refresh tokens of a session share its family, which proves that an old one was once good.
 */
const BODY = /^tenantry-session_([0-9a-f]{32})_([0-9a-f]{64})_[0-9a-f]{64}$/;

/** A refresh token, taken apart. */
export interface RefreshToken {
  token: string;
  sessionId: string;
  family: string;
  familyHash: string;
  hash: string;
}

const read = (token: string, sessionId: string, family: string): RefreshToken => ({
  token,
  sessionId,
  family,
  familyHash: sha256(family),
  hash: sha256(token),
});

/** Returns a new refresh token of a session: the first of a new family, or the next one of the family given. */
export const newRefreshToken = (sessionId: string, family = newSecret()): RefreshToken =>
  read(withChecksum(`tenantry-session_${toDigits(sessionId)}_${family}_${newSecret()}`), sessionId, family);

/** Returns the parts of a refresh token, which may be forged; null for a text that cannot be one. */
export function parseRefreshToken(token: string): RefreshToken | null {
  const [, digits, family] = BODY.exec(verifyChecksum(token) ?? '') ?? [];
  return digits === undefined || family === undefined ? null : read(token, fromDigits(digits), family);
}
