import { type SQL, sql } from 'drizzle-orm';
import { customers } from '../../db/schema/customers.ts';
import { tenants } from '../../db/schema/tenants.ts';
import { users } from '../../db/schema/users.ts';
import { keyOfEmail } from '../kernel/email-address.ts';
import type { CustomerIdentifier, TenantIdentifier, UserIdentifier } from '../kernel/input.ts';
import { keyOfExternalId } from '../kernel/keys.ts';

/** A condition over the columns of `customer`: not hidden. */
export const CUSTOMER_IS_LIVE = sql`customer.deleted_at IS NULL`;

/** A condition over the columns of `tenant`: not hidden. */
export const TENANT_IS_LIVE = sql`tenant.deleted_at IS NULL`;

/** A condition over the columns of `user`: hidden neither itself nor with its customer. */
export const USER_IS_LIVE = sql`user.deleted = 0`;

/** Returns a condition that matches the live customer with an identifier. */
export function isCustomer({ id, email, externalId }: CustomerIdentifier): SQL {
  if (id != null) return sql`${customers.id} = ${id} AND ${CUSTOMER_IS_LIVE}`;
  if (email != null) return sql`${customers.emailKey} = ${keyOfEmail(email)} AND ${CUSTOMER_IS_LIVE}`;
  return sql`${customers.externalIdKey} = ${keyOfExternalId(externalId ?? '')} AND ${CUSTOMER_IS_LIVE}`;
}

/** Returns a condition that matches the live tenant with an identifier. */
export function isTenant({ id, externalId }: TenantIdentifier): SQL {
  if (id != null) return sql`${tenants.id} = ${id} AND ${TENANT_IS_LIVE}`;
  return sql`${tenants.externalIdKey} = ${keyOfExternalId(externalId ?? '')} AND ${TENANT_IS_LIVE}`;
}

/** Returns a condition that matches the live user with an identifier. */
export function isUser({ id, email, externalId }: UserIdentifier): SQL {
  if (id != null) return sql`${users.id} = ${id} AND ${USER_IS_LIVE}`;
  // The unique indexes hold those who are not hidden themselves.
  const named =
    email == null
      ? sql`${users.externalIdKey} = ${keyOfExternalId(externalId ?? '')}`
      : sql`${users.emailKey} = ${keyOfEmail(email)}`;
  return sql`${named} AND ${users.deletedAt} IS NULL AND ${USER_IS_LIVE}`;
}
