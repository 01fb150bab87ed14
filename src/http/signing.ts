import { type AccessTokens, accessTokens } from '../directory/access-tokens.ts';
import { parseSigningKeys, signerWith } from '../directory/signer.ts';
import { type Environment, publicUrl } from './environment.ts';

/** Importing keys costs more than using them: those of a deployment are kept for as long as the isolate lives. */
let kept: { keys: string; url: string; tokens: AccessTokens } | undefined;

/** The access tokens of this deployment; null where nobody can sign in, because it is not set up for that. */
export function accessTokensOf(env: Environment, request: Request): AccessTokens | null {
  const keys = env.SIGNING_KEYS;
  const url = publicUrl(env, request);
  if (!keys || url === null) return null;
  if (kept?.keys !== keys || kept.url !== url) {
    kept = { keys, url, tokens: accessTokens(signerWith(parseSigningKeys(keys), url)) };
  }
  return kept.tokens;
}
