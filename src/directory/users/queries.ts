import { getTableColumns, type SQL } from 'drizzle-orm';
import { columnsAs } from '../../db/alias.ts';
import { tenantRoles } from '../../db/schema/tenant-roles.ts';
import { users } from '../../db/schema/users.ts';
import { type RecordStatement, selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { inList, type RowOf, type Several, selection } from '../../db/statement.ts';
import { teamInReach, tenantRoleInReach, userInReach } from '../access/reach.ts';
import { type Caller, isGranted, requirePermissions } from '../access/viewer.ts';
import { isUser, USER_IS_LIVE } from '../commands/identifiers.ts';
import { parse, type UserIdentifier } from '../kernel/input.ts';
import type { InputOf } from '../kernel/lazily.ts';
import type { Connection, NestedConnection } from '../lists/connection.ts';
import { ENTITY_ORDERS } from '../lists/entity-filter.ts';
import { type EntityListArguments, listEntities } from '../lists/entity-list.ts';
import { type Found, foundWhere } from '../lists/found.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { usersInReach } from '../lists/reach-scans.ts';
import { searchedEmail, searchedName } from '../lists/search.ts';
import { connectionOfList, nestedConnectionOfList } from '../lists/simple-list.ts';
import { partsOf, USER_STATUSES, userFilter } from './filter.ts';

const {
  nameKey: _nameKey,
  nameFolded: _nameFolded,
  nameWords: _nameWords,
  externalIdKey: _externalIdKey,
  emailFolded: _emailFolded,
  emailWords: _emailWords,
  keyVersion: _keyVersion,
  kind: _kind,
  deleted: _deleted,
  hasPlace: _hasPlace,
  ...fields
} = getTableColumns(users);

/** A user as every API shows them, without the columns that are only compared. */
export interface UserRecord extends RowOf<typeof fields> {}

const SELECTION = selection(fields);

const RECORDS = { selection: SELECTION, fields, from: sql`user`, id: users.id };

/** Returns a statement that reads users: those that `rest` asks for, which follows FROM. */
export const userRows = (rest: SQL): RecordStatement<UserRecord> => selectingRecords(RECORDS, rest);

/**
 * Returns the live users in reach among these, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `user:read`
 */
export function usersByIds({ db, viewer }: Caller, ids: Several): Found<UserRecord> {
  requirePermissions(viewer, ['user:read']);
  const inReach = userInReach(viewer.reach, users.id);
  return foundWhere(db, RECORDS, sql`${inList(users.id, ids)} AND ${USER_IS_LIVE} AND ${inReach}`);
}

/** Returns the user who signed in and asks, whatever they may read; nobody for a key. */
export function viewersUser({ db, viewer: { actor } }: Caller): Found<UserRecord> {
  const isOwn = actor.type === 'USER' ? sql`${users.id} = ${actor.id}` : sql`FALSE`;
  return foundWhere(db, RECORDS, sql`${isOwn} AND ${USER_IS_LIVE}`);
}

/**
 * Returns the live users in reach who became the first admins of these tenants, by the commands that created them.
 *
 * @throws ForbiddenError if the viewer lacks `user:read`
 */
export function firstAdminsOf({ db, viewer }: Caller, tenantIds: Several): Found<UserRecord> {
  requirePermissions(viewer, ['user:read']);
  const admins = sql`SELECT assigned.subject_id FROM event created
    JOIN event assigned ON assigned.command_id = created.command_id AND assigned.type = 'tenantRole.assigned'
    WHERE ${inList(sql`created.subject_id`, tenantIds)} AND created.type = 'tenant.created'
      AND assigned.after ->> 'tenantId' = created.subject_id`;
  const inReach = userInReach(viewer.reach, users.id);
  return foundWhere(db, RECORDS, sql`${users.id} IN (${admins}) AND ${USER_IS_LIVE} AND ${inReach}`);
}

/**
 * Returns the live users in reach among these who are only mentioned, such as an author. A viewer who lacks `user:read`
 * gets no users, and no error.
 */
export const mentionedUsers = async (caller: Caller, ids: readonly string[]): Promise<UserRecord[]> =>
  isGranted(() => requirePermissions(caller.viewer, ['user:read'])) ? usersByIds(caller, ids).rows() : [];

/**
 * Returns the live user in reach who is identified so, if there is such a user.
 *
 * @throws ForbiddenError if the viewer lacks `user:read`
 */
export function findUser({ db, viewer }: Caller, identifier: UserIdentifier): Found<UserRecord> {
  requirePermissions(viewer, ['user:read']);
  const inReach = userInReach(viewer.reach, users.id);
  return foundWhere(db, RECORDS, sql`${isUser(identifier)} AND ${inReach}`);
}

const USER_ORDERS = { ...ENTITY_ORDERS, EMAIL: 'emailKey' } as const;

/** The arguments of the list of users. */
export interface UserListArguments extends EntityListArguments<keyof typeof USER_ORDERS> {
  filter?: InputOf<typeof userFilter> | null | undefined;
}

const LIST = {
  name: 'users',
  permission: 'user:read',
  records: RECORDS,
  table: users,
  orders: USER_ORDERS,
  partitionedBy: 'status',
  search: { name: searchedName(users), email: searchedEmail(users), index: sql`user_search`, hasTenants: true },
  scanOf: usersInReach,
  isInReach: userInReach,
} as const;

/**
 * Lists the users in reach that match the filter, live ones unless it says otherwise. Who asks by customers is told which
 * of them users belong to, and who asks by a role, who has it.
 *
 * @throws ForbiddenError if the viewer lacks `user:read`, `customer:read` to ask by customers, or `role:read` to ask by a role
 * @throws ValidationError if the filter or the page arguments are not valid
 */
export function listUsers(caller: Caller, args: UserListArguments): Connection<UserRecord> {
  const filter = parse(userFilter, args.filter ?? {}, 'filter');
  const { viewer } = caller;
  const asksByCustomer = filter.customerId != null || filter.hasCustomer != null;
  requirePermissions(viewer, [
    'user:read',
    ...(asksByCustomer ? (['customer:read'] as const) : []),
    ...(filter.roleId == null ? [] : (['role:read'] as const)),
  ]);
  return listEntities(caller, LIST, args, {
    ...filter,
    ...partsOf(LIST, viewer.reach, filter),
    partitionValues: filter.statuses ?? USER_STATUSES,
  });
}

const scanned = columnsAs(users, 'scanned');

/**
 * Lists the team: the live users with a role in the organization. Only a viewer who reaches the organization sees any.
 *
 * @throws ForbiddenError if the viewer lacks `user:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
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

/**
 * Lists the live users in reach of each of these customers, in the order of their ids.
 *
 * @throws ForbiddenError if the viewer lacks `user:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listUsersOfCustomers(
  { db, viewer }: Caller,
  customerIds: Several,
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

const assigned = columnsAs(tenantRoles, 'scanned');

/**
 * Lists the live users with a role in each of these tenants that is in reach, in the order of their ids.
 *
 * @throws ForbiddenError if the viewer lacks `user:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listUsersOfTenants(
  { db, viewer }: Caller,
  tenantIds: Several,
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
