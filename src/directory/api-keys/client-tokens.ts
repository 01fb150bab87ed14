import type { JWTPayload } from 'jose';
import * as z from 'zod';
import type { Signer, TokenKind } from '../access/signer.ts';
import { lazily } from '../kernel/lazily.ts';
import { sha256 } from '../kernel/secrets.ts';

/** How long a client token of the hub is good, unless its key, or the secret that it was issued for, ends sooner. */
export const CLIENT_TOKEN_SECONDS = 10 * 60 * 60;

/** How long a client token of `/api` is good: its clients get the next one by themselves, five minutes before. */
export const API_TOKEN_SECONDS = 15 * 60;

/** What a client token says: which key it stands for. What the key may do is read from the directory. */
export interface ClientGrant {
  apiKeyId: string;
  /** Of the secret that the token was issued for. When a key is rotated, its tokens last as long as their secret. */
  fingerprint: string;
}

/** A client token, and how long it is good. */
export interface ClientToken {
  token: string;
  seconds: number;
}

/** Tokens that stand for an API key at one API, in place of its secret. */
export interface ClientTokens {
  /** Returns a token that is good for as long as tokens of the API are, or until the key ends. */
  issue(grant: ClientGrant, now: Date, keyExpiresAt: Date | null): Promise<ClientToken>;
  /** Returns what a token says; null unless this deployment signed it for this API and it has not expired. */
  read(token: string): Promise<ClientGrant | null>;
}

/** Returns the fingerprint of the hash of a secret. Nobody can sign in with it or compute the hash from it. */
export const fingerprintOf = (secretHash: string): string => sha256(`client token ${secretHash}`);

const claims = lazily(() => z.object({ sub: z.guid(), fpr: z.string() }));

/** Returns client tokens that are signed with this signer, good for so long, and only for what is below this path. */
export function clientTokens({ url, sign, verify }: Signer, path: string, seconds: number): ClientTokens {
  const kind: TokenKind = { type: 'client+jwt', audience: `${url}${path}`, claims: ['sub', 'fpr'] };
  return {
    async issue({ apiKeyId, fingerprint }, now, keyExpiresAt) {
      const end = now.getTime() + seconds * 1000;
      const until = new Date(Math.min(end, keyExpiresAt?.getTime() ?? end));
      const token = await sign(kind, { sub: apiKeyId, fpr: fingerprint }, until, now);
      return { token, seconds: Math.floor((until.getTime() - now.getTime()) / 1000) };
    },
    async read(token) {
      const payload = await verify(kind, token);
      return payload && asGrant(payload);
    },
  };
}

function asGrant(payload: JWTPayload): ClientGrant | null {
  const { success, data } = claims().safeParse(payload);
  return success ? { apiKeyId: data.sub, fingerprint: data.fpr } : null;
}
