import type { SQL } from 'drizzle-orm';
import { apiKeys } from '../../db/schema/api-keys.ts';
import { sql } from '../../db/sql.ts';
import { apiKeyInReach } from '../access/reach.ts';
import type { CommandContext } from '../commands/command.ts';
import type { UnversionedEntity } from '../commands/unversioned-entity.ts';
import { type ApiKeyRecord, apiKeyRows } from './queries.ts';
import { secretsOfKey } from './secrets.ts';

const time = (column: SQL): SQL => sql`strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch')`;

/** API keys, as commands change them. */
export const API_KEY: UnversionedEntity<typeof apiKeys, ApiKeyRecord> = {
  name: 'ApiKey',
  word: 'API key',
  table: apiKeys,
  snapshot: sql`json_object(
    'name', api_key.name, 'access', api_key.access, 'reach', api_key.reach,
    'permissions', (SELECT json_group_array(permission) FROM api_key_permission WHERE api_key_id = api_key.id),
    'tenantIds', (SELECT json_group_array(tenant_id) FROM api_key_tenant WHERE api_key_id = api_key.id),
    'customerId', api_key.customer_id, 'rateLimitTier', api_key.rate_limit_tier,
    'expiresAt', ${time(sql`api_key.expires_at`)}, 'revokedAt', ${time(sql`api_key.revoked_at`)},
    'previousSecretExpiresAt', ${time(sql`(SELECT max(ends_at) FROM ${secretsOfKey})`)},
    'secrets', (SELECT json_group_array(json_object('id', secret.id, 'createdAt', ${time(sql`secret.created_at`)},
        'expiresAt', ${time(sql`secret.ends_at`)}))
      FROM ${secretsOfKey} secret))`,
  rows: apiKeyRows,
  inReach: (viewer) => apiKeyInReach(viewer, apiKeys.id),
};

/** API keys that can still be used, under the name by which messages miss one. */
export const ACTIVE_API_KEY = { ...API_KEY, word: 'active API key' };

/** Matches the key with this id, if it is in reach and good. */
export const isActive = ({ viewer, at }: CommandContext, id: string): SQL =>
  sql`api_key.id = ${id} AND ${apiKeyInReach(viewer, sql`api_key.id`)}
    AND api_key.revoked_at IS NULL AND (api_key.expires_at IS NULL OR api_key.expires_at > ${at.getTime()})`;
