import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { userInReach } from '../access/reach.ts';
import { requireReach } from '../access/viewer.ts';
import { type Check, type CommandContext, command, type Plan } from '../commands/command.ts';
import { alteration } from '../commands/entity.ts';
import { allRecordedSubjects } from '../commands/event-recording.ts';
import { holdsPermissions, holdsUser, permissionsOfRole } from '../commands/grant-guard.ts';
import { isUser } from '../commands/identifiers.ts';
import { keepsAdmins, keepsOwner } from '../commands/last-admin-guard.ts';
import { allExist, missingUnless, pathOf, tenantNamed } from '../commands/references.ts';
import { OWNER_ROLE_ID, TENANT_ADMIN_ROLE_ID } from '../kernel/built-in-roles.ts';
import { ForbiddenError, LastAdminError, LastOwnerError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { otherwise, roleIdentifier, tenantIdentifier, userIdentifier } from '../kernel/input.ts';
import { roleNamed } from '../roles/queries.ts';
import type { UserResult } from './entity.ts';
import { USER } from './entity.ts';
import { type UserRecord, userRows } from './queries.ts';
import { recordTenantRoles, recordTenantRolesEnding, writeTenantRoles } from './tenant-roles.ts';

/** A role where somebody has it, or is to have it: in the organization, unless it is in a tenant. */
const rolePlace = z.object(
  { roleIdentifier, tenantIdentifier: tenantIdentifier.nullish() },
  { error: otherwise('must be an object') },
);
type RolePlace = z.output<typeof rolePlace>;

/** What a place stands for, as expressions. */
interface ResolvedRole {
  inTenant: boolean;
  tenantId: SQL;
  roleId: SQL;
  /** The role that the user has there now. */
  current: SQL;
  missing: readonly SQL[];
}

function find(
  { viewer }: CommandContext,
  userId: SQL,
  { roleIdentifier: role, tenantIdentifier: tenant }: RolePlace,
  path: string,
): ResolvedRole {
  const roleId = roleNamed(role, tenant ? sql`'TENANT'` : sql`'ORGANIZATION'`);
  const tenantId = tenant ? tenantNamed(viewer.reach, tenant) : sql`NULL`;
  const current = tenant
    ? sql`(SELECT assignment.role_id FROM assignment
        WHERE assignment.user_id = ${userId} AND assignment.tenant_id = ${tenantId})`
    : sql`(SELECT team.role_id FROM user team WHERE team.id = ${userId} AND team.kind = 'ORGANIZATION')`;
  return {
    inTenant: tenant != null,
    tenantId,
    roleId,
    current,
    missing: [
      ...(tenant
        ? [missingUnless(sql`${tenantId} IS NOT NULL`, pathOf(`${path}.tenantIdentifier`, tenant), 'tenant')]
        : []),
      missingUnless(sql`${roleId} IS NOT NULL`, pathOf(`${path}.roleIdentifier`, role), 'role'),
    ],
  };
}

/** A role that is to be taken away is one that the user has. */
const isHeld = ({ roleId, current }: ResolvedRole): Check<unknown> => ({
  problem: sql`iif(${current} IS ${roleId}, NULL, 'other')`,
  error: () => new NotFoundError([{ path: 'revoke', entity: 'role', message: 'The user does not have this role.' }]),
});

/** Who is no team member has no role in the organization to begin with, and gets none so. */
const isTeamMember = ({ current }: ResolvedRole): Check<unknown> => ({
  problem: sql`iif(${current} IS NULL, 'none', NULL)`,
  error: () => ValidationError.at('assign', 'is a role in the organization, and the user is not in its team'),
});

/**
 * Takes a role of a user away, gives one, or both at once: in a tenant, or in the organization. In each place a user has
 * one role at most, so that the one given takes the place of another there; and a team member keeps a role in the
 * organization. A role in a tenant that is taken away ends the user's sessions there (trigger
 * `session_ends_with_assignment`).
 */
export const changeRole = command({
  name: 'changeRole',
  permissions: ['user:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: z
    .object({ userIdentifier, revoke: rolePlace.nullish(), assign: rolePlace.nullish() })
    .refine(({ revoke, assign }) => revoke || assign, {
      path: ['assign'],
      error: 'is required, unless a role is taken away',
    })
    .refine(({ revoke, assign }) => !revoke || revoke.tenantIdentifier || (assign && !assign.tenantIdentifier), {
      path: ['revoke'],
      error: 'is a role in the organization, which a team member can only change for another one there',
    }),
  errors: [ValidationError, NotFoundError, LastOwnerError, LastAdminError, ForbiddenError],
  plan(context, { userIdentifier, revoke, assign }): Plan<UserResult, UserRecord> {
    const { viewer } = context;
    const target = sql`${isUser(userIdentifier)} AND ${userInReach(viewer.reach, sql`user.id`)}`;
    const userId = sql`(SELECT user.id FROM user WHERE ${target})`;
    const taken = revoke ? find(context, userId, revoke, 'revoke') : null;
    const given = assign ? find(context, userId, assign, 'assign') : null;
    const own = given && !given.inTenant ? given : null;
    if (own) requireReach(viewer, ['ORGANIZATION']);
    const there = given?.inTenant ? given : null;
    const left = taken?.inTenant ? taken : null;

    const altering = own && alteration(context, USER, target, { roleId: own.roleId });
    // Where the role given is in the same tenant, it takes the place of the one taken away, which does not end.
    const ends = left && sql`${left.tenantId} IS NOT ${there?.tenantId ?? sql`NULL`}`;
    const isUserMeant = (id: SQL) => sql`${id} = ${userId}`;
    return {
      checks: [
        allExist([
          missingUnless(sql`${userId} IS NOT NULL`, pathOf('userIdentifier', userIdentifier), 'user'),
          ...(taken?.missing ?? []),
          ...(given?.missing ?? []),
        ]),
        ...(taken ? [isHeld(taken)] : []),
        ...(own ? [isTeamMember(own), ...holdsUser(viewer, userId)] : []),
        ...[taken, given].flatMap((found) =>
          found ? [holdsPermissions(viewer, permissionsOfRole(found.current))] : [],
        ),
        ...(given ? [holdsPermissions(viewer, permissionsOfRole(given.roleId))] : []),
        ...(own ? [keepsOwner((id) => sql`(${isUserMeant(id)} AND ${own.roleId} IS NOT ${OWNER_ROLE_ID})`)] : []),
        ...(left ? [keepsAdmins(viewer.reach, sql`SELECT ${left.tenantId} WHERE ${ends}`, isUserMeant)] : []),
        ...(there
          ? [
              keepsAdmins(
                viewer.reach,
                sql`SELECT ${there.tenantId}`,
                (id) => sql`(${isUserMeant(id)} AND ${there.roleId} IS NOT ${TENANT_ADMIN_ROLE_ID})`,
              ),
            ]
          : []),
      ],
      writes: (allowed) => writesOf(allowed),
      // Without the role, the user may be out of reach: then it is found by what was recorded.
      answer: userRows(sql`WHERE user.id IN (${allRecordedSubjects(context)}) OR (${target})`),
      result: (user) => ({ user }),
    };

    /** All events are recorded before anything is written that they depend on. */
    function writesOf(allowed: SQL): SQL[] {
      const assigned =
        there && sql`(SELECT ${userId} AS user_id, ${there.tenantId} AS tenant_id, ${there.roleId} AS role_id)`;
      const ending = left && sql`assignment.user_id = ${userId} AND assignment.tenant_id = ${left.tenantId}`;
      return [
        ...(altering ? [altering.recorded(allowed)] : []),
        ...(assigned ? [recordTenantRoles(context, assigned, allowed)] : []),
        ...(ending ? [recordTenantRolesEnding(context, sql`${ending} AND ${ends} AND ${allowed}`)] : []),
        ...(altering?.writes ?? []),
        ...writeTenantRoles(context),
      ];
    }
  },
});
