import { sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const permissions = sqliteTable('permission', {
  name: text('name').primaryKey(),
  description: text('description').notNull(),
});
