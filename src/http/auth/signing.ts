import { type AccessTokens, accessTokens } from '../../directory/access/access-tokens.ts';
import { parseSigningKeys, signerWith } from '../../directory/access/signer.ts';
import { type ClientTokens, clientTokens } from '../../directory/api-keys/client-tokens.ts';
import { type Environment, publicUrl } from '../shared/environment.ts';

/** The kinds of tokens that a deployment signs with its keys. */
export interface Signed {
  /** The access tokens of users. */
  tokens: AccessTokens;
  /** The client tokens of the Conversions API Gateway hub, which only that API accepts. */
  clientTokens: ClientTokens;
}

/** The last result, kept as long as the isolate lives: importing keys costs more than using them. */
let kept: (Signed & { keys: string; url: string }) | undefined;

/** Returns the tokens of this deployment. Null without SIGNING_KEYS or a public URL; then nobody can sign in. */
export function signedBy(env: Environment, request: Request): Signed | null {
  const keys = env.SIGNING_KEYS;
  const url = publicUrl(env, request);
  if (!keys || url === null) return null;
  if (kept?.keys !== keys || kept.url !== url) {
    const signer = signerWith(parseSigningKeys(keys), url);
    kept = { keys, url, tokens: accessTokens(signer), clientTokens: clientTokens(signer, '/hub') };
  }
  return kept;
}

/** Returns the access tokens of this deployment. Null without SIGNING_KEYS or a public URL; then nobody can sign in. */
export const accessTokensOf = (env: Environment, request: Request): AccessTokens | null =>
  signedBy(env, request)?.tokens ?? null;
