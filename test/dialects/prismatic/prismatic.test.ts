import { env } from 'cloudflare:workers';
import { importJWK, SignJWT } from 'jose';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import readme from '../../../README.md?raw';
import { DEFAULT_PAGE_SIZE } from '../../../src/dialects/prismatic/pages.ts';
import { schema } from '../../../src/dialects/prismatic/schema.ts';
import { MAX_DESCRIPTION_SORT } from '../../../src/directory/customers/columns.ts';
import { MAX_OFFSET } from '../../../src/directory/lists/page-arguments.ts';
import { MAX_PRISMATIC_COST } from '../../../src/http/dialects/prismatic.ts';
import { MAX_BODY_BYTES } from '../../../src/http/shared/body.ts';
import type { Environment } from '../../../src/http/shared/environment.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  allBut,
  eventsAbout,
  globalId,
  newCustomer,
  newCustomerUser,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  newTrustedIssuer,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, mailbox, PUBLIC_URL, ROOT_KEY, SIGNING_KEYS, send, type Variables } from '../../shared/gateway.ts';
import { step, tokenOf } from '../../shared/people.ts';
import { operationsOf, posted } from '../../walks/dialects/table.ts';
import createCustomer from './create-a-new-customer.txt?raw';
import createCustomerVariables from './create-a-new-customer.variables.txt?raw';
import createTeamMember from './create-an-organization-team-member.txt?raw';
import createTeamMemberVariables from './create-an-organization-team-member.variables.txt?raw';
import deleteCustomer from './delete-a-customer.txt?raw';
import deleteCustomerVariables from './delete-a-customer.variables.txt?raw';
import fetchCustomer from './fetch-a-specific-customer.txt?raw';
import fetchCustomerVariables from './fetch-a-specific-customer.variables.txt?raw';
import fetchAll from './fetch-all-customers.txt?raw';
import listUsers from './list-all-customer-users-by-customer.txt?raw';
import roles from './query-for-organization-roles.txt?raw';
import { prismatic } from './table.ts';
import updateCustomer from './update-a-customer.txt?raw';
import updateCustomerVariables from './update-a-customer.variables.txt?raw';

const api = (query: string, variables: Variables = {}, key: string = ROOT_KEY) =>
  send(posted('/api', query, variables, key));

beforeAll(countChanges);

/** The variables that stand in the document, with the ids of records that are there. */
const variablesOf = (source: string, ids: Variables = {}): Variables => {
  const given: Variables = JSON.parse(source);
  for (const name of Object.keys(ids)) expect(given, name).toHaveProperty(name);
  return { ...given, ...ids };
};

const byGraphQL = async (id: string): Promise<Result> => {
  const { data } = await ask('query($id: ID!) { customer(id: $id) { kind name description externalId labels } }', {
    id,
  });
  return data.customer;
};

const TEAM_VIEWER = globalId('Role', '00000000-0000-7000-8000-000000000104');
const CUSTOMER_ADMIN = globalId('Role', '00000000-0000-7000-8000-000000000201');
const CUSTOMER_MEMBER = globalId('Role', '00000000-0000-7000-8000-000000000202');
const nobody = (type: string) => globalId(type, '01900000-0000-7000-8000-00000000dead');

describe('the requests of the document', () => {
  it('create, fetch, change and delete a customer', async () => {
    const created = await api(createCustomer, variablesOf(createCustomerVariables));
    expect(created).toMatchObject({ status: 200, errors: [] });
    const { id } = created.data.createCustomer.customer;
    expect(created.data).toEqual({ createCustomer: { customer: { id }, errors: [] } });
    expect(await byGraphQL(id)).toEqual({
      kind: 'COMPANY',
      name: 'FTL Rockets',
      description: 'Faster-than-light Rocket Company, LLC',
      externalId: 'abc-123',
      labels: [],
    });
    expect(atob(id)).toMatch(/^Customer:[0-9a-f-]{36}$/);

    const fetched = await api(fetchCustomer, variablesOf(fetchCustomerVariables, { myCustomerId: id }));
    expect(fetched.data).toEqual({ customer: { id, name: 'FTL Rockets', externalId: 'abc-123' } });
    const all = await api(fetchAll);
    expect(all.data.customers.nodes).toContainEqual({ id, name: 'FTL Rockets', externalId: 'abc-123' });

    const updated = await api(updateCustomer, variablesOf(updateCustomerVariables, { customerId: id }));
    expect(updated.data).toEqual({ updateCustomer: { errors: [] } });
    expect((await byGraphQL(id)).description).toBe('My Updated Description');

    const variables = variablesOf(deleteCustomerVariables, { customerId: id });
    const deleted = await api(deleteCustomer, variables);
    expect(deleted.data).toEqual({ deleteCustomer: { customer: { name: 'FTL Rockets' }, errors: [] } });
    expect(await byGraphQL(id)).toBeNull();
    expect(await eventsAbout(id)).toEqual(['customer.created', 'customer.updated', 'customer.deleted']);
    const again = await api(deleteCustomer, variables);
    expect(again).toMatchObject({ status: 200, errors: [] });
    expect(again.data).toEqual({
      deleteCustomer: { customer: null, errors: [{ field: 'id', messages: ['Record not found'] }] },
    });
  });

  it('fail as they stand, for there are no such records', async () => {
    const fetched = await api(fetchCustomer, variablesOf(fetchCustomerVariables));
    expect(fetched).toMatchObject({ status: 200, data: null, errors: [{ message: 'Record not found' }] });
    const updated = await api(updateCustomer, variablesOf(updateCustomerVariables));
    expect(updated.data.updateCustomer.errors).toEqual([{ field: 'id', messages: ['Record not found'] }]);
    const created = await api(createTeamMember, variablesOf(createTeamMemberVariables));
    expect(created.data.createOrganizationUser).toEqual({
      user: null,
      errors: [{ field: 'role', messages: ['Record not found'] }],
    });
  });

  it('look up a role, and make a team member of it, who is mailed an invitation', async () => {
    const { data } = await api(roles);
    const viewer = data.organizationRoles.find(({ name }: Result) => name === 'viewer');
    expect(viewer.permissions.nodes).toContainEqual({ name: 'customer:read', description: expect.any(String) });
    const created = await api(createTeamMember, variablesOf(createTeamMemberVariables, { role: viewer.id }));
    expect(created.data.createOrganizationUser).toEqual({
      user: {
        id: expect.any(String),
        name: 'Lisa Nguyen',
        email: 'lisa.nguyen@smith-rockets.co',
        externalId: 'ABCCBC0B-98D0-453B-A795-0B430EFBF020',
      },
      errors: [],
    });
    expect(mailbox.filter(({ to }) => to === 'lisa.nguyen@smith-rockets.co')).toHaveLength(1);
  });

  it('list the users of all customers, in two D1 calls', async () => {
    const customer = await newCustomer();
    const user = await newCustomerUser(customer.id, { externalId: unique('user') });
    const { data, errors, calls } = await api(listUsers);
    expect(errors).toEqual([]);
    expect(calls).toBe(2);
    const { id, email, name, externalId } = user;
    expect(data.customers.nodes).toContainEqual({
      id: customer.id,
      name: customer.name,
      users: { nodes: [{ id, email, name, externalId }] },
    });
  });
});

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
    const beyond = await api(`{ customers { nodes { id users { nodes { ${nine} customer { id } } } } } }`);
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
    expect(await among('name_Icontains: "O"')).toEqual(['Bob']);
    expect(await among('name_Icontains: "%"')).toEqual([]);
  });

  it('finds by description, external id and labels', async () => {
    expect(await among('description_Icontains: "äPFEL"')).toEqual(['Ada']);
    expect(await among('description_Icontains: "s"')).toEqual(['Ada', 'Bob']);
    expect(await names(`externalId: "${people.eve.externalId.toUpperCase()}"`)).toEqual(['Ada und Eve']);
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
    const [first] = [await member('1', 'b'), await member('2', null), await member('3', `${long}b`)];
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
    await errorsOf('updateCustomer', { id: first.id, description: null }, secret);
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

const errorsOf = async (name: string, input: Variables, key?: string) => {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const record = name.endsWith('Customer') ? 'customer' : 'user';
  const { status, data, errors, text } = await api(
    `mutation($input: ${type}!) { ${name}(input: $input) { ${record} { id } errors { field messages } } }`,
    { input },
    key,
  );
  expect([status, errors], text).toEqual([200, []]);
  const answered = data[name];
  expect(answered[record] === null, text).toBe(answered.errors.length > 0);
  return answered.errors;
};

describe('a mutation', () => {
  const NOT_FOUND = ['Record not found'];
  const TAKEN = ['This value belongs to another record.'];

  it('that fails names the fields as the caller did, each once, and changes nothing', async () => {
    const taken = await newCustomer({ name: unique('Taken') });
    const customer = await newCustomer();
    const user = await newCustomerUser(customer.id);
    const other = await newCustomerUser(customer.id, { externalId: unique('user') });
    const member = { email: `${unique('m')}@x.example`, role: CUSTOMER_MEMBER, customer: customer.id };
    const before = await changes();
    const cases: [string, Variables, unknown][] = [
      ['createCustomer', { name: taken.name.toUpperCase() }, [{ field: 'name', messages: TAKEN }]],
      [
        'createCustomer',
        { name: unique('n'), externalId: taken.externalId.toUpperCase() },
        [{ field: 'externalId', messages: TAKEN }],
      ],
      ['createCustomer', { name: ' ' }, [{ field: 'name', messages: ['must not be empty'] }]],
      [
        'createCustomer',
        { name: 'x'.repeat(257), labels: ['', null, 'x'.repeat(65)] },
        [
          { field: 'labels', messages: ['must not be empty', 'is required', 'must be at most 64 characters'] },
          { field: 'name', messages: ['must be at most 256 characters'] },
        ],
      ],
      ['updateCustomer', { id: customer.id, name: taken.name }, [{ field: 'name', messages: TAKEN }]],
      ['updateCustomer', { id: customer.id, name: null }, [{ field: 'name', messages: ['is required'] }]],
      ['updateCustomer', { id: nobody('Customer') }, [{ field: 'id', messages: NOT_FOUND }]],
      ['updateCustomer', { id: user.id, name: 'x' }, [{ field: 'id', messages: [expect.any(String)] }]],
      ['updateCustomer', { name: 'x' }, [{ field: 'id', messages: ['is required'] }]],
      ['deleteCustomer', { id: 'garbage' }, [{ field: 'id', messages: ['is not an id of this kind'] }]],
      ['createCustomerUser', { ...member, email: user.email }, [{ field: 'email', messages: TAKEN }]],
      [
        'createCustomerUser',
        { ...member, email: 'nobody', phone: ' ' },
        [
          { field: 'phone', messages: ['must not be empty'] },
          { field: 'email', messages: ['must be an e-mail address'] },
        ],
      ],
      [
        'createCustomerUser',
        { ...member, role: nobody('Role'), customer: nobody('Customer') },
        [
          { field: 'customer', messages: NOT_FOUND },
          { field: 'role', messages: NOT_FOUND },
        ],
      ],
      [
        'createCustomerUser',
        { ...member, role: 'garbage', customer: 'garbage' },
        [
          { field: 'role', messages: ['is not an id of this kind'] },
          { field: 'customer', messages: ['is not an id of this kind'] },
        ],
      ],
      [
        'createOrganizationUser',
        { email: member.email, role: CUSTOMER_MEMBER },
        [{ field: 'role', messages: NOT_FOUND }],
      ],
      ['updateUser', { id: user.id, externalId: other.externalId }, [{ field: 'externalId', messages: TAKEN }]],
      ['updateUser', { id: user.id, role: TEAM_VIEWER }, [{ field: 'role', messages: NOT_FOUND }]],
      [
        'updateUser',
        { id: user.id, avatarUrl: 'x' },
        [{ field: 'avatarUrl', messages: ['must be an http or https URL'] }],
      ],
      ['updateUser', { id: nobody('User'), name: 'x' }, [{ field: 'id', messages: NOT_FOUND }]],
      [
        'updateUser',
        { id: user.id, name: 'x', darkMode: true, darkModeSyncWithOs: false },
        ['darkMode', 'darkModeSyncWithOs'].map((field) => ({ field, messages: ['is not kept here: leave it out'] })),
      ],
      ['deleteUser', { id: nobody('User') }, [{ field: 'id', messages: NOT_FOUND }]],
    ];
    for (const [name, input, errors] of cases)
      expect(await errorsOf(name, input), JSON.stringify(input)).toEqual(errors);
    expect(await changes()).toBe(before);
  });

  it('whose rule is no field of the input says so by `__all__`', async () => {
    const owner = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    const last = [{ field: '__all__', messages: [expect.stringContaining('last owner')] }];
    expect(await errorsOf('deleteUser', { id: owner.id })).toEqual(last);
    expect(await errorsOf('updateUser', { id: owner.id, role: TEAM_VIEWER })).toEqual(last);
  });

  it('that is not allowed is a failed request, never a success', async () => {
    const customer = await newCustomer();
    const { secret } = await newKey({ permissions: allBut('customer:edit') });
    const before = await changes();
    const answer = await api(updateCustomer, { customerId: customer.id, newDescription: 'x' }, secret);
    expect(answer).toMatchObject({
      status: 200,
      data: null,
      errors: [{ extensions: { code: 'FORBIDDEN', missingPermissions: ['customer:edit'] } }],
    });
    expect(await changes()).toBe(before);
  });

  it('answers the `clientMutationId` that it was given, done or not', async () => {
    for (const name of [unique('named'), '']) {
      const { data } = await api(
        'mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { clientMutationId errors { field } } }',
        { input: { name, clientMutationId: 'mine' } },
      );
      expect(data.createCustomer.clientMutationId).toBe('mine');
    }
  });

  it('leaves what is left out, and clears by null', async () => {
    const { id, name } = await newCustomer({ description: 'Long', labels: ['a'] });
    const update = (input: Variables) => errorsOf('updateCustomer', { id, ...input });
    expect(await update({ externalId: null })).toEqual([]);
    expect(await byGraphQL(id)).toMatchObject({ name, description: 'Long', externalId: null, labels: ['a'] });
    expect(await update({ description: null, labels: null })).toEqual([]);
    expect(await byGraphQL(id)).toMatchObject({ name, description: null, labels: [] });
    const before = await changes();
    expect(await update({ name, description: null })).toEqual([]);
    expect(await changes()).toBe(before);
  });

  it('makes, changes and deletes users, as /graphql sees at once', async () => {
    const customer = await newCustomer();
    const email = `${unique('ada')}@x.example`;
    const fields = 'id name email phone avatarUrl externalId role { id name level } customer { id name } org { id }';
    const created = await api(
      `mutation($input: CreateCustomerUserInput!) { createCustomerUser(input: $input) { user { ${fields} } errors { field } } }`,
      {
        input: { email, name: 'Ada', phone: '+1 555', externalId: email, role: CUSTOMER_MEMBER, customer: customer.id },
      },
    );
    expect(created.text).toContain('"errors":[]');
    const { user } = created.data.createCustomerUser;
    const shown = {
      ...{ id: user.id, name: 'Ada', email, phone: '+1 555', avatarUrl: null, externalId: email },
      role: { id: CUSTOMER_MEMBER, name: 'member', level: expect.any(Number) },
      customer: { id: customer.id, name: customer.name },
      org: null,
    };
    expect(user).toEqual(shown);
    expect(mailbox.filter(({ to }) => to === email)).toHaveLength(1);
    const patch = { name: 'Ada B.', phone: null, avatarUrl: 'https://x.example/a.png', role: CUSTOMER_ADMIN };
    const given = { id: user.id, ...patch, darkMode: null };
    expect(await errorsOf('updateUser', given)).toEqual([]);
    const own = 'query($id: ID!) { user(id: $id) { name phone avatarUrl role { name } } }';
    const { data } = await ask(own, { id: user.id });
    expect(data.user).toEqual({ name: 'Ada B.', phone: null, avatarUrl: patch.avatarUrl, role: { name: 'admin' } });
    expect(await errorsOf('deleteUser', { id: user.id })).toEqual([]);
    expect((await ask(own, { id: user.id })).data.user).toBeNull();
    expect(await eventsAbout(user.id)).toEqual(['user.created', 'user.updated', 'user.deleted']);
  });

  it('renames the organization', async () => {
    const name = unique('Organization');
    const { data } = await api(
      'mutation($name: String) { updateOrganization(input: { name: $name }) { organization { id name } errors { field messages } } }',
      { name },
    );
    expect(data.updateOrganization).toEqual({ organization: { id: expect.any(String), name }, errors: [] });
    expect((await ask('{ organization { id name } }')).data.organization).toEqual(data.updateOrganization.organization);
  });

  it('adds a customer to the tenant of who reaches one, and none for who reaches several', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const { secret } = await newKey({ tenants: [one.id] });
    const name = unique('Customer');
    expect(await errorsOf('createCustomer', { name }, secret)).toEqual([]);
    const { data } = await ask(
      'query($name: String) { customers(filter: { name: $name }) { nodes { tenants { nodes { id } } } } }',
      {
        name,
      },
    );
    expect(data.customers.nodes).toEqual([{ tenants: { nodes: [{ id: one.id }] } }]);
    const both = await newKey({ tenants: [one.id, other.id] });
    const { errors } = await api(createCustomer, { customerName: unique('Customer') }, both.secret);
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});

describe('ids', () => {
  it('are those of /graphql, and plain UUIDs are taken, too', async () => {
    const { id } = await newCustomer();
    const uuid = atob(id).split(':')[1] ?? '';
    for (const spelled of [id, uuid, uuid.toUpperCase(), btoa(`Customer:${uuid.toUpperCase()}`)]) {
      expect((await api(fetchCustomer, { myCustomerId: spelled })).data?.customer.id, spelled).toBe(id);
      expect(await errorsOf('updateCustomer', { id: spelled, description: spelled })).toEqual([]);
    }
  });

  it('that are none, or of something else, are of no record', async () => {
    const { id } = await newTenant();
    for (const wrong of [
      '',
      'garbage',
      id,
      btoa('Customer:x'),
      nobody('Customer'),
      '\u0000',
      'Q3VzdG9tZXI6'.repeat(99),
    ]) {
      const { status, data, errors } = await api(fetchCustomer, { myCustomerId: wrong });
      expect([status, data, errors[0].message], wrong).toEqual([200, null, 'Record not found']);
    }
  });
});

describe('roles', () => {
  it('are those that hold no more than the caller, the highest first, each with all that it allows', async () => {
    const { secret } = await newKey({ permissions: ['role:read', 'tenant:read', 'customer:read', 'user:read'] });
    const document =
      '{ organizationRoles { name } customerRoles { id name description level permissions { nodes { name description } } } }';
    const { data } = await api(document, {}, secret);
    expect(data.organizationRoles).toEqual([]);
    expect(data.customerRoles).toEqual([
      {
        id: CUSTOMER_MEMBER,
        name: 'member',
        description: expect.any(String),
        level: expect.any(Number),
        permissions: {
          nodes: ['customer:read', 'tenant:read', 'user:read'].map((name) => ({
            name,
            description: expect.any(String),
          })),
        },
      },
    ]);
    const role = await newRole({ scope: 'CUSTOMER', permissions: ['customer:read'], level: 100 });
    const all = await api(document);
    expect(all.data.customerRoles[0]).toMatchObject({ id: role.id, level: 100 });
    expect(all.data.organizationRoles.map(({ name }: Result) => name)).toContain('owner');
  });
});

/** A JWT signed by the key that issuers of tests are registered with. */
async function signedBy(issuer: string, claims: Variables): Promise<string> {
  const [jwk] = JSON.parse(SIGNING_KEYS).keys;
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ ...claims, iss: issuer, aud: PUBLIC_URL, iat: now, exp: now + 60 })
    .setProtectedHeader({ alg: 'EdDSA' })
    .sign(await importJWK(jwk, 'EdDSA'));
}

describe('the role of a user', () => {
  it('needs `role:read`, without which nothing is answered: clients take it for granted', async () => {
    const customer = await newCustomer();
    await newCustomerUser(customer.id);
    const { secret } = await newKey({ permissions: allBut('role:read') });
    const answer = await api(
      'query($id: ID!) { customer(id: $id) { users { nodes { role { id } } } } }',
      { id: customer.id },
      secret,
    );
    expect(answer).toMatchObject({
      status: 200,
      data: null,
      errors: [{ extensions: { missingPermissions: ['role:read'] } }],
    });
  });
});

describe('authenticatedUser', () => {
  const WHOAMI = `query whoami { authenticatedUser { id name email tenantId
    org { id name } customer { id name } role { name } } }`;
  const whoAmI = async (token: string) => (await api(WHOAMI, {}, token)).data.authenticatedUser;
  const organization = async () => (await ask('{ organization { id name } }')).data.organization;
  const described = ({ id, name, email }: Result) => ({ id, name, email });

  it('is a team member of the organization', async () => {
    const user = await newTeamMember();
    const org = await organization();
    expect(await whoAmI(await tokenOf(user.id))).toEqual({
      ...described(user),
      ...{ tenantId: org.id, org, customer: null, role: { name: 'viewer' } },
    });
  });

  it('is a user of a customer', async () => {
    const customer = await newCustomer();
    const user = await newCustomerUser(customer.id, { roleIdentifier: { name: 'admin' } });
    expect(await whoAmI(await tokenOf(user.id))).toEqual({
      ...described(user),
      ...{ tenantId: (await organization()).id, org: null, customer: { id: customer.id, name: customer.name } },
      role: { name: 'admin' },
    });
  });

  it('is a user of a tenant, signed in there', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'manage' } });
    expect(await whoAmI(await tokenOf(user.id, tenant.id))).toEqual({
      ...described(user),
      ...{ tenantId: tenant.id, org: null, customer: null, role: null },
    });
  });

  it('is nobody for a key, and no other user is anywhere', async () => {
    const { status, data, errors } = await api(WHOAMI);
    expect([status, data]).toEqual([200, null]);
    expect(errors).toMatchObject([{ message: expect.stringContaining('key'), extensions: { code: 'FORBIDDEN' } }]);
    const member = await newTeamMember();
    const team = await api('{ organization { id name users { nodes { id tenantId org { id name } } } } }');
    const { users, ...org } = team.data.organization;
    expect(users.nodes).toContainEqual({ id: member.id, tenantId: null, org });
    expect(team.calls).toBeLessThanOrEqual(3);
  });

  it('may have come with a JWT that the organization trusts', async () => {
    const customer = await newCustomer();
    const { issuer } = await newTrustedIssuer(customer.id, { createsUsers: true });
    const email = `${unique('embedded')}@x.example`;
    const claims = { sub: unique('sub'), customer: customer.externalId, email, name: 'Emb Edded' };
    const { body } = await step('token', { token: await signedBy(issuer, claims) });
    const me = await api('{ authenticatedUser { email name customer { id } } }', {}, body.accessToken);
    expect(me.data.authenticatedUser).toEqual({ email, name: 'Emb Edded', customer: { id: customer.id } });
    const { data } = await api('{ customers { nodes { id users { nodes { email } } } } }', {}, body.accessToken);
    expect(data.customers.nodes).toEqual([{ id: customer.id, users: { nodes: [{ email }] } }]);
  });
});

/** Beside 200 and, through our own fault, 500. */
const STATUSES = [400, 401, 404, 405, 413, 415, 503] as const;

describe('a request', () => {
  afterEach(() => vi.restoreAllMocks());

  const post = (path: string, init: RequestInit, overrides: Partial<Environment> = {}) =>
    send(new Request(`https://tenantry.test${path}`, { method: 'POST', ...init }), overrides);
  const headers = { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ query: '{ organization { id } }' });

  it('is answered at /api and /api/, and at nothing else', async () => {
    for (const path of ['/api', '/api/', '/api?x=1']) expect((await post(path, { headers, body })).status).toBe(200);
    for (const path of ['/api/graphql', '/api/v1']) expect((await post(path, { headers, body })).status).toBe(404);
    expect((await post('/apis', { headers, body })).status).toBe(404);
  });

  it('that fails has the status and the code of what is wrong, and always says it in `errors`', async () => {
    const query = (text: string) => ({ headers, body: JSON.stringify({ query: text }) });
    const json = { 'content-type': 'application/json' };
    const failures: [(typeof STATUSES)[number], string, Parameters<typeof post>[1], string?, Partial<Environment>?][] =
      [
        [400, 'GRAPHQL_PARSE_FAILED', query('{')],
        [400, 'GRAPHQL_VALIDATION_FAILED', query('{ integrations { nodes { id } } }')],
        [400, 'GRAPHQL_VALIDATION_FAILED', query('mutation { createInstance(input: {}) { errors { field } } }')],
        [400, 'BAD_REQUEST', { headers, body: '[]' }],
        [401, 'UNAUTHENTICATED', { headers: json, body }],
        [401, 'UNAUTHENTICATED', { headers: { ...json, authorization: 'Bearer wrong' }, body }],
        [404, 'NOT_FOUND', { headers, body }, '/api/x'],
        [405, 'METHOD_NOT_ALLOWED', { method: 'GET', headers }],
        [413, 'PAYLOAD_TOO_LARGE', { headers, body: JSON.stringify({ query: ' '.repeat(MAX_BODY_BYTES) }) }],
        [415, 'BAD_REQUEST', { headers: { ...headers, 'content-type': 'text/plain' }, body }],
        [503, 'MISCONFIGURED', { headers, body }, '/api', { ROOT_KEY: 'short' }],
      ];
    expect([...new Set(failures.map(([status]) => status))]).toEqual([...STATUSES]);
    for (const [status, code, init, path = '/api', overrides = {}] of failures) {
      const answer = await post(path, init, overrides);
      expect([answer.status, answer.errors[0]?.extensions.code], answer.text).toEqual([status, code]);
      expect(answer.errors[0].message).toEqual(expect.any(String));
      expect(answer.data).toBeNull();
    }
    const { errors } = await api('{ integrations { nodes { id } } }');
    expect(errors[0].message).toContain('integrations');
  });

  it('through our own fault is masked', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const batch = () => Promise.reject(new Error('D1_ERROR: no such column: secret_column'));
    const DB = Object.assign(Object.create(env.DB), { prepare: env.DB.prepare.bind(env.DB), batch });
    const answers = [
      await send(posted('/api', fetchAll, {}, ROOT_KEY), { DB }),
      await send(posted('/api', updateCustomer, { customerId: nobody('Customer') }, ROOT_KEY), { DB }),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 500,
        data: null,
        errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
      });
      expect(answer.text).not.toContain('secret_column');
    }
    expect(log).toHaveBeenCalledTimes(2);
  });

  it('of a page of another origin is allowed by POST', async () => {
    const asked = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const answer = await post(
      '/api',
      { method: 'OPTIONS', headers: asked },
      { ALLOWED_ORIGINS: 'https://app.example' },
    );
    expect([answer.status, answer.headers.get('access-control-allow-methods')]).toEqual([204, 'POST']);
  });
});

describe('the README', () => {
  const section = readme.slice(readme.indexOf('### Prismatic'), readme.indexOf('### Userdocks'));
  const row = (heading: string) =>
    section.split('\n').find((line) => line.startsWith(`| ${heading} |`)) ?? `There is no row ${heading}`;
  const words = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? '');

  it('has every operation, with what it needs, and no other', () => {
    const named = [...row('operations').matchAll(/((?:`\w+`(?:, )?)+) needs? (`[^`]+`|nothing)/g)].flatMap(
      ([, names = '', needed = '']) => words(names).map((name) => [name, ...words(needed)]),
    );
    expect(named.map(([name]) => name).sort()).toEqual(operationsOf(schema).sort());
    for (const [name = '', needed] of named) {
      const operation = prismatic.operations.find((known) => known.name === name);
      // Below the organization, which everybody may read, are its users.
      expect(name === 'organization' ? undefined : operation?.permissions[0], name).toBe(needed);
    }
  });

  it('has every argument of `customers`, and no other', () => {
    const args =
      schema
        .getQueryType()
        ?.getFields()
        .customers?.args.map(({ name }) => name) ?? [];
    const named = words(row('arguments of `customers`')).filter((word) => word !== 'customers' && !/^[A-Z]/.test(word));
    expect(named.sort()).toEqual([...args].sort());
    expect(row('arguments of `customers`')).toContain(`\`offset\` up to ${MAX_OFFSET};`);
    expect(row('arguments of `customers`')).toContain(`its first ${MAX_DESCRIPTION_SORT} characters`);
  });

  it('has the statuses of what fails, and the limits', () => {
    const told =
      row('a failed request')
        .match(/\b[2-5]\d\d\b/g)
        ?.map(Number) ?? [];
    expect(told).toEqual([200, ...new Set([...STATUSES, 500])].sort());
    const cost = MAX_PRISMATIC_COST.toLocaleString('en');
    expect(row('cost of an operation')).toContain(`at most ${cost}:`);
    expect(row('pages')).toContain(`| ${DEFAULT_PAGE_SIZE} records`);
    expect(readme).toContain(`| cost of an operation | 10,000, at \`/api\` ${cost}:`);
    expect(readme).toContain(`| records that an \`offset\` skips, at \`/api\` | ${MAX_OFFSET} |`);
  });

  it('shows a request that works', async () => {
    const name = unique('FTL');
    const { secret } = await newKey();
    const customer = await newCustomer({ name });
    const filled = section.replaceAll('\\\n', '').replaceAll('$API_KEY', secret).replace('ftl', name.toLowerCase());
    const [, path = '', options = ''] = /^curl -sS \$TENANTRY(\S+) (.*)$/m.exec(filled) ?? [];
    const headers = [...options.matchAll(/-H (["'])(\S+): (.*?)\1/g)].map(
      ([, , header = '', value = '']): [string, string] => [header, value],
    );
    const [, body = ''] = /-d '(.*)'$/.exec(options) ?? [];
    const { data } = await send(new Request(`${PUBLIC_URL}${path}`, { method: 'POST', headers, body }));
    const { id, externalId } = customer;
    expect(data.customers.nodes).toEqual([{ id, name, externalId }]);
  });
});
