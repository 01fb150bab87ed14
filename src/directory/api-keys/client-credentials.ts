import type { Database } from '../../db/client.ts';
import type { Authenticated } from '../access/credential-cache.ts';
import { sha256 } from '../kernel/secrets.ts';
import { type ClientTokens, fingerprintOf } from './client-tokens.ts';
import { authenticateApiKey } from './credentials.ts';

/** The id and the secret of an API key, as OAuth clients send them (RFC 6749). */
export interface ClientCredentials {
  /** The id of an API key. */
  clientId: string;
  clientSecret: string;
}

/** A new client token, and how to note that its key was used. */
export interface IssuedClientToken {
  token: string;
  noteUse: Authenticated['noteUse'];
}

/** Returns a client token for the id and the secret of an API key; null if either is wrong, without saying which. */
export async function exchangeClientCredentials(
  db: Database,
  tokens: ClientTokens,
  { clientId, clientSecret }: ClientCredentials,
  now: Date,
): Promise<IssuedClientToken | null> {
  const authenticated = await authenticateApiKey(db, clientSecret, now, { afresh: true });
  if (!authenticated) return null;
  const { viewer, noteUse } = authenticated;
  const apiKeyId = viewer.actor.id;
  if (apiKeyId === null || apiKeyId !== clientId.toLowerCase()) return null;
  const grant = { apiKeyId, fingerprint: fingerprintOf(sha256(clientSecret)) };
  return { token: await tokens.issue(grant, now, viewer.expiresAt), noteUse };
}
