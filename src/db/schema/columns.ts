import { sql } from 'drizzle-orm';
import { integer, text } from 'drizzle-orm/sqlite-core';

/** Milliseconds since the epoch in the database, a Date everywhere else. */
export const timestamp = (name: string) => integer(name, { mode: 'timestamp_ms' });

export const flag = (name: string) => integer(name, { mode: 'boolean' });

/** The columns of a record that has versions and can be hidden and restored. */
export const lifecycle = {
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
  deletedAt: timestamp('deleted_at'),
  deleted: flag('deleted').notNull().generatedAlwaysAs(sql`deleted_at IS NOT NULL`),
  version: integer('version').notNull(),
};

export const id = () => text('id').primaryKey();
