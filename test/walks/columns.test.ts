import { type GraphQLField, type GraphQLType, getNamedType, isLeafType, isObjectType } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import {
  mutate,
  newCustomer,
  newCustomerUser,
  newTeamMember,
  newTenant,
  newTenantUser,
  unique,
} from '../shared/fixtures.ts';
import { ask } from '../shared/gateway.ts';
import { enter, signIn } from '../shared/people.ts';

/** The lists that read only the columns that are asked for, by the type of their records. */
const LISTS = { Customer: 'customers', User: 'users', Tenant: 'tenants' } as const;

/** The fields that say nothing of what they read: a list that is asked for one of them reads all columns. */
const SAYING_NOTHING = {
  Customer: [],
  User: [],
  Tenant: ['billing', 'description', 'eventEnrichment', 'externalId', 'partnerManaged', 'status', 'test', 'url'],
};

const fieldsOf = (type: GraphQLType): GraphQLField<unknown, unknown>[] => {
  const named = getNamedType(type);
  return isObjectType(named) ? Object.values(named.getFields()) : [];
};

const recordFields = (name: string) => fieldsOf(schema.getType(name) as GraphQLType);

/** A field with what can be asked of it: values, but for connections, of which a page of ids is. */
function asked({ name, type }: GraphQLField<unknown, unknown>): string {
  if (isLeafType(getNamedType(type))) return name;
  const values = fieldsOf(type).filter((field) => isLeafType(getNamedType(field.type)));
  const isConnection = fieldsOf(type).some((field) => field.name === 'pageInfo');
  return `${name} { ${isConnection ? 'nodes { __typename }' : values.map((field) => field.name).join(' ')} }`;
}

/** What a list answers alone, and what it does where it reads all columns: it is asked for in two places. */
async function bothOf(list: string, page: string) {
  const alone = await ask(`{ ${list} { ${page} } }`);
  const whole = await ask(`{ ${list} { ${page} } ${list} { __typename } }`);
  expect([alone.errors, whole.errors], whole.text).toEqual([[], []]);
  const [name = ''] = list.split('(');
  const { __typename: _, ...answered } = whole.data[name];
  return { alone: alone.data[name], whole: answered };
}

beforeAll(async () => {
  const details = { description: 'Told', url: 'https://x.example/', billing: { companyName: 'X', vatId: 'DE1' } };
  const tenant = await newTenant(details);
  const profile = { phone: '1', avatarUrl: 'https://x.example/a.png', externalId: unique('user') };
  const email = { address: `${unique('customer')}@x.example` };
  const customer = await newCustomer({
    shortName: 'Short',
    email,
    description: 'Told',
    labels: ['retail'],
    tenantIdentifiers: [{ id: tenant.id }],
  });
  await newCustomerUser(customer.id, profile);
  await newTenantUser(tenant.id, { ...profile, externalId: unique('user') });
  const member = await newTeamMember();
  await enter(member);
  await signIn(member.email);
  const deleted = await newCustomer();
  await newCustomerUser(deleted.id);
  await mutate('deleteCustomer', 'customer { id }', { id: deleted.id });
  await mutate('deleteTenant', 'tenant { id }', { id: (await newTenant()).id });
  await mutate('deleteUser', 'user { id }', { id: (await newTeamMember()).id });
});

describe('each field of a record in a list', () => {
  for (const [type, list] of Object.entries(LISTS)) {
    for (const field of recordFields(type)) {
      it(`reads what it says: ${type}.${field.name}`, async () => {
        const { alone, whole } = await bothOf(
          `${list}(last: 10, filter: { deleted: INCLUDE })`,
          `nodes { ${asked(field)} }`,
        );
        expect(alone).toEqual(whole);
        expect(alone.nodes.filter((node: Record<string, unknown>) => node[field.name] != null).length).toBeGreaterThan(
          0,
        );
      });
    }
  }

  it('says so, but for these', () => {
    const silent = Object.keys(LISTS).map((type) => [
      type,
      recordFields(type)
        .filter(({ extensions }) => extensions.reads === undefined && extensions.pothosExposedField === undefined)
        .map(({ name }) => name)
        .sort(),
    ]);
    expect(Object.fromEntries(silent)).toEqual(SAYING_NOTHING);
  });
});

describe('a list that reads only some columns', () => {
  const PAGE = 'edges { cursor node { __typename } } pageInfo { startCursor endCursor }';
  for (const list of Object.values(LISTS)) {
    const orders = ['CREATED_AT', 'UPDATED_AT', 'NAME', ...(list === 'users' ? ['EMAIL'] : [])];
    for (const field of orders) {
      for (const filter of ['', ', filter: { search: "x.example" }']) {
        if (list === 'tenants' && filter !== '') continue;
        it(`has its cursors all the same: ${list} by ${field}${filter}`, async () => {
          const { alone, whole } = await bothOf(`${list}(last: 5, orderBy: { field: ${field} }${filter})`, PAGE);
          expect(alone.edges.length).toBeGreaterThan(0);
          expect(alone).toEqual(whole);
        });
      }
    }
  }

  it('answers each of the pages that are asked of one list of a record', async () => {
    const people = 'one: users(first: 5) { nodes { name } } two: users(first: 5) { nodes { email createdAt } }';
    const { data } = await ask(`{ customers(last: 3, filter: { search: "x.example" }) { nodes { ${people} } } }`);
    const [customer] = data.customers.nodes;
    expect(customer.one.nodes).toEqual([{ name: expect.stringMatching(/^User/) }]);
    expect(customer.two.nodes).toEqual([{ email: expect.stringContaining('@'), createdAt: expect.any(String) }]);
  });
});
