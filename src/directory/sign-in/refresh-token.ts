import type { Signer } from '../access/signer.ts';
import { fromDigits, newSecret, sha256, toDigits, verifyChecksum, withChecksum } from '../kernel/secrets.ts';

/**
 * `tenantry-session_<session id, 32 hex digits>_<family, 64 hex digits>_<secret, 64 hex digits>`, followed by a
 * checksum. All refresh tokens of a session share its family, which proves that an old one was once good.
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

const tokenOf = (sessionId: string, family: string, secret: string): RefreshToken =>
  read(withChecksum(`tenantry-session_${toDigits(sessionId)}_${family}_${secret}`), sessionId, family);

/** Returns the first refresh token of a session, and of a new family. */
export const firstRefreshToken = (sessionId: string): RefreshToken => tokenOf(sessionId, newSecret(), newSecret());

/**
 * Returns the refresh token that follows another, always the same one: so it need not be kept to be answered a second time.
 * It is made by a keyed hash, because whoever has an old token must not find out the newest from it.
 */
export const successorOf = ({ token, sessionId, family }: RefreshToken, keyedHash: Signer['keyedHash']): RefreshToken =>
  tokenOf(sessionId, family, keyedHash(token));

/** Returns the parts of a refresh token, which may be forged; null for a text that cannot be one. */
export function parseRefreshToken(token: string): RefreshToken | null {
  const [, digits, family] = BODY.exec(verifyChecksum(token) ?? '') ?? [];
  return digits === undefined || family === undefined ? null : read(token, fromDigits(digits), family);
}
