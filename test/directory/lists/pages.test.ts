import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeOf, globalId, newCustomer, newKey, newTenant, rawId, unique } from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

/** 10,000 customers, every other one in a tenant, one in a hundred labelled; 10,000 tenants beside them. */
const ROWS = 10_000;
/** An id of the given moment, so that the rows below spread over time as real ones do. */
const ID = (prefix: string) =>
  `substr(printf('%012x', n * 1000), 1, 8) || '-' || substr(printf('%012x', n * 1000), 9, 4) || printf('-7000-8000-${prefix}%08x', n)`;
const NUMBERS = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${ROWS})`;

let big: { id: string; key: string };
let small: { id: string; key: string };
beforeAll(async () => {
  const [bigTenant, smallTenant] = [await newTenant({ name: 'zzz big' }), await newTenant({ name: 'zzz small' })];
  await env.DB.batch([
    env.DB.prepare(`INSERT INTO customer (id, kind, name, name_key, email_verified, external_id, external_id_key, labels,
        created_at, updated_at, deleted_at)
      ${NUMBERS} SELECT ${ID('aaaa')}, iif(n % 3 = 0, 'PERSON', 'COMPANY'),
        printf('Name %05d', (n * 7919) % ${ROWS}), printf('name %05d', (n * 7919) % ${ROWS}), 0, 'x' || n, 'x' || n,
        iif(n % 100 = 0, '["rare"]', '[]'), n * 1000, (n * 104729) % 1000000007, iif(n % 10 = 0, 1, NULL) FROM numbers`),
    env.DB.prepare(`INSERT INTO tenant (id, name, name_key, external_id, external_id_key, status, partner_managed,
        event_enrichment, test, tax_exempt, is_business_customer, is_invoice_pending, created_at, updated_at)
      ${NUMBERS} SELECT ${ID('bbbb')}, 'T' || n, 't' || n, 'x' || n, 'x' || n,
        iif(n % 5 = 0, 'PENDING', 'ACTIVE'), 1, 0, 0, 'NONE', 0, 0, n * 1000, (n * 104729) % 1000000007 FROM numbers`),
    env.DB.prepare(`INSERT INTO event (command_id, type, subject_type, subject_id, actor_type, created_at)
      ${NUMBERS} SELECT 'c' || n, iif(n % 2, 'customer.created', 'customer.updated'), 'Customer', 's' || (n % 50), 'ROOT', n FROM numbers`),
    ...[bigTenant, smallTenant].map(({ id }, index) =>
      env.DB.prepare(`INSERT INTO membership SELECT ?1, id, 1, deleted, kind, name_key, updated_at, 'SYSTEM', NULL, description_sort FROM customer
        WHERE external_id_key IS NOT NULL AND CAST(substr(external_id, 2) AS INTEGER) % ${index === 0 ? 2 : 501} = 0`).bind(
        rawId(id),
      ),
    ),
    env.DB.prepare(
      'INSERT INTO event_tenant SELECT ?1, id, type, actor_type, actor_id FROM event WHERE id % 2 = 0',
    ).bind(rawId(bigTenant.id)),
  ]);
  const keyOf = async (id: string) => ({ id, key: (await newKey({ tenants: [id] })).secret });
  [big, small] = [await keyOf(bigTenant.id), await keyOf(smallTenant.id)];
}, 60_000);

interface Page {
  nodes: { id: string; name: string; updatedAt: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

const listOf = (
  field: string,
  type: string,
) => `query($first: Int, $after: String, $last: Int, $before: String, $filter: ${type}Filter, $orderBy: RecordOrder) {
  ${field}(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    nodes { id name updatedAt } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
const CUSTOMERS = listOf('customers', 'Customer');
const TENANTS = listOf('tenants', 'Tenant');

async function pageOf(variables: object, key?: string, document = CUSTOMERS): Promise<Page & { rowsRead: number }> {
  const { data, rowsRead, text } = await ask(document, { ...variables }, key);
  const page = data?.customers ?? data?.tenants;
  expect(page, text).toBeTruthy();
  return { ...page, rowsRead };
}

const ORDERS = ['CREATED_AT', 'UPDATED_AT', 'NAME'].flatMap((field) =>
  ['ASC', 'DESC'].map((direction) => ({ field, direction })),
);
const middle = { from: '1970-01-01T01:00:00Z', to: '1970-01-01T01:05:00Z' };

describe('a page of 25 of 10,000', () => {
  const filters: Record<string, object> = {
    'no filter': {},
    'deleted ones only': { deleted: 'ONLY' },
    'deleted ones included': { deleted: 'INCLUDE' },
    'one kind': { kinds: ['PERSON'] },
    'external ids': { externalIds: ['X17', 'x18', 'nobody'] },
  };
  const viewers = {
    'the root key': () => undefined,
    'a key of one large tenant': () => big.key,
    'a key of one small tenant': () => small.key,
  };

  for (const [what, filter] of Object.entries(filters)) {
    for (const [who, key] of Object.entries(viewers)) {
      it(`reads a bounded number of rows with ${what}, in any order, for ${who}`, async () => {
        for (const orderBy of ORDERS) {
          const first = await pageOf({ filter, orderBy, first: 25 }, key());
          expect(first.rowsRead, JSON.stringify(orderBy)).toBeLessThan(1000);
          if (!first.pageInfo.hasNextPage) continue;
          const next = await pageOf({ filter, orderBy, first: 25, after: first.pageInfo.endCursor }, key());
          expect(next.rowsRead, JSON.stringify(orderBy)).toBeLessThan(1000);
          const back = await pageOf({ filter, orderBy, last: 25, before: next.pageInfo.startCursor }, key());
          expect(back.rowsRead, JSON.stringify(orderBy)).toBeLessThan(1000);
          expect(back.nodes).toEqual(first.nodes);
        }
      });
    }
  }

  it('reads a bounded number of rows of tenants', async () => {
    for (const filter of [{}, { statuses: ['PENDING'] }, { externalIds: ['x5'] }, { deleted: 'INCLUDE' }]) {
      for (const orderBy of ORDERS) {
        const page = await pageOf({ filter, orderBy, first: 25 }, undefined, TENANTS);
        expect(page.rowsRead, JSON.stringify({ filter, orderBy })).toBeLessThan(1000);
        const own = await pageOf({ filter, orderBy }, big.key, TENANTS);
        expect(own.rowsRead).toBeLessThan(100);
      }
    }
  });

  it('reads a bounded number of rows of tenants that are searched for, or of a range of another time', async () => {
    const filters = ['t', 't1', 't123', 'x77'].map((search) => ({ search, deleted: 'INCLUDE' }));
    for (const filter of [...filters, { search: 't12', statuses: ['PENDING'] }, { createdAt: middle }]) {
      for (const orderBy of ORDERS) {
        for (const size of [{ first: 25 }, { last: 25 }]) {
          const page = await pageOf({ filter, orderBy, ...size }, undefined, TENANTS);
          // What is tried first, and then some rows for each that the search finds: at most 1,111 are found and do not fill a page.
          expect(page.rowsRead, JSON.stringify({ filter, orderBy })).toBeLessThan(3500 + 8 * 1111);
        }
        const own = await pageOf({ filter, orderBy }, big.key, TENANTS);
        expect(own.rowsRead).toBeLessThan(100);
      }
    }
  });

  it('reads a bounded number of rows of a list inside a list', async () => {
    const document = `query($id: ID!) { tenant(id: $id) { customers(first: 25) { nodes { name tenants { nodes { name } } } } } }`;
    const { data, rowsRead } = await ask(document, { id: big.id });
    expect(data.tenant.customers.nodes).toHaveLength(25);
    expect(rowsRead).toBeLessThan(1000);
  });

  it('reads a bounded number of events', async () => {
    const document =
      'query($filter: EventFilter, $last: Int) { events(last: $last, filter: $filter) { nodes { id } } }';
    const subject = globalId('Customer', '00000000-0000-0000-0000-000000000000');
    for (const filter of [
      {},
      { types: ['customer.updated'] },
      { types: ['tenant.updated', 'customer.created'] },
      { subjectId: subject },
      { actor: { type: 'ROOT' } },
    ]) {
      for (const key of [undefined, big.key, small.key]) {
        for (const last of [null, 25]) {
          const { rowsRead, errors } = await ask(document, { filter, last }, key);
          expect(errors).toEqual([]);
          expect(rowsRead, JSON.stringify(filter)).toBeLessThan(1000);
        }
      }
    }
  });
});

describe('walking a whole list', () => {
  it('has every record once, in order, forward and backward, for everyone who reaches it', async () => {
    for (const [key, count] of [
      [small.key, 18],
      [undefined, 9000],
    ] as const) {
      const orderBy = { field: 'NAME', direction: 'ASC' };
      const filter = { createdAt: { to: '1970-02-01T00:00:00Z' } };
      const names: string[] = [];
      let after: string | null = null;
      const first = count > 100 ? 100 : 5;
      do {
        const page: Page = await pageOf({ first, after, orderBy, ...(count < 100 && { filter }) }, key);
        names.push(...page.nodes.map(({ name }) => name));
        after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      } while (after);
      expect(names).toHaveLength(count);
      expect(names).toEqual([...names].sort());
      expect(new Set(names).size).toBe(count);
    }
  }, 60_000);

  it('says where a page lies', async () => {
    const all = await pageOf({ first: 100 }, small.key);
    expect(all.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
    const start = await pageOf({ first: 7 }, small.key);
    expect(start.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const rest = await pageOf({ first: 100, after: start.pageInfo.endCursor }, small.key);
    expect(rest.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect([...start.nodes, ...rest.nodes]).toEqual(all.nodes);
    const end = await pageOf({ last: 5 }, small.key);
    expect(end.nodes).toEqual(all.nodes.slice(-5));
    expect(end.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    const none = await pageOf({ filter: { externalIds: ['nobody'] } }, small.key);
    expect(none).toMatchObject({ nodes: [], pageInfo: { startCursor: null, endCursor: null, hasNextPage: false } });
  });

  it('follows a customer whose name and kind change, also for who reaches one tenant only', async () => {
    const { data } = await ask('{ customers(first: 1) { nodes { id name } } }', {}, small.key);
    const [{ id }] = data.customers.nodes;
    const name = unique('aaa first');
    await ask('mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) { __typename } }', {
      input: { id, name, kind: 'PERSON' },
    });
    const byName = await pageOf({ first: 1, orderBy: { field: 'NAME', direction: 'ASC' } }, small.key);
    expect(byName.nodes[0]).toMatchObject({ id, name });
    const latest = await pageOf(
      { first: 1, orderBy: { field: 'UPDATED_AT', direction: 'DESC' }, filter: { kinds: ['PERSON'] } },
      small.key,
    );
    expect(latest.nodes[0]?.id).toBe(id);
  });

  it('counts exactly what it lists', async () => {
    const count = async (filter: object, key?: string) => {
      const { data } = await ask(
        'query($filter: CustomerFilter) { customers(filter: $filter) { totalCount } }',
        { filter },
        key,
      );
      return data.customers.totalCount;
    };
    expect(await count({ externalIds: ['x1', 'x2', 'x10'] })).toBe(2);
    expect(await count({ labels: ['rare'] })).toBe(0);
    expect(await count({ labels: ['rare'], deleted: 'INCLUDE' })).toBe(100);
    expect(await count({ deleted: 'INCLUDE', createdAt: { to: '1970-01-02T00:00:00Z' } })).toBe(ROWS);
    expect(await count({ createdAt: middle })).toBe(270);
    expect(await count({}, small.key)).toBe(18);
    expect(await count({ deleted: 'ONLY' }, small.key)).toBe(1);
    expect(await count({ deleted: 'INCLUDE', labels: ['rare'] }, big.key)).toBe(100);
  });
});

describe('a filter', () => {
  it('takes as many labels as a customer can have', async () => {
    const labels = Array.from({ length: 50 }, (_, index) => `label ${index}`);
    const created = await newCustomer({ labels });
    for (const filter of [{ labels }, { labels, externalIds: [created.externalId] }]) {
      expect((await pageOf({ filter })).nodes.map(({ id }) => id)).toEqual([created.id]);
    }
    expect((await pageOf({ filter: { labels: [...labels.slice(1), 'another'] } })).nodes).toEqual([]);
  });

  it('lists everything once, however often it names a value', async () => {
    const answer = await ask(`{ tenants(first: 3, filter: { statuses: [ACTIVE, ACTIVE] }) { nodes { id } }
      events(first: 3, filter: { types: ["customer.created", "customer.created"] }) { nodes { id } } }`);
    for (const { nodes } of Object.values(answer.data) as { nodes: { id: string }[] }[]) {
      expect(new Set(nodes.map(({ id }) => id)).size).toBe(3);
    }
  });

  it('that is not valid is refused, with its path', async () => {
    for (const none of [{ externalIds: [] }, { kinds: [] }, { labels: [] }]) {
      const [path] = Object.keys(none);
      const empty = await ask(CUSTOMERS, { filter: none });
      expect(empty.errors[0].extensions.issues).toMatchObject([
        { path: `filter.${path}`, message: 'must not be empty' },
      ]);
    }
    const answer = await ask(CUSTOMERS, { filter: { externalIds: ['a', ''] } });
    expect(answer.errors[0].extensions.issues).toMatchObject([{ path: 'filter.externalIds.1' }]);
  });
});

describe('arguments that make no page', () => {
  const cases: [string, object, string][] = [
    ['forward and backward at once', { first: 1, last: 1 }, 'first'],
    ['first with before', { first: 1, before: 'x' }, 'first'],
    ['after with last', { after: 'x', last: 1 }, 'after'],
    ['none', { first: 0 }, 'first'],
    ['more than a hundred', { last: 101 }, 'last'],
    ['a cursor that is none', { after: 'junk' }, 'after'],
  ];
  for (const [what, variables, path] of cases) {
    it(`are refused: ${what}`, async () => {
      const answer = await ask(CUSTOMERS, { ...variables });
      expect(codeOf(answer)).toBe('BAD_USER_INPUT');
      expect(answer.errors[0].extensions.issues[0].path).toBe(path);
      expect(answer.calls).toBe(0);
    });
  }

  it('take an empty cursor for none', async () => {
    expect((await pageOf({ after: '', before: '', first: 3 })).nodes).toHaveLength(3);
  });

  it('include cursors of another list, and ones that somebody made up', async () => {
    const forged = (parts: unknown) => btoa(JSON.stringify(parts));
    const { pageInfo } = await pageOf({ first: 1 });
    const cursors = [
      pageInfo.endCursor,
      forged(['events', 'CREATED_AT', null, 'x']),
      forged(['events', 'CREATED_AT', null, 1e300]),
      forged(['events', 'CREATED_AT', 1, 1]),
      forged([]),
      forged(null),
    ];
    for (const after of cursors) {
      expect(codeOf(await ask('query($after: String) { events(after: $after) { nodes { id } } }', { after }))).toBe(
        'BAD_USER_INPUT',
      );
    }
  });

  it('include the cursor of another order', async () => {
    const { pageInfo } = await pageOf({ first: 1 });
    const answer = await ask(CUSTOMERS, { after: pageInfo.endCursor, orderBy: { field: 'NAME', direction: 'ASC' } });
    expect(codeOf(answer)).toBe('BAD_USER_INPUT');
  });
});

describe('a range of the time that a list is sorted by', () => {
  const from = { CREATED_AT: '1970-01-01T00:30:00Z', UPDATED_AT: '1970-01-03T00:00:00Z' };
  for (const [field, start] of Object.entries(from)) {
    it(`costs its pages nothing, wherever they lie: ${field}`, async () => {
      for (const key of [undefined, big.key]) {
        for (const direction of ['ASC', 'DESC']) {
          const range = field === 'CREATED_AT' ? 'createdAt' : 'updatedAt';
          const list = { filter: { [range]: { from: start } }, orderBy: { field, direction }, first: 100 };
          let after: string | null = null;
          for (let page = 0; page < 20; page += 1) {
            const { rowsRead, pageInfo, nodes }: Page & { rowsRead: number } = await pageOf({ ...list, after }, key);
            expect(nodes).toHaveLength(100);
            expect(rowsRead).toBeLessThan(1000);
            after = pageInfo.endCursor;
          }
        }
      }
    });
  }
});

describe('a filter with few candidates of many', () => {
  it('leaves the many unread: deleted members, what changed lately', async () => {
    await env.DB.prepare(
      'UPDATE customer SET deleted_at = 1 WHERE CAST(substr(external_id, 2) AS INTEGER) < 9000',
    ).run();
    const document = 'query($id: ID!) { tenant(id: $id) { customers(first: 5) { nodes { id } } } }';
    const members = await ask(document, { id: big.id });
    expect(members.data.tenant.customers.nodes).toHaveLength(5);
    expect(members.rowsRead).toBeLessThan(200);
    const changed = await pageOf({ filter: { updatedAt: { from: '1970-01-01T00:00:00Z' } } });
    expect(changed.nodes).toHaveLength(25);
    expect(changed.rowsRead).toBeLessThan(500);
    const times = changed.nodes.map(({ updatedAt }) => Date.parse(updatedAt));
    expect(times).toEqual([...times].sort((one, other) => one - other));
  }, 60_000);
});
