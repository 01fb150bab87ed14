import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { usersOf } from '../../dialects/capig/hub.ts';
import { bearer, call } from '../../dialects/userdocks/calls.ts';
import {
  assign,
  codeOf,
  eventsAbout,
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
import { ask } from '../../shared/gateway.ts';
import { enter, PASSWORD, signIn, step, tokenOf } from '../../shared/people.ts';
import { KINDS, sign } from '../trusted-issuers/scene.ts';

const ROLES = 'tenantRoles { totalCount nodes { tenantId tenantName roleId roleName isCurrent createdAt } }';
const OWN = `{ viewer { user { id email ${ROLES} } } }`;

interface OwnRole {
  tenantId: string;
  tenantName: string;
  roleName: string;
  isCurrent: boolean;
}

let [one, two, hidden, foreign]: Result[] = [];
let customer: Result;
/** Roles that allow next to nothing. */
let [ofTenant, ofCustomer, ofOrganization]: Result[] = [];

beforeAll(async () => {
  [one, two, hidden, foreign] = [await newTenant(), await newTenant(), await newTenant(), await newTenant()];
  customer = await newCustomer();
  [ofTenant, ofCustomer, ofOrganization] = [
    await newRole({ permissions: ['usage:read'] }),
    await newRole({ scope: 'CUSTOMER', permissions: ['usage:read'] }),
    await newRole({ scope: 'ORGANIZATION', permissions: ['usage:read'] }),
  ];
});

/** Gives somebody roles in three tenants, of which one is hidden afterwards. */
async function assignAll(user: Result): Promise<void> {
  await succeed('restoreTenant', 'tenant { id }', { id: hidden?.id });
  for (const tenant of [one, two, hidden]) await assign(user.id, tenant?.id, ofTenant?.name);
  await succeed('deleteTenant', 'tenant { id }', { id: hidden?.id });
}

const ownRoles = async (token: string): Promise<OwnRole[]> => {
  const { data, errors, text } = await ask(OWN, {}, token);
  expect(errors, text).toEqual([]);
  const { totalCount, nodes } = data.viewer.user.tenantRoles;
  expect(totalCount).toBe(nodes.length);
  return nodes;
};

const shown = (tenant: Result | undefined, isCurrent: boolean) => ({
  tenantId: tenant?.id,
  tenantName: tenant?.name,
  roleId: ofTenant?.id,
  roleName: ofTenant?.name,
  isCurrent,
  createdAt: expect.any(String),
});

describe('somebody who is signed in', () => {
  it('sees each live tenant where they have a role, from every place, whatever they may there, and can switch to it', async () => {
    const people = [
      await newTenantUser(one?.id, { roleIdentifier: { id: ofTenant?.id } }),
      await newCustomerUser(customer.id, { roleIdentifier: { id: ofCustomer?.id } }),
      await newTeamMember({ roleIdentifier: { id: ofOrganization?.id } }),
    ];
    for (const [index, user] of people.entries()) {
      await assignAll(user);
      const places = [one?.id, two?.id, ...(index === 0 ? [] : [undefined])];
      for (const place of places) {
        const token = await tokenOf(user.id, place);
        const roles = await ownRoles(token);
        expect(roles).toEqual([shown(one, place === one?.id), shown(two, place === two?.id)]);
        for (const { tenantId } of roles) {
          const input = { tenantIdentifier: { id: tenantId } };
          const { accessToken } = await succeed('switchTenant', 'accessToken', input, token);
          const current = (await ownRoles(accessToken)).filter(({ isCurrent }) => isCurrent);
          expect(current.map((role) => role.tenantId)).toEqual([tenantId]);
        }
      }
    }
  });

  it('sees them with a session that a trusted issuer began, which reaches none of them', async () => {
    const { newScene, arrive } = KINDS.STANDARD;
    const scene = await newScene({ roleIdentifiers: [{ id: ofCustomer?.id }] });
    const user = await newCustomerUser(scene.customer.id, {
      externalId: scene.claims.sub,
      roleIdentifier: { id: ofCustomer?.id },
    });
    await assignAll(user);
    const { accessToken } = await arrive(scene.claims);
    expect(await ownRoles(accessToken)).toEqual([shown(one, false), shown(two, false)]);
  });

  it('sees what changes at once: a role given, changed and taken away, and a tenant that is hidden or renamed', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const user = await newTenantUser(tenant.id);
    const token = await tokenOf(user.id, tenant.id);
    const names = async () => (await ownRoles(token)).map(({ tenantName, roleName }) => [tenantName, roleName]);
    expect(await names()).toEqual([[tenant.name, 'view']]);
    await assign(user.id, other.id, 'view');
    await assign(user.id, other.id, 'manage');
    expect(await names()).toEqual([
      [tenant.name, 'view'],
      [other.name, 'manage'],
    ]);
    const renamed = `${other.name} Ltd`;
    await succeed('updateTenant', 'tenant { id }', { id: other.id, name: renamed });
    expect((await names())[1]).toEqual([renamed, 'manage']);
    await succeed('deleteTenant', 'tenant { id }', { id: other.id });
    expect(await names()).toHaveLength(1);
    await succeed('restoreTenant', 'tenant { id }', { id: other.id });
    expect(await names()).toHaveLength(2);
    const input = { userIdentifier: { id: user.id }, tenantIdentifier: { id: other.id } };
    await succeed('revokeTenantRole', 'user { id }', input);
    expect(await names()).toHaveLength(1);
  });

  it('pages through them, and sees them wherever they meet themselves', async () => {
    const user = await newTenantUser(one?.id, { roleIdentifier: { name: 'view' } });
    await assign(user.id, two?.id, 'view');
    await assign(user.id, foreign?.id, 'view');
    const token = await tokenOf(user.id, two?.id);
    const page = async (after: string | null) =>
      (
        await ask(
          'query($a: String) { viewer { user { tenantRoles(first: 1, after: $a) { nodes { tenantId } pageInfo { hasNextPage endCursor } } } } }',
          { a: after },
          token,
        )
      ).data.viewer.user.tenantRoles;
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const { nodes, pageInfo } = await page(after);
      seen.push(...nodes.map(({ tenantId }: OwnRole) => tenantId));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    expect(seen).toEqual([one?.id, two?.id, foreign?.id]);
    const { data, errors } = await ask(
      'query($id: ID!) { user(id: $id) { tenantRoles { nodes { tenantId } } } node(id: $id) { ... on User { tenantRoles { nodes { tenantId } } } } }',
      { id: user.id },
      token,
    );
    expect(errors).toEqual([]);
    for (const found of [data.user, data.node]) {
      expect(found.tenantRoles.nodes.map(({ tenantId }: OwnRole) => tenantId)).toEqual(seen);
    }
  });

  it('sees nothing else so: neither the tenant out of reach, nor who is there, nor the other roles of anybody else', async () => {
    const user = await newTenantUser(one?.id, { roleIdentifier: { name: 'admin' } });
    const colleague = await newTenantUser(one?.id);
    for (const { id } of [user, colleague]) await assign(id, two?.id, 'admin');
    const token = await tokenOf(user.id, one?.id);
    const { data, errors, text } = await ask(
      `query($id: ID!, $t: ID!) {
        viewer { user { tenantRoles { nodes { tenantId tenant { id users { nodes { id } } } } } } }
        user(id: $id) { tenantRoles { totalCount nodes { tenantId tenantName roleId roleName isCurrent } } }
        tenant(id: $t) { id } node(id: $t) { id } tenants { nodes { id } } }`,
      { id: colleague.id, t: two?.id },
      token,
    );
    expect(errors, text).toEqual([]);
    const [here, there] = data.viewer.user.tenantRoles.nodes;
    expect(here.tenant.users.nodes.length).toBeGreaterThan(1);
    expect(there).toEqual({ tenantId: two?.id, tenant: null });
    expect(data.user.tenantRoles).toEqual({
      totalCount: 1,
      nodes: [
        {
          tenantId: one?.id,
          tenantName: one?.name,
          roleId: expect.any(String),
          roleName: 'view',
          // Of the viewer's own roles only.
          isCurrent: false,
        },
      ],
    });
    expect([data.tenant, data.node, data.tenants.nodes]).toEqual([null, null, [{ id: one?.id }]]);
  });

  it('sees of others what permissions allow: their roles by `user:read`, the names by those of tenants and roles', async () => {
    const role = await newRole({ permissions: ['user:read'] });
    const user = await newTenantUser(one?.id, { roleIdentifier: { id: role.id } });
    const token = await tokenOf(user.id, one?.id);
    const { data, errors } = await ask(
      'query($id: ID!) { user(id: $id) { tenantRoles { nodes { tenantId tenantName roleId roleName createdAt } } } }',
      { id: (await newTenantUser(one?.id)).id },
      token,
    );
    const [found] = data.user.tenantRoles.nodes;
    expect(found).toEqual({
      tenantId: null,
      tenantName: null,
      roleId: null,
      roleName: null,
      createdAt: expect.any(String),
    });
    expect(errors.map(({ path, extensions }) => [path.at(-1), extensions.missingPermissions])).toEqual([
      ['tenantId', ['tenant:read']],
      ['tenantName', ['tenant:read']],
      ['roleId', ['role:read']],
      ['roleName', ['role:read']],
    ]);
    // Of a list with oneself in it, each is judged by itself, and no page is lost.
    const list = await ask(
      '{ tenants { nodes { id } } users(last: 50) { nodes { isViewer tenantRoles { nodes { tenantName } } sessions { nodes { id } } } } }',
      {},
      token,
    );
    const own = list.data.users.nodes.find(({ isViewer }: { isViewer: boolean }) => isViewer);
    expect(own).toEqual({
      isViewer: true,
      tenantRoles: { nodes: [{ tenantName: one?.name }] },
      sessions: { nodes: [{ id: expect.any(String) }] },
    });
    const others = list.data.users.nodes.filter(({ isViewer }: { isViewer: boolean }) => !isViewer);
    expect(others.length).toBeGreaterThan(2);
    for (const other of others) {
      expect(other.sessions).toBeNull();
      for (const { tenantName } of other.tenantRoles.nodes) expect(tenantName).toBeNull();
    }
  });

  it('is shown what a change leaves of others no further than before: their roles need `user:read`', async () => {
    const role = await newRole({ permissions: ['user:create', 'usage:read'] });
    const user = await newTenantUser(one?.id, { roleIdentifier: { id: role.id } });
    const input = {
      email: `${rawId(user.id)}@x.example`,
      tenantIdentifier: { id: one?.id },
      roleIdentifier: { id: ofTenant?.id },
    };
    const document = `mutation($input: CreateTenantUserInput!) { createTenantUser(input: $input) {
      ... on CreateTenantUserPayload { user { id ${ROLES} sessions { nodes { id } } } } } }`;
    const { data, errors, text } = await ask(document, { input }, await tokenOf(user.id, one?.id));
    expect(data.createTenantUser.user, text).toEqual({
      id: expect.any(String),
      tenantRoles: null,
      sessions: null,
    });
    expect(errors.map(({ extensions }) => extensions.missingPermissions)).toEqual([['user:read'], ['user:edit']]);
  });

  it('is nobody for a key: the viewer of one has no user, and needs `user:read` for anybody’s roles', async () => {
    const { secret } = await newKey({ permissions: ['role:read'] });
    expect((await ask(OWN, {}, secret)).data).toEqual({ viewer: { user: null } });
    const user = await newTenantUser(one?.id);
    expect(codeOf(await ask(`query($id: ID!) { user(id: $id) { ${ROLES} } }`, { id: user.id }, secret))).toBe(
      'FORBIDDEN',
    );
  });
});

describe('when a user last signed in', () => {
  const SIGNED_IN = 'query($id: ID!) { user(id: $id) { lastSignInAt updatedAt version } }';
  const lastOf = async ({ id }: Result) => (await ask(SIGNED_IN, { id })).data.user;

  it('is null before, and moves with each sign-in, and with nothing else of the user', async () => {
    const user = await newTeamMember();
    await enter(user);
    const before = await lastOf(user);
    expect(before.lastSignInAt).toBeNull();
    const begun = Date.now();
    const { refreshToken } = await signIn(user.email);
    const first = await lastOf(user);
    expect(Date.parse(first.lastSignInAt)).toBeGreaterThanOrEqual(begun);
    expect(first).toEqual({ ...before, lastSignInAt: first.lastSignInAt });
    await env.DB.prepare('UPDATE user SET last_signed_in_at = 1 WHERE id = ?').bind(rawId(user.id)).run();
    expect((await step('refresh', { refreshToken })).status).toBe(200);
    expect((await lastOf(user)).lastSignInAt, 'refreshing is no sign-in').toBe('1970-01-01T00:00:00.001Z');
    await signIn(user.email);
    expect(Date.parse((await lastOf(user)).lastSignInAt)).toBeGreaterThanOrEqual(begun);
    expect(await eventsAbout(user.id)).toEqual(['user.created', 'session.created', 'session.created']);
  });

  it('moves with the token of a trusted issuer of either kind, and with no token that is refused', async () => {
    for (const kind of Object.values(KINDS)) {
      const { customer: of, claims } = await kind.newScene();
      const user = await newCustomerUser(of.id, { externalId: claims.sub });
      expect((await lastOf(user)).lastSignInAt).toBeNull();
      await kind.arrive(claims);
      expect(Date.now() - Date.parse((await lastOf(user)).lastSignInAt)).toBeLessThan(60_000);
      await env.DB.prepare('UPDATE user SET last_signed_in_at = NULL WHERE id = ?').bind(rawId(user.id)).run();
      await succeed('updateUser', 'user { id }', { id: user.id, status: 'DEACTIVATED' });
      expect((await kind.come(await sign(claims))).status).toBeGreaterThanOrEqual(400);
      expect((await lastOf(user)).lastSignInAt).toBeNull();
    }
  });

  it('does not move where a password is wrong', async () => {
    const user = await newTeamMember();
    await enter(user);
    expect((await step('sign-in', { email: user.email, password: `not ${PASSWORD}` })).status).toBe(401);
    expect((await lastOf(user)).lastSignInAt).toBeNull();
  });
});

describe('the sessions of users', () => {
  const LISTED =
    '{ users(last: 10) { nodes { id sessions(first: 5) { totalCount nodes { id isCurrent user { id } } } } } }';

  it('are below each user of a list what `sessions` answers, and empty for who reaches more, in one call', async () => {
    const [here, elsewhere] = [await newTenant(), await newTenant()];
    const [viewer, inside, beyond] = [
      await newTenantUser(here.id, { roleIdentifier: { name: 'admin' } }),
      await newTenantUser(here.id),
      await newTenantUser(here.id),
    ];
    await assign(beyond.id, elsewhere.id, 'view');
    for (const { id } of [inside, inside, beyond]) await tokenOf(id, here.id);
    const token = await tokenOf(viewer.id, here.id);
    await ask('{ viewer { type } }', {}, token);
    const { data, errors, calls, text } = await ask(LISTED, {}, token);
    expect(errors, text).toEqual([]);
    expect(calls).toBe(1);
    for (const { id, sessions } of data.users.nodes) {
      const alone = await ask(
        'query($id: ID!) { sessions(userId: $id) { totalCount nodes { id isCurrent user { id } } } }',
        { id },
        token,
      );
      expect(sessions, alone.text).toEqual(alone.data.sessions);
    }
    const counts = new Map(
      data.users.nodes.map(({ id, sessions }: { id: string; sessions: { totalCount: number } }) => [
        id,
        sessions.totalCount,
      ]),
    );
    expect([viewer, inside, beyond].map(({ id }) => counts.get(id))).toEqual([1, 2, 0]);
  });
});

describe('the other APIs', () => {
  it('show of who asks no more than the token reaches', async () => {
    const user = await newTenantUser(one?.id, { roleIdentifier: { name: 'admin' } });
    await assign(user.id, two?.id, 'admin');
    const token = await tokenOf(user.id, one?.id);
    const known = (await usersOf(one as Result, token)).get(rawId(user.id));
    expect(known?.tenants.map(({ id }: Result) => id)).toEqual([rawId(one?.id)]);
    expect(known?.roles).toHaveLength(1);
    const { json } = await call('GET', '/users/me', bearer(token));
    expect(json.data).toMatchObject({ tenantIds: [rawId(one?.id)] });
  });
});
