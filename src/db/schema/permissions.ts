import { sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { flag } from './columns.ts';

/** What a credential may be allowed to do. Migrations insert the built-in ones, which never change at run time. */
export const permissions = sqliteTable('permission', {
  /** Its name: there is no other id. */
  id: text('name').primaryKey(),
  description: text('description').notNull(),
  /** Whether it is needed here; what the others allow is for the product to say. */
  builtIn: flag('built_in').notNull(),
});
