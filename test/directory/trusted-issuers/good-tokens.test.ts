import { exportJWK, importJWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  eventsAbout,
  newCustomer,
  newCustomerUser,
  newTeamMember,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, overtaken } from '../../shared/gateway.ts';
import { mailedToken, step } from '../../shared/people.ts';
import { ec, KINDS, ME, newPair, rsa, seconds, sign, update, userOf } from './scene.ts';

for (const [kind, tools] of Object.entries(KINDS)) {
  const { newScene, come, reasonOf, arrive, refuse, expectRefusal, statusWith } = tools;

  describe(`a token of an issuer of the kind ${kind}`, () => {
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
      const [customer, other] = [await newCustomer(), await newCustomer()];
      const { claims } = await newScene({ customerIdentifiers: [{ id: customer.id }, { id: other.id }] });
      const { userId } = await arrive({ ...claims, customer: customer.id });
      expect((await arrive({ ...claims, customer: customer.externalId })).userId).toBe(userId);
      for (const named of [other.externalId, other.id])
        await refuse({ ...claims, customer: named }, /another customer than the user’s/);
    });

    it('means a customer by its id, whatever external id another has', async () => {
      const [customer, other] = [await newCustomer(), await newCustomer()];
      const { claims } = await newScene({ customerIdentifiers: [{ id: customer.id }, { id: other.id }] });
      for (const id of [customer.id, rawId(customer.id)]) {
        await succeed('updateCustomer', 'customer { id }', { id: other.id, externalId: id });
        const sub = unique('Subject');
        const { reach } = await arrive({ ...claims, sub, customer: id, email: `${sub}@x.example` });
        expect(reach.customerId).toBe(customer.id);
      }
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

  describe(`a user whom the directory knows by the external id, and an issuer of the kind ${kind}`, () => {
    it('is linked at first sight, joins, and needs the invitation no more', async () => {
      const { customer, claims } = await newScene({ createsUsers: false });
      const user = await newCustomerUser(customer.id, { externalId: claims.sub });
      const link = mailedToken(user.email);
      const { userId } = await arrive({ ...claims, email: undefined });
      expect(userId).toBe(user.id);
      expect(await userOf(user.id)).toMatchObject({ status: 'ACTIVE', version: 2, externalId: claims.sub });
      const types = (await eventsAbout(user.id)).filter((type) => type !== 'session.created');
      expect(types).toEqual(['user.created', 'user.linked', 'user.joined']);
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
      expect((await arrive({ ...scene.claims, sub: own.externalId })).userId).toBe(own.id);
      expect(await eventsAbout(user.id)).toEqual(['user.created']);
    });

    it('is not linked, nor joins, without the external id that was there a moment ago', async () => {
      const { customer, claims } = await newScene({ createsUsers: false });
      const user = await newCustomerUser(customer.id, { externalId: claims.sub });
      const token = await sign({ ...claims, email: undefined });
      const forget = () => succeed('updateUser', 'user { id }', { id: user.id, externalId: null });
      const answer = await come(token, {}, { DB: overtaken(3, forget) });
      expect([answer.status, reasonOf(answer)]).toEqual([403, expect.stringMatching(/no such user/)]);
      expect(await eventsAbout(user.id)).toEqual(['user.created', 'user.updated']);
      expect((await userOf(user.id)).status).toBe('INVITED');
    });

    it('is not linked a second time', async () => {
      const { customer, claims } = await newScene();
      const user = await newCustomerUser(customer.id, { externalId: claims.sub });
      await arrive(claims);
      const other = await newScene({ customerIdentifiers: [{ id: customer.id }], keys: [ec.jwk] });
      const theirs = { ...other.claims, sub: String(claims.sub), customer: customer.externalId };
      expect((await arrive(theirs, ec)).userId).not.toBe(user.id);
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

  describe(`a token of an issuer of the kind ${kind} that is good, and asks for too much,`, () => {
    it('is refused with an e-mail address of another user for a new one, and nothing is written', async () => {
      const { claims } = await newScene();
      const taken = await newTeamMember();
      const count = async () => (await ask('{ events { totalCount } }')).data.events.totalCount;
      const before = await count();
      await refuse({ ...claims, email: taken.email.toUpperCase() }, /belongs to another user/);
      expect(await count()).toBe(before);
      const { userId } = await arrive(claims);
      expect((await arrive({ ...claims, email: taken.email })).userId).toBe(userId);
      expect((await arrive({ ...claims, email: `${unique('new')}@x.example` })).userId).toBe(userId);
      expect((await userOf(userId)).email).toBe(claims.email);
    });

    it('is refused with a role that the issuer does not list, for a new user', async () => {
      const { claims } = await newScene();
      await refuse({ ...claims, role: 'admin' }, /the role that the token names/);
      await refuse({ ...claims, role: 'owner' }, /the role that the token names/);
      const several = await newScene({ roleIdentifiers: [{ name: 'member' }, { name: 'admin' }] });
      await refuse(several.claims, /names no role/);
      const { userId } = await arrive({ ...several.claims, role: 'Admin' });
      expect((await userOf(userId)).role.name).toBe('admin');
    });

    it('is refused for a new user, unless the issuer may create any', async () => {
      const { issuer, claims } = await newScene();
      await refuse({ ...claims, email: 'nowhere' }, /The claim email must be an e-mail address/);
      await update(issuer, { createsUsers: false });
      await refuse(claims, /may not create/);
    });

    it('is refused when its user is deleted', async () => {
      const { claims } = await newScene();
      const { userId } = await arrive(claims);
      await succeed('deleteUser', 'user { id }', { id: userId });
      await refuse(claims, /may not sign in/);
      // An erased one is forgotten, and so is the external id.
      await succeed('deleteUser', 'user { id }', { id: userId, permanently: true });
      expect((await arrive(claims)).userId).not.toBe(userId);
    });
  });
}

describe('a token of an issuer of the kind STANDARD', () => {
  const { newScene, come, arrive, refuse, statusWith } = KINDS.STANDARD;

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

  it('costs three D1 calls', async () => {
    const { claims } = await newScene();
    expect((await come(await sign(claims))).calls).toBe(3);
    expect((await come(await sign(claims))).calls).toBe(3);
    const { accessToken } = await arrive(claims);
    expect((await ask('{ viewer { type } }', {}, accessToken)).calls).toBe(1);
  });

  it('is refused at first sight without a customer that the issuer lists, or an e-mail address', async () => {
    const { claims } = await newScene();
    const other = await newCustomer();
    for (const customer of [other.externalId, other.id, 'nobody'])
      await refuse({ ...claims, customer }, /the customer that the token names/);
    await refuse({ ...claims, customer: undefined }, /names no customer/);
    await refuse({ ...claims, email: undefined }, /names no e-mail address/);
    await refuse({ ...claims, customer: 7 }, /The claim customer must be a string/);
  });

  it('is refused when its customer is deleted', async () => {
    const { customer, claims } = await newScene();
    const { userId, accessToken } = await arrive(claims);
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id });
    expect(await statusWith(accessToken)).toBe(401);
    await refuse({ ...claims, customer: undefined }, /may not sign in/);
    await succeed('restoreCustomer', 'customer { id }', { id: customer.id });
    expect((await arrive(claims)).userId).toBe(userId);
  });
});
