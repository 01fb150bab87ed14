import type { Database } from '../../db/client.ts';
import type { Authenticated } from '../access/credential-cache.ts';
import { sha256 } from '../kernel/secrets.ts';
import { type ClientTokens, fingerprintOf } from './client-tokens.ts';
import { authenticateApiKey } from './credentials.ts';

export interface ClientCredentials {
  /** Of an API key. */
  clientId: string;
  clientSecret: string;
}

export interface IssuedClientToken {
  token: string;
  noteUse: Authenticated['noteUse'];
}

/** A token in exchange for a key's id and its secret. Null for who has not got both right, whichever is wrong. */
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
