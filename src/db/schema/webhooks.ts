import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { authors, flag, id, timestamp } from './columns.ts';

/**
 * Whom the feed of events is sent to. `eventTypes` is null for all. `position` is the id of the last event that was looked at
 * for it: what comes after is still to be sent. `failingSince` is null while its last try was a success. `wire` is how it is sent
 * to: of a target of Plain, `wireVersion` is which of Plain's versions it hears, and its own secret is empty.
 */
export const webhooks = sqliteTable('webhook', {
  id: id(),
  url: text('url').notNull(),
  description: text('description'),
  eventTypes: text('event_types', { mode: 'json' }).$type<string[]>(),
  reach: text('reach', { enum: ['ORGANIZATION', 'TENANTS'] }).notNull(),
  enabled: flag('enabled').notNull(),
  disabledBecause: text('disabled_because', { enum: ['GONE', 'FAILING'] }),
  secret: text('secret').notNull(),
  previousSecret: text('previous_secret'),
  previousSecretExpiresAt: timestamp('previous_secret_expires_at'),
  position: integer('position').notNull(),
  failingSince: timestamp('failing_since'),
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
  wire: text('wire', { enum: ['STANDARD', 'PLAIN'] }).notNull(),
  wireVersion: text('wire_version'),
  ...authors,
});

/** What deliveries to all targets of Plain are signed with. `id` is that of the organization. No row before the first target. */
export const workspaceHmacs = sqliteTable('workspace_hmac', {
  id: id(),
  secret: text('secret').notNull(),
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
  ...authors,
});

/** The permissions of each webhook: what of the records it sees in its events. */
export const webhookPermissions = sqliteTable(
  'webhook_permission',
  { webhookId: text('webhook_id').notNull(), permission: text('permission').notNull() },
  (table) => [primaryKey({ columns: [table.webhookId, table.permission] })],
);

/** The tenants that a webhook with the reach TENANTS is limited to. */
export const webhookTenants = sqliteTable(
  'webhook_tenant',
  { webhookId: text('webhook_id').notNull(), tenantId: text('tenant_id').notNull() },
  (table) => [primaryKey({ columns: [table.webhookId, table.tenantId] })],
);

/**
 * What became of an event at a webhook, as of the last try. `nextTryAt` is null once it was delivered, or given up. Of an answer
 * the first kilobyte is kept; where there was none, `problem` says why.
 */
export const webhookDeliveries = sqliteTable(
  'webhook_delivery',
  {
    webhookId: text('webhook_id').notNull(),
    eventId: integer('event_id').notNull(),
    id: text('id').notNull(),
    tries: integer('tries').notNull(),
    triedAt: timestamp('tried_at'),
    responseStatus: integer('response_status'),
    responseMilliseconds: integer('response_milliseconds'),
    response: text('response'),
    problem: text('problem'),
    deliveredAt: timestamp('delivered_at'),
    nextTryAt: timestamp('next_try_at'),
  },
  (table) => [primaryKey({ columns: [table.webhookId, table.eventId] })],
);
