import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { differs, type Several } from '../../db/statement.ts';
import { userInReach, userWhollyInReach } from '../access/reach.ts';
import type { Caller, Viewer } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import { command, type Plan } from '../commands/command.ts';
import { changeable, exists, hasVersion, planAlteration } from '../commands/entity.ts';
import { planErasure } from '../commands/erasure.ts';
import { USER_IS_LIVE, userTarget } from '../commands/identifiers.ts';
import { missingUnless, pathOf, tenantNamed } from '../commands/references.ts';
import { outlastsNobody, ownRoleOf } from '../guards/expiry-guard.ts';
import { holdsUser, permissionsOfRole } from '../guards/grant-guard.ts';
import { keepsOwnerAndAdmins, keepsOwnerWithRole } from '../guards/last-admin-guard.ts';
import {
  AlreadyExistsError,
  ForbiddenError,
  LastAdminError,
  LastOwnerError,
  NotFoundError,
  ValidationError,
  VersionConflictError,
} from '../kernel/errors.ts';
import {
  ALTHOUGH_OTHERS_ARE_WRONG,
  emailAddress,
  expectedVersion,
  flag,
  id,
  isNamedOnce,
  namedBy,
  roleIdentifier,
  tenantIdentifier,
  userIdentifier,
} from '../kernel/input.ts';
import { hasKey, sought, soughtEmail } from '../kernel/sought-keys.ts';
import { isInvitedAnew } from '../mail/mailed-links.ts';
import { noRole, roleNamed } from '../roles/queries.ts';
import { ACCEPTED_STATUS, patchedUser, settableStatus, type UserPatch, userDetails } from './columns.ts';
import type { UserResult } from './entity.ts';
import { USER } from './entity.ts';
import type { UserRecord } from './queries.ts';

const asResult = (user: UserRecord | null): UserResult => ({ user });

/**
 * Over the columns of `user`: the user has this id, is live and in reach. Nothing else of the input is looked up for
 * other users, because the errors would tell something about them.
 */
const isKnown = ({ reach }: Viewer, userId: SQL): SQL =>
  sql`user.id = ${userId} AND ${USER_IS_LIVE} AND ${userInReach(reach, sql`user.id`)}`;

/** An expression: the user is in reach, and so is all that the user can reach. Errors must not tell of what is not. */
const isWholly = (viewer: Viewer, userId: SQL): SQL =>
  exists(USER, sql`${isKnown(viewer, userId)} AND ${userWhollyInReach(viewer.reach, sql`user.id`)}`);

/** The scope of the user's own role, `ORGANIZATION` or `CUSTOMER`; NULL for a user with tenant roles only. */
const ownScope = (viewer: Viewer, userId: SQL): SQL =>
  sql`(SELECT user.kind FROM user WHERE ${isKnown(viewer, userId)} AND user.kind <> 'TENANT')`;

/**
 * Changes a user. Fields left out stay as they are, and null clears.
 *
 * A changed e-mail address may belong to somebody else. So the user's password and all sessions and links end, and an
 * invitation is mailed to the new address (trigger `access_follows_email`). A change of case alone ends nothing.
 *
 * Deactivating a user ends all sessions and links (trigger `access_ends_with_user`). Whoever is ACTIVE again is so only with
 * a password or the identity of a trusted issuer, and else INVITED, and the same holds for who loses the password with the
 * e-mail address (trigger `invited_without_password`). The user's tenant roles have a
 * copy of the name and the status, which is kept up to date (trigger `assignment_follows_user`).
 */
export const updateUser = command({
  name: 'updateUser',
  permissions: ['user:edit'],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: () =>
    z
      .object({
        ...userDetails(),
        ...namedBy(userIdentifier()),
        email: emailAddress().optional(),
        status: settableStatus().optional(),
        roleIdentifier: roleIdentifier().optional(),
        defaultTenantIdentifier: tenantIdentifier().nullish(),
        expectedVersion: expectedVersion(),
      })
      .superRefine(isNamedOnce, ALTHOUGH_OTHERS_ARE_WRONG),
  errors: [
    ValidationError,
    NotFoundError,
    AlreadyExistsError,
    VersionConflictError,
    LastOwnerError,
    LastAdminError,
    ForbiddenError,
  ],
  plan(
    context,
    { id: givenId, identifier, expectedVersion, roleIdentifier, defaultTenantIdentifier: start, ...patch },
  ): Plan<UserResult, UserRecord> {
    const { viewer } = context;
    const named = userTarget({ id: givenId, identifier });
    const { id } = named;
    const roleId = roleIdentifier && roleNamed(roleIdentifier, ownScope(viewer, id));
    const hasRoleThere = (tenantId: SQL) =>
      sql`EXISTS (SELECT 1 FROM assignment JOIN user ON user.id = assignment.user_id
        WHERE assignment.tenant_id = ${tenantId} AND ${isKnown(viewer, id)})`;
    const defaultTenantId = start && tenantNamed(viewer.reach, start, hasRoleThere);
    const checks = (target: SQL): Check<UserRecord>[] => [
      ...holdsUser(viewer, id, roleId ? permissionsOfRole(roleId) : null),
      ...hasVersion(USER, viewer, target, expectedVersion),
      ...(roleId ? [keepsOwnerWithRole(id, roleId)] : []),
      ...outlastsNobody(viewer, roleId ?? ownRoleOf(id), letsIn(id, patch, roleId)),
      ...(patch.status === 'DEACTIVATED' ? keepsOwnerAndAdmins(viewer.reach, id) : []),
    ];
    const altering = planAlteration(
      context,
      USER,
      {
        ...named,
        verb: 'updated',
        values: { ...patchedUser(patch), roleId, defaultTenantId: start === null ? null : defaultTenantId },
        missing: [
          // Where the user is not there, neither is what is looked up for the user: that is no reason of its own.
          ...(roleId && roleIdentifier ? [noRole(roleId, roleIdentifier, sql`NOT ${isWholly(viewer, id)}`)] : []),
          ...(defaultTenantId && start
            ? [
                missingUnless(
                  sql`(NOT ${exists(USER, isKnown(viewer, id))} OR ${defaultTenantId} IS NOT NULL)`,
                  pathOf('defaultTenantIdentifier', start),
                  'tenant',
                ),
              ]
            : []),
        ],
      },
      checks,
      asResult,
    );
    if (patch.email === undefined) return altering;
    const isMoved = sql`user.id = ${id} AND ${isAnotherEmail(patch.email)}`;
    const status = patch.status === undefined ? sql`user.status` : sql`${patch.status}`;
    return { ...altering, mails: exists(USER, sql`${isMoved} AND ${isInvitedAnew(status)}`) };
  },
});

/** An expression: the change lets somebody in, with another address or another role, or again. */
const letsIn = (userId: SQL, { email, status }: UserPatch, roleId: SQL | undefined): SQL => {
  const values = { ...(status === 'ACTIVE' && { status: ACCEPTED_STATUS }), ...(roleId && { roleId }) };
  const changes =
    email === undefined ? differs(users, values) : sql`(${differs(users, values)} OR ${isAnotherEmail(email)})`;
  return sql`EXISTS (SELECT 1 FROM user WHERE user.id = ${userId} AND ${changes})`;
};

/** Over the columns of `user`: this is another address than that of the user. */
export const isAnotherEmail = (email: string): SQL =>
  sql`NOT ${hasKey('user', 'email_key', sought(soughtEmail(email)))}`;

/** Checks for hiding or erasing a user: the viewer holds all that the user has, and an owner and admins remain. */
const deletionChecks = (viewer: Viewer, userId: SQL): Check<unknown>[] => [
  ...holdsUser(viewer, userId),
  ...keepsOwnerAndAdmins(viewer.reach, userId),
];

/**
 * Hides a user, or erases the user for good. Tenant roles survive hiding. The sessions and links of a hidden user end
 * (trigger `access_ends_with_user`), and restoring the user does not bring these back.
 */
export const deleteUser = command({
  name: 'deleteUser',
  permissions: ['user:delete'],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: () =>
    z
      .object({ ...namedBy(userIdentifier()), permanently: flag().nullish() })
      .superRefine(isNamedOnce, ALTHOUGH_OTHERS_ARE_WRONG),
  errors: [ValidationError, NotFoundError, LastOwnerError, LastAdminError, ForbiddenError],
  plan(context, { permanently, ...given }): Plan<UserResult, UserRecord> {
    const { viewer } = context;
    const named = userTarget(given);
    const checks = deletionChecks(viewer, named.id);
    if (permanently) return planErasure(context, USER, named, checks, asResult);
    return planAlteration(
      context,
      USER,
      { ...named, verb: 'deleted', values: { deletedAt: context.at } },
      () => checks,
      asResult,
    );
  },
});

/** Returns the ids of those of the given users whom the viewer could hide with `deleteUser` now. */
export const deletableUsers = (caller: Caller, ids: Several): Promise<Set<string>> =>
  changeable(caller, USER, deleteUser, ids, deletionChecks(caller.viewer, sql`${USER.table.id}`));

/**
 * Restores a hidden user, who has to sign in again. A user whose customer is hidden is not found until the
 * customer is restored.
 */
export const restoreUser = command({
  name: 'restoreUser',
  permissions: ['user:delete'],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: () => z.object({ id: id() }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, { id }): Plan<UserResult, UserRecord> {
    const { viewer } = context;
    const inReach = userInReach(viewer.reach, sql`user.id`);
    const isWithCustomer = sql`EXISTS (
      SELECT 1 FROM user WHERE user.id = ${id} AND ${inReach} AND user.customer_deleted_at IS NOT NULL)`;
    return planAlteration(
      context,
      USER,
      {
        id,
        verb: 'restored',
        values: { deletedAt: null },
        missing: [missingUnless(sql`NOT ${isWithCustomer}`, 'id', 'user')],
      },
      () => [...holdsUser(viewer, sql`${id}`), ...outlastsNobody(viewer, ownRoleOf(sql`${id}`))],
      asResult,
    );
  },
});
