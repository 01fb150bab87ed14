import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NOT_TAKEN } from '../../../src/directory/mail/outbox.ts';
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
import { ask, cron, graphqlRequest, mailbox, overtaken, send, type Variables } from '../../shared/gateway.ts';
import { join, mailedToken, PASSWORD, step, tokenOf } from '../../shared/people.ts';

const INVITATION = 'query($id: ID!) { user(id: $id) { status invitation { sentAt expiresAt lastError } } }';

async function invitationOf({ id }: Result): Promise<Result | null> {
  return (await ask(INVITATION, { id })).data.user.invitation;
}

const invite = (user: Result, key?: string) =>
  mutate('inviteUser', 'user { id invitation { sentAt lastError } }', { userIdentifier: { id: user.id } }, key);

const accept = (token: string) => step('accept-invitation', { token, password: PASSWORD });

const mailsTo = ({ email }: Result) => mailbox.filter(({ to }) => to === email);

const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

describe('an invitation', () => {
  it('is mailed to every new user, of whatever kind, and to the first admin of a tenant', async () => {
    const tenant = await newTenant();
    const customer = await newCustomer();
    const people = [await newTeamMember(), await newCustomerUser(customer.id), await newTenantUser(tenant.id)];
    const adminEmail = `${unique('admin')}@x.example`;
    await newTenant({ partnerManaged: false, adminEmail });
    for (const email of [...people.map(({ email }) => email), adminEmail]) {
      const sent = mailbox.filter(({ to }) => to === email);
      expect(sent.map(({ subject }) => subject)).toEqual([expect.stringMatching(/^You are invited to /)]);
      expect(sent[0]?.text).toMatch(/^https:\/\/tenantry\.test\/auth\/accept-invitation#token=tenantry-link_\w+$/m);
    }
    await newTenant({ partnerManaged: false, adminEmail });
    expect(mailsTo({ __typename: 'User', email: adminEmail }), 'one is enough').toHaveLength(1);
    await env.DB.prepare('UPDATE mailed_link SET expires_at = 1').run();
    await newTenant({ partnerManaged: false, adminEmail });
    expect(mailsTo({ __typename: 'User', email: adminEmail }), 'unless it has expired').toHaveLength(2);
  });

  it('says nothing that stands in the name of the user, but for the name', async () => {
    const greetingOf = async (name: string) => {
      const { email } = await newTeamMember({ name });
      const [greeting, , next] = mailbox.findLast(({ to }) => to === email)?.text.split('\n') ?? [];
      expect(next).toMatch(/^You are invited/);
      return greeting;
    };
    expect(await greetingOf('Bob Builder')).toBe('Hello Bob Builder,');
    expect(await greetingOf('Bob, Unlock your account: https://evil.example Now')).toBe('Hello,');
  });

  it('names the organization in one line, also one that was given a name of several before that was refused', async () => {
    const { organization } = (await ask('{ organization { name } }')).data;
    await env.DB.prepare('UPDATE organization SET name = ?').bind('Two\nLines').run();
    await newTeamMember();
    expect(mailbox.at(-1)?.subject).toBe('You are invited to Two Lines');
    await succeed('updateOrganization', 'organization { id }', { name: organization.name });
  });

  it('shows when it was sent and until when it is good, and is gone once it was accepted', async () => {
    const begin = Date.now();
    const user = await newTeamMember();
    const shown = await invitationOf(user);
    expect(shown?.lastError).toBeNull();
    expect(Date.parse(shown?.sentAt)).toBeGreaterThanOrEqual(begin);
    expect(Math.round((Date.parse(shown?.expiresAt) - begin) / DAY_MILLISECONDS)).toBe(7);
    await join(user);
    expect((await ask(INVITATION, { id: user.id })).data.user).toEqual({ status: 'ACTIVE', invitation: null });
  });

  it('keeps no token: only its hash, and that of no older one', async () => {
    const user = await newTeamMember();
    const token = mailedToken(user.email);
    const { results } = await env.DB.prepare('SELECT * FROM mailed_link').all();
    expect(JSON.stringify(results)).not.toContain(token);
    expect(JSON.stringify(results)).not.toContain(token.split('_')[1]);
  });

  it('is refused alike when it was used, has expired, was replaced, was mailed elsewhere, or never was', async () => {
    const invented = await accept(`tenantry-link_${'0'.repeat(64)}_00000000`);
    expect(invented.status).toBe(401);
    const refuses = async (token: string) => {
      const { status, text, calls } = await accept(token);
      expect([status, text, calls]).toEqual([401, invented.text, invented.calls]);
    };
    const [used, expired, replaced, moved] = [
      await newTeamMember(),
      await newTeamMember(),
      await newTeamMember(),
      await newTeamMember(),
    ];
    await join(used);
    await refuses(mailedToken(used.email));

    await env.DB.prepare('UPDATE mailed_link SET expires_at = 1 WHERE user_id = ?').bind(rawId(expired.id)).run();
    await refuses(mailedToken(expired.email));

    const first = mailedToken(replaced.email);
    await invite(replaced);
    await refuses(first);
    expect((await accept(mailedToken(replaced.email))).status).toBe(200);

    const email = `${unique('moved')}@x.example`;
    await succeed('updateUser', 'user { id }', { id: moved.id, email });
    await refuses(mailedToken(moved.email));
    expect((await accept(mailedToken(email))).status).toBe(200);
  });

  it('is good for one of two who accept it at once', async () => {
    const user = await newTeamMember();
    const token = mailedToken(user.email);
    const answers = await Promise.all([accept(token), accept(token), accept(token)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    expect(await eventsAbout(user.id)).toEqual(['user.created', 'user.joined']);
  });

  it('ends with the user: deactivated, deleted, or hidden with the customer, and does not come back', async () => {
    const [off, gone] = [await newTeamMember(), await newTeamMember()];
    const customer = await newCustomer();
    const hidden = await newCustomerUser(customer.id);
    await succeed('updateUser', 'user { id }', { id: off.id, status: 'DEACTIVATED' });
    await succeed('deleteUser', 'user { id }', { id: gone.id });
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id });
    for (const user of [off, gone, hidden]) expect((await accept(mailedToken(user.email))).status).toBe(401);
    await succeed('restoreUser', 'user { id }', { id: gone.id });
    expect((await accept(mailedToken(gone.email))).status).toBe(401);
    await invite(gone);
    expect((await accept(mailedToken(gone.email))).status).toBe(200);
  });

  it('shows in the events, also to whoever shares a tenant with the user', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id);
    await invite(user);
    await join(user);
    const { secret } = await newKey({ tenants: [tenant.id] });
    const { data } = await ask(
      'query($id: ID!) { events(filter: { subjectId: $id }) { nodes { type actor { type id } before after } } }',
      { id: user.id },
      secret,
    );
    const types = data.events.nodes.map(({ type }: { type: string }) => type);
    expect(types).toEqual(['user.created', 'tenantRole.assigned', 'user.invited', 'user.joined']);
    expect(data.events.nodes.at(-1)).toMatchObject({
      actor: { type: 'USER', id: user.id },
      before: { status: 'INVITED' },
      after: { status: 'ACTIVE' },
    });
  });
});

describe('a mail that could not be sent', () => {
  beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined));
  afterEach(() => void vi.restoreAllMocks());

  const DOWN = {
    EMAIL: {
      send: async () => {
        throw new Error('the mail server is down');
      },
    } as unknown as SendEmail,
  };
  const makeDue = (user: Result) =>
    env.DB.batch([
      env.DB.prepare('UPDATE mailed_link SET due_at = 1 WHERE user_id = ? AND due_at IS NOT NULL').bind(rawId(user.id)),
      env.DB.prepare('DELETE FROM attempt'),
    ]);

  async function newUnreached(): Promise<Result> {
    const email = `${unique('unreached')}@x.example`;
    const document = `mutation($input: CreateOrganizationUserInput!) { createOrganizationUser(input: $input) {
      ... on CreateOrganizationUserPayload { user { id email } } } }`;
    const input = { email, roleIdentifier: { name: 'viewer' } };
    const { data, text } = await send(graphqlRequest(document, { input }), DOWN);
    expect(data, text).not.toBeNull();
    return data.createOrganizationUser.user;
  }

  it('leaves the user, says that it was not taken, and is sent later', async () => {
    const user = await newUnreached();
    expect(await invitationOf(user)).toMatchObject({
      sentAt: null,
      lastError: NOT_TAKEN,
    });
    await cron();
    expect(mailsTo(user), 'too early').toHaveLength(0);
    await makeDue(user);
    await cron(DOWN);
    await makeDue(user);
    await cron();
    expect(await invitationOf(user)).toMatchObject({ sentAt: expect.any(String), lastError: null });
    expect(mailsTo(user)).toHaveLength(1);
    await cron();
    expect(mailsTo(user)).toHaveLength(1);
    expect((await accept(mailedToken(user.email))).status).toBe(200);
  });

  it('is tried ever more rarely, and no more after a week', async () => {
    const user = await newUnreached();
    const due = () =>
      env.DB.prepare('SELECT due_at FROM mailed_link WHERE user_id = ?')
        .bind(rawId(user.id))
        .first<number | null>('due_at');
    const waits: number[] = [];
    for (let count = 0; count < 9; count += 1) {
      waits.push(Math.round(((await due()) ?? 0) - Date.now()) / 60_000);
      await makeDue(user);
      await cron(DOWN);
    }
    expect(waits.map((wait) => Math.round(wait))).toEqual([5, 10, 20, 40, 80, 160, 320, 360, 360]);
    await env.DB.prepare('UPDATE mailed_link SET created_at = created_at - ?, due_at = 1 WHERE user_id = ?')
      .bind(7 * DAY_MILLISECONDS, rawId(user.id))
      .run();
    await env.DB.prepare('DELETE FROM attempt').run();
    await cron(DOWN);
    expect(await due()).toBeNull();
    expect((await invitationOf(user))?.sentAt).toBeNull();
    await invite(user);
    expect(mailsTo(user)).toHaveLength(1);
  });

  it('waits where there is no way out for it yet, and says so', async () => {
    const user = await newUnreached();
    for (const missing of [{ MAIL_FROM: '' }, { PUBLIC_URL: '' }]) {
      await makeDue(user);
      await cron(missing);
      expect((await invitationOf(user))?.lastError).toContain(Object.keys(missing)[0]);
    }
  });

  it('is sent once, however many are sending', async () => {
    const user = await newUnreached();
    await makeDue(user);
    const complaints = vi.spyOn(console, 'error');
    complaints.mockClear();
    await Promise.all([cron(), cron(), cron()]);
    expect(mailsTo(user)).toHaveLength(1);
    expect(complaints).not.toHaveBeenCalled();
  });

  it('is not sent to an address that changes meanwhile', async () => {
    const user = await newUnreached();
    await makeDue(user);
    // As if it was never tried: another address begins anew, too.
    await env.DB.prepare('UPDATE mailed_link SET attempts = 0 WHERE user_id = ?').bind(rawId(user.id)).run();
    const email = `${unique('corrected')}@x.example`;
    // By somebody who began before, and so with an earlier time.
    const correct = () =>
      env.DB.prepare('UPDATE user SET email = ?1, email_key = ?1, updated_at = 1 WHERE id = ?2')
        .bind(email, rawId(user.id))
        .run();
    await cron({ DB: overtaken(5, correct) });
    expect(mailsTo(user)).toHaveLength(0);
    await cron();
    expect(mailsTo({ __typename: 'User', email })).toHaveLength(1);
  });

  it('leads to the page that the deployment names', async () => {
    const user = await newUnreached();
    await makeDue(user);
    await cron({ INVITATION_URL: 'https://app.example.com/welcome?from=mail' });
    expect(mailsTo(user)[0]?.text).toMatch(/^https:\/\/app\.example\.com\/welcome\?from=mail#token=tenantry-link_/m);
  });
});

describe('mails to one address', () => {
  it('are ten in 15 minutes, and the next one goes later', async () => {
    const user = await newTeamMember();
    for (let count = 0; count < 12; count += 1) expect((await invite(user)).code).toBeUndefined();
    expect(mailsTo(user)).toHaveLength(10);
    expect((await invitationOf(user))?.sentAt).toBeNull();
    await env.DB.batch([
      env.DB.prepare('UPDATE attempt SET since = since - 900000'),
      env.DB.prepare('UPDATE mailed_link SET due_at = due_at - 900000'),
    ]);
    await cron();
    expect(mailsTo(user)).toHaveLength(11);
    expect((await accept(mailedToken(user.email))).status).toBe(200);
  });
});

describe('inviting again', () => {
  it('needs all that the user holds, and reach', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const owner = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    const role = await newRole({ permissions: ['event:read'] });
    const [inside, beyond] = [await newTenantUser(one.id), await newTenantUser(one.id)];
    await assign(beyond.id, other.id, 'view');
    const able = await newTenantUser(one.id, { roleIdentifier: { id: role.id } });
    const before = mailbox.length;

    const limited = (await newKey({ tenants: [one.id], permissions: allBut('event:read') })).secret;
    const codeFor = async (user: Result, key: string) => (await invite(user, key)).code ?? 'done';
    expect(await codeFor(owner, limited)).toBe('not_found');
    expect(await codeFor(beyond, limited)).toBe('out_of_reach');
    expect(await codeFor(able, limited)).toBe('insufficient_permissions');
    const admin = await tokenOf((await newTeamMember({ roleIdentifier: { name: 'admin' } })).id);
    expect(await codeFor(owner, admin)).toBe('insufficient_permissions');
    expect(mailbox.length).toBe(before + 1);
    expect(await codeFor(inside, limited)).toBe('done');
    expect(mailbox.length).toBe(before + 2);
  });

  it('says of each place where the user has no role, and of a tenant that is not there', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const user = await newTenantUser(tenant.id);
    const at = (id: string) => ({ tenantIdentifier: { id } });
    const inTenant = { path: 'tenantIdentifier', message: 'The user has no role in this tenant.' };
    const inTeam = { path: 'teamMember', message: 'The user is not in the team.' };
    const noTenant = expect.objectContaining({ path: 'tenantIdentifier.id' });
    const noUser = expect.objectContaining({ path: 'userIdentifier.email' });
    const nobody = { userIdentifier: { email: 'nobody@x.example' } };
    const id = { userIdentifier: { id: user.id } };
    const cases: [input: Variables, references: unknown[]][] = [
      [{ ...id, ...at(other.id) }, [inTenant]],
      [{ ...id, ...at(tenant.id), teamMember: true }, [inTeam]],
      [{ ...id, ...at(other.id), teamMember: true }, [inTenant, inTeam]],
      [{ ...nobody, ...at(other.id), teamMember: true }, [noUser]],
      [{ ...nobody, ...at(globalId('Tenant', crypto.randomUUID())) }, [noUser, noTenant]],
      [{ ...id, ...at(globalId('Tenant', crypto.randomUUID())), teamMember: true }, [noTenant, inTeam]],
    ];
    for (const [input, references] of cases) {
      const result = await mutate('inviteUser', '__typename', input);
      expect(result.references, JSON.stringify(input)).toEqual(references);
    }
    await succeed('inviteUser', '__typename', { ...id, ...at(tenant.id) });
  });

  it('is not for who has a password, or is deactivated', async () => {
    const [joined, off] = [await newTeamMember(), await newTeamMember()];
    await join(joined);
    await succeed('updateUser', 'user { id }', { id: off.id, status: 'DEACTIVATED' });
    expect(await invite(joined)).toMatchObject({
      code: 'validation_failed',
      issues: [{ path: 'userIdentifier.id', message: 'has a password already' }],
    });
    expect((await invite(off)).issues[0].message).toBe('is deactivated: reactivate the user first');
  });
});
