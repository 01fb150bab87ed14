import { builder } from '../shared/builder.ts';
import { ADDRESS_PARTS, BILLING_DESCRIPTIONS, TaxExemption } from './billing.ts';

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

/** Changes to a billing profile. A part that is left out is untouched, within addresses, too. */
export const BillingProfileInput = builder.inputType('BillingProfileInput', {
  description:
    'Parts of a billing profile: a field left out is untouched; null clears what can be null. Strings up to 256 characters.',
  fields: (t) => ({
    companyName: t.string({ description: BILLING_DESCRIPTIONS.companyName }),
    vatId: t.string({ description: BILLING_DESCRIPTIONS.vatId }),
    taxType: t.string({ description: BILLING_DESCRIPTIONS.taxType }),
    taxExempt: t.field({
      type: TaxExemption,
      description: `${BILLING_DESCRIPTIONS.taxExempt} NONE for a new tenant, if not given.`,
    }),
    isBusinessCustomer: t.boolean({ description: BILLING_DESCRIPTIONS.isBusinessCustomer }),
    isInvoicePending: t.boolean({ description: BILLING_DESCRIPTIONS.isInvoicePending }),
    oneTimePaymentValidThrough: t.string({ description: BILLING_DESCRIPTIONS.oneTimePaymentValidThrough }),
    billingAddress: t.field({ type: PostalAddressInput, description: BILLING_DESCRIPTIONS.billingAddress }),
    shippingAddress: t.field({ type: PostalAddressInput, description: BILLING_DESCRIPTIONS.shippingAddress }),
  }),
});
