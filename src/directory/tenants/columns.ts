import type { Column, SQL } from 'drizzle-orm';
import * as z from 'zod';
import { type Address, tenants } from '../../db/schema/tenants.ts';
import { sql } from '../../db/sql.ts';
import type { Values } from '../../db/statement.ts';
import type { StoredColumns } from '../imports/stored-columns.ts';
import { identifiedAs, namedAs } from '../kernel/derived-columns.ts';
import { choice, flag, freeUrl, longText, otherwise, text } from '../kernel/input.ts';
import { KEY_VERSION } from '../kernel/keys.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import { TAX_EXEMPTIONS, TENANT_STATUSES } from './queries.ts';

const address = lazily(() =>
  z
    .object({
      name: text().nullish(),
      line1: text().nullish(),
      line2: text().nullish(),
      city: text().nullish(),
      postalCode: text().nullish(),
      state: text().nullish(),
      country: text().nullish(),
      type: text().nullish(),
    })
    .nullish(),
);
type AddressPatch = OutputOf<typeof address>;

const billing = lazily(() =>
  z.object(
    {
      companyName: text().nullish(),
      vatId: text().nullish(),
      taxType: text().nullish(),
      taxExempt: choice(TAX_EXEMPTIONS).optional(),
      isBusinessCustomer: flag().optional(),
      isInvoicePending: flag().optional(),
      oneTimePaymentValidThrough: text().nullish(),
      billingAddress: address(),
      shippingAddress: address(),
    },
    { error: otherwise('must be an object') },
  ),
);

/** The field of an input that has each column of a tenant's billing profile. */
export const billingFields = lazily(() =>
  Object.fromEntries(Object.keys(billing().shape).map((column) => [column, 'billing'])),
);

/** The fields of a tenant's input, except its name. */
export const tenantDetails = lazily(() => ({
  externalId: text().nullish(),
  url: freeUrl().nullish(),
  description: longText().nullish(),
  status: choice(TENANT_STATUSES).optional(),
  partnerManaged: flag().optional(),
  eventEnrichment: flag().optional(),
  test: flag().optional(),
  billing: billing().optional(),
}));

type TenantPatch = z.output<z.ZodObject<ReturnType<typeof tenantDetails>>> & { name?: string | undefined };
type TenantValues = Values<typeof tenants>;

/**
 * Returns the columns that a change sets. A field or a part of an address left out stays as it is, and null clears it.
 */
export function patchedTenant({ name, externalId, billing, ...patch }: TenantPatch): TenantValues {
  const { billingAddress, shippingAddress, ...scalars } = billing ?? {};
  return {
    ...patch,
    ...scalars,
    ...(name !== undefined && namedAs(name)),
    ...(externalId !== undefined && identifiedAs(externalId)),
    billingAddress: patchedAddress(tenants.billingAddress, billingAddress),
    shippingAddress: patchedAddress(tenants.shippingAddress, shippingAddress),
  };
}

/** Changes an address part by part, as a JSON Merge Patch (RFC 7396) does. Without any part, no address is left. */
function patchedAddress(column: Column, patch: AddressPatch): SQL | null | undefined {
  if (patch == null) return patch;
  return sql`nullif(json_patch(coalesce(${column}, '{}'), ${JSON.stringify(patch)}), '{}')`;
}

/**
 * Returns the columns that an import sets in a tenant that exists: what `patchedTenant` returns, with addresses that it
 * makes of the stored ones itself. A part that stays as it is changes nothing.
 */
export function importedTenant(patch: TenantPatch, stored: StoredColumns): TenantValues {
  const { billingAddress, shippingAddress } = patch.billing ?? {};
  return {
    ...patchedTenant(patch),
    billingAddress: importedAddress(stored.billing_address, billingAddress),
    shippingAddress: importedAddress(stored.shipping_address, shippingAddress),
  };
}

function importedAddress(stored: StoredColumns[string] | undefined, patch: AddressPatch): Address | null | undefined {
  if (patch == null) return patch;
  const before: Address = typeof stored === 'string' ? JSON.parse(stored) : {};
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  const isSame = given.every(([part, value]) => (before[part as keyof Address] ?? null) === value);
  return isSame ? undefined : newAddress({ ...before, ...Object.fromEntries(given) });
}

/** Returns the columns of a new tenant. Unless the input says otherwise, it is active and managed by a partner. */
export function newTenant({ billing, ...patch }: TenantPatch): TenantValues {
  return {
    ...patchedTenant({ ...patch, billing }),
    keyVersion: KEY_VERSION,
    status: patch.status ?? 'ACTIVE',
    partnerManaged: patch.partnerManaged ?? true,
    eventEnrichment: patch.eventEnrichment ?? false,
    test: patch.test ?? false,
    taxExempt: billing?.taxExempt ?? 'NONE',
    isBusinessCustomer: billing?.isBusinessCustomer ?? false,
    isInvoicePending: billing?.isInvoicePending ?? false,
    billingAddress: newAddress(billing?.billingAddress),
    shippingAddress: newAddress(billing?.shippingAddress),
  };
}

function newAddress(patch: AddressPatch): Address | null {
  const parts = Object.entries(patch ?? {}).filter(([, value]) => value != null);
  return parts.length === 0 ? null : Object.fromEntries(parts);
}
