import { type SQL, sql } from 'drizzle-orm';
import { customers } from '../../db/schema/customers.ts';
import { tenants } from '../../db/schema/tenants.ts';
import { users } from '../../db/schema/users.ts';
import type { CustomerIdentifier, TenantIdentifier, UserIdentifier } from '../kernel/input.ts';
import { isHolder, sought, soughtEmail, soughtExternalId } from '../kernel/sought-keys.ts';

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
