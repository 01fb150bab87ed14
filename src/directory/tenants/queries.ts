import { getTableColumns, type SQL } from 'drizzle-orm';
import * as z from 'zod';
import { columnsAs } from '../../db/alias.ts';
import { memberships } from '../../db/schema/memberships.ts';
import { tenants } from '../../db/schema/tenants.ts';
import { type RecordStatement, selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { allOf, inList, mapRows, type RowOf, type Several, selection } from '../../db/statement.ts';
import { type Reach, tenantInReach } from '../access/reach.ts';
import { type Caller, isGranted, requirePermissions, requireReach, type Viewer } from '../access/viewer.ts';
import { isTenant, TENANT_IS_LIVE } from '../commands/identifiers.ts';
import { ForbiddenError } from '../kernel/errors.ts';
import { choice, id, MAX_IDENTIFIERS, parse, type TenantIdentifier } from '../kernel/input.ts';
import { type InputOf, lazily } from '../kernel/lazily.ts';
import type { Connection, NestedConnection } from '../lists/connection.ts';
import { anyOf, ENTITY_ORDERS, entityFilter } from '../lists/entity-filter.ts';
import { type EntityListArguments, listEntities } from '../lists/entity-list.ts';
import { type Found, foundWhere, onlyRow } from '../lists/found.ts';
import type { ListedRecords } from '../lists/index-scan.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { tenantsInReach } from '../lists/reach-scans.ts';
import { searchedName } from '../lists/search.ts';
import { nestedConnectionOfList } from '../lists/simple-list.ts';

/** What state a tenant can be in, as the database has it. */
export const TENANT_STATUSES = tenants.status.enumValues;
/** Whether a tenant pays tax, as the database has it. */
export const TAX_EXEMPTIONS = tenants.taxExempt.enumValues;

const {
  nameKey: _nameKey,
  nameFolded: _nameFolded,
  nameWords: _nameWords,
  externalIdKey: _externalIdKey,
  keyVersion: _keyVersion,
  deleted: _deleted,
  ...fields
} = getTableColumns(tenants);

/** A tenant as every API shows it, without the columns that are only compared. */
export interface TenantRecord extends RowOf<typeof fields> {}

const SELECTION = selection(fields);
/** The address that a tenant's bills go to. */
export type Address = NonNullable<TenantRecord['billingAddress']>;

const RECORDS = { selection: SELECTION, fields, from: sql`tenant`, id: tenants.id };

/** Returns a statement that reads tenants: those that `rest` asks for, which follows FROM. */
export const tenantRows = (rest: SQL): RecordStatement<TenantRecord> => selectingRecords(RECORDS, rest);

/**
 * Requires that the viewer may see more of a tenant than its id and its name.
 *
 * @throws ForbiddenError if the viewer reaches only a customer, and so no more of the tenants that it belongs to
 */
export function requireTenantDetails({ reach }: Viewer): void {
  if (reach.kind === 'CUSTOMER') throw ForbiddenError.outOfReach('Of a tenant, you reach only its id and its name.');
}

/** Whether the viewer reads of a tenant in reach more than its id and its name. */
export const readsTenantDetails = (viewer: Viewer): boolean =>
  isGranted(() => {
    requirePermissions(viewer, ['tenant:read']);
    requireTenantDetails(viewer);
  });

/**
 * Returns the live tenants in reach among these, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `tenant:read`
 */
export function tenantsByIds({ db, viewer }: Caller, ids: Several): Found<TenantRecord> {
  requirePermissions(viewer, ['tenant:read']);
  const inReach = tenantInReach(viewer.reach, tenants.id);
  return foundWhere(db, RECORDS, sql`${inList(tenants.id, ids)} AND ${TENANT_IS_LIVE} AND ${inReach}`);
}

/**
 * Returns the live tenant in reach that is identified so, if there is such a tenant.
 *
 * @throws ForbiddenError if the viewer lacks `tenant:read`, or reaches only a customer and asks by anything but the id
 */
export function findTenant({ db, viewer }: Caller, identifier: TenantIdentifier): Found<TenantRecord> {
  requirePermissions(viewer, ['tenant:read']);
  if (identifier.id == null) requireTenantDetails(viewer);
  const inReach = tenantInReach(viewer.reach, tenants.id);
  return foundWhere(db, RECORDS, sql`${isTenant(identifier)} AND ${inReach}`);
}

const tenantNamed = lazily(() => z.object({ id: id() }));

/**
 * Returns the whole of a tenant, not only its id and its name; null if there is no such live tenant in reach.
 *
 * @throws ForbiddenError if the viewer lacks `tenant:read` or reaches only a customer
 * @throws ValidationError if the id is not one
 */
export async function readTenant(caller: Caller, tenantId: unknown): Promise<TenantRecord | null> {
  requirePermissions(caller.viewer, ['tenant:read']);
  requireTenantDetails(caller.viewer);
  return onlyRow(findTenant(caller, parse(tenantNamed, { id: tenantId })));
}

/**
 * Returns the tenant that the viewer is signed in to; null if it has just been deleted.
 *
 * @throws ForbiddenError if the viewer is not signed in, or not to a tenant, or lacks `tenant:read`
 */
export async function readOwnTenant(caller: Caller): Promise<TenantRecord | null> {
  const { reach, session } = caller.viewer;
  if (session === null) throw ForbiddenError.notSignedIn();
  requireReach(caller.viewer, ['TENANTS']);
  const [tenantId] = reach.kind === 'TENANTS' ? reach.tenantIds : [];
  return tenantId === undefined ? null : readTenant(caller, tenantId);
}

const tenantFilter = lazily(() =>
  z.object({
    ...entityFilter(),
    statuses: anyOf(choice(TENANT_STATUSES)).nullish(),
    /** What is the id of no tenant in reach finds nothing. */
    ids: anyOf(z.string()).max(MAX_IDENTIFIERS, `must be at most ${MAX_IDENTIFIERS}`).nullish(),
  }),
);

/** The arguments of the list of tenants. */
export interface TenantListArguments extends EntityListArguments<keyof typeof ENTITY_ORDERS> {
  filter?: InputOf<typeof tenantFilter> | null | undefined;
}

const LIST = {
  name: 'tenants',
  permission: 'tenant:read',
  records: RECORDS,
  table: tenants,
  orders: ENTITY_ORDERS,
  search: { name: searchedName(tenants), index: sql`tenant_search`, hasTenants: false },
  partitionedBy: 'status',
  scanOf: (reach: Reach) => tenantsInReach(reach),
  isInReach: tenantInReach,
} as const;

/** The list of those that are among these. */
const listAmong = (ids: readonly string[]): typeof LIST => ({
  ...LIST,
  scanOf: (reach) => tenantsInReach(reach, ids),
  isInReach: (reach, id) => allOf([inList(id, ids), tenantInReach(reach, id)]),
});

/**
 * Lists the tenants in reach that match the filter, live ones unless it says otherwise.
 *
 * @throws ForbiddenError if the viewer lacks `tenant:read`, or reaches only a customer and filters or sorts
 * @throws ValidationError if the filter or the page arguments are not valid
 */
export function listTenants(caller: Caller, args: TenantListArguments): Connection<TenantRecord> {
  if (args.filter != null || args.orderBy != null) requireTenantDetails(caller.viewer);
  const filter = parse(tenantFilter, args.filter ?? {}, 'filter');
  const list = filter.ids ? listAmong(filter.ids) : LIST;
  return listEntities(caller, list, args, { ...filter, partitionValues: filter.statuses ?? TENANT_STATUSES });
}

/**
 * Lists the live tenants in reach that each of these customers belongs to, in the order of their ids.
 *
 * @throws ForbiddenError if the viewer lacks `tenant:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export const listTenantsOfCustomers = (
  caller: Caller,
  customerIds: Several,
  page: PageArguments,
): NestedConnection<TenantRecord> => listOfMemberships(caller, RECORDS, customerIds, page);

const member = {
  memberSince: memberships.createdAt,
  memberByType: memberships.createdByType,
  memberById: memberships.createdById,
};

/** That a customer belongs to a tenant. */
export interface MembershipRecord extends Pick<RowOf<typeof fields>, 'createdAt' | 'createdByType' | 'createdById'> {
  /** The id of the tenant. */
  id: string;
  tenant: TenantRecord;
}

const MEMBERSHIP_RECORDS = {
  selection: mapRows(
    selection({ ...fields, ...member }),
    ({ memberSince, memberByType, memberById, ...tenant }): MembershipRecord => ({
      id: tenant.id,
      tenant,
      createdAt: memberSince,
      createdByType: memberByType,
      createdById: memberById,
    }),
  ),
  from: sql`membership CROSS JOIN tenant ON tenant.id = membership.tenant_id`,
  id: memberships.tenantId,
  parentId: memberships.customerId,
};

/**
 * Lists the memberships of each of these customers in live tenants in reach, in the order of the tenants' ids.
 *
 * @throws ForbiddenError if the viewer lacks `tenant:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export const listMembershipsOfCustomers = (
  caller: Caller,
  customerIds: Several,
  page: PageArguments,
): NestedConnection<MembershipRecord> => listOfMemberships(caller, MEMBERSHIP_RECORDS, customerIds, page);

const membership = columnsAs(memberships, 'scanned');

function listOfMemberships<Row extends { id: string }>(
  { db, viewer }: Caller,
  records: ListedRecords<Row>,
  customerIds: Several,
  page: PageArguments,
): NestedConnection<Row> {
  requirePermissions(viewer, ['tenant:read']);
  return nestedConnectionOfList(db, page, {
    name: 'Customer.tenants',
    records,
    parents: { column: membership.customerId, values: customerIds },
    scan: {
      from: sql`membership scanned CROSS JOIN tenant living ON living.id = scanned.tenant_id`,
      id: membership.tenantId,
      where: [sql`living.deleted_at IS NULL`, tenantInReach(viewer.reach, membership.tenantId)],
    },
  });
}
