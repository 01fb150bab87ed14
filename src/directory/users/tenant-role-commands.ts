import * as z from 'zod';
import { tenants } from '../../db/schema/tenants.ts';
import { sql } from '../../db/sql.ts';
import { inList, type Several, select } from '../../db/statement.ts';
import { userInReach } from '../access/reach.ts';
import { type Caller, isGranted } from '../access/viewer.ts';
import { authorize, type CommandContext, command, type Plan } from '../commands/command.ts';
import { subjectOf } from '../commands/entity.ts';
import { allRecordedSubjects } from '../commands/event-recording.ts';
import { isUser } from '../commands/identifiers.ts';
import { allExist, givesRoles, missingUnless, pathOf, tenantNamed } from '../commands/references.ts';
import { isNotDeactivated } from '../guards/deactivated-guard.ts';
import { holdsPermissions, permissionsOfRole } from '../guards/grant-guard.ts';
import { ForbiddenError, LastAdminError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import {
  roleIdentifier,
  type TenantIdentifier,
  tenantIdentifier,
  type UserIdentifier,
  userIdentifier,
} from '../kernel/input.ts';
import { noRole, roleNamed } from '../roles/queries.ts';
import { USER, type UserResult } from './entity.ts';
import { type UserRecord, userRows } from './queries.ts';
import { assignInTenant, revokeInTenant, writeTenantRoles } from './tenant-roles.ts';

interface Given {
  userIdentifier: UserIdentifier;
  tenantIdentifier: TenantIdentifier;
}

/** Looks up the user, the tenant, and the role that the user has there now, as expressions. */
function resolve({ viewer }: CommandContext, { userIdentifier, tenantIdentifier }: Given) {
  const target = sql`${isUser(userIdentifier)} AND ${userInReach(viewer.reach, sql`user.id`)}`;
  const userId = sql`(SELECT user.id FROM user WHERE ${target})`;
  const tenantId = tenantNamed(viewer.reach, tenantIdentifier);
  const current = sql`(SELECT assignment.role_id FROM assignment
    WHERE assignment.user_id = ${userId} AND assignment.tenant_id = ${tenantId})`;
  return {
    target,
    userId,
    tenantId,
    current,
    missing: [
      missingUnless(sql`${userId} IS NOT NULL`, pathOf('userIdentifier', userIdentifier), 'user'),
      missingUnless(sql`${tenantId} IS NOT NULL`, pathOf('tenantIdentifier', tenantIdentifier), 'tenant'),
    ],
  };
}

/**
 * Gives a user a tenant role, in place of the one that the user has in the tenant. The viewer must hold the permissions
 * of both. What the user may do elsewhere does not matter: a tenant's managers decide who gets in. Who had no role left anywhere
 * has a place again (trigger `place_begins_with_assignment`).
 */
export const assignTenantRole = command({
  name: 'assignTenantRole',
  permissions: ['user:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () =>
    z.object({
      userIdentifier: userIdentifier(),
      tenantIdentifier: tenantIdentifier(),
      roleIdentifier: roleIdentifier(),
    }),
  errors: [ValidationError, NotFoundError, LastAdminError, ForbiddenError],
  plan(context, { roleIdentifier, ...given }): Plan<UserResult, UserRecord> {
    const { viewer } = context;
    const { target, userId, tenantId, current, missing } = resolve(context, given);
    const roleId = roleNamed(roleIdentifier, sql`'TENANT'`);
    const { keeps, recorded } = assignInTenant(context, userId, tenantId, roleId);
    return {
      checks: [
        allExist([...missing, noRole(roleId, roleIdentifier)]),
        holdsPermissions(viewer, sql`${permissionsOfRole(roleId)} UNION ALL ${permissionsOfRole(current)}`),
        isNotDeactivated(sql`${target} AND ${current} IS NULL`, pathOf('userIdentifier', given.userIdentifier)),
        keeps,
      ],
      writes: (allowed) => [recorded(allowed), ...writeTenantRoles(context)],
      answer: userRows(sql`WHERE ${target}`),
      subject: subjectOf(USER, viewer, userId),
      result: (user) => ({ user }),
    };
  },
});

/**
 * Returns the ids of those of the given tenants where the viewer may use `assignTenantRole`. Whether the viewer holds
 * the permissions of a role is not considered.
 */
export async function tenantsWhoseUsersAreEditable({ db, viewer }: Caller, ids: Several): Promise<Set<string>> {
  if (!isGranted(() => authorize(viewer, assignTenantRole))) return new Set();
  const isGiven = sql`${inList(tenants.id, ids)} AND ${givesRoles(viewer.reach)}`;
  const rows = await db.read(select({ id: tenants.id }, sql`FROM tenant WHERE ${isGiven}`));
  return new Set(rows.map(({ id }) => id));
}

/**
 * Takes a user's tenant role away. Having no role in the tenant is no error. The user's sessions in the tenant end
 * (trigger `session_ends_with_assignment`). If it was the user's default tenant, the user has none any more (trigger
 * `default_tenant_follows_assignment`). A user of tenants without a role in any is found by the filter `hasPlace` (trigger
 * `place_ends_with_assignment`).
 */
export const revokeTenantRole = command({
  name: 'revokeTenantRole',
  permissions: ['user:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () => z.object({ userIdentifier: userIdentifier(), tenantIdentifier: tenantIdentifier() }),
  errors: [ValidationError, NotFoundError, LastAdminError, ForbiddenError],
  plan(context, given): Plan<UserResult, UserRecord> {
    const { viewer } = context;
    const { target, userId, tenantId, current, missing } = resolve(context, given);
    const { keeps, recorded } = revokeInTenant(context, userId, tenantId);
    return {
      checks: [allExist(missing), holdsPermissions(viewer, permissionsOfRole(current)), keeps],
      writes: (allowed) => [recorded(allowed), ...writeTenantRoles(context)],
      // Without the role, the user may be out of reach: then the recorded event tells who it was.
      answer: userRows(sql`WHERE user.id IN (${allRecordedSubjects(context)}) OR (${target})`),
      subject: subjectOf(USER, viewer, userId),
      result: (user) => ({ user }),
    };
  },
});
