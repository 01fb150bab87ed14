import { env } from 'cloudflare:workers';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { signingKeys } from '../../../src/cli/signing-keys.ts';
import { MAX_PERMISSIONS_IN_TOKEN } from '../../../src/directory/access/access-tokens.ts';
import {
  assign,
  codeOf,
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
} from '../../shared/fixtures.ts';
import { ask, cron, graphqlRequest, PUBLIC_URL, SIGNING_KEYS, send, type Variables } from '../../shared/gateway.ts';
import { enter, PASSWORD, sessionOf, signIn, step, TOKENS, tokenOf } from '../../shared/people.ts';
import { KINDS } from '../trusted-issuers/scene.ts';

const WHO = '{ viewer { type reach { kind tenantIds customerId } } }';

const statusOf = async (token: string) => (await ask(WHO, {}, token)).status;

async function newSignedIn(input = {}) {
  const user = await newTeamMember(input);
  await enter(user);
  return { user, ...(await signIn(user.email)) };
}

const sessionEvents = async ({ id }: Result) => {
  const types = ['session.created', 'session.switched', 'session.ended'];
  const { data } = await ask(
    'query($id: ID!, $types: [String!]) { events(filter: { subjectId: $id, types: $types }) { nodes { type actor { type } after } } }',
    { id, types },
  );
  return data.events.nodes.map(({ type, actor, after }: Result) => [type, actor.type, after.reason]);
};

describe('an access token', () => {
  it('says who, which session, how far and for whom, for 15 minutes, and no permission that is built in', async () => {
    const customer = await newCustomer();
    const user = await newCustomerUser(customer.id);
    await enter(user);
    const { accessToken, expiresIn } = await signIn(user.email);
    const claims = decodeJwt(accessToken);
    expect(claims).toEqual({
      iss: PUBLIC_URL,
      aud: PUBLIC_URL,
      sub: rawId(user.id),
      sid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      reach: 'CUSTOMER',
      customer_id: rawId(customer.id),
      permissions: [],
      iat: expect.any(Number),
      exp: (claims.iat ?? 0) + 900,
    });
    expect(expiresIn).toBe(900);
    expect(decodeProtectedHeader(accessToken)).toEqual({ alg: 'EdDSA', kid: 'of-the-tests', typ: 'at+jwt' });
  });

  it('can be verified by anyone, with the keys that are published', async () => {
    const { accessToken } = await newSignedIn();
    const { text, headers } = await send(new Request(`${PUBLIC_URL}/.well-known/jwks.json`));
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    const published = JSON.parse(text);
    expect(published.keys.map((key: Result) => Object.keys(key).sort())).toEqual([
      ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
    ]);
    const { payload } = await jwtVerify(accessToken, createLocalJWKSet(published), { audience: PUBLIC_URL });
    expect(payload.iss).toBe(PUBLIC_URL);
  });

  it('is good while its key is published, and signed by the newest', async () => {
    const { accessToken: old } = await newSignedIn();
    const { user } = await newSignedIn();
    const rotated = { SIGNING_KEYS: await signingKeys(SIGNING_KEYS) };
    const asked = (token: string, overrides: object) => send(graphqlRequest(WHO, {}, token), overrides);
    const { body } = await step('sign-in', { email: user.email, password: PASSWORD }, {}, rotated);
    expect(decodeProtectedHeader(body.accessToken).kid).not.toBe('of-the-tests');
    expect((await asked(old, rotated)).status).toBe(200);
    expect((await asked(body.accessToken, rotated)).status).toBe(200);
    expect((await asked(body.accessToken, {})).status).toBe(401);
    const { keys } = JSON.parse(rotated.SIGNING_KEYS);
    expect((await asked(old, { SIGNING_KEYS: JSON.stringify({ keys: [keys[0]] }) })).status).toBe(401);
  });

  it('can be signed by P-256, too', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const keys = { SIGNING_KEYS: JSON.stringify({ keys: [{ ...(await exportJWK(privateKey)), kid: 'curve' }] }) };
    const { user } = await newSignedIn();
    const { body } = await step('sign-in', { email: user.email, password: PASSWORD }, {}, keys);
    expect(decodeProtectedHeader(body.accessToken)).toMatchObject({ alg: 'ES256', kid: 'curve' });
    expect((await send(graphqlRequest(WHO, {}, body.accessToken), keys)).status).toBe(200);
    const { text } = await send(new Request(`${PUBLIC_URL}/.well-known/jwks.json`), keys);
    expect(JSON.parse(text).keys).toEqual([expect.objectContaining({ alg: 'ES256', y: expect.any(String) })]);
    expect(text).not.toContain('"d"');
  });

  describe('names the permissions of the product that its session has where it is,', () => {
    const names = Array.from(
      { length: MAX_PERMISSIONS_IN_TOKEN + 1 },
      (_, index) => `invoice:a${String(index).padStart(2, '0')}`,
    );
    const role = async (permissions: readonly string[], scope = 'TENANT') => {
      const made = await newRole({ scope, permissions: ['tenant:read', 'user:read'] });
      await give(made.id, permissions);
      return made;
    };
    const give = (roleId: string, permissions: readonly string[]) =>
      env.DB.batch(
        permissions.map((name) =>
          env.DB.prepare('INSERT INTO role_permission VALUES (?, ?)').bind(rawId(roleId), name),
        ),
      );
    const named = (token: string) => {
      const { permissions, permissions_truncated } = decodeJwt(token);
      return { permissions, permissions_truncated };
    };
    const some = (...permissions: string[]) => ({ permissions, permissions_truncated: undefined });

    beforeAll(() =>
      env.DB.batch(
        names
          .toReversed()
          .map((name) =>
            env.DB.prepare("INSERT INTO permission (name, description, built_in) VALUES (?, 'x', 0)").bind(name),
          ),
      ),
    );

    it('sorted, since it signed in, was refreshed or switched, and no other role of the user', async () => {
      const [first, second] = [await newTenant(), await newTenant()];
      const [inFirst, inSecond, own] = [
        await role(['invoice:a09', 'invoice:a01']),
        await role(['invoice:a02']),
        await role(['invoice:a03'], 'ORGANIZATION'),
      ];
      const { user, accessToken, refreshToken } = await newSignedIn({ roleIdentifier: { id: own.id } });
      expect(named(accessToken)).toEqual(some('invoice:a03'));
      for (const [tenant, { name }] of [
        [first, inFirst],
        [second, inSecond],
      ] as const)
        await assign(user.id, tenant.id, name);
      const switchTo = async (input: Variables) =>
        (await succeed('switchTenant', 'accessToken', input, accessToken)).accessToken;
      const inTenant = await switchTo({ tenantIdentifier: { id: first.id } });
      expect(named(inTenant)).toEqual(some('invoice:a01', 'invoice:a09'));
      await give(inFirst.id, ['invoice:a05']);
      const { body } = await step('refresh', { refreshToken });
      expect(named(body.accessToken)).toEqual(some('invoice:a01', 'invoice:a05', 'invoice:a09'));
      expect(named(await switchTo({ tenantIdentifier: { id: second.id } }))).toEqual(some('invoice:a02'));
      expect(named(await switchTo({}))).toEqual(some('invoice:a03'));
      expect(named((await signIn(user.email, { tenantId: second.id })).accessToken)).toEqual(some('invoice:a02'));
    });

    it('and says so where there are more than it can name', async () => {
      const full = await role(names.slice(1), 'ORGANIZATION');
      const { user, accessToken } = await newSignedIn({ roleIdentifier: { id: full.id } });
      expect(named(accessToken)).toEqual(some(...names.slice(1)));
      await give(full.id, names.slice(0, 1));
      const more = named((await signIn(user.email)).accessToken);
      expect(more).toEqual({ permissions: names.slice(0, -1), permissions_truncated: true });
    });

    it('also of whom a trusted issuer lets in', async () => {
      const { newScene, arrive } = KINDS.STANDARD;
      const { claims, issuer } = await newScene();
      const { data } = await ask('query($id: ID!) { node(id: $id) { ... on TrustedIssuer { roleIds } } }', {
        id: issuer.id,
      });
      await give(data.node.roleIds[0], ['invoice:a07']);
      expect(named((await arrive(claims)).accessToken)).toEqual(some('invoice:a07'));
    });

    it('and is good for none of them by that: they are read from the directory', async () => {
      const user = await newTeamMember();
      const grant = await sessionOf(user.id);
      const permissions = async (token: string) =>
        (await ask('{ viewer { permissions } }', {}, token)).data.viewer.permissions;
      const plain = await permissions(await TOKENS.issue(grant));
      const claiming = await TOKENS.issue({ ...grant, productPermissions: [...names, 'user:edit'] });
      expect(decodeJwt(claiming).permissions).toHaveLength(MAX_PERMISSIONS_IN_TOKEN);
      expect(await permissions(claiming)).toEqual(plain);
    });
  });

  it('may do what the directory says at each request: a role taken away is gone at the next', async () => {
    const tenant = await newTenant();
    const role = await newRole({ scope: 'ORGANIZATION', permissions: ['customer:read', 'tenant:read'] });
    const { user, accessToken } = await newSignedIn({ roleIdentifier: { id: role.id } });
    const read = async () => codeOf(await ask('{ customers { nodes { id } } }', {}, accessToken)) ?? 'read';
    expect([await read(), await read()]).toEqual(['read', 'read']);
    await succeed('updateRole', 'role { id }', { id: role.id, permissions: ['tenant:read'] });
    expect(await read()).toBe('FORBIDDEN');
    await succeed('updateRole', 'role { id }', { id: role.id, permissions: ['tenant:read', 'customer:read'] });
    expect(await read()).toBe('read');
    await succeed('updateUser', 'user { id }', { id: user.id, roleIdentifier: { name: 'viewer' } });
    const { data } = await ask('{ viewer { permissions } }', {}, accessToken);
    expect(data.viewer.permissions).toContain('event:read');

    await assign(user.id, tenant.id, 'manage');
    const inTenant = await tokenOf(user.id, tenant.id);
    expect(await statusOf(inTenant)).toBe(200);
    await succeed('revokeTenantRole', 'user { id }', {
      userIdentifier: { id: user.id },
      tenantIdentifier: { id: tenant.id },
    });
    expect([await statusOf(inTenant), await statusOf(accessToken)]).toEqual([401, 200]);
  });

  it('costs no D1 call more than a key does', async () => {
    const { accessToken } = await newSignedIn({ roleIdentifier: { name: 'owner' } });
    const { secret } = await newKey();
    const document = '{ customers(first: 5) { nodes { id tenants(first: 5) { nodes { id } } } } }';
    for (const expected of [2, 1, 1]) {
      const [byUser, byKey] = [await ask(document, {}, accessToken), await ask(document, {}, secret)];
      expect([byUser.calls, byKey.calls]).toEqual([expected, expected]);
    }
  });
});

describe('a refresh token', () => {
  it('gives the next ones, with the same reach, in one D1 call', async () => {
    const { refreshToken, userId } = await newSignedIn();
    const { status, body, calls } = await step('refresh', { refreshToken });
    expect([status, body.userId, body.reach.kind, calls]).toEqual([200, userId, 'ORGANIZATION', 1]);
    expect(await statusOf(body.accessToken)).toBe(200);
    expect((await step('refresh', { refreshToken: body.refreshToken })).status).toBe(200);
  });

  /** Lets time pass since the tokens of a user were last refreshed. */
  const wait = (seconds: number, user: Result) =>
    env.DB.prepare('UPDATE session SET refreshed_at = refreshed_at - ? WHERE user_id = ?')
      .bind(seconds * 1000, rawId(user.id))
      .run();

  it('that is used again ends the family, whichever of its older ones it is', async () => {
    for (const generation of [0, 1]) {
      const first = await newSignedIn();
      const second = (await step('refresh', { refreshToken: first.refreshToken })).body;
      const third = (await step('refresh', { refreshToken: second.refreshToken })).body;
      expect(await statusOf(third.accessToken)).toBe(200);
      // The one that was replaced last is forgiven for 30 seconds, and one that is older never.
      if (generation === 1) await wait(31, first.user);
      const stolen = [first, second][generation].refreshToken;
      const invented = await step('refresh', { refreshToken: 'invented' });
      const replayed = await step('refresh', { refreshToken: stolen });
      expect([replayed.status, replayed.text]).toEqual([401, invented.text]);
      for (const { accessToken } of [first, second, third]) expect(await statusOf(accessToken)).toBe(401);
      expect((await step('refresh', { refreshToken: third.refreshToken })).status).toBe(401);
      expect(await sessionEvents(first.user)).toEqual([
        ['session.created', 'USER', undefined],
        ['session.ended', 'SYSTEM', 'REFRESH_TOKEN_REUSED'],
      ]);
    }
  });

  it('is shown by two tabs at once, and each time within 30 seconds, and both go on with the same one', async () => {
    const { user, refreshToken: first } = await newSignedIn();
    let refreshToken = first;
    const [atOnce, oneAfterTheOther] = [
      [0, 0],
      [0, 29],
    ];
    for (const [, seconds = 0] of [atOnce, oneAfterTheOther, atOnce, oneAfterTheOther, oneAfterTheOther]) {
      const show = () => step('refresh', { refreshToken });
      const tabs =
        seconds === 0 ? await Promise.all([show(), show()]) : [await show(), await wait(seconds, user).then(show)];
      expect(tabs.map(({ status, calls }) => [status, calls])).toEqual([
        [200, 1],
        [200, 1],
      ]);
      const [one, other] = tabs.map(({ body }) => body);
      expect(other.refreshToken).toBe(one.refreshToken);
      expect(one.refreshToken).not.toBe(refreshToken);
      expect([await statusOf(one.accessToken), await statusOf(other.accessToken)]).toEqual([200, 200]);
      refreshToken = one.refreshToken;
    }
    expect(await sessionEvents(user)).toEqual([['session.created', 'USER', undefined]]);
  });

  it('whose answer was lost is shown again, however often, until 30 seconds have passed', async () => {
    const { user, refreshToken } = await newSignedIn();
    const { body: lost } = await step('refresh', { refreshToken });
    for (const seconds of [0, 10, 10, 9]) {
      await wait(seconds, user);
      expect((await step('refresh', { refreshToken })).body.refreshToken).toBe(lost.refreshToken);
    }
    await wait(2, user);
    expect((await step('refresh', { refreshToken })).status).toBe(401);
    expect((await step('refresh', { refreshToken: lost.refreshToken })).status).toBe(401);
  });

  it('tells nobody the next one, outlives neither its session nor its user, and is good under another key to sign with', async () => {
    const { user, accessToken, refreshToken } = await newSignedIn();
    const { body } = await step('refresh', { refreshToken });
    const secretOf = (token: string) => token.split('_')[3] ?? '';
    const { sha256 } = await import('../../../src/directory/kernel/secrets.ts');
    expect(secretOf(body.refreshToken)).not.toBe(sha256(refreshToken));
    expect(secretOf(body.refreshToken)).toMatch(/^[0-9a-f]{64}$/);
    const others = { SIGNING_KEYS: await signingKeys(undefined) };
    expect((await step('refresh', { refreshToken: body.refreshToken }, {}, others)).status).toBe(200);
    const gone = await newSignedIn();
    await step('refresh', { refreshToken: gone.refreshToken });
    await succeed('updateUser', 'user { id }', { id: gone.user.id, status: 'DEACTIVATED' });
    expect((await step('refresh', { refreshToken: gone.refreshToken })).status).toBe(401);
    await succeed('signOut', 'sessionCount', { everywhere: true }, accessToken);
    expect((await step('refresh', { refreshToken })).status).toBe(401);
    expect((await sessionEvents(user)).at(-1)).toEqual(['session.ended', 'USER', 'SIGNED_OUT']);
  });

  it('of another session, or made up from what others know of a session, ends nothing', async () => {
    const [one, other] = [await newSignedIn(), await newSignedIn()];
    const [, digits, family, secret] = one.refreshToken.split('_');
    const { withChecksum } = await import('../../../src/directory/kernel/secrets.ts');
    const [, , othersFamily] = other.refreshToken.split('_');
    for (const forged of [
      withChecksum(`tenantry-session_${digits}_${othersFamily}_${secret}`),
      withChecksum(`tenantry-session_${digits}_${'0'.repeat(64)}_${secret}`),
      `${one.refreshToken.slice(0, -1)}x`,
    ]) {
      expect((await step('refresh', { refreshToken: forged })).status).toBe(401);
    }
    expect(family).not.toBe(othersFamily);
    expect((await step('refresh', { refreshToken: one.refreshToken })).status).toBe(200);
  });

  it('ends 30 days after it was made, and 90 days after the user signed in', async () => {
    const DAY = 24 * 60 * 60 * 1000;
    const { refreshToken, sessionExpiresAt, user } = await newSignedIn();
    const inDays = (time: string) => Math.round((Date.parse(time) - Date.now()) / DAY);
    expect(inDays(sessionExpiresAt)).toBe(30);
    const pass = (days: number) =>
      env.DB.prepare('UPDATE session SET created_at = created_at - ?1, expires_at = expires_at - ?1 WHERE user_id = ?2')
        .bind(days * DAY, rawId(user.id))
        .run();
    await pass(29);
    const second = (await step('refresh', { refreshToken })).body;
    expect(inDays(second.sessionExpiresAt)).toBe(30);
    await pass(29);
    const third = (await step('refresh', { refreshToken: second.refreshToken })).body;
    expect(inDays(third.sessionExpiresAt)).toBe(30);
    await pass(29);
    const last = (await step('refresh', { refreshToken: third.refreshToken })).body;
    expect(inDays(last.sessionExpiresAt)).toBe(3);
    await pass(4);
    expect((await step('refresh', { refreshToken: last.refreshToken })).status).toBe(401);
    expect(await statusOf(last.accessToken)).toBe(401);
    await step('request-password-reset', { email: user.email });
    await env.DB.prepare("UPDATE mailed_link SET expires_at = 1 WHERE purpose = 'PASSWORD_RESET'").run();
    await cron();
    const left = ['session', "mailed_link WHERE purpose = 'PASSWORD_RESET'"].map((rows) =>
      env.DB.prepare(`SELECT count(*) AS n FROM (SELECT expires_at FROM ${rows}) WHERE expires_at <= ${Date.now()}`),
    );
    const counted = await env.DB.batch<{ n: number }>(left);
    expect(counted.map(({ results }) => results[0]?.n)).toEqual([0, 0]);
  });

  it('is of no use to a user who may not sign in any more, nor when the user may again', async () => {
    const { user, refreshToken, accessToken } = await newSignedIn();
    await succeed('updateUser', 'user { id }', { id: user.id, status: 'DEACTIVATED' });
    expect((await step('refresh', { refreshToken })).status).toBe(401);
    await succeed('updateUser', 'user { id }', { id: user.id, status: 'ACTIVE' });
    expect([(await step('refresh', { refreshToken })).status, await statusOf(accessToken)]).toEqual([401, 401]);
    expect((await step('sign-in', { email: user.email, password: PASSWORD })).status).toBe(200);
  });
});

describe('sessions', () => {
  const LIST =
    'query($userId: ID) { sessions(userId: $userId) { nodes { id isCurrent userAgent user { id } } totalCount } }';

  it('are listed, the current one marked, and signed out of: one or all', async () => {
    const { user, accessToken } = await newSignedIn({ roleIdentifier: { name: 'admin' } });
    const other = (
      await step(
        'sign-in',
        { email: user.email, password: PASSWORD },
        { 'user-agent': 'A browser of the tests'.padEnd(300, '.') },
      )
    ).body;
    const { data } = await ask(LIST, {}, other.accessToken);
    expect(data.sessions.nodes).toEqual([
      { id: expect.any(String), isCurrent: false, userAgent: null, user: { id: user.id } },
      {
        id: expect.any(String),
        isCurrent: true,
        userAgent: 'A browser of the tests'.padEnd(256, '.'),
        user: { id: user.id },
      },
    ]);
    expect((await mutate('signOut', 'sessionCount', {}, other.accessToken)).sessionCount).toBe(1);
    expect([await statusOf(other.accessToken), await statusOf(accessToken)]).toEqual([401, 200]);
    expect((await step('refresh', { refreshToken: other.refreshToken })).status).toBe(401);
    const third = await signIn(user.email);
    expect((await mutate('signOut', 'sessionCount', { everywhere: true }, third.accessToken)).sessionCount).toBe(2);
    expect([await statusOf(third.accessToken), await statusOf(accessToken)]).toEqual([401, 401]);
    const ended = (await sessionEvents(user)).filter(([type]: string[]) => type === 'session.ended');
    expect(ended).toEqual(Array(3).fill(['session.ended', 'USER', 'SIGNED_OUT']));
  });

  it('of others are listed and ended by who may edit users and holds all that these hold', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id);
    const token = await tokenOf(user.id, tenant.id);
    const reader = (await newKey({ permissions: ['user:read'] })).secret;
    expect(codeOf(await ask(LIST, { userId: user.id }, reader))).toBe('FORBIDDEN');
    const weak = (await newKey({ permissions: ['user:edit', 'user:read'] })).secret;
    const { data } = await ask(LIST, { userId: user.id }, weak);
    const [{ id }] = data.sessions.nodes;
    expect(await mutate('revokeSession', 'session { id }', { id }, weak)).toMatchObject({
      code: 'insufficient_permissions',
      missingPermissions: ['customer:read', 'tenant:read', 'usage:read'],
    });
    expect(await mutate('revokeSession', 'session { id }', { id }, reader)).toMatchObject({
      code: 'insufficient_permissions',
      missingPermissions: ['user:edit'],
    });
    const elsewhere = (await newKey({ tenants: [(await newTenant()).id] })).secret;
    expect((await ask(LIST, { userId: user.id }, elsewhere)).data.sessions).toEqual({ nodes: [], totalCount: 0 });
    expect((await mutate('revokeSession', 'session { id }', { id }, elsewhere)).code).toBe('not_found');
    expect(await statusOf(token)).toBe(200);
    const inside = (await newKey({ tenants: [tenant.id] })).secret;
    expect((await succeed('revokeSession', 'session { id }', { id }, inside)).session.id).toBe(id);
    expect(await statusOf(token)).toBe(401);
    expect((await mutate('revokeSession', 'session { id }', { id }, inside)).code).toBe('not_found');
  });

  it('are ended by their own users without any permission', async () => {
    const role = await newRole({ scope: 'ORGANIZATION', permissions: [] });
    const user = await newTeamMember({ roleIdentifier: { id: role.id } });
    const [one, other] = [await tokenOf(user.id), await tokenOf(user.id)];
    const { data } = await ask('{ sessions { nodes { id isCurrent } } }', {}, one);
    const { id } = data.sessions.nodes.find(({ isCurrent }: Result) => !isCurrent);
    await succeed('revokeSession', 'session { id }', { id }, one);
    expect([await statusOf(one), await statusOf(other)]).toEqual([200, 401]);
  });

  it('and passwords go with a user who is erased', async () => {
    const { user, accessToken } = await newSignedIn();
    await step('request-password-reset', { email: user.email });
    const rows = async () => {
      const tables = ['password', 'session', 'mailed_link'].map((table) =>
        env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE user_id = ?`).bind(rawId(user.id)),
      );
      return (await env.DB.batch<{ n: number }>(tables)).map(({ results }) => results[0]?.n);
    };
    expect(await rows()).toEqual([1, 1, 1]);
    await succeed('deleteUser', 'user { id }', { id: user.id, permanently: true });
    expect([await rows(), await statusOf(accessToken)]).toEqual([[0, 0, 0], 401]);
  });

  it('are not what keys have', async () => {
    const { secret } = await newKey();
    for (const key of [undefined, secret]) {
      expect((await ask('{ sessions { nodes { id } } }', {}, key)).data.sessions.nodes).toEqual([]);
      expect((await mutate('signOut', 'sessionCount', {}, key)).code).toBe('not_signed_in');
      expect((await mutate('switchTenant', 'accessToken', {}, key)).code).toBe('not_signed_in');
    }
  });
});

describe('switching to another tenant', () => {
  const switchTo = (token: string, tenantIdentifier: object | null) =>
    mutate('switchTenant', 'accessToken expiresIn', { tenantIdentifier }, token);

  it('gives a token for any tenant with a role, by id or external id, which refreshing keeps', async () => {
    const [one, two, three] = [await newTenant(), await newTenant(), await newTenant()];
    const user = await newTenantUser(one.id);
    await assign(user.id, two.id, 'admin');
    await enter(user);
    const { accessToken, refreshToken } = await signIn(user.email);
    const tenantsOf = async (token: string) => (await ask(WHO, {}, token)).data.viewer.reach.tenantIds;
    const switched = await switchTo(accessToken, { externalId: two.externalId });
    expect(await tenantsOf(switched.accessToken)).toEqual([two.id]);
    expect(await tenantsOf(accessToken)).toEqual([one.id]);
    const refreshed = (await step('refresh', { refreshToken })).body;
    expect(refreshed.reach.tenantId).toBe(two.id);
    expect(await switchTo(accessToken, { id: three.id })).toMatchObject({
      code: 'not_found',
      references: [{ path: 'tenantIdentifier.id' }],
    });
    expect(await switchTo(accessToken, null)).toMatchObject({
      code: 'validation_failed',
      issues: [{ path: 'tenantIdentifier', kind: 'REQUIRED' }],
    });
    await succeed('deleteTenant', 'tenant { id }', { id: one.id });
    expect((await switchTo(switched.accessToken, { id: one.id })).code).toBe('not_found');
    await succeed('deleteTenant', 'tenant { id }', { id: two.id });
    await succeed('restoreTenant', 'tenant { id }', { id: two.id });
    expect([await statusOf(switched.accessToken), await statusOf(refreshed.accessToken)]).toEqual([401, 401]);
  });

  it('gives a token that expires when the one does that it is asked with', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id);
    const [, body = ''] = (await tokenOf(user.id, tenant.id)).split('.');
    const { sub, sid } = JSON.parse(atob(body));
    const soon = new Date(Math.floor(Date.now() / 1000) * 1000 + 100_000);
    const grant = { userId: sub, sessionId: sid, reach: 'TENANTS', customerId: null } as const;
    const token = await TOKENS.issue({ ...grant, tenantId: rawId(tenant.id) }, soon);
    const switched = await switchTo(token, { id: tenant.id });
    expect(decodeJwt(switched.accessToken).exp).toBe(soon.getTime() / 1000);
    expect(switched.expiresIn).toBeGreaterThan(90);
    expect(switched.expiresIn).toBeLessThanOrEqual(100);
  });

  it('leads from the own role into a tenant and back', async () => {
    const tenant = await newTenant();
    const customer = await newCustomer();
    const user = await newCustomerUser(customer.id);
    await assign(user.id, tenant.id, 'view');
    const own = await tokenOf(user.id);
    const { accessToken } = await switchTo(own, { id: tenant.id });
    expect((await ask(WHO, {}, accessToken)).data.viewer.reach).toEqual({
      kind: 'TENANTS',
      tenantIds: [tenant.id],
      customerId: null,
    });
    const back = await switchTo(accessToken, null);
    expect((await ask(WHO, {}, back.accessToken)).data.viewer.reach).toMatchObject({
      kind: 'CUSTOMER',
      customerId: customer.id,
    });
  });
});

describe('a deployment without keys to sign with', () => {
  it('says so to who signs in, and goes on for everyone else', async () => {
    const none = { SIGNING_KEYS: '' };
    const { status, body } = await step('sign-in', { email: 'x@x.example', password: PASSWORD }, {}, none);
    expect([status, body.errors[0].extensions.code]).toEqual([503, 'MISCONFIGURED']);
    const { accessToken } = await newSignedIn();
    expect((await send(graphqlRequest(WHO, {}, accessToken), none)).status).toBe(401);
    expect((await send(graphqlRequest(WHO), none)).status).toBe(200);
    const jwks = await send(new Request(`${PUBLIC_URL}/.well-known/jwks.json`), none);
    expect(JSON.parse(jwks.text)).toEqual({ keys: [] });
  });

  it('refuses to serve with wrong ones, and tells nothing of them', async () => {
    const { keys } = JSON.parse(SIGNING_KEYS);
    const publicOnly = { keys: [{ ...keys[0], d: undefined }] };
    for (const wrong of [
      'x',
      '{}',
      '{"keys":[]}',
      JSON.stringify(publicOnly),
      JSON.stringify({ keys: [keys[0], keys[0]] }),
    ]) {
      const { status, text } = await send(graphqlRequest(WHO), { SIGNING_KEYS: wrong });
      expect([status, text.includes(keys[0].d)]).toEqual([503, false]);
      expect(text).toContain('SIGNING_KEYS');
    }
  });

  it('does not take the word of a request for where it is', async () => {
    const unknown = { PUBLIC_URL: '' };
    const { status } = await step('sign-in', { email: 'x@x.example', password: PASSWORD }, {}, unknown);
    expect(status).toBe(503);
  });
});
