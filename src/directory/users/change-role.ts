import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { userInReach } from '../access/reach.ts';
import { requireReach } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import { type CommandContext, command, type Plan } from '../commands/command.ts';
import { alteration, subjectOf } from '../commands/entity.ts';
import { allRecordedSubjects } from '../commands/event-recording.ts';
import { isUser } from '../commands/identifiers.ts';
import { allExist, missingUnless, pathOf, tenantNamed } from '../commands/references.ts';
import { isNotDeactivated } from '../guards/deactivated-guard.ts';
import { outlastsNobody } from '../guards/expiry-guard.ts';
import { holdsPermissions, permissionsOfRole, permissionsOfUser } from '../guards/grant-guard.ts';
import { keepsOwnerWithRole } from '../guards/last-admin-guard.ts';
import { ForbiddenError, LastAdminError, LastOwnerError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import {
  ALTHOUGH_OTHERS_ARE_WRONG,
  otherwise,
  roleIdentifier,
  tenantIdentifier,
  userIdentifier,
} from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import { roleNamed } from '../roles/queries.ts';
import { USER, type UserResult } from './entity.ts';
import { type UserRecord, userRows } from './queries.ts';
import { assignInTenant, revokeInTenant, writeTenantRoles } from './tenant-roles.ts';

/** A role where somebody has it, or is to have it: in a tenant, or, where none is named, in the organization. */
const rolePlace = lazily(() =>
  z.object(
    { roleIdentifier: roleIdentifier(), tenantIdentifier: tenantIdentifier().nullish() },
    { error: otherwise('must be an object') },
  ),
);
type RolePlace = OutputOf<typeof rolePlace>;

/** What a role in its place stands for, as expressions. */
interface ResolvedRole {
  /** Null in the organization. */
  tenantId: SQL | null;
  roleId: SQL;
  /** The role that the user has in that place now. */
  current: SQL;
  missing: readonly SQL[];
}

function resolveRole(
  { viewer }: CommandContext,
  userId: SQL,
  { roleIdentifier: role, tenantIdentifier: tenant }: RolePlace,
  path: string,
): ResolvedRole {
  const roleId = roleNamed(role, tenant ? sql`'TENANT'` : sql`'ORGANIZATION'`);
  const noRole = missingUnless(sql`${roleId} IS NOT NULL`, pathOf(`${path}.roleIdentifier`, role), 'role');
  if (!tenant) {
    const current = sql`(SELECT team.role_id FROM user team WHERE team.id = ${userId} AND team.kind = 'ORGANIZATION')`;
    return { tenantId: null, roleId, current, missing: [noRole] };
  }
  const tenantId = tenantNamed(viewer.reach, tenant);
  const noTenant = missingUnless(sql`${tenantId} IS NOT NULL`, pathOf(`${path}.tenantIdentifier`, tenant), 'tenant');
  const current = sql`(SELECT assignment.role_id FROM assignment
    WHERE assignment.user_id = ${userId} AND assignment.tenant_id = ${tenantId})`;
  return { tenantId, roleId, current, missing: [noTenant, noRole] };
}

/**
 * A check that a role that is to be taken away is one that the user has.
 * @throws NotFoundError at `revoke`
 */
const isHeld = ({ roleId, current }: ResolvedRole): Check<unknown> => ({
  problem: sql`iif(${current} IS ${roleId}, NULL, 'other')`,
  error: () => new NotFoundError([{ path: 'revoke', entity: 'role', message: 'The user does not have this role.' }]),
});

/**
 * A check that the user has a role in the organization already: nobody becomes a team member by a change of role.
 * @throws ValidationError at `assign`
 */
const isTeamMember = ({ current }: ResolvedRole): Check<unknown> => ({
  problem: sql`iif(${current} IS NULL, 'none', NULL)`,
  error: () => ValidationError.at('assign', 'is a role in the organization, and the user is not in its team'),
});

/**
 * Gives a team member, the user in `target`, another role in the organization.
 * @throws ForbiddenError for a viewer who does not reach the whole organization
 */
function replaceInOrganization(context: CommandContext, target: SQL, userId: SQL, assigned: ResolvedRole) {
  const { viewer } = context;
  requireReach(viewer, ['ORGANIZATION']);
  const { roleId } = assigned;
  return {
    admits: [isTeamMember(assigned)],
    held: permissionsOfUser(userId),
    keeps: keepsOwnerWithRole(userId, roleId),
    ...alteration(context, USER, target, { roleId }),
  };
}

/**
 * Takes a role of a user away, gives one, or both at once: in a tenant, or in the organization. In each place a user has
 * one role at most, so that the one given takes the place of another there; and a team member keeps a role in the
 * organization. A tenant role that is taken away ends the user's sessions in the tenant (trigger
 * `session_ends_with_assignment`), which is not the default tenant any more (trigger `default_tenant_follows_assignment`).
 */
export const changeRole = command({
  name: 'changeRole',
  permissions: ['user:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () =>
    z
      .object({ userIdentifier: userIdentifier(), revoke: rolePlace().nullish(), assign: rolePlace().nullish() })
      .refine(({ revoke, assign }) => revoke || assign, {
        ...ALTHOUGH_OTHERS_ARE_WRONG,
        path: ['assign'],
        error: 'is required, unless a role is taken away',
      })
      .refine(({ revoke, assign }) => !revoke || revoke.tenantIdentifier || (assign && !assign.tenantIdentifier), {
        ...ALTHOUGH_OTHERS_ARE_WRONG,
        path: ['revoke'],
        error: 'is a role in the organization, which a team member can only change for another one there',
      }),
  errors: [ValidationError, NotFoundError, LastOwnerError, LastAdminError, ForbiddenError],
  plan(context, { userIdentifier, revoke, assign }): Plan<UserResult, UserRecord> {
    const { viewer } = context;
    const target = sql`${isUser(userIdentifier)} AND ${userInReach(viewer.reach, sql`user.id`)}`;
    const userId = sql`(SELECT user.id FROM user WHERE ${target})`;
    const revoked = revoke ? resolveRole(context, userId, revoke, 'revoke') : null;
    const assigned = assign ? resolveRole(context, userId, assign, 'assign') : null;
    const roles = [revoked, assigned].filter((role) => role !== null);

    const granted = [...roles.map(({ current }) => current), ...(assigned ? [assigned.roleId] : [])].map(
      permissionsOfRole,
    );

    // A role in the organization is never only taken away: the input assigns another, which replaces it.
    const replacing = assigned && !assigned.tenantId ? [replaceInOrganization(context, target, userId, assigned)] : [];
    const assigning = assigned?.tenantId ? [assignInTenant(context, userId, assigned.tenantId, assigned.roleId)] : [];
    const revoking = revoked?.tenantId
      ? [revokeInTenant(context, userId, revoked.tenantId, assigned?.tenantId ?? null)]
      : [];
    return {
      checks: [
        allExist([
          missingUnless(sql`${userId} IS NOT NULL`, pathOf('userIdentifier', userIdentifier), 'user'),
          ...roles.flatMap(({ missing }) => missing),
        ]),
        ...(revoked ? [isHeld(revoked)] : []),
        ...replacing.flatMap(({ admits }) => admits),
        holdsPermissions(viewer, sql.join([...replacing.map(({ held }) => held), ...granted], sql` UNION `)),
        ...(assigned
          ? outlastsNobody(viewer, assigned.roleId, sql`${assigned.roleId} IS NOT ${assigned.current}`)
          : []),
        ...(assigned?.tenantId
          ? [isNotDeactivated(sql`${target} AND ${assigned.current} IS NULL`, pathOf('userIdentifier', userIdentifier))]
          : []),
        ...[...replacing, ...revoking, ...assigning].map(({ keeps }) => keeps),
      ],
      // All events are recorded before anything is written that they depend on.
      writes: (allowed) => [
        ...[...replacing, ...assigning, ...revoking].map(({ recorded }) => recorded(allowed)),
        ...replacing.flatMap(({ writes }) => writes),
        ...writeTenantRoles(context),
      ],
      // Without the role, the user may be out of reach: then it is found by what was recorded.
      answer: userRows(sql`WHERE user.id IN (${allRecordedSubjects(context)}) OR (${target})`),
      subject: subjectOf(USER, viewer, userId),
      result: (user) => ({ user }),
    };
  },
});
