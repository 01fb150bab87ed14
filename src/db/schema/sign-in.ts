import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { id, timestamp } from './columns.ts';

export const passwords = sqliteTable('password', {
  userId: text('user_id').primaryKey(),
  hash: text('hash').notNull(),
  changedAt: timestamp('changed_at').notNull(),
});

export const mailedLinks = sqliteTable(
  'mailed_link',
  {
    userId: text('user_id').notNull(),
    purpose: text('purpose', { enum: ['INVITATION', 'PASSWORD_RESET'] }).notNull(),
    tokenHash: text('token_hash'),
    createdAt: timestamp('created_at').notNull(),
    expiresAt: timestamp('expires_at').notNull(),
    dueAt: timestamp('due_at'),
    attempts: integer('attempts').notNull(),
    sentAt: timestamp('sent_at'),
    lastError: text('last_error'),
    handedHash: text('handed_hash'),
    handedStanding: text('handed_standing'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.purpose] })],
);

export const sessions = sqliteTable('session', {
  id: id(),
  userId: text('user_id').notNull(),
  tenantId: text('tenant_id'),
  issuerId: text('issuer_id'),
  familyHash: text('family_hash').notNull(),
  refreshHash: text('refresh_hash').notNull(),
  userAgent: text('user_agent'),
  createdAt: timestamp('created_at').notNull(),
  refreshedAt: timestamp('refreshed_at').notNull(),
  expiresAt: timestamp('expires_at').notNull(),
});

export const attempts = sqliteTable('attempt', {
  key: text('key').primaryKey(),
  count: integer('count').notNull(),
  since: timestamp('since').notNull(),
});
