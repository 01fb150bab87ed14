import type { Database } from '../../db/client.ts';
import { apiKeys } from '../../db/schema/api-keys.ts';
import { sql } from '../../db/sql.ts';
import { inList, parseJsonList, type RowOf, select, write } from '../../db/statement.ts';
import { watched } from '../../db/watched.ts';
import { type Actor, credentialName } from '../access/actor.ts';
import { type Authenticated, type CacheUse, credentialCache } from '../access/credential-cache.ts';
import { apiKeyInReach, reachOf } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import type { PermissionName } from '../kernel/permission-names.ts';
import { equalHashes, type Token } from '../kernel/secrets.ts';
import { type ClientTokens, fingerprintOf } from './client-tokens.ts';
import { permissionList } from './queries.ts';
import { isGoodAt, parseSecretHashes, type SecretHash, secretHashes, secretUsedAt, secretUses } from './secrets.ts';
import { apiKeyIdOf } from './token.ts';

/** What decides whether an API key is good, and for what. */
const FIELDS = {
  id: apiKeys.id,
  secrets: secretHashes,
  secretUses,
  expiresAt: apiKeys.expiresAt,
  revokedAt: apiKeys.revokedAt,
  lastUsedAt: apiKeys.lastUsedAt,
  access: apiKeys.access,
  reach: apiKeys.reach,
  rateLimitTier: apiKeys.rateLimitTier,
  countsAs: apiKeys.countsAs,
  permissions: permissionList,
  liveTenantIds: sql<string>`(SELECT json_group_array(tenant.id) FROM api_key_tenant
      JOIN tenant ON tenant.id = api_key_tenant.tenant_id AND tenant.deleted_at IS NULL
      WHERE api_key_tenant.api_key_id = ${apiKeys.id})`,
  liveCustomerId: sql<string | null>`(SELECT customer.id FROM customer
      WHERE customer.id = ${apiKeys.customerId} AND customer.deleted_at IS NULL)`,
};

const credentialIn = watched(
  { ...FIELDS, organizationId: sql<string>`(SELECT organization.id FROM organization)` },
  // That a key or one of its secrets was used changes nothing about whether it is good.
  ['lastUsedAt', 'secretUses'],
);

/** Reads everything that decides whether an API key is good, and for what. */
const credentialOf = (apiKeyId: string) => credentialIn(sql`FROM api_key WHERE ${apiKeys.id} = ${apiKeyId}`);

type Credential = ReturnType<ReturnType<typeof credentialOf>['decode']>;
type KeyRow = RowOf<typeof FIELDS>;

const authenticate = credentialCache<Credential>();

/** What clients of some APIs say about their key. It can narrow what the key may do, and never widen it. */
export interface ApiKeyClaims {
  /** The organization that the key is said to belong to. If it does not, the key is not good. */
  organizationId: string;
  /** With READ, a key that may write only reads. */
  access: Viewer['access'];
}

/**
 * Returns who holds an API key; null when it is malformed, unknown, expired or revoked, or does not fit the claims. A
 * revoked key stops at once: every request checks it against the database, a cached one too (`credentialCache`).
 */
export async function authenticateApiKey(
  db: Database,
  token: Token,
  now: Date,
  how: CacheUse,
  claims: ApiKeyClaims | null = null,
): Promise<Authenticated | null> {
  const isSecret = (secretHash: string) => equalHashes(token.hash, secretHash);
  return authenticate(
    db,
    token,
    (known) => {
      const id = known?.id ?? apiKeyIdOf(token.text);
      if (id === null) return null;
      const admitted = (credential: Credential) => narrowed(admit(db, isSecret, credential, now), credential);
      return { statement: credentialOf(id), admit: admitted };
    },
    how,
  );

  function narrowed(admitted: Authenticated | null, { organizationId }: Credential): Authenticated | null {
    if (admitted === null || claims === null) return admitted;
    if (claims.organizationId.toLowerCase() !== organizationId) return null;
    return claims.access === 'WRITE' ? admitted : { ...admitted, viewer: { ...admitted.viewer, access: 'READ' } };
  }
}

/**
 * Returns who holds a client token; null when the token is not good. It stops at once when its key is revoked, or when
 * the secret that it was issued for ends.
 */
export async function authenticateClient(
  db: Database,
  tokens: ClientTokens,
  token: Token,
  now: Date,
  how: CacheUse,
): Promise<Authenticated | null> {
  const grant = await tokens.read(token.text);
  if (grant === null) return null;
  const { apiKeyId, fingerprint } = grant;
  const isSecret = (secretHash: string) => equalHashes(fingerprint, fingerprintOf(secretHash));
  return authenticate(
    db,
    token,
    () => ({ statement: credentialOf(apiKeyId), admit: (credential) => admit(db, isSecret, credential, now) }),
    how,
  );
}

/** Whether the credential of a request is the secret with this hash, or stands for it. */
type IsSecret = (secretHash: string) => boolean;

/** What the lists in the row of a credential say. */
interface Held extends Pick<Viewer, 'permissions' | 'reach'> {
  secrets: readonly SecretHash[];
}

const held = new WeakMap<KeyRow, Held>();

/** Reads the lists of a credential once: as long as it stays the same, requests have the same row of it. */
function heldBy(credential: KeyRow): Held {
  const known = held.get(credential);
  if (known) return known;
  const { secrets, permissions, reach, liveTenantIds, liveCustomerId } = credential;
  const lists = {
    secrets: parseSecretHashes(secrets),
    permissions: new Set(parseJsonList<PermissionName>(permissions)),
    reach: reachOf(reach, parseJsonList(liveTenantIds), liveCustomerId),
  };
  held.set(credential, lists);
  return lists;
}

/** Who holds a key by one of its secrets. */
export interface KeyHolder {
  viewer: Viewer;
  /** When the secret ends if nobody ends it before; null if it never does. */
  endsAt: Date | null;
  /** The use that is to be noted; null if the key and the secret were noted lately. */
  use: KeyUse | null;
}

/** Which secret of which key was used. */
export interface KeyUse {
  apiKeyId: string;
  secretId: string;
}

/** Returns who holds a key, if the credential is one of its secrets and the key is neither revoked nor expired. */
function holder(isSecret: IsSecret, credential: KeyRow, now: Date): KeyHolder | null {
  const { id, expiresAt, revokedAt, access, rateLimitTier, countsAs } = credential;
  const { secrets, permissions, reach } = heldBy(credential);
  const actor: Actor = { type: 'API_KEY', id };
  const secret = secrets.find((stored) => isGoodAt(stored, now) && isSecret(stored.hash));
  if (secret === undefined) return null;
  if (revokedAt !== null || (expiresAt !== null && expiresAt <= now)) return null;
  const isNotedOfBoth =
    isNoted(credential.lastUsedAt, now) && isNoted(secretUsedAt(credential.secretUses, secret.id), now);
  return {
    viewer: {
      actor,
      permissions,
      access,
      reach,
      rateLimitTier,
      countsAs: countsAs ?? credentialName(actor),
      expiresAt,
      session: null,
    },
    endsAt: earlier(expiresAt, secret.expiresAt),
    use: isNotedOfBoth ? null : { apiKeyId: id, secretId: secret.id },
  };
}

function earlier(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}

function admit(db: Database, isSecret: IsSecret, credential: Credential, now: Date): Authenticated | null {
  const admitted = holder(isSecret, credential, now);
  if (admitted === null) return null;
  const { viewer, use } = admitted;
  return { viewer, noteUse: use && (() => noteUses(db, [use], now)) };
}

/** Reads, in one statement, the keys with these ids that the viewer reaches, to be judged by `keyHolder`. */
export const keysWithIds = (viewer: Viewer, ids: readonly string[]) =>
  select(
    { ...FIELDS, name: apiKeys.name },
    sql`FROM api_key WHERE ${inList(apiKeys.id, ids)} AND ${apiKeyInReach(viewer, apiKeys.id)}`,
  );

/** Returns who holds a key by a token, by the rules that hold for who asks with it; null if the token is not good. */
export const keyHolder = ({ hash }: Token, key: KeyRow, now: Date): KeyHolder | null =>
  holder((secretHash) => equalHashes(hash, secretHash), key, now);

/** How old the time of the last use may get before it is noted again: not every request has to write. */
const LAST_USED_PRECISION_MILLISECONDS = 5 * 60 * 1000;

const isNoted = (lastUsedAt: Date | null, now: Date): boolean =>
  lastUsedAt !== null && now.getTime() - lastUsedAt.getTime() < LAST_USED_PRECISION_MILLISECONDS;

/** Notes that keys and their secrets were used, in one batch, unless that was noted in the meantime. */
export async function noteUses(db: Database, uses: readonly KeyUse[], now: Date): Promise<void> {
  const latest = now.getTime() - LAST_USED_PRECISION_MILLISECONDS;
  const isDue = sql`(last_used_at IS NULL OR last_used_at <= ${latest})`;
  const keyIds = uses.map(({ apiKeyId }) => apiKeyId);
  const secretIds = uses.map(({ secretId }) => secretId);
  await db.batch({
    ofKeys: write(
      sql`UPDATE api_key SET last_used_at = ${now.getTime()} WHERE ${inList(sql`id`, keyIds)} AND ${isDue}`,
    ),
    ofSecrets: write(sql`UPDATE api_key_secret SET last_used_at = ${now.getTime()}
      WHERE ${inList(sql`api_key_id`, keyIds)} AND ${inList(sql`id`, secretIds)} AND ${isDue}`),
  });
}
