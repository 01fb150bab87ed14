import { beforeAll, describe, expect, it } from 'vitest';
import { toPlainId } from '../../../src/dialects/plain/ids.ts';
import { newId } from '../../../src/directory/kernel/ids.ts';
import { newCustomer, newKey, newTenant, type Result, rawId, succeed, unique } from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { ALL, fill, READERS, type Reader, type Row, type TenantName } from '../../shared/ten-thousand.ts';
import { call, customerId, newPerson, read, tenantId } from './asked.ts';

/** Much more than a page needs, and much less than there is: 10,000 customers, and 5,000 members of a tenant. */
const MAX_ROWS_READ = 2000;

const known = new Map<string, Result>();

beforeAll(async () => {
  await fill();
  const { data } = await ask('{ tenants(first: 100) { nodes { id name externalId } } }');
  for (const tenant of data.tenants.nodes) known.set(tenant.name, tenant);
}, 60_000);

const DOCUMENT = `query($filters: CustomersFilter, $sortBy: CustomersSort, $first: Int, $after: String, $last: Int, $before: String) {
  customers(filters: $filters, sortBy: $sortBy, first: $first, after: $after, last: $last, before: $before) {
    edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

async function pageOf(variables: Variables, { key }: Reader) {
  const { data, rowsRead, text } = await call(DOCUMENT, variables, key());
  expect(data?.customers, text).toBeTruthy();
  expect(rowsRead, JSON.stringify(variables)).toBeLessThan(MAX_ROWS_READ);
  const { edges, pageInfo } = data.customers;
  return { ids: edges.map(({ node }: { node: Result }) => node.id) as string[], pageInfo };
}

/** All of a list, 100 at a time, from either end. */
async function walk(variables: Variables, reader: Reader, backward: boolean): Promise<string[]> {
  const pages: string[][] = [];
  for (let cursor: string | null = null; ; ) {
    const at = backward ? { last: 100, before: cursor } : { first: 100, after: cursor };
    const { ids, pageInfo } = await pageOf({ ...variables, ...at }, reader);
    pages.push(ids);
    if (!(backward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) break;
    cursor = backward ? pageInfo.startCursor : pageInfo.endCursor;
  }
  return (backward ? pages.reverse() : pages).flat();
}

/** How tenants are named: by their ids in either spelling, by their external ids, or both; and some that are not there. */
const NAMINGS: [what: string, tenants: readonly TenantName[], given: () => Variables[]][] = [
  ['one large tenant by its id', ['even'], () => [{ tenantId: tenantId(named('even')) }]],
  ['one small tenant by its external id', ['small'], () => [{ externalId: named('small').externalId }]],
  [
    'two tenants that share members, one of them twice, and others that are not there',
    ['even', 'third'],
    () => [
      { tenantId: rawId(named('even').id) },
      { externalId: ` ${named('third').externalId} ` },
      { externalId: named('even').externalId },
      { externalId: unique('nobody') },
      { tenantId: toPlainId('Tenant', newId()) },
    ],
  ],
  ['only tenants that are not there', [], () => [{ externalId: unique('nobody') }, { tenantId: newId() }]],
];

function named(name: TenantName): Result {
  const tenant = known.get(name);
  if (!tenant) throw new Error(`There is no tenant ${name}`);
  return tenant;
}

interface Order {
  sortBy?: { field: 'FULL_NAME'; direction: 'ASC' | 'DESC' };
  key: (row: Row) => string | number;
  filters?: Variables;
  has?: (row: Row) => boolean;
}

const ORDERS: readonly Order[] = [
  { key: ({ createdAt }) => createdAt },
  { sortBy: { field: 'FULL_NAME', direction: 'ASC' }, key: ({ name }) => name },
  { sortBy: { field: 'FULL_NAME', direction: 'DESC' }, key: ({ name }) => name },
  {
    key: ({ updatedAt }) => updatedAt,
    filters: { updatedAt: { after: new Date(500_000_000).toISOString() } },
    has: ({ updatedAt }) => updatedAt >= 500_000_000,
  },
];

/** The customers that a list must have, in its order: the members of both what is asked for and what is reached. */
function expected(tenants: readonly TenantName[], reader: Reader, { key, has, sortBy }: Order): string[] {
  const reached = tenants.filter((name) => reader.tenants === null || reader.tenants.includes(name));
  const rows = ALL.filter((row) => !row.deleted && row.tenants.some((name) => reached.includes(name)))
    .filter(has ?? (() => true))
    .sort((one, other) => (key(one) < key(other) || (key(one) === key(other) && one.id < other.id) ? -1 : 1));
  if (sortBy?.direction === 'DESC') rows.reverse();
  return rows.map(({ id }) => toPlainId('Customer', id));
}

describe('customers of some tenants', () => {
  for (const [index, [what, tenants, given]] of NAMINGS.entries())
    it(`are each seen once, in every order and by everyone, without reading the others: ${what}`, async () => {
      for (const [place, reader] of READERS.entries())
        for (const [at, order] of ORDERS.entries()) {
          const filters = { tenantIdentifiers: given(), ...order.filters };
          const variables = { filters, ...(order.sortBy && { sortBy: order.sortBy }) };
          const wanted = expected(tenants, reader, order);
          const why = `${reader.who}, ${JSON.stringify(variables)}`;
          const { ids } = await pageOf({ ...variables, first: 25 }, reader);
          expect(ids, why).toEqual(wanted.slice(0, 25));
          // Of each two orders, one is walked to its end: together, all of them by everyone.
          if ((index + place + at) % 2 === 0) continue;
          expect(await walk(variables, reader, at % 2 === 0), why).toEqual(wanted);
        }
    }, 60_000);

  it('are counted and searched among themselves', async () => {
    const filters = { tenantIdentifiers: [{ externalId: named('small').externalId }] };
    const wanted = expected(['small'], { who: '', tenants: null, key: () => undefined }, { key: ({ id }) => id });
    const { customers } = await read('query($f: CustomersFilter) { customers(filters: $f) { totalCount } }', {
      f: filters,
    });
    expect(customers.totalCount).toBe(wanted.length);
    const { searchCustomers } = await read(
      'query($f: CustomersFilter, $q: CustomersSearchQuery!) { searchCustomers(searchQuery: $q, filters: $f, first: 100) { edges { node { id } } } }',
      { f: filters, q: { or: [{ email: { caseInsensitiveContains: 'mail.example' } }] } },
    );
    expect(searchCustomers.edges.map(({ node }: { node: Result }) => node.id)).toEqual(wanted);
  });
});

describe('who may name tenants', () => {
  const asked = (tenant: Variables, key?: string) =>
    call(
      'query($f: CustomersFilter) { customers(filters: $f) { edges { node { id } } } }',
      { f: { tenantIdentifiers: [tenant] } },
      key,
    );

  it('is who reads tenants: membership is shown to nobody else', async () => {
    const { secret } = await newKey({ permissions: ['customer:read'] });
    const { status, text } = await asked({ tenantId: tenantId(named('small')) }, secret);
    expect([status, text.includes('tenant:read')]).toEqual([403, true]);
  });

  it('is, by its id alone, who reaches one customer, and finds that one', async () => {
    const [mine, deleted] = [await newTenant(), await newTenant()];
    const customer = await newPerson({ tenantIdentifiers: [{ id: mine.id }, { id: deleted.id }] });
    await newPerson({ tenantIdentifiers: [{ id: mine.id }] });
    await succeed('deleteTenant', 'tenant { id }', { id: deleted.id });
    const { secret } = await newKey({ customer: customer.id });
    const found = async (tenant: Result) =>
      (await asked({ tenantId: tenantId(tenant) }, secret)).data.customers.edges.map(({ node }: Result) => node.id);
    expect(await found(mine)).toEqual([customerId(customer)]);
    for (const other of [deleted, named('even')]) expect(await found(other)).toEqual([]);
    expect((await asked({ externalId: mine.externalId }, secret)).status).toBe(403);
  });
});

describe('tenants with these ids', () => {
  const listed = async (tenantIds: unknown[], key?: string, more: Variables = {}) => {
    const query = `query($f: TenantsFilter) { tenants(filters: $f, first: 100) { edges { node { id } } } }`;
    const { data, rowsRead, text } = await call(query, { f: { tenantIds, ...more } }, key);
    expect(data?.tenants, text).toBeTruthy();
    return { ids: data.tenants.edges.map(({ node }: { node: Result }) => node.id), rowsRead };
  };

  it('are those that are there and in reach, the oldest first, and no other is read', async () => {
    const tenants = [await newTenant(), await newTenant(), await newTenant()];
    await succeed('importTenants', 'rows { id }', {
      rows: Array.from({ length: 400 }, () => ({ externalId: unique('many'), name: 'Many' })),
    });
    const [one, two, three] = tenants.map(tenantId);
    const { secret } = await newKey({ tenants: [tenants[0]?.id, tenants[2]?.id].map(String) });
    const given = [three, rawId(String(tenants[1]?.id)), one, one, toPlainId('Tenant', newId()), 'te_1', '', 42];
    const all = await listed(given);
    expect(all.ids).toEqual([one, two, three]);
    expect(all.rowsRead).toBeLessThan(100);
    expect((await listed(given, secret)).ids).toEqual([one, three]);
    expect((await listed([two], secret)).ids).toEqual([]);
    await succeed('deleteTenant', 'tenant { id }', { id: tenants[2]?.id });
    expect((await listed(given)).ids).toEqual([one, two]);
    expect((await listed(given, undefined, { isDeleted: true })).ids).toEqual([three]);
    const { searchTenants } = await read(
      'query($f: TenantsFilter, $t: String!) { searchTenants(searchQuery: { term: $t }, filters: $f) { edges { node { tenant { id } } } } }',
      { f: { tenantIds: given }, t: tenants[0]?.externalId },
    );
    expect(searchTenants.edges).toEqual([{ node: { tenant: { id: one } } }]);
  });

  it('are at least one and at most 100, and so are those that customers are narrowed by', async () => {
    const refused = async (type: string, field: string, filters: Variables) => {
      const { status, errors } = await call(`query($f: ${type}) { ${field}(filters: $f) { edges { cursor } } }`, {
        f: filters,
      });
      return [status, errors[0]?.message];
    };
    for (const count of [0, 101]) {
      const ids = Array.from({ length: count }, newId);
      const problem = count === 0 ? 'must not be empty' : 'must be at most 100';
      expect(await refused('TenantsFilter', 'tenants', { tenantIds: ids })).toEqual([
        400,
        expect.stringContaining(problem),
      ]);
      const tenantIdentifiers = ids.map((id) => ({ tenantId: id }));
      const answer = await refused('CustomersFilter', 'customers', { tenantIdentifiers });
      expect(answer).toEqual([400, expect.stringContaining(`filters.tenantIdentifiers ${problem}`)]);
    }
    const both = { tenantIdentifiers: [{ tenantId: newId(), externalId: 'x' }] };
    expect(await refused('CustomersFilter', 'customers', both)).toEqual([
      400,
      expect.stringContaining('filters.tenantIdentifiers.0 must have exactly one of'),
    ]);
  });
});

describe('a company that joins and leaves', () => {
  it('is among the customers of the tenant as long as it is a member', async () => {
    const tenant = await newTenant();
    const company = await newCustomer();
    const members = async () => {
      const filters = { tenantIdentifiers: [{ externalId: tenant.externalId }] };
      const { customers } = await read(DOCUMENT, { filters });
      return customers.edges.map(({ node }: { node: Result }) => node.id);
    };
    const input = { customerIdentifier: { id: company.id }, tenantIdentifiers: [{ id: tenant.id }] };
    expect(await members()).toEqual([]);
    await succeed('addCustomerToTenants', 'customer { id }', input);
    expect(await members()).toEqual([customerId(company)]);
    await succeed('removeCustomerFromTenants', 'customer { id }', input);
    expect(await members()).toEqual([]);
  });
});
