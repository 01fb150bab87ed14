import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { type Reach, tenantInReach } from '../access/reach.ts';
import type { Check } from '../commands/checks.ts';
import { OWNER_ROLE_ID, TENANT_ADMIN_ROLE_ID } from '../kernel/built-in-roles.ts';
import { LastAdminError, LastOwnerError } from '../kernel/errors.ts';

/*
 * The last admin of a tenant stays, and so does the last owner of the organization. Each command that takes a role away,
 * or hides, erases or deactivates users, carries a check of this file.
 *
 * Those who can sign in there count: who is ACTIVE and has a password. A session that a trusted issuer began reaches neither
 * a tenant nor the organization, so the identity of one does not count. Where nobody can sign in, such as before the first
 * invitation is accepted, everybody counts. Example: of the admins Ada, who has a password, and Ben, who is INVITED, Ben
 * may go. Ada may not, because Ben cannot sign in yet. Were both INVITED, either might go, but not both.
 */

/** An expression: the user with this id and status can sign in to a tenant or to the organization. */
const canSignIn = (userId: SQL, status: SQL): SQL =>
  sql`(${status} = 'ACTIVE' AND EXISTS (SELECT 1 FROM password WHERE password.user_id = ${userId}))`;

/** Says of the user with an id, as an expression, whether the change takes the role from that user. */
type Leaves = (userId: SQL) => SQL;

/** An aggregate over those who have a role: whether somebody leaves it, and nobody who counts stays. */
function leavesNobody(counts: SQL, leaves: SQL): SQL {
  const somebodyLeaves = sql`max(${leaves})`;
  const somebodyCounts = sql`max(${counts})`;
  const somebodyWhoCountsStays = sql`max(${counts} AND NOT ${leaves})`;
  const somebodyStays = sql`max(NOT ${leaves})`;
  return sql`${somebodyLeaves} AND NOT iif(${somebodyCounts}, ${somebodyWhoCountsStays}, ${somebodyStays})`;
}

/**
 * A check that the organization keeps an owner: a live user with the built-in role `owner`.
 * @throws LastOwnerError
 */
function keepsOwner(leaves: Leaves): Check<unknown> {
  return {
    problem: sql`(SELECT max('last') FROM user owning WHERE owning.role_id = ${OWNER_ROLE_ID} AND owning.deleted = 0
      HAVING ${leavesNobody(canSignIn(sql`owning.id`, sql`owning.status`), leaves(sql`owning.id`))})`,
    error: () => new LastOwnerError(),
  };
}

/**
 * A check that the organization keeps an owner where this user gets this role.
 * @throws LastOwnerError
 */
export const keepsOwnerWithRole = (userId: SQL, roleId: SQL): Check<unknown> =>
  keepsOwner((id) => sql`(${id} = ${userId} AND ${roleId} IS NOT ${OWNER_ROLE_ID})`);

/**
 * A check that each tenant which has admins keeps one: a live user with the built-in role `admin` there. Hidden tenants
 * are looked at too, because they may come back. `tenantIds` is a SELECT of the tenants that the change can be about.
 * @throws LastAdminError, which names those of the tenants that are in reach
 */
export function keepsAdmins(reach: Reach, tenantIds: SQL, leaves: Leaves): Check<unknown> {
  const withoutAdmin = sql`SELECT managing.tenant_id AS tenant_id FROM assignment managing
    WHERE managing.role_id = ${TENANT_ADMIN_ROLE_ID} AND managing.tenant_id IN (${tenantIds}) AND managing.user_deleted = 0
    GROUP BY managing.tenant_id
    HAVING ${leavesNobody(canSignIn(sql`managing.user_id`, sql`managing.user_status`), leaves(sql`managing.user_id`))}`;
  return {
    problem: sql`(SELECT json_group_array(tenant_id) FILTER (WHERE ${tenantInReach(reach, sql`tenant_id`)})
      FROM (${withoutAdmin}) HAVING count(*) > 0)`,
    error: (detail) => new LastAdminError(JSON.parse(detail)),
  };
}

/**
 * Checks that a user who is hidden, erased or deactivated leaves neither the organization without an owner nor a tenant
 * without an admin.
 * @throws LastOwnerError
 * @throws LastAdminError
 */
export function keepsOwnerAndAdmins(reach: Reach, userId: SQL): Check<unknown>[] {
  const tenantIds = sql`SELECT assignment.tenant_id FROM assignment WHERE assignment.user_id = ${userId}`;
  const leaves = (id: SQL) => sql`${id} = ${userId}`;
  return [keepsOwner(leaves), keepsAdmins(reach, tenantIds, leaves)];
}

/**
 * A check that a customer which is hidden or erased, and its users with it, leaves no tenant without an admin.
 * @throws LastAdminError
 */
export function keepsAdminsWithout(reach: Reach, customerId: SQL): Check<unknown> {
  return keepsAdmins(
    reach,
    sql`SELECT assignment.tenant_id FROM assignment WHERE assignment.user_customer_id = ${customerId}`,
    (id) => sql`(SELECT leaving.customer_id IS ${customerId} FROM user leaving WHERE leaving.id = ${id})`,
  );
}
