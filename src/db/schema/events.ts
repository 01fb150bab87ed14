import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { ACTOR_TYPES, timestamp } from './columns.ts';

export const events = sqliteTable('event', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  commandId: text('command_id').notNull(),
  type: text('type').notNull(),
  subjectType: text('subject_type', {
    enum: ['Organization', 'Tenant', 'Customer', 'User', 'Role', 'ApiKey', 'TrustedIssuer', 'Pixel', 'Pipeline'],
  }).notNull(),
  subjectId: text('subject_id').notNull(),
  actorType: text('actor_type', { enum: ACTOR_TYPES }).notNull(),
  actorId: text('actor_id'),
  before: text('before', { mode: 'json' }).$type<Record<string, unknown>>(),
  after: text('after', { mode: 'json' }).$type<Record<string, unknown>>(),
  createdAt: timestamp('created_at').notNull(),
});

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
