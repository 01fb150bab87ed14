import { env } from 'cloudflare:workers';
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  allBut,
  assign,
  eventsAbout,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, overtaken, type Variables } from '../../shared/gateway.ts';
import { join, mailedToken, step, tokenOf } from '../../shared/people.ts';

const AUDIENCE = 'https://tenantry.test/customers';
const FIELDS = 'id name issuer audience algorithms keys jwksUrl createsUsers roleIds customerIds createdAt updatedAt';
const REFUSAL = /^The token is not valid/;

type Pair = Awaited<ReturnType<typeof newPair>>;

async function newPair(algorithm = 'RS256', kid = unique('key')) {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { algorithm, kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid } };
}

let rsa: Pair;
let ec: Pair;
beforeAll(async () => {
  [rsa, ec] = [await newPair(), await newPair('ES256')];
});

/** What a token says. */
type Claims = Record<string, unknown>;

interface Scene {
  issuer: Result;
  customer: Result;
  /** A token about somebody new. */
  claims: Claims;
}

/** An issuer for one customer, whose users are members. */
async function newScene(input: Variables = {}): Promise<Scene> {
  const customer = await newCustomer();
  const { trustedIssuer: issuer } = await succeed('createTrustedIssuer', `trustedIssuer { ${FIELDS} }`, {
    name: 'The portal',
    issuer: `https://${unique('issuer')}.example`,
    audience: AUDIENCE,
    ...('jwksUrl' in input ? {} : { keys: [rsa.jwk] }),
    roleIdentifiers: [{ name: 'member' }],
    customerIdentifiers: [{ id: customer.id }],
    createsUsers: true,
    ...input,
  });
  const sub = unique('Subject');
  const claims = { iss: issuer.issuer, aud: AUDIENCE, sub, customer: customer.externalId, email: `${sub}@x.example` };
  return { issuer, customer, claims };
}

const seconds = () => Math.floor(Date.now() / 1000);

/** Good for a minute, unless the claims say otherwise; those that are undefined are left out. */
const sign = (claims: Claims, { algorithm, kid, privateKey }: Pair = rsa): Promise<string> =>
  new SignJWT(JSON.parse(JSON.stringify({ iat: seconds(), exp: seconds() + 60, ...claims })))
    .setProtectedHeader({ alg: algorithm, kid })
    .sign(privateKey);

const come = (token: string) => step('token', { token });

async function arrive(claims: Claims, pair?: Pair) {
  const { status, text, body } = await come(await sign(claims, pair));
  expect(status, text).toBe(200);
  return body;
}

async function refuse(claims: Claims, message: RegExp | string, pair?: Pair): Promise<void> {
  const { status, errors } = await come(await sign(claims, pair));
  expect(errors[0].message).toMatch(message);
  expect(status).toBe(403);
  expect(errors[0].extensions.code).toBe('FORBIDDEN');
}

async function expectRefusal(token: string): Promise<void> {
  const { status, errors } = await come(token);
  expect(status).toBe(401);
  expect(errors[0].message).toMatch(REFUSAL);
}

const ME = '{ viewer { permissions reach { kind customerId tenantIds } } customers { nodes { id } } }';
const statusWith = async (token: string): Promise<number> => (await ask(ME, {}, token)).status;

const userOf = async (id: string) => {
  const document =
    'query($id: ID!) { user(id: $id) { id email name externalId status version role { name } customer { id } } }';
  return (await ask(document, { id })).data.user;
};

const update = (issuer: Result, input: Variables): Promise<Result> =>
  succeed('updateTrustedIssuer', `trustedIssuer { ${FIELDS} }`, { id: issuer.id, ...input });

describe('a token of a trusted issuer', () => {
  it('creates its user at first sight, and signs in the same one at the second', async () => {
    const { issuer, customer, claims } = await newScene();
    const first = await arrive({ ...claims, name: 'Lisa Nguyen', role: 'member' });
    expect(first).toMatchObject({ tokenType: 'Bearer', expiresIn: 900 });
    expect(first.reach).toEqual({ kind: 'CUSTOMER', tenantId: null, customerId: customer.id });
    expect(await userOf(first.userId)).toEqual({
      id: first.userId,
      email: claims.email,
      name: 'Lisa Nguyen',
      externalId: null,
      status: 'ACTIVE',
      version: 1,
      role: { name: 'member' },
      customer: { id: customer.id },
    });
    expect(() => mailedToken(String(claims.email))).toThrow();
    const me = await ask(ME, {}, first.accessToken);
    expect(me.data.viewer.reach).toEqual({ kind: 'CUSTOMER', customerId: customer.id, tenantIds: [] });
    expect(me.data.customers.nodes).toEqual([{ id: customer.id }]);

    // What is only of use at first sight may be left out, or be something else.
    const second = await arrive({ ...claims, name: 'Other', role: 'admin', customer: undefined, email: undefined });
    expect(second.userId).toBe(first.userId);
    expect((await userOf(first.userId)).name).toBe('Lisa Nguyen');
    expect(await eventsAbout(first.userId)).toEqual([
      'user.created',
      'user.linked',
      'session.created',
      'session.created',
    ]);
    const { data } = await ask(
      'query($s: ID!) { events(filter: { subjectId: $s, types: ["user.linked"] }) { nodes { actor { id } after } } }',
      { s: first.userId },
    );
    expect(data.events.nodes).toEqual([
      { actor: { id: first.userId }, after: { trustedIssuerId: issuer.id, externalId: claims.sub } },
    ]);
    const refreshed = await step('refresh', { refreshToken: first.refreshToken });
    expect(refreshed.body.reach).toEqual(first.reach);
  });

  it('may be signed with any of several keys, and with every algorithm that fits one', async () => {
    const pairs = [rsa, ec, await newPair('EdDSA'), await newPair('ES512')];
    const { issuer, claims } = await newScene({ keys: pairs.map(({ jwk }) => jwk) });
    expect(issuer.algorithms).toEqual(['RS256', 'ES256', 'ES512', 'EdDSA']);
    for (const pair of pairs) await arrive(claims, pair);
    // An algorithm of the same key that was not agreed on.
    const key = await importJWK(await exportJWK(rsa.privateKey), 'PS256');
    const payload = { ...claims, exp: seconds() + 60 };
    const token = await new SignJWT(payload).setProtectedHeader({ alg: 'PS256', kid: rsa.kid }).sign(key);
    await expectRefusal(token);
    await update(issuer, { algorithms: ['RS256', 'PS256'] });
    expect((await come(token)).status).toBe(200);
  });

  it('names the customer by an external id or a global one, and no other later on', async () => {
    const { customer, claims } = await newScene();
    const { userId } = await arrive({ ...claims, customer: customer.id });
    expect((await arrive({ ...claims, customer: customer.externalId.toUpperCase() })).userId).toBe(userId);
    const other = await newCustomer();
    await refuse({ ...claims, customer: other.externalId }, /another customer than the user’s/);
    const both = await newScene({ customerIdentifiers: [{ id: customer.id }, { id: other.id }] });
    await arrive({ ...both.claims, customer: customer.externalId });
    await refuse({ ...both.claims, customer: other.externalId }, /another customer than the user’s/);
  });

  it('means a customer by its id, whatever external id another has', async () => {
    const [customer, other] = [await newCustomer(), await newCustomer()];
    const { claims } = await newScene({ customerIdentifiers: [{ id: customer.id }, { id: other.id }] });
    for (const id of [customer.id, atob(customer.id).split(':')[1]]) {
      await succeed('updateCustomer', 'customer { id }', { id: other.id, externalId: id });
      const sub = unique('Subject');
      const { reach } = await arrive({ ...claims, sub, customer: id, email: `${sub}@x.example` });
      expect(reach.customerId).toBe(customer.id);
    }
  });

  it('costs three D1 calls', async () => {
    const { claims } = await newScene();
    expect((await come(await sign(claims))).calls).toBe(3);
    expect((await come(await sign(claims))).calls).toBe(3);
    const { accessToken } = await arrive(claims);
    expect((await ask('{ viewer { type } }', {}, accessToken)).calls).toBe(1);
  });

  it('makes one user of two first sights at once', async () => {
    const { claims } = await newScene();
    const answers = await Promise.all(Array.from({ length: 5 }, () => arrive(claims)));
    expect(new Set(answers.map(({ userId }) => userId)).size).toBe(1);
    for (const { accessToken } of answers) expect(await statusWith(accessToken)).toBe(200);
  });

  it('means another user than that of another issuer with the same external id', async () => {
    const [one, other] = [await newScene(), await newScene()];
    const mine = await arrive(one.claims);
    const theirs = await arrive({ ...other.claims, sub: String(one.claims.sub) });
    expect(theirs.userId).not.toBe(mine.userId);
    expect((await arrive(one.claims)).userId).toBe(mine.userId);
    // To the letter: what an issuer tells apart, we do.
    const shouted = { ...one.claims, sub: String(one.claims.sub).toUpperCase(), email: `${unique('u')}@x.example` };
    expect((await arrive(shouted)).userId).not.toBe(mine.userId);
  });
});

describe('a user whom the directory knows by the external id', () => {
  it('is linked at first sight, joins, and needs the invitation no more', async () => {
    const { customer, claims } = await newScene({ createsUsers: false });
    const user = await newCustomerUser(customer.id, { externalId: claims.sub });
    const link = mailedToken(user.email);
    const { userId } = await arrive({ ...claims, email: undefined });
    expect(userId).toBe(user.id);
    expect(await userOf(user.id)).toMatchObject({ status: 'ACTIVE', version: 2, externalId: claims.sub });
    expect(await eventsAbout(user.id)).toEqual(['user.created', 'user.linked', 'user.joined', 'session.created']);
    expect((await step('accept-invitation', { token: link, password: 'correct horse, battery' })).status).toBe(401);
    // By this issuer's external id, from now on, and not by the directory's.
    await succeed('updateUser', 'user { id }', { id: user.id, externalId: null });
    expect((await arrive({ ...claims, email: undefined })).userId).toBe(user.id);
  });

  it('is not linked to an issuer of another customer, nor by what only looks like the external id', async () => {
    const scene = await newScene({ createsUsers: false });
    const user = await newCustomerUser((await newCustomer()).id, { externalId: scene.claims.sub });
    await refuse(scene.claims, /no such user/);
    const own = await newCustomerUser(scene.customer.id, { externalId: unique('Own') });
    await refuse({ ...scene.claims, sub: own.externalId.toLowerCase() }, /no such user/);
    await refuse({ ...scene.claims, sub: own.externalId, customer: undefined }, /names no customer/);
    expect((await arrive({ ...scene.claims, sub: own.externalId })).userId).toBe(own.id);
    expect(await eventsAbout(user.id)).toEqual(['user.created']);
  });

  it('is not linked, nor joins, without the external id that was there a moment ago', async () => {
    const { customer, claims } = await newScene({ createsUsers: false });
    const user = await newCustomerUser(customer.id, { externalId: claims.sub });
    const token = await sign({ ...claims, email: undefined });
    const forget = () => succeed('updateUser', 'user { id }', { id: user.id, externalId: null });
    const { status, errors } = await step('token', { token }, {}, { DB: overtaken(3, forget) });
    expect([status, errors[0].message]).toEqual([403, expect.stringMatching(/no such user/)]);
    expect(await eventsAbout(user.id)).toEqual(['user.created', 'user.updated']);
    expect((await userOf(user.id)).status).toBe('INVITED');
  });

  it('is not linked a second time', async () => {
    const { customer, claims } = await newScene();
    const user = await newCustomerUser(customer.id, { externalId: claims.sub });
    await arrive(claims);
    const other = await newScene({ customerIdentifiers: [{ id: customer.id }] });
    const theirs = { ...other.claims, sub: String(claims.sub), customer: customer.externalId };
    expect((await arrive(theirs)).userId).not.toBe(user.id);
  });

  it('is refused with a role that the issuer does not list, or when deactivated, and nobody is created instead', async () => {
    const { customer, claims } = await newScene();
    const admin = await newCustomerUser(customer.id, { externalId: claims.sub, roleIdentifier: { name: 'admin' } });
    await refuse(claims, /with the role that the user has/);
    const out = await newCustomerUser(customer.id, { externalId: unique('out') });
    await succeed('updateUser', 'user { id }', { id: out.id, status: 'DEACTIVATED' });
    await refuse({ ...claims, sub: out.externalId }, /may not sign in/);
    for (const { id } of [admin, out]) expect(await eventsAbout(id)).not.toContain('user.linked');
  });
});

describe('a token that is good, and asks for too much', () => {
  it('is refused with an e-mail address of another user, and nothing is written', async () => {
    const { claims } = await newScene();
    const taken = await newTeamMember();
    const count = async () => (await ask('{ events { totalCount } }')).data.events.totalCount;
    const before = await count();
    await refuse({ ...claims, email: taken.email.toUpperCase() }, /belongs to another user/);
    expect(await count()).toBe(before);
    const { userId } = await arrive(claims);
    await refuse({ ...claims, email: taken.email }, /belongs to another user/);
    expect((await arrive({ ...claims, email: `${unique('new')}@x.example` })).userId).toBe(userId);
    expect((await userOf(userId)).email).toBe(claims.email);
  });

  it('is refused with a role or a customer that the issuer does not list', async () => {
    const { claims } = await newScene();
    const other = await newCustomer();
    await refuse({ ...claims, role: 'admin' }, /the role that the token names/);
    await refuse({ ...claims, role: 'owner' }, /the role that the token names/);
    for (const customer of [other.externalId, other.id, 'nobody'])
      await refuse({ ...claims, customer }, /the customer that the token names/);
    const several = await newScene({ roleIdentifiers: [{ name: 'member' }, { name: 'admin' }] });
    await refuse(several.claims, /names no role/);
    const { userId } = await arrive({ ...several.claims, role: 'Admin' });
    expect((await userOf(userId)).role.name).toBe('admin');
  });

  it('is refused at first sight without a customer or an e-mail address, and unless the issuer may create users', async () => {
    const { issuer, claims } = await newScene();
    await refuse({ ...claims, customer: undefined }, /names no customer/);
    await refuse({ ...claims, email: undefined }, /names no e-mail address/);
    await refuse({ ...claims, email: 'nowhere' }, /The claim email must be an e-mail address/);
    await refuse({ ...claims, customer: 7 }, /The claim customer must be a string/);
    await update(issuer, { createsUsers: false });
    await refuse(claims, /may not create/);
  });

  it('is refused when its user or customer is deleted', async () => {
    const { customer, claims } = await newScene();
    const { userId, accessToken } = await arrive(claims);
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id });
    expect(await statusWith(accessToken)).toBe(401);
    await refuse({ ...claims, customer: undefined }, /may not sign in/);
    await succeed('restoreCustomer', 'customer { id }', { id: customer.id });
    await succeed('deleteUser', 'user { id }', { id: userId });
    await refuse(claims, /may not sign in/);
    // An erased one is forgotten, and so is the external id.
    await succeed('deleteUser', 'user { id }', { id: userId, permanently: true });
    expect((await arrive(claims)).userId).not.toBe(userId);
  });
});

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token that is not good', () => {
  it('is refused whatever is wrong with it, in the same words', async () => {
    const { claims } = await newScene();
    const now = seconds();
    const day = 24 * 60 * 60;
    const stranger = { ...(await newPair()), kid: rsa.kid };
    const good = await sign(claims);
    const [head, body, signature] = good.split('.');
    const answers = [
      await come('junk'),
      await come(`${head}.${encoded({ ...claims, exp: now + 60, sub: 'other' })}.${signature}`),
      await come(`${head}.${body}.`),
      await come(await sign(claims, stranger)),
      await come(await sign(claims, { ...rsa, kid: 'unknown' })),
      await come(await sign({ ...claims, iss: 'https://nobody.example' })),
      await come(await sign({ ...claims, iss: `${claims.iss}/` })),
      await come(await sign({ ...claims, aud: 'https://other.example' })),
      await come(await sign({ ...claims, aud: undefined })),
      await come(await sign({ ...claims, exp: now - 10, iat: now - 60 })),
      await come(await sign({ ...claims, exp: undefined })),
      await come(await sign({ ...claims, exp: now + day + 60 })),
      await come(await sign({ ...claims, exp: now + 60, iat: now - day })),
      await come(await sign({ ...claims, exp: now + day + 60, iat: undefined })),
      await come(await sign({ ...claims, exp: now + day, iat: now + 3600 })),
      await come(await sign({ ...claims, nbf: now + 60 })),
      await come(await sign({ ...claims, sub: undefined })),
      await come(await sign({ ...claims, sub: ' padded ' })),
      await come(await sign({ ...claims, more: 'x'.repeat(8192) })),
    ];
    for (const [index, { status, text }] of answers.entries()) expect(status, `${index}: ${text}`).toBe(401);
    const said = answers.map(({ errors }) => JSON.stringify(errors));
    expect(new Set(said).size).toBe(1);
    expect(said[0]).toMatch('The token is not valid');
    expect((await come(good)).status).toBe(200);
    expect((await step('token', {})).status).toBe(400);
  });

  it('is allowed a few seconds of difference, several audiences, and a day', async () => {
    const { claims } = await newScene();
    await arrive({ ...claims, exp: seconds() - 2, aud: ['https://other.example', AUDIENCE] });
    await arrive({ ...claims, exp: seconds() + 24 * 60 * 60, iat: undefined });
  });

  it('is refused without a signature, and when a public key was used as a secret', async () => {
    const { claims } = await newScene();
    const payload = { ...claims, exp: seconds() + 60 };
    await expectRefusal(`${encoded({ alg: 'none' })}.${encoded(payload)}.`);
    await expectRefusal(`${encoded({ alg: 'none', kid: rsa.kid })}.${encoded(payload)}.`);
    const secrets = [await exportSPKI(rsa.publicKey), JSON.stringify(rsa.jwk), String(rsa.jwk.n)];
    for (const secret of secrets) {
      const bytes = new TextEncoder().encode(secret);
      await expectRefusal(await new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid: rsa.kid }).sign(bytes));
    }
  });

  it('is one that we have made ourselves', async () => {
    const { claims } = await newScene();
    const { accessToken } = await arrive(claims);
    await expectRefusal(accessToken);
  });
});

describe('a session that a trusted issuer began', () => {
  const expectEnd = async (session: { accessToken: string; refreshToken: string }) => {
    expect(await statusWith(session.accessToken)).toBe(401);
    expect((await step('refresh', { refreshToken: session.refreshToken })).status).toBe(401);
  };

  it('reaches no tenant, whatever role its user has there', async () => {
    const { customer, claims } = await newScene();
    const tenant = await newTenant();
    const user = await newCustomerUser(customer.id, { externalId: claims.sub });
    await assign(user.id, tenant.id, 'admin');
    const defaultTenantIdentifier = { id: tenant.id };
    await succeed('updateUser', 'user { id }', { id: user.id, defaultTenantIdentifier });
    const session = await arrive(claims);
    expect(session.reach).toMatchObject({ kind: 'CUSTOMER', tenantId: null });
    const input = { tenantIdentifier: { id: tenant.id } };
    expect(await mutate('switchTenant', 'accessToken', input, session.accessToken)).toMatchObject({
      __typename: 'ForbiddenError',
      code: 'out_of_reach',
      message: 'A session that a trusted issuer began reaches no tenant.',
    });
    await succeed('switchTenant', 'accessToken', {}, session.accessToken);
    const raw = atob(tenant.id).split(':')[1];
    const forced = env.DB.prepare('UPDATE session SET tenant_id = ? WHERE issuer_id IS NOT NULL').bind(raw).run();
    await expect(forced).rejects.toThrow('CHECK');
    // Signed in otherwise, the same user may.
    await succeed('switchTenant', 'accessToken', input, await tokenOf(user.id));
    // Whoever reaches the tenant learns nothing of it.
    const { secret } = await newKey({ tenants: [tenant.id] });
    const { data } = await ask('{ events(first: 100) { nodes { type } } }', {}, secret);
    const types = data.events.nodes.map(({ type }: { type: string }) => type);
    expect(types).toContain('user.joined');
    expect(types).not.toContain('user.linked');
  });

  it('ends as soon as the issuer lists the customer no more, or is deleted', async () => {
    const { issuer, customer, claims } = await newScene();
    const session = await arrive(claims);
    expect(await statusWith(session.accessToken)).toBe(200);
    const other = await newCustomer();
    await update(issuer, { customerIdentifiers: [{ id: other.id }] });
    await expectEnd(session);
    await refuse({ ...claims, customer: undefined }, /users of this customer/);
    await update(issuer, { customerIdentifiers: [{ id: customer.id }] });
    await expectEnd(session);
    const again = await arrive(claims);
    await succeed('deleteTrustedIssuer', 'trustedIssuer { name }', { id: issuer.id });
    await expectEnd(again);
    await expectRefusal(await sign(claims));
  });

  it('ends as soon as its user has a role that the issuer does not list', async () => {
    const { issuer, claims } = await newScene();
    const session = await arrive(claims);
    const roleOf = (name: string) =>
      succeed('updateUser', 'user { id }', { id: session.userId, roleIdentifier: { name } });
    await roleOf('admin');
    await expectEnd(session);
    await refuse(claims, /with the role that the user has/);
    await update(issuer, { roleIdentifiers: [{ name: 'admin' }, { name: 'member' }] });
    const asAdmin = await arrive(claims);
    await update(issuer, { roleIdentifiers: [{ name: 'member' }] });
    await expectEnd(asAdmin);
    await roleOf('member');
    expect(await statusWith((await arrive(claims)).accessToken)).toBe(200);
  });

  it('is not taken for stolen when its refresh token was refused for the role that its user had meanwhile', async () => {
    const { claims } = await newScene();
    const { userId, refreshToken } = await arrive(claims);
    const roleOf = (name: string) => succeed('updateUser', 'user { id }', { id: userId, roleIdentifier: { name } });
    await roleOf('admin');
    for (const _ of [1, 2]) expect((await step('refresh', { refreshToken })).status).toBe(401);
    expect(await eventsAbout(userId)).not.toContain('session.ended');
    await roleOf('member');
    expect((await step('refresh', { refreshToken })).status).toBe(200);
    expect((await step('refresh', { refreshToken })).status).toBe(401);
    expect((await eventsAbout(userId)).at(-1)).toBe('session.ended');
  });

  it('ends when what its token was checked by is changed, and not for less', async () => {
    for (const input of [
      { keys: [ec.jwk] },
      { audience: 'other' },
      { issuer: unique('other') },
      { algorithms: ['PS256'] },
    ]) {
      const { issuer, claims } = await newScene();
      const session = await arrive(claims);
      await update(issuer, { name: 'Renamed', createsUsers: false });
      await update(issuer, { keys: [rsa.jwk], audience: AUDIENCE, issuer: issuer.issuer, algorithms: ['RS256'] });
      expect(await statusWith(session.accessToken)).toBe(200);
      await update(issuer, input);
      await expectEnd(session);
      await expectRefusal(await sign(claims));
    }
  });

  it('does not touch those that its user began with a password', async () => {
    const { issuer, customer, claims } = await newScene();
    const user = await newCustomerUser(customer.id, { externalId: claims.sub });
    await join(user);
    const own = await tokenOf(user.id);
    await arrive(claims);
    await succeed('deleteTrustedIssuer', 'trustedIssuer { name }', { id: issuer.id });
    expect(await statusWith(own)).toBe(200);
  });
});

describe('keys at a URL', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  /** Answers whoever asks for keys, as servers of others do. */
  const serve = (answer: (url: string, init: RequestInit | undefined) => Response | Promise<Response>) =>
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => answer(String(input), init));
  const keySet = (...jwks: unknown[]) => Response.json({ keys: jwks });
  const newUrl = () => `https://${unique('keys')}.example/jwks.json`;

  async function expectUnavailable(claims: Claims, reason: RegExp): Promise<void> {
    const { status, errors, headers } = await come(await sign(claims));
    expect(errors[0].message).toMatch(/^The keys of the issuer could not be read: /);
    expect(errors[0].message).toMatch(reason);
    expect(status).toBe(503);
    expect(errors[0].extensions.code).toBe('SERVICE_UNAVAILABLE');
    expect(headers.get('retry-after')).toBe('10');
  }

  it('are read once, and without following anybody', async () => {
    const { issuer, claims } = await newScene({ jwksUrl: newUrl() });
    expect(issuer).toMatchObject({ keys: null, algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'] });
    const fetch = serve(() => keySet({ kty: 'oct', k: 'c2VjcmV0', kid: 'secret' }, { ...ec.jwk, use: 'enc' }, rsa.jwk));
    for (let count = 0; count < 3; count += 1) await arrive(claims);
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(fetch.mock.calls[0]?.[0]).toBe(issuer.jwksUrl);
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ redirect: 'manual' });
    // Keys for something else sign no tokens.
    await expectRefusal(await sign(claims, ec));
  });

  it('are read again for an unknown key, every 30 seconds at most, and after ten minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { claims } = await newScene({ jwksUrl: newUrl() });
    let keys = [rsa.jwk];
    const fetch = serve(() => keySet(...keys));
    await arrive(claims);
    await expectRefusal(await sign(claims, ec));
    expect(fetch).toHaveBeenCalledTimes(1);
    keys = [ec.jwk];
    vi.setSystemTime(Date.now() + 29_000);
    await expectRefusal(await sign(claims, ec));
    expect(fetch).toHaveBeenCalledTimes(1);
    vi.setSystemTime(Date.now() + 2000);
    await arrive(claims, ec);
    expect(fetch).toHaveBeenCalledTimes(2);
    // The key that was taken away is not good any more.
    await expectRefusal(await sign(claims));
    vi.setSystemTime(Date.now() + 599_000);
    await arrive(claims, ec);
    expect(fetch).toHaveBeenCalledTimes(2);
    vi.setSystemTime(Date.now() + 2000);
    await arrive(claims, ec);
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  const FAULTS: Record<string, [answer: () => Response, reason: RegExp]> = {
    'a server that is down': [() => new Response('no', { status: 500 }), /answered 500/],
    'a redirect': [
      () => new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } }),
      /answered 302/,
    ],
    'what is too large': [() => keySet(rsa.jwk, { junk: 'x'.repeat(64 * 1024) }), /more than 64 KB/],
    'what is no key set': [() => new Response('<html>'), /no JSON Web Key Set/],
    'keys that are all private': [() => keySet({ ...rsa.jwk, d: 'AQAB' }), /no JSON Web Key Set/],
    'nobody at all': [
      () => {
        throw new TypeError('Network connection lost.');
      },
      /did not answer/,
    ],
  };
  for (const [name, [answer, reason]] of Object.entries(FAULTS)) {
    it(`are refused from ${name}, which is left alone for some seconds`, async () => {
      vi.useFakeTimers({ toFake: ['Date'] });
      const { claims } = await newScene({ jwksUrl: newUrl() });
      const fetch = serve(answer);
      await expectUnavailable(claims, reason);
      await expectUnavailable(claims, reason);
      expect(fetch).toHaveBeenCalledTimes(1);
      fetch.mockImplementation(async () => keySet(rsa.jwk));
      vi.setSystemTime(Date.now() + 11_000);
      await arrive(claims);
    });
  }

  it('are waited for 3 seconds and no longer, for headers and body together', async () => {
    const hanging: [string, () => Response | Promise<Response>][] = [
      ['headers', () => new Promise<Response>(() => {})],
      [
        'body',
        () => new Response(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('{')) })),
      ],
    ];
    await Promise.all(
      hanging.map(async ([name]) => {
        const { claims } = await newScene({ jwksUrl: `https://${unique(name)}.example/jwks.json` });
        return claims;
      }),
    ).then(async (scenes) => {
      const signals: unknown[] = [];
      serve((url, init) => {
        signals.push(init?.signal);
        return (hanging.find(([name]) => url.includes(name))?.[1] ?? (() => new Response()))();
      });
      const started = Date.now();
      await Promise.all(scenes.map((claims) => expectUnavailable(claims, /longer than 3 seconds/)));
      expect(Date.now() - started).toBeLessThan(4500);
      expect(Date.now() - started).toBeGreaterThan(2500);
      for (const signal of signals) expect(signal).toMatchObject({ aborted: true });
    });
  }, 10_000);

  it('are not asked for by a token that could not be good', async () => {
    const { claims } = await newScene({ jwksUrl: newUrl() });
    const fetch = serve(() => keySet(rsa.jwk));
    await expectRefusal(`${encoded({ alg: 'none' })}.${encoded(claims)}.`);
    await expectRefusal(await sign({ ...claims, iss: 'https://nobody.example' }));
    expect(fetch).not.toHaveBeenCalled();
  });
});

describe('a network address', () => {
  it('may try fifty tokens that are not good, and any number that are', async () => {
    const { claims } = await newScene();
    const from = { 'cf-connecting-ip': '203.0.113.77' };
    const good = await sign(claims);
    const bad = await sign({ ...claims, aud: 'other' });
    for (let count = 0; count < 5; count += 1) expect((await step('token', { token: good }, from)).status).toBe(200);
    for (let count = 0; count < 50; count += 1) expect((await step('token', { token: bad }, from)).status).toBe(401);
    const { status, errors } = await step('token', { token: good }, from);
    expect(status).toBe(429);
    expect(errors[0].extensions.code).toBe('TOO_MANY_REQUESTS');
  });
});

describe('a trusted issuer', () => {
  const issuesOf = async (input: Variables): Promise<Record<string, string>> => {
    const customer = await newCustomer();
    const result = await mutate('createTrustedIssuer', 'trustedIssuer { id }', {
      name: 'x',
      issuer: unique('issuer'),
      audience: AUDIENCE,
      roleIdentifiers: [{ name: 'member' }],
      customerIdentifiers: [{ id: customer.id }],
      ...input,
    });
    expect(result.__typename, JSON.stringify(result)).toBe('ValidationError');
    return Object.fromEntries(result.issues.map(({ path, message }: Record<string, string>) => [path, message]));
  };

  it('takes public keys that are strong enough, and no others', async () => {
    const { kid: _kid, ...nameless } = ec.jwk;
    const secret = await exportJWK(rsa.privateKey);
    const weak = { ...rsa.jwk, n: Buffer.alloc(128, 255).toString('base64url') };
    const zeros = Buffer.concat([Buffer.alloc(129), Buffer.alloc(128, 255)]).toString('base64url');
    const cases: [unknown[], string, RegExp][] = [
      [[secret], 'keys.0', /private or symmetric/],
      [[{ kty: 'oct', k: 'c2VjcmV0' }], 'keys.0', /private or symmetric/],
      [[{ ...ec.jwk, d: 'AAAA' }], 'keys.0', /private or symmetric/],
      [[{ kty: 'AES' }], 'keys.0.kty', /RSA, EC or OKP/],
      [[weak], 'keys.0.n', /2048 bits/],
      [[{ ...weak, n: zeros }], 'keys.0.n', /2048 bits/],
      [[{ ...rsa.jwk, e: 'AQ' }], 'keys.0.e', /AQAB/],
      [[{ ...rsa.jwk, use: 'enc' }], 'keys.0.use', /sig/],
      [[{ ...rsa.jwk, alg: 'HS256' }], 'keys.0.alg', /must be one of/],
      [[{ ...rsa.jwk, alg: 'ES256' }], 'keys.0.alg', /does not go with the key/],
      [[{ ...ec.jwk, y: ec.jwk.x }], 'keys.0', /is no key/],
      [[rsa.jwk, nameless], 'keys', /kid of its own/],
      [[rsa.jwk, rsa.jwk], 'keys', /kid of its own/],
      [[], 'keys', /at least one/],
      [Array.from({ length: 11 }, (_, index) => ({ ...ec.jwk, kid: String(index) })), 'keys', /at most 10/],
    ];
    for (const [keys, path, message] of cases) {
      const issues = await issuesOf({ keys });
      expect(issues[path], JSON.stringify(issues)).toMatch(message);
    }
    const { issuer } = await newScene({ keys: [{ ...rsa.jwk, x5t: 'left out', alg: 'PS384' }] });
    expect(issuer.algorithms).toEqual(['PS384']);
    expect(Object.keys(issuer.keys[0]).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n']);
  });

  it('takes keys or an https URL of a public host, and not both', async () => {
    expect(await issuesOf({})).toHaveProperty('keys');
    expect(await issuesOf({ keys: [rsa.jwk], jwksUrl: 'https://keys.example/jwks' })).toHaveProperty('keys');
    for (const jwksUrl of [
      'http://keys.example/jwks',
      'ftp://keys.example/jwks',
      'https://user:secret@keys.example/jwks',
      'https://127.0.0.1/jwks',
      'https://0x7f.1/jwks',
      'https://2130706433/jwks',
      'https://[::1]/jwks',
      'https://localhost/jwks',
      'https://localhost./jwks',
      'https://keys.localhost/jwks',
      'https://printer.local/jwks',
      'https://metadata.google.internal/jwks',
      'https://METADATA.INTERNAL./jwks',
      'https://intranet/jwks',
    ]) {
      expect((await issuesOf({ jwksUrl })).jwksUrl, jwksUrl).toMatch(/must be an http/);
    }
    for (const algorithms of [['HS256'], ['none'], ['RS256', 'HS512'], []])
      expect(Object.keys(await issuesOf({ keys: [rsa.jwk], algorithms }))[0]).toMatch(/^algorithms/);
    expect(await issuesOf({ keys: [rsa.jwk], roleIdentifiers: [] })).toHaveProperty('roleIdentifiers');
    expect(await issuesOf({ keys: [rsa.jwk], customerIdentifiers: [] })).toHaveProperty('customerIdentifiers');
  });

  it('is changed, with an event that says how, and one only if anything changes', async () => {
    const { issuer, customer } = await newScene();
    await update(issuer, {
      name: issuer.name,
      keys: issuer.keys,
      roleIdentifiers: [{ name: 'Member' }, { name: 'member' }],
      customerIdentifiers: [{ externalId: customer.externalId }],
    });
    await update(issuer, {});
    expect(await eventsAbout(issuer.id)).toEqual(['trustedIssuer.created']);
    const jwksUrl = 'https://keys.example/jwks.json';
    const { trustedIssuer } = await update(issuer, { jwksUrl, name: 'Other' });
    expect(trustedIssuer).toMatchObject({ name: 'Other', jwksUrl, keys: null, issuer: issuer.issuer });
    const back = await update(issuer, { keys: [ec.jwk], jwksUrl: null });
    expect(back.trustedIssuer).toMatchObject({ jwksUrl: null, algorithms: ['ES256'] });
    await succeed('deleteTrustedIssuer', 'trustedIssuer { id }', { id: issuer.id });
    const { data } = await ask(
      'query($id: ID!) { node(id: $id) { id } events(filter: { subjectId: $id }) { nodes { type before after } } }',
      { id: issuer.id },
    );
    expect(data.node).toBeNull();
    const { id: _id, createdAt: _createdAt, updatedAt: _updatedAt, ...shown } = issuer;
    expect(data.events.nodes[0]).toEqual({ type: 'trustedIssuer.created', before: null, after: shown });
    expect(data.events.nodes.map(({ type }: { type: string }) => type)).toEqual([
      'trustedIssuer.created',
      'trustedIssuer.updated',
      'trustedIssuer.updated',
      'trustedIssuer.deleted',
    ]);
    expect(data.events.nodes[3]).toMatchObject({ before: { algorithms: ['ES256'] }, after: null });
  });

  it('has a name in tokens that no other has, and lists roles of customers', async () => {
    const { issuer, customer } = await newScene();
    const input = {
      name: 'x',
      audience: AUDIENCE,
      keys: [rsa.jwk],
      roleIdentifiers: [{ name: 'member' }],
      customerIdentifiers: [{ id: customer.id }],
    };
    expect(await mutate('createTrustedIssuer', '__typename', { ...input, issuer: issuer.issuer })).toMatchObject({
      __typename: 'AlreadyExistsError',
      path: 'issuer',
      existing: { __typename: 'TrustedIssuer', id: issuer.id },
    });
    const lost = {
      roleIdentifiers: [{ name: 'owner' }, { name: 'member' }, { name: 'view' }],
      customerIdentifiers: [{ email: 'nobody@x.example' }, { id: customer.id }, { externalId: 'nobody' }],
    };
    const result = await mutate('createTrustedIssuer', '__typename', { ...input, ...lost, issuer: unique('issuer') });
    expect(result.references?.map(({ path }: { path: string }) => path)).toEqual([
      'roleIdentifiers.0.name',
      'roleIdentifiers.2.name',
      'customerIdentifiers.0.email',
      'customerIdentifiers.2.externalId',
    ]);
  });

  it('is set up, changed and ended only by who holds what its roles allow', async () => {
    const { issuer, customer } = await newScene({ roleIdentifiers: [{ name: 'admin' }] });
    const { secret } = await newKey({ permissions: allBut('user:delete') });
    const refused = { code: 'insufficient_permissions', missingPermissions: ['user:delete'] };
    const member = { roleIdentifiers: [{ name: 'member' }] };
    const attempts: [string, Variables][] = [
      [
        'createTrustedIssuer',
        {
          name: 'x',
          issuer: unique('issuer'),
          audience: AUDIENCE,
          keys: [rsa.jwk],
          roleIdentifiers: [{ name: 'member' }, { name: 'admin' }],
          customerIdentifiers: [{ id: customer.id }],
        },
      ],
      ['updateTrustedIssuer', { id: issuer.id, ...member }],
      ['updateTrustedIssuer', { id: issuer.id, keys: [ec.jwk] }],
      ['deleteTrustedIssuer', { id: issuer.id }],
    ];
    for (const [name, input] of attempts)
      expect(await mutate(name, '__typename', input, secret)).toMatchObject(refused);
    await update(issuer, member);
    const raise = { id: issuer.id, roleIdentifiers: [{ name: 'admin' }] };
    expect(await mutate('updateTrustedIssuer', '__typename', raise, secret)).toMatchObject(refused);
    await succeed('updateTrustedIssuer', 'trustedIssuer { id }', { id: issuer.id, name: 'Theirs' }, secret);
  });

  it('keeps the roles that it lists', async () => {
    const role = await newRole({ scope: 'CUSTOMER' });
    const { issuer } = await newScene({ roleIdentifiers: [{ id: role.id }, { name: 'member' }] });
    expect(await mutate('deleteRole', 'role { id }', { id: role.id })).toMatchObject({
      __typename: 'RoleInUseError',
      userCount: 0,
    });
    await update(issuer, { roleIdentifiers: [{ name: 'member' }] });
    await succeed('deleteRole', 'role { id }', { id: role.id });
  });

  it('loses a customer that is erased, and shows its events to nobody without organization:edit', async () => {
    const { issuer, customer } = await newScene();
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id, permanently: true });
    const { data } = await ask('query($id: ID!) { node(id: $id) { ... on TrustedIssuer { customerIds } } }', {
      id: issuer.id,
    });
    expect(data.node.customerIds).toEqual([]);
    const { secret } = await newKey({ permissions: ['event:read'] });
    const events = await ask(
      'query($id: ID!) { events(filter: { subjectId: $id }) { nodes { type before after } } }',
      { id: issuer.id },
      secret,
    );
    expect(events.data.events.nodes).toEqual([{ type: 'trustedIssuer.created', before: null, after: null }]);
  });
});
