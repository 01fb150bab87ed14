import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import type { customers } from '../../db/schema/customers.ts';
import type { Values } from '../../db/statement.ts';
import { addressedAs, identifiedAs, namedAs } from '../kernel/derived-columns.ts';
import { keyOfEmail } from '../kernel/email-address.ts';
import { folded, indexedWords, WORD_SIGNS } from '../kernel/folding.ts';
import { type CustomerIdentifier, choice, emailAddress, flag, labels, longText, text } from '../kernel/input.ts';
import { KEY_VERSION, keyOfLabel } from '../kernel/keys.ts';
import { CUSTOMER_KINDS } from './queries.ts';

/** The fields of a customer's input, except its name. */
export const customerDetails = {
  kind: choice(CUSTOMER_KINDS).optional(),
  shortName: text.nullish(),
  email: z.object({ address: emailAddress, isVerified: flag.nullish() }).nullish(),
  externalId: text.nullish(),
  description: longText.nullish(),
  labels: labels.nullish(),
};

/** The input of a change to a customer. */
export const customerPatch = z.object({ ...customerDetails, name: text.optional() });
/** A change to a customer, once it has been validated. */
export type CustomerPatch = z.output<typeof customerPatch>;
type CustomerValues = Values<typeof customers>;

/** Returns the columns that a change sets. A field left out stays as it is, and null clears it. */
export function patchedCustomer(patch: CustomerPatch): CustomerValues {
  const { name, kind, shortName, email, externalId, description, labels } = patch;
  return {
    ...(name !== undefined && namedAs(name)),
    ...(kind !== undefined && { kind }),
    ...(shortName !== undefined && { shortName }),
    ...(email !== undefined && {
      ...addressedAs(email === null ? null : email.address),
      emailVerified: email ? (email.isVerified ?? stillVerified(email.address)) : false,
    }),
    ...(externalId !== undefined && identifiedAs(externalId)),
    ...(description !== undefined && describedAs(description)),
    ...(labels !== undefined && { labels: labels ?? [], labelKeys: (labels ?? []).map(keyOfLabel) }),
  };
}

/** By how many characters of their descriptions customers are sorted. */
export const MAX_DESCRIPTION_SORT = 64;

function describedAs(description: string | null): CustomerValues {
  if (description === null) {
    return { description, descriptionKey: null, descriptionWords: null, descriptionSort: '' };
  }
  const key = folded(description);
  const descriptionSort = [...key].slice(0, MAX_DESCRIPTION_SORT).join('');
  return {
    description,
    descriptionKey: key,
    descriptionWords: indexedWords(key, WORD_SIGNS.DESCRIPTION),
    descriptionSort,
  };
}

/**
 * Whether an address given without `isVerified` is verified: only if the customer has it already, and it was verified.
 */
const stillVerified = (address: string): SQL =>
  sql`(customer.email_key IS ${keyOfEmail(address)} AND customer.email_verified)`;

/**
 * Returns the columns of a new customer. Unless the input says otherwise, it is a company with an unverified e-mail.
 */
export function newCustomer({ email, ...patch }: CustomerPatch): CustomerValues {
  const unverified = email && { ...email, isVerified: email.isVerified ?? false };
  return {
    kind: 'COMPANY',
    emailVerified: false,
    labels: [],
    labelKeys: [],
    keyVersion: KEY_VERSION,
    descriptionSort: '',
    ...patchedCustomer({ ...patch, email: unverified ?? null }),
  };
}

/** Adds the identifier that an upsert looks for to the input, so that a customer created by the upsert has it. */
export const withIdentifier = ({ email, externalId }: CustomerIdentifier, patch: CustomerPatch): CustomerPatch => ({
  ...patch,
  email: patch.email ?? (email == null ? undefined : { address: email }),
  externalId: patch.externalId ?? externalId,
});
