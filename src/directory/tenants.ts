import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import * as z from 'zod';
import { memberships } from '../db/schema/memberships.ts';
import { tenants } from '../db/schema/tenants.ts';
import { inList, type RowOf, type Statement, select, selection } from '../db/statement.ts';
import { ForbiddenError } from './errors.ts';
import { choice, comparable, parse, type TenantIdentifier } from './input.ts';
import { type Listing, listing, type NestedListing, nestedListing, type Walk } from './page.ts';
import { type PageArguments, parsePaging } from './paging.ts';
import { type Reach, tenantInReach } from './reach.ts';
import {
  anyOf,
  BY_CREATION,
  createdWithin,
  deletedValues,
  isNarrowed,
  orderOf,
  type RecordOrder,
  recordFilter,
  SORT_COLUMNS,
  sortKeyOf,
  withExternalIds,
  withinTime,
} from './records.ts';
import { type Caller, requirePermissions, type Viewer } from './viewer.ts';

export const TENANT_STATUSES = tenants.status.enumValues;
export const TAX_EXEMPTIONS = tenants.taxExempt.enumValues;

const { externalIdKey: _externalIdKey, deleted: _deleted, ...fields } = getTableColumns(tenants);

export interface TenantRecord extends RowOf<typeof fields> {}
export type Address = NonNullable<TenantRecord['billingAddress']>;

export const tenantRows = (rest: SQL): Statement<TenantRecord> => select(fields, sql`FROM tenant ${rest}`);

const IS_LIVE = sql`tenant.deleted_at IS NULL`;

/** Matches the live tenant that an identifier names. */
export function isTenant({ id, externalId }: TenantIdentifier): SQL {
  if (id != null) return sql`${tenants.id} = ${id} AND ${IS_LIVE}`;
  return sql`${tenants.externalIdKey} = ${comparable(externalId ?? '')} AND ${IS_LIVE}`;
}

/** Of the tenants that a customer belongs to, who reaches only the customer sees `id` and `name`. */
export function requireTenantDetails({ reach }: Viewer): void {
  if (reach.kind === 'CUSTOMER') throw ForbiddenError.outOfReach('Of a tenant, you reach only its id and its name.');
}

/** The live tenants in reach among these, in no particular order. */
export async function tenantsByIds({ db, viewer }: Caller, ids: readonly string[]): Promise<TenantRecord[]> {
  requirePermissions(viewer, ['tenant:read']);
  const inReach = tenantInReach(viewer.reach, tenants.id);
  return db.read(tenantRows(sql`WHERE ${inList(tenants.id, ids)} AND ${IS_LIVE} AND ${inReach}`));
}

/** Null when there is no such live tenant in reach. */
export async function findTenant({ db, viewer }: Caller, identifier: TenantIdentifier): Promise<TenantRecord | null> {
  requirePermissions(viewer, ['tenant:read']);
  const inReach = tenantInReach(viewer.reach, tenants.id);
  const [found] = await db.read(tenantRows(sql`WHERE ${isTenant(identifier)} AND ${inReach}`));
  return found ?? null;
}

const tenantFilter = z.object({
  ...recordFilter,
  statuses: anyOf(choice(TENANT_STATUSES)).nullish(),
});

export interface TenantListArguments extends PageArguments {
  filter?: z.input<typeof tenantFilter> | null | undefined;
  orderBy?: RecordOrder | null | undefined;
}

const target = { selection: selection(fields), from: sql`tenant`, id: tenants.id, sort: null };

/** The tenants in reach, live ones unless the filter says otherwise. */
export function listTenants({ db, viewer }: Caller, args: TenantListArguments): Listing<TenantRecord> {
  requirePermissions(viewer, ['tenant:read']);
  const filter = parse(tenantFilter, args.filter ?? {}, 'filter');
  const order = orderOf(args.orderBy, filter);
  const sort = SORT_COLUMNS[order.field];
  const sorted = { ...target, sort: sort && tenants[sort] };
  return listing(
    db,
    sorted,
    walkTenants(viewer.reach, filter, order),
    parsePaging(args, order, 'tenants'),
    sortKeyOf(order),
  );
}

const walked = alias(tenants, 'walked');

function walkTenants(reach: Reach, filter: z.output<typeof tenantFilter>, { field }: RecordOrder): Walk {
  const sort = SORT_COLUMNS[field];
  const statuses = filter.statuses ?? TENANT_STATUSES;
  const common = { id: walked.id, sort: sort && walked[sort] };
  const ranges = [...createdWithin(walked.id, filter.createdAt), ...withinTime(walked.updatedAt, filter.updatedAt)];
  // A list of ids, whether external ones or those in reach, picks fewer rows than any order would read.
  if (filter.externalIds != null || reach.kind === 'TENANTS') {
    return {
      ...common,
      from: filter.externalIds ? withExternalIds(sql`tenant`, filter.externalIds) : sql`tenant walked`,
      partitions: [],
      where: [
        tenantInReach(reach, walked.id),
        inList(sql`+${walked.deleted}`, deletedValues(filter.deleted)),
        inList(sql`+${walked.status}`, statuses),
        ...ranges,
      ],
      narrowed: true,
    };
  }
  return {
    ...common,
    from: sql`tenant walked`,
    partitions: [
      { column: walked.deleted, values: deletedValues(filter.deleted) },
      { column: walked.status, values: statuses },
    ],
    where: ranges,
    narrowed: isNarrowed(filter, field),
  };
}

const membership = alias(memberships, 'walked');

/** The live tenants in reach that each of these customers belongs to, in the order of their ids. */
export function listTenantsOfCustomers(
  { db, viewer }: Caller,
  customerIds: readonly string[],
  page: PageArguments,
): NestedListing<TenantRecord> {
  requirePermissions(viewer, ['tenant:read']);
  const walk: Walk = {
    from: sql`membership walked CROSS JOIN tenant living ON living.id = walked.tenant_id`,
    id: membership.tenantId,
    sort: null,
    partitions: [{ column: membership.customerId, values: customerIds }],
    where: [sql`living.deleted_at IS NULL`, tenantInReach(viewer.reach, membership.tenantId)],
    narrowed: false,
  };
  return nestedListing(db, target, walk, parsePaging(page, BY_CREATION, 'Customer.tenants'));
}
