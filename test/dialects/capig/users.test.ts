import { describe, expect, it } from 'vitest';
import {
  assign,
  newCustomer,
  newCustomerUser,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { mailbox } from '../../shared/gateway.ts';
import { enter, mailedToken, step } from '../../shared/people.ts';
import { ADD, advertiser, asked, CHANGE, email, hub, INVITE, type Json, none, usersOf, without } from './hub.ts';

const added = async (input: Json, key?: string) =>
  (await asked(ADD, { input }, key)).data.userMutations.addUserWithRole;
const changed = async (input: Json): Promise<string[]> =>
  (await asked(CHANGE, { input })).data.userMutations.changeRoleForUser.user.roles.map(({ name }: Result) => name);

describe('a user', () => {
  it('has the roles and the tenants in reach of the caller', async () => {
    const [near, far] = [await newTenant(), await newTenant()];
    const [member, guest] = [await newTeamMember(), await newTenantUser(far.id)];
    for (const { id } of [member, guest]) await assign(id, near.id, 'user');
    const gone = await newTenant();
    await assign(guest.id, gone.id, 'view');
    await succeed('deleteTenant', 'tenant { id }', { id: gone.id });
    const inNear = { name: advertiser('user', near), displayName: 'user', tenantName: near.name };
    const all = await usersOf(near);
    expect(all.get(rawId(member.id))?.roles).toEqual([
      { name: 'agency-view', displayName: 'view', tenantName: null },
      inNear,
    ]);
    expect(all.get(rawId(guest.id))?.roles.map(({ name }: Result) => name)).toEqual(
      [advertiser('user', near), advertiser('view', far)].sort((one, other) =>
        one.slice(-36) < other.slice(-36) ? -1 : 1,
      ),
    );
    const tenantsOf = (user?: Result) => user?.tenants.map(({ id }: Result) => id);
    expect(tenantsOf(all.get(rawId(guest.id)))).toEqual([rawId(near.id), rawId(far.id)]);
    expect(all.get(rawId(guest.id))?.defaultTenantId).toBe(rawId(far.id));

    const { secret } = await newKey({ tenants: [near.id] });
    const seen = await usersOf(near, secret);
    for (const { id } of [member, guest]) {
      const user = seen.get(rawId(id));
      expect(user?.roles).toEqual([inNear]);
      expect(tenantsOf(user)).toEqual([rawId(near.id)]);
      expect(user?.defaultTenantId).toBeNull();
    }
  });

  it('has a status as a number, and no expiry', async () => {
    const tenant = await newTenant();
    const [invited, active, off] = [
      await newTenantUser(tenant.id),
      await newTenantUser(tenant.id),
      await newTenantUser(tenant.id),
    ];
    await enter(active);
    await succeed('updateUser', 'user { id }', { id: off.id, status: 'DEACTIVATED' });
    const users = await usersOf(tenant);
    expect([off, active, invited].map((user) => users.get(rawId(user.id))?.status)).toEqual([0, 1, 2]);
    expect([...users.values()].map(({ userExpiry }) => userExpiry)).toEqual([null, null, null]);
  });

  it('can be deleted, unless it is the only admin of a tenant or the caller may not', async () => {
    const tenant = await newTenant();
    const [admin, other] = [
      await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } }),
      await newTenantUser(tenant.id),
    ];
    const deletable = async (key?: string) => {
      const users = await usersOf(tenant, key);
      return [admin, other].map((user) => users.get(rawId(user.id))?.canBeDeleted);
    };
    expect(await deletable()).toEqual([false, true]);
    expect(await deletable(await without('user:delete')())).toEqual([false, false]);
    await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    expect(await deletable()).toEqual([true, true]);
  });

  it('of a customer has no role there that would be one here', async () => {
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    const user = await newCustomerUser(customer.id);
    await assign(user.id, tenant.id, 'view');
    expect((await usersOf(tenant)).get(rawId(user.id))?.roles).toHaveLength(1);
  });
});

describe('the name of a role', () => {
  it('is one by which it is given and taken, whatever the role is called', async () => {
    const tenant = await newTenant();
    const names = ['Ops team', 'a-b-c', unique('With spaces and-dashes'), none, 'Über 100% "quoted"', 'view-only'];
    for (const name of names.map((name) => `${name}`)) {
      await newRole({ name });
    }
    const { data } = await asked(
      'query($tenantId: String!) { tenant(tenantId: $tenantId) { availableRoles { name displayName tenantName } } }',
      { tenantId: rawId(tenant.id) },
    );
    const { availableRoles } = data.tenant;
    expect(availableRoles.map(({ displayName }: Result) => displayName)).toEqual(expect.arrayContaining(names));
    for (const { name, displayName, tenantName } of availableRoles) {
      expect(tenantName).toBe(tenant.name);
      const { user } = await added({ email: email(), roleName: name });
      expect(user.roles, name).toEqual([{ name, displayName, tenantName: tenant.name }]);
    }
  });

  it('of an agency is in the words of the document, and of no other role', async () => {
    const mine = await newRole({ scope: 'ORGANIZATION', name: 'User' });
    const words = { owner: 'owner', admin: 'admin', member: 'user', viewer: 'view' };
    for (const [ours, theirs] of Object.entries(words)) {
      for (const roleName of [`agency-${theirs}`, `AGENCY-${ours}`]) {
        const { user } = await added({ email: email(), roleName });
        expect(user.roles).toEqual([{ name: `agency-${theirs}`, displayName: theirs, tenantName: null }]);
      }
    }
    const member = await newTeamMember({ roleIdentifier: { id: mine.id } });
    const tenant = await newTenant();
    await assign(member.id, tenant.id, 'view');
    const [role] = (await usersOf(tenant)).get(rawId(member.id))?.roles ?? [];
    expect(role).toEqual({ name: `agency-${rawId(mine.id)}`, displayName: 'User', tenantName: null });
    expect((await added({ email: email(), roleName: role.name })).user.roles).toEqual([role]);
  });

  it('may have the tenant as /graphql shows it', async () => {
    const tenant = await newTenant();
    const { user } = await added({ email: email(), roleName: `advertiser-View-${tenant.id}` });
    expect(user.roles[0].name).toBe(advertiser('view', tenant));
  });
});

/** Whether a link lets anybody in, found out without using it: the password is refused only behind it. */
async function isGood(link: string | null, address: string): Promise<boolean> {
  const token = link?.split('#token=')[1] ?? '';
  return (await step('accept-invitation', { token, password: address })).status === 400;
}

describe('addUserWithRole', () => {
  it('makes a user, mails an invitation and answers a link that works, too', async () => {
    const tenant = await newTenant();
    for (const roleName of [advertiser('view', tenant), 'agency-view']) {
      const address = email();
      const { userAlreadyExist, invitationLink, user } = await added({ email: address, roleName });
      expect([userAlreadyExist, user.email, user.status, user.roles[0].name]).toEqual([false, address, 2, roleName]);
      expect(mailbox.filter(({ to }) => to === address)).toHaveLength(1);
      expect(await isGood(invitationLink, address)).toBe(true);
      expect(await isGood(`#token=${mailedToken(address)}`, address)).toBe(true);
    }
  });

  it('gives the role to a user who is there, with a link only to who has not joined', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const [waiting, joined] = [await newTenantUser(one.id), await newTenantUser(one.id)];
    await enter(joined);
    const links = [];
    for (const { email: address } of [waiting, joined]) {
      const { userAlreadyExist, invitationLink, user } = await added({
        email: address,
        roleName: advertiser('manage', other),
      });
      expect([userAlreadyExist, user.roles.length]).toEqual([true, 2]);
      links.push(invitationLink);
    }
    expect(await isGood(links[0], waiting.email)).toBe(true);
    expect(links[1]).toBeNull();
  });
});

describe('changeRoleForUser', () => {
  it('takes one role and gives another at once, or does one of the two', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const user = await newTenantUser(one.id);
    const userId = user.id;
    const [view, manage, there] = [advertiser('view', one), advertiser('manage', one), advertiser('view', other)];
    expect(await changed({ userId, roleToRevoke: view, roleToAdd: manage })).toEqual([manage]);
    expect(await changed({ userId, roleToAdd: there })).toEqual([manage, there]);
    expect(await changed({ userId: rawId(user.id), roleToRevoke: manage })).toEqual([there]);
    expect(await changed({ userId, roleToRevoke: there, roleToAdd: view })).toEqual([view]);
  });

  it('changes the role of an agency user', async () => {
    const member = await newTeamMember();
    expect(await changed({ userId: member.id, roleToRevoke: 'agency-view', roleToAdd: 'agency-admin' })).toEqual([
      'agency-admin',
    ]);
    expect(await changed({ userId: member.id, roleToAdd: 'agency-user' })).toEqual(['agency-user']);
  });

  it('does neither, if one cannot be', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id);
    const input = { userId: user.id, roleToRevoke: advertiser('view', tenant), roleToAdd: `advertiser-view-${none}` };
    expect((await hub(CHANGE, { input })).status).toBe(404);
    expect((await usersOf(tenant)).get(rawId(user.id))?.roles).toHaveLength(1);
  });
});

describe('sendInvitation', () => {
  it('mails another invitation, and answers a link that works, too', async () => {
    const tenant = await newTenant();
    const [user, member] = [await newTenantUser(tenant.id), await newTeamMember()];
    const before = [mailedToken(user.email), mailedToken(member.email)];
    const inputs = [
      { email: user.email, tenantId: rawId(tenant.id), userType: 'ADVERTISER' },
      { email: member.email, tenantId: null, userType: 'AGENCY' },
    ];
    for (const [index, input] of inputs.entries()) {
      const { data } = await asked(INVITE, { input });
      expect(await isGood(data.userMutations.sendInvitation, input.email)).toBe(true);
      expect(await isGood(`#token=${mailedToken(input.email)}`, input.email)).toBe(true);
      expect(await isGood(`#token=${before[index]}`, input.email)).toBe(false);
    }
  });
});
