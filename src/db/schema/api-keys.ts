import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { id, timestamp } from './columns.ts';

/**
 * Credentials of programs. `secretHash` is the SHA-256 of the secret, in hexadecimal. After a rotation, the previous
 * secret is accepted until `previousSecretExpiresAt`. `customerId` is null for a key of another reach, and once its
 * customer was erased.
 */
export const apiKeys = sqliteTable('api_key', {
  id: id(),
  name: text('name').notNull(),
  access: text('access', { enum: ['READ', 'WRITE'] }).notNull(),
  reach: text('reach', { enum: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'] }).notNull(),
  customerId: text('customer_id'),
  rateLimitTier: text('rate_limit_tier', { enum: ['DEFAULT', 'HIGH'] })
    .notNull()
    .default('DEFAULT'),
  /** The name of the credential that limits count instead of the key, if that has made it; null: the key itself. */
  countsAs: text('counts_as'),
  secretHash: text('secret_hash').notNull(),
  previousSecretHash: text('previous_secret_hash'),
  previousSecretExpiresAt: timestamp('previous_secret_expires_at'),
  expiresAt: timestamp('expires_at'),
  revokedAt: timestamp('revoked_at'),
  lastUsedAt: timestamp('last_used_at'),
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
});

/** The permissions of each API key. */
export const apiKeyPermissions = sqliteTable(
  'api_key_permission',
  { apiKeyId: text('api_key_id').notNull(), permission: text('permission').notNull() },
  (table) => [primaryKey({ columns: [table.apiKeyId, table.permission] })],
);

/** The tenants that an API key with the reach TENANTS is limited to. */
export const apiKeyTenants = sqliteTable(
  'api_key_tenant',
  { apiKeyId: text('api_key_id').notNull(), tenantId: text('tenant_id').notNull() },
  (table) => [primaryKey({ columns: [table.apiKeyId, table.tenantId] })],
);
