import { type AccessTokens, accessTokens } from '../../directory/access/access-tokens.ts';
import { parseSigningKeys, signerWith } from '../../directory/access/signer.ts';
import {
  API_TOKEN_SECONDS,
  CLIENT_TOKEN_SECONDS,
  type ClientTokens,
  clientTokens,
} from '../../directory/api-keys/client-tokens.ts';
import { type Environment, publicUrl } from '../shared/environment.ts';

/** The client tokens of the Conversions API Gateway hub, and those of `/api`. */
export type ClientTokenKind = 'HUB_TOKEN' | 'API_TOKEN';

/** The kinds of tokens that a deployment signs with its keys. */
export interface Signed {
  /** The access tokens of users. */
  tokens: AccessTokens;
  /** The client tokens of the APIs whose clients get them, each of which is good at that API alone. */
  clientTokens: Record<ClientTokenKind, ClientTokens>;
}

/** The last result, kept as long as the isolate lives: importing keys costs more than using them. */
let kept: (Signed & { keys: string; url: string }) | undefined;

/** Returns the tokens of this deployment. Null without SIGNING_KEYS or a public URL; then nobody can sign in. */
export function signedBy(env: Environment, request: Request): Signed | null {
  const keys = env.SIGNING_KEYS;
  if (!keys) return null;
  const url = publicUrl(env, request);
  if (url === null) return null;
  if (kept?.keys !== keys || kept.url !== url) {
    const signer = signerWith(parseSigningKeys(keys), url);
    kept = {
      keys,
      url,
      tokens: accessTokens(signer),
      clientTokens: {
        HUB_TOKEN: clientTokens(signer, '/hub', CLIENT_TOKEN_SECONDS),
        API_TOKEN: clientTokens(signer, '/api', API_TOKEN_SECONDS),
      },
    };
  }
  return kept;
}

/** Returns the access tokens of this deployment. Null without SIGNING_KEYS or a public URL; then nobody can sign in. */
export const accessTokensOf = (env: Environment, request: Request): AccessTokens | null =>
  signedBy(env, request)?.tokens ?? null;
