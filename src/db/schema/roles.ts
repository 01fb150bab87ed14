import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { flag, id, keyVersion } from './columns.ts';

/**
 * Named sets of permissions. `scope` says which kind of users can have the role. `level`, from 0 to 100, sorts roles.
 */
export const roles = sqliteTable('role', {
  id: id(),
  scope: text('scope', { enum: ['ORGANIZATION', 'CUSTOMER', 'TENANT'] }).notNull(),
  name: text('name').notNull(),
  nameKey: text('name_key').notNull(),
  ...keyVersion,
  description: text('description'),
  level: integer('level').notNull(),
  builtIn: flag('built_in').notNull(),
});

/** The permissions of each role. */
export const rolePermissions = sqliteTable(
  'role_permission',
  { roleId: text('role_id').notNull(), permission: text('permission').notNull() },
  (table) => [primaryKey({ columns: [table.roleId, table.permission] })],
);
