import { getTableColumns, type SQL } from 'drizzle-orm';
import * as z from 'zod';
import { columnsAs } from '../../db/alias.ts';
import { customers } from '../../db/schema/customers.ts';
import { memberships } from '../../db/schema/memberships.ts';
import { tenants } from '../../db/schema/tenants.ts';
import { type RecordStatement, selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { allOf, inList, type RowOf, type Several, selection } from '../../db/statement.ts';
import { customerInReach, type Reach, tenantInReach } from '../access/reach.ts';
import { type Caller, requirePermissions, type Viewer } from '../access/viewer.ts';
import { CUSTOMER_IS_LIVE, isCustomer, TENANT_IS_LIVE } from '../commands/identifiers.ts';
import {
  type CustomerIdentifier,
  choice,
  labels,
  parse,
  shortText,
  type TenantIdentifier,
  tenantIdentifiers,
} from '../kernel/input.ts';
import { type InputOf, lazily, type OutputOf } from '../kernel/lazily.ts';
import { hasAnyKey, soughtExternalId } from '../kernel/sought-keys.ts';
import type { Connection, NestedConnection } from '../lists/connection.ts';
import { anyOf, deletedValues, ENTITY_ORDERS, entityFilter } from '../lists/entity-filter.ts';
import { type EntityListArguments, listEntities } from '../lists/entity-list.ts';
import { type Found, foundWhere } from '../lists/found.ts';
import { nameFilter } from '../lists/name-filter.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { customersInReach, membersInReach } from '../lists/reach-scans.ts';
import { candidatesContaining, contains, searchedDescription, searchedEmail, searchedName } from '../lists/search.ts';
import { nestedConnectionOfList } from '../lists/simple-list.ts';
import { requireTenantDetails } from '../tenants/queries.ts';
import { type Labelled, labelledOfAll, labelledOfMembers, labelledOfSome } from './labels.ts';

/** What a customer can be, as the database has it. */
export const CUSTOMER_KINDS = customers.kind.enumValues;

const {
  nameKey: _nameKey,
  nameFolded: _nameFolded,
  nameWords: _nameWords,
  externalIdKey: _externalIdKey,
  emailKey: _emailKey,
  emailFolded: _emailFolded,
  emailWords: _emailWords,
  descriptionKey: _descriptionKey,
  descriptionWords: _descriptionWords,
  labelKeys: _labelKeys,
  keyVersion: _keyVersion,
  deleted: _deleted,
  ...fields
} = getTableColumns(customers);

/** A customer as every API shows it, without the columns that are only compared. */
export interface CustomerRecord extends RowOf<typeof fields> {}

const SELECTION = selection(fields);

const RECORDS = { selection: SELECTION, fields, from: sql`customer`, id: customers.id };

/** Returns a statement that reads customers: those that `rest` asks for, which follows FROM. */
export const customerRows = (rest: SQL): RecordStatement<CustomerRecord> => selectingRecords(RECORDS, rest);

/**
 * Returns the live customers in reach among these, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `customer:read`
 */
export function customersByIds({ db, viewer }: Caller, ids: Several): Found<CustomerRecord> {
  requirePermissions(viewer, ['customer:read']);
  const inReach = customerInReach(viewer.reach, customers.id);
  return foundWhere(db, RECORDS, sql`${inList(customers.id, ids)} AND ${CUSTOMER_IS_LIVE} AND ${inReach}`);
}

/**
 * Returns the live customer in reach that is identified so, if there is such a customer.
 *
 * @throws ForbiddenError if the viewer lacks `customer:read`
 */
export function findCustomer({ db, viewer }: Caller, identifier: CustomerIdentifier): Found<CustomerRecord> {
  requirePermissions(viewer, ['customer:read']);
  const inReach = customerInReach(viewer.reach, customers.id);
  return foundWhere(db, RECORDS, sql`${isCustomer(identifier)} AND ${inReach}`);
}

const SEARCHED = ['name', 'email', 'externalId'] as const;

const customerFilter = lazily(() =>
  z.object({
    ...entityFilter(),
    ...nameFilter(),
    descriptionContains: shortText().nullish(),
    kinds: anyOf(choice(CUSTOMER_KINDS)).nullish(),
    /** The customers that carry all of these. */
    labels: labels().pipe(anyOf(z.string())).nullish(),
    /** Those who belong to any of these live tenants. One that is out of reach has nobody. */
    tenantIdentifiers: tenantIdentifiers().pipe(anyOf(z.custom<TenantIdentifier>())).nullish(),
    /** Where a search finds what it looks for; in all of these, if not given. */
    searchIn: anyOf(choice(SEARCHED)).nullish(),
  }),
);

const CUSTOMER_ORDERS = { ...ENTITY_ORDERS, DESCRIPTION: 'descriptionSort' } as const;

/** The arguments of the list of customers. */
export interface CustomerListArguments extends EntityListArguments<keyof typeof CUSTOMER_ORDERS> {
  filter?: InputOf<typeof customerFilter> | null | undefined;
}

const LIST = {
  name: 'customers',
  permission: 'customer:read',
  records: RECORDS,
  table: customers,
  orders: CUSTOMER_ORDERS,
  search: {
    name: searchedName(customers),
    email: searchedEmail(customers),
    index: sql`customer_search`,
    hasTenants: true,
  },
  partitionedBy: 'kind',
  scanOf: customersInReach,
  isInReach: customerInReach,
} as const;

/** The list of those who belong to any of these tenants: the indexes of memberships serve every order of it. */
function listOfMembers(identifiers: readonly TenantIdentifier[]): typeof LIST {
  const named = (reach: Reach) => liveTenants(identifiers, reach);
  return {
    ...LIST,
    scanOf: (reach) => membersInReach(reach, { query: named(reach), count: identifiers.length }),
    isInReach: (reach, id) =>
      allOf([
        sql`EXISTS (SELECT 1 FROM membership WHERE membership.customer_id = ${id} AND membership.tenant_id IN (${named(reach)}))`,
        customerInReach(reach, id),
      ]),
  };
}

/** Selects the ids of the live tenants in reach that are identified so, each once. */
function liveTenants(identifiers: readonly TenantIdentifier[], reach: Reach): SQL {
  const ids = identifiers.flatMap(({ id }) => id ?? []);
  const keys = identifiers.flatMap(({ externalId }) => (externalId == null ? [] : [soughtExternalId(externalId)]));
  const selected = (isNamed: SQL) => sql`SELECT ${tenants.id} AS value FROM tenant
    WHERE ${allOf([isNamed, TENANT_IS_LIVE, tenantInReach(reach, tenants.id)])}`;
  return sql`${selected(inList(tenants.id, ids))} UNION ${selected(hasAnyKey({ key: tenants.externalIdKey, version: tenants.keyVersion }, keys))}`;
}

/**
 * Lists the customers in reach that match the filter, live ones unless it says otherwise.
 *
 * @throws ForbiddenError if the viewer lacks `customer:read`; or filters by tenants and lacks `tenant:read`, or names one by
 *   its external id and reaches only a customer
 * @throws ValidationError if the filter or the page arguments are not valid
 */
export function listCustomers(caller: Caller, args: CustomerListArguments): Connection<CustomerRecord> {
  const filter = parse(customerFilter, args.filter ?? {}, 'filter');
  const { kinds, descriptionContains, tenantIdentifiers: identifiers } = filter;
  if (identifiers) requireTenantsNamed(caller.viewer, identifiers);
  const list = identifiers ? listOfMembers(identifiers) : LIST;
  const { scanOf, isNarrow = false, ...ofLabels }: Labelled = withLabels(list, caller.viewer, filter);
  return listEntities(caller, { ...list, scanOf, isNarrow: isNarrow || identifiers != null }, args, {
    ...filter,
    ...ofLabels,
    partitionValues: kinds ?? CUSTOMER_KINDS,
    conditions: [
      ...(ofLabels.conditions ?? []),
      ...(descriptionContains == null ? [] : [contains(DESCRIPTION, descriptionContains)]),
    ],
    candidates: [
      ...(descriptionContains == null ? [] : describedWith(caller.viewer.reach, descriptionContains)),
      ...(ofLabels.candidates ?? []),
    ],
  });
}

/** Where the customers of the list are scanned, and what the filter says of their labels. */
function withLabels(list: typeof LIST, { reach }: Viewer, filter: OutputOf<typeof customerFilter>): Labelled {
  const { labels: given, kinds, tenantIdentifiers } = filter;
  if (!given) return { scanOf: list.scanOf };
  const partitions = { deleted: deletedValues(filter), kinds: kinds ?? CUSTOMER_KINDS };
  if (reach.kind !== 'ORGANIZATION') return labelledOfSome(list.scanOf, given, reach);
  return tenantIdentifiers ? labelledOfMembers(list.scanOf, given, partitions) : labelledOfAll(given, partitions);
}

/** Requires that the viewer may read who belongs to tenants that are named like this. */
function requireTenantsNamed(viewer: Viewer, identifiers: readonly TenantIdentifier[]): void {
  requirePermissions(viewer, ['tenant:read']);
  if (identifiers.some(({ id }) => id == null)) requireTenantDetails(viewer);
}

const DESCRIPTION = searchedDescription(customers);

const describedWith = (reach: Reach, text: string): SQL[] =>
  candidatesContaining(LIST, reach, DESCRIPTION, text, { index: sql`customer_description_search`, hasTenants: true });

const membership = columnsAs(memberships, 'scanned');

/**
 * Lists the live customers of each of these tenants that is in reach, in the order of their ids.
 *
 * @throws ForbiddenError if the viewer lacks `customer:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listCustomersOfTenants(
  { db, viewer }: Caller,
  tenantIds: Several,
  page: PageArguments,
): NestedConnection<CustomerRecord> {
  requirePermissions(viewer, ['customer:read']);
  return nestedConnectionOfList(db, page, {
    name: 'Tenant.customers',
    records: RECORDS,
    parents: { column: membership.tenantId, values: tenantIds },
    scan: {
      from: sql`membership scanned`,
      id: membership.customerId,
      partitions: [
        { column: membership.customerDeleted, values: [0] },
        { column: membership.customerKind, values: CUSTOMER_KINDS },
      ],
      where: [tenantInReach(viewer.reach, membership.tenantId)],
    },
  });
}
