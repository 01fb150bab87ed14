import type { Address, TenantRecord } from '../../directory/tenants/queries.ts';
import { builder } from '../shared/builder.ts';

export const TaxExemption = builder.enumType('TaxExemption', {
  description: 'Whether a tenant pays tax.',
  values: {
    NONE: { description: 'It is not exempt.' },
    EXEMPT: { description: 'It is exempt.' },
    REVERSE: { description: 'The reverse charge applies: the tenant accounts for the tax itself.' },
  } as const,
});

/** The parts of an address, in the order in which they are written on an envelope. */
export const ADDRESS_PARTS = {
  name: 'The name of the recipient.',
  line1: 'Street and number, or a post-office box.',
  line2: 'Floor, suite or building.',
  city: 'The city.',
  postalCode: 'The postal code.',
  state: 'The state, province or region.',
  country: 'The country, best as an ISO 3166-1 alpha-2 code.',
  type: 'What kind of address this is, in words of your own.',
} as const;

const parts = Object.entries(ADDRESS_PARTS) as [keyof Address, string][];

const PostalAddress = builder.objectRef<Address>('PostalAddress').implement({
  description: 'A postal address. A part is null where it is not known.',
  fields: (t) =>
    Object.fromEntries(
      parts.map(([part, description]) => [
        part,
        t.string({ nullable: true, description, resolve: (address) => address[part] ?? null }),
      ]),
    ),
});

export const BILLING_DESCRIPTIONS = {
  companyName: 'The name under which the tenant is invoiced.',
  vatId: 'The value-added-tax number.',
  taxType: 'The kind of tax number, best as one of Stripe’s tax id types, such as `eu_vat`.',
  taxExempt: 'Whether the tenant pays tax.',
  isBusinessCustomer: 'Whether the tenant buys as a business.',
  isInvoicePending: 'Whether an invoice is waiting to be paid.',
  oneTimePaymentValidThrough: 'Until when a one-time payment lasts, best as an RFC 3339 date.',
  billingAddress: 'Where invoices go.',
  shippingAddress: 'Where goods go.',
} as const;

/** How a tenant is invoiced. It is a part of the record of the tenant, and read with it. */
export const BillingProfile = builder.objectRef<TenantRecord>('BillingProfile').implement({
  description: 'How a tenant is invoiced. Strings are kept as given, and null where nothing was.',
  fields: (t) => ({
    companyName: t.exposeString('companyName', { nullable: true, description: BILLING_DESCRIPTIONS.companyName }),
    vatId: t.exposeString('vatId', { nullable: true, description: BILLING_DESCRIPTIONS.vatId }),
    taxType: t.exposeString('taxType', { nullable: true, description: BILLING_DESCRIPTIONS.taxType }),
    taxExempt: t.expose('taxExempt', { type: TaxExemption, description: BILLING_DESCRIPTIONS.taxExempt }),
    isBusinessCustomer: t.exposeBoolean('isBusinessCustomer', { description: BILLING_DESCRIPTIONS.isBusinessCustomer }),
    isInvoicePending: t.exposeBoolean('isInvoicePending', { description: BILLING_DESCRIPTIONS.isInvoicePending }),
    oneTimePaymentValidThrough: t.exposeString('oneTimePaymentValidThrough', {
      nullable: true,
      description: BILLING_DESCRIPTIONS.oneTimePaymentValidThrough,
    }),
    billingAddress: t.expose('billingAddress', {
      type: PostalAddress,
      nullable: true,
      description: BILLING_DESCRIPTIONS.billingAddress,
    }),
    shippingAddress: t.expose('shippingAddress', {
      type: PostalAddress,
      nullable: true,
      description: BILLING_DESCRIPTIONS.shippingAddress,
    }),
  }),
});
