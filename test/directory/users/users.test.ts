import { describe, expect, it } from 'vitest';
import {
  assign,
  eventsAbout,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

const USER = `query($id: ID!) { user(id: $id) {
  email name phone avatarUrl externalId status version deletedAt
  role { name scope } customer { id } defaultTenant { id }
  tenantRoles { nodes { tenant { id } role { name } } totalCount } } }`;
const userOf = async (id: string, key?: string) => (await ask(USER, { id }, key)).data.user;

describe('a team member', () => {
  it('is made with a role, changed and deleted, as the Prismatic document tells it', async () => {
    const roles = await ask('query { organizationRoles { id name permissions { nodes { name description } } } }');
    expect(roles.errors).toEqual([]);
    expect(roles.calls).toBe(1);
    const names = roles.data.organizationRoles.map(({ name }: { name: string }) => name);
    expect(names.slice(0, 2)).toEqual(['owner', 'admin']);
    const viewer = roles.data.organizationRoles.find(({ name }: { name: string }) => name === 'viewer');
    expect(viewer.permissions.nodes).toContainEqual({ name: 'user:read', description: expect.any(String) });

    const email = `${unique('lisa')}@smith-rockets.example`;
    const externalId = unique('ABCCBC0B');
    const { user } = await succeed('createOrganizationUser', 'user { id name email externalId status role { name } }', {
      email,
      name: 'Lisa Nguyen',
      externalId,
      roleIdentifier: { id: viewer.id },
    });
    expect(user).toMatchObject({ name: 'Lisa Nguyen', email, externalId, status: 'INVITED', role: { name: 'viewer' } });

    const changed = await succeed('updateUser', 'user { name phone version role { name } }', {
      id: user.id,
      phone: ' +1 555 0100 ',
      name: null,
      roleIdentifier: { name: 'MEMBER' },
    });
    expect(changed.user).toEqual({ name: null, phone: '+1 555 0100', version: 2, role: { name: 'member' } });

    await succeed('deleteUser', 'user { deletedAt }', { id: user.id });
    expect(await userOf(user.id)).toBeNull();
    await succeed('restoreUser', 'user { id }', { id: user.id });
    expect(await userOf(user.id)).toMatchObject({ email, deletedAt: null, version: 4 });
    expect(await eventsAbout(user.id)).toEqual(['user.created', 'user.updated', 'user.deleted', 'user.restored']);
  });

  it('stands in the team, and is found by any identifier', async () => {
    const user = await newTeamMember({ externalId: unique('team') });
    const team = await ask('{ organization { users(last: 100) { nodes { id } totalCount } } }');
    expect(team.data.organization.users.nodes.map(({ id }: { id: string }) => id)).toContain(user.id);
    for (const identifier of [
      { id: user.id },
      { email: user.email.toUpperCase() },
      { externalId: ` ${user.externalId} ` },
    ]) {
      const found = await ask('query($i: UserIdentifier!) { userBy(identifier: $i) { id } }', { i: identifier });
      expect(found.data.userBy, JSON.stringify(identifier)).toEqual({ id: user.id });
    }
  });

  it('keeps its e-mail address to itself', async () => {
    const user = await newTeamMember();
    const again = { email: user.email.toUpperCase(), roleIdentifier: { name: 'viewer' } };
    expect(await mutate('createOrganizationUser', 'user { id }', again)).toMatchObject({
      __typename: 'AlreadyExistsError',
      path: 'email',
      existing: { __typename: 'User', id: user.id },
    });
    await succeed('deleteUser', 'user { id }', { id: user.id });
    const other = (await succeed('createOrganizationUser', 'user { id }', again)).user;
    expect(await mutate('restoreUser', 'user { id }', { id: user.id })).toMatchObject({
      __typename: 'AlreadyExistsError',
      existing: { id: other.id },
    });
  });
});

describe('a user of a customer', () => {
  it('is made, and listed with its customer in one D1 call', async () => {
    const customer = await newCustomer();
    const [one, two] = [await newCustomerUser(customer.id), await newCustomerUser(customer.id)];
    await newCustomer();
    const answer = await ask(
      'query { customers(last: 2) { nodes { id name users { nodes { id email name externalId } } } } }',
    );
    expect(answer.calls).toBe(1);
    const [first, last] = answer.data.customers.nodes;
    expect(first.id).toBe(customer.id);
    expect(first.users.nodes).toMatchObject([
      { id: one.id, email: one.email },
      { id: two.id, name: two.name },
    ]);
    expect(last.users.nodes).toEqual([]);
    expect(await userOf(one.id)).toMatchObject({
      role: { name: 'member', scope: 'CUSTOMER' },
      customer: { id: customer.id },
      tenantRoles: { totalCount: 0 },
    });
  });

  it('is hidden with its customer, and comes back with it', async () => {
    const customer = await newCustomer();
    const user = await newCustomerUser(customer.id);
    const gone = await newCustomerUser(customer.id);
    await succeed('deleteUser', 'user { id }', { id: gone.id });
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id });
    expect(await userOf(user.id)).toBeNull();
    const listed = await ask('{ users(filter: { deleted: ONLY }, last: 2) { nodes { id deletedAt } } }');
    expect(listed.data.users.nodes.map(({ id }: { id: string }) => id).sort()).toEqual([user.id, gone.id].sort());
    for (const id of [user.id, gone.id]) {
      expect((await mutate('restoreUser', 'user { id }', { id })).__typename).toBe('NotFoundError');
      expect((await mutate('updateUser', 'user { id }', { id, name: 'x' })).__typename).toBe('NotFoundError');
    }
    // The address stays taken, and by whom is not shown while it is hidden.
    const taken = { email: user.email, roleIdentifier: { name: 'viewer' } };
    expect(await mutate('createOrganizationUser', 'user { id }', taken)).toMatchObject({
      __typename: 'AlreadyExistsError',
      existing: null,
    });
    await succeed('restoreCustomer', 'customer { id }', { id: customer.id });
    expect(await userOf(user.id)).toMatchObject({ deletedAt: null });
    expect(await userOf(gone.id)).toBeNull();
    await succeed('restoreUser', 'user { id }', { id: gone.id });
    expect(await userOf(gone.id)).toMatchObject({ deletedAt: null });
  });

  it('has only roles of customers', async () => {
    const customer = await newCustomer();
    for (const [input, path] of [
      [{ roleIdentifier: { name: 'owner' } }, 'roleIdentifier.name'],
      [{ roleIdentifier: { name: 'view' } }, 'roleIdentifier.name'],
      [{ customerIdentifier: { externalId: 'nobody' } }, 'customerIdentifier.externalId'],
    ] as const) {
      const given = {
        email: `${unique('u')}@x.example`,
        roleIdentifier: { name: 'member' },
        customerIdentifier: { id: customer.id },
      };
      expect(await mutate('createCustomerUser', 'user { id }', { ...given, ...input })).toMatchObject({
        __typename: 'NotFoundError',
        references: [{ path }],
      });
    }
  });
});

describe('a tenant user', () => {
  it('starts in its tenant, and is assigned and revoked elsewhere', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const user = await newTenantUser(tenant.id);
    expect(await userOf(user.id)).toMatchObject({
      role: null,
      customer: null,
      defaultTenant: { id: tenant.id },
      tenantRoles: { nodes: [{ tenant: { id: tenant.id }, role: { name: 'view' } }], totalCount: 1 },
    });
    for (const role of ['manage', 'manage', 'admin'])
      expect((await assign(user.id, other.id, role)).__typename).toBe('AssignTenantRolePayload');
    const listed = await ask('query($id: ID!) { tenant(id: $id) { users { nodes { id } totalCount } } }', {
      id: other.id,
    });
    expect(listed.data.tenant.users).toEqual({ nodes: [{ id: user.id }], totalCount: 1 });
    await succeed('updateUser', 'user { id }', { id: user.id, defaultTenantIdentifier: { id: other.id } });
    const revoke = { userIdentifier: { email: user.email }, tenantIdentifier: { externalId: tenant.externalId } };
    await succeed('revokeTenantRole', 'user { id }', revoke);
    await succeed('revokeTenantRole', 'user { id }', revoke);
    expect(await userOf(user.id)).toMatchObject({
      defaultTenant: { id: other.id },
      tenantRoles: { nodes: [{ tenant: { id: other.id }, role: { name: 'admin' } }] },
    });
    expect(await eventsAbout(user.id)).toEqual([
      'user.created',
      'tenantRole.assigned',
      'tenantRole.assigned',
      'tenantRole.assigned',
      'user.updated',
      'tenantRole.revoked',
    ]);
  });

  it('does not start any more where its role was revoked, and is answered so', async () => {
    const tenant = await newTenant();
    const { secret } = await newKey({ tenants: [tenant.id] });
    const users = [await newTenantUser(tenant.id), await newTenantUser(tenant.id)];
    for (const [index, key] of [undefined, secret].entries()) {
      const revoke = { userIdentifier: { id: users[index]?.id }, tenantIdentifier: { id: tenant.id } };
      const { user } = await succeed('revokeTenantRole', 'user { id defaultTenant { id } }', revoke, key);
      expect(user).toEqual({ id: users[index]?.id, defaultTenant: null });
    }
  });

  it('does not start where it has no role', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const user = await newTenantUser(tenant.id);
    expect(
      await mutate('updateUser', 'user { id }', { id: user.id, defaultTenantIdentifier: { id: other.id } }),
    ).toMatchObject({ __typename: 'NotFoundError', references: [{ path: 'defaultTenantIdentifier.id' }] });
    await assign(user.id, other.id, 'view');
    await succeed('revokeTenantRole', 'user { id }', {
      userIdentifier: { id: user.id },
      tenantIdentifier: { id: tenant.id },
    });
    expect((await userOf(user.id)).defaultTenant).toBeNull();
  });

  it('shows to who reaches a tenant with the role there, and nothing else', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const { secret } = await newKey({ tenants: [tenant.id] });
    const member = await newTeamMember({ roleIdentifier: { name: 'admin' } });
    expect(await userOf(member.id, secret)).toBeNull();
    await assign(member.id, tenant.id, 'view');
    await assign(member.id, other.id, 'manage');
    expect(await userOf(member.id, secret)).toMatchObject({
      email: member.email,
      role: null,
      tenantRoles: { nodes: [{ tenant: { id: tenant.id }, role: { name: 'view' } }], totalCount: 1 },
    });
    const feed = await ask(
      'query($s: ID!) { events(filter: { subjectId: $s }) { nodes { type after } } }',
      { s: member.id },
      secret,
    );
    expect(feed.data.events.nodes).toMatchObject([{ type: 'tenantRole.assigned', after: { tenantId: tenant.id } }]);
    await succeed('updateUser', 'user { id }', { id: member.id, name: 'Renamed' });
    const later = await ask(
      'query($s: ID!) { events(filter: { subjectId: $s, types: ["user.updated"] }) { nodes { after } } }',
      { s: member.id },
      secret,
    );
    expect(later.data.events.nodes[0].after).toMatchObject({ name: 'Renamed' });
    for (const hidden of ['roleId', 'customerId', 'defaultTenantId'])
      expect(later.data.events.nodes[0].after).not.toHaveProperty(hidden);
  });
});

describe('the first admin of a tenant', () => {
  const input = () => ({ name: unique('T'), externalId: unique('t'), partnerManaged: false });
  const adminsOf = async (id: string) => {
    const { data } = await ask(
      `query($id: ID!) { tenant(id: $id) { users { nodes { email status
        tenantRoles { nodes { tenant { id } role { name } } } defaultTenant { id } } } } }`,
      { id },
    );
    return data.tenant.users.nodes;
  };

  it('comes with a tenant that no partner manages, in one D1 call', async () => {
    expect(await mutate('createTenant', 'tenant { id }', input())).toMatchObject({
      __typename: 'ValidationError',
      issues: [{ path: 'adminEmail', kind: 'REQUIRED' }],
    });
    const adminEmail = `${unique('admin')}@x.example`;
    const { tenant } = await succeed('createTenant', 'tenant { id }', { ...input(), adminEmail });
    expect(await adminsOf(tenant.id)).toEqual([
      {
        email: adminEmail,
        status: 'INVITED',
        tenantRoles: { nodes: [{ tenant: { id: tenant.id }, role: { name: 'admin' } }] },
        defaultTenant: { id: tenant.id },
      },
    ]);
    const second = await succeed('createTenant', 'tenant { id }', { ...input(), adminEmail });
    expect(await adminsOf(second.tenant.id)).toMatchObject([{ email: adminEmail, defaultTenant: { id: tenant.id } }]);
  });

  it('is asked for by an upsert only where the tenant is new', async () => {
    const { externalId, ...rest } = input();
    const upsert = { identifier: { externalId }, ...rest };
    expect(await mutate('upsertTenant', 'outcome', upsert)).toMatchObject({ issues: [{ path: 'adminEmail' }] });
    const adminEmail = `${unique('admin')}@x.example`;
    expect((await succeed('upsertTenant', 'outcome', { ...upsert, adminEmail })).outcome).toBe('CREATED');
    expect((await succeed('upsertTenant', 'outcome', upsert)).outcome).toBe('NOOP');
  });

  it('is made by nobody who could not be one', async () => {
    const { secret } = await newKey({ permissions: ['tenant:create', 'tenant:edit'] });
    const given = { ...input(), adminEmail: `${unique('admin')}@x.example` };
    const refused = await mutate('createTenant', 'tenant { id }', given, secret);
    expect(refused).toMatchObject({ __typename: 'ForbiddenError', code: 'insufficient_permissions' });
    expect(refused.missingPermissions).toContain('apiKey:edit');
    const { externalId, ...rest } = given;
    const upserted = await mutate('upsertTenant', 'outcome', { identifier: { externalId }, ...rest }, secret);
    expect(upserted.__typename).toBe('ForbiddenError');
  });

  it('is nobody who is deactivated', async () => {
    const member = await newTeamMember();
    await succeed('updateUser', 'user { id }', { id: member.id, status: 'DEACTIVATED' });
    expect(await mutate('createTenant', 'tenant { id }', { ...input(), adminEmail: member.email })).toMatchObject({
      issues: [{ path: 'adminEmail' }],
    });
  });

  it('is not a user hidden with its customer', async () => {
    const customer = await newCustomer();
    const user = await newCustomerUser(customer.id);
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id });
    expect(await mutate('createTenant', 'tenant { id }', { ...input(), adminEmail: user.email })).toMatchObject({
      __typename: 'AlreadyExistsError',
      path: 'adminEmail',
      existing: null,
    });
  });
});
