import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { Database } from '../../../src/db/client.ts';
import type { Caller } from '../../../src/directory/access/viewer.ts';
import { listCustomersOfTenants } from '../../../src/directory/customers/queries.ts';
import { PERMISSIONS } from '../../../src/directory/kernel/permission-names.ts';
import { listTenantsOfCustomers } from '../../../src/directory/tenants/queries.ts';
import {
  allBut,
  eventsAbout,
  mutate,
  newCustomer,
  newKey,
  newTenant,
  rawId,
  succeed,
  tenantsOf,
  unique,
} from '../../shared/fixtures.ts';

const add = 'addCustomerToTenants';
const remove = 'removeCustomerFromTenants';
const set = 'setCustomerTenants';

describe('adding customers to tenants, as the Plain document tells it', () => {
  it('finds the customer by e-mail, by external id and by id, and the tenants by external id and by id', async () => {
    const [team123, team456] = [await newTenant(), await newTenant()];
    const address = `${unique('jane')}@aol.com`;
    const identifiers = [
      async () => ({ email: (await newCustomer({ kind: 'PERSON', email: { address } })).email.address.toUpperCase() }),
      async () => ({ externalId: (await newCustomer()).externalId }),
      async () => ({ id: (await newCustomer()).id }),
    ];
    for (const identify of identifiers) {
      const { customer } = await succeed(add, 'customer { id tenants { nodes { id } totalCount } }', {
        customerIdentifier: await identify(),
        tenantIdentifiers: [{ externalId: team123.externalId }, { id: team456.id }],
      });
      expect(customer.tenants).toEqual({ nodes: [{ id: team123.id }, { id: team456.id }], totalCount: 2 });
      expect(await eventsAbout(customer.id)).toEqual(['customer.created', 'membership.created', 'membership.created']);
    }
  });

  it('changes nothing the second time, and writes no event', async () => {
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    const input = { customerIdentifier: { id: customer.id }, tenantIdentifiers: [{ id: tenant.id }] };
    await succeed(add, 'customer { id }', input);
    const events = await eventsAbout(customer.id);
    const again = await succeed(add, 'customer { version tenants { totalCount } }', input);
    expect(again.customer).toEqual({ version: 1, tenants: { totalCount: 1 } });
    expect(await eventsAbout(customer.id)).toEqual(events);
  });

  it('adds to none when one tenant is unknown, and names everything that is', async () => {
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    const tenantIdentifiers = [{ externalId: tenant.externalId }, { externalId: 'nobody' }, { id: customer.id }];
    const one = await mutate(add, 'customer { id }', {
      customerIdentifier: { id: customer.id },
      tenantIdentifiers: tenantIdentifiers.slice(0, 2),
    });
    expect(one).toMatchObject({
      __typename: 'NotFoundError',
      code: 'not_found',
      references: [{ path: 'tenantIdentifiers.1.externalId' }],
    });
    const all = await mutate(add, 'customer { id }', {
      customerIdentifier: { email: 'no@where.example' },
      tenantIdentifiers,
    });
    expect(all.__typename).toBe('ValidationError');
    expect(all.issues).toEqual([
      { path: 'tenantIdentifiers.2.id', message: 'is not an id of this kind', kind: 'INVALID' },
    ]);
    const missing = await mutate(add, 'customer { id }', {
      customerIdentifier: { email: 'no@where.example' },
      tenantIdentifiers: [{ externalId: 'nobody' }, { externalId: tenant.externalId }, { id: crypto.randomUUID() }],
    });
    expect(missing.references.map(({ path }: { path: string }) => path)).toEqual([
      'customerIdentifier.email',
      'tenantIdentifiers.0.externalId',
      'tenantIdentifiers.2.id',
    ]);
    expect(await tenantsOf(customer.id)).toEqual([]);
  });

  it('refuses a key without customerTenantMembership:create, and names that permission', async () => {
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    const key = await newKey({ permissions: allBut('customerTenantMembership:create') });
    const input = { customerIdentifier: { id: customer.id }, tenantIdentifiers: [{ id: tenant.id }] };
    expect(await mutate(add, 'customer { id }', input, key.secret)).toMatchObject({
      __typename: 'ForbiddenError',
      code: 'insufficient_permissions',
      message: 'Insufficient permissions, missing "customerTenantMembership:create".',
      missingPermissions: ['customerTenantMembership:create'],
    });
    expect(await tenantsOf(customer.id)).toEqual([]);
  });
});

describe('removing and setting', () => {
  it('removes from the given tenants only, and is idempotent', async () => {
    const [a, b] = [await newTenant(), await newTenant()];
    const customer = await newCustomer({ tenantIdentifiers: [{ id: a.id }, { id: b.id }] });
    const input = { customerIdentifier: { id: customer.id }, tenantIdentifiers: [{ id: a.id }] };
    await succeed(remove, 'customer { id }', input);
    expect(await tenantsOf(customer.id)).toEqual([b.id]);
    const events = await eventsAbout(customer.id);
    expect(events.at(-1)).toBe('membership.deleted');
    await succeed(remove, 'customer { id }', input);
    expect(await eventsAbout(customer.id)).toEqual(events);
  });

  it('sets exactly the given tenants', async () => {
    const [a, b, c] = [await newTenant(), await newTenant(), await newTenant()];
    const customer = await newCustomer({ tenantIdentifiers: [{ id: a.id }, { id: b.id }] });
    const payload = 'customer { tenants { nodes { id } } }';
    const customerIdentifier = { externalId: customer.externalId };
    const bc = { customerIdentifier, tenantIdentifiers: [{ id: c.id }, { id: b.id }, { id: b.id }] };
    expect((await succeed(set, payload, bc)).customer.tenants.nodes).toEqual([{ id: b.id }, { id: c.id }]);
    const none = await succeed(set, payload, { customerIdentifier, tenantIdentifiers: [] });
    expect(none.customer.tenants.nodes).toEqual([]);
  });

  it('leaves memberships out of reach, and those in deleted tenants, as they are', async () => {
    const [a, b, hidden] = [await newTenant(), await newTenant(), await newTenant()];
    const customer = await newCustomer({ tenantIdentifiers: [{ id: a.id }, { id: b.id }, { id: hidden.id }] });
    await succeed('deleteTenant', 'tenant { id }', { id: hidden.id });
    const key = await newKey({ tenants: [a.id] });
    const empty = { customerIdentifier: { id: customer.id }, tenantIdentifiers: [] };
    await succeed(set, 'customer { id }', empty, key.secret);
    expect(await tenantsOf(customer.id)).toEqual([b.id]);
    await succeed(set, 'customer { id }', empty);
    await succeed('restoreTenant', 'tenant { id }', { id: hidden.id });
    expect(await tenantsOf(customer.id)).toEqual([hidden.id]);
  });
});

describe('the lists below several parents', () => {
  it('carry reach themselves, whatever parents they are asked about', async () => {
    const [own, other] = [await newTenant(), await newTenant()];
    const customer = await newCustomer({ tenantIdentifiers: [{ id: own.id }, { id: other.id }] });
    const caller: Caller = {
      db: new Database(env.DB),
      viewer: {
        actor: { type: 'ROOT', id: null },
        permissions: new Set(PERMISSIONS),
        access: 'READ',
        reach: { kind: 'TENANTS', tenantIds: [rawId(own.id)] },
        rateLimitTier: 'DEFAULT',
        countsAs: 'nobody',
        expiresAt: null,
        session: null,
      },
      tokens: null,
      mailIsDue: () => {},
      countWrong: async () => {},
      noteLater: () => {},
      linkTo: () => null,
      repeatable: null,
      tookEffect: () => {},
      eventsAreDue: () => {},
      neighbourhood: { ownHosts: [], isOwnMachine: false },
      readAlong: () => () => {},
    };
    const customers = await listCustomersOfTenants(caller, [rawId(own.id), rawId(other.id)], {}).pages();
    expect([...customers.keys()]).toEqual([rawId(own.id)]);
    const tenants = await listTenantsOfCustomers(caller, [rawId(customer.id)], {}).pages();
    expect(tenants.get(rawId(customer.id))?.rows.map(({ id }) => id)).toEqual([rawId(own.id)]);
  });
});
