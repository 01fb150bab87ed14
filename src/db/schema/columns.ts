import { sql } from 'drizzle-orm';
import { integer, text } from 'drizzle-orm/sqlite-core';

/** Milliseconds since the epoch in the database, a Date everywhere else. */
export const timestamp = (name: string) => integer(name, { mode: 'timestamp_ms' });

export const flag = (name: string) => integer(name, { mode: 'boolean' });

export const ACTOR_TYPES = ['ROOT', 'API_KEY', 'USER', 'SYSTEM'] as const;

/** Who created a record, as the actor of an event. */
export const creator = {
  createdByType: text('created_by_type', { enum: ACTOR_TYPES }).notNull(),
  createdById: text('created_by_id'),
};

/** The same, and who changed it last. */
export const authors = {
  ...creator,
  updatedByType: text('updated_by_type', { enum: ACTOR_TYPES }).notNull(),
  updatedById: text('updated_by_id'),
};

/** The columns of a record that has versions and can be hidden and restored. */
export const lifecycle = {
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
  deletedAt: timestamp('deleted_at'),
  deleted: flag('deleted').notNull().generatedAlwaysAs(sql`deleted_at IS NOT NULL`),
  version: integer('version').notNull(),
};

export const id = () => text('id').primaryKey();
