import { getNamedType, isLeafType, isObjectType } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../../src/graphql/schema.ts';
import { codeOf, mutate, newCustomer, newCustomerUser, newKey, newTenant, succeed } from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

/** A key that reaches one customer, which belongs to a tenant. */
let tenant: { id: string; name: string; externalId: string };
let customer: { id: string };
let key: { id: string; secret: string };

beforeAll(async () => {
  const made = await newTenant();
  tenant = { id: made.id, name: made.name, externalId: made.externalId };
  customer = { id: (await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] })).id };
  key = await newKey({ customer: customer.id });
});

const fields = (type: string) => {
  const object = schema.getType(type);
  return isObjectType(object) ? Object.values(object.getFields()) : [];
};

describe('a reach of one customer', () => {
  it('tells what it is', async () => {
    const { data } = await ask('{ viewer { reach { kind tenantIds customerId } apiKey { id } } }', {}, key.secret);
    expect(data.viewer).toEqual({
      reach: { kind: 'CUSTOMER', tenantIds: [], customerId: customer.id },
      apiKey: { id: key.id },
    });
  });

  for (const { name, type } of fields('Tenant')) {
    const selection = isLeafType(getNamedType(type)) ? '' : '{ __typename }';
    // What the caller can do with a tenant is nothing, and may be known.
    const isOpen = name === 'id' || name === 'name' || name.startsWith('viewerCan');
    it(`${isOpen ? 'has' : 'has not'} ${name} of the tenants that the customer belongs to`, async () => {
      for (const document of [
        `query($id: ID!) { found: tenant(id: $id) { ${name} ${selection} } }`,
        `query($id: ID!) { found: node(id: $id) { ... on Tenant { ${name} ${selection} } } }`,
        `query($c: ID!) { customer(id: $c) { found: tenants { nodes { ${name} ${selection} } } } }`,
        `{ found: tenants { nodes { ${name} ${selection} } } }`,
      ]) {
        const variables = document.includes('$c')
          ? { c: customer.id }
          : document.includes('$id')
            ? { id: tenant.id }
            : {};
        const answer = await ask(document, variables, key.secret);
        const found = answer.data.found ?? answer.data.customer?.found;
        if (isOpen) {
          const known: Record<string, string> = { id: tenant.id, name: tenant.name };
          expect(JSON.stringify(found), document).toContain(`"${name}":${JSON.stringify(known[name] ?? false)}`);
        } else {
          expect(codeOf(answer), document).toBe('FORBIDDEN');
          expect(JSON.stringify(answer.data), document).not.toContain(tenant.externalId);
        }
      }
    });
  }

  it('makes, changes and deletes the users of its customer', async () => {
    const { user } = await succeed(
      'createCustomerUser',
      'user { id role { name } customer { id } }',
      { email: 'own@customer.example', roleIdentifier: { name: 'admin' }, customerIdentifier: { id: customer.id } },
      key.secret,
    );
    expect(user).toMatchObject({ role: { name: 'admin' }, customer: { id: customer.id } });
    await succeed('updateUser', 'user { id }', { id: user.id, name: 'Own', status: 'ACTIVE' }, key.secret);
    await succeed('deleteUser', 'user { id }', { id: user.id }, key.secret);
    await succeed('restoreUser', 'user { id }', { id: user.id }, key.secret);
    const listed = await ask('{ users { nodes { id name } } customers { nodes { id } } }', {}, key.secret);
    expect(listed.data).toEqual({
      users: { nodes: [{ id: user.id, name: 'Own' }] },
      customers: { nodes: [{ id: customer.id }] },
    });
  });

  it('is nothing once the customer is deleted, comes back with it, and ends the key when it is erased', async () => {
    const other = await newCustomer();
    const user = await newCustomerUser(other.id);
    const { secret } = await newKey({ customer: other.id });
    const seen = async () => {
      const { data } = await ask(
        'query($u: ID!) { user(id: $u) { id } customers(filter: { deleted: INCLUDE }) { nodes { id } } viewer { reach { customerId } } }',
        { u: user.id },
        secret,
      );
      return data;
    };
    const all = {
      user: { id: user.id },
      customers: { nodes: [{ id: other.id }] },
      viewer: { reach: { customerId: other.id } },
    };
    const nothing = { user: null, customers: { nodes: [] }, viewer: { reach: { customerId: null } } };
    expect(await seen()).toEqual(all);
    await succeed('deleteCustomer', 'customer { id }', { id: other.id });
    expect(await seen()).toEqual(nothing);
    await succeed('restoreCustomer', 'customer { id }', { id: other.id });
    expect(await seen()).toEqual(all);
    await succeed('deleteCustomer', 'customer { id }', { id: other.id, permanently: true });
    expect(await seen()).toBeNull();
  });

  it('goes with a customer, and with nothing else', async () => {
    const given = { name: 'k', permissions: ['user:read'] };
    for (const [input, path] of [
      [{ reach: 'CUSTOMER' }, 'customerIdentifier'],
      [{ reach: 'TENANTS', customerIdentifier: { id: customer.id } }, 'tenantIdentifiers'],
      [{ reach: 'ORGANIZATION', customerIdentifier: { id: customer.id } }, 'customerIdentifier'],
      [
        { reach: 'CUSTOMER', customerIdentifier: { id: customer.id }, tenantIdentifiers: [{ id: tenant.id }] },
        'tenantIdentifiers',
      ],
    ] as const) {
      const result = await mutate('createApiKey', 'secret', { ...given, ...input });
      expect(result.issues[0], JSON.stringify(input)).toMatchObject({ path });
    }
  });
});
