import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import * as z from 'zod';
import { tenantRoles } from '../../db/schema/tenant-roles.ts';
import { users } from '../../db/schema/users.ts';
import { inList, type RowOf, type Statement, select, selection } from '../../db/statement.ts';
import { teamInReach, tenantRoleInReach, userInReach } from '../access/reach.ts';
import { type Caller, isGranted, requirePermissions } from '../access/viewer.ts';
import { isUser, USER_IS_LIVE } from '../commands/identifiers.ts';
import { choice, parse, type UserIdentifier } from '../kernel/input.ts';
import type { Connection, NestedConnection } from '../lists/connection.ts';
import { anyOf, ENTITY_ORDERS, entityFilter } from '../lists/entity-filter.ts';
import { type EntityListArguments, listEntities } from '../lists/entity-list.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { usersInReach } from '../lists/reach-scans.ts';
import { connectionOfList, nestedConnectionOfList } from '../lists/simple-list.ts';

export const USER_STATUSES = users.status.enumValues;

const { externalIdKey: _externalIdKey, kind: _kind, deleted: _deleted, ...fields } = getTableColumns(users);

export interface UserRecord extends RowOf<typeof fields> {}

export const userRows = (rest: SQL): Statement<UserRecord> => select(fields, sql`FROM user ${rest}`);

/** The live users in reach among these, in no particular order. */
export async function usersByIds({ db, viewer }: Caller, ids: readonly string[]): Promise<UserRecord[]> {
  requirePermissions(viewer, ['user:read']);
  const inReach = userInReach(viewer.reach, users.id);
  return db.read(userRows(sql`WHERE ${inList(users.id, ids)} AND ${USER_IS_LIVE} AND ${inReach}`));
}

/** The same for users who are only mentioned: there are none for who may not read users. */
export const mentionedUsers = async (caller: Caller, ids: readonly string[]): Promise<UserRecord[]> =>
  isGranted(() => requirePermissions(caller.viewer, ['user:read'])) ? usersByIds(caller, ids) : [];

/** Null when there is no such live user in reach. */
export async function findUser({ db, viewer }: Caller, identifier: UserIdentifier): Promise<UserRecord | null> {
  requirePermissions(viewer, ['user:read']);
  const inReach = userInReach(viewer.reach, users.id);
  const [found] = await db.read(userRows(sql`WHERE ${isUser(identifier)} AND ${inReach}`));
  return found ?? null;
}

const userFilter = z.object({ ...entityFilter, statuses: anyOf(choice(USER_STATUSES)).nullish() });

const USER_ORDERS = { ...ENTITY_ORDERS, EMAIL: 'emailKey' } as const;

export interface UserListArguments extends EntityListArguments<keyof typeof USER_ORDERS> {
  filter?: z.input<typeof userFilter> | null | undefined;
}

const RECORDS = { selection: selection(fields), from: sql`user`, id: users.id };

const LIST = {
  name: 'users',
  permission: 'user:read',
  records: RECORDS,
  table: users,
  orders: USER_ORDERS,
  partitionedBy: 'status',
  search: { columns: [users.nameKey, users.emailKey], index: sql`user_search`, hasTenants: true },
  scanOf: usersInReach,
  isInReach: userInReach,
} as const;

/** The users in reach, live ones unless the filter says otherwise. */
export function listUsers(caller: Caller, args: UserListArguments): Connection<UserRecord> {
  const filter = parse(userFilter, args.filter ?? {}, 'filter');
  return listEntities(caller, LIST, args, { ...filter, partitionValues: filter.statuses ?? USER_STATUSES });
}

const scanned = alias(users, 'scanned');

/** The live users with a role in the organization: its team. Only whoever reaches the organization sees any. */
export function listUsersOfOrganization({ db, viewer }: Caller, page: PageArguments): Connection<UserRecord> {
  requirePermissions(viewer, ['user:read']);
  return connectionOfList(db, page, {
    name: 'Organization.users',
    records: RECORDS,
    scan: {
      from: sql`user scanned`,
      id: scanned.id,
      partitions: [
        { column: scanned.deleted, values: [0] },
        { column: scanned.status, values: USER_STATUSES },
      ],
      where: [sql`scanned.kind = 'ORGANIZATION'`, teamInReach(viewer.reach)],
    },
  });
}

/** The live users in reach of each of these customers, in the order of their ids. */
export function listUsersOfCustomers(
  { db, viewer }: Caller,
  customerIds: readonly string[],
  page: PageArguments,
): NestedConnection<UserRecord> {
  requirePermissions(viewer, ['user:read']);
  const { from, columns, partitions } = usersInReach(viewer.reach);
  return nestedConnectionOfList(db, page, {
    name: 'Customer.users',
    records: RECORDS,
    parents: { column: columns.customerId, values: customerIds },
    scan: {
      from,
      id: columns.id,
      partitions: [
        ...partitions,
        { column: columns.deleted, values: [0] },
        { column: columns.status, values: USER_STATUSES },
      ],
      where: [],
    },
  });
}

const assigned = alias(tenantRoles, 'scanned');

/** The live users with a role in each of these tenants, in the order of their ids. */
export function listUsersOfTenants(
  { db, viewer }: Caller,
  tenantIds: readonly string[],
  page: PageArguments,
): NestedConnection<UserRecord> {
  requirePermissions(viewer, ['user:read']);
  return nestedConnectionOfList(db, page, {
    name: 'Tenant.users',
    records: RECORDS,
    parents: { column: assigned.tenantId, values: tenantIds },
    scan: {
      from: sql`assignment scanned`,
      id: assigned.userId,
      partitions: [
        { column: assigned.userDeleted, values: [0] },
        { column: assigned.userStatus, values: USER_STATUSES },
      ],
      where: [tenantRoleInReach(viewer.reach, assigned.tenantId)],
    },
  });
}
