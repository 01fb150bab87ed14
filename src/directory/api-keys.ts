import { type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { Database } from '../db/client.ts';
import { apiKeys } from '../db/schema/api-keys.ts';
import { inList, mapRows, selection, write } from '../db/statement.ts';
import { apiKeyIdOf, equalHashes, sha256 } from './api-key-token.ts';
import { type Listing, listing, type PageArguments, parsePaging, type Walk } from './page.ts';
import type { Permission } from './permission-names.ts';
import { apiKeyInReach, type Reach } from './reach.ts';
import { BY_CREATION } from './records.ts';
import { type Caller, requirePermissions, type Viewer } from './viewer.ts';

export const API_KEY_ACCESSES = apiKeys.access.enumValues;
export const API_KEY_REACHES = apiKeys.reach.enumValues;

const permissionList = sql<string>`(SELECT json_group_array(permission) FROM api_key_permission
  WHERE api_key_permission.api_key_id = ${apiKeys.id})`;

const apiKeySelection = mapRows(
  selection({
    id: apiKeys.id,
    name: apiKeys.name,
    access: apiKeys.access,
    reachKind: apiKeys.reach,
    permissions: permissionList,
    tenantIds: sql<string>`(SELECT json_group_array(tenant_id) FROM api_key_tenant
      WHERE api_key_tenant.api_key_id = ${apiKeys.id})`,
    previousSecretExpiresAt: apiKeys.previousSecretExpiresAt,
    expiresAt: apiKeys.expiresAt,
    revokedAt: apiKeys.revokedAt,
    lastUsedAt: apiKeys.lastUsedAt,
    createdAt: apiKeys.createdAt,
  }),
  ({ permissions, tenantIds, reachKind, ...row }) => ({
    ...row,
    permissions: parseList<Permission>(permissions),
    reach: reachOf(reachKind, parseList(tenantIds)),
  }),
);

export interface ApiKeyRecord extends ReturnType<typeof apiKeySelection.decode> {}

function parseList<Item extends string>(json: string): Item[] {
  return JSON.parse(json);
}

const reachOf = (kind: Reach['kind'], tenantIds: readonly string[]): Reach =>
  kind === 'ORGANIZATION' ? { kind } : { kind, tenantIds };

export const apiKeyRows = (rest: SQL) => ({
  sql: sql`SELECT ${apiKeySelection.list} FROM api_key ${rest}`,
  decode: apiKeySelection.decode,
});

/** The keys in reach among these, revoked ones included. */
export async function apiKeysByIds({ db, viewer }: Caller, ids: readonly string[]): Promise<ApiKeyRecord[]> {
  requirePermissions(viewer, ['apiKey:read']);
  return db.read(apiKeyRows(sql`WHERE ${inList(apiKeys.id, ids)} AND ${apiKeyInReach(viewer.reach, apiKeys.id)}`));
}

const walked = alias(apiKeys, 'walked');

/** The keys in reach, the oldest first, revoked ones included. */
export function listApiKeys({ db, viewer }: Caller, page: PageArguments): Listing<ApiKeyRecord> {
  requirePermissions(viewer, ['apiKey:read']);
  const { reach } = viewer;
  const walk: Walk = {
    from: sql`api_key walked`,
    id: walked.id,
    sort: null,
    partitions: [],
    where:
      reach.kind === 'ORGANIZATION'
        ? []
        : [
            sql`walked.id IN (SELECT api_key_id FROM api_key_tenant WHERE ${inList(sql`tenant_id`, reach.tenantIds)})`,
            apiKeyInReach(reach, walked.id),
          ],
    narrowed: reach.kind !== 'ORGANIZATION',
  };
  const target = { selection: apiKeySelection, from: sql`api_key`, id: apiKeys.id, sort: null };
  return listing(db, target, walk, parsePaging(page, BY_CREATION), () => null);
}

const credential = selection({
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
});

const LAST_USED_PRECISION_MS = 5 * 60 * 1000;

export interface Authenticated {
  viewer: Viewer;
  /** Notes that the key was used, if that was not noted in the last five minutes: to be run behind the answer. */
  noteUse: (() => Promise<void>) | null;
}

/** Who holds this API key; null when it is malformed, unknown, expired or revoked. */
export async function authenticateApiKey(db: Database, token: string, now: Date): Promise<Authenticated | null> {
  const id = apiKeyIdOf(token);
  if (id === null) return null;
  const [[key] = []] = await db.reads([
    { sql: sql`SELECT ${credential.list} FROM api_key WHERE ${apiKeys.id} = ${id}`, decode: credential.decode },
  ]);
  if (!key || !isValidSecret(key, sha256(token), now)) return null;
  if (key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now)) return null;
  const isNoted = key.lastUsedAt !== null && now.getTime() - key.lastUsedAt.getTime() < LAST_USED_PRECISION_MS;
  return {
    viewer: {
      actor: { type: 'API_KEY', id },
      permissions: new Set(parseList<Permission>(key.permissions)),
      access: key.access,
      reach: reachOf(key.reach, parseList(key.liveTenantIds)),
    },
    noteUse: isNoted ? null : () => noteUse(db, id, now),
  };
}

type Secrets = Pick<typeof apiKeys.$inferSelect, 'secretHash' | 'previousSecretHash' | 'previousSecretExpiresAt'>;

function isValidSecret(key: Secrets, hash: string, now: Date): boolean {
  if (equalHashes(hash, key.secretHash)) return true;
  const { previousSecretHash, previousSecretExpiresAt } = key;
  if (previousSecretHash === null || previousSecretExpiresAt === null || previousSecretExpiresAt <= now) return false;
  return equalHashes(hash, previousSecretHash);
}

async function noteUse(db: Database, id: string, now: Date): Promise<void> {
  const latest = now.getTime() - LAST_USED_PRECISION_MS;
  await db.batch([
    write(sql`UPDATE api_key SET last_used_at = ${now.getTime()}
      WHERE id = ${id} AND (last_used_at IS NULL OR last_used_at <= ${latest})`),
  ]);
}
