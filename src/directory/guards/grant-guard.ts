import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { inList } from '../../db/statement.ts';
import { userWhollyInReach } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import { type Check, NO_PROBLEM } from '../commands/checks.ts';
import { ForbiddenError } from '../kernel/errors.ts';

/*
 * Nobody grants what they lack. Nor does anybody take over or end what grants more than they hold: a role, a user, a
 * key. Each command that does such a thing carries a check of this file; test/walks/escalation.test.ts tries to get
 * around them.
 */

/**
 * Returns an expression: NULL if the viewer holds all of the granted permissions, else a JSON array of the others. Root
 * holds all there are.
 * `granted` is a SELECT of a column `permission`.
 */
export const permissionsNotHeld = ({ actor, permissions }: Viewer, granted: SQL): SQL =>
  actor.type === 'ROOT'
    ? NO_PROBLEM
    : sql`(SELECT json_group_array(DISTINCT permission) FROM (${granted})
    WHERE NOT ${inList(sql`permission`, [...permissions])} HAVING count(*) > 0)`;

/**
 * A check that the viewer holds all of the granted permissions, which are a SELECT of a column `permission`.
 * @throws ForbiddenError, which names the permissions that the viewer lacks
 */
export function holdsPermissions(viewer: Viewer, granted: SQL): Check<unknown> {
  return {
    problem: permissionsNotHeld(viewer, granted),
    error: (permissions) => ForbiddenError.missing(JSON.parse(permissions)),
  };
}

/** Returns a SELECT of the permissions of the role with this id. For NULL it finds nothing. */
export const permissionsOfRole = (roleId: SQL): SQL =>
  sql`SELECT role_permission.permission AS permission FROM role_permission WHERE role_permission.role_id = ${roleId}`;

/** Returns a SELECT of the permissions that a user has by any role, anywhere. */
export const permissionsOfUser = (userId: SQL): SQL =>
  sql`SELECT role_permission.permission AS permission FROM role_permission WHERE role_permission.role_id IN (
    SELECT held.role_id FROM user held WHERE held.id = ${userId}
    UNION SELECT assignment.role_id FROM assignment WHERE assignment.user_id = ${userId})`;

/** Returns a SELECT of the permissions that the users of a customer have by any role, hidden users included. */
export const permissionsOfUsersOf = (customerId: SQL): SQL =>
  sql`SELECT role_permission.permission AS permission FROM role_permission WHERE role_permission.role_id IN (
    SELECT held.role_id FROM user held WHERE held.customer_id = ${customerId}
    UNION SELECT assignment.role_id FROM assignment WHERE assignment.user_customer_id = ${customerId})`;

/**
 * Returns a SELECT of the permissions that users have by their roles in a tenant, and of all permissions of the keys
 * and the webhooks that reach it.
 */
export const permissionsOfAllIn = (tenantId: SQL): SQL =>
  sql`SELECT role_permission.permission AS permission FROM role_permission WHERE role_permission.role_id IN (
    SELECT assignment.role_id FROM assignment WHERE assignment.tenant_id = ${tenantId})
  UNION SELECT api_key_permission.permission FROM api_key_permission WHERE api_key_permission.api_key_id IN (
    SELECT api_key_tenant.api_key_id FROM api_key_tenant JOIN api_key ON api_key.id = api_key_tenant.api_key_id
    WHERE api_key_tenant.tenant_id = ${tenantId} AND api_key.revoked_at IS NULL)
  UNION SELECT webhook_permission.permission FROM webhook_permission WHERE webhook_permission.webhook_id IN (
    SELECT webhook_tenant.webhook_id FROM webhook_tenant WHERE webhook_tenant.tenant_id = ${tenantId})
  UNION SELECT 'event:read' FROM webhook_tenant WHERE webhook_tenant.tenant_id = ${tenantId}`;

/** The message for a viewer who would change a user and does not reach all that the user reaches. */
export const BEYOND_REACH = 'The user also reaches what is out of your reach.';

/**
 * Checks that the viewer holds all that a user has, every permission and all of the reach: only then may the viewer
 * change or delete the user. `given` is a SELECT of what the user gets by the change, so that all that is missing is said at
 * once.
 * @throws ForbiddenError
 */
export function holdsUser(viewer: Viewer, userId: SQL, given: SQL | null = null): Check<unknown>[] {
  const held = permissionsOfUser(userId);
  return [
    {
      problem:
        viewer.reach.kind === 'ORGANIZATION'
          ? NO_PROBLEM
          : sql`(SELECT 'beyond' WHERE NOT ${userWhollyInReach(viewer.reach, userId)})`,
      error: () => ForbiddenError.outOfReach(BEYOND_REACH),
    },
    holdsPermissions(viewer, given ? sql`${held} UNION ${given}` : held),
  ];
}
