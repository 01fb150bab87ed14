import { beforeAll, describe, expect, it } from 'vitest';
import {
  allBut,
  assign,
  newCustomer,
  newCustomerUser,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { api, nobody } from './api.ts';

const word = unique('u');
/** By their first names. */
const people: Record<string, Result> = {};
let tenant: Result;
let customer: Result;
let otherCustomer: Result;

beforeAll(async () => {
  [tenant, customer, otherCustomer] = [await newTenant(), await newCustomer(), await newCustomer()];
  await succeed('addCustomerToTenants', 'customer { id }', {
    customerIdentifier: { id: customer.id },
    tenantIdentifiers: [{ id: tenant.id }],
  });
  const ofCustomer = (id: string) => (input: Variables) => newCustomerUser(id, input);
  const made: [string, (input: Variables) => Promise<Result>, Variables][] = [
    ['Ada', newTeamMember, { externalId: unique('ada') }],
    ['Bob', ofCustomer(customer.id), { externalId: unique('bob') }],
    ['Eve', ofCustomer(otherCustomer.id), {}],
    ['Zoe', (input) => newTenantUser(tenant.id, input), {}],
  ];
  for (const [name, make, input] of made) {
    // The milliseconds of creation are what some of the arguments compare.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const email = `${name === 'Ada' ? 'z' : name}-${word}@x.example`;
    people[name] = await make({ name: `${name} ${word}`, email, ...input });
  }
});

const firstNames = (nodes: Result[]): string[] => nodes.map(({ name }) => name.replace(` ${word}`, ''));

async function found(rest: string, variables: Variables = {}, key?: string): Promise<string[]> {
  const { data, text } = await api(
    `query($customer: ID, $email: String!, $externalId: String, $time: DateTime) {
      users(${rest}) { nodes { name } totalCount }
      none: users(first: 1, customer: $customer, email: $email, externalId: $externalId, createdAt_Gte: $time) { totalCount } }`,
    { email: '', ...variables },
    key,
  );
  expect(data, text).not.toBeNull();
  const names = firstNames(data.users.nodes);
  expect(data.users.totalCount).toBe(names.length);
  return names;
}

/** Of those four, because the team of every test is in the same organization. */
const among = (rest: string, variables?: Variables, key?: string) =>
  found(`name_Icontains: "${word}", ${rest}`, variables, key);

describe('an argument of `users`', () => {
  it('finds by name and e-mail address, the whole or anything in it, whatever the case', async () => {
    expect(await found(`name: "ADA ${word.toUpperCase()}"`)).toEqual(['Ada']);
    expect(await found('name: "Ada"')).toEqual([]);
    expect(await found(`name_Icontains: "VE ${word}"`)).toEqual(['Eve']);
    expect(await found(`name_Icontains: "ob ", email_Icontains: "${word}"`)).toEqual([]);
    expect(await found(`name_Icontains: "BO", email_Icontains: "${word}"`)).toEqual(['Bob']);
    expect(await found('email: $email', { email: people.Ada?.email.toUpperCase() })).toEqual(['Ada']);
    expect(await found('email: $email', { email: word })).toEqual([]);
    expect(await found(`email_Icontains: "OE-${word}@"`)).toEqual(['Zoe']);
    expect(await among('email_Icontains: "z"')).toEqual(['Ada', 'Zoe']);
    expect(await among('email_Icontains: "%"')).toEqual([]);
  });

  it('finds by customer, and who has none', async () => {
    expect(await found('customer: $customer', { customer: customer.id })).toEqual(['Bob']);
    expect(await found('customer: $customer', { customer: nobody('Customer') })).toEqual([]);
    expect(await among('customer: $customer, customer_Isnull: true', { customer: customer.id })).toEqual([]);
    expect(await among('customer_Isnull: true')).toEqual(['Ada', 'Zoe']);
    expect(await among('customer_Isnull: false')).toEqual(['Bob', 'Eve']);
    // An infrastructure provider asks so whether its team member is gone.
    const rest = 'email: $email, customer_Isnull: true';
    expect(await found(rest, { email: people.Ada?.email })).toEqual(['Ada']);
    expect(await found(rest, { email: people.Bob?.email })).toEqual([]);
  });

  it('finds by external id, and who has none', async () => {
    expect(await found('externalId: $externalId', { externalId: ` ${people.Bob?.externalId} ` })).toEqual(['Bob']);
    expect(await among('externalId_Isnull: true')).toEqual(['Eve', 'Zoe']);
    expect(await among('externalId_Isnull: false')).toEqual(['Ada', 'Bob']);
  });

  it('finds by times of creation and change, both ends included', async () => {
    const time = people.Bob?.createdAt;
    expect(await among('createdAt_Gte: $time', { time })).toEqual(['Bob', 'Eve', 'Zoe']);
    expect(await among('createdAt_Lte: $time', { time })).toEqual(['Ada', 'Bob']);
    expect(await among('updatedAt_Gte: $time, updatedAt_Lte: $time', { time })).toEqual(['Bob']);
  });

  it('sorts by one field, either way, by either name of the argument', async () => {
    const ORDERS: Record<string, string[]> = {
      NAME: ['Ada', 'Bob', 'Eve', 'Zoe'],
      EMAIL: ['Bob', 'Eve', 'Ada', 'Zoe'],
      CREATED_AT: ['Ada', 'Bob', 'Eve', 'Zoe'],
      UPDATED_AT: ['Ada', 'Bob', 'Eve', 'Zoe'],
    };
    for (const [field, order] of Object.entries(ORDERS)) {
      expect(await among(`sortBy: [{ field: ${field}, direction: ASC }]`), field).toEqual(order);
      expect(await among(`orderBy: { field: ${field}, direction: DESC }`), field).toEqual([...order].reverse());
    }
    const both = 'sortBy: [{ field: NAME, direction: ASC }], orderBy: { field: NAME, direction: ASC }';
    for (const list of ['users', 'customers']) {
      const { data, errors } = await api(`{ ${list}(${both}) { nodes { id } } }`);
      expect([data, errors[0].extensions.issues]).toMatchObject([null, [{ path: 'orderBy' }]]);
      const none = await api(`{ ${list}(sortBy: [{ field: NAME, direction: ASC }], orderBy: null) { nodes { id } } }`);
      expect(none.errors).toEqual([]);
    }
    const byName = 'orderBy: { field: NAME, direction: DESC }, externalId';
    const { data } = await api(`{ a: customers(${byName}: "${customer.externalId}") { nodes { id } } }`);
    expect(data.a.nodes).toEqual([{ id: customer.id }]);
  });

  it('makes pages', async () => {
    const page = (rest: string) => among(`${rest}, sortBy: [{ field: NAME, direction: ASC }]`);
    const { data } = await api(
      `{ users(name_Icontains: "${word}", first: 2) { nodes { name } pageInfo { endCursor hasNextPage } } }`,
    );
    expect(firstNames(data.users.nodes)).toEqual(['Ada', 'Bob']);
    expect(data.users.pageInfo.hasNextPage).toBe(true);
    const next = await api(
      `query($after: String) { users(name_Icontains: "${word}", after: $after) { nodes { name } } }`,
      {
        after: data.users.pageInfo.endCursor,
      },
    );
    expect(firstNames(next.data.users.nodes)).toEqual(['Eve', 'Zoe']);
    expect(await page('offset: 0')).toEqual(['Ada', 'Bob', 'Eve', 'Zoe']);
    const skipped = await api(`{ users(name_Icontains: "${word}", offset: 3) { nodes { name } } }`);
    expect(firstNames(skipped.data.users.nodes)).toEqual(['Zoe']);
  });

  it('that is refused is named as the caller did', async () => {
    const long = 'x'.repeat(257);
    const wrong: Record<string, string> = {
      name: `name: "${long}"`,
      name_Icontains: `name_Icontains: "${long}"`,
      email: `email: "${long}"`,
      email_Icontains: `email_Icontains: "${long}"`,
      externalId: `externalId: "${long}"`,
      customer: 'customer: "garbage"',
      first: 'first: 101',
      after: 'after: "x"',
      offset: 'offset: 501',
    };
    for (const [name, argument] of Object.entries(wrong)) {
      const { data, errors } = await api(`{ users(${argument}) { nodes { id } } }`);
      expect(data, name).toBeNull();
      expect(errors[0].extensions.issues, name).toMatchObject([{ path: name }]);
    }
  });
});

describe('users', () => {
  it('are asked for by customers only by who may read customers', async () => {
    const { secret } = await newKey({ permissions: allBut('customer:read') });
    for (const argument of [`customer: "${customer.id}"`, 'customer_Isnull: true']) {
      const { data, errors } = await api(`{ users(${argument}) { nodes { id } } }`, {}, secret);
      expect([data, errors[0].extensions]).toMatchObject([null, { missingPermissions: ['customer:read'] }]);
    }
    expect(await found(`name: "Bob ${word}"`, {}, secret)).toEqual(['Bob']);
  });

  it('are those in reach, and what is out of reach says nothing about them', async () => {
    const { secret } = await newKey({ tenants: [tenant.id] });
    // Both have a role in the tenant, and only one of their customers belongs to it.
    for (const name of ['Bob', 'Eve']) await assign(people[name]?.id, tenant.id, 'view');
    expect(await found('first: 100', {}, secret)).toEqual(['Bob', 'Eve', 'Zoe']);
    const shown = await api('{ users { nodes { name customer { id } } } }', {}, secret);
    expect(shown.data.users.nodes.map(({ customer: of }: Result) => of?.id ?? null)).toEqual([customer.id, null, null]);
    expect(await found('customer_Isnull: false', {}, secret)).toEqual(['Bob']);
    expect(await found('customer_Isnull: true', {}, secret)).toEqual(['Eve', 'Zoe']);
    expect(await found('customer: $customer', { customer: customer.id }, secret)).toEqual(['Bob']);
    const [out, none] = [otherCustomer.id, nobody('Customer')].map((id) =>
      api(
        'query($id: ID) { users(customer: $id) { nodes { id } pageInfo { hasNextPage } totalCount } }',
        { id },
        secret,
      ),
    );
    expect((await out)?.text).toBe((await none)?.text);
    const ofCustomer = await newKey({ customer: customer.id });
    expect(await found('first: 100', {}, ofCustomer.secret)).toEqual(['Bob']);
    expect(await found('customer: $customer', { customer: otherCustomer.id }, ofCustomer.secret)).toEqual([]);
    expect(await found('customer_Isnull: true', {}, ofCustomer.secret)).toEqual([]);
  });
});

describe('user', () => {
  const USER = 'query($id: ID!) { user(id: $id) { id name email externalId customer { id } role { name } } }';

  it('is the user with this id', async () => {
    const { data } = await api(USER, { id: people.Bob?.id });
    const { id, name, email, externalId } = people.Bob as Result;
    expect(data.user).toEqual({ id, name, email, externalId, customer: { id: customer.id }, role: { name: 'Member' } });
  });

  it('is a failed request where there is none', async () => {
    const gone = await newCustomerUser(customer.id);
    await ask('mutation($input: DeleteUserInput!) { deleteUser(input: $input) { __typename } }', {
      input: { id: gone.id },
    });
    for (const id of [nobody('User'), gone.id, customer.id, 'garbage', '']) {
      const { status, data, errors } = await api(USER, { id });
      expect([status, data, errors], id).toMatchObject([200, null, [{ message: 'Record not found' }]]);
    }
    const { secret } = await newKey({ customer: otherCustomer.id });
    const [far, none] = [
      await api(USER, { id: people.Bob?.id }, secret),
      await api(USER, { id: nobody('User') }, secret),
    ];
    expect(far.text).toBe(none.text);
  });
});
