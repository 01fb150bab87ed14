import { describe, expect, it } from 'vitest';
import {
  assign,
  dump,
  eventsAbout,
  mutate,
  newCustomer,
  newKey,
  newRole,
  newTenant,
  newTenantUser,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { graphqlRequest, mailbox, send } from '../../shared/gateway.ts';
import { enter, mailedToken, PASSWORD, step } from '../../shared/people.ts';

const email = () => `${unique('invited')}@x.example`;
const view = { roleIdentifier: { name: 'view' } };
const there = (tenant: Result) => ({ tenantIdentifier: { id: tenant.id } });

const tokenIn = (link: string | null): string => link?.split('#token=')[1] ?? '';

/** Whether a link lets anybody in, found out without using it: the password is refused only behind it. */
async function isGood(token: string, address: string): Promise<boolean> {
  const { status, text } = await step('accept-invitation', { token, password: address });
  expect([400, 401], text).toContain(status);
  return status === 400;
}

interface Invited {
  user: Result;
  token: string;
}

/** A new user of a tenant with the link that was handed out. */
async function invited(tenant: Result, key?: string): Promise<Invited> {
  const input = { email: email(), ...view, ...there(tenant), handOutLink: true };
  const { user, invitationLink } = await succeed('addTenantUser', 'user { id email } invitationLink', input, key);
  return { user, token: tokenIn(invitationLink) };
}

describe('the link of an invitation', () => {
  it('is handed out for the asking by whatever invites, and lets the user in', async () => {
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    const { user } = await invited(tenant);
    const calls = {
      createOrganizationUser: { roleIdentifier: { name: 'viewer' } },
      createCustomerUser: { roleIdentifier: { name: 'member' }, customerIdentifier: { id: customer.id } },
      createTenantUser: { ...view, ...there(tenant) },
      addTenantUser: { ...view, ...there(tenant) },
    };
    for (const [name, input] of Object.entries(calls)) {
      const [asked, unasked] = [email(), email()];
      const payload = 'user { id } invitationLink';
      const { invitationLink } = await succeed(name, payload, { ...input, email: asked, handOutLink: true });
      expect(invitationLink, name).toMatch(
        /^https:\/\/tenantry\.test\/auth\/accept-invitation#token=tenantry-link_\w+$/,
      );
      expect(await isGood(tokenIn(invitationLink), asked), name).toBe(true);
      expect((await succeed(name, payload, { ...input, email: unasked })).invitationLink, name).toBeNull();
    }
    const { invitationLink } = await succeed('inviteUser', 'invitationLink', {
      userIdentifier: { id: user.id },
      handOutLink: true,
    });
    const accepted = await step('accept-invitation', { token: tokenIn(invitationLink), password: PASSWORD });
    expect(accepted.status, accepted.text).toBe(200);
    expect(accepted.body.user).toMatchObject({ id: user.id, status: 'ACTIVE' });
    expect(await eventsAbout(user.id)).toEqual([
      'user.created',
      'tenantRole.assigned',
      'user.linkHandedOut',
      'user.invited',
      'user.linkHandedOut',
      'user.joined',
    ]);
  });

  it('is good beside the one in the mail, until either is used', async () => {
    const tenant = await newTenant();
    const [one, other] = [await invited(tenant), await invited(tenant)];
    for (const { user, token } of [one, other]) {
      expect(mailedToken(user.email)).not.toBe(token);
      expect(await isGood(token, user.email)).toBe(true);
      expect(await isGood(mailedToken(user.email), user.email)).toBe(true);
    }
    await step('accept-invitation', { token: one.token, password: PASSWORD });
    await step('accept-invitation', { token: mailedToken(other.user.email), password: PASSWORD });
    for (const { user, token } of [one, other]) {
      expect(await isGood(token, user.email)).toBe(false);
      expect(await isGood(mailedToken(user.email), user.email)).toBe(false);
    }
  });

  it('is kept as a hash only', async () => {
    const { token } = await invited(await newTenant());
    expect(await dump()).not.toContain(token);
  });

  it('ends with the next invitation, and with the e-mail address that it is for', async () => {
    const tenant = await newTenant();
    const [again, moved] = [await invited(tenant), await invited(tenant)];
    await succeed('inviteUser', 'user { id }', { userIdentifier: { id: again.user.id } });
    expect(await isGood(again.token, again.user.email)).toBe(false);
    const address = email();
    await succeed('updateUser', 'user { id }', { id: moved.user.id, email: address });
    expect(await isGood(moved.token, address)).toBe(false);
    expect(await isGood(mailedToken(address), address)).toBe(true);
  });

  it('ends as soon as the user may or reaches more, which the one in the mail does not', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const role = await newRole({ permissions: ['tenant:read'] });
    const gains: Record<string, (user: Result) => Promise<unknown>> = {
      'another tenant': ({ id }) => assign(id, other.id, 'view'),
      'a higher role': ({ id }) => assign(id, tenant.id, 'admin'),
      'a permission of the role': () =>
        succeed('updateRole', 'role { id }', { id: role.id, permissions: ['tenant:read', 'tenant:edit'] }),
    };
    for (const [what, gain] of Object.entries(gains)) {
      const address = email();
      const { user, invitationLink } = await succeed('addTenantUser', 'user { id email } invitationLink', {
        email: address,
        roleIdentifier: { id: role.id },
        ...there(tenant),
        handOutLink: true,
      });
      expect(await isGood(tokenIn(invitationLink), address), what).toBe(true);
      await gain(user);
      expect(await isGood(tokenIn(invitationLink), address), what).toBe(false);
      expect(await isGood(mailedToken(address), address), what).toBe(true);
    }
  });

  it('is not for who has joined, nor for callers who hold less than the user', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const [joined, elsewhere, above] = [
      await newTenantUser(tenant.id),
      await newTenantUser(tenant.id),
      await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } }),
    ];
    await enter(joined);
    await assign(elsewhere.id, other.id, 'view');
    const third = await newTenant();
    const near = await newKey({ tenants: [tenant.id, third.id] });
    const weak = await newKey({
      permissions: ['tenant:read', 'customer:read', 'user:read', 'usage:read', 'user:create', 'user:edit'],
    });
    for (const [{ email: address }, key] of [
      [joined, near.secret],
      [elsewhere, near.secret],
      [above, weak.secret],
    ] as const) {
      const input = { email: address, ...view, ...there(third), handOutLink: true };
      const { isNew, invitationLink } = await succeed('addTenantUser', 'isNew invitationLink', input, key);
      expect([isNew, invitationLink]).toEqual([false, null]);
    }
  });

  it('leads to a page of your own, and is null where nothing is known of any', async () => {
    const tenant = await newTenant();
    const document = `mutation($input: AddTenantUserInput!) {
      addTenantUser(input: $input) { ... on AddTenantUserPayload { invitationLink } } }`;
    const linkWith = async (overrides: Parameters<typeof send>[1]) => {
      const input = { email: email(), ...view, ...there(tenant), handOutLink: true };
      return (await send(graphqlRequest(document, { input }), overrides)).data.addTenantUser.invitationLink;
    };
    expect(await linkWith({ INVITATION_URL: 'https://own.example/join' })).toMatch(
      /^https:\/\/own\.example\/join#token=/,
    );
    expect(await linkWith({ PUBLIC_URL: '' })).toBeNull();
  });
});

describe('addTenantUser', () => {
  it('creates a user who starts in the tenant, and mails an invitation', async () => {
    const tenant = await newTenant();
    const address = email();
    const payload = 'isNew user { email status defaultTenant { id } tenantRoles { nodes { role { name } } } }';
    const added = await succeed('addTenantUser', payload, { email: address, ...view, ...there(tenant) });
    expect(added).toMatchObject({
      isNew: true,
      user: {
        email: address,
        status: 'INVITED',
        defaultTenant: { id: tenant.id },
        tenantRoles: { nodes: [{ role: { name: 'view' } }] },
      },
    });
    expect(mailbox.filter(({ to }) => to === address)).toHaveLength(1);
  });

  it('gives a role to a user who is there, who is not invited twice', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const user = await newTenantUser(tenant.id);
    const payload = 'isNew user { id tenantRoles { nodes { tenant { id } } } }';
    const added = await succeed('addTenantUser', payload, {
      email: user.email.toUpperCase(),
      ...view,
      ...there(other),
    });
    expect(added.isNew).toBe(false);
    expect(added.user.id).toBe(user.id);
    expect(added.user.tenantRoles.nodes).toHaveLength(2);
    expect(mailbox.filter(({ to }) => to === user.email)).toHaveLength(1);
  });

  it('changes no role, and tells of who is out of reach only that the address is taken', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const [user, stranger] = [await newTenantUser(tenant.id), await newTenantUser(other.id)];
    const { secret } = await newKey({ tenants: [tenant.id] });
    const add = (address: string) =>
      mutate(
        'addTenantUser',
        'user { id }',
        { email: address, roleIdentifier: { name: 'user' }, ...there(tenant) },
        secret,
      );
    expect(await add(user.email)).toMatchObject({
      ...{ code: 'already_exists', path: 'email', existing: { id: user.id } },
      message: 'The user with the address given at email has a role in the tenant already.',
    });
    expect(await add(stranger.email)).toMatchObject({
      ...{ code: 'already_exists', path: 'email', existing: null },
      message: 'The value given at email belongs to another record.',
    });
    expect(await eventsAbout(stranger.id)).toEqual(await eventsAbout(user.id));
  });
});
