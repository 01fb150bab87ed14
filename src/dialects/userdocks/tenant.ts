import * as z from 'zod';
import { choice, flag, id, otherwise, shortText, text } from '../../directory/kernel/input.ts';
import { type InputOf, lazily } from '../../directory/kernel/lazily.ts';
import { updateTenant } from '../../directory/tenants/commands.ts';
import type { Address, TenantRecord } from '../../directory/tenants/queries.ts';
import { isBlank } from '../shared/blanks.ts';
import { type Fields, renamed, shapeOf, spelled } from '../shared/fields.ts';

const MAX_NAMED_KEYS = 10;

/** Whatever the document does not have is refused rather than lost. */
const nothingElse = (issue: z.core.$ZodRawIssue): string =>
  issue.code === 'unrecognized_keys'
    ? `must not have ${issue.keys.slice(0, MAX_NAMED_KEYS).join(', ')}`
    : otherwise('must be an object')(issue);

const ADDRESS = {
  name: { schema: () => text().nullish() },
  city: { schema: () => text().nullish() },
  country: { schema: () => text().nullish() },
  line1: { schema: () => text().nullish() },
  line2: { schema: () => text().nullish() },
  postal_code: { schema: () => text().nullish(), to: 'postalCode' },
  state: { schema: () => text().nullish() },
  type: { schema: () => text().nullish() },
} as const satisfies Fields;

const address = lazily(() =>
  z
    .strictObject({ ...shapeOf(ADDRESS), deleted: flag().nullish() }, { error: nothingElse })
    .transform(({ deleted, ...parts }) => (deleted ? null : renamed(ADDRESS, parts)))
    .nullish(),
);

const EXEMPTIONS = { none: 'NONE', exempt: 'EXEMPT', reverse: 'REVERSE' } as const;
const SPELLED_EXEMPTIONS = { NONE: 'none', EXEMPT: 'exempt', REVERSE: 'reverse' } as const;

/** What is always there is cleared to what it is in a new tenant. */
const cleared = <Value>(schema: z.ZodType<Value>, initial: Value) =>
  schema.nullish().transform((given) => (given === null ? initial : given));

/** What the directory has under `billing`. */
const BILLING = {
  companyName: { schema: () => text().nullish() },
  companyVATId: { schema: () => text().nullish(), to: 'vatId' },
  companyTaxType: { schema: () => text().nullish(), to: 'taxType' },
  companyTaxExempt: {
    schema: () => cleared(choice(['none', 'exempt', 'reverse']), 'none').transform((word) => word && EXEMPTIONS[word]),
    to: 'taxExempt',
  },
  isBusinessCustomer: { schema: () => cleared(flag(), false) },
  isInvoicePending: { schema: () => cleared(flag(), false) },
  stripeOneTimePaymentValidThru: { schema: () => text().nullish(), to: 'oneTimePaymentValidThrough' },
  shippingAddress: { schema: address },
  billingAddress: { schema: address },
} as const satisfies Fields;

const tenant = lazily(() =>
  z.strictObject(
    {
      kind: z.literal('tenant', { error: otherwise('must be "tenant"') }).nullish(),
      id: id().nullish(),
      name: text().optional(),
      description: shortText().nullish(),
      ...shapeOf(BILLING),
      test: cleared(flag(), false),
    },
    { error: nothingElse },
  ),
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
  if (isBlank(value)) return null;
  if (!isObject(value) || levels === 0) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutBlanks(part, levels - 1)]));
}

/** `updateTenant` of the directory for the tenant that the path names. */
export const updateAsSpelled = (tenantId: string) =>
  spelled(updateTenant, () =>
    z
      .preprocess(withoutForm, tenant())
      .refine((given) => given.id == null || given.id === tenantId.toLowerCase(), {
        path: ['id'],
        error: 'must be the one in the path',
      })
      .transform(
        ({ kind: _kind, id: _id, name, description, test, ...billing }): InputOf<typeof updateTenant.input> => ({
          id: tenantId,
          name,
          description,
          test,
          billing: renamed(BILLING, billing),
        }),
      ),
  );

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
