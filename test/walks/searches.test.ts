import { beforeAll, describe, expect, it } from 'vitest';
import { folded } from '../../src/directory/kernel/folding.ts';
import { call } from '../dialects/plain/asked.ts';
import { api } from '../dialects/prismatic/api.ts';
import { assign, newCustomer, newCustomerUser, newKey, newTenant, type Result } from '../shared/fixtures.ts';
import { type Answer, ask, ROOT_KEY, type Variables } from '../shared/gateway.ts';
import cases from './search-cases.tsv?raw';

/** Every list that can be searched: how each API asks for it, and what it finds. */
type Find = (term: string, key: string) => Promise<string[]>;

const inGraphQL =
  (list: string, type: string): Find =>
  async (term, key) =>
    namesIn(
      await ask(
        `query($filter: ${type}) { list: ${list}(filter: $filter, first: 100) { nodes { name } } }`,
        { filter: { search: term } },
        key,
      ),
    );

const namesIn = ({ data, text }: Answer): string[] => {
  expect(data, text).toBeTruthy();
  return data.list.nodes.map(({ name }: { name: string }) => name);
};

const PRISMATIC = 'query($term: String!) { list: LIST(name_Icontains: $term, first: 100) { nodes { name } } }';
const PLAIN_TENANTS = `query($term: String!) { searchTenants(searchQuery: { term: $term }, first: 100) {
  edges { node { tenant { name } } } } }`;
const PLAIN_CUSTOMERS = `query($term: String!) { searchCustomers(first: 100,
  searchQuery: { or: [{ fullName: { caseInsensitiveContains: $term } }] }) { edges { node { fullName } } } }`;

const FINDS: Record<'tenants' | 'customers' | 'users', Record<string, Find>> = {
  tenants: {
    '/graphql': inGraphQL('tenants', 'TenantFilter'),
    '/plain': async (term, key) => {
      const { data, text } = await call(PLAIN_TENANTS, { term }, key);
      expect(data?.searchTenants, text).toBeTruthy();
      return data.searchTenants.edges.map(({ node }: Variables) => (node as Result).tenant.name);
    },
  },
  customers: {
    '/graphql': inGraphQL('customers', 'CustomerFilter'),
    '/plain': async (term, key) => {
      const { data, text } = await call(PLAIN_CUSTOMERS, { term }, key);
      expect(data?.searchCustomers, text).toBeTruthy();
      return data.searchCustomers.edges.map(({ node }: Variables) => (node as Result).fullName);
    },
    '/api': async (term, key) => namesIn(await api(PRISMATIC.replace('LIST', 'customers'), { term }, key)),
  },
  users: {
    '/graphql': inGraphQL('users', 'UserFilter'),
    '/api': async (term, key) => namesIn(await api(PRISMATIC.replace('LIST', 'users'), { term }, key)),
  },
};

/** What an API looks for otherwise: the one in a single piece, the other in two characters and more. */
const isAsked = (path: string, name: string, term: string): boolean =>
  (path !== '/api' || !term.includes(' ') || folded(name).includes(folded(term))) &&
  (path !== '/plain' || [...term].length > 1);

describe('every search of every API', () => {
  const CASES = cases
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  const ofCustomers = new Map<string, string>();
  let ofTenants: string;

  beforeAll(async () => {
    const home = await newTenant({ name: 'Home' });
    const tenants = [home.id];
    for (const name of new Set(CASES.map(([name]) => name ?? ''))) {
      tenants.push((await newTenant({ name })).id);
      const customer = await newCustomer({ name, tenantIdentifiers: [{ id: home.id }] });
      const user = await newCustomerUser(customer.id, { name });
      await assign(user.id, home.id, 'view');
      ofCustomers.set(name, (await newKey({ customer: customer.id })).secret);
    }
    ofTenants = (await newKey({ tenants })).secret;
  });

  it.each(Object.entries(FINDS))(
    'finds of %s what people expect, for who reaches all or some tenants',
    async (_, finds) => {
      let asked = 0;
      for (const [name = '', term = '', found] of CASES) {
        for (const [path, find] of Object.entries(finds)) {
          if (!isAsked(path, name, term)) continue;
          for (const key of [ROOT_KEY, ofTenants]) {
            const isFound = (await find(term, key)).includes(name);
            expect(`${path} ${term} ${isFound ? 'yes' : 'no'} ${name}`).toBe(`${path} ${term} ${found} ${name}`);
            asked += 1;
          }
        }
      }
      expect(asked).toBeGreaterThan(CASES.length * 3);
    },
  );

  it('finds the same for a key of the customer, and of itself only', async () => {
    for (const [name = '', term = '', found] of CASES) {
      for (const list of ['customers', 'users'] as const) {
        for (const [path, find] of Object.entries(FINDS[list])) {
          if (!isAsked(path, name, term)) continue;
          const expected = found === 'yes' ? [name] : [];
          expect(await find(term, ofCustomers.get(name) ?? ''), `${path} ${list} ${term}`).toEqual(expected);
        }
      }
    }
  });
});
