import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { flag, timestamp } from './columns.ts';

/**
 * Which role a user has in a tenant, at most one in each: a tenant role, in a table called `assignment`. Another name for
 * the table would stop a Worker of the version before, and the index of search could not be made anew. The `user*` columns below `createdAt` copy what users are
 * sorted and filtered by: `userNameKey` is `users.nameSort`. The trigger `assignment_follows_user` keeps them up to date, and `userCustomerId`
 * the trigger `access_follows_customer`.
 */
export const tenantRoles = sqliteTable(
  'assignment',
  {
    tenantId: text('tenant_id').notNull(),
    userId: text('user_id').notNull(),
    roleId: text('role_id').notNull(),
    roleScope: text('role_scope', { enum: ['TENANT'] }).notNull(),
    createdAt: timestamp('created_at').notNull(),
    userDeleted: flag('user_deleted').notNull(),
    userStatus: text('user_status', { enum: ['INVITED', 'ACTIVE', 'DEACTIVATED'] }).notNull(),
    userNameKey: text('user_name_key').notNull(),
    userEmailKey: text('user_email_key').notNull(),
    userUpdatedAt: timestamp('user_updated_at').notNull(),
    userCustomerId: text('user_customer_id'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.userId] })],
);
