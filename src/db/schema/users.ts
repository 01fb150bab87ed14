import { sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { sql } from '../sql.ts';
import { emailKeys, flag, id, keyVersion, lifecycle, nameKeys, timestamp } from './columns.ts';

/**
 * People who can sign in. `kind` says where the user's own role is; a user of the kind TENANT has roles in tenants
 * only. `nameKey` is empty for a user without a name, who sorts first.
 */
export const users = sqliteTable('user', {
  id: id(),
  kind: text('kind', { enum: ['ORGANIZATION', 'CUSTOMER', 'TENANT'] }).notNull(),
  roleId: text('role_id'),
  customerId: text('customer_id'),
  email: text('email').notNull(),
  emailKey: text('email_key').notNull(),
  ...emailKeys,
  name: text('name'),
  ...nameKeys,
  phone: text('phone'),
  avatarUrl: text('avatar_url'),
  externalId: text('external_id'),
  externalIdKey: text('external_id_key'),
  ...keyVersion,
  status: text('status', { enum: ['INVITED', 'ACTIVE', 'DEACTIVATED'] }).notNull(),
  defaultTenantId: text('default_tenant_id'),
  /** When the user last got a session: kept without a version and an event. */
  lastSignedInAt: timestamp('last_signed_in_at'),
  /** Whether the user has a role anywhere but in deleted tenants. Triggers keep it, `place_…`, without a version and an event. */
  hasPlace: flag('has_place').notNull().default(true),
  ...lifecycle,
  /** When the customer was deleted: its users are hidden with it. The trigger `user_follows_customer` sets it. */
  customerDeletedAt: timestamp('customer_deleted_at'),
  deleted: flag('deleted').notNull().generatedAlwaysAs(sql`deleted_at IS NOT NULL OR customer_deleted_at IS NOT NULL`),
});
