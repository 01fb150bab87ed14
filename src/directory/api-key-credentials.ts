import { sql } from 'drizzle-orm';
import type { Database } from '../db/client.ts';
import { apiKeys } from '../db/schema/api-keys.ts';
import { select, write } from '../db/statement.ts';
import { apiKeyIdOf, equalHashes, sha256 } from './api-key-token.ts';
import { parseList, permissionList, reachOf } from './api-keys.ts';
import type { Permission } from './permission-names.ts';
import type { Viewer } from './viewer.ts';

/** All that decides whether a key is good, and for what. */
const credentialOf = (apiKeyId: string) =>
  select(
    {
      secretHash: apiKeys.secretHash,
      previousSecretHash: apiKeys.previousSecretHash,
      previousSecretExpiresAt: apiKeys.previousSecretExpiresAt,
      expiresAt: apiKeys.expiresAt,
      revokedAt: apiKeys.revokedAt,
      lastUsedAt: apiKeys.lastUsedAt,
      access: apiKeys.access,
      reach: apiKeys.reach,
      permissions: permissionList,
      liveTenantIds: sql<string>`(SELECT json_group_array(tenant.id) FROM api_key_tenant
        JOIN tenant ON tenant.id = api_key_tenant.tenant_id AND tenant.deleted_at IS NULL
        WHERE api_key_tenant.api_key_id = ${apiKeys.id})`,
      liveCustomerId: sql<string | null>`(SELECT customer.id FROM customer
        WHERE customer.id = ${apiKeys.customerId} AND customer.deleted_at IS NULL)`,
    },
    sql`FROM api_key WHERE ${apiKeys.id} = ${apiKeyId}`,
  );

type Credential = ReturnType<ReturnType<typeof credentialOf>['decode']>;

export interface Authenticated {
  viewer: Viewer;
  /** Notes that the key was used, if that was not noted in the last five minutes: to be run behind the answer. */
  noteUse: (() => Promise<void>) | null;
}

export interface Trust {
  /** Whether to read the key first, whatever is known of it. */
  afresh: boolean;
}

/** The credentials that this isolate saw last, by the hash of the whole token. */
const known = new Map<string, Credential>();
const MAX_KNOWN = 1000;

function remember(hash: string, credential: Credential): void {
  known.delete(hash);
  known.set(hash, credential);
  const [oldest] = known.keys();
  if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
}

/**
 * Who holds this API key; null when it is malformed, unknown, expired or revoked.
 *
 * A key that this isolate has seen is taken to be as it was, on condition: its row is read again together with the
 * request's first read, or before its first write, and if it is not the same then, the request has to begin anew. So a
 * query spends no D1 call on authentication, and a revocation holds from the next request on all the same.
 */
export async function authenticateApiKey(
  db: Database,
  token: string,
  now: Date,
  { afresh }: Trust,
): Promise<Authenticated | null> {
  const id = apiKeyIdOf(token);
  if (id === null) return null;
  const hash = sha256(token);
  const before = afresh ? undefined : known.get(hash);
  const admitted = before && admit(db, id, hash, before, now);
  if (before && admitted) {
    db.relyOn({ statement: credentialOf(id), holds: ([credential]) => isStill(hash, before, credential) });
    return admitted;
  }
  const [[credential] = []] = await db.reads([credentialOf(id)]);
  const fresh = credential ? admit(db, id, hash, credential, now) : null;
  if (credential && fresh) remember(hash, credential);
  return fresh;
}

function isStill(hash: string, before: Credential, credential: Credential | undefined): boolean {
  const comparable = (given: Credential) => JSON.stringify({ ...given, lastUsedAt: null });
  const same = credential !== undefined && comparable(credential) === comparable(before);
  if (same) remember(hash, credential);
  else known.delete(hash);
  return same;
}

function admit(db: Database, id: string, hash: string, credential: Credential, now: Date): Authenticated | null {
  const { expiresAt, revokedAt, access, reach, permissions, liveTenantIds, liveCustomerId } = credential;
  if (!isValidSecret(credential, hash, now)) return null;
  if (revokedAt !== null || (expiresAt !== null && expiresAt <= now)) return null;
  return {
    viewer: {
      actor: { type: 'API_KEY', id },
      permissions: new Set(parseList<Permission>(permissions)),
      access,
      reach: reachOf(reach, parseList(liveTenantIds), liveCustomerId),
      expiresAt,
    },
    noteUse: isNoted(credential, now) ? null : () => noteUse(db, id, now),
  };
}

function isValidSecret(credential: Credential, hash: string, now: Date): boolean {
  if (equalHashes(hash, credential.secretHash)) return true;
  const { previousSecretHash, previousSecretExpiresAt } = credential;
  if (previousSecretHash === null || previousSecretExpiresAt === null || previousSecretExpiresAt <= now) return false;
  return equalHashes(hash, previousSecretHash);
}

const LAST_USED_PRECISION_MS = 5 * 60 * 1000;

const isNoted = ({ lastUsedAt }: Credential, now: Date): boolean =>
  lastUsedAt !== null && now.getTime() - lastUsedAt.getTime() < LAST_USED_PRECISION_MS;

async function noteUse(db: Database, id: string, now: Date): Promise<void> {
  const latest = now.getTime() - LAST_USED_PRECISION_MS;
  await db.batch([
    write(sql`UPDATE api_key SET last_used_at = ${now.getTime()}
      WHERE id = ${id} AND (last_used_at IS NULL OR last_used_at <= ${latest})`),
  ]);
}
