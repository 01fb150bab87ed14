import { type SQL, sql } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { jsonList } from '../../db/statement.ts';
import { requireReach, type Viewer } from '../access/viewer.ts';
import { wasRecorded } from '../commands/event-recording.ts';
import { BEYOND_REACH } from '../commands/grant-guard.ts';
import { notFoundAt, pathOf } from '../commands/references.ts';
import { type GivenRow, IMPORT_RULES, type Import, requireFree } from '../imports/import.ts';
import {
  alterations,
  changedOnes,
  creations,
  differsFrom,
  readStored,
  type StoredColumns,
  type StoredRecord,
  stored,
} from '../imports/writes.ts';
import { OWNER_ROLE_ID, TENANT_ADMIN_ROLE_ID } from '../kernel/built-in-roles.ts';
import {
  AlreadyExistsError,
  ForbiddenError,
  NotFoundError,
  type Reference,
  ValidationError,
} from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { newRecord, parse } from '../kernel/input.ts';
import { newUserDetails, patchedUser } from './columns.ts';
import { USER } from './entity.ts';
import { type LookedUpUser, lookUpUsers, readLookup, type UserRow, userRow } from './import-lookup.ts';
import { recordTenantRoles, writeTenantRoles } from './tenant-roles.ts';

type Given = GivenRow<UserRow>;

interface Assigned {
  tenantId: string;
  roleId: string;
}

interface Written extends StoredRecord {
  /** Null for a new user. */
  now: StoredColumns | null;
  /** Whether the user itself changes, and not only its roles in tenants. */
  differs: boolean;
  assigned: readonly Assigned[];
}

/**
 * Brings users in: those whom an external id, or else an e-mail address, names already are changed, and the rules are those
 * of the commands for one user. Owners and admins of tenants are neither demoted nor deactivated by an import.
 */
export const importUsers: Import<UserRow, Written> = {
  ...IMPORT_RULES,
  name: 'importUsers',
  permissions: ['user:create', 'user:edit'],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  word: 'user',
  row: userRow,
  lookup: lookUpUsers,
  decide(deciding, given, { seen, record }) {
    const found = readLookup(seen);
    const now = readStored(record);
    if (found.id === null || now === null) {
      requireHome(deciding.viewer, given);
      requireReferences(given, found);
      const columns = newColumns(given, found);
      requireFree(deciding, given.path, null, uniqueValues(found, columns, null));
      const id = newId();
      return {
        outcome: 'CREATED',
        id,
        written: { id, columns, now, differs: true, assigned: assignedBy(given, found) },
      };
    }
    if (!found.isLive || !found.inReach) throw new AlreadyExistsError(identifierPath(given), null);
    if (!deciding.claim(`id ${found.id}`)) {
      throw ValidationError.at(identifierPath(given), 'names the same user as a row before');
    }
    requireOwnHome(given, found);
    requireReferences(given, found);
    const columns = changed(given, found, now);
    const differs = differsFrom(columns, now);
    if (differs) requireHolding(found);
    keepsOwnersAndAdmins(given, found, columns, now);
    if (columns.role_id !== now.role_id && found.givenRoleBeyond) throw ForbiddenError.missing(found.givenRoleBeyond);
    requireFree(deciding, given.path, found.id, uniqueValues(found, columns, now));
    const assigned = assignedBy(given, found);
    const outcome = differs || assigned.length > 0 ? 'UPDATED' : 'NOOP';
    return { outcome, id: found.id, written: { id: found.id, columns, now, differs, assigned } };
  },
  writes(context, { created, updated }, allowed) {
    const made = creations(context, USER, created);
    const altered = alterations(context, USER, changedOnes(updated.filter(({ differs }) => differs)));
    return [
      ...made.recorded(allowed),
      ...altered.recorded(allowed),
      recordTenantRoles(context, assignments(updated), allowed),
      ...made.writes,
      ...altered.writes,
      recordTenantRoles(context, assignments(created), wasRecorded(context, 'user.created')),
      ...writeTenantRoles(context),
    ];
  },
};

const assignments = (written: readonly Written[]): SQL => {
  const rows = written.flatMap(({ id, assigned }) => assigned.map((one) => ({ ...one, userId: id })));
  return sql`(SELECT given.value ->> 'userId' AS user_id, given.value ->> 'tenantId' AS tenant_id,
    given.value ->> 'roleId' AS role_id FROM json_each(${jsonList(rows)}) given)`;
};

const identifierPath = ({ path, row }: Given): string =>
  row.externalId == null ? `${path}.email` : `${path}.externalId`;

/** All that the row names, and is not there, at once. */
function requireReferences({ path, row }: Given, found: LookedUpUser): void {
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
  if (missing.length > 0) throw new NotFoundError(missing);
}

/** Whoever changes a user holds all that the user has. */
function requireHolding({ whollyInReach, beyond }: LookedUpUser): void {
  if (!whollyInReach) throw ForbiddenError.outOfReach(BEYOND_REACH);
  if (beyond !== null) throw ForbiddenError.missing(beyond);
}

/** Whether the viewer reaches where the new user is to have its own role: before anything is looked up there. */
function requireHome(viewer: Viewer, { row }: Given): void {
  if (row.customerIdentifier != null) requireReach(viewer, ['ORGANIZATION', 'CUSTOMER']);
  else requireReach(viewer, row.roleIdentifier == null ? ['ORGANIZATION', 'TENANTS'] : ['ORGANIZATION']);
}

/** The same for a user who is there: who reaches only part of a user learns nothing of the rest by guessing. */
function requireOwnHome({ row }: Given, found: LookedUpUser): void {
  if (row.customerIdentifier == null && row.roleIdentifier == null) return;
  if (!found.whollyInReach) throw ForbiddenError.outOfReach(BEYOND_REACH);
}

const newRow = newRecord(newUserDetails);

function newColumns({ path, row }: Given, found: LookedUpUser): StoredColumns {
  const { status, roleIdentifier, customerIdentifier, tenantRoles: _tenantRoles, ...given } = row;
  const details = patchedUser(parse(newRow, given, path));
  const [start] = found.tenantRoles;
  const common = { nameKey: '', ...details, status: status ?? 'INVITED' } as const;
  if (found.givenRoleBeyond) throw ForbiddenError.missing(found.givenRoleBeyond);
  if (customerIdentifier != null) {
    if (roleIdentifier == null) throw ValidationError.at(`${path}.roleIdentifier`, 'is required', 'REQUIRED');
    const home = { kind: 'CUSTOMER', roleId: found.givenRoleId, customerId: found.givenCustomerId } as const;
    return stored(users, { ...common, ...home }, null);
  }
  if (roleIdentifier != null) {
    return stored(users, { ...common, kind: 'ORGANIZATION', roleId: found.givenRoleId }, null);
  }
  if (!start)
    throw ValidationError.at(`${path}.tenantRoles`, 'is required for a user without another role', 'REQUIRED');
  return stored(users, { ...common, kind: 'TENANT', defaultTenantId: start.tenantId }, null);
}

function changed({ path, row }: Given, found: LookedUpUser, now: StoredColumns): StoredColumns {
  const { email, status, roleIdentifier, customerIdentifier, tenantRoles: _tenantRoles, ...details } = row;
  if (customerIdentifier != null && found.givenCustomerId !== found.customerId) {
    throw ValidationError.at(`${path}.customerIdentifier`, 'is not the customer of the user, which stays as it is');
  }
  if (status === 'INVITED' && now.status !== 'INVITED') {
    throw ValidationError.at(`${path}.status`, 'must not be INVITED for a user who was ACTIVE or DEACTIVATED');
  }
  const values = {
    ...patchedUser({ ...details, ...(email != null && { email }) }),
    status: status ?? undefined,
    roleId: roleIdentifier == null ? undefined : found.givenRoleId,
  };
  return stored(users, values, now);
}

/** Whether others are left depends on the other rows, too: that is for the commands for one user to find out. */
function keepsOwnersAndAdmins({ path }: Given, found: LookedUpUser, columns: StoredColumns, now: StoredColumns): void {
  const wasOwner = now.role_id === OWNER_ROLE_ID;
  if (wasOwner && columns.role_id !== OWNER_ROLE_ID) throw ValidationError.at(`${path}.roleIdentifier`, NOT_BY_IMPORT);
  const isDeactivated = columns.status === 'DEACTIVATED' && now.status !== 'DEACTIVATED';
  if (isDeactivated && (wasOwner || found.isTenantAdmin)) throw ValidationError.at(`${path}.status`, NOT_BY_IMPORT);
}

const NOT_BY_IMPORT =
  'would demote or deactivate an owner or admin, which an import does not: change that user by itself';

/** The roles in tenants that the row gives and the user has not. */
function assignedBy({ path }: Given, { tenantRoles }: LookedUpUser): Assigned[] {
  const seen = new Set<string>();
  return tenantRoles.flatMap(({ tenantId, roleId, heldId, beyond }, index) => {
    const at = `${path}.tenantRoles.${index}`;
    if (tenantId === null || roleId === null) return [];
    if (seen.has(tenantId)) throw ValidationError.at(`${at}.tenantIdentifier`, 'names the same tenant as one before');
    seen.add(tenantId);
    if (heldId === roleId) return [];
    if (heldId === TENANT_ADMIN_ROLE_ID) throw ValidationError.at(`${at}.roleIdentifier`, NOT_BY_IMPORT);
    if (beyond !== null) throw ForbiddenError.missing(beyond);
    return [{ tenantId, roleId }];
  });
}

const uniqueValues = (found: LookedUpUser, columns: StoredColumns, now: StoredColumns | null) => [
  { value: columns.external_id_key, before: now?.external_id_key, holder: found.externalIdHolder, at: 'externalId' },
  { value: columns.email_key, before: now?.email_key, holder: found.emailHolder, at: 'email' },
];
