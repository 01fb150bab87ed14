import type { SQL } from 'drizzle-orm';
import { apiKeys } from '../../db/schema/api-keys.ts';
import { type RecordStatement, selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { inList, mapRows, parseJsonList, type Several, selecting, selection } from '../../db/statement.ts';
import { apiKeyInReach, reachOf } from '../access/reach.ts';
import { type Caller, isGranted, requirePermissions } from '../access/viewer.ts';
import type { PermissionName } from '../kernel/permission-names.ts';
import { type Found, foundWhere } from '../lists/found.ts';
import { type ApiKeySecretRecord, isGoodAt, parseSecrets, secretList } from './secrets.ts';

/** Whether a key may change anything, as the database has it. */
export const API_KEY_ACCESSES = apiKeys.access.enumValues;

/** The permissions of the key in scope, as a JSON array. */
export const permissionList = sql<string>`(SELECT json_group_array(permission) FROM api_key_permission
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
    customerId: apiKeys.customerId,
    rateLimitTier: apiKeys.rateLimitTier,
    secrets: secretList,
    expiresAt: apiKeys.expiresAt,
    revokedAt: apiKeys.revokedAt,
    lastUsedAt: apiKeys.lastUsedAt,
    createdByType: apiKeys.createdByType,
    createdById: apiKeys.createdById,
    createdAt: apiKeys.createdAt,
    nameSort: apiKeys.nameSort,
    idleSince: apiKeys.idleSince,
    expiresSort: apiKeys.expiresSort,
  }),
  ({ permissions, tenantIds, customerId, reachKind, secrets, ...row }) => ({
    ...row,
    permissions: parseJsonList<PermissionName>(permissions),
    reach: reachOf(reachKind, parseJsonList(tenantIds), customerId),
    ...goodSecrets(secrets),
  }),
);

/** What a key shows of its secrets: those that are good now, the oldest first. */
interface ShownSecrets {
  secrets: ApiKeySecretRecord[];
  /** Of the newest one. */
  hint: string | null;
  /** Until when those before the newest one are good at the latest. */
  previousSecretExpiresAt: Date | null;
}

function goodSecrets(list: string): ShownSecrets {
  const now = new Date();
  const secrets = parseSecrets(list).filter((secret) => isGoodAt(secret, now));
  const ends = secrets.flatMap(({ expiresAt }) => (expiresAt === null ? [] : [expiresAt.getTime()]));
  const hint = secrets.find(({ expiresAt }) => expiresAt === null)?.hint ?? null;
  return { secrets, hint, previousSecretExpiresAt: ends.length === 0 ? null : new Date(Math.max(...ends)) };
}

/** An API key as every API shows it: never a secret, nor the hash of one. */
export interface ApiKeyRecord extends ReturnType<typeof apiKeySelection.decode> {}

/** The table of API keys, as their list and their queries read it. */
export const API_KEY_RECORDS = { selection: apiKeySelection, from: sql`api_key`, id: apiKeys.id };

/** Returns a statement that reads API keys: those that `rest` asks for, which follows FROM. */
export const apiKeyRows = (rest: SQL): RecordStatement<ApiKeyRecord> => selectingRecords(API_KEY_RECORDS, rest);

/**
 * Returns the keys in reach among these, revoked ones included, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `apiKey:read`
 */
export function apiKeysByIds({ db, viewer }: Caller, ids: Several): Found<ApiKeyRecord> {
  requirePermissions(viewer, ['apiKey:read']);
  return foundWhere(db, API_KEY_RECORDS, sql`${inList(apiKeys.id, ids)} AND ${apiKeyInReach(viewer, apiKeys.id)}`);
}

const mentionedSelection = selection({
  id: apiKeys.id,
  name: apiKeys.name,
  createdAt: apiKeys.createdAt,
  updatedAt: apiKeys.updatedAt,
});

/** An API key that is only mentioned, such as an author. */
export interface MentionedApiKey extends ReturnType<typeof mentionedSelection.decode> {}

/**
 * Returns the keys in reach among these that are only mentioned, revoked ones included. A viewer who lacks `apiKey:read` gets
 * no keys, and no error.
 */
export async function mentionedApiKeys(
  { db, viewer }: Caller,
  ids: readonly string[],
): Promise<readonly MentionedApiKey[]> {
  if (!isGranted(() => requirePermissions(viewer, ['apiKey:read']))) return [];
  const inReach = apiKeyInReach(viewer, apiKeys.id);
  return db.read(selecting(mentionedSelection, sql`FROM api_key WHERE ${inList(apiKeys.id, ids)} AND ${inReach}`));
}
