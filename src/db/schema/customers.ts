import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { authors, flag, id, lifecycle } from './columns.ts';

/**
 * Companies and people that the organization serves. The `…Key` columns hold what is compared: trimmed, in lower case.
 * `descriptionSort` is the first 64 characters of `descriptionKey`.
 */
export const customers = sqliteTable('customer', {
  id: id(),
  kind: text('kind', { enum: ['COMPANY', 'PERSON'] }).notNull(),
  name: text('name').notNull(),
  nameKey: text('name_key').notNull(),
  shortName: text('short_name'),
  email: text('email'),
  emailKey: text('email_key'),
  emailVerified: flag('email_verified').notNull(),
  externalId: text('external_id'),
  externalIdKey: text('external_id_key'),
  description: text('description'),
  descriptionKey: text('description_key'),
  descriptionSort: text('description_sort').notNull(),
  labels: text('labels', { mode: 'json' }).$type<string[]>().notNull(),
  ...lifecycle,
  ...authors,
});

/**
 * The labels of customers, one row each, to filter by. The triggers `customer_labelled` and `customer_relabelled` fill
 * it from `customers.labels`.
 */
export const customerLabels = sqliteTable(
  'customer_label',
  {
    label: text('label').notNull(),
    customerId: text('customer_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.label, table.customerId] })],
);
