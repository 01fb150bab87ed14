import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { authors, emailKeys, flag, id, keyVersion, lifecycle, nameKeys, timestamp, words } from './columns.ts';

/**
 * Companies and people that the organization serves. The `…Key` columns hold what is compared: see `kernel/keys.ts`.
 * `descriptionSort` is the first 64 characters of `descriptionKey`.
 */
export const customers = sqliteTable('customer', {
  id: id(),
  kind: text('kind', { enum: ['COMPANY', 'PERSON'] }).notNull(),
  name: text('name').notNull(),
  ...nameKeys,
  shortName: text('short_name'),
  email: text('email'),
  emailKey: text('email_key'),
  ...emailKeys,
  emailVerified: flag('email_verified').notNull(),
  externalId: text('external_id'),
  externalIdKey: text('external_id_key'),
  description: text('description'),
  descriptionKey: text('description_key'),
  descriptionWords: words('description_words'),
  descriptionSort: text('description_sort').notNull(),
  labels: text('labels', { mode: 'json' }).$type<string[]>().notNull(),
  /** What the labels are compared by, in their order; null with keys of version 1. */
  labelKeys: text('label_keys', { mode: 'json' }).$type<string[]>(),
  ...keyVersion,
  ...lifecycle,
  ...authors,
});

/**
 * The labels of customers as they are compared, one row each, to filter by. The triggers `customer_labelled` and
 * `customer_relabelled` fill it. The other `customer*` columns copy what customers are sorted and filtered by, so that an index
 * serves each order among those who carry a label: the trigger `label_follows_customer` keeps them up to date.
 */
export const customerLabels = sqliteTable(
  'customer_label',
  {
    label: text('label').notNull(),
    customerId: text('customer_id').notNull(),
    customerDeleted: flag('customer_deleted').notNull(),
    customerKind: text('customer_kind', { enum: ['COMPANY', 'PERSON'] }).notNull(),
    customerNameSort: text('customer_name_sort').notNull(),
    customerDescriptionSort: text('customer_description_sort').notNull(),
    customerUpdatedAt: timestamp('customer_updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.label, table.customerId] })],
);

/**
 * How many customers of a kind, live or hidden, carry a label. The triggers `label_count_up`, `label_count_down` and
 * `label_count_moved` keep it up to date.
 */
export const labelCounts = sqliteTable(
  'label_count',
  {
    label: text('label').notNull(),
    customerDeleted: flag('customer_deleted').notNull(),
    customerKind: text('customer_kind', { enum: ['COMPANY', 'PERSON'] }).notNull(),
    customers: integer('customers').notNull(),
  },
  (table) => [primaryKey({ columns: [table.label, table.customerDeleted, table.customerKind] })],
);
