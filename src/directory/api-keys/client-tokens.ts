import type { JWTPayload } from 'jose';
import * as z from 'zod';
import type { Signer, TokenKind } from '../access/signer.ts';
import { sha256 } from '../kernel/secrets.ts';

/** How long a client token is good, unless its key or the secret that it was got with ends sooner. */
export const CLIENT_TOKEN_SECONDS = 10 * 60 * 60;

/** What a client token says. Not what its holder may do: that is read from the key. */
export interface ClientGrant {
  apiKeyId: string;
  /** Of the secret that it was got with: of a key that is rotated, a token lasts no longer than its secret does. */
  fingerprint: string;
}

/** Tokens that stand for an API key at one API, in place of its secret. */
export interface ClientTokens {
  /** Good for 10 hours, or until the key ends. */
  issue(grant: ClientGrant, now: Date, keyExpiresAt: Date | null): Promise<string>;
  /** What a token says that is ours, for this API, and has not expired; null for any other. */
  read(token: string): Promise<ClientGrant | null>;
}

/** Of a hash that is kept: it opens nothing, and tells nothing of what it was made from. */
export const fingerprintOf = (secretHash: string): string => sha256(`client token ${secretHash}`);

const claims = z.object({ sub: z.guid(), fpr: z.string() });

/** Client tokens that this signer signs, for what is below this path and nothing else. */
export function clientTokens({ url, sign, verify }: Signer, path: string): ClientTokens {
  const kind: TokenKind = { type: 'client+jwt', audience: `${url}${path}`, claims: ['sub', 'fpr'] };
  return {
    issue({ apiKeyId, fingerprint }, now, keyExpiresAt) {
      const end = now.getTime() + CLIENT_TOKEN_SECONDS * 1000;
      const until = new Date(Math.min(end, keyExpiresAt?.getTime() ?? end));
      return sign(kind, { sub: apiKeyId, fpr: fingerprint }, until, now);
    },
    async read(token) {
      const payload = await verify(kind, token);
      return payload && asGrant(payload);
    },
  };
}

function asGrant(payload: JWTPayload): ClientGrant | null {
  const { success, data } = claims.safeParse(payload);
  return success ? { apiKeyId: data.sub, fingerprint: data.fpr } : null;
}
