import type { Address, TenantRecord } from '../../directory/tenants/queries.ts';
import { builder } from '../shared/builder.ts';

const TaxExemption = builder.enumType('TaxExemption', {
  description: 'Whether a tenant pays tax.',
  values: {
    NONE: { description: 'It is not exempt.' },
    EXEMPT: { description: 'It is exempt.' },
    REVERSE: { description: 'The reverse charge applies: the tenant accounts for the tax itself.' },
  } as const,
});

/** The parts of an address, in the order in which they are written on an envelope. */
const ADDRESS_PARTS = {
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

const PostalAddressInput = builder.inputType('PostalAddressInput', {
  description: 'Parts of a postal address, each up to 256 characters. A part left out is untouched, null clears it.',
  fields: (t) => ({
    name: t.string({ description: ADDRESS_PARTS.name }),
    line1: t.string({ description: ADDRESS_PARTS.line1 }),
    line2: t.string({ description: ADDRESS_PARTS.line2 }),
    city: t.string({ description: ADDRESS_PARTS.city }),
    postalCode: t.string({ description: ADDRESS_PARTS.postalCode }),
    state: t.string({ description: ADDRESS_PARTS.state }),
    country: t.string({ description: ADDRESS_PARTS.country }),
    type: t.string({ description: ADDRESS_PARTS.type }),
  }),
});

const DESCRIPTIONS = {
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
    companyName: t.exposeString('companyName', { nullable: true, description: DESCRIPTIONS.companyName }),
    vatId: t.exposeString('vatId', { nullable: true, description: DESCRIPTIONS.vatId }),
    taxType: t.exposeString('taxType', { nullable: true, description: DESCRIPTIONS.taxType }),
    taxExempt: t.expose('taxExempt', { type: TaxExemption, description: DESCRIPTIONS.taxExempt }),
    isBusinessCustomer: t.exposeBoolean('isBusinessCustomer', { description: DESCRIPTIONS.isBusinessCustomer }),
    isInvoicePending: t.exposeBoolean('isInvoicePending', { description: DESCRIPTIONS.isInvoicePending }),
    oneTimePaymentValidThrough: t.exposeString('oneTimePaymentValidThrough', {
      nullable: true,
      description: DESCRIPTIONS.oneTimePaymentValidThrough,
    }),
    billingAddress: t.expose('billingAddress', {
      type: PostalAddress,
      nullable: true,
      description: DESCRIPTIONS.billingAddress,
    }),
    shippingAddress: t.expose('shippingAddress', {
      type: PostalAddress,
      nullable: true,
      description: DESCRIPTIONS.shippingAddress,
    }),
  }),
});

/** Changes to a billing profile. A part that is left out is untouched, within addresses, too. */
export const BillingProfileInput = builder.inputType('BillingProfileInput', {
  description:
    'Parts of a billing profile: a field left out is untouched; null clears what can be null. Strings up to 256 characters.',
  fields: (t) => ({
    companyName: t.string({ description: DESCRIPTIONS.companyName }),
    vatId: t.string({ description: DESCRIPTIONS.vatId }),
    taxType: t.string({ description: DESCRIPTIONS.taxType }),
    taxExempt: t.field({
      type: TaxExemption,
      description: `${DESCRIPTIONS.taxExempt} NONE for a new tenant, if not given.`,
    }),
    isBusinessCustomer: t.boolean({ description: DESCRIPTIONS.isBusinessCustomer }),
    isInvoicePending: t.boolean({ description: DESCRIPTIONS.isInvoicePending }),
    oneTimePaymentValidThrough: t.string({ description: DESCRIPTIONS.oneTimePaymentValidThrough }),
    billingAddress: t.field({ type: PostalAddressInput, description: DESCRIPTIONS.billingAddress }),
    shippingAddress: t.field({ type: PostalAddressInput, description: DESCRIPTIONS.shippingAddress }),
  }),
});
