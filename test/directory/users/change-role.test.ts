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
  type Result,
  succeed,
} from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

const inTenant = (tenant: Result, name: string) => ({
  roleIdentifier: { name },
  tenantIdentifier: { id: tenant.id },
});
const inTeam = (name: string) => ({ roleIdentifier: { name } });

const ROLES = `query($id: ID!) { user(id: $id) { role { name } tenantRoles { nodes { tenant { id } role { name } } } } }`;

/** The roles of a user: in the organization or a customer, then those in these tenants. */
async function rolesOf({ id }: Result, ...tenants: Result[]): Promise<(string | null)[]> {
  const { user } = (await ask(ROLES, { id })).data;
  const inEach = tenants.map(
    (tenant) => user.tenantRoles.nodes.find((node: Result) => node.tenant.id === tenant.id)?.role.name ?? null,
  );
  return [user.role?.name ?? null, ...inEach];
}

const change = (user: Result, input: object, key?: string) =>
  mutate('changeRole', 'user { id }', { userIdentifier: { id: user.id }, ...input }, key);

describe('changeRole', () => {
  it('moves a user from one tenant to another', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const user = await newTenantUser(one.id);
    await change(user, { revoke: inTenant(one, 'view'), assign: inTenant(other, 'manage') });
    expect(await rolesOf(user, one, other)).toEqual([null, null, 'manage']);
    expect((await eventsAbout(user.id)).slice(-2)).toEqual(['tenantRole.assigned', 'tenantRole.revoked']);
  });

  it('changes one role for another in the same tenant, where nothing ends', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id);
    await change(user, { revoke: inTenant(tenant, 'VIEW'), assign: inTenant(tenant, 'manage') });
    expect(await rolesOf(user, tenant)).toEqual([null, 'manage']);
    expect(await eventsAbout(user.id)).toEqual(['user.created', 'tenantRole.assigned', 'tenantRole.assigned']);
  });

  it('takes a role away, or gives one, alone; and what is so already is no event', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const user = await newTenantUser(one.id);
    await change(user, { assign: inTenant(other, 'view') });
    expect(await rolesOf(user, one, other)).toEqual([null, 'view', 'view']);
    const before = await eventsAbout(user.id);
    expect((await change(user, { assign: inTenant(other, 'view') })).user.id).toBe(user.id);
    expect(await eventsAbout(user.id)).toEqual(before);
    await change(user, { revoke: inTenant(one, 'view') });
    expect(await rolesOf(user, one, other)).toEqual([null, null, 'view']);
  });

  it('changes the role of a team member, together with one in a tenant', async () => {
    const tenant = await newTenant();
    const member = await newTeamMember();
    await assign(member.id, tenant.id, 'view');
    await change(member, { revoke: inTeam('viewer'), assign: inTeam('member') });
    expect(await rolesOf(member, tenant)).toEqual(['member', 'view']);
    await change(member, { revoke: inTenant(tenant, 'view'), assign: inTeam('admin') });
    expect(await rolesOf(member, tenant)).toEqual(['admin', null]);
  });

  it('does nothing of two things, if one cannot be', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const admin = await newTenantUser(one.id, { roleIdentifier: { name: 'admin' } });
    const refusals = {
      last_admin: { revoke: inTenant(one, 'admin'), assign: inTenant(other, 'view') },
      not_found: { revoke: inTenant(one, 'view'), assign: inTenant(other, 'view') },
    };
    for (const [code, input] of Object.entries(refusals)) {
      expect((await change(admin, input)).code).toBe(code);
      expect(await rolesOf(admin, one, other), code).toEqual([null, 'admin', null]);
    }
    await newTenantUser(one.id, { roleIdentifier: { name: 'admin' } });
    const { secret } = await newKey({ tenants: [one.id] });
    const input = { revoke: inTenant(one, 'admin'), assign: inTenant(other, 'view') };
    expect((await change(admin, input, secret)).code, 'the other tenant is out of reach').toBe('not_found');
    expect(await rolesOf(admin, one, other)).toEqual([null, 'admin', null]);
  });

  it('keeps the last admin also where the role is changed for another in the same tenant', async () => {
    const tenant = await newTenant();
    const admin = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    const same = { revoke: inTenant(tenant, 'admin'), assign: inTenant(tenant, 'admin') };
    expect((await change(admin, same)).code).toBeUndefined();
    expect((await change(admin, { ...same, assign: inTenant(tenant, 'view') })).code).toBe('last_admin');
  });

  it('makes nobody a team member, and leaves no team member without a role', async () => {
    const customer = await newCustomer();
    const tenant = await newTenant();
    const member = await newTeamMember();
    for (const user of [await newCustomerUser(customer.id), await newTenantUser(tenant.id)]) {
      const before = await rolesOf(user, tenant);
      expect((await change(user, { assign: inTeam('admin') })).code).toBe('validation_failed');
      expect((await change(user, { revoke: inTeam('member'), assign: inTeam('admin') })).code).toBe('not_found');
      expect(await rolesOf(user, tenant)).toEqual(before);
    }
    for (const input of [
      {},
      { revoke: inTeam('viewer') },
      { revoke: inTeam('viewer'), assign: inTenant(tenant, 'view') },
    ])
      expect((await change(member, input)).code).toBe('validation_failed');
    expect(await rolesOf(member, tenant)).toEqual(['viewer', null]);
  });

  it('is refused to who holds less than what is taken or given', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'manage' } });
    const { secret } = await newKey({
      permissions: ['tenant:read', 'customer:read', 'user:read', 'usage:read', 'user:edit'],
    });
    for (const input of [
      { revoke: inTenant(tenant, 'manage') },
      { assign: inTenant(tenant, 'view') },
      { revoke: inTenant(tenant, 'manage'), assign: inTenant(tenant, 'view') },
    ]) {
      expect((await change(user, input, secret)).code).toBe('insufficient_permissions');
    }
    expect(await rolesOf(user, tenant)).toEqual([null, 'manage']);
    await succeed('assignTenantRole', 'user { id }', {
      userIdentifier: { id: user.id },
      tenantIdentifier: { id: tenant.id },
      roleIdentifier: { name: 'view' },
    });
    expect((await change(user, { assign: inTenant(tenant, 'admin') }, secret)).code).toBe('insufficient_permissions');
  });
});
