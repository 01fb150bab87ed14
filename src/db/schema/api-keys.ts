import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { sql } from '../sql.ts';
import { ACTOR_TYPES, flag, id, timestamp } from './columns.ts';

/** A key without an end is sorted as if it had this one, which no Date can be. */
export const NEVER = 9_000_000_000_000_000;

/**
 * Credentials of programs. `customerId` is null for a key of another reach, and once its customer was erased.
 * `lastUsedAt` speaks of all of its secrets, those that are gone included.
 */
export const apiKeys = sqliteTable('api_key', {
  id: id(),
  name: text('name').notNull(),
  access: text('access', { enum: ['READ', 'WRITE'] }).notNull(),
  reach: text('reach', { enum: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'] }).notNull(),
  customerId: text('customer_id'),
  rateLimitTier: text('rate_limit_tier', { enum: ['DEFAULT', 'HIGH'] }).notNull(),
  /** The name of the credential that limits count instead of the key, if that has made it; null: the key itself. */
  countsAs: text('counts_as'),
  expiresAt: timestamp('expires_at'),
  revokedAt: timestamp('revoked_at'),
  lastUsedAt: timestamp('last_used_at'),
  /** Who made it; null for one that was made before this was kept. */
  createdByType: text('created_by_type', { enum: ACTOR_TYPES }),
  createdById: text('created_by_id'),
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
  nameSort: text('name_sort').notNull().generatedAlwaysAs(sql`lower(name)`),
  /** When it was last used; of one that never was, when it was made. */
  idleSince: integer('idle_since').notNull().generatedAlwaysAs(sql`coalesce(last_used_at, created_at)`),
  expiresSort: integer('expires_sort')
    .notNull()
    .generatedAlwaysAs(sql`coalesce(expires_at, ${sql.raw(String(NEVER))})`),
  revoked: flag('revoked').notNull().generatedAlwaysAs(sql`revoked_at IS NOT NULL`),
});

/**
 * The secrets of each API key. `secretHash` is the SHA-256 of the secret, in hexadecimal. The newest one of a key, and only
 * that, has no `expiresAt`: it is good as long as the key. One that never was used ends at `unclaimedUntil` already. A
 * revoked key has none.
 */
export const apiKeySecrets = sqliteTable(
  'api_key_secret',
  {
    id: text('id').notNull(),
    apiKeyId: text('api_key_id').notNull(),
    secretHash: text('secret_hash').notNull(),
    /** Its first and last characters, to tell it from others; null for one that was made before this was kept. */
    hint: text('hint'),
    expiresAt: timestamp('expires_at'),
    unclaimedUntil: timestamp('unclaimed_until'),
    lastUsedAt: timestamp('last_used_at'),
    createdAt: timestamp('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.apiKeyId, table.id] })],
);

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
