import { type SQL, sql } from 'drizzle-orm';
import { type Reach, tenantInReach } from '../access/reach.ts';
import { OWNER_ROLE_ID, TENANT_ADMIN_ROLE_ID } from '../kernel/built-in-roles.ts';
import { LastAdminError, LastOwnerError } from '../kernel/errors.ts';
import type { Check } from './command.ts';

/**
 * The organization keeps an owner, and a tenant that has admins keeps one: of those who are ACTIVE, or, where nobody is,
 * of all who are live. `leaves` says over `id` whether a user is one of those who are about to lose the role or be hidden.
 */
const keepsNobody = (isActive: SQL, leaves: SQL): SQL =>
  sql`max(${leaves}) AND NOT CASE WHEN max(${isActive}) THEN max(${isActive} AND NOT ${leaves}) ELSE max(NOT ${leaves}) END`;

/** An owner is a live user with the built-in role of that name. */
export function keepsOwner(leaves: (userId: SQL) => SQL): Check<unknown> {
  return {
    problem: sql`(SELECT max('last') FROM user owning WHERE owning.role_id = ${OWNER_ROLE_ID} AND owning.deleted = 0
      HAVING ${keepsNobody(sql`owning.status = 'ACTIVE'`, leaves(sql`owning.id`))})`,
    error: () => new LastOwnerError(),
  };
}

/**
 * The same for the built-in role `admin` in each tenant, hidden ones included, which may come back. `candidates` is a SELECT of the ids of the tenants that it
 * can be about; of those it finds, the ones in reach are named.
 */
export function keepsAdmins(reach: Reach, candidates: SQL, leaves: (userId: SQL) => SQL): Check<unknown> {
  return {
    problem: sql`(SELECT json_group_array(tenant_id) FILTER (WHERE ${tenantInReach(reach, sql`tenant_id`)}) FROM (
      SELECT managing.tenant_id AS tenant_id FROM assignment managing
      WHERE managing.role_id = ${TENANT_ADMIN_ROLE_ID} AND managing.tenant_id IN (${candidates}) AND managing.user_deleted = 0
      GROUP BY managing.tenant_id
      HAVING ${keepsNobody(sql`managing.user_status = 'ACTIVE'`, leaves(sql`managing.user_id`))}
    ) HAVING count(*) > 0)`,
    error: (tenantIds) => new LastAdminError(JSON.parse(tenantIds)),
  };
}

/** What a user who goes, by being hidden, erased or deactivated, must not leave behind. */
export function keepsOwnerAndAdmins(reach: Reach, userId: SQL): Check<unknown>[] {
  const leaves = (id: SQL) => sql`${id} = ${userId}`;
  return [
    keepsOwner(leaves),
    keepsAdmins(reach, sql`SELECT assignment.tenant_id FROM assignment WHERE assignment.user_id = ${userId}`, leaves),
  ];
}

/** The same for a customer that goes, with all of its users. */
export function keepsAdminsWithout(reach: Reach, customerId: string): Check<unknown> {
  return keepsAdmins(
    reach,
    sql`SELECT assignment.tenant_id FROM assignment WHERE assignment.user_customer_id = ${customerId}`,
    (id) => sql`(SELECT leaving.customer_id IS ${customerId} FROM user leaving WHERE leaving.id = ${id})`,
  );
}
