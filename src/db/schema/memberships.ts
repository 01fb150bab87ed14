import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { creator, flag, timestamp } from './columns.ts';

/**
 * Which customers belong to which tenants. The other `customer*` columns copy what customers are sorted and filtered
 * by, so that an index serves each order within a tenant: `customerNameKey` is `customers.nameSort`. The trigger `membership_follows_customer` keeps them up to
 * date.
 */
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
