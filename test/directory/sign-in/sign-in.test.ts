import { env } from 'cloudflare:workers';
import nodeCrypto from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import {
  MAX_BY_ADDRESS,
  MAX_BY_EMAIL_AND_ADDRESS,
  MAX_RESETS_BY_EMAIL_AND_ADDRESS,
} from '../../../src/directory/access/rate-limits.ts';
import { FRESH_MILLISECONDS } from '../../../src/directory/mail/mailed-links.ts';
import { derive } from '../../../src/directory/sign-in/scrypt.ts';
import {
  assign,
  codeOf,
  eventsAbout,
  newCustomer,
  newCustomerUser,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, mailbox, overtaken } from '../../shared/gateway.ts';
import { enter, join, mailedToken, PASSWORD, signIn, step } from '../../shared/people.ts';

const ME = '{ viewer { type user { id email } reach { kind tenantIds customerId } permissions } }';

describe('people', () => {
  it('arrive in an empty directory: an owner is invited, invites a customer user, and takes the access away', async () => {
    const owner = await newTeamMember({
      email: 'owner@story.example',
      name: undefined,
      roleIdentifier: { name: 'owner' },
    });
    expect(owner.status).toBe('INVITED');
    const accepted = await step('accept-invitation', {
      token: mailedToken('owner@story.example'),
      password: PASSWORD,
      name: 'Olga Owner',
    });
    expect(accepted.status).toBe(200);
    expect(accepted.body.user).toEqual({
      id: owner.id,
      email: 'owner@story.example',
      name: 'Olga Owner',
      status: 'ACTIVE',
    });

    const { accessToken: asOwner } = await signIn('owner@story.example');
    const me = await ask(ME, {}, asOwner);
    expect(me.data.viewer).toMatchObject({ type: 'USER', user: { id: owner.id }, reach: { kind: 'ORGANIZATION' } });

    const [customer, other] = [await newCustomer({}, asOwner), await newCustomer({}, asOwner)];
    const user = await newCustomerUser(customer.id, { email: 'cara@story.example' }, asOwner);
    await join(user);
    const { accessToken: asUser } = await signIn('cara@story.example');
    const seen = await ask(
      `query($other: ID!) { customers { nodes { id } } users { nodes { id } } other: customer(id: $other) { id }
        tenants { nodes { id } } viewer { user { email } reach { kind customerId } } }`,
      { other: other.id },
      asUser,
    );
    expect(seen.errors).toEqual([]);
    expect(seen.data).toEqual({
      customers: { nodes: [{ id: customer.id }] },
      users: { nodes: [{ id: user.id }] },
      other: null,
      tenants: { nodes: [] },
      viewer: { user: { email: 'cara@story.example' }, reach: { kind: 'CUSTOMER', customerId: customer.id } },
    });
    const refused = await ask('{ events { nodes { id } } }', {}, asUser);
    expect(codeOf(refused)).toBe('FORBIDDEN');

    const nothing = await newRole({ scope: 'CUSTOMER', permissions: [] });
    await succeed('updateUser', 'user { id }', { id: user.id, roleIdentifier: { id: nothing.id } }, asOwner);
    expect(codeOf(await ask('{ customers { nodes { id } } }', {}, asUser))).toBe('FORBIDDEN');
    await succeed('updateUser', 'user { status }', { id: user.id, status: 'DEACTIVATED' }, asOwner);
    const afterwards = await ask('{ customers { nodes { id } } }', {}, asUser);
    expect([afterwards.status, codeOf(afterwards)]).toEqual([401, 'UNAUTHENTICATED']);
    expect(await eventsAbout(user.id)).toEqual([
      'user.created',
      'user.joined',
      'session.created',
      'user.updated',
      'user.updated',
    ]);
  });
});

async function newPerson(name: string): Promise<string> {
  const email = `${unique(name)}@x.example`;
  await enter(await newTeamMember({ email }));
  return email;
}

describe('signing in', () => {
  it('takes the e-mail address without regard to case, and the password as it is', async () => {
    const email = await newPerson('Case');
    expect((await step('sign-in', { email: ` ${email.toUpperCase()} `, password: PASSWORD })).status).toBe(200);
    expect((await step('sign-in', { email, password: `${PASSWORD} ` })).status).toBe(401);
  });

  it('takes a password however its accents were typed', async () => {
    const email = `${unique('Accents')}@x.example`;
    await join(await newTeamMember({ email }), 'caf\u00e9 cr\u00e8me br\u00fbl\u00e9e');
    const typed = await step('sign-in', { email, password: 'cafe\u0301 cre\u0300me bru\u0302le\u0301e' });
    expect(typed.status).toBe(200);
  });

  it('refuses alike whoever is unknown, has another password, or may not sign in', async () => {
    const known = await newPerson('Known');
    const invited = (await newTeamMember()).email;
    const [off, gone, hidden] = [await newPerson('Off'), await newPerson('Gone'), `${unique('Hidden')}@x.example`];
    const idOf = async (email: string) =>
      (await ask('query($e: String!) { userBy(identifier: { email: $e }) { id } }', { e: email })).data.userBy.id;
    await succeed('updateUser', 'user { id }', { id: await idOf(off), status: 'DEACTIVATED' });
    await succeed('deleteUser', 'user { id }', { id: await idOf(gone) });
    const customer = await newCustomer();
    await join(await newCustomerUser(customer.id, { email: hidden }));
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id });

    const unknown = await step('sign-in', { email: 'nobody@x.example', password: PASSWORD });
    expect(unknown.status).toBe(401);
    const answers = [
      await step('sign-in', { email: known, password: 'not the password, really' }),
      ...(await Promise.all(
        [invited, off, gone, hidden].map((email) => step('sign-in', { email, password: PASSWORD })),
      )),
    ];
    for (const { status, text, calls } of answers)
      expect([status, text, calls]).toEqual([401, unknown.text, unknown.calls]);
  });

  it('hashes as much for an unknown e-mail address as for a known one', async () => {
    const email = await newPerson('Timed');
    const { results } = await env.DB.prepare('SELECT hash FROM password JOIN user ON user.id = user_id WHERE email = ?')
      .bind(email)
      .all();
    expect(results[0]?.hash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$/);
    // What takes a hundred times as long as all the rest.
    const scrypt = vi.spyOn(nodeCrypto, 'scrypt');
    await step('sign-in', { email, password: 'not the password, really' });
    await step('sign-in', { email: 'nobody@timed.example', password: 'not the password, really' });
    const [known, unknown] = scrypt.mock.calls.map(([password, , length, options]) => ({ password, length, options }));
    scrypt.mockRestore();
    expect(known).toMatchObject({ password: 'not the password, really', options: { N: 2 ** 14, r: 8, p: 5 } });
    expect(unknown).toEqual(known);
  });

  it('says which part of the input is wrong', async () => {
    const { status, body } = await step('sign-in', { email: 'no address' });
    expect(status).toBe(400);
    expect(body.errors[0].extensions).toEqual({
      code: 'BAD_USER_INPUT',
      documentation: '/docs/errors#BAD_USER_INPUT',
      issues: [
        { path: 'email', message: 'must be an e-mail address', kind: 'INVALID' },
        { path: 'password', message: 'is required', kind: 'REQUIRED' },
      ],
    });
  });

  it('raises the cost of a hash that was made at another', async () => {
    const email = await newPerson('Raised');
    const salt = Buffer.from('0123456789abcdef');
    const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
    const cheap = `$scrypt$ln=12,r=8,p=1$${text(salt)}$${text(await derive(PASSWORD, salt, { ln: 12, r: 8, p: 1 }))}`;
    const stored = () =>
      env.DB.prepare('SELECT hash FROM password WHERE user_id = (SELECT id FROM user WHERE email = ?)')
        .bind(email)
        .first<string>('hash');
    await env.DB.prepare('UPDATE password SET hash = ? WHERE user_id = (SELECT id FROM user WHERE email = ?)')
      .bind(cheap, email)
      .run();
    await signIn(email);
    expect(await stored()).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$/);
    await signIn(email);
  });
});

describe('where a session reaches', () => {
  it('is the default tenant, the one that is asked for, or what the own role reaches', async () => {
    const [one, two, three] = [await newTenant(), await newTenant(), await newTenant()];
    const user = await newTenantUser(one.id);
    await assign(user.id, two.id, 'admin');
    await enter(user);
    const reachOf = async (more = {}) => (await signIn(user.email, more)).reach;
    expect(await reachOf()).toEqual({ kind: 'TENANTS', tenantId: one.id, customerId: null });
    expect(await reachOf({ tenantId: two.id })).toMatchObject({ tenantId: two.id });
    await succeed('updateUser', 'user { id }', { id: user.id, defaultTenantIdentifier: { id: two.id } });
    expect(await reachOf()).toMatchObject({ tenantId: two.id });

    for (const tenantId of [three.id, btoa('Tenant:01900000-0000-7000-8000-000000000000')]) {
      const { status, body } = await step('sign-in', { email: user.email, password: PASSWORD, tenantId });
      expect([status, body.errors[0].extensions.references[0].path]).toEqual([404, 'tenantId']);
    }
  });

  it('has the permissions of the role there, and of no other', async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    const user = await newTeamMember({ roleIdentifier: { name: 'admin' } });
    await assign(user.id, one.id, 'view');
    await assign(user.id, two.id, 'admin');
    await enter(user);
    const own = await signIn(user.email);
    expect(own.reach.kind).toBe('ORGANIZATION');
    const { accessToken } = await signIn(user.email, { tenantId: one.id });
    const { data } = await ask(`{ ${ME.slice(1, -1)} tenants { nodes { id } } }`, {}, accessToken);
    expect(data.viewer.permissions.sort()).toEqual(['customer:read', 'tenant:read', 'usage:read', 'user:read']);
    expect(data.tenants.nodes).toEqual([{ id: one.id }]);
  });

  it('is not a tenant where the role is taken away, or which is deleted, while the password is checked', async () => {
    const tenant = await newTenant();
    const user = await newTeamMember();
    await enter(user);
    const [userIdentifier, tenantIdentifier] = [{ id: user.id }, { id: tenant.id }];
    const losses = [
      () => succeed('revokeTenantRole', 'user { id }', { userIdentifier, tenantIdentifier }),
      () => succeed('deleteTenant', 'tenant { id }', { id: tenant.id }),
    ];
    for (const lose of losses) {
      await assign(user.id, tenant.id, 'view');
      const given = { email: user.email, password: PASSWORD, tenantId: tenant.id };
      expect((await step('sign-in', given, {}, { DB: overtaken(2, lose) })).status).toBe(401);
    }
    expect(await eventsAbout(user.id)).not.toContain('session.created');
  });

  it('is nowhere for a user without a role in any tenant', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id);
    await enter(user);
    await succeed('revokeTenantRole', 'user { id }', {
      userIdentifier: { id: user.id },
      tenantIdentifier: { id: tenant.id },
    });
    const { status, body } = await step('sign-in', { email: user.email, password: PASSWORD });
    expect([status, body.errors[0].extensions.code]).toEqual([403, 'FORBIDDEN']);
  });
});

describe('attempts', () => {
  it('are limited for an e-mail address, known or not, until one succeeds', async () => {
    const email = await newPerson('Guessed');
    const guess = (given: string, password = 'not the password, really') => step('sign-in', { email: given, password });
    const supposeOneLeft = () =>
      env.DB.prepare('UPDATE attempt SET count = ?')
        .bind(MAX_BY_EMAIL_AND_ADDRESS - 1)
        .run();
    expect((await guess(email)).status).toBe(401);
    await supposeOneLeft();
    expect((await guess(email, PASSWORD)).status).toBe(200);
    expect((await guess(email)).status).toBe(401);
    await supposeOneLeft();
    expect((await guess(email)).status).toBe(401);
    const limited = await guess(email, PASSWORD);
    expect([limited.status, limited.body.errors[0].extensions.code]).toEqual([429, 'TOO_MANY_REQUESTS']);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(800);
    expect(Number(limited.headers.get('retry-after'))).toBeLessThanOrEqual(900);

    await env.DB.prepare('UPDATE attempt SET since = since - 900000').run();
    expect((await guess(email, PASSWORD)).status).toBe(200);
  });

  it('are limited for a network address, at whatever step', async () => {
    const from = { 'cf-connecting-ip': '198.51.100.7' };
    const steps: [string, Record<string, string>][] = [
      ['sign-in', { email: 'anyone@x.example', password: PASSWORD }],
      ['accept-invitation', { token: 'invented', password: PASSWORD }],
      ['reset-password', { token: 'invented', password: PASSWORD }],
    ];
    for (const [path, body] of steps) expect((await step(path, body, from)).status).toBe(401);
    await env.DB.prepare('UPDATE attempt SET count = ?').bind(MAX_BY_ADDRESS).run();
    for (const [path, body] of steps) {
      const another = path === 'sign-in' ? { ...body, email: 'another@x.example' } : body;
      expect((await step(path, another, from)).status, path).toBe(429);
      expect((await step(path, another, { 'cf-connecting-ip': '198.51.100.8' })).status, path).toBe(401);
    }
  });

  it('that succeed are taken back', async () => {
    const email = await newPerson('Welcome');
    const from = { 'cf-connecting-ip': '198.51.100.9' };
    const count = () => env.DB.prepare('SELECT sum(count) AS n FROM attempt').first<number>('n');
    await env.DB.prepare('DELETE FROM attempt').run();
    expect((await step('sign-in', { email, password: PASSWORD }, from)).status).toBe(200);
    await step('request-password-reset', { email }, from);
    const asked = await count();
    expect((await step('reset-password', { token: mailedToken(email), password: PASSWORD }, from)).status).toBe(200);
    expect(await count()).toBe(asked);
  });

  it('are limited for a network address, whoever is tried', async () => {
    const from = (address: string) =>
      step('request-password-reset', { email: `${unique('x')}@x.example` }, { 'cf-connecting-ip': address });
    for (let count = 0; count < MAX_BY_ADDRESS; count += 1)
      expect((await from(`2001:db8:0:1::${count}`)).status).toBe(202);
    expect((await from('2001:db8::1:0:0:0:1')).status).toBe(429);
    expect((await from('2001:db8:0:2::1')).status).toBe(202);
    expect((await from('192.0.2.1')).status).toBe(202);
  });
});

describe('a new password', () => {
  it('is mailed for, whether the e-mail address is known or not, with the same answer', async () => {
    const email = await newPerson('Forgetful');
    const known = await step('request-password-reset', { email });
    const unknown = await step('request-password-reset', { email: 'nobody@forgetful.example' });
    expect([known.status, known.text, known.calls]).toEqual([202, '{}', unknown.calls]);
    expect([unknown.status, unknown.text]).toEqual([202, '{}']);
    expect(mailbox.filter(({ to }) => to === 'nobody@forgetful.example')).toEqual([]);
    const off = await newPerson('Off');
    const user = await ask('query($e: String!) { userBy(identifier: { email: $e }) { id } }', { e: off });
    await succeed('updateUser', 'user { id }', { id: user.data.userBy.id, status: 'DEACTIVATED' });
    const before = mailbox.length;
    expect((await step('request-password-reset', { email: off })).text).toBe('{}');
    expect(mailbox.length).toBe(before);
    await step('request-password-reset', { email });
    expect(mailbox.at(-1)).toMatchObject({ to: email, subject: expect.stringMatching(/^A new password for /) });
  });

  it('is asked for five times in 15 minutes, and not once more; two mails are sent', async () => {
    const email = await newPerson('Often');
    const before = mailbox.length;
    for (let count = 0; count < MAX_RESETS_BY_EMAIL_AND_ADDRESS; count += 1) {
      expect((await step('request-password-reset', { email })).status).toBe(202);
    }
    const token = mailedToken(email);
    expect((await step('request-password-reset', { email })).status).toBe(429);
    expect(mailbox.length).toBe(before + 2);
    expect((await step('reset-password', { token, password: 'another fine password' })).status).toBe(200);
  });

  it('takes the place of the old one by a link that is good for one use, and ends every session', async () => {
    const email = await newPerson('Reset');
    const { accessToken, refreshToken } = await signIn(email);
    await step('request-password-reset', { email });
    const token = mailedToken(email);
    await env.DB.prepare('UPDATE attempt SET count = ?').bind(MAX_BY_EMAIL_AND_ADDRESS).run();
    const reset = await step('reset-password', { token, password: 'another fine password' });
    expect(reset.status, reset.text).toBe(200);
    expect((await ask('{ viewer { type } }', {}, accessToken)).status).toBe(401);
    expect((await step('refresh', { refreshToken })).status).toBe(401);
    expect((await step('sign-in', { email, password: PASSWORD })).status).toBe(401);
    expect((await step('sign-in', { email, password: 'another fine password' })).status).toBe(200);

    const invented = await step('reset-password', { token: 'invented', password: 'another fine password' });
    const again = await step('reset-password', { token, password: 'a third fine password' });
    expect([again.status, again.text]).toEqual([401, invented.text]);
  });

  it('is not to be had by a link that has expired, was replaced, or was mailed to another address', async () => {
    const email = await newPerson('Late');
    const invented = await step('reset-password', { token: 'invented', password: 'another fine password' });
    const refuses = async (token: string) => {
      const { status, text } = await step('reset-password', { token, password: 'another fine password' });
      expect([status, text]).toEqual([401, invented.text]);
    };
    await step('request-password-reset', { email });
    const replaced = mailedToken(email);
    await env.DB.prepare('UPDATE mailed_link SET expires_at = expires_at - ?').bind(FRESH_MILLISECONDS).run();
    await step('request-password-reset', { email });
    await refuses(replaced);
    const expired = mailedToken(email);
    await env.DB.prepare("UPDATE mailed_link SET expires_at = 1 WHERE purpose = 'PASSWORD_RESET'").run();
    await refuses(expired);
    await step('request-password-reset', { email });
    const id = (await ask('query($e: String!) { userBy(identifier: { email: $e }) { id } }', { e: email })).data.userBy
      .id;
    await succeed('updateUser', 'user { id }', { id, email: `${unique('moved')}@x.example` });
    await refuses(mailedToken(email));
  });

  it('is chosen anew, by mail, after the e-mail address was changed: the old one and every session are gone', async () => {
    const email = await newPerson('Before');
    const { accessToken, userId: id } = await signIn(email);
    const changed = `${unique('after')}@x.example`;
    await succeed('updateUser', 'user { id }', { id, email: changed });
    expect((await ask('{ viewer { type } }', {}, accessToken)).status).toBe(401);
    expect((await step('sign-in', { email: changed, password: PASSWORD })).status).toBe(401);
    expect(mailbox.at(-1)).toMatchObject({ to: changed, subject: expect.stringMatching(/^You are invited to /) });
    await step('accept-invitation', { token: mailedToken(changed), password: 'another fine password' });
    expect((await step('sign-in', { email: changed, password: 'another fine password' })).status).toBe(200);
    const upper = changed.toUpperCase();
    await succeed('updateUser', 'user { id }', { id, email: upper });
    expect((await step('sign-in', { email: changed, password: 'another fine password' })).status).toBe(200);
  });

  it('is not an invitation: neither link does for the other, and nobody gets a password who never had one', async () => {
    const user = await newTeamMember();
    const before = mailbox.length;
    await step('request-password-reset', { email: user.email });
    expect(mailbox.length).toBe(before);
    const token = mailedToken(user.email);
    expect((await step('reset-password', { token, password: PASSWORD })).status).toBe(401);
    expect((await step('accept-invitation', { token, password: PASSWORD })).status).toBe(200);
  });
});
