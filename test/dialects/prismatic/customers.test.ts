import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_PAGE_SIZE } from '../../../src/dialects/prismatic/pages.ts';
import { MAX_DESCRIPTION_SORT } from '../../../src/directory/kernel/derived-columns.ts';
import { MAX_OFFSET } from '../../../src/directory/lists/page-arguments.ts';
import { MAX_PRISMATIC_COST } from '../../../src/http/dialects/prismatic.ts';
import { allBut, newCustomer, newKey, newTenant, type Result, succeed, unique } from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { api, errorsOf } from './api.ts';

describe('a list', () => {
  const label = unique('list');
  const made: Result[] = [];
  beforeAll(async () => {
    const rows = Array.from({ length: 101 }, (_, index) => ({
      name: `${label} ${String(index).padStart(3, '0')}`,
      labels: [label],
    }));
    await succeed('importCustomers', 'rows { id }', {
      rows: rows.map((row) => ({ ...row, externalId: row.name })),
    });
    const { data } = await ask(
      'query($labels: [String!]) { customers(last: 100, filter: { labels: $labels }) { nodes { id } } }',
      {
        labels: [label],
      },
    );
    made.push(...data.customers.nodes);
  }, 30_000);

  it(`has ${DEFAULT_PAGE_SIZE} records a page, unless it is asked for another number`, async () => {
    const document = `query($after: String) { customers(labels_Contains: "${label}", after: $after) {
      nodes { name } edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }`;
    const first = await api(document, { after: '' });
    const { nodes, edges, pageInfo, totalCount } = first.data.customers;
    expect([nodes.length, edges.length, totalCount]).toEqual([100, 100, 101]);
    expect(pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: edges[0].cursor,
      endCursor: edges[99].cursor,
    });
    const second = await api(document, { after: pageInfo.endCursor });
    expect(second.data.customers.nodes).toEqual([{ name: `${label} 100` }]);
    const backward = await api(
      `query($before: String!) { customers(labels_Contains: "${label}", before: $before) { nodes { name } } }`,
      {
        before: edges[50].cursor,
      },
    );
    expect(backward.data.customers.nodes.map(({ name }: Result) => name)).toEqual(
      nodes.slice(0, 50).map(({ name }: Result) => name),
    );
    expect(made).toHaveLength(100);
  });

  it('skips what the offset says, up to a cap', async () => {
    const page = (rest: string) =>
      api(
        `{ customers(labels_Contains: "${label}", ${rest}) { nodes { name } pageInfo { hasNextPage hasPreviousPage } } }`,
      );
    const names = async (rest: string) =>
      (await page(rest)).data.customers.nodes.map(({ name }: Result) => name.slice(-3));
    expect(await names('offset: 0, first: 2')).toEqual(['000', '001']);
    expect(await names('offset: 99')).toEqual(['099', '100']);
    expect((await page('offset: 7, first: 2')).data.customers).toEqual({
      nodes: [{ name: `${label} 007` }, { name: `${label} 008` }],
      pageInfo: { hasNextPage: true, hasPreviousPage: true },
    });
    expect((await page('offset: 101')).data.customers).toEqual({
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: true },
    });
    expect(await names(`offset: ${MAX_OFFSET}`)).toEqual([]);
    for (const wrong of [`offset: ${MAX_OFFSET + 1}`, 'offset: -1', 'offset: 1, last: 2']) {
      const { data, errors } = await page(wrong);
      expect(data, wrong).toBeNull();
      expect(errors[0].message, wrong).toContain('offset');
    }
  });

  it('has at most 100 records a page, and says so', async () => {
    for (const size of ['first: 101', 'last: 101', 'first: 0', 'first: 1, last: 1']) {
      const { data, errors } = await api(`{ customers(${size}) { nodes { id } } }`);
      expect(data, size).toBeNull();
      expect(errors, size).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
  });

  it('may stand below every record of a list, with all that a user has', async () => {
    const nine = 'id email name phone avatarUrl externalId createdAt updatedAt tenantId';
    const within = await api(`{ customers { nodes { id users { nodes { ${nine} } } } } }`);
    expect(within.errors).toEqual([]);
    const beyond = await api(
      `{ customers { nodes { id users { nodes { ${nine} customer { users(first: 10) { nodes { id } } } } } } } }`,
    );
    expect(beyond).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'BAD_USER_INPUT', maxCost: MAX_PRISMATIC_COST } }],
    });
  });
});

describe('the price of `customers`', () => {
  it('has the records in it that an offset skips', async () => {
    const pages = (count: number) =>
      `{ ${Array.from({ length: count }, (_, index) => `p${index}: customers(first: 1, offset: ${MAX_OFFSET}) { nodes { id } }`).join(' ')} }`;
    expect((await api(pages(10))).errors).toEqual([]);
    expect(await api(pages(30))).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });
});

describe('an argument of `customers`', () => {
  const word = unique('argument');
  const marked = `${word}-label`;
  const people: Record<'ada' | 'bob' | 'eve', Result> = { ada: {}, bob: {}, eve: {} } as never;
  beforeAll(async () => {
    const make = async (name: string, more: Variables) => {
      // The milliseconds of creation are what some of the arguments compare.
      await new Promise((resolve) => setTimeout(resolve, 5));
      return newCustomer({ name: `${name} ${word}`, ...more });
    };
    people.ada = await make('Ada', { labels: [marked, 'one', 'two'], description: 'Zweitens: Äpfel' });
    people.bob = await make('Bob', { labels: [marked, 'one'], description: 'erstens' });
    people.eve = await make('Ada und Eve', { labels: [marked], kind: 'PERSON' });
  });

  const names = async (rest: string, variables: Variables = {}): Promise<string[]> => {
    const { data, text } = await api(
      `query($time: DateTime) { customers(${rest}) { nodes { name } totalCount } time: customers(first: 1, createdAt_Gte: $time) { totalCount } }`,
      variables,
    );
    expect(data, text).not.toBeNull();
    const found: string[] = data.customers.nodes.map(({ name }: Result) => name.replace(` ${word}`, ''));
    expect(data.customers.totalCount).toBe(found.length);
    return found;
  };
  const among = (rest: string, time?: string) => names(`labels_Contains: ["${marked}"], ${rest}`, { time });

  it('finds by name, the whole, the beginning, or anything in it, whatever the case', async () => {
    expect(await names(`name: "ADA ${word}"`)).toEqual(['Ada']);
    expect(await names(`name: "Ada"`)).toEqual([]);
    expect(await among('name_Istartswith: "ada"')).toEqual(['Ada', 'Ada und Eve']);
    expect(await names(`name_Istartswith: "ada u", name_Icontains: "${word}"`)).toEqual(['Ada und Eve']);
    expect(await names(`name_Icontains: "EVE ${word}"`)).toEqual(['Ada und Eve']);
    expect(await among('name_Icontains: "EV"')).toEqual(['Ada und Eve']);
    expect(await among('name_Icontains: "O"')).toEqual([]);
    expect(await among(`name_Icontains: "Da  Ü"`)).toEqual(['Ada und Eve']);
    expect(await among('name_Icontains: "%"')).toEqual([]);
  });

  it('finds by description, external id and labels', async () => {
    expect(await among('description_Icontains: "äPFEL"')).toEqual(['Ada']);
    expect(await among('description_Icontains: "TENS"')).toEqual(['Ada', 'Bob']);
    expect(await among('description_Icontains: "ap"')).toEqual(['Ada']);
    expect(await among('description_Icontains: ":"')).toEqual(['Ada']);
    expect(await among('description_Icontains: "s"')).toEqual([]);
    expect(await names(`externalId: " ${people.eve.externalId} "`)).toEqual(['Ada und Eve']);
    expect(await names(`labels_Contains: ["${marked}", "one"]`)).toEqual(['Ada', 'Bob']);
    expect(await names(`labels_Contains: ["${marked}", "two", "one"]`)).toEqual(['Ada']);
  });

  it('says nothing if it is null or empty', async () => {
    const nothing = [
      'name: ""',
      'name: null',
      'name_Icontains: " "',
      'name_Istartswith: ""',
      'description_Icontains: ""',
      'externalId: ""',
      'createdAt_Gte: null',
      'sortBy: []',
      'offset: null',
      'isSystem: false',
      'isSystem: null',
    ];
    for (const argument of nothing) expect(await among(argument), argument).toEqual(['Ada', 'Bob', 'Ada und Eve']);
    const before = await ask('{ customers { totalCount } }');
    const { data } = await api('{ customers(labels_Contains: []) { totalCount } }');
    expect(data.customers).toEqual(before.data.customers);
  });

  it('finds nothing that the system made, for whoever may ask', async () => {
    expect(await among('isSystem: true')).toEqual([]);
    const { secret } = await newKey({ permissions: allBut('customer:read') });
    const { data, errors } = await api('{ customers(isSystem: true) { nodes { id } } }', {}, secret);
    expect([data, errors[0].extensions.code]).toEqual([null, 'FORBIDDEN']);
  });

  it('finds by times of creation and change, both ends included', async () => {
    const { createdAt } = people.bob;
    expect(await among('createdAt_Gte: $time', createdAt)).toEqual(['Bob', 'Ada und Eve']);
    expect(await among('createdAt_Lte: $time', createdAt)).toEqual(['Ada', 'Bob']);
    expect(await among('createdAt_Gte: $time, createdAt_Lte: $time', createdAt)).toEqual(['Bob']);
    expect(await among('updatedAt_Gte: $time', createdAt)).toEqual(['Bob', 'Ada und Eve']);
    expect(await among('updatedAt_Lte: $time', createdAt)).toEqual(['Ada', 'Bob']);
    const { status, errors } = await api('{ customers(createdAt_Gte: "yesterday") { nodes { id } } }');
    expect([status, errors[0].message]).toEqual([400, expect.stringContaining('RFC 3339')]);
  });

  it('sorts by one field, either way', async () => {
    const sorted = (field: string, direction: string) =>
      among(`sortBy: [{ field: ${field}, direction: ${direction} }]`);
    const ORDERS: Record<string, string[]> = {
      NAME: ['Ada', 'Ada und Eve', 'Bob'],
      DESCRIPTION: ['Ada und Eve', 'Bob', 'Ada'],
      CREATED_AT: ['Ada', 'Bob', 'Ada und Eve'],
      UPDATED_AT: ['Ada', 'Bob', 'Ada und Eve'],
    };
    for (const [field, order] of Object.entries(ORDERS)) {
      expect(await sorted(field, 'ASC'), field).toEqual(field === 'NAME' ? ['Ada', 'Ada und Eve', 'Bob'] : order);
      expect(await sorted(field, 'DESC'), field).toEqual([...order].reverse());
    }
  });

  it('sorts by descriptions as they are now, for who reaches one tenant, too', async () => {
    const tenant = await newTenant();
    const { secret } = await newKey({ tenants: [tenant.id] });
    const member = (name: string, description: string | null) =>
      newCustomer({ name: `${name} ${word}`, description, tenantIdentifiers: [{ id: tenant.id }] });
    const long = 'Ä'.repeat(MAX_DESCRIPTION_SORT);
    const [first] = [await member('1', 'A'), await member('2', null), await member('3', `${long}b`)];
    await member('4', `${long}a`);
    // One by one: a page of all would be sorted whatever the index said.
    const sorted = async () => {
      let [found, after] = ['', ''];
      for (let isMore = true; isMore; ) {
        const { data } = await api(
          `query($after: String) { customers(first: 1, after: $after, sortBy: [{ field: DESCRIPTION, direction: ASC }]) {
            nodes { name } pageInfo { hasNextPage endCursor } } }`,
          { after },
          secret,
        );
        found += data.customers.nodes[0].name.slice(0, 1);
        [isMore, after] = [data.customers.pageInfo.hasNextPage, data.customers.pageInfo.endCursor];
      }
      return found;
    };
    expect(await sorted()).toBe('2134');
    await errorsOf('updateCustomer', { id: first.id, description: 'Ö' }, secret);
    expect(await sorted()).toBe('2341');
    await errorsOf('updateCustomer', { id: first.id, description: '' }, secret);
    expect(await sorted()).toBe('1234');
  });

  it('sorts by a second field only where that says nothing', async () => {
    const by = (...fields: string[]) =>
      api(`{ customers(sortBy: [${fields.map((field) => `{ field: ${field}, direction: ASC }`)}]) { nodes { id } } }`);
    expect((await by('CREATED_AT', 'NAME')).errors).toEqual([]);
    expect((await by('NAME', 'NAME')).errors).toEqual([]);
    const { data, errors } = await by('NAME', 'CREATED_AT');
    expect([data, errors[0].message]).toEqual([null, expect.stringContaining('sorted by one field')]);
  });

  it('that is refused is named as the caller did', async () => {
    const long = 'x'.repeat(257);
    const wrong: Record<string, string> = {
      name: `name: "${long}"`,
      name_Icontains: `name_Icontains: "${long}"`,
      name_Istartswith: `name_Istartswith: "${long}"`,
      description_Icontains: `description_Icontains: "${long}"`,
      externalId: `externalId: "${long}"`,
      labels_Contains: `labels_Contains: ["a", "${long}"]`,
      first: 'first: 101',
      after: 'after: "x"',
      offset: 'offset: 501',
    };
    for (const [name, argument] of Object.entries(wrong)) {
      const { data, errors } = await api(`{ customers(${argument}) { nodes { id } } }`);
      expect(data, name).toBeNull();
      expect(errors[0].extensions.issues, name).toMatchObject([{ path: name }]);
    }
  });

  it('that the document does not have is named by the error', async () => {
    const { status, errors } = await api('{ customers(starred: true) { nodes { id } } }');
    expect([status, errors[0].message]).toEqual([400, expect.stringContaining('starred')]);
  });
});
