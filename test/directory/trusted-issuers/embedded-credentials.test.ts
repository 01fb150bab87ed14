import { afterEach, describe, expect, it, vi } from 'vitest';
import { api } from '../../dialects/prismatic/api.ts';
import { dump, newCustomer, newCustomerUser, rawId, succeed, unique } from '../../shared/fixtures.ts';
import { overtaken, PUBLIC_URL, send } from '../../shared/gateway.ts';
import { step } from '../../shared/people.ts';
import { posted } from '../../walks/dialects/table.ts';
import { ec, KINDS, organizationId, rsa, type Scene, seconds, sign, update, userOf } from './scene.ts';

const { newScene, come, arrive, expectRefusal, statusWith } = KINDS.EMBEDDED;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('a token of an embedded issuer, as a credential,', () => {
  it('is none before it has been posted, and makes nobody', async () => {
    const { claims } = await newScene();
    const token = await sign(claims);
    const before = await dump();
    expect(await statusWith(token)).toBe(401);
    expect(await dump()).toBe(before);
    await arrive(claims);
    // Another token of a user who has come is one.
    expect(await statusWith(await sign({ ...claims, exp: seconds() + 90 }))).toBe(200);
  });

  it('is good at /api and nowhere else', async () => {
    const { claims } = await newScene();
    const { accessToken: token } = await arrive(claims);
    const bearer = { authorization: `Bearer ${token}` };
    const json = { 'content-type': 'application/json' };
    const get = (path: string, headers: HeadersInit = bearer) => send(new Request(`${PUBLIC_URL}${path}`, { headers }));
    const query = '{ __typename }';
    for (const path of ['/graphql', '/plain/graphql/v1', '/hub/graphql'])
      expect((await send(posted(path, query, {}, token))).status, path).toBe(401);
    expect((await get(`/graphql?query=${encodeURIComponent(query)}`)).status).toBe(401);
    expect((await get('/v1/tenants/me')).status).toBe(401);
    const asKey = { 'x-api-key': token, 'x-api-key-type': 'write', 'x-client-id': rawId(await organizationId()) };
    expect((await get('/v1/tenants/me', asKey)).status).toBe(401);
    for (const [path, body] of [
      ['token', { token }],
      ['refresh', { refreshToken: token }],
      ['refresh', { refresh_token: token }],
      ['revoke', { refresh_token: token }],
      ['accept-invitation', { token, password: 'correct horse, battery staple' }],
    ] as const)
      expect((await step(path, body, { ...bearer, ...json })).status, path).toBe(401);
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token });
    expect((await send(new Request(`${PUBLIC_URL}/oauth/token`, { method: 'POST', body: form }))).status).toBe(401);
    expect(await statusWith(token)).toBe(200);
  });

  it('costs three D1 calls to sign in with, and none of its own once it is known', async () => {
    const { claims } = await newScene();
    const token = await sign(claims);
    const calls = async (credential: string) => (await api('{ authenticatedUser { id } }', {}, credential)).calls;
    expect((await come(token)).calls).toBe(3);
    expect((await come(token)).calls).toBe(3);
    expect([await calls(token), await calls(token), await calls(token)]).toEqual([2, 1, 1]);
    const next = await sign({ ...claims, exp: seconds() + 90 });
    expect([await calls(next), await calls(next)]).toEqual([3, 1]);
    // Nor does a bad one of a known user cost more than another.
    const bad = `${next.slice(0, -8)}AAAAAAAA`;
    expect([await calls(bad), await calls(bad)]).toEqual([1, 1]);
  });

  it('may do what the role of its user may, in its own customer', async () => {
    const { customer, claims } = await newScene({ roleIdentifiers: [{ name: 'member' }, { name: 'admin' }] });
    const other = await newCustomer();
    const [member, admin] = [
      await arrive({ ...claims, role: 'member' }),
      await arrive({ ...claims, role: 'Admin', sub: unique('sub'), email: undefined }),
    ];
    const seen = await api(
      '{ customers { nodes { id } } organization { users { nodes { id } } } }',
      {},
      admin.accessToken,
    );
    expect(seen.data).toEqual({ customers: { nodes: [{ id: customer.id }] }, organization: { users: { nodes: [] } } });
    const rename =
      'mutation($id: ID!) { updateUser(input: { id: $id, name: "N" }) { user { id } errors { messages } } }';
    const done = async (id: string, { accessToken }: { accessToken: string }) =>
      (await api(rename, { id }, accessToken)).data?.updateUser?.user ?? null;
    expect(await done(member.userId, admin)).toEqual({ id: member.userId });
    expect(await done(admin.userId, member)).toBeNull();
    const stranger = await newCustomerUser(other.id);
    expect(await done(stranger.id, admin)).toBeNull();
  });

  it('ends with the next request when anything that it was good for does, although it is known', async () => {
    const other = await newCustomer();
    const changes: Record<string, (scene: Scene, userId: string) => Promise<unknown>> = {
      'its user is deactivated': (_, id) => succeed('updateUser', 'user { id }', { id, status: 'DEACTIVATED' }),
      'its user is deleted': (_, id) => succeed('deleteUser', 'user { id }', { id }),
      'its user is erased': (_, id) => succeed('deleteUser', 'user { id }', { id, permanently: true }),
      'its customer is deleted': ({ customer: { id } }) => succeed('deleteCustomer', 'customer { id }', { id }),
      'its customer has another external id': ({ customer: { id } }) =>
        succeed('updateCustomer', 'customer { id }', { id, externalId: unique('other') }),
      'its user has a role that is not listed': (_, id) =>
        succeed('updateUser', 'user { id }', { id, roleIdentifier: { name: 'admin' } }),
      'the role is not listed any more': ({ issuer }) => update(issuer, { roleIdentifiers: [{ name: 'admin' }] }),
      'the customer is not listed any more': ({ issuer }) =>
        update(issuer, { customerIdentifiers: [{ id: other.id }] }),
      'the keys are replaced': ({ issuer }) => update(issuer, { keys: [ec.jwk] }),
      'the algorithms are': ({ issuer }) => update(issuer, { algorithms: ['PS256'] }),
      'the issuer is deleted': ({ issuer: { id } }) => succeed('deleteTrustedIssuer', 'trustedIssuer { id }', { id }),
    };
    for (const [what, change] of Object.entries(changes)) {
      const scene = await newScene();
      const { userId, accessToken } = await arrive(scene.claims);
      // One that has been a credential, and one that has only been posted.
      const unused = await sign({ ...scene.claims, exp: seconds() + 90 });
      expect((await come(unused)).status).toBe(200);
      expect(await statusWith(accessToken), what).toBe(200);
      await change(scene, userId);
      for (const token of [accessToken, unused]) expect(await statusWith(token), what).toBe(401);
    }
  });

  it('goes on through what does not touch it', async () => {
    const { issuer, claims } = await newScene();
    const { userId, accessToken } = await arrive(claims);
    await update(issuer, { name: 'Renamed', createsUsers: false, keys: [ec.jwk, rsa.jwk], algorithms: ['RS256'] });
    expect(await statusWith(accessToken)).toBe(200);
    await succeed('updateUser', 'user { id }', {
      id: userId,
      externalId: unique('other'),
      email: `${unique('u')}@x.example`,
    });
    expect(await statusWith(accessToken)).toBe(200);
  });

  it('writes nothing if its user may not any more while the write waits', async () => {
    const { customer, claims } = await newScene({ roleIdentifiers: [{ name: 'admin' }] });
    const { userId, accessToken } = await arrive(claims);
    const colleague = await newCustomerUser(customer.id);
    const rename = 'mutation($id: ID!) { updateUser(input: { id: $id, name: "Late" }) { user { id } } }';
    const end = () => succeed('updateUser', 'user { id }', { id: userId, status: 'DEACTIVATED' });
    const request = posted('/api', rename, { id: colleague.id }, accessToken);
    expect((await send(request, { DB: overtaken(1, end) })).status).toBe(401);
    expect((await userOf(colleague.id)).name).toBe(colleague.name);
  });

  it('expires, although it is known', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { claims } = await newScene();
    const { accessToken } = await arrive({ ...claims, exp: seconds() + 600 });
    vi.setSystemTime(Date.now() + 599_000);
    expect(await statusWith(accessToken)).toBe(200);
    vi.setSystemTime(Date.now() + 7000);
    await expectRefusal(accessToken);
  });

  it('counts for the network that it comes from, if nobody can check it', async () => {
    const { claims } = await newScene({ jwksUrl: `https://${unique('keys')}.example/jwks.json` });
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(null, { status: 500 }));
    const token = await sign(claims);
    let left = 1;
    const RATE_LIMIT_STRANGERS: RateLimit = { limit: async () => ({ success: left-- > 0 }) };
    const statusFrom = async (): Promise<number> => {
      const request = posted('/api', '{ authenticatedUser { id } }', {}, token);
      request.headers.set('cf-connecting-ip', '192.0.2.9');
      return (await send(request, { RATE_LIMIT_STRANGERS })).status;
    };
    expect([await statusFrom(), await statusFrom()]).toEqual([503, 429]);
  });

  it('is verified again after ten minutes, if its key is at a URL, from which it may be taken away', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { claims } = await newScene({ jwksUrl: `https://${unique('keys')}.example/jwks.json` });
    let keys = [rsa.jwk];
    const fetch = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({ keys }));
    const { accessToken } = await arrive({ ...claims, exp: seconds() + 4 * 60 * 60 });
    keys = [ec.jwk];
    vi.setSystemTime(Date.now() + 599_000);
    expect(await statusWith(accessToken)).toBe(200);
    expect(fetch).toHaveBeenCalledTimes(1);
    vi.setSystemTime(Date.now() + 2000);
    await expectRefusal(accessToken);
    expect(fetch).toHaveBeenCalledTimes(2);
  });
});
