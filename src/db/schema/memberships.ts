import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { creator, flag, timestamp } from './columns.ts';

/** The `customer*` columns follow the customer by trigger: the page orders of a tenant's customers. */
export const memberships = sqliteTable(
  'membership',
  {
    tenantId: text('tenant_id').notNull(),
    customerId: text('customer_id').notNull(),
    createdAt: timestamp('created_at').notNull(),
    ...creator,
    customerDeleted: flag('customer_deleted').notNull(),
    customerKind: text('customer_kind', { enum: ['COMPANY', 'PERSON'] }).notNull(),
    customerNameKey: text('customer_name_key').notNull(),
    customerDescriptionSort: text('customer_description_sort').notNull(),
    customerUpdatedAt: timestamp('customer_updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.customerId] })],
);
