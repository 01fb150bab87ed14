import { env } from 'cloudflare:workers';
import { importJWK } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseSigningKeys } from '../../../src/directory/access/signer.ts';
import { NO_DIALECTS } from '../../../src/http/shared/environment.ts';
import { api } from '../../dialects/prismatic/api.ts';
import {
  dump,
  eventsAbout,
  newCustomer,
  newCustomerUser,
  newTeamMember,
  rawId,
  unique,
} from '../../shared/fixtures.ts';
import { ask, mailbox, PUBLIC_URL, SIGNING_KEYS, send } from '../../shared/gateway.ts';
import { posted } from '../../walks/dialects/table.ts';
import { type Claims, ec, KINDS, newPair, organizationId, rsa, seconds, sign, userOf } from './scene.ts';

const { newScene, come, arrive, refuse, expectRefusal, statusWith } = KINDS.EMBEDDED;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** What the vendor's example signs: a private key in PEM has no name to put into the header. */
const asInExample = (claims: Claims, pair = rsa) => {
  const now = seconds();
  return sign({ ...claims, nbf: now, iat: now, exp: now + 4 * 60 * 60 }, { ...pair, kid: undefined });
};

/** The calls that an embedded page makes, one after the other. */
async function openPage(token: string) {
  const authenticated = await come(token);
  expect(authenticated.status, authenticated.text).toBe(200);
  const me = `{ authenticatedUser { id name email externalId tenantId customer { id allowEmbeddedDesigner } } }`;
  const { data, text } = await api(me, {}, token);
  expect(data, text).not.toBeNull();
  return data.authenticatedUser;
}

describe('a page of a product', () => {
  it('signs in a user whom nobody knew, with the claims of the vendor’s example', async () => {
    const { customer, claims } = await newScene();
    const { organization, sub, customer: customerExternalId } = claims;
    const externalId = unique('user');
    const before = mailbox.length;
    const said = { sub, organization, customer: customerExternalId, external_id: externalId, name: 'Lisa Nguyen' };
    const user = await openPage(await asInExample({ ...said, role: 'member' }));
    expect(user).toEqual({
      id: user.id,
      name: 'Lisa Nguyen',
      email: `${rawId(user.id)}@embedded.invalid`,
      externalId,
      tenantId: await organizationId(),
      customer: { id: customer.id, allowEmbeddedDesigner: false },
    });
    expect(await userOf(user.id)).toMatchObject({ status: 'ACTIVE', version: 1, role: { name: 'member' } });
    expect(await openPage(await asInExample({ ...said, name: 'Other', role: 'admin' }))).toEqual(user);
    expect(await eventsAbout(user.id)).toEqual(['user.created', 'user.linked']);
    expect(mailbox.length).toBe(before);
    const sessions = await env.DB.prepare('SELECT 1 FROM session WHERE user_id = ?').bind(rawId(user.id)).all();
    expect(sessions.results).toEqual([]);
  });

  it('takes an empty string for none, and the id of the organization in either spelling', async () => {
    const { claims } = await newScene();
    const empty = { ...claims, email: '', name: '', role: '', external_id: '' };
    const { id } = await openPage(await asInExample(empty));
    expect(await userOf(id)).toMatchObject({ name: null, externalId: null, role: { name: 'member' } });
    const organization = rawId(await organizationId());
    for (const spelled of [organization, organization.toUpperCase()])
      expect((await openPage(await asInExample({ ...claims, organization: spelled }))).id).toBe(id);
  });

  it('may send the token in the body instead, and is told if there is none', async () => {
    const { claims } = await newScene();
    const post = (body: string, type = 'application/json') =>
      send(
        new Request(`${PUBLIC_URL}/embedded/authenticate`, { method: 'POST', headers: { 'content-type': type }, body }),
      );
    const token = await sign(claims);
    expect((await post(JSON.stringify({ token }))).status).toBe(200);
    expect(await statusWith(token)).toBe(200);
    for (const [answer, status] of [
      [post('{}'), 400],
      [post('[]'), 400],
      [post('', 'text/plain'), 415],
      [send(new Request(`${PUBLIC_URL}/embedded/authenticate`)), 405],
    ] as const) {
      const { status: got, text } = await answer;
      expect([got, JSON.parse(text).error], text).toEqual([status, 'invalid_request']);
    }
  });

  it('knows the user by the external id that the token names, and takes nobody else’s', async () => {
    const { customer, claims } = await newScene();
    const known = await newCustomerUser(customer.id, { externalId: unique('Known') });
    const { id } = await openPage(await sign({ ...claims, external_id: known.externalId }));
    expect(id).toBe(known.id);
    const other = await newTeamMember({ externalId: unique('team') });
    const before = await dump();
    const taking = { ...claims, sub: unique('sub'), email: undefined, external_id: other.externalId };
    await refuse(taking, /external id that the token names belongs to another user/);
    // But for the limit on guesses, which is no part of the directory.
    expect(await dump()).toBe(before);
  });

  it('is open where nothing else is signed, and nowhere without the dialect', async () => {
    const { claims } = await newScene();
    const token = await sign(claims);
    expect((await come(token, {}, { SIGNING_KEYS: '' })).status).toBe(200);
    const page = () => posted('/api', '{ authenticatedUser { id } }', {}, token);
    expect((await send(page(), { SIGNING_KEYS: '' })).data.authenticatedUser.id).toEqual(expect.any(String));
    for (const DIALECTS of [NO_DIALECTS, 'plain, capig, userdocks']) {
      expect((await come(token, {}, { DIALECTS })).status).toBe(404);
      expect((await send(page(), { DIALECTS })).status).toBe(404);
    }
  });
});

describe('several keys', () => {
  it('may each have signed a token that names none', async () => {
    const pairs = [rsa, await newPair(), ec];
    const { claims } = await newScene({ keys: pairs.map(({ jwk }) => jwk) });
    const { userId } = await arrive(claims);
    for (const pair of pairs) {
      const token = await asInExample(claims, pair);
      expect((await openPage(token)).id).toBe(userId);
    }
    await expectRefusal(await asInExample(claims, await newPair()));
    const named = await newPair('RS256', rsa.kid);
    await expectRefusal(await sign(claims, named));
  });

  it('of several issuers sign in the users of their own customers, and of one that both list, each their own', async () => {
    const own = await newPair();
    const one = await newScene();
    const shared = [{ id: one.customer.id }];
    const two = await newScene({ keys: [own.jwk], customerIdentifiers: [...shared, { id: (await newCustomer()).id }] });
    const three = await newScene({ keys: [own.jwk] });
    const theirs = { ...two.claims, customer: one.customer.externalId };
    const first = await arrive(one.claims);
    const second = await arrive({ ...theirs, sub: one.claims.sub }, own);
    expect(second.userId).not.toBe(first.userId);
    expect((await arrive(one.claims)).userId).toBe(first.userId);
    // A key of one, and a customer of the other.
    await expectRefusal(await sign(three.claims, rsa));
    await expectRefusal(await sign({ ...one.claims, sub: unique('sub') }, { ...own, kid: rsa.kid }));
    await arrive(three.claims, own);
  });

  it('of the deployment sign no token of an issuer, also if it is registered with them', async () => {
    const [jwk] = parseSigningKeys(SIGNING_KEYS);
    if (!jwk) throw new Error('There is no key');
    const { d: _d, ...key } = jwk;
    const { claims } = await newScene({ keys: [key] });
    const privateKey = await importJWK(jwk, 'EdDSA');
    if (privateKey instanceof Uint8Array) throw new Error('This is no secret');
    // Whoever has that key could sign anything: but what we sign with it is not taken for this.
    const { accessToken } = await KINDS.STANDARD.arrive((await KINDS.STANDARD.newScene()).claims);
    expect((await come(accessToken)).status).toBe(401);
    expect(
      (
        await ask(
          '{ viewer { type } }',
          {},
          await sign(claims, { ...ec, algorithm: 'EdDSA', privateKey, kid: jwk.kid }),
        )
      ).status,
    ).toBe(401);
  });
});
