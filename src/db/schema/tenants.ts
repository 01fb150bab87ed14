import { sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { authors, flag, id, keyVersion, lifecycle, nameKeys } from './columns.ts';

/** A postal address as it is stored: only the parts that are known. */
export interface Address {
  name?: string;
  line1?: string;
  line2?: string;
  city?: string;
  postalCode?: string;
  state?: string;
  country?: string;
  type?: string;
}

/**
 * Accounts of the product that the organization sells, with their billing. The `…Key` columns hold what is compared:
 * see `kernel/keys.ts`.
 */
export const tenants = sqliteTable('tenant', {
  id: id(),
  name: text('name').notNull(),
  ...nameKeys,
  externalId: text('external_id'),
  externalIdKey: text('external_id_key'),
  ...keyVersion,
  url: text('url'),
  description: text('description'),
  status: text('status', { enum: ['ACTIVE', 'PENDING', 'DEACTIVATED'] }).notNull(),
  partnerManaged: flag('partner_managed').notNull(),
  eventEnrichment: flag('event_enrichment').notNull(),
  test: flag('test').notNull(),
  companyName: text('company_name'),
  vatId: text('vat_id'),
  taxType: text('tax_type'),
  taxExempt: text('tax_exempt', { enum: ['NONE', 'EXEMPT', 'REVERSE'] }).notNull(),
  isBusinessCustomer: flag('is_business_customer').notNull(),
  isInvoicePending: flag('is_invoice_pending').notNull(),
  oneTimePaymentValidThrough: text('one_time_payment_valid_through'),
  billingAddress: text('billing_address', { mode: 'json' }).$type<Address>(),
  shippingAddress: text('shipping_address', { mode: 'json' }).$type<Address>(),
  ...lifecycle,
  ...authors,
});
