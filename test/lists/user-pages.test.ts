import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { globalId, newCustomer, newKey, newTenant, rawId } from '../shared/fixtures.ts';
import { ask, type Variables } from '../shared/gateway.ts';

/** 10,000 users: every third in a tenant, every other of a customer, the rest of the team or of nobody. */
const ROWS = 10_000;
const ID = `substr(printf('%012x', n * 1000), 1, 8) || '-' || substr(printf('%012x', n * 1000), 9, 4) || printf('-7000-8000-cccc%08x', n)`;
const NUMBERS = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${ROWS})`;
const role = (last: string) => `'00000000-0000-7000-8000-000000000${last}'`;
const roleId = (last: string) => globalId('Role', `00000000-0000-7000-8000-000000000${last}`);
/** What the README promises of any page: what is tried first, and then some rows for each who satisfies one condition. */
const MOST_ROWS = 3500 + 3 * ROWS;

/** Who asks, and which users they reach. */
interface Reader {
  key?: string;
  reach: string;
}

const readers: Record<string, Reader> = {};
let customers = { many: '', few: '' };
beforeAll(async () => {
  const tenant = await newTenant();
  const inTenant = { tenantIdentifiers: [{ id: tenant.id }] };
  const [customer, few] = [await newCustomer(inTenant), await newCustomer(inTenant)];
  await env.DB.batch([
    env.DB.prepare(`INSERT INTO user (id, kind, role_id, customer_id, email, email_key, name, name_key, external_id,
        external_id_key, status, created_at, updated_at, deleted_at)
      ${NUMBERS} SELECT ${ID}, iif(n % 2, iif(n % 5, 'TENANT', 'ORGANIZATION'), 'CUSTOMER'),
        iif(n % 2, iif(n % 5, NULL, ${role('104')}), ${role('202')}), iif(n % 2, NULL, ?1),
        printf('u%05d@people.example', (n * 3571) % ${ROWS}), printf('u%05d@people.example', (n * 3571) % ${ROWS}),
        printf('%s Person %05d', iif(n % 97, 'Ada', 'Zoe'), (n * 7919) % ${ROWS}),
        printf('%s person %05d', iif(n % 97, 'ada', 'zoe'), (n * 7919) % ${ROWS}),
        'x' || n, 'x' || n, iif(n % 50, 'ACTIVE', iif(n % 100, 'INVITED', 'DEACTIVATED')),
        n * 1000, (n * 104729) % 1000000007, iif(n % 10 = 0, 1, NULL) FROM numbers`).bind(rawId(customer.id)),
    env.DB.prepare(`INSERT INTO assignment (tenant_id, user_id, role_id, created_at, user_deleted, user_status,
        user_name_key, user_email_key, user_updated_at, user_customer_id)
      SELECT ?1, id, ${role('304')}, 1, deleted, status, name_key, email_key, updated_at, customer_id FROM user
      WHERE external_id IS NOT NULL AND CAST(substr(external_id, 2) AS INTEGER) % 3 = 0`).bind(rawId(tenant.id)),
    // Few have no external id, and few belong to another customer.
    env.DB.prepare('UPDATE user SET external_id = NULL, external_id_key = NULL WHERE updated_at % 997 = 0'),
    env.DB.prepare('UPDATE user SET customer_id = ?1 WHERE customer_id IS NOT NULL AND updated_at % 499 = 0').bind(
      rawId(few.id),
    ),
    env.DB.prepare('UPDATE assignment SET user_customer_id = (SELECT customer_id FROM user WHERE id = user_id)'),
    env.DB.prepare(
      `UPDATE user SET has_place = 0 WHERE kind = 'TENANT' AND id NOT IN (SELECT user_id FROM assignment)`,
    ),
  ]);
  customers = { many: customer.id, few: few.id };
  readers['the root key'] = { reach: 'TRUE' };
  readers['a key of a tenant'] = {
    key: (await newKey({ tenants: [tenant.id] })).secret,
    reach: `id IN (SELECT user_id FROM assignment WHERE tenant_id = '${rawId(tenant.id)}')`,
  };
  readers['a key of a customer'] = {
    key: (await newKey({ customer: customer.id })).secret,
    reach: `customer_id = '${rawId(customer.id)}'`,
  };
  // A key is read by itself the first time.
  for (const { key } of Object.values(readers)) await ask('{ viewer { type } }', {}, key);
}, 60_000);

interface User {
  id: string;
  name: string;
  email: string;
}

interface Page {
  nodes: User[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

const DOCUMENT = `query($first: Int, $after: String, $last: Int, $before: String, $filter: UserFilter, $orderBy: UserOrder) {
  users(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    nodes { id name email } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

async function pageOf(variables: Variables, key?: string): Promise<Page> {
  const { data, rowsRead, calls, text } = await ask(DOCUMENT, variables, key);
  expect(data?.users, text).toBeTruthy();
  expect(rowsRead, JSON.stringify(variables)).toBeLessThan(MOST_ROWS);
  expect(calls).toBe(1);
  return data.users;
}

const ORDERS = ['CREATED_AT', 'UPDATED_AT', 'NAME', 'EMAIL'].flatMap((field) =>
  ['ASC', 'DESC'].map((direction) => ({ field, direction })),
);
const FILTERS: Record<string, Variables> = {
  'no filter': {},
  'deleted ones': { deleted: 'ONLY' },
  'deleted ones, too': { deleted: 'INCLUDE' },
  'a status': { statuses: ['INVITED'] },
  'external ids': { externalIds: ['x3', 'X6', 'nobody'] },
  'a range of creation': { createdAt: { from: '1970-01-01T01:00:00Z', to: '1970-01-01T01:05:00Z' } },
  'a range of updates': { updatedAt: { from: '1970-01-05T00:00:00Z' } },
  'a search that all match': { search: 'people' },
  'a search that few match': { search: '0042' },
  'a search that nobody matches': { search: 'nobody at all' },
  'a search for those who come last by name': { search: 'zoe person' },
  'the beginning of most names': { search: 'ad' },
  'the beginning of few names': { search: 'zo' },
  'a role that many have, among deleted ones': { roleId: roleId('304'), deleted: 'ONLY' },
  'a search with a status': { search: 'people', statuses: ['DEACTIVATED'], deleted: 'INCLUDE' },
};

/** Filters that only users have, each with what it says in SQL. */
const NARROWER: [what: string, filter: () => Variables, where: (who: string) => string][] = [
  ['a name', () => ({ name: 'ADA person 00042' }), () => "name_key = 'ada person 00042'"],
  ['the beginning of few names', () => ({ nameStartsWith: 'zoe p' }), () => "name_key LIKE 'zoe p%'"],
  ['a part of few names', () => ({ nameContains: 'Person 0004' }), () => "name_key LIKE '%person 0004%'"],
  ['an e-mail address', () => ({ email: 'U00042@people.EXAMPLE' }), () => "email_key = 'u00042@people.example'"],
  ['a part of few addresses', () => ({ emailContains: '0042@' }), () => "email_key LIKE '%0042@%'"],
  ['two characters that all addresses begin with', () => ({ emailContains: 'u0' }), () => 'TRUE'],
  ['no external id', () => ({ hasExternalId: false }), () => 'external_id IS NULL'],
  [
    'an external id',
    () => ({ hasExternalId: true, name: 'ada' }),
    () => "external_id IS NOT NULL AND name_key = 'ada'",
  ],
  ['a customer of many', () => ({ customerId: customers.many }), () => `customer_id = '${rawId(customers.many)}'`],
  ['a customer of few', () => ({ customerId: customers.few }), () => `customer_id = '${rawId(customers.few)}'`],
  [
    'a customer and a part of an address',
    () => ({ customerId: customers.many, emailContains: '42@', hasCustomer: true }),
    () => `customer_id = '${rawId(customers.many)}' AND email_key LIKE '%42@%'`,
  ],
  [
    'a customer, and no external id',
    () => ({ customerId: customers.many, hasExternalId: false }),
    () => `customer_id = '${rawId(customers.many)}' AND external_id IS NULL`,
  ],
  [
    'no customer and no external id',
    () => ({ hasCustomer: false, hasExternalId: false }),
    () => 'customer_id IS NULL AND external_id IS NULL',
  ],
  ['a customer, and none', () => ({ customerId: customers.many, hasCustomer: false }), () => 'FALSE'],
  ['no customer', () => ({ hasCustomer: false }), () => 'customer_id IS NULL'],
  [
    'a role of customers',
    () => ({ roleId: roleId('202') }),
    // Who reaches a tenant is not shown the roles of its users elsewhere.
    (who) => (who === 'a key of a tenant' ? 'FALSE' : `role_id = ${role('202')}`),
  ],
  [
    'a role in a tenant',
    () => ({ roleId: roleId('304') }),
    (who) => (who === 'a key of a customer' ? 'FALSE' : 'id IN (SELECT user_id FROM assignment)'),
  ],
  [
    'a role that few have',
    () => ({ roleId: roleId('104'), emailContains: '42@' }),
    (who) => (who === 'the root key' ? `role_id = ${role('104')} AND email_key LIKE '%42@%'` : 'FALSE'),
  ],
  ['any customer', () => ({ hasCustomer: true }), () => 'customer_id IS NOT NULL'],
  ['no place', () => ({ hasPlace: false }), () => 'has_place = 0'],
  ['a place', () => ({ hasPlace: true }), () => 'has_place = 1'],
];

describe('whoever follows the cursors of filtered users', () => {
  for (const [index, [what, filter, where]] of NARROWER.entries()) {
    it(`sees each once and in order, a bounded number of rows a page, with ${what}`, { timeout: 60_000 }, async () => {
      for (const [place, [who, { key, reach }]] of Object.entries(readers).entries()) {
        // One order for each filter and reader: together, all of them in all.
        const orderBy = ORDERS[(index + place * 3) % ORDERS.length];
        if (!orderBy) throw new Error('There are eight orders');
        const { field, direction } = orderBy;
        const column = { CREATED_AT: 'id', UPDATED_AT: 'updated_at', NAME: 'name_key', EMAIL: 'email_key' }[field];
        const { results } = await env.DB.prepare(
          `SELECT id FROM user WHERE deleted = 0 AND (${where(who)}) AND ${reach} ORDER BY ${column} ${direction}, id ${direction}`,
        ).all<{ id: string }>();
        const seen: string[] = [];
        let after: string | null = null;
        do {
          const page: Page = await pageOf({ filter: filter(), orderBy, first: 100, after }, key);
          seen.push(...page.nodes.map(({ id }) => rawId(id)));
          after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
        } while (after);
        expect(seen, JSON.stringify(orderBy)).toEqual(results.map(({ id }) => id));
        const counted = await ask(
          'query($filter: UserFilter) { users(filter: $filter) { totalCount } }',
          { filter: filter() },
          key,
        );
        expect(counted.data.users.totalCount).toBe(results.length);
      }
    });
  }

  it('has those of a customer and those without an external id at once, however few there are', async () => {
    const [root] = Object.values(readers);
    for (const orderBy of ORDERS) {
      for (const filter of [{ customerId: customers.few }, { hasExternalId: false }]) {
        const { nodes, pageInfo } = await pageOf({ filter, orderBy, first: 25 }, root?.key);
        expect([nodes.length > 3, pageInfo.hasNextPage], JSON.stringify({ filter, orderBy })).toEqual([true, false]);
      }
      const many = await pageOf({ filter: { customerId: customers.many }, orderBy, first: 100 }, root?.key);
      expect(many.nodes).toHaveLength(100);
    }
  });
});

describe('a page of 25 of 10,000 users', () => {
  for (const [what, filter] of Object.entries(FILTERS)) {
    it(`reads a bounded number of rows in any order, for everyone: ${what}`, { timeout: 60_000 }, async () => {
      for (const { key } of Object.values(readers)) {
        for (const orderBy of ORDERS) {
          const first = await pageOf({ filter, orderBy, first: 25 }, key);
          if (!first.pageInfo.hasNextPage) continue;
          expect(first.nodes).toHaveLength(25);
          const next = await pageOf({ filter, orderBy, first: 25, after: first.pageInfo.endCursor }, key);
          const cursor = next.pageInfo.startCursor;
          if (cursor) await pageOf({ filter, orderBy, last: 25, before: cursor }, key);
        }
      }
    });
  }

  it('reads a bounded number of rows in the lists of a customer, a tenant and the organization', async () => {
    const document = `{ organization { users(first: 25) { nodes { email } } }
      customers(last: 1) { nodes { users(first: 25) { nodes { email } } } }
      tenants(last: 1) { nodes { users(first: 25) { nodes { email tenantRoles { nodes { role { name } } } } } } } }`;
    for (const key of [undefined, readers['a key of a tenant']?.key]) {
      const { rowsRead, errors } = await ask(document, {}, key);
      expect(errors).toEqual([]);
      expect(rowsRead).toBeLessThan(1500);
    }
  });
});

describe('walking all users', () => {
  it('has everyone in reach once and in order', { timeout: 60_000 }, async () => {
    for (const [who, { key, reach }] of Object.entries(readers)) {
      const all = `SELECT count(*) AS count FROM user WHERE deleted = 0 AND ${reach}`;
      for (const [filter, orderBy, total] of [
        [{}, { field: 'EMAIL', direction: 'ASC' }, await env.DB.prepare(all).first<number>('count')],
        [{ search: 'zoe person' }, { field: 'NAME', direction: 'ASC' }, null],
      ] as const) {
        const seen: User[] = [];
        let after: string | null = null;
        do {
          const page: Page = await pageOf({ filter, orderBy, first: 100, after }, key);
          seen.push(...page.nodes);
          after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
        } while (after);
        expect(new Set(seen.map(({ id }) => id)).size, who).toBe(seen.length);
        const keys = seen.map(({ email, name }) => (orderBy.field === 'EMAIL' ? email : name.toLowerCase()));
        expect(keys).toEqual([...keys].sort());
        const counted = await ask(
          'query($filter: UserFilter) { users(filter: $filter) { totalCount } }',
          { filter },
          key,
        );
        expect(counted.data.users.totalCount, who).toBe(seen.length);
        if (total !== null) expect(seen).toHaveLength(total);
        else expect(seen.length).toBeGreaterThan(25);
      }
    }
  });
});

describe('where nearly everybody belongs to a customer', () => {
  it('the others are on one page', async () => {
    await env.DB.prepare(`UPDATE user SET kind = 'CUSTOMER', role_id = ${role('202')}, customer_id = ?1
      WHERE customer_id IS NULL AND updated_at % 97 <> 0`)
      .bind(rawId(customers.many))
      .run();
    for (const orderBy of ORDERS) {
      const { nodes, pageInfo } = await pageOf({ filter: { hasCustomer: false }, orderBy, first: 100 });
      expect([nodes.length > 25, pageInfo.hasNextPage], JSON.stringify(orderBy)).toEqual([true, false]);
    }
  });
});
