import { Database } from '../../db/client.ts';
import { exchangeClientCredentials } from '../../directory/api-keys/client-credentials.ts';
import { revokeBySecret } from '../../directory/api-keys/secret-revocation.ts';
import { localId } from '../../graphql/shared/ids.ts';
import type { Environment } from '../shared/environment.ts';
import type { Failure } from '../shared/failures.ts';
import { type Answered, answered, CHALLENGE } from './credentials.ts';
import { signedBy } from './signing.ts';

/*
 * Programs that were written for Prismatic keep a refresh token for good, and get an access token by it whenever they need
 * one. Ours is for one use, and they would never keep the next: so what they have for a refresh token is an API key.
 */

/** What a program sends, in the words of OAuth 2.0 (RFC 6749). */
export type GivenFields = Readonly<Record<string, unknown>>;

/** A request without a credential, and where it is answered. */
interface Asked {
  request: Request;
  env: Environment;
}

/** Those who are refused are told why by `prism` if this says `access_denied`, and not otherwise. */
function errorOf(status: number): string {
  if (status >= 500) return status === 503 ? 'temporarily_unavailable' : 'server_error';
  return status === 401 || status === 403 || status === 429 ? 'access_denied' : 'invalid_request';
}

/** Answers a failed request as OAuth 2.0 does (RFC 6749): a word for programs, and a sentence for people. */
export const oauthFailure: Failure = (status, _code, message, headers = {}) =>
  Response.json({ error: errorOf(status), error_description: message }, { status, headers });

const refused = (...reason: Parameters<Failure>): Answered => answered(oauthFailure(...reason));

/** What is answered where there are no keys to sign a token with. */
export const noTokens = (): Answered =>
  refused(503, 'MISCONFIGURED', 'There are no tokens here: SIGNING_KEYS and PUBLIC_URL have to be set.');

const REQUIRED = 'The refresh_token is required. Here it is an API key.';

/** Answers an access token for an API key, which is good at `/api` alone and ends with the key. */
export async function exchangeKey({ request, env }: Asked, given: GivenFields): Promise<Answered> {
  const signed = signedBy(env, request);
  if (!signed) return noTokens();
  const { refresh_token: secret, tenant_id: tenantId } = given;
  if (typeof secret !== 'string') return refused(400, 'BAD_USER_INPUT', REQUIRED);
  if (tenantId != null && typeof tenantId !== 'string') {
    return refused(400, 'BAD_USER_INPUT', 'The tenant_id must be a string: the id of the organization.');
  }
  const organizationId = tenantId ? localId('Organization', tenantId) : null;
  const issued = await exchangeClientCredentials(
    new Database(env.DB),
    signed.clientTokens.API_TOKEN,
    { secret, apiKeyId: null, organizationId },
    new Date(),
  );
  if (issued === null) {
    return refused(
      401,
      'UNAUTHENTICATED',
      'The refresh_token is no good API key, or the tenant_id is not that of its organization.',
      CHALLENGE,
    );
  }
  const { token, seconds, viewer, noteUse } = issued;
  const answer = {
    access_token: token,
    token_type: 'Bearer',
    expires_in: seconds,
    scope: [...viewer.permissions].sort().join(' '),
  };
  return { ...answered(Response.json(answer)), noteUse };
}

/** Ends what is good by an API key: the key, or, with one of its older secrets, that secret. */
export async function revokeKey({ env }: Asked, { refresh_token: secret }: GivenFields): Promise<Answered> {
  if (typeof secret !== 'string') return refused(400, 'BAD_USER_INPUT', REQUIRED);
  let eventsAreDue = false;
  const note = () => {
    eventsAreDue = true;
  };
  const isRevoked = await revokeBySecret({ db: new Database(env.DB), now: new Date(), eventsAreDue: note }, secret);
  return isRevoked
    ? { ...answered(Response.json({})), eventsAreDue }
    : refused(401, 'UNAUTHENTICATED', 'The refresh_token is no good API key. Nothing was ended.', CHALLENGE);
}
