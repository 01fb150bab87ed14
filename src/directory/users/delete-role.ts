import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { tenantInReach } from '../access/reach.ts';
import { requirePermissions, type Viewer } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import { type CommandContext, command, type Plan } from '../commands/command.ts';
import { alteration } from '../commands/entity.ts';
import { missingUnless, pathOf } from '../commands/references.ts';
import { planDelete } from '../commands/unversioned-entity.ts';
import { outlastsNobody } from '../guards/expiry-guard.ts';
import { permissionsOfRole } from '../guards/grant-guard.ts';
import {
  BuiltInRoleError,
  ForbiddenError,
  NotFoundError,
  RoleInUseError,
  type RoleUse,
  ValidationError,
} from '../kernel/errors.ts';
import { ALTHOUGH_OTHERS_ARE_WRONG, type RoleIdentifier, roleIdentifier } from '../kernel/input.ts';
import { isRoleNamed, mayChange, type RoleResult, roleNaming } from '../roles/commands.ts';
import { ROLE } from '../roles/entity.ts';
import { type RoleRecord, roleNamed, roleTarget } from '../roles/queries.ts';
import { USER } from './entity.ts';
import { recordTenantRoles, writeTenantRoles } from './tenant-roles.ts';

/** So many deleted tenants are named where a role is in use. */
const MAX_NAMED_TENANTS = 100;

/** Returns a SELECT of those who have a role, each once: whether the user is deleted, and has it where that is live. */
const holdersOf = (roleId: SQL): SQL => sql`SELECT id, max(deleted) AS deleted, max(live) AS live FROM (
    SELECT user.id AS id, user.deleted AS deleted, 1 AS live FROM user WHERE user.role_id = ${roleId}
    UNION ALL
    SELECT assignment.user_id, assignment.user_deleted, tenant.deleted_at IS NULL
    FROM assignment JOIN tenant ON tenant.id = assignment.tenant_id WHERE assignment.role_id = ${roleId}
  ) GROUP BY id`;

/**
 * A check that nobody has the role, hidden ones included, and that no trusted issuer lists it. With a role to put in its
 * place, only the issuers count: whom they let in is for `updateTrustedIssuer`.
 * @throws RoleInUseError
 */
function isUnused({ reach, permissions }: Viewer, roleId: SQL, isReplaced: boolean): Check<unknown> {
  const deletedTenants = sql`FROM tenant WHERE tenant.deleted_at IS NOT NULL
    AND tenant.id IN (SELECT assignment.tenant_id FROM assignment WHERE assignment.role_id = ${roleId})`;
  const named = sql`SELECT tenant.id AS id, tenant.name AS name ${deletedTenants}
    AND ${permissions.has('tenant:read') ? tenantInReach(reach, sql`tenant.id`) : sql`FALSE`}
    ORDER BY tenant.name_key, tenant.id LIMIT ${sql.raw(String(MAX_NAMED_TENANTS))}`;
  const isBlocking = isReplaced ? sql`issuers > 0` : sql`issuers + live + hidden + beyond > 0`;
  return {
    // Of a built-in role it is not asked: nearly everybody may have it.
    problem: sql`CASE WHEN EXISTS (SELECT 1 FROM role WHERE role.id = ${roleId} AND role.built_in) THEN NULL ELSE (
      SELECT json_object('liveUserCount', live, 'deletedUserCount', hidden, 'deletedTenantUserCount', beyond,
        'deletedTenantCount', (SELECT count(*) ${deletedTenants}),
        'deletedTenants', (SELECT json_group_array(json_object('id', id, 'name', name)) FROM (${named})),
        'issuerCount', issuers)
      FROM (SELECT total(deleted) AS hidden, total(NOT deleted AND live) AS live, total(NOT deleted AND NOT live) AS beyond
        FROM (${holdersOf(roleId)}))
      CROSS JOIN (SELECT count(*) AS issuers FROM trusted_issuer_role WHERE trusted_issuer_role.role_id = ${roleId})
      WHERE ${isBlocking}) END`,
    error: (detail) => {
      const use: RoleUse = JSON.parse(detail);
      return new RoleInUseError(use);
    },
  };
}

/** Puts another role of the same scope in the place of one that is deleted, for all who have it. */
function replacement(context: CommandContext, roleId: SQL, identifier: RoleIdentifier) {
  const { viewer } = context;
  requirePermissions(viewer, ['user:edit']);
  const scope = sql`(SELECT role.scope FROM role WHERE role.id = ${roleId})`;
  const replacementId = roleNamed(identifier, scope);
  const given = sql`(SELECT assignment.user_id AS user_id, assignment.tenant_id AS tenant_id, ${replacementId} AS role_id
    FROM assignment WHERE assignment.role_id = ${roleId})`;
  const own = alteration(context, USER, sql`user.role_id = ${roleId}`, { roleId: replacementId });
  const checks: Check<unknown>[] = [
    {
      problem: sql`iif(${replacementId} = ${roleId}, 'same', NULL)`,
      error: () => ValidationError.at('replacement', 'must be another role'),
    },
    ...outlastsNobody(viewer, replacementId),
  ];
  return {
    replacementId,
    // Without the role itself there is no scope to look in.
    missing: missingUnless(
      sql`(${scope} IS NULL OR ${replacementId} IS NOT NULL)`,
      pathOf('replacement', identifier),
      'role',
    ),
    checks,
    writes: (deleted: SQL): SQL[] => [
      own.recorded(deleted),
      recordTenantRoles(context, given, deleted),
      ...own.writes,
      ...writeTenantRoles(context),
    ],
  };
}

/**
 * Removes a role that is not built in. Nobody has it then, hidden ones included: either nobody had it, or another role takes
 * its place for all who did, with an event for each change. That takes `user:edit`, and the viewer holds what both roles
 * grant. Neither the last owner nor the last admin of a tenant can lose anything by it: their roles are built in.
 */
export const deleteRole = command({
  name: 'deleteRole',
  permissions: ['role:edit'],
  reaches: ['ORGANIZATION'],
  input: () =>
    z
      .object({ ...roleNaming(), replacement: roleIdentifier().nullish() })
      .superRefine(isRoleNamed, ALTHOUGH_OTHERS_ARE_WRONG),
  errors: [ValidationError, NotFoundError, BuiltInRoleError, RoleInUseError, ForbiddenError],
  plan(context, { replacement: identifier, ...given }): Plan<RoleResult, RoleRecord> {
    const { id, path } = roleTarget(given);
    const target = sql`role.id = ${id}`;
    const replacing = identifier ? replacement(context, id, identifier) : null;
    return planDelete(context, ROLE, {
      type: 'role.deleted',
      target,
      named: { path, word: ROLE.word },
      missing: replacing ? [replacing.missing] : [],
      checks: [
        ...mayChange(context, target, id, permissionsOfRole(replacing?.replacementId ?? sql`NULL`)),
        ...(replacing?.checks ?? []),
        isUnused(context.viewer, id, replacing !== null),
      ],
      ...(replacing && { writes: replacing.writes }),
      result: (role) => ({ role }),
    });
  },
});
