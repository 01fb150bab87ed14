import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { recordAssignments, writeAssignments } from './assignments.ts';
import { type Change, type Check, command, type Plan } from './command.ts';
import { creation, hasVersion, planAlteration, uniqueValues } from './concept.ts';
import { isCustomer } from './customers.ts';
import { planErasure } from './erasure.ts';
import {
  AlreadyExistsError,
  ForbiddenError,
  LastAdminError,
  LastOwnerError,
  NotFoundError,
  ValidationError,
  VersionConflictError,
} from './errors.ts';
import { holdsPermissions, holdsUser, permissionsOfRole } from './holding.ts';
import { newId } from './ids.ts';
import {
  customerIdentifier,
  emailAddress,
  expectedVersion,
  flag,
  id,
  newRecord,
  type RoleIdentifier,
  roleIdentifier,
  tenantIdentifier,
} from './input.ts';
import { keepsOwner, keepsOwnerAndAdmins } from './last-holders.ts';
import { customerInReach, userInReach } from './reach.ts';
import { happened } from './recording.ts';
import { allExist, missingUnless, pathOf, tenantNamed } from './references.ts';
import { OWNER_ROLE_ID, roleNamed } from './roles.ts';
import { newUser, newUserDetails, patchedUser, settableStatus, USER, userDetails } from './user-columns.ts';
import { USER_IS_LIVE, type UserRecord, userRows } from './users.ts';
import type { Viewer } from './viewer.ts';

export interface UserResult {
  user: UserRecord;
}

const asResult = (user: UserRecord): UserResult => ({ user });

const noRole = (roleId: SQL, identifier: RoleIdentifier): SQL =>
  missingUnless(sql`${roleId} IS NOT NULL`, pathOf('roleIdentifier', identifier), 'role');

interface Creation {
  userId: string;
  values: Parameters<typeof creation<typeof USER.table>>[3];
  roleId: SQL;
  missing: readonly SQL[];
  along?: readonly SQL[];
}

/** A new user with a role that holds no more than the viewer. */
function planCreation(
  change: Change,
  { userId, values, roleId, missing, along = [] }: Creation,
): Plan<UserResult, UserRecord> {
  const creating = creation(change, USER, userId, values);
  return {
    checks: [allExist(missing), holdsPermissions(change.viewer, permissionsOfRole(roleId))],
    writes: (allowed) => [creating.recorded(allowed), ...creating.writes, ...along],
    unique: uniqueValues(USER, change.viewer, values, sql`FALSE`),
    answer: userRows(sql`WHERE user.id = ${userId}`),
    result: asResult,
  };
}

export const createOrganizationUser = command({
  name: 'createOrganizationUser',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION'],
  input: newRecord({ ...newUserDetails, roleIdentifier }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(change, { roleIdentifier, ...details }): Plan<UserResult, UserRecord> {
    const roleId = roleNamed(roleIdentifier, sql`'ORGANIZATION'`);
    const values = newUser(details, { kind: 'ORGANIZATION', roleId });
    return planCreation(change, { userId: newId(), values, roleId, missing: [noRole(roleId, roleIdentifier)] });
  },
});

/** A user of one customer. Who reaches some tenants reaches no customer as a whole, and makes none. */
export const createCustomerUser = command({
  name: 'createCustomerUser',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION', 'CUSTOMER'],
  input: newRecord({ ...newUserDetails, roleIdentifier, customerIdentifier }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(change, { roleIdentifier, customerIdentifier, ...details }): Plan<UserResult, UserRecord> {
    const roleId = roleNamed(roleIdentifier, sql`'CUSTOMER'`);
    const inReach = customerInReach(change.viewer.reach, sql`customer.id`);
    const customerId = sql`(SELECT customer.id FROM customer WHERE ${isCustomer(customerIdentifier)} AND ${inReach})`;
    const values = newUser(details, { kind: 'CUSTOMER', roleId, customerId });
    const noCustomer = missingUnless(
      sql`${customerId} IS NOT NULL`,
      pathOf('customerIdentifier', customerIdentifier),
      'customer',
    );
    return planCreation(change, {
      userId: newId(),
      values,
      roleId,
      missing: [noCustomer, noRole(roleId, roleIdentifier)],
    });
  },
});

/** A user with a role in one tenant, to begin with, and none in the organization or a customer. */
export const createTenantUser = command({
  name: 'createTenantUser',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: newRecord({ ...newUserDetails, roleIdentifier, tenantIdentifier }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(change, { roleIdentifier, tenantIdentifier, ...details }): Plan<UserResult, UserRecord> {
    const userId = newId();
    const roleId = roleNamed(roleIdentifier, sql`'TENANT'`);
    const tenantId = tenantNamed(change.viewer.reach, tenantIdentifier);
    const noTenant = missingUnless(
      sql`${tenantId} IS NOT NULL`,
      pathOf('tenantIdentifier', tenantIdentifier),
      'tenant',
    );
    const assigned = sql`(SELECT ${userId} AS user_id, ${tenantId} AS tenant_id, ${roleId} AS role_id)`;
    return planCreation(change, {
      userId,
      values: { ...newUser(details, { kind: 'TENANT' }), defaultTenantId: tenantId },
      roleId,
      missing: [noTenant, noRole(roleId, roleIdentifier)],
      along: [recordAssignments(change, assigned, happened(change, 'user.created')), ...writeAssignments(change)],
    });
  },
});

/** Whether this is a user in reach: what else the input names is looked for only then, or answers would tell them apart. */
const isKnown = ({ reach }: Viewer, userId: string): SQL =>
  sql`user.id = ${userId} AND ${USER_IS_LIVE} AND ${userInReach(reach, sql`user.id`)}`;

/** Of a user with a role in the organization or a customer, which of the two; NULL for one with neither. */
const ownScope = (viewer: Viewer, userId: string): SQL =>
  sql`(SELECT user.kind FROM user WHERE ${isKnown(viewer, userId)} AND user.kind <> 'TENANT')`;

export const updateUser = command({
  name: 'updateUser',
  permissions: ['user:edit'],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: z.object({
    ...userDetails,
    id,
    email: emailAddress.optional(),
    status: settableStatus.optional(),
    roleIdentifier: roleIdentifier.optional(),
    defaultTenantIdentifier: tenantIdentifier.nullish(),
    expectedVersion,
  }),
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
    change,
    { id, expectedVersion, roleIdentifier, defaultTenantIdentifier: start, ...patch },
  ): Plan<UserResult, UserRecord> {
    const { viewer } = change;
    const roleId = roleIdentifier && roleNamed(roleIdentifier, ownScope(viewer, id));
    const hasRoleThere = (tenantId: SQL) =>
      sql`EXISTS (SELECT 1 FROM assignment JOIN user ON user.id = assignment.user_id
        WHERE assignment.tenant_id = ${tenantId} AND ${isKnown(viewer, id)})`;
    const defaultTenantId = start && tenantNamed(viewer.reach, start, hasRoleThere);
    const checks = (target: SQL): Check<UserRecord>[] => [
      ...holdsUser(viewer, sql`${id}`),
      ...hasVersion(USER, viewer, target, expectedVersion),
      ...(roleId ? [holdsPermissions(viewer, permissionsOfRole(roleId)), keepsOwner(demoted(id, roleId))] : []),
      ...(patch.status === 'DEACTIVATED' ? keepsOwnerAndAdmins(viewer.reach, id) : []),
    ];
    return planAlteration(
      change,
      USER,
      {
        id,
        verb: 'updated',
        values: { ...patchedUser(patch), roleId, defaultTenantId: start === null ? null : defaultTenantId },
        missing: [
          ...(roleId && roleIdentifier ? [noRole(roleId, roleIdentifier)] : []),
          ...(defaultTenantId && start
            ? [missingUnless(sql`${defaultTenantId} IS NOT NULL`, pathOf('defaultTenantIdentifier', start), 'tenant')]
            : []),
        ],
      },
      checks,
      asResult,
    );
  },
});

const demoted = (userId: string, roleId: SQL) => (id: SQL) =>
  sql`(${id} = ${userId} AND ${roleId} IS NOT ${OWNER_ROLE_ID})`;

export const deleteUser = command({
  name: 'deleteUser',
  permissions: ['user:delete'],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: z.object({ id, permanently: flag.nullish() }),
  errors: [ValidationError, NotFoundError, LastOwnerError, LastAdminError, ForbiddenError],
  plan(change, { id, permanently }): Plan<UserResult, UserRecord> {
    const { viewer } = change;
    const checks = [...holdsUser(viewer, sql`${id}`), ...keepsOwnerAndAdmins(viewer.reach, id)];
    if (permanently) return planErasure(change, USER, id, checks, asResult);
    return planAlteration(
      change,
      USER,
      { id, verb: 'deleted', values: { deletedAt: change.at } },
      () => checks,
      asResult,
    );
  },
});

/** A user whose customer is deleted comes back with it, not before. */
export const restoreUser = command({
  name: 'restoreUser',
  permissions: ['user:delete'],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: z.object({ id }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(change, { id }): Plan<UserResult, UserRecord> {
    const { viewer } = change;
    const inReach = userInReach(viewer.reach, sql`user.id`);
    const isWithCustomer = sql`EXISTS (
      SELECT 1 FROM user WHERE user.id = ${id} AND ${inReach} AND user.customer_deleted_at IS NOT NULL)`;
    return planAlteration(
      change,
      USER,
      {
        id,
        verb: 'restored',
        values: { deletedAt: null },
        missing: [missingUnless(sql`NOT ${isWithCustomer}`, 'id', 'user')],
      },
      () => holdsUser(viewer, sql`${id}`),
      asResult,
    );
  },
});
