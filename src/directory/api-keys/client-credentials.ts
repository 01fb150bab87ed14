import type { Database } from '../../db/client.ts';
import type { Authenticated } from '../access/credential-cache.ts';
import { sha256 } from '../kernel/secrets.ts';
import { type ClientToken, type ClientTokens, fingerprintOf } from './client-tokens.ts';
import { authenticateApiKey } from './credentials.ts';

/** A secret of an API key, and what a client says of the key beside it. */
export interface ClientCredentials {
  secret: string;
  /** The id of the key, from a client that knows it. */
  apiKeyId: string | null;
  /** The organization that the key is said to belong to, from a client that may have keys of several. */
  organizationId: string | null;
}

/** A new client token, what its key may do, and how to note that the key was used. */
export interface IssuedClientToken extends ClientToken, Authenticated {}

/**
 * Returns a client token for a secret of an API key. Null if that is not good, or if anything that is said of the key is
 * wrong, without saying which.
 */
export async function exchangeClientCredentials(
  db: Database,
  tokens: ClientTokens,
  { secret, apiKeyId, organizationId }: ClientCredentials,
  now: Date,
): Promise<IssuedClientToken | null> {
  const claims = organizationId === null ? null : ({ organizationId, access: 'WRITE' } as const);
  const authenticated = await authenticateApiKey(db, secret, now, { afresh: true }, claims);
  if (!authenticated) return null;
  const { actor, expiresAt } = authenticated.viewer;
  if (actor.id === null || (apiKeyId !== null && apiKeyId.toLowerCase() !== actor.id)) return null;
  const grant = { apiKeyId: actor.id, fingerprint: fingerprintOf(sha256(secret)) };
  return { ...authenticated, ...(await tokens.issue(grant, now, expiresAt)) };
}
