import { type AccessTokens, accessTokens } from '../../directory/access/access-tokens.ts';
import { parseSigningKeys, signerWith } from '../../directory/access/signer.ts';
import { type ClientTokens, clientTokens } from '../../directory/api-keys/client-tokens.ts';
import { type Environment, publicUrl } from '../shared/environment.ts';

/** What the keys of a deployment are good for. */
export interface Signed {
  tokens: AccessTokens;
  /** Those of the Conversions API Gateway hub, the one API that has any. */
  clientTokens: ClientTokens;
}

/** Importing keys costs more than using them: those of a deployment are kept for as long as the isolate lives. */
let kept: (Signed & { keys: string; url: string }) | undefined;

/** Returns the tokens of this deployment; null where nobody can sign in, because it is not set up for that. */
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

/** Returns the access tokens of this deployment; null where nobody can sign in. */
export const accessTokensOf = (env: Environment, request: Request): AccessTokens | null =>
  signedBy(env, request)?.tokens ?? null;
