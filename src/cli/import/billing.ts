import { choice, flag, type Reading, type Row, texts } from './cells.ts';

const ADDRESSES = { billingAddress: 'where invoices go', shippingAddress: 'where goods go' };
const ADDRESS_PARTS = ['name', 'line1', 'line2', 'city', 'postalCode', 'state', 'country', 'type'];

/** Returns the name of the column for a part of an address: `billingAddressCity`. */
const columnOf = (address: string, part: string) => `${address}${part.charAt(0).toUpperCase()}${part.slice(1)}`;

/** The columns for how a tenant is invoiced, each with its description. */
export const BILLING_COLUMNS: Record<string, string> = {
  companyName: 'the name under which it is invoiced',
  vatId: 'its value-added-tax number',
  taxType: 'the kind of that number, such as eu_vat',
  taxExempt: 'NONE, EXEMPT or REVERSE',
  isBusinessCustomer: 'true or false',
  isInvoicePending: 'true or false',
  oneTimePaymentValidThrough: 'until when a one-time payment lasts',
  ...Object.fromEntries(
    Object.entries(ADDRESSES).flatMap(([address, about]) =>
      ADDRESS_PARTS.map((part) => [columnOf(address, part), about]),
    ),
  ),
};

/** Reads how a tenant is invoiced; undefined where no cell says anything of it. Parts of an address without a cell stay. */
export function billingOf(reading: Reading): Row | undefined {
  const addresses = Object.keys(ADDRESSES).map((address): [string, Row | undefined] => {
    const parts = ADDRESS_PARTS.map((part): [string, unknown] => [part, reading.cells.get(columnOf(address, part))]);
    return [address, ifAny(Object.fromEntries(parts))];
  });
  return ifAny({
    ...texts(reading, ['companyName', 'vatId', 'taxType', 'oneTimePaymentValidThrough']),
    taxExempt: choice(reading, 'taxExempt', ['NONE', 'EXEMPT', 'REVERSE']),
    isBusinessCustomer: flag(reading, 'isBusinessCustomer'),
    isInvoicePending: flag(reading, 'isInvoicePending'),
    ...Object.fromEntries(addresses),
  });
}

const ifAny = (row: Row): Row | undefined =>
  Object.values(row).every((value) => value === undefined) ? undefined : row;
