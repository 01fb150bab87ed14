import * as z from 'zod';
import { command } from '../../directory/commands/command.ts';
import { choice, flag, id, otherwise, text } from '../../directory/kernel/input.ts';
import { updateTenant } from '../../directory/tenants/commands.ts';
import type { Address, TenantRecord } from '../../directory/tenants/queries.ts';

const MAX_NAMED_KEYS = 10;

/** Whatever the document does not have is refused rather than lost. */
const nothingElse = (issue: z.core.$ZodRawIssue): string =>
  issue.code === 'unrecognized_keys'
    ? `must not have ${issue.keys.slice(0, MAX_NAMED_KEYS).join(', ')}`
    : otherwise('must be an object')(issue);

const address = z
  .strictObject(
    {
      name: text.nullish(),
      city: text.nullish(),
      country: text.nullish(),
      line1: text.nullish(),
      line2: text.nullish(),
      postal_code: text.nullish(),
      state: text.nullish(),
      type: text.nullish(),
      deleted: flag.nullish(),
    },
    { error: nothingElse },
  )
  .nullish();

const EXEMPTIONS = { none: 'NONE', exempt: 'EXEMPT', reverse: 'REVERSE' } as const;
const SPELLED_EXEMPTIONS = { NONE: 'none', EXEMPT: 'exempt', REVERSE: 'reverse' } as const;

const fields = z.strictObject(
  {
    kind: z.literal('tenant', { error: otherwise('must be "tenant"') }).optional(),
    id: id.optional(),
    name: text.optional(),
    description: text.nullish(),
    companyName: text.nullish(),
    companyVATId: text.nullish(),
    companyTaxType: text.nullish(),
    companyTaxExempt: choice(['none', 'exempt', 'reverse']).optional(),
    isBusinessCustomer: flag.optional(),
    isInvoicePending: flag.optional(),
    stripeOneTimePaymentValidThru: text.nullish(),
    shippingAddress: address,
    billingAddress: address,
    test: flag.optional(),
  },
  { error: nothingElse },
);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The fields, from either form of the body: by themselves, or under `tenant`, with nothing beside it but the kind. */
function withoutForm(body: unknown, context: z.RefinementCtx): unknown {
  if (!isObject(body) || body.tenant === undefined) return withoutBlanks(body);
  const { tenant, kind, ...beside } = body;
  const refuse = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message, input: body[path] });
  const [other] = Object.keys(beside);
  if (other !== undefined) refuse(other, 'must stand inside of tenant, like the rest');
  if (!isObject(tenant)) refuse('tenant', 'must be an object');
  return withoutBlanks(isObject(tenant) && kind !== undefined ? { kind, ...tenant } : tenant);
}

/** The fields, and those of an address: what stands deeper is refused, and is not looked at. */
const LEVELS_OF_FIELDS = 2;

/** Forms in browsers send what was left empty as an empty string: nothing is known, then. */
function withoutBlanks(value: unknown, levels = LEVELS_OF_FIELDS): unknown {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  if (!isObject(value) || levels === 0) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutBlanks(part, levels - 1)]));
}

function patched(given: z.output<typeof address>) {
  if (given == null) return given;
  const { postal_code: postalCode, deleted, ...parts } = given;
  return deleted ? null : { ...parts, postalCode };
}

/** `updateTenant` of the directory in the document's words: only its input is spelled differently. */
export const updateAsSpelled = (tenantId: string) =>
  command({
    ...updateTenant,
    input: z
      .preprocess(withoutForm, fields)
      .refine((given) => given.id === undefined || given.id === tenantId.toLowerCase(), {
        path: ['id'],
        error: 'must be the one in the path',
      })
      .transform(
        (given): z.input<typeof updateTenant.input> => ({
          id: tenantId,
          name: given.name,
          description: given.description,
          test: given.test,
          billing: {
            companyName: given.companyName,
            vatId: given.companyVATId,
            taxType: given.companyTaxType,
            taxExempt: given.companyTaxExempt && EXEMPTIONS[given.companyTaxExempt],
            isBusinessCustomer: given.isBusinessCustomer,
            isInvoicePending: given.isInvoicePending,
            oneTimePaymentValidThrough: given.stripeOneTimePaymentValidThru,
            shippingAddress: patched(given.shippingAddress),
            billingAddress: patched(given.billingAddress),
          },
        }),
      )
      .pipe(updateTenant.input),
  });

function shownAddress(address: Address | null) {
  if (address === null) return null;
  const { name, city, country, line1, line2, postalCode, state, type } = address;
  return {
    name: name ?? null,
    city: city ?? null,
    country: country ?? null,
    line1: line1 ?? null,
    line2: line2 ?? null,
    postal_code: postalCode ?? null,
    state: state ?? null,
    type: type ?? null,
  };
}

/** A tenant in the document's words. It can be sent back as it is. */
export const shown = (tenant: TenantRecord) => ({
  kind: 'tenant',
  id: tenant.id,
  name: tenant.name,
  description: tenant.description,
  companyName: tenant.companyName,
  companyVATId: tenant.vatId,
  companyTaxType: tenant.taxType,
  companyTaxExempt: SPELLED_EXEMPTIONS[tenant.taxExempt],
  isBusinessCustomer: tenant.isBusinessCustomer,
  isInvoicePending: tenant.isInvoicePending,
  stripeOneTimePaymentValidThru: tenant.oneTimePaymentValidThrough,
  shippingAddress: shownAddress(tenant.shippingAddress),
  billingAddress: shownAddress(tenant.billingAddress),
  test: tenant.test,
});
