import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { JWK } from 'jose';
import { flag, id, timestamp } from './columns.ts';

/**
 * Issuers whose tokens are accepted for users of customers. A token is verified with `keys`, or with those at
 * `jwksUrl`: exactly one of the two is set. What tokens say as `iss` and `aud` is `issuer` and `audience`; where they say
 * neither, of an EMBEDDED issuer, the one is a value that nothing else has, and the other is empty.
 */
export const trustedIssuers = sqliteTable('trusted_issuer', {
  id: id(),
  kind: text('kind', { enum: ['STANDARD', 'EMBEDDED'] }).notNull(),
  name: text('name').notNull(),
  issuer: text('issuer').notNull(),
  audience: text('audience').notNull(),
  algorithms: text('algorithms', { mode: 'json' }).$type<string[]>().notNull(),
  keys: text('keys', { mode: 'json' }).$type<JWK[]>(),
  jwksUrl: text('jwks_url'),
  createsUsers: flag('creates_users').notNull(),
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
});

/** The roles that users of a trusted issuer may have. */
export const trustedIssuerRoles = sqliteTable(
  'trusted_issuer_role',
  {
    issuerId: text('issuer_id').notNull(),
    roleId: text('role_id').notNull(),
    roleScope: text('role_scope').notNull(),
  },
  (table) => [primaryKey({ columns: [table.issuerId, table.roleId] })],
);

/** The customers that users of a trusted issuer may belong to. */
export const trustedIssuerCustomers = sqliteTable(
  'trusted_issuer_customer',
  { issuerId: text('issuer_id').notNull(), customerId: text('customer_id').notNull() },
  (table) => [primaryKey({ columns: [table.issuerId, table.customerId] })],
);

/**
 * The user that a trusted issuer means by an external id; a user has at most one issuer. Only a SHA-256 of the external
 * id is kept, so nothing of an erased user remains in it.
 */
export const issuedIdentities = sqliteTable(
  'issued_identity',
  {
    issuerId: text('issuer_id').notNull(),
    externalIdHash: text('external_id_hash').notNull(),
    userId: text('user_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.issuerId, table.externalIdHash] })],
);
