import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import type { customers } from '../../db/schema/customers.ts';
import { sql } from '../../db/sql.ts';
import type { Values } from '../../db/statement.ts';
import { addressedAs, describedAs, identifiedAs, labelledAs, namedAs } from '../kernel/derived-columns.ts';
import { type CustomerIdentifier, choice, emailAddress, flag, labels, longText, text } from '../kernel/input.ts';
import { KEY_VERSION } from '../kernel/keys.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import { hasKey, sought, soughtEmail } from '../kernel/sought-keys.ts';
import { CUSTOMER_KINDS } from './queries.ts';

/** The fields of a customer's input, except its name. */
export const customerDetails = lazily(() => ({
  kind: choice(CUSTOMER_KINDS).optional(),
  shortName: text().nullish(),
  email: z.object({ address: emailAddress(), isVerified: flag().nullish() }).nullish(),
  externalId: text().nullish(),
  description: longText().nullish(),
  labels: labels().nullish(),
}));

/** The input of a change to a customer. */
export const customerPatch = lazily(() => z.object({ ...customerDetails(), name: text().optional() }));
/** A change to a customer, once it has been validated. */
export type CustomerPatch = OutputOf<typeof customerPatch>;
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
    ...(labels !== undefined && labelledAs(labels ?? [])),
  };
}

/**
 * Whether an address given without `isVerified` is verified: only if the customer has it already, and it was verified.
 */
const stillVerified = (address: string): SQL =>
  sql`(customer.email_verified AND ${hasKey('customer', 'email_key', sought(soughtEmail(address)))})`;

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
