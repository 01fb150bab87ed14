import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ADD, advertiser, asked, INVITE } from '../../dialects/capig/hub.ts';
import { CUSTOMER_MEMBER } from '../../dialects/prismatic/api.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  allBut,
  assign,
  eventsAbout,
  globalId,
  mutate,
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
import { ask, cron, graphqlRequest, mailbox, overtaken, ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';
import { enter, join, mailedToken, PASSWORD, step, tokenOf } from '../../shared/people.ts';
import { posted } from '../../walks/dialects/table.ts';

const FIELDS = 'user { id email } invitedBy { type id } createdAt sentAt expiresAt isExpired lastError';

beforeAll(countChanges);
afterEach(() => void vi.restoreAllMocks());

const newEmail = () => `${unique('invited')}@x.example`;

/** All invitations that a credential sees, page by page, and that their total is theirs. */
async function listed(key?: string): Promise<Result[]> {
  const found: Result[] = [];
  for (let after: string | null = null; ; ) {
    const { data, errors, calls, text } = await ask(
      `query($a: String) { invitations(first: 7, after: $a) { nodes { ${FIELDS} } totalCount pageInfo { hasNextPage endCursor } } }`,
      { a: after },
      key,
    );
    expect(errors, text).toEqual([]);
    expect(calls).toBeLessThanOrEqual(2);
    const { nodes, totalCount, pageInfo } = data.invitations;
    found.push(...nodes);
    if (!pageInfo.hasNextPage) {
      expect(found).toHaveLength(totalCount);
      return found;
    }
    after = pageInfo.endCursor;
  }
}

const emailsIn = (invitations: readonly Result[]): string[] => invitations.map(({ user }) => user.email);

/** The invitation of a user, which says the same in the list and below the user. */
async function invitationOf(email: string): Promise<Result | undefined> {
  const { data } = await ask(`query($e: String!) { userBy(identifier: { email: $e }) { invitation { ${FIELDS} } } }`, {
    e: email,
  });
  const inList = (await listed()).find(({ user }) => user.email === email);
  expect(data.userBy.invitation ?? undefined).toEqual(inList);
  return inList;
}

const revoke = (userIdentifier: Variables, key?: string) =>
  mutate('revokeInvitation', 'user { id status invitation { createdAt } }', { userIdentifier }, key);

/** Whether a link lets anybody in, found out without using it: the password is refused only behind it. */
async function isGood(token: string, address: string): Promise<boolean> {
  const { status, text } = await step('accept-invitation', { token, password: address });
  expect([400, 401], text).toContain(status);
  return status === 400;
}

/** A link that was never good is refused in the same words. */
async function expectBad(token: string): Promise<void> {
  const invented = await step('accept-invitation', {
    token: `tenantry-link_${'0'.repeat(64)}_00000000`,
    password: PASSWORD,
  });
  const refused = await step('accept-invitation', { token, password: PASSWORD });
  expect([refused.status, refused.text]).toEqual([401, invented.text]);
}

describe('who invited', () => {
  it('is kept by whatever invites, at every API, as the one who did it last', async () => {
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    const key = await newKey();
    const user = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    const token = await tokenOf(user.id);
    const inTenant = { roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenant.id } };
    const own = (name: string, input: (email: string) => Variables) => async (email: string, secret?: string) =>
      void (await succeed(name, '__typename', input(email), secret));
    const ways: Record<string, (email: string, secret?: string) => Promise<void>> = {
      createOrganizationUser: own('createOrganizationUser', (email) => ({
        email,
        roleIdentifier: { name: 'viewer' },
      })),
      createCustomerUser: own('createCustomerUser', (email) => ({
        email,
        roleIdentifier: { name: 'member' },
        customerIdentifier: { id: customer.id },
      })),
      createTenantUser: own('createTenantUser', (email) => ({ email, ...inTenant })),
      addTenantUser: own('addTenantUser', (email) => ({ email, ...inTenant })),
      createTenant: own('createTenant', (adminEmail) => ({ name: unique('T'), adminEmail })),
      upsertTenant: own('upsertTenant', (adminEmail) => ({
        identifier: { externalId: unique('t') },
        name: unique('T'),
        adminEmail,
      })),
      'createCustomerUser of Prismatic': async (email, secret) => {
        const input = { email, role: CUSTOMER_MEMBER, customer: customer.id };
        const document =
          'mutation($input: CreateCustomerUserInput!) { createCustomerUser(input: $input) { user { id } errors { messages } } }';
        await send(posted('/api', document, { input }, secret ?? ROOT_KEY));
      },
      'addUserWithRole of the hub': async (email, secret) =>
        void (await asked(ADD, { input: { email, roleName: advertiser('view', tenant) } }, secret)),
    };
    const again: typeof ways = {
      inviteUser: own('inviteUser', (email) => ({ userIdentifier: { email } })),
      'sendInvitation of the hub': async (email, secret) =>
        void (await asked(INVITE, { input: { email, tenantId: rawId(tenant.id), userType: 'ADVERTISER' } }, secret)),
    };
    const actors = [
      [undefined, { type: 'ROOT', id: null }],
      [key.secret, { type: 'API_KEY', id: key.id }],
      [token, { type: 'USER', id: user.id }],
    ] as const;
    let turn = 0;
    for (const [way, invite] of Object.entries(ways)) {
      const [secret, actor] = actors[turn++ % 3] ?? actors[0];
      const address = newEmail();
      await invite(address, secret);
      expect((await invitationOf(address))?.invitedBy, way).toEqual(actor);
    }
    for (const [way, invite] of Object.entries(again)) {
      const address = newEmail();
      await ways.createTenantUser?.(address);
      const before = await invitationOf(address);
      await invite(address, key.secret);
      const after = await invitationOf(address);
      expect(after?.invitedBy, way).toEqual({ type: 'API_KEY', id: key.id });
      expect(Date.parse(after?.createdAt)).toBeGreaterThanOrEqual(Date.parse(before?.createdAt));
    }
  });

  it('stays with an invitation that another address is sent, and is nobody where there was a password', async () => {
    const key = await newKey();
    const [invited, joined] = [newEmail(), newEmail()];
    for (const email of [invited, joined])
      await succeed('createOrganizationUser', 'user { id }', { email, roleIdentifier: { name: 'viewer' } }, key.secret);
    await join({ __typename: 'User', email: joined });
    const moved = new Map<string, string>();
    for (const email of [invited, joined]) {
      const { data } = await ask('query($e: String!) { userBy(identifier: { email: $e }) { id } }', { e: email });
      moved.set(email, newEmail());
      await succeed('updateUser', 'user { id }', { id: data.userBy.id, email: moved.get(email) });
    }
    expect((await invitationOf(moved.get(invited) ?? ''))?.invitedBy).toEqual({ type: 'API_KEY', id: key.id });
    expect((await invitationOf(moved.get(joined) ?? ''))?.invitedBy).toBeNull();
  });
});

describe('the list of invitations', () => {
  it('has those of before, which nobody is known to have made, and says whether the mail went and the link is over', async () => {
    const [sent, over, former] = [await newTeamMember(), await newTeamMember(), await newTeamMember()];
    const at = (user: Result, set: string) =>
      env.DB.prepare(`UPDATE mailed_link SET ${set} WHERE user_id = ?`).bind(rawId(user.id)).run();
    await at(over, 'expires_at = 1');
    await at(former, 'invited_by_type = NULL, invited_by_id = NULL');
    expect(await invitationOf(sent.email)).toMatchObject({
      sentAt: expect.any(String),
      isExpired: false,
      lastError: null,
      invitedBy: { type: 'ROOT' },
    });
    expect(await invitationOf(over.email)).toMatchObject({ isExpired: true });
    expect(await invitationOf(former.email)).toMatchObject({ invitedBy: null });
    await at(over, 'due_at = 1');
    expect(await invitationOf(over.email), 'another mail is on its way').toMatchObject({ isExpired: false });
  });

  it('says why a mail did not go', async () => {
    const email = newEmail();
    const input = { email, roleIdentifier: { name: 'viewer' } };
    const document = `mutation($input: CreateOrganizationUserInput!) { createOrganizationUser(input: $input) { __typename } }`;
    await send(graphqlRequest(document, { input }), { MAIL_FROM: '' });
    expect(await invitationOf(email)).toMatchObject({ sentAt: null, lastError: expect.stringContaining('MAIL_FROM') });
  });

  it('has who is in reach, each once, and nobody who has joined, is deactivated or gone', async () => {
    const [one, two, other] = [await newTenant(), await newTenant(), await newTenant()];
    const [customer, foreign] = [await newCustomer(), await newCustomer()];
    const inOne = await newTenantUser(one.id);
    const inBoth = await newTenantUser(one.id);
    await assign(inBoth.id, two.id, 'view');
    await assign(inBoth.id, other.id, 'view');
    const outside = await newTenantUser(other.id);
    const team = await newTeamMember();
    const ofCustomer = await newCustomerUser(customer.id);
    await assign(ofCustomer.id, one.id, 'view');
    const ofForeign = await newCustomerUser(foreign.id);
    // Let in by a trusted issuer, and invited afterwards to have a password as well.
    const linked = await newCustomerUser(customer.id);
    await env.DB.batch([
      env.DB.prepare("UPDATE user SET status = 'ACTIVE' WHERE id = ?").bind(rawId(linked.id)),
      env.DB.prepare('UPDATE assignment SET user_status = ? WHERE user_id = ?').bind('ACTIVE', rawId(linked.id)),
    ]);
    await assign(linked.id, two.id, 'view');
    const [joined, off, gone] = [
      await newTenantUser(one.id),
      await newTenantUser(one.id),
      await newCustomerUser(customer.id),
    ];
    await enter(joined);
    await succeed('updateUser', 'user { id }', { id: off.id, status: 'DEACTIVATED' });
    await succeed('deleteUser', 'user { id }', { id: gone.id });

    const emailsOf = (people: readonly Result[]) => people.map(({ email }) => email);
    const everyone = emailsOf([inOne, inBoth, outside, team, ofCustomer, ofForeign, linked]);
    const all = emailsIn(await listed());
    expect(all.filter((email) => everyone.includes(email))).toEqual(everyone);
    for (const { email } of [joined, off, gone]) expect(all).not.toContain(email);

    const ofTenants = await newKey({ tenants: [one.id, two.id] });
    expect(emailsIn(await listed(ofTenants.secret))).toEqual(emailsOf([inOne, inBoth, ofCustomer, linked]));
    const ofOne = await newKey({ tenants: [one.id] });
    expect(emailsIn(await listed(ofOne.secret))).toEqual(emailsOf([inOne, inBoth, ofCustomer]));
    const keyOfCustomer = await newKey({ customer: customer.id });
    expect(emailsIn(await listed(keyOfCustomer.secret))).toEqual(emailsOf([ofCustomer, linked]));
    const backward = await ask('{ invitations(last: 2) { nodes { user { email } } } }', {}, ofTenants.secret);
    expect(emailsIn(backward.data.invitations.nodes)).toEqual(emailsOf([ofCustomer, linked]));
  });

  it('reads no more for what lies beyond the reach, and no more than the users within', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const { secret } = await newKey({ tenants: [tenant.id] });
    for (let count = 0; count < 5; count += 1) await newTenantUser(tenant.id);
    // Where the tenant ends in an index, the row behind it is read.
    await newTenantUser(other.id);
    const read = async () => (await ask('{ invitations { nodes { createdAt } } }', {}, secret)).rowsRead;
    await read();
    const before = await read();
    for (let count = 0; count < 5; count += 1) await newTenantUser(other.id);
    expect(await read()).toBe(before);
    for (let count = 0; count < 5; count += 1) await enter(await newTenantUser(tenant.id));
    expect(await read()).toBeLessThanOrEqual(before + 3 * 5);
  });

  it('does not take a link to a new password for an invitation', async () => {
    const user = await newTeamMember();
    await enter(user);
    await step('request-password-reset', { email: user.email });
    expect(mailbox.some(({ to }) => to === user.email)).toBe(true);
    expect(await invitationOf(user.email)).toBeUndefined();
    const before = await changes();
    expect((await revoke({ id: user.id })).user).toMatchObject({ status: 'ACTIVE', invitation: null });
    expect(await changes()).toBe(before);
    expect((await step('reset-password', { token: mailedToken(user.email), password: PASSWORD })).status).toBe(200);
  });
});

describe('an invitation that is taken back', () => {
  it('lets nobody in, by the link that was mailed or by the one that was handed out, and leaves the user as they are', async () => {
    const tenant = await newTenant();
    const input = {
      email: newEmail(),
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenant.id },
      handOutLink: true,
    };
    const { user, invitationLink } = await succeed('createTenantUser', 'user { id version } invitationLink', input);
    const links = [mailedToken(input.email), invitationLink.split('#token=')[1]];
    for (const link of links) expect(await isGood(link, input.email)).toBe(true);
    expect((await revoke({ email: input.email })).user).toEqual({ id: user.id, status: 'INVITED', invitation: null });
    for (const link of links) await expectBad(link);
    expect(await eventsAbout(user.id)).toEqual([
      'user.created',
      'tenantRole.assigned',
      'user.linkHandedOut',
      'user.invitationRevoked',
    ]);
    const { data } = await ask(
      'query($id: ID!) { user(id: $id) { version updatedAt createdAt tenantRoles { totalCount } } }',
      { id: user.id },
    );
    expect(data.user).toMatchObject({ version: user.version, tenantRoles: { totalCount: 1 } });
    expect(data.user.updatedAt).toBe(data.user.createdAt);

    const before = await changes();
    expect((await revoke({ id: user.id })).user.id, 'again').toBe(user.id);
    expect(await changes(), 'again').toBe(before);

    await succeed('inviteUser', 'user { id }', { userIdentifier: { id: user.id } });
    for (const link of links) await expectBad(link);
    expect(await isGood(mailedToken(input.email), input.email)).toBe(true);
    await revoke({ id: user.id });
    const other = await newTenant();
    await succeed('addTenantUser', 'user { id }', {
      email: input.email,
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: other.id },
    });
    expect(await isGood(mailedToken(input.email), input.email), 'who is added is invited anew').toBe(true);
  });

  it('sends no mail that waited, and another address is sent none', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const email = newEmail();
    const document = `mutation($input: CreateOrganizationUserInput!) { createOrganizationUser(input: $input) {
      ... on CreateOrganizationUserPayload { user { id } } } }`;
    const answer = await send(graphqlRequest(document, { input: { email, roleIdentifier: { name: 'viewer' } } }), {
      PUBLIC_URL: '',
    });
    const { id } = answer.data.createOrganizationUser.user;
    await revoke({ id });
    await env.DB.prepare('UPDATE mailed_link SET due_at = 1 WHERE user_id = ?').bind(rawId(id)).run();
    const before = mailbox.length;
    await cron();
    await succeed('updateUser', 'user { id }', { id, email: newEmail() });
    expect(mailbox.length).toBe(before);
    expect((await ask('query($id: ID!) { user(id: $id) { invitation { sentAt } } }', { id })).data.user).toEqual({
      invitation: null,
    });
  });

  it('stays so, however far the mail had come: due, claimed, or sent and not noted yet', async () => {
    // Cron removes what is old by three calls; it reads the mails that are due by the fourth, claims them and notes what became of them.
    for (const call of [5, 6]) {
      const user = await newTeamMember();
      const makeDue = 'UPDATE mailed_link SET due_at = 1, attempts = 0, sent_at = NULL WHERE user_id = ?';
      await env.DB.prepare(makeDue).bind(rawId(user.id)).run();
      const before = mailbox.length;
      const taken: Result[] = [];
      await cron({
        DB: overtaken(call, async () => void taken.push(await revoke({ id: user.id }))),
      });
      expect(taken.map(({ user: shown }) => shown.invitation)).toEqual([null]);
      // Whoever was faster: what went out leads nowhere.
      const sent = mailbox.slice(before).filter(({ to }) => to === user.email);
      expect(sent, `call ${call}`).toHaveLength(call === 5 ? 0 : 1);
      await expectBad(mailedToken(user.email));
      expect(await invitationOf(user.email)).toBeUndefined();
    }
  });

  it('that was accepted at the same time is either: never both', async () => {
    const people = await Promise.all(Array.from({ length: 4 }, () => newTeamMember()));
    for (const user of people) {
      const [accepted] = await Promise.all([
        step('accept-invitation', { token: mailedToken(user.email), password: PASSWORD }),
        revoke({ id: user.id }),
      ]);
      const events = await eventsAbout(user.id);
      expect(events).toEqual(['user.created', accepted.status === 200 ? 'user.joined' : 'user.invitationRevoked']);
      await expectBad(mailedToken(user.email));
    }
  });

  it('takes all that the user holds, and reach', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const owner = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    const role = await newRole({ permissions: ['event:read'] });
    const [inside, beyond] = [await newTenantUser(one.id), await newTenantUser(one.id)];
    await assign(beyond.id, other.id, 'view');
    const able = await newTenantUser(one.id, { roleIdentifier: { id: role.id } });
    const limited = (await newKey({ tenants: [one.id], permissions: allBut('event:read') })).secret;
    const before = await changes();
    const nobody = globalId('User', '01900000-0000-7000-8000-00000000dead');
    const [unknown, unseen] = [await revoke({ id: nobody }, limited), await revoke({ id: owner.id }, limited)];
    expect(unseen).toEqual(unknown);
    expect(unknown.code).toBe('not_found');
    expect((await revoke({ id: beyond.id }, limited)).code).toBe('out_of_reach');
    expect(await revoke({ id: able.id }, limited)).toMatchObject({
      code: 'insufficient_permissions',
      missingPermissions: ['event:read'],
    });
    const admin = await tokenOf((await newTeamMember({ roleIdentifier: { name: 'admin' } })).id);
    const between = await changes();
    expect((await revoke({ id: owner.id }, admin)).code).toBe('insufficient_permissions');
    expect(await changes()).toBe(between);
    for (const { email } of [owner, beyond, able]) expect(await isGood(mailedToken(email), email)).toBe(true);
    expect((await revoke({ id: inside.id }, limited)).code).toBeUndefined();
    await expectBad(mailedToken(inside.email));
    expect(before).toBeLessThan(between);
  });
});
