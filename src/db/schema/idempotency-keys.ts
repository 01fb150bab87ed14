import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { SUBJECT_TYPES } from './columns.ts';

/**
 * The results of changes whose callers may repeat them, each written in the batch of its change. `keyHash` is of the key
 * and of whom it belongs to, `field` says which change of the request it is, and `imported` is null but for an import.
 */
export const idempotencyKeys = sqliteTable(
  'idempotency_key',
  {
    keyHash: text('key_hash').notNull(),
    field: text('field').notNull(),
    requestHash: text('request_hash').notNull(),
    commandId: text('command_id').notNull(),
    recordType: text('record_type', { enum: [...SUBJECT_TYPES, 'Session'] }),
    recordId: text('record_id'),
    imported: text('imported'),
  },
  (table) => [primaryKey({ columns: [table.keyHash, table.field] })],
);
