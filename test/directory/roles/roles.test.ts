import { describe, expect, it } from 'vitest';
import { PERMISSIONS, type Permission } from '../../../src/directory/kernel/permission-names.ts';
import {
  assign,
  dump,
  eventsAbout,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';
import { enter } from '../../shared/people.ts';

interface Listed {
  id: string;
  name: string;
  scope: string;
  isBuiltIn: boolean;
  permissions: { nodes: { name: Permission }[] };
}

const ROLES = `query($id: ID!) {
  organizationRoles { ...of } customerRoles { ...of } tenant(id: $id) { availableRoles { ...of } } }
  fragment of on Role { id name scope isBuiltIn permissions(first: 100) { nodes { name } } }`;

async function rolesSeenBy(tenantId: string, key?: string): Promise<Record<string, Listed[]>> {
  const { data, text } = await ask(ROLES, { id: tenantId }, key);
  expect(data?.tenant, text).toBeTruthy();
  return {
    ORGANIZATION: data.organizationRoles,
    CUSTOMER: data.customerRoles,
    TENANT: data.tenant.availableRoles,
  };
}

const BUILT_IN = {
  ORGANIZATION: ['owner', 'admin', 'member', 'viewer'],
  CUSTOMER: ['admin', 'member'],
  TENANT: ['admin', 'manage', 'user', 'view'],
};

describe('the built-in roles', () => {
  it('are there in three scopes, the highest first, and hold less the lower they are', async () => {
    const tenant = await newTenant();
    const roles = await rolesSeenBy(tenant.id);
    for (const [scope, names] of Object.entries(BUILT_IN)) {
      const builtIn = roles[scope]?.filter(({ isBuiltIn }) => isBuiltIn) ?? [];
      expect(builtIn.map(({ name }) => name)).toEqual(names);
      const held = builtIn.map(({ permissions }) => new Set(permissions.nodes.map(({ name }) => name)));
      for (const [index, lower] of held.entries()) {
        if (index > 0) expect(lower.isSubsetOf(held[index - 1] ?? new Set()), names[index]).toBe(true);
      }
    }
    const [owner] = roles.ORGANIZATION ?? [];
    expect(owner?.permissions.nodes.map(({ name }) => name)).toEqual([...PERMISSIONS].sort());
  });

  it('stay as they are', async () => {
    const tenant = await newTenant();
    const roles = Object.values(await rolesSeenBy(tenant.id)).flat();
    for (const { id } of roles.filter(({ isBuiltIn }) => isBuiltIn)) {
      const before = await dump();
      for (const [name, input] of [
        ['updateRole', { id, permissions: [] }],
        ['updateRole', { id, name: unique('other') }],
        ['deleteRole', { id }],
      ] as const)
        expect(await mutate(name, 'role { id }', input)).toMatchObject({ code: 'built_in_role' });
      expect(await dump()).toBe(before);
    }
  });

  it('are listed only to who could give them', async () => {
    const tenant = await newTenant();
    const permissions: Permission[] = ['tenant:read', 'customer:read', 'user:read', 'usage:read', 'role:read'];
    const { secret } = await newKey({ permissions });
    const seen = await rolesSeenBy(tenant.id, secret);
    const names = (scope: string) => seen[scope]?.filter(({ isBuiltIn }) => isBuiltIn).map(({ name }) => name);
    expect(names('ORGANIZATION')).toEqual([]);
    expect(names('CUSTOMER')).toEqual(['member']);
    expect(names('TENANT')).toEqual(['view']);
    const inTenant = await newKey({ tenants: [tenant.id] });
    const reached = await rolesSeenBy(tenant.id, inTenant.secret);
    expect(reached.ORGANIZATION).toEqual([]);
    expect(reached.CUSTOMER).toEqual([]);
    expect(reached.TENANT?.filter(({ isBuiltIn }) => isBuiltIn).map(({ name }) => name)).toEqual(BUILT_IN.TENANT);
  });
});

describe('a role of one’s own', () => {
  it('is created, given, changed for all who have it, and deleted when nobody has it', async () => {
    const tenant = await newTenant();
    const name = unique('Auditor');
    const { role } = await succeed(
      'createRole',
      'role { id name scope level isBuiltIn description permissions { nodes { name } } }',
      { scope: 'TENANT', name, level: 10, permissions: ['event:read', 'tenant:read', 'event:read'] },
    );
    expect(role).toMatchObject({ name, scope: 'TENANT', level: 10, isBuiltIn: false, description: null });
    expect(role.permissions.nodes).toEqual([{ name: 'event:read' }, { name: 'tenant:read' }]);
    const user = await newTenantUser(tenant.id, { roleIdentifier: { id: role.id } });
    expect(await mutate('deleteRole', 'role { id }', { id: role.id })).toMatchObject({
      __typename: 'RoleInUseError',
      userCount: 1,
    });
    const changed = await succeed('updateRole', 'role { level permissions { nodes { name } } }', {
      id: role.id,
      level: 30,
      permissions: ['customer:read'],
    });
    expect(changed.role).toEqual({ level: 30, permissions: { nodes: [{ name: 'customer:read' }] } });
    await succeed('updateRole', 'role { id }', { id: role.id, level: 30, permissions: ['customer:read'] });
    await succeed('updateRole', 'role { id }', { id: role.id });
    await assign(user.id, tenant.id, 'view');
    await succeed('deleteRole', 'role { name }', { id: role.id });
    expect(await eventsAbout(role.id)).toEqual(['role.created', 'role.updated', 'role.deleted']);
    const again = await ask('query($id: ID!) { node(id: $id) { id } }', { id: role.id });
    expect(again.data.node).toBeNull();
  });

  it('has a name of its own in its scope', async () => {
    const role = await newRole({ scope: 'CUSTOMER' });
    const input = { scope: 'CUSTOMER', name: ` ${role.name.toUpperCase()} `, permissions: [] };
    expect(await mutate('createRole', 'role { id }', input)).toMatchObject({
      __typename: 'AlreadyExistsError',
      path: 'name',
      existing: { __typename: 'Role', id: role.id },
    });
    await succeed('createRole', 'role { id }', { ...input, scope: 'TENANT' });
    const other = await newRole({ scope: 'CUSTOMER' });
    expect(await mutate('updateRole', 'role { id }', { id: other.id, name: role.name })).toMatchObject({
      __typename: 'AlreadyExistsError',
      existing: { id: role.id },
    });
  });

  it('counts hidden users among those who have it', async () => {
    const role = await newRole({ scope: 'ORGANIZATION' });
    const user = await newTeamMember({ roleIdentifier: { name: role.name } });
    await succeed('deleteUser', 'user { id }', { id: user.id });
    expect(await mutate('deleteRole', 'role { id }', { id: role.id })).toMatchObject({ userCount: 1 });
  });

  it('is refused when there are a hundred', async () => {
    const { data } = await ask('{ customerRoles { id } }');
    for (let count = data.customerRoles.length; count < 100; count += 1) await newRole({ scope: 'CUSTOMER' });
    expect(
      await mutate('createRole', 'role { id }', { scope: 'CUSTOMER', name: unique('more'), permissions: [] }),
    ).toMatchObject({ __typename: 'TooManyRolesError', code: 'too_many_roles' });
  });
});

const statusOf = async (id: string) => {
  const { data } = await ask('query($id: ID!) { user(id: $id) { status role { name } } }', { id });
  return data.user;
};

describe('a customer with users', () => {
  it('is hidden, brought back and erased only by who holds what they hold', async () => {
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    const user = await newCustomerUser(customer.id);
    await assign(user.id, tenant.id, 'admin');
    const weak = await newKey({ permissions: ['customer:delete', 'user:delete'] });
    const refused = { code: 'insufficient_permissions', missingPermissions: expect.arrayContaining(['apiKey:edit']) };
    const before = await dump();
    for (const permanently of [false, true])
      expect(await mutate('deleteCustomer', '__typename', { id: customer.id, permanently }, weak.secret)).toMatchObject(
        refused,
      );
    expect(await dump()).toBe(before);
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id });
    expect(await mutate('restoreCustomer', '__typename', { id: customer.id }, weak.secret)).toMatchObject(refused);
    await succeed('restoreCustomer', 'customer { id }', { id: customer.id });
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id, permanently: true });
  });
});

describe('a tenant with users and keys', () => {
  it('is brought back only by who holds what they hold', async () => {
    const [tenant, keyed] = [await newTenant(), await newTenant()];
    await newTenantUser(tenant.id);
    await newKey({ tenants: [keyed.id], permissions: ['event:read'] });
    const weak = await newKey({ permissions: ['tenant:delete'] });
    for (const [id, permission] of [
      [tenant.id, 'customer:read'],
      [keyed.id, 'event:read'],
    ]) {
      await succeed('deleteTenant', 'tenant { id }', { id }, weak.secret);
      expect(await mutate('restoreTenant', '__typename', { id }, weak.secret)).toMatchObject({
        missingPermissions: expect.arrayContaining([permission]),
      });
      await succeed('restoreTenant', 'tenant { id }', { id });
    }
  });
});

describe('the last owner', () => {
  it('can be neither deleted, demoted nor deactivated, also when 20 try at once', async () => {
    const owners: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      const owner = await newTeamMember({ roleIdentifier: { name: 'owner' } });
      await enter(owner);
      owners.push(owner.id);
    }
    const invited = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    const attempts = Array.from({ length: 20 }, (_, index) => {
      const id = owners[index % owners.length];
      const ways = [
        () => mutate('deleteUser', 'user { id }', { id }),
        () => mutate('updateUser', 'user { id }', { id, status: 'DEACTIVATED' }),
        () => mutate('updateUser', 'user { id }', { id, roleIdentifier: { name: 'admin' } }),
        () => mutate('deleteUser', 'user { id }', { id, permanently: true }),
      ];
      return ways[Math.floor(index / owners.length) % ways.length]?.();
    });
    const results = await Promise.all(attempts);
    expect(results.some((result) => result?.__typename === 'LastOwnerError')).toBe(true);
    const left = await Promise.all(owners.map(statusOf));
    const active = left.filter((user) => user?.status === 'ACTIVE' && user.role.name === 'owner');
    expect(active).toHaveLength(1);
    // Where somebody is ACTIVE, those who are not may go.
    await succeed('deleteUser', 'user { id }', { id: invited.id });
  });
});

describe('the last admin of a tenant', () => {
  const revoke = (userId: string, tenantId: string) =>
    mutate('revokeTenantRole', 'user { id }', {
      userIdentifier: { id: userId },
      tenantIdentifier: { id: tenantId },
    });

  it('stays in every way, also when 20 try at once', async () => {
    const tenant = await newTenant();
    const users: Result[] = [];
    for (let count = 0; count < 3; count += 1)
      users.push(await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } }));
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const id = users[index % users.length]?.id ?? '';
        const ways = [
          () => revoke(id, tenant.id),
          () => mutate('deleteUser', 'user { id }', { id }),
          () => assign(id, tenant.id, 'manage'),
          () => mutate('updateUser', 'user { id }', { id, status: 'DEACTIVATED' }),
        ];
        return ways[Math.floor(index / users.length) % ways.length]?.();
      }),
    );
    const refused = results.filter((result) => result?.__typename === 'LastAdminError');
    expect(refused.length).toBeGreaterThan(0);
    for (const result of refused) expect(result).toMatchObject({ code: 'last_admin', tenantIds: [tenant.id] });
    const { data } = await ask(
      'query($id: ID!) { tenant(id: $id) { users { nodes { tenantRoles { nodes { role { name } } } } } } }',
      { id: tenant.id },
    );
    const roles = data.tenant.users.nodes.flatMap(
      ({ tenantRoles }: { tenantRoles: { nodes: { role: { name: string } }[] } }) =>
        tenantRoles.nodes.map(({ role }) => role.name),
    );
    expect(roles).toContain('admin');
  });

  it('stays when its customer would take it along', async () => {
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    const user = await newCustomerUser(customer.id);
    await assign(user.id, tenant.id, 'admin');
    for (const permanently of [false, true])
      expect(await mutate('deleteCustomer', 'customer { id }', { id: customer.id, permanently })).toMatchObject({
        __typename: 'LastAdminError',
        tenantIds: [tenant.id],
      });
    await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id });
  });

  it('stays in a tenant that is deleted, which may come back, until it is erased', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    expect((await revoke(user.id, tenant.id)).__typename).toBe('LastAdminError');
    await succeed('deleteTenant', 'tenant { id }', { id: tenant.id });
    expect((await mutate('deleteUser', 'user { id }', { id: user.id })).__typename).toBe('LastAdminError');
    await succeed('deleteTenant', 'tenant { id }', { id: tenant.id, permanently: true });
    await succeed('deleteUser', 'user { id }', { id: user.id });
  });
});
