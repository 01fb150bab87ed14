import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { id, keyVersion, timestamp } from './columns.ts';

/**
 * Pixels, where events of a tenant come in, and pipelines, where they go on to. `lastTrafficHour` is the last hour,
 * counted from the epoch, in which a pixel had events; it is null for pipelines. Recording traffic moves it forward.
 */
export const dataSources = sqliteTable('data_source', {
  id: id(),
  tenantId: text('tenant_id').notNull(),
  kind: text('kind', { enum: ['PIXEL', 'PIPELINE'] }).notNull(),
  name: text('name').notNull(),
  externalId: text('external_id'),
  externalIdKey: text('external_id_key'),
  ...keyVersion,
  status: text('status', { enum: ['ACTIVE', 'INACTIVE'] }).notNull(),
  lastTrafficHour: integer('last_traffic_hour'),
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
});
