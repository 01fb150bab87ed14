import { type Column, getTableColumns, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import * as z from 'zod';
import { customerLabels, customers } from '../db/schema/customers.ts';
import { memberships } from '../db/schema/memberships.ts';
import { inList, type RowOf, type Statement, select, selection } from '../db/statement.ts';
import { type CustomerIdentifier, choice, comparable, labels, parse } from './input.ts';
import { type Listing, listing, type NestedListing, nestedListing, type Walk } from './page.ts';
import { type PageArguments, parsePaging } from './paging.ts';
import { customerInReach, customersInReach, type Reach, tenantInReach } from './reach.ts';
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
import { type Caller, requirePermissions } from './viewer.ts';

const walked = alias(customers, 'walked');

export const CUSTOMER_KINDS = customers.kind.enumValues;

const { externalIdKey: _externalIdKey, emailKey: _emailKey, deleted: _deleted, ...fields } = getTableColumns(customers);

export interface CustomerRecord extends RowOf<typeof fields> {}

export const customerRows = (rest: SQL): Statement<CustomerRecord> => select(fields, sql`FROM customer ${rest}`);

const IS_LIVE = sql`customer.deleted_at IS NULL`;

/** Matches the live customer that an identifier names. */
export function isCustomer({ id, email, externalId }: CustomerIdentifier): SQL {
  if (id != null) return sql`${customers.id} = ${id} AND ${IS_LIVE}`;
  if (email != null) return sql`${customers.emailKey} = ${comparable(email)} AND ${IS_LIVE}`;
  return sql`${customers.externalIdKey} = ${comparable(externalId ?? '')} AND ${IS_LIVE}`;
}

/** The live customers in reach among these, in no particular order. */
export async function customersByIds({ db, viewer }: Caller, ids: readonly string[]): Promise<CustomerRecord[]> {
  requirePermissions(viewer, ['customer:read']);
  const inReach = customerInReach(viewer.reach, customers.id);
  return db.read(customerRows(sql`WHERE ${inList(customers.id, ids)} AND ${IS_LIVE} AND ${inReach}`));
}

/** Null when there is no such live customer in reach. */
export async function findCustomer(
  { db, viewer }: Caller,
  identifier: CustomerIdentifier,
): Promise<CustomerRecord | null> {
  requirePermissions(viewer, ['customer:read']);
  const inReach = customerInReach(viewer.reach, customers.id);
  const [found] = await db.read(customerRows(sql`WHERE ${isCustomer(identifier)} AND ${inReach}`));
  return found ?? null;
}

const customerFilter = z.object({
  ...recordFilter,
  kinds: anyOf(choice(CUSTOMER_KINDS)).nullish(),
  /** The customers that carry all of these. */
  labels: labels.pipe(anyOf(z.string())).nullish(),
});

export interface CustomerListArguments extends PageArguments {
  filter?: z.input<typeof customerFilter> | null | undefined;
  orderBy?: RecordOrder | null | undefined;
}

const target = { selection: selection(fields), from: sql`customer`, id: customers.id, sort: null };

/** The customers in reach, live ones unless the filter says otherwise. */
export function listCustomers({ db, viewer }: Caller, args: CustomerListArguments): Listing<CustomerRecord> {
  requirePermissions(viewer, ['customer:read']);
  const filter = parse(customerFilter, args.filter ?? {}, 'filter');
  const order = orderOf(args.orderBy, filter);
  const sort = SORT_COLUMNS[order.field];
  const sorted = { ...target, sort: sort && customers[sort] };
  const paging = parsePaging(args, order, 'customers');
  return listing(db, sorted, walkCustomers(viewer.reach, filter, order), paging, sortKeyOf(order));
}

type Filter = z.output<typeof customerFilter>;

function walkCustomers(reach: Reach, filter: Filter, order: RecordOrder): Walk {
  const sort = SORT_COLUMNS[order.field];
  const kinds = filter.kinds ?? CUSTOMER_KINDS;
  const named = namedCustomers(filter);
  if (named) {
    return {
      ...named,
      sort: sort && walked[sort],
      partitions: [],
      where: [
        ...named.where,
        inList(sql`+${walked.deleted}`, deletedValues(filter.deleted)),
        inList(sql`+${walked.kind}`, kinds),
        ...createdWithin(named.id, filter.createdAt),
        ...withinTime(walked.updatedAt, filter.updatedAt),
        customerInReach(reach, named.id),
      ],
      narrowed: named.narrowed || sort !== null,
    };
  }
  const source = customersInReach(reach);
  return {
    from: source.from,
    id: source.id,
    sort: sort && source[sort],
    partitions: [
      ...source.partitions,
      { column: source.deleted, values: deletedValues(filter.deleted) },
      { column: source.kind, values: kinds },
    ],
    where: [...createdWithin(source.id, filter.createdAt), ...withinTime(source.updatedAt, filter.updatedAt)],
    narrowed: isNarrowed(filter, order.field),
  };
}

const carried = alias(customerLabels, 'carried');

/** Where the filter names external ids or a label, the list starts from those; a label's customers stand in order. */
function namedCustomers({ externalIds, labels }: Filter): Pick<Walk, 'from' | 'id' | 'where' | 'narrowed'> | null {
  const all = labels ?? [];
  const [label, ...others] = all;
  if (externalIds != null) {
    const from = withExternalIds(sql`customer`, externalIds);
    return { from, id: walked.id, where: carriesAll(walked.id, all), narrowed: true };
  }
  if (label === undefined) return null;
  return {
    from: sql`customer_label carried CROSS JOIN customer walked ON walked.id = carried.customer_id`,
    id: carried.customerId,
    where: [sql`carried.label = ${label}`, ...carriesAll(carried.customerId, others)],
    narrowed: false,
  };
}

function carriesAll(customerId: Column, labels: readonly string[]): SQL[] {
  if (labels.length === 0) return [];
  return [
    sql`(SELECT count(*) FROM customer_label WHERE customer_label.customer_id = ${customerId}
      AND ${inList(sql`customer_label.label`, labels)}) = ${labels.length}`,
  ];
}

const membership = alias(memberships, 'walked');

/** The live customers of each of these tenants, in the order of their ids. */
export function listCustomersOfTenants(
  { db, viewer }: Caller,
  tenantIds: readonly string[],
  page: PageArguments,
): NestedListing<CustomerRecord> {
  requirePermissions(viewer, ['customer:read']);
  const walk: Walk = {
    from: sql`membership walked`,
    id: membership.customerId,
    sort: null,
    partitions: [
      { column: membership.tenantId, values: tenantIds },
      { column: membership.customerDeleted, values: [0] },
      { column: membership.customerKind, values: CUSTOMER_KINDS },
    ],
    where: [tenantInReach(viewer.reach, membership.tenantId)],
    narrowed: false,
  };
  return nestedListing(db, target, walk, parsePaging(page, BY_CREATION, 'Tenant.customers'));
}
