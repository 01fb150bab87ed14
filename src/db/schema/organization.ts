import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { id, timestamp } from './columns.ts';

/** The organization that this deployment serves: one row, made by a migration. `onlyOne` is always 1, and unique. */
export const organizations = sqliteTable('organization', {
  id: id(),
  name: text('name').notNull(),
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
  onlyOne: integer('only_one').notNull(),
});
