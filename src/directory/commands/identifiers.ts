import type { SQL } from 'drizzle-orm';
import { customers } from '../../db/schema/customers.ts';
import { tenants } from '../../db/schema/tenants.ts';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { customerInReach, type Reach } from '../access/reach.ts';
import type { CustomerIdentifier, TenantIdentifier, UserIdentifier } from '../kernel/input.ts';
import { isHolder, sought, soughtEmail, soughtExternalId } from '../kernel/sought-keys.ts';
import { missingUnless, pathOf } from './references.ts';

/** A condition over the columns of `customer`: not hidden. */
export const CUSTOMER_IS_LIVE = sql`customer.deleted_at IS NULL`;

/** A condition over the columns of `tenant`: not hidden. */
export const TENANT_IS_LIVE = sql`tenant.deleted_at IS NULL`;

/** A condition over the columns of `user`: hidden neither itself nor with its customer. */
export const USER_IS_LIVE = sql`user.deleted = 0`;

/** Returns a condition that matches the live customer with an identifier. */
export function isCustomer({ id, email, externalId }: CustomerIdentifier): SQL {
  if (id != null) return sql`${customers.id} = ${id} AND ${CUSTOMER_IS_LIVE}`;
  if (email != null) return isHolder('customer', 'email_key', sought(soughtEmail(email)));
  return isHolder('customer', 'external_id_key', sought(soughtExternalId(externalId ?? '')));
}

/** Returns the id of the live customer in reach that an identifier names, as an expression: NULL if there is none. */
export const customerNamed = (reach: Reach, identifier: CustomerIdentifier): SQL =>
  sql`(SELECT customer.id FROM customer WHERE ${isCustomer(identifier)} AND ${customerInReach(reach, sql`customer.id`)})`;

/** Selects the row of a reference to a customer that is not there. */
export const noCustomer = (customerId: SQL, identifier: CustomerIdentifier): SQL =>
  missingUnless(sql`${customerId} IS NOT NULL`, pathOf('customerIdentifier', identifier), 'customer');

/** Returns a condition that matches the live tenant with an identifier. */
export function isTenant({ id, externalId }: TenantIdentifier): SQL {
  if (id != null) return sql`${tenants.id} = ${id} AND ${TENANT_IS_LIVE}`;
  return isHolder('tenant', 'external_id_key', sought(soughtExternalId(externalId ?? '')));
}

/** Returns a condition that matches the live user with an identifier. */
export function isUser({ id, email, externalId }: UserIdentifier): SQL {
  if (id != null) return sql`${users.id} = ${id} AND ${USER_IS_LIVE}`;
  // The unique indexes hold those who are not hidden themselves.
  const named =
    email == null
      ? isHolder('user', 'external_id_key', sought(soughtExternalId(externalId ?? '')))
      : isHolder('user', 'email_key', sought(soughtEmail(email)));
  return sql`${named} AND ${USER_IS_LIVE}`;
}

/** How an input names the record that it is about, once it has been validated: by exactly one of the two. */
export interface Naming<Identifier extends Record<string, unknown>> {
  id?: string | null | undefined;
  identifier?: Identifier | null | undefined;
}

/** A record as an input names it. */
export interface NamedTarget {
  /**
   * An expression for its id. One that was given as `id` may be hidden; an identifier names a live record, and another or none
   * as soon as the change has written: what follows the writes goes by the recorded event.
   */
  readonly id: SQL;
  /** Where in the input it is named. */
  readonly path: string;
}

/** Returns the record that an input names. `find` selects the id of the live record with an identifier. */
export function targetOf<Identifier extends Record<string, unknown>>(
  { id, identifier }: Naming<Identifier>,
  find: (identifier: Identifier) => SQL,
): NamedTarget {
  if (identifier == null) return { id: sql`${id}`, path: 'id' };
  return { id: find(identifier), path: pathOf('identifier', identifier) };
}

/** Returns the customer that an input names. */
export const customerTarget = (given: Naming<CustomerIdentifier>): NamedTarget =>
  targetOf(given, (identifier) => sql`(SELECT customer.id FROM customer WHERE ${isCustomer(identifier)})`);

/** Returns the tenant that an input names. */
export const tenantTarget = (given: Naming<TenantIdentifier>): NamedTarget =>
  targetOf(given, (identifier) => sql`(SELECT tenant.id FROM tenant WHERE ${isTenant(identifier)})`);

/** Returns the user whom an input names. */
export const userTarget = (given: Naming<UserIdentifier>): NamedTarget =>
  targetOf(given, (identifier) => sql`(SELECT user.id FROM user WHERE ${isUser(identifier)})`);
