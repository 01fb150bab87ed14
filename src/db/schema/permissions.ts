import { sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** What a credential may be allowed to do. The rows are inserted by migrations, and never change at run time. */
export const permissions = sqliteTable('permission', {
  name: text('name').primaryKey(),
  description: text('description').notNull(),
});
