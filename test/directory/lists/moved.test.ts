import { describe, expect, it } from 'vitest';
import {
  newCustomer,
  newCustomerUser,
  newPixel,
  newTeamMember,
  newTenant,
  newTenantUser,
  succeed,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { join, sessionOf } from '../../shared/people.ts';

/** The records whose times and versions are looked at. */
type Name = 'tenant' | 'customer' | 'user';

interface Scene {
  ids: Record<Name, string>;
  email: string;
  other: { tenant: string };
}

async function newScene(): Promise<Scene> {
  const [tenant, other] = [await newTenant(), await newTenant()];
  const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
  const user = await newCustomerUser(customer.id);
  await assign(user.id, tenant.id, 'view');
  return {
    ids: { tenant: tenant.id, customer: customer.id, user: user.id },
    email: user.email,
    other: { tenant: other.id },
  };
}

const assign = (userId: string, tenantId: string, name: string) =>
  succeed('assignTenantRole', '__typename', {
    userIdentifier: { id: userId },
    tenantIdentifier: { id: tenantId },
    roleIdentifier: { name },
  });

const run = (name: string, input: Variables) => succeed(name, '__typename', input);
const DELETED = { deleted: 'INCLUDE' };

const LISTS = { tenant: 'tenants', customer: 'customers', user: 'users' } as const;
const FILTERS = { tenant: 'TenantFilter', customer: 'CustomerFilter', user: 'UserFilter' } as const;
const TYPES = { tenant: 'Tenant', customer: 'Customer', user: 'User' } as const;
const ORDERS = { tenant: 'RecordOrderField', customer: 'RecordOrderField', user: 'UserOrderField' } as const;

interface State {
  version: number;
  updatedAt: string;
  /** Events that are of the record itself, and not of what it has, such as a role in a tenant. */
  events: number;
}

/** What a list and the feed say of a record, hidden or not. */
async function stateOf(name: Name, id: string): Promise<State> {
  const { data } = await ask(
    `query($filter: ${FILTERS[name]}, $id: ID!) { ${LISTS[name]}(first: 100, filter: $filter) { nodes { id version updatedAt } }
      events(first: 100, filter: { subjectId: $id }) { nodes { type } } }`,
    { filter: DELETED, id },
  );
  const { version, updatedAt } = data[LISTS[name]].nodes.find((node: { id: string }) => node.id === id);
  const own = data.events.nodes.filter(({ type }: { type: string }) => type.startsWith(`${name}.`));
  return { version, updatedAt, events: own.length };
}

/** Whether a record is among those that changed since then, and the last of all in the order of change. */
async function isMoved(name: Name, id: string, since: string): Promise<{ isFiltered: boolean; isLast: boolean }> {
  const { data } = await ask(
    `query($filter: ${FILTERS[name]}, $changed: ${FILTERS[name]}, $field: ${ORDERS[name]}!) {
      changed: ${LISTS[name]}(first: 100, filter: $changed) { nodes { id } }
      last: ${LISTS[name]}(first: 1, filter: $filter, orderBy: { field: $field, direction: DESC }) { nodes { id } } }`,
    { filter: DELETED, changed: { ...DELETED, updatedAt: { from: since } }, field: 'UPDATED_AT' },
  );
  const has = ({ nodes }: { nodes: { id: string }[] }) => nodes.some((node) => node.id === id);
  return { isFiltered: has(data.changed), isLast: has(data.last) };
}

/** Every kind of change around these records, and which of them it moves. */
const CHANGES: Record<string, { change: (scene: Scene) => Promise<unknown>; moves: readonly Name[] }> = {
  'a customer is changed': {
    change: ({ ids }) => run('updateCustomer', { id: ids.customer, description: 'New' }),
    moves: ['customer'],
  },
  'a customer gets labels': {
    change: ({ ids }) => run('updateCustomer', { id: ids.customer, labels: ['new'] }),
    moves: ['customer'],
  },
  'a customer is asked to be as it is': {
    change: ({ ids }) => run('updateCustomer', { id: ids.customer, description: null }),
    moves: [],
  },
  'a tenant is changed': {
    change: ({ ids }) => run('updateTenant', { id: ids.tenant, description: 'New' }),
    moves: ['tenant'],
  },
  'a user is changed': { change: ({ ids }) => run('updateUser', { id: ids.user, phone: '+49 30 1' }), moves: ['user'] },
  'a user gets another role of its own': {
    change: ({ ids }) => run('updateUser', { id: ids.user, roleIdentifier: { name: 'admin' } }),
    moves: ['user'],
  },
  'a user is deactivated': {
    change: ({ ids }) => run('updateUser', { id: ids.user, status: 'DEACTIVATED' }),
    moves: ['user'],
  },
  'a user accepts the invitation': {
    change: ({ email, ids }) => join({ __typename: 'User', id: ids.user, email }),
    moves: ['user'],
  },
  'a user signs in': { change: ({ ids }) => sessionOf(ids.user), moves: [] },
  'a customer is added to a tenant': {
    change: ({ ids, other }) =>
      run('addCustomerToTenants', {
        customerIdentifier: { id: ids.customer },
        tenantIdentifiers: [{ id: other.tenant }],
      }),
    moves: [],
  },
  'a customer leaves a tenant': {
    change: ({ ids }) =>
      run('removeCustomerFromTenants', {
        customerIdentifier: { id: ids.customer },
        tenantIdentifiers: [{ id: ids.tenant }],
      }),
    moves: [],
  },
  'the tenants of a customer are set': {
    change: ({ ids, other }) =>
      run('setCustomerTenants', {
        customerIdentifier: { id: ids.customer },
        tenantIdentifiers: [{ id: other.tenant }],
      }),
    moves: [],
  },
  'a user gets another role in a tenant': { change: ({ ids }) => assign(ids.user, ids.tenant, 'admin'), moves: [] },
  'a user gets a role in another tenant': {
    change: ({ ids, other }) => assign(ids.user, other.tenant, 'view'),
    moves: [],
  },
  'a user loses a role in a tenant': {
    change: ({ ids }) =>
      run('revokeTenantRole', { userIdentifier: { id: ids.user }, tenantIdentifier: { id: ids.tenant } }),
    moves: [],
  },
  'a user of a tenant is created': { change: ({ ids }) => newTenantUser(ids.tenant), moves: [] },
  'a user of a customer is created': { change: ({ ids }) => newCustomerUser(ids.customer), moves: [] },
  'a customer of a tenant is created': {
    change: ({ ids }) => newCustomer({ tenantIdentifiers: [{ id: ids.tenant }] }),
    moves: [],
  },
  'a pixel is registered': { change: ({ ids }) => newPixel(ids.tenant), moves: [] },
  'a team member is created': { change: () => newTeamMember(), moves: [] },
  'a user is deleted': { change: ({ ids }) => run('deleteUser', { id: ids.user }), moves: ['user'] },
  'a customer is deleted with its users': {
    change: ({ ids }) => run('deleteCustomer', { id: ids.customer }),
    moves: ['customer'],
  },
  'a customer is restored with its users': {
    change: async ({ ids }) => {
      await run('deleteCustomer', { id: ids.customer });
      await run('restoreCustomer', { id: ids.customer });
    },
    moves: ['customer'],
  },
  'a tenant is deleted': { change: ({ ids }) => run('deleteTenant', { id: ids.tenant }), moves: ['tenant'] },
  'a tenant is upserted': {
    change: async ({ ids }) => {
      const { data } = await ask('query($id: ID!) { tenant(id: $id) { externalId } }', { id: ids.tenant });
      await run('upsertTenant', {
        identifier: { externalId: data.tenant.externalId },
        url: 'https://new.example',
      });
    },
    moves: ['tenant'],
  },
  'a customer is imported': {
    change: async ({ ids }) => {
      const { data } = await ask('query($id: ID!) { customer(id: $id) { externalId } }', { id: ids.customer });
      await run('importCustomers', { rows: [{ externalId: data.customer.externalId, description: 'Imported' }] });
    },
    moves: ['customer'],
  },
};

describe('what moves a record moves all of its time of change, its version, its events, its filter and its order', () => {
  for (const [what, { change, moves }] of Object.entries(CHANGES)) {
    it(`${what}: ${moves.length === 0 ? 'none' : moves.join(', ')}`, async () => {
      const scene = await newScene();
      const names = Object.keys(scene.ids) as Name[];
      const before = new Map<Name, State>();
      for (const name of names) before.set(name, await stateOf(name, scene.ids[name]));
      // Times are told apart by milliseconds.
      await new Promise((resolve) => setTimeout(resolve, 3));
      const since = new Date().toISOString();
      await change(scene);
      for (const name of names) {
        const id = scene.ids[name];
        const after = await stateOf(name, id);
        const moved = await isMoved(name, id, since);
        const had = before.get(name) as State;
        const told = `${TYPES[name]} ${JSON.stringify({ had, after, moved })}`;
        if (moves.includes(name)) {
          expect(after.version, told).toBeGreaterThan(had.version);
          expect(after.updatedAt >= since, told).toBe(true);
          expect(after.events, told).toBe(had.events + after.version - had.version);
          expect(moved, told).toEqual({ isFiltered: true, isLast: true });
        } else {
          expect(after, told).toEqual(had);
          expect(moved.isFiltered, told).toBe(false);
        }
      }
    });
  }
});
