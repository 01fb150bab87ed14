import type { Json } from './calls.ts';

export const ADDRESS = {
  name: 'Ada',
  city: 'Bonn',
  country: 'DE',
  line1: 'Am Hof 1',
  line2: 'II',
  postal_code: '53113',
  state: 'NRW',
  type: 'office',
};
const { postal_code: postalCode, ...REST_OF_ADDRESS } = ADDRESS;
const OWN_ADDRESS = { ...REST_OF_ADDRESS, postalCode };

/** Field of the document, value there; and the same in the input and the answer of /graphql. */
export const FIELDS: [string, unknown, (value: unknown) => Json, unknown?][] = [
  ['name', 'Acme', (name) => ({ name })],
  ['description', 'Makes things', (description) => ({ description })],
  ['test', true, (test) => ({ test })],
  ['companyName', 'Acme Inc.', (companyName) => ({ billing: { companyName } })],
  ['companyVATId', 'DE123', (vatId) => ({ billing: { vatId } })],
  ['companyTaxType', 'eu_vat', (taxType) => ({ billing: { taxType } })],
  ['companyTaxExempt', 'exempt', (taxExempt) => ({ billing: { taxExempt } }), 'EXEMPT'],
  ['isBusinessCustomer', true, (isBusinessCustomer) => ({ billing: { isBusinessCustomer } })],
  ['isInvoicePending', true, (isInvoicePending) => ({ billing: { isInvoicePending } })],
  [
    'stripeOneTimePaymentValidThru',
    '2027-01-01',
    (oneTimePaymentValidThrough) => ({ billing: { oneTimePaymentValidThrough } }),
  ],
  ['shippingAddress', ADDRESS, (shippingAddress) => ({ billing: { shippingAddress } }), OWN_ADDRESS],
  ['billingAddress', ADDRESS, (billingAddress) => ({ billing: { billingAddress } }), OWN_ADDRESS],
];
