import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import type { customers } from '../../db/schema/customers.ts';
import type { Values } from '../../db/statement.ts';
import {
  type CustomerIdentifier,
  choice,
  comparable,
  emailAddress,
  flag,
  labels,
  longText,
  text,
} from '../kernel/input.ts';
import { CUSTOMER_KINDS } from './queries.ts';

/** What a customer is described by, beside its name. */
export const customerDetails = {
  kind: choice(CUSTOMER_KINDS).optional(),
  shortName: text.nullish(),
  email: z.object({ address: emailAddress, isVerified: flag.nullish() }).nullish(),
  externalId: text.nullish(),
  description: longText.nullish(),
  labels: labels.nullish(),
};

export const customerPatch = z.object({ ...customerDetails, name: text.optional() });
export type CustomerPatch = z.output<typeof customerPatch>;
type CustomerValues = Values<typeof customers>;

/** The columns that a patch sets: a field left out is untouched, null clears it. */
export function patchedCustomer(patch: CustomerPatch): CustomerValues {
  const { name, kind, shortName, email, externalId, description, labels } = patch;
  return {
    ...(name !== undefined && { name, nameKey: comparable(name) }),
    ...(kind !== undefined && { kind }),
    ...(shortName !== undefined && { shortName }),
    ...(email !== undefined && {
      email: email === null ? null : email.address,
      emailKey: email && comparable(email.address),
      emailVerified: email ? (email.isVerified ?? stillVerified(email.address)) : false,
    }),
    ...(externalId !== undefined && { externalId, externalIdKey: externalId && comparable(externalId) }),
    ...(description !== undefined && describedAs(description)),
    ...(labels !== undefined && { labels: labels ?? [] }),
  };
}

/** How many characters of a description customers are sorted by. */
export const MAX_DESCRIPTION_SORT = 64;

function describedAs(description: string | null): CustomerValues {
  const key = description && comparable(description);
  const descriptionSort = [...(key ?? '')].slice(0, MAX_DESCRIPTION_SORT).join('');
  return { description, descriptionKey: key, descriptionSort };
}

/** An address given without a word on its verification keeps what was known of it; another one is not verified. */
const stillVerified = (address: string): SQL =>
  sql`(customer.email_key IS ${comparable(address)} AND customer.email_verified)`;

/** The columns of a new customer: a company unless said otherwise, its e-mail not verified. */
export function newCustomer({ email, ...patch }: CustomerPatch): CustomerValues {
  const unverified = email && { ...email, isVerified: email.isVerified ?? false };
  return {
    kind: 'COMPANY',
    emailVerified: false,
    labels: [],
    descriptionSort: '',
    ...patchedCustomer({ ...patch, email: unverified ?? null }),
  };
}

/** A customer that an upsert creates has the identifier that it was looked up by. */
export const withIdentifier = ({ email, externalId }: CustomerIdentifier, patch: CustomerPatch): CustomerPatch => ({
  ...patch,
  email: patch.email ?? (email == null ? undefined : { address: email }),
  externalId: patch.externalId ?? externalId,
});
