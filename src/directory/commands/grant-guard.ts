import { type SQL, sql } from 'drizzle-orm';
import { inList } from '../../db/statement.ts';
import { userWhollyInReach } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import { ForbiddenError } from '../kernel/errors.ts';
import type { Check } from './command.ts';

/**
 * Nobody hands on, takes over or ends what they do not hold themselves. `granted` is a SELECT of permission names: the
 * answer is an expression, NULL if the viewer has them all, else a JSON array of the others.
 */
export const permissionsNotHeld = ({ permissions }: Viewer, granted: SQL): SQL =>
  sql`(SELECT json_group_array(DISTINCT permission) FROM (${granted})
    WHERE NOT ${inList(sql`permission`, [...permissions])} HAVING count(*) > 0)`;

export function holdsPermissions(viewer: Viewer, granted: SQL): Check<unknown> {
  return {
    problem: permissionsNotHeld(viewer, granted),
    error: (permissions) => ForbiddenError.missing(JSON.parse(permissions)),
  };
}

/** The permissions of the role with this id; none for NULL. */
export const permissionsOfRole = (roleId: SQL): SQL =>
  sql`SELECT role_permission.permission AS permission FROM role_permission WHERE role_permission.role_id = ${roleId}`;

/** The permissions that a user has by any role, anywhere. */
export const permissionsOfUser = (userId: SQL): SQL =>
  sql`SELECT role_permission.permission AS permission FROM role_permission WHERE role_permission.role_id IN (
    SELECT held.role_id FROM user held WHERE held.id = ${userId}
    UNION SELECT assignment.role_id FROM assignment WHERE assignment.user_id = ${userId})`;

/** The same of all the users of a customer, hidden ones included. */
export const permissionsOfUsersOf = (customerId: SQL): SQL =>
  sql`SELECT role_permission.permission AS permission FROM role_permission WHERE role_permission.role_id IN (
    SELECT held.role_id FROM user held WHERE held.customer_id = ${customerId}
    UNION SELECT assignment.role_id FROM assignment WHERE assignment.user_customer_id = ${customerId})`;

/** What users and keys may do by way of a tenant, or beside it. */
export const permissionsOfAllIn = (tenantId: SQL): SQL =>
  sql`SELECT role_permission.permission AS permission FROM role_permission WHERE role_permission.role_id IN (
    SELECT assignment.role_id FROM assignment WHERE assignment.tenant_id = ${tenantId})
  UNION SELECT api_key_permission.permission FROM api_key_permission WHERE api_key_permission.api_key_id IN (
    SELECT api_key_tenant.api_key_id FROM api_key_tenant JOIN api_key ON api_key.id = api_key_tenant.api_key_id
    WHERE api_key_tenant.tenant_id = ${tenantId} AND api_key.revoked_at IS NULL)`;

export const BEYOND_REACH = 'The user also reaches what is out of your reach.';

/** Whoever changes or deletes a user holds all that the user has: every permission, and all of the reach. */
export function holdsUser(viewer: Viewer, userId: SQL): Check<unknown>[] {
  return [
    {
      problem: sql`(SELECT 'beyond' WHERE NOT ${userWhollyInReach(viewer.reach, userId)})`,
      error: () => ForbiddenError.outOfReach(BEYOND_REACH),
    },
    holdsPermissions(viewer, permissionsOfUser(userId)),
  ];
}
