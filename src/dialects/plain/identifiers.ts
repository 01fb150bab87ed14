import * as z from 'zod';
import { emailAddress, exactlyOne, id, MAX_IDENTIFIERS, otherwise, text } from '../../directory/kernel/input.ts';
import { lazily } from '../../directory/kernel/lazily.ts';
import { isBlank } from '../shared/blanks.ts';
import { builder, type InputFields } from './builder.ts';
import { fromPlainId, localId } from './ids.ts';

/** An id of this type, as Plain spells it. */
export const idOf = (type: 'Customer' | 'Tenant' | 'Webhook') =>
  z.preprocess((given) => (typeof given === 'string' ? localId(type, given) : given), id());

/** Returns the schema of an identifier of which only what is not empty counts as given. */
const exactlyOneGiven = <const S extends Record<string, z.ZodType<string>>>(shape: S) =>
  z.preprocess((given) => {
    if (typeof given !== 'object' || given === null) return given;
    return Object.fromEntries(Object.entries(given).filter(([, value]) => isGiven(value)));
  }, exactlyOne(shape));

export const customerIdentifier = lazily(() =>
  exactlyOneGiven({
    customerId: idOf('Customer'),
    emailAddress: emailAddress(),
    externalId: text(),
  }).transform(({ customerId, emailAddress: email, externalId }) => ({ id: customerId, email, externalId })),
);

/** A tenant without an external id shows its id in place of one: given back, that still names it. */
export const tenantIdentifier = lazily(() =>
  exactlyOneGiven({ tenantId: idOf('Tenant'), externalId: text() }).transform(({ tenantId, externalId }) => {
    const shownId = externalId == null ? null : fromPlainId('Tenant', externalId);
    return shownId === null ? { id: tenantId, externalId } : { id: shownId };
  }),
);

export const tenantIdentifiers = lazily(() =>
  z
    .array(tenantIdentifier(), { error: otherwise('must be a list') })
    .max(MAX_IDENTIFIERS, `must be at most ${MAX_IDENTIFIERS}`),
);

const customerFields = (t: InputFields) => ({
  customerId: t.id({ description: 'Its id, which begins with `c_`, or a UUID.' }),
  emailAddress: t.string({ description: 'Its e-mail address, without regard to case.' }),
  externalId: t.id({ description: 'Its external id, with regard to case.' }),
});

export const CustomerIdentifierInput = builder.inputType('CustomerIdentifierInput', {
  description: 'Names one customer, by exactly one of these.',
  fields: customerFields,
});

export const UpsertCustomerIdentifierInput = builder.inputType('UpsertCustomerIdentifierInput', {
  description: 'Names one customer, by exactly one of these. By its id, a customer is only changed and never created.',
  fields: customerFields,
});

export const TenantIdentifierInput = builder.inputType('TenantIdentifierInput', {
  description: 'Names one tenant, by exactly one of these.',
  fields: (t) => ({
    tenantId: t.id({ description: 'Its id, which begins with `te_`, or a UUID.' }),
    externalId: t.string({ description: 'Its external id, with regard to case, or what it shows in place of one.' }),
  }),
});

/** Whether there is a value, and no empty string in place of one. */
export const isGiven = (value: unknown): boolean => value != null && !isBlank(value);

const IDENTIFIER = /^(.*[iI]dentifiers?(?:\.\d+)?)\.\w+$/;

/** Where in the input a rule of the directory found something wrong, in the words of who gave the identifier there. */
export function asGiven(input: unknown, path: string): string {
  const [, place] = IDENTIFIER.exec(path) ?? [];
  if (place === undefined) return path;
  const [given] = Object.entries(valueAt(input, place) ?? {}).find(([, value]) => isGiven(value)) ?? [];
  return given === undefined ? path : `${place}.${given}`;
}

/** What stands at a path of the input, such as `tenantIdentifiers.1`. */
export const valueAt = (input: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => new Map(Object.entries(value ?? {})).get(name), input);
