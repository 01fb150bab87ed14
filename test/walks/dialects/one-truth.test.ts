import { describe, expect, it } from 'vitest';
import { eventsAbout, globalId, rawId, unique } from '../../shared/fixtures.ts';
import { ask, PUBLIC_URL, ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';
import { posted } from './table.ts';

/*
 * What is written through one API is read through every other, at once and the same: there is one directory. Every API is
 * asked by plain UUIDs, which all of them take.
 */

const speaking = (path: string) => async (query: string, variables: Variables) => {
  const { data, errors, text } = await send(posted(path, query, variables, ROOT_KEY));
  expect(errors, text).toEqual([]);
  return data;
};

const plain = speaking('/plain/graphql/v1');
const prismatic = speaking('/api');
const hub = speaking('/hub/graphql/');

async function own(query: string, variables: Variables) {
  const { data, errors, text } = await ask(query, variables);
  expect(errors, text).toEqual([]);
  return data;
}

async function userdocks(method: string, id: string, body?: object) {
  const { text } = await send(
    new Request(`${PUBLIC_URL}/v1/tenants/${id}`, {
      method,
      headers: { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    }),
  );
  return JSON.parse(text);
}

const READ_CUSTOMER = {
  plain: 'query($id: ID!) { customer(customerId: $id) { fullName externalId email { email } } }',
  prismatic: 'query($id: ID!) { customer(id: $id) { name externalId description labels } }',
  own: 'query($id: ID!) { customer(id: $id) { name kind externalId email { address } description version } }',
};

describe('a customer', () => {
  it('made through Plain is read and changed through Prismatic, and the other way round', async () => {
    const [name, externalId, email] = [unique('Ada'), unique('external'), `${unique('ada')}@x.example`];
    const { upsertCustomer } = await plain(
      'mutation($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { result customer { id } error { message } } }',
      {
        input: {
          identifier: { emailAddress: email },
          onCreate: { fullName: name, externalId, email: { email, isVerified: true } },
          onUpdate: {},
        },
      },
    );
    expect(upsertCustomer).toMatchObject({ result: 'CREATED', error: null });
    const { customerBy } = await own('query($email: String!) { customerBy(identifier: { email: $email }) { id } }', {
      email,
    });
    const id = rawId(customerBy.id);
    expect(await prismatic(READ_CUSTOMER.prismatic, { id })).toEqual({
      customer: { name, externalId, description: null, labels: [] },
    });

    const [renamed, description] = [unique('Ada'), unique('description')];
    const { updateCustomer } = await prismatic(
      'mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { name } errors { field messages } } }',
      { input: { id, name: renamed, description, labels: ['vip'] } },
    );
    expect(updateCustomer).toEqual({ customer: { name: renamed }, errors: [] });
    expect(await plain(READ_CUSTOMER.plain, { id })).toEqual({
      customer: { fullName: renamed, externalId, email: { email } },
    });
    expect(await own(READ_CUSTOMER.own, { id })).toEqual({
      customer: { name: renamed, kind: 'PERSON', externalId, email: { address: email }, description, version: 2 },
    });
    await plain('mutation($input: DeleteCustomerInput!) { deleteCustomer(input: $input) { error { message } } }', {
      input: { customerId: id },
    });
    expect((await send(posted('/api', READ_CUSTOMER.prismatic, { id }, ROOT_KEY))).errors).toMatchObject([
      { message: 'Record not found' },
    ]);
    expect(await eventsAbout(customerBy.id)).toEqual(['customer.created', 'customer.updated', 'customer.deleted']);
  });

  it('made through Prismatic is read through Plain, and joins tenants there', async () => {
    const [name, externalId, tenantExternalId] = [unique('Acme'), unique('external'), unique('tenant')];
    const { createCustomer } = await prismatic(
      'mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } errors { field messages } } }',
      { input: { name, externalId } },
    );
    expect(createCustomer.errors).toEqual([]);
    const { id } = createCustomer.customer;
    await plain('mutation($input: UpsertTenantInput!) { upsertTenant(input: $input) { result error { message } } }', {
      input: { identifier: { externalId: tenantExternalId }, name, externalId: tenantExternalId },
    });
    await plain(
      'mutation($input: AddCustomerToTenantsInput!) { addCustomerToTenants(input: $input) { error { message } } }',
      { input: { customerIdentifier: { externalId }, tenantIdentifiers: [{ externalId: tenantExternalId }] } },
    );
    expect(await plain(READ_CUSTOMER.plain, { id: rawId(id) })).toEqual({
      customer: { fullName: name, externalId, email: { email: '' } },
    });
    const { customer } = await own('query($id: ID!) { customer(id: $id) { kind tenants { nodes { externalId } } } }', {
      id,
    });
    expect(customer).toEqual({ kind: 'COMPANY', tenants: { nodes: [{ externalId: tenantExternalId }] } });
    expect(await eventsAbout(id)).toEqual(['customer.created', 'membership.created']);
  });
});

const READ_TENANT = {
  plain: 'query($id: ID!) { tenant(tenantId: $id) { name } }',
  hub: 'query($id: String!) { tenant(tenantId: $id) { name status canPartnerManage } }',
  own: 'query($id: ID!) { tenant(id: $id) { name status partnerManaged description } }',
};

describe('a tenant', () => {
  it('made through Plain, the hub or /graphql is read and changed through all of them and Userdocks', async () => {
    const [made, external] = [unique('Tenant'), unique('tenant')];
    await plain('mutation($input: UpsertTenantInput!) { upsertTenant(input: $input) { error { message } } }', {
      input: { identifier: { externalId: external }, name: made, externalId: external },
    });
    const { tenantBy } = await own('query($e: String!) { tenantBy(identifier: { externalId: $e }) { id } }', {
      e: external,
    });
    const id = rawId(tenantBy.id);
    expect(await hub(READ_TENANT.hub, { id })).toEqual({ tenant: { name: made, status: 0, canPartnerManage: true } });
    expect((await userdocks('GET', id)).data).toMatchObject({ id, name: made });

    const byHub = unique('Tenant');
    await hub(
      'mutation($input: UpdateTenantInput!) { tenantMutations { updateTenant(input: $input) { tenant { id } } } }',
      { input: { tenantId: id, name: byHub, status: 2 } },
    );
    expect(await plain(READ_TENANT.plain, { id })).toEqual({ tenant: { name: byHub } });
    const [byUserdocks, description] = [unique('Tenant'), unique('description')];
    expect(await userdocks('PUT', id, { name: byUserdocks, description })).toMatchObject({ success: true });
    expect(await plain(READ_TENANT.plain, { id })).toEqual({ tenant: { name: byUserdocks } });
    const changed = { status: 2, canPartnerManage: true };
    expect(await hub(READ_TENANT.hub, { id })).toEqual({ tenant: { name: byUserdocks, ...changed } });
    const byPlain = unique('Tenant');
    await plain('mutation($input: UpsertTenantInput!) { upsertTenant(input: $input) { error { message } } }', {
      input: { identifier: { externalId: external }, name: byPlain, externalId: external },
    });
    expect(await hub(READ_TENANT.hub, { id })).toEqual({ tenant: { name: byPlain, ...changed } });
    expect((await userdocks('GET', id)).data).toMatchObject({ id, name: byPlain, description });
    expect(await own(READ_TENANT.own, { id })).toEqual({
      tenant: { name: byPlain, status: 'DEACTIVATED', partnerManaged: true, description },
    });

    await hub('mutation($id: String!) { tenantMutations { deleteTenant(tenantId: $id) } }', { id });
    expect(await plain(READ_TENANT.plain, { id })).toEqual({ tenant: null });
    expect((await userdocks('GET', id)).success).toBe(false);
    expect(await own(READ_TENANT.own, { id })).toEqual({ tenant: null });
    expect(await eventsAbout(tenantBy.id)).toEqual([
      'tenant.created',
      'tenant.updated',
      'tenant.updated',
      'tenant.updated',
      'tenant.deleted',
    ]);
  });

  it('made through the hub is read through Plain and Userdocks', async () => {
    const name = unique('Tenant');
    const { tenantMutations } = await hub(
      'mutation($input: CreateTenantInput!) { tenantMutations { createTenant(input: $input) { tenant { id } } } }',
      { input: { name, canPartnerManage: true, eventEnrichment: true } },
    );
    const { id } = tenantMutations.createTenant.tenant;
    expect(await plain(READ_TENANT.plain, { id })).toEqual({ tenant: { name } });
    expect((await userdocks('GET', id)).data).toMatchObject({ id, name });
    expect(await eventsAbout(globalId('Tenant', id))).toEqual(['tenant.created']);
  });
});

const MEMBERS = '{ organization { users(first: 100) { nodes { id email name role { name } } } } }';

describe('a user', () => {
  it('made through Prismatic has roles through the hub', async () => {
    const email = `${unique('lisa')}@x.example`;
    const { organizationRoles } = await prismatic('{ organizationRoles { id name } }', {});
    const role = organizationRoles.find(({ name }: { name: string }) => name === 'Viewer').id;
    const { createOrganizationUser } = await prismatic(
      'mutation($input: CreateOrganizationUserInput!) { createOrganizationUser(input: $input) { user { id } errors { field messages } } }',
      { input: { email, role } },
    );
    expect(createOrganizationUser.errors).toEqual([]);
    const { id } = createOrganizationUser.user;
    const { createTenant } = await own(
      'mutation($input: CreateTenantInput!) { createTenant(input: $input) { ... on CreateTenantPayload { tenant { id } } } }',
      { input: { name: unique('Tenant') } },
    );
    const tenantId = rawId(createTenant.tenant.id);
    const { userMutations } = await hub(
      'mutation($input: AddUserWithRoleInput!) { userMutations { addUserWithRole(input: $input) { userAlreadyExist user { id email roles { name } } } } }',
      { input: { email, roleName: `advertiser-manage-${tenantId}` } },
    );
    expect(userMutations.addUserWithRole).toEqual({
      userAlreadyExist: true,
      user: {
        id: rawId(id),
        email,
        roles: [{ name: 'agency-view' }, { name: `advertiser-manage-${tenantId}` }],
      },
    });
    const { user } = await own(
      'query($id: ID!) { user(id: $id) { email role { name } tenantRoles { nodes { role { name } tenant { id } } } } }',
      { id },
    );
    expect(user).toEqual({
      email,
      role: { name: 'viewer' },
      tenantRoles: { nodes: [{ role: { name: 'manage' }, tenant: createTenant.tenant }] },
    });
    expect(await eventsAbout(id)).toEqual(['user.created', 'tenantRole.assigned', 'user.linkHandedOut']);
  });

  it('made through the hub is read and changed through Prismatic', async () => {
    const email = `${unique('lisa')}@x.example`;
    const { userMutations } = await hub(
      'mutation($input: AddUserWithRoleInput!) { userMutations { addUserWithRole(input: $input) { userAlreadyExist user { id } } } }',
      { input: { email, roleName: 'agency-user' } },
    );
    expect(userMutations.addUserWithRole.userAlreadyExist).toBe(false);
    const id = globalId('User', userMutations.addUserWithRole.user.id);
    const { organization } = await prismatic(MEMBERS, {});
    expect(organization.users.nodes).toContainEqual({ id, email, name: null, role: { name: 'Member' } });
    const name = unique('Lisa');
    const { updateUser } = await prismatic(
      'mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { name } errors { field messages } } }',
      { input: { id, name } },
    );
    expect(updateUser).toEqual({ user: { name }, errors: [] });
    expect(await own('query($id: ID!) { user(id: $id) { name email } }', { id })).toEqual({ user: { name, email } });
    expect(await eventsAbout(id)).toEqual(['user.created', 'user.linkHandedOut', 'user.updated']);
  });
});
