import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { jsonList } from '../../db/statement.ts';
import { requireReach, type Viewer } from '../access/viewer.ts';
import { notFoundAt, pathOf } from '../commands/references.ts';
import { deactivatedAt } from '../guards/deactivated-guard.ts';
import { outlastsError } from '../guards/expiry-guard.ts';
import { BEYOND_REACH } from '../guards/grant-guard.ts';
import { noting } from '../imports/decisions.ts';
import type { DecisionContext, GivenRow, Import } from '../imports/import.ts';
import { IMPORTS } from '../imports/rules.ts';
import { differsFrom, type StoredColumns, storedColumns } from '../imports/stored-columns.ts';
import type { UniqueValue } from '../imports/taken-values.ts';
import { OWNER_ROLE_ID, TENANT_ADMIN_ROLE_ID } from '../kernel/built-in-roles.ts';
import { namedAs } from '../kernel/derived-columns.ts';
import { ForbiddenError, NotFoundError, type Reference, ValidationError } from '../kernel/errors.ts';
import { emailAddress, newRecord, parse } from '../kernel/input.ts';
import { KEY_VERSION } from '../kernel/keys.ts';
import { lazily } from '../kernel/lazily.ts';
import { isInvitedAnew } from '../mail/mailed-links.ts';
import { patchedUser, userDetails } from './columns.ts';
import { USER } from './entity.ts';
import { type FoundUser, lookUpUsers, type UserRow, userRow } from './import-lookup.ts';
import { recordTenantRoles, writeTenantRoles } from './tenant-roles.ts';

type Given = GivenRow<UserRow>;

interface TenantRole {
  tenantId: string;
  roleId: string;
}

/**
 * The import of users: those whom an external id, or else an e-mail address, names already are changed, and the rules are
 * those of the commands for one user. Owners and admins of tenants are neither demoted nor deactivated by an import.
 * Another e-mail address ends the password, sessions and links of the user (trigger `access_follows_email`), once, also where
 * another row gives it up. Deactivation ends the sessions and links (trigger `access_ends_with_user`). A status that is given
 * switches DEACTIVATED on or off, and makes nobody ACTIVE who has not accepted.
 */
export const importUsers: Import<UserRow, FoundUser, TenantRole> = {
  ...IMPORTS.importUsers,
  entity: USER,
  row: userRow,
  decisive: ['externalId', 'roleIdentifier', 'customerIdentifier', 'status'],
  fields: () => ({ roleId: 'roleIdentifier' }),
  relationField: 'tenantRoles',
  identifierPath,
  lookup: lookUpUsers,
  decideNew(context, given, found) {
    const { viewer, problems } = context;
    requireHome(viewer, given);
    problems.push(...missingReferences(given, found));
    const columns = newColumns(context, given, found);
    if (found.outlasts) problems.push(outlastsError());
    return { columns, relations: newTenantRoles(context, given, found) };
  },
  decideExisting(context, given, found, { columns: stored }) {
    const { problems } = context;
    requireOwnHome(given, found);
    problems.push(...missingReferences(given, found));
    const columns = changedColumns(context, given, found, stored);
    if (differsFrom(columns, stored)) requireHoldsUser(found);
    keepOwnersAndAdmins(context, given, found, columns, stored);
    if (columns.role_id !== stored.role_id && found.givenRoleBeyond)
      problems.push(ForbiddenError.missing(found.givenRoleBeyond));
    if (found.outlasts && letsIn(columns, stored)) problems.push(outlastsError());
    const relations = newTenantRoles(context, given, found);
    requireNotDeactivated(context, given, found, columns);
    return { columns, relations };
  },
  uniqueValues,
  mails(records) {
    const moved = records.flatMap(({ id, columns, stored }) =>
      stored !== null && columns.email_key !== stored.email_key ? [{ id, status: columns.status }] : [],
    );
    if (moved.length === 0) return null;
    return sql`(SELECT count(*) FROM json_each(${jsonList(moved)}) moved JOIN user ON user.id = moved.value ->> 'id'
      WHERE ${isInvitedAnew(sql`(moved.value ->> 'status')`)})`;
  },
  recordRelations(context, records, condition) {
    const given = records.flatMap(({ id, relations }) => relations.map((one) => ({ ...one, userId: id })));
    const assigned = sql`(SELECT given.value ->> 'userId' AS user_id, given.value ->> 'tenantId' AS tenant_id,
      given.value ->> 'roleId' AS role_id FROM json_each(${jsonList(given)}) given)`;
    return [recordTenantRoles(context, assigned, condition)];
  },
  writeRelations: writeTenantRoles,
};

function identifierPath({ path, row }: Given): string {
  return row.externalId == null ? `${path}.email` : `${path}.externalId`;
}

/** Returns an error for all that the row names beside the user and that is not there. */
function missingReferences({ path, row }: Given, found: FoundUser): NotFoundError[] {
  const missing: Reference[] = [];
  if (row.customerIdentifier != null && found.givenCustomerId === null) {
    missing.push(notFoundAt(pathOf(`${path}.customerIdentifier`, row.customerIdentifier), 'customer'));
  }
  if (row.roleIdentifier != null && found.givenRoleId === null) {
    missing.push(notFoundAt(pathOf(`${path}.roleIdentifier`, row.roleIdentifier), 'role'));
  }
  for (const [index, { tenantIdentifier, roleIdentifier }] of (row.tenantRoles ?? []).entries()) {
    const at = `${path}.tenantRoles.${index}`;
    const { tenantId, roleId } = found.tenantRoles[index] ?? { tenantId: null, roleId: null };
    if (tenantId === null) missing.push(notFoundAt(pathOf(`${at}.tenantIdentifier`, tenantIdentifier), 'tenant'));
    if (roleId === null) missing.push(notFoundAt(pathOf(`${at}.roleIdentifier`, roleIdentifier), 'role'));
  }
  return missing.length > 0 ? [new NotFoundError(missing)] : [];
}

/** Lets nobody change a user who has anything that they lack. */
function requireHoldsUser({ whollyInReach, beyond }: FoundUser): void {
  if (!whollyInReach) throw ForbiddenError.outOfReach(BEYOND_REACH);
  if (beyond !== null) throw ForbiddenError.missing(beyond);
}

/** Requires that the viewer reaches where a new user is to have its own role, before anything is said of what is there. */
function requireHome(viewer: Viewer, { row }: Given): void {
  if (row.customerIdentifier != null) requireReach(viewer, ['ORGANIZATION', 'CUSTOMER']);
  else requireReach(viewer, row.roleIdentifier == null ? ['ORGANIZATION', 'TENANTS'] : ['ORGANIZATION']);
}

/** Lets nobody name the role or customer of a user whom they reach in part: they would learn the rest by guessing. */
function requireOwnHome({ row }: Given, found: FoundUser): void {
  if (row.customerIdentifier == null && row.roleIdentifier == null) return;
  if (!found.whollyInReach) throw ForbiddenError.outOfReach(BEYOND_REACH);
}

/** A row that names no user yet: as it is read, and as it has to be. */
const newRow = lazily(() => newRecord({ ...userDetails(), email: emailAddress().optional() }));
const completeRow = lazily(() => newRecord({ email: emailAddress() }));

function newColumns({ problems }: DecisionContext, { path, row }: Given, found: FoundUser): StoredColumns {
  const { status, roleIdentifier, customerIdentifier, tenantRoles: _tenantRoles, ...given } = row;
  noting(problems, () => parse(completeRow, given, path));
  const details = patchedUser(parse(newRow, given, path));
  const [start] = found.tenantRoles;
  const common = {
    ...namedAs(null),
    keyVersion: KEY_VERSION,
    ...details,
    status: status === 'DEACTIVATED' ? status : 'INVITED',
  } as const;
  const isRequired = (name: string, message: string) =>
    problems.push(ValidationError.at(`${path}.${name}`, message, 'REQUIRED'));
  if (found.givenRoleBeyond) problems.push(ForbiddenError.missing(found.givenRoleBeyond));
  if (customerIdentifier != null) {
    if (roleIdentifier == null) isRequired('roleIdentifier', 'is required');
    const home = { kind: 'CUSTOMER', roleId: found.givenRoleId, customerId: found.givenCustomerId } as const;
    return storedColumns(users, { ...common, ...home }, null);
  }
  if (roleIdentifier != null) {
    return storedColumns(users, { ...common, kind: 'ORGANIZATION', roleId: found.givenRoleId }, null);
  }
  if (!start) isRequired('tenantRoles', 'is required for a user without another role');
  return storedColumns(users, { ...common, kind: 'TENANT', defaultTenantId: start?.tenantId ?? null }, null);
}

function changedColumns(
  { problems }: DecisionContext,
  { path, row }: Given,
  found: FoundUser,
  stored: StoredColumns,
): StoredColumns {
  const { email, status, roleIdentifier, customerIdentifier, tenantRoles: _tenantRoles, ...details } = row;
  if (customerIdentifier != null && found.givenCustomerId !== null && found.givenCustomerId !== found.customerId) {
    const message = 'is not the customer of the user, which stays as it is';
    problems.push(ValidationError.at(`${path}.customerIdentifier`, message));
  }
  const values = {
    ...patchedUser({ ...details, ...(email != null && { email }) }),
    status: changedStatus(status, found, stored),
    roleId: roleIdentifier == null || found.givenRoleId === null ? undefined : found.givenRoleId,
  };
  return storedColumns(users, values, stored);
}

/** Returns the status that a row changes. It switches DEACTIVATED on or off: the rest is derived from who has accepted. */
function changedStatus(
  given: UserRow['status'],
  { hasAccepted }: FoundUser,
  stored: StoredColumns,
): 'ACTIVE' | 'INVITED' | 'DEACTIVATED' | undefined {
  if (given === 'DEACTIVATED') return given;
  if (given == null || stored.status !== 'DEACTIVATED') return undefined;
  return hasAccepted ? 'ACTIVE' : 'INVITED';
}

/** Keeps owners and admins as they are. Whether others are left depends on the other rows, too, so an import cannot tell. */
function keepOwnersAndAdmins(
  { problems }: DecisionContext,
  { path }: Given,
  found: FoundUser,
  columns: StoredColumns,
  stored: StoredColumns,
): void {
  const wasOwner = stored.role_id === OWNER_ROLE_ID;
  if (wasOwner && columns.role_id !== OWNER_ROLE_ID)
    problems.push(ValidationError.at(`${path}.roleIdentifier`, NOT_BY_IMPORT));
  const isDeactivated = columns.status === 'DEACTIVATED' && stored.status !== 'DEACTIVATED';
  if (isDeactivated && (wasOwner || found.isTenantAdmin))
    problems.push(ValidationError.at(`${path}.status`, NOT_BY_IMPORT));
}

/** Adds nobody to a tenant who is deactivated, unless the row reactivates them. */
function requireNotDeactivated(
  { problems }: DecisionContext,
  given: Given,
  { tenantRoles }: FoundUser,
  columns: StoredColumns,
): void {
  if (columns.status !== 'DEACTIVATED') return;
  const isAdded = tenantRoles.some(({ tenantId, roleId, heldId }) => tenantId && roleId && heldId === null);
  if (isAdded) problems.push(deactivatedAt(identifierPath(given)));
}

const NOT_BY_IMPORT =
  'would demote or deactivate an owner or admin, which an import does not: change that user by itself';

/** Whether the change lets somebody in, with another address or another role, or again. */
const letsIn = (columns: StoredColumns, stored: StoredColumns): boolean =>
  columns.role_id !== stored.role_id ||
  columns.email_key !== stored.email_key ||
  (columns.status !== 'DEACTIVATED' && stored.status === 'DEACTIVATED');

/** Returns the roles in tenants that the row gives and the user does not have. */
function newTenantRoles({ problems }: DecisionContext, { path }: Given, { tenantRoles }: FoundUser): TenantRole[] {
  const seen = new Set<string>();
  return tenantRoles.flatMap(({ tenantId, roleId, heldId, beyond }, index) => {
    const at = `${path}.tenantRoles.${index}`;
    if (tenantId === null || roleId === null) return [];
    if (seen.has(tenantId))
      problems.push(ValidationError.at(`${at}.tenantIdentifier`, 'names the same tenant as one before'));
    seen.add(tenantId);
    if (heldId === roleId) return [];
    if (heldId === TENANT_ADMIN_ROLE_ID) problems.push(ValidationError.at(`${at}.roleIdentifier`, NOT_BY_IMPORT));
    if (beyond !== null) problems.push(ForbiddenError.missing(beyond));
    return [{ tenantId, roleId }];
  });
}

function uniqueValues(
  { row }: Given,
  found: FoundUser,
  columns: StoredColumns,
  stored: StoredColumns | null,
): UniqueValue[] {
  return [
    {
      at: 'externalId',
      column: 'external_id_key',
      value: columns.external_id_key,
      before: stored?.external_id_key,
      isGiven: row.externalId != null,
      holder: found.externalIdHolder,
      isSeen: found.externalIdHolderIsSeen,
      ofDeletedCustomer: found.externalIdHolderIsHidden,
    },
    {
      at: 'email',
      column: 'email_key',
      value: columns.email_key,
      before: stored?.email_key,
      isGiven: row.email != null,
      holder: found.emailHolder,
      isSeen: found.emailHolderIsSeen,
      ofDeletedCustomer: found.emailHolderIsHidden,
    },
  ];
}
