import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { timestamp } from './columns.ts';

/**
 * Recorded traffic by the caller's own `entryId`, so that nothing is counted twice. `hour` counts hours since the
 * epoch.
 */
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

/**
 * The traffic of a tenant in each hour, summed over all pixels, removed ones included. Recording traffic adds to it.
 * `hour` counts hours since the epoch.
 */
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
