import { describe, expect, it } from 'vitest';
import { toPlainId } from '../../../src/dialects/plain/ids.ts';
import { newCustomer, newKey, newTenant, newTenantUser, rawId, succeed, unique } from '../../shared/fixtures.ts';
import { ask, ROOT_KEY } from '../../shared/gateway.ts';
import { tokenOf } from '../../shared/people.ts';
import { call, customerId, newPerson, read, tenantId } from './asked.ts';

describe('who created and changed a record', () => {
  const query = `query($id: ID!) { customer(customerId: $id) { createdBy { ...A } updatedBy { ...A } } }
    fragment A on Actor { __typename ... on SystemActor { systemId workflow { id } workflowExecutionId }
      ... on MachineUserActor { machineUserId machineUser { id } } ... on UserActor { userId user { id fullName } } }`;

  it('is the root key, a key, or a user, who is shown to who reads users and reaches this one', async () => {
    const tenant = await newTenant();
    const customer = await newPerson({ tenantIdentifiers: [{ id: tenant.id }] });
    const id = customerId(customer);
    const key = await newKey();
    const rename = (secret: string) =>
      succeed('updateCustomer', 'customer { id }', { id: customer.id, shortName: unique('s') }, secret);
    const createdBy = { __typename: 'SystemActor', systemId: 'root', workflow: null, workflowExecutionId: null };

    await rename(key.secret);
    const machineUserId = toPlainId('ApiKey', rawId(key.id));
    const byKey = { __typename: 'MachineUserActor', machineUserId, machineUser: { id: machineUserId } };
    expect((await read(query, { id })).customer).toEqual({ createdBy, updatedBy: byKey });

    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'manage' } });
    const token = await tokenOf(user.id, tenant.id);
    await rename(token);
    const userId = toPlainId('User', rawId(user.id));
    const byUser = (shown: object | null) => ({
      createdBy,
      updatedBy: { __typename: 'UserActor', userId, user: shown },
    });
    const shown = { id: userId, fullName: user.name };
    const other = await newTenant();
    await succeed('addCustomerToTenants', 'customer { id }', {
      customerIdentifier: { id: customer.id },
      tenantIdentifiers: [{ id: other.id }],
    });
    const seenBy = async (secret: string) => (await read(query, { id }, secret)).customer;
    expect(await seenBy(ROOT_KEY)).toEqual(byUser(shown));
    expect(await seenBy(token)).toEqual(byUser(shown));
    expect(await seenBy((await newKey({ tenants: [tenant.id] })).secret)).toEqual(byUser(shown));
    expect(await seenBy((await newKey({ tenants: [other.id] })).secret)).toEqual(byUser(null));
    expect(await seenBy((await newKey({ permissions: ['customer:read'] })).secret)).toEqual(byUser(null));
    await succeed('deleteUser', 'user { id }', { id: user.id });
    expect(await seenBy(ROOT_KEY)).toEqual(byUser(null));
  });

  it('is read for a whole page in one D1 call more, when users did it', async () => {
    const tenant = await newTenant();
    for (let count = 0; count < 3; count += 1) {
      const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
      const token = await tokenOf(user.id, tenant.id);
      await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] }, token);
    }
    const { secret } = await newKey({ tenants: [tenant.id] });
    const page =
      '{ customers { edges { node { createdBy { ... on UserActor { user { id } } } updatedBy { ... on UserActor { user { id } } } } } } }';
    await call(page, {}, secret);
    const { calls, data } = await call(page, {}, secret);
    expect(data.customers.edges).toHaveLength(3);
    expect(calls).toBe(2);
  });
});

/** What the example of the vendor's code generator selects of whoever did something. */
const GENERATED = `query($id: ID!) { customer(customerId: $id) { updatedBy {
  ... on UserActor { user { id fullName publicName email status avatarUrl isDeleted createdAt { iso8601 } updatedAt { iso8601 } deletedAt { iso8601 } } }
  ... on MachineUserActor { machineUser { id fullName publicName description createdAt { iso8601 } updatedAt { iso8601 } } } } } }`;

describe('the example of the code generator', () => {
  const updatedBy = async (id: string, key?: string) => (await read(GENERATED, { id }, key)).customer.updatedBy;

  it('finds the user as at /graphql', async () => {
    const [tenant, avatarUrl] = [await newTenant(), 'https://x.example/ada.png'];
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'manage' }, name: 'Ada', avatarUrl });
    const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] }, await tokenOf(user.id, tenant.id));
    const { data } = await ask('query($id: ID!) { user(id: $id) { createdAt updatedAt } }', user);
    const time = (text: string) => ({ iso8601: new Date(text).toISOString() });
    expect((await updatedBy(customerId(customer))).user).toEqual({
      id: toPlainId('User', rawId(user.id)),
      fullName: 'Ada',
      publicName: 'Ada',
      email: user.email,
      status: 'OFFLINE',
      avatarUrl,
      isDeleted: false,
      createdAt: time(data.user.createdAt),
      updatedAt: time(data.user.updatedAt),
      deletedAt: null,
    });
  });

  it('finds the key, but only its id where the key cannot be read', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const key = await newKey({ tenants: [one.id] });
    const customer = await newCustomer({ tenantIdentifiers: [{ id: one.id }] }, key.secret);
    await succeed('addCustomerToTenants', 'customer { id }', {
      customerIdentifier: { id: customer.id },
      tenantIdentifiers: [{ id: other.id }],
    });
    const id = toPlainId('ApiKey', rawId(key.id));
    const { data } = await ask('{ apiKeys(last: 100) { nodes { id name createdAt } } }');
    const { name, createdAt } = data.apiKeys.nodes.find((node: { id: string }) => node.id === key.id);
    const time = { iso8601: new Date(createdAt).toISOString() };
    const whole = { id, fullName: name, publicName: name, description: null, createdAt: time, updatedAt: time };
    const bare = { id, fullName: id, publicName: id, description: null, createdAt: null, updatedAt: null };
    const seenBy = async (secret: string) => (await updatedBy(customerId(customer), secret)).machineUser;
    for (const secret of [ROOT_KEY, key.secret]) expect(await seenBy(secret)).toEqual(whole);
    expect(await seenBy((await newKey({ tenants: [other.id] })).secret)).toEqual(bare);
    expect(await seenBy((await newKey({ permissions: ['customer:read'] })).secret)).toEqual(bare);
  });

  it('reads the keys of a whole page in one D1 call more', async () => {
    const tenant = await newTenant();
    for (let count = 0; count < 3; count += 1) {
      const { secret } = await newKey({ tenants: [tenant.id] });
      await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] }, secret);
    }
    const { secret } = await newKey({ tenants: [tenant.id] });
    const page = `{ customers { edges { node { createdBy { ...A } updatedBy { ...A } } } } }
      fragment A on Actor { ... on MachineUserActor { machineUser { fullName updatedAt { iso8601 } } } }`;
    await call(page, {}, secret);
    const { calls, data } = await call(page, {}, secret);
    expect(data.customers.edges).toHaveLength(3);
    expect(calls).toBe(2);
  });
});

describe('what older clients ask for', () => {
  it('has the one answer that it always has, in every customer and tenant', async () => {
    const tenant = await newTenant();
    const customer = await newPerson({ tenantIdentifiers: [{ id: tenant.id }] });
    const membership = 'customerId customerGroup { id name key color } createdAt { iso8601 } createdBy { __typename }';
    const query = `query($c: ID!, $t: ID!) {
      customer(customerId: $c) { status statusChangedAt { iso8601 } lastIdleAt { iso8601 }
        customerGroupMemberships(filters: { customerGroupExternalIds: ["x"] }, first: 5) {
          edges { cursor node { ${membership} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }
      tenant(tenantId: $t) { tenantFields { id externalFieldId value { __typename ... on TenantFieldStringValue { stringValue } } } } }`;
    expect(await read(query, { c: customerId(customer), t: tenantId(tenant) })).toEqual({
      customer: {
        status: 'IDLE',
        statusChangedAt: null,
        lastIdleAt: null,
        customerGroupMemberships: {
          edges: [],
          pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
        },
      },
      tenant: { tenantFields: [] },
    });
    const mixed = `query($c: ID!) { customer(customerId: $c) { customerGroupMemberships(first: 5, before: "x") { edges { cursor } } } }`;
    expect((await call(mixed, { c: customerId(customer) })).status).toBe(400);
  });

  it('costs a page of 100 customers no more than it may', async () => {
    const parts = 'customerId createdAt { iso8601 } createdBy { __typename } customerGroup { id name key color }';
    const query = `{ customers(first: 100) { edges { node { id fullName customerGroupMemberships { edges { node { ${parts} } } } } } } }`;
    expect((await call(query)).status).toBe(200);
  });
});
