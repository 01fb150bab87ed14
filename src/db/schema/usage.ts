import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { timestamp } from './columns.ts';

export const trafficEntries = sqliteTable(
  'traffic_entry',
  {
    tenantId: text('tenant_id').notNull(),
    entryId: text('entry_id').notNull(),
    commandId: text('command_id').notNull(),
    pixelId: text('pixel_id').notNull(),
    hour: integer('hour').notNull(),
    events: integer('events').notNull(),
    publishErrors: integer('publish_errors').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.entryId] })],
);

export const trafficHours = sqliteTable(
  'traffic_hour',
  {
    tenantId: text('tenant_id').notNull(),
    hour: integer('hour').notNull(),
    events: integer('events').notNull(),
    publishErrors: integer('publish_errors').notNull(),
    updatedAt: timestamp('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hour] })],
);
