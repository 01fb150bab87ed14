import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { ACTOR_TYPES, SUBJECT_TYPES, timestamp } from './columns.ts';

/**
 * What changed, by whom, before and after. An event is written in the batch of its change, so the order of ids is the
 * order of commits. `commandId` is shared by all events of one command.
 */
export const events = sqliteTable('event', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  commandId: text('command_id').notNull(),
  type: text('type').notNull(),
  subjectType: text('subject_type', {
    enum: SUBJECT_TYPES,
  }).notNull(),
  subjectId: text('subject_id').notNull(),
  actorType: text('actor_type', { enum: ACTOR_TYPES }).notNull(),
  actorId: text('actor_id'),
  before: text('before', { mode: 'json' }).$type<Record<string, unknown>>(),
  after: text('after', { mode: 'json' }).$type<Record<string, unknown>>(),
  createdAt: timestamp('created_at').notNull(),
  /** With this change; null for subjects without versions, and in events of before this was kept. */
  subjectVersion: integer('subject_version'),
});

/**
 * The tenants that each event names, with the columns that events are filtered by. Callers with the reach TENANTS see
 * only events that name one of their tenants. There is no foreign key, because events outlive their tenants.
 */
export const eventTenants = sqliteTable(
  'event_tenant',
  {
    tenantId: text('tenant_id').notNull(),
    eventId: integer('event_id').notNull(),
    type: text('type').notNull(),
    actorType: text('actor_type').notNull(),
    actorId: text('actor_id'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.eventId] })],
);
