import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RateLimitTier } from '../../src/directory/kernel/rate-limit-tiers.ts';
import { SIGN_IN_ENDPOINTS } from '../../src/http/auth/sign-in-endpoints.ts';
import { RATE_LIMIT_PERIOD_SECONDS } from '../../src/http/shared/rate-limits.ts';
import wrangler from '../../wrangler.toml?raw';
import { KINDS } from '../directory/trusted-issuers/scene.ts';
import {
  dump,
  globalId,
  mutate,
  newCustomer,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  rawId,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import { type Answer, ask, graphqlRequest, PUBLIC_URL, ROOT_KEY, send } from '../shared/gateway.ts';
import { sessionOf, TOKENS, tokenOf } from '../shared/people.ts';

/* How often anybody may ask: by API key, user and root key, by network address without one, at every API and path. */

afterEach(() => {
  vi.restoreAllMocks();
});

type Limit = RateLimitTier | 'STRANGERS';

/** Limits that let `max` requests pass for each key, and tell what was counted. */
function limits(max: number) {
  const counted: [Limit, string][] = [];
  const binding = (limit: Limit): RateLimit => ({
    limit: async ({ key }) => {
      counted.push([limit, key]);
      return { success: counted.filter((other) => other.join() === [limit, key].join()).length <= max };
    },
  });
  const overrides = {
    RATE_LIMIT_DEFAULT: binding('DEFAULT'),
    RATE_LIMIT_HIGH: binding('HIGH'),
    RATE_LIMIT_STRANGERS: binding('STRANGERS'),
  };
  return { counted, overrides };
}

interface Asked {
  credential?: string | null | undefined;
  address?: string;
}

type Ask = (asked: Asked) => Request;

const HERE = '192.0.2.1';
const ELSEWHERE = '192.0.2.2';

/** A request that comes from an address, with a bearer token unless it is null. */
function request(path: string, { credential = null, address = HERE }: Asked, init: RequestInit = {}): Request {
  const headers = new Headers(init.headers);
  headers.set('cf-connecting-ip', address);
  if (credential !== null) headers.set('authorization', `Bearer ${credential}`);
  return new Request(`${PUBLIC_URL}${path}`, { ...init, headers });
}

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const posted =
  (path: string, query: string): Ask =>
  (asked) =>
    request(path, asked, json({ query }));

interface Api {
  ask: Ask;
  /** Of the answer to one request too many. */
  status: number;
  envelope: unknown;
}

const message = expect.any(String);
const code = 'TOO_MANY_REQUESTS';
const documentation = `/docs/errors#${code}`;
const OURS = { status: 429, envelope: { errors: [{ message, extensions: { code, documentation } }] } };
const PLAINS = {
  status: 400,
  envelope: { errors: [{ message, locations: [{ line: 1, column: 1 }], extensions: { code } }] },
};
const HUBS = { status: 429, envelope: { data: null, errors: [{ message, extensions: { code, status: 429 } }] } };
const PROGRAMS = { status: 429, envelope: { error: 'access_denied', error_description: message } };
const USERDOCKS = { status: 429, envelope: { success: false, error: message, message: null, data: null } };

const APIS: Record<string, Api> = {
  '/graphql': { ask: posted('/graphql', '{ viewer { type } tenants { nodes { id } } }'), ...OURS },
  'GET /graphql': { ask: (asked) => request(`/graphql?query=${encodeURIComponent('{ __typename }')}`, asked), ...OURS },
  '/api': { ask: posted('/api', '{ customers { nodes { id } } }'), ...OURS },
  '/plain': { ask: posted('/plain/graphql/v1', '{ tenants { edges { node { id } } } }'), ...PLAINS },
  '/hub': { ask: posted('/hub/graphql', '{ __typename }'), ...HUBS },
  '/v1': { ask: (asked) => request('/v1/tenants/me', asked), ...USERDOCKS },
  '/auth/change-password': {
    ask: (asked) => request('/auth/change-password', asked, json({ currentPassword: 'x', newPassword: 'x' })),
    ...OURS,
  },
};

const form = (fields: Record<string, string>): RequestInit => ({ method: 'POST', body: new URLSearchParams(fields) });

/** What is asked without a credential. */
const OPEN: Record<string, Api> = {
  ...Object.fromEntries(
    Object.keys(SIGN_IN_ENDPOINTS).map((path) => [
      path,
      { ask: (asked: Asked) => request(path, asked, json({ refreshToken: 'x', token: 'x', password: 'x' })), ...OURS },
    ]),
  ),
  '/clients/token': {
    ask: (asked) =>
      request(
        '/clients/token',
        asked,
        form({ grant_type: 'client_credentials', client_id: 'nobody', client_secret: 'none' }),
      ),
    ...HUBS,
  },
  '/oauth/token': {
    ask: (asked) => request('/oauth/token', asked, form({ grant_type: 'refresh_token', refresh_token: 'nobody' })),
    ...PROGRAMS,
  },
  '/auth/refresh, of a program,': {
    ask: (asked) => request('/auth/refresh', asked, json({ refresh_token: 'nobody' })),
    ...OURS,
  },
  '/auth/revoke': { ask: (asked) => request('/auth/revoke', asked, json({ refresh_token: 'nobody' })), ...PROGRAMS },
  '/auth/meta': { ask: (asked) => request('/auth/meta', asked), ...PROGRAMS },
  '/embedded/authenticate': {
    ask: (asked) => request('/embedded/authenticate', asked, json({ token: 'nobody' })),
    ...PROGRAMS,
  },
  'a path with nothing at /oauth': { ask: (asked) => request('/oauth/nothing', asked), ...PROGRAMS },
  '/health': { ask: (asked) => request('/health', asked), ...OURS },
  '/.well-known/jwks.json': { ask: (asked) => request('/.well-known/jwks.json', asked), ...OURS },
  'a path with nothing': { ask: (asked) => request('/nothing', asked), ...OURS },
  'a path with nothing at /plain': { ask: (asked) => request('/plain/nothing', asked), ...PLAINS },
  'a path with nothing at /hub': { ask: (asked) => request('/hub/nothing', asked), ...HUBS },
  'a path with nothing at /v1': { ask: (asked) => request('/v1/nothing', asked), ...USERDOCKS },
  'the page at /graphql': {
    ask: (asked) => request('/graphql', asked, { headers: { accept: 'text/html' } }),
    ...OURS,
  },
  'the page of a link': {
    ask: (asked) => request('/auth/reset-password', asked, { headers: { accept: 'text/html' } }),
    ...OURS,
  },
};

interface Holder {
  /** Two credentials that count together. */
  credentials: [string, string];
  tier: RateLimitTier;
  /** Where it is good; everywhere, if not given. */
  at?: string;
}

const holders: Record<string, Holder> = {};
const wrong: Record<string, string | null> = {};

/** What a program gets for a key, to ask `/api` with. */
async function apiToken({ secret }: { secret: string }): Promise<string> {
  const answer = await send(request('/auth/refresh', {}, json({ refresh_token: secret })));
  return JSON.parse(answer.text).access_token;
}

async function clientToken({ id, secret }: { id: string; secret: string }): Promise<string> {
  const fields = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
  return JSON.parse((await send(request('/clients/token', {}, form(fields)))).text).token;
}

/** Two tokens of a user who has come to a page of a product. */
async function embeddedTokens(): Promise<[string, string]> {
  const { newScene, arrive } = KINDS.EMBEDDED;
  const { claims } = await newScene();
  const [one, other] = [await arrive(claims), await arrive({ ...claims, nbf: 1 })];
  return [one.accessToken, other.accessToken];
}

const PERMISSIONS_OF_KEYS = ['apiKey:read', 'apiKey:edit', 'tenant:read', 'customer:read'];

async function highKey(more: Record<string, unknown> = {}, creator?: string) {
  const { apiKey, secret } = await succeed(
    'createApiKey',
    'apiKey { id rateLimitTier } secret',
    { name: unique('Key'), permissions: PERMISSIONS_OF_KEYS, reach: 'ORGANIZATION', rateLimitTier: 'HIGH', ...more },
    creator,
  );
  expect(apiKey.rateLimitTier).toBe('HIGH');
  return { id: apiKey.id as string, secret: secret as string };
}

beforeAll(async () => {
  const [key, high, revoked] = [await newKey(), await highKey(), await newKey()];
  const rotated = await succeed('rotateApiKey', 'secret', { id: key.id });
  const person = await newTeamMember({ roleIdentifier: { name: 'owner' } });
  const grant = await sessionOf(person.id);
  await succeed('revokeApiKey', 'apiKey { id }', { id: revoked.id });
  Object.assign(holders, {
    'the root key': { credentials: [ROOT_KEY, ROOT_KEY], tier: 'DEFAULT' },
    'an API key, and its secret before': { credentials: [rotated.secret, key.secret], tier: 'DEFAULT' },
    'an API key of the high tier': { credentials: [high.secret, high.secret], tier: 'HIGH' },
    'a user, and another session': {
      credentials: [await TOKENS.issue(grant), await tokenOf(person.id)],
      tier: 'DEFAULT',
    },
    'a client of a key, and the key': { credentials: [await clientToken(high), high.secret], tier: 'HIGH', at: '/hub' },
    'a program with a key, and the key': { credentials: [await apiToken(high), high.secret], tier: 'HIGH', at: '/api' },
    'a user of an embedded page': { credentials: await embeddedTokens(), tier: 'DEFAULT', at: '/api' },
  } satisfies Record<string, Holder>);
  Object.assign(wrong, {
    'no credential': null,
    'a bearer token of nobody': 'wrong',
    'a revoked key': revoked.secret,
    'an expired access token': await TOKENS.issue(grant, new Date(Date.now() - 1000)),
    'a client token without a key': await clientToken(high).then((token) => token.slice(0, -4)),
    'a token that an embedded issuer did not sign': (await embeddedTokens())[0].slice(0, -4),
  });
});

const isRefused = ({ text }: Answer): boolean => /too many requests/i.test(text);

function expectRefusal(answer: Answer, { status, envelope }: Api, limit: Limit): void {
  expect(answer.status, answer.text).toBe(status);
  expect(JSON.parse(answer.text)).toEqual(envelope);
  expect(Number(answer.headers.get('retry-after'))).toBe(RATE_LIMIT_PERIOD_SECONDS);
  expect(answer.headers.get('ratelimit-policy')).toBe(
    `"${limit.toLowerCase()}";q=${env.RATE_LIMITS[limit]};w=${RATE_LIMIT_PERIOD_SECONDS}`,
  );
}

describe('one request too many is refused, before D1 is asked, and nobody else is,', () => {
  for (const [name, api] of Object.entries(APIS)) {
    it(`with each credential at ${name}`, async () => {
      const other = await newKey();
      const good = Object.entries(holders).filter(([, { at = name }]) => at === name);
      expect(good.length).toBeGreaterThan(3);
      for (const [who, { credentials, tier }] of good) {
        const [first, second] = credentials;
        // So that the isolate knows both: whom it does not know, it has to ask D1 for.
        for (const credential of credentials) await send(api.ask({ credential }));
        const { counted, overrides } = limits(1);
        const passed = await send(api.ask({ credential: first }), overrides);
        expect(isRefused(passed) || passed.status === 401, `${who} ${passed.text}`).toBe(false);
        const refused = await send(api.ask({ credential: second, address: ELSEWHERE }), overrides);
        expectRefusal(refused, api, tier);
        expect(refused.calls, who).toBe(0);
        expect(isRefused(await send(api.ask({ credential: other.secret }), overrides))).toBe(false);
        expect(isRefused(await send(api.ask({}), overrides))).toBe(false);
        expect(counted.map(([limit]) => limit)).toEqual([tier, tier, 'DEFAULT', 'STRANGERS']);
      }
    });

    it(`without a good one at ${name}`, async () => {
      const other = await newKey();
      for (const [what, credential] of Object.entries(wrong)) {
        const { counted, overrides } = limits(1);
        const passed = await send(api.ask({ credential }), overrides);
        expect(passed.status, `${what} ${passed.text}`).toBe(401);
        const refused = await send(api.ask({ credential }), overrides);
        expectRefusal(refused, api, 'STRANGERS');
        expect(refused.calls, what).toBe(passed.calls);
        expect((await send(api.ask({ credential, address: ELSEWHERE }), overrides)).status).toBe(401);
        expect(isRefused(await send(api.ask({ credential: other.secret }), overrides))).toBe(false);
        expect(counted.map(([limit]) => limit)).toEqual(['STRANGERS', 'STRANGERS', 'STRANGERS', 'DEFAULT']);
      }
    });
  }

  for (const [name, api] of Object.entries(OPEN)) {
    it(`at ${name}, where none is needed`, async () => {
      const { counted, overrides } = limits(1);
      expect(isRefused(await send(api.ask({}), overrides))).toBe(false);
      // A credential changes nothing where none is asked for.
      const refused = await send(api.ask({ credential: ROOT_KEY }), overrides);
      expectRefusal(refused, api, 'STRANGERS');
      expect(refused.calls).toBe(0);
      expect(isRefused(await send(api.ask({ address: ELSEWHERE }), overrides))).toBe(false);
      expect(counted).toEqual([
        ['STRANGERS', HERE],
        ['STRANGERS', HERE],
        ['STRANGERS', ELSEWHERE],
      ]);
    });
  }

  it('by the first half of an IPv6 address, in whatever spelling', async () => {
    const { overrides } = limits(1);
    const health = (address: string) => send(request('/health', { address }), overrides);
    expect((await health('2001:db8:0:1::1')).status).toBe(200);
    for (const near of ['2001:db8:0:1::2', '2001:DB8::1:ffff:0:0:1', '2001:0db8:0000:0001:1:2:3:4']) {
      expect((await health(near)).status, near).toBe(429);
    }
    expect((await health('2001:db8:0:2::1')).status).toBe(200);
  });
});

describe('a request counts once,', () => {
  const viewer = (credential: string, overrides = {}) =>
    send(graphqlRequest('{ viewer { permissions } }', {}, credential), overrides);

  it('also if it is answered a second time, because the key has changed meanwhile', async () => {
    const { id, secret } = await newKey();
    await viewer(secret);
    await env.DB.prepare("DELETE FROM api_key_permission WHERE api_key_id = ? AND permission <> 'tenant:read'")
      .bind(rawId(id))
      .run();
    const { counted, overrides } = limits(1);
    expect((await viewer(secret, overrides)).data).toEqual({ viewer: { permissions: ['tenant:read'] } });
    expect(counted).toEqual([['DEFAULT', `API_KEY ${rawId(id)}`]]);
  });

  it('also if it turns out that the key has ended', async () => {
    const { id, secret } = await newKey();
    await viewer(secret);
    await succeed('revokeApiKey', 'apiKey { id }', { id });
    const { counted, overrides } = limits(1);
    expect((await viewer(secret, overrides)).status).toBe(401);
    expect(counted).toHaveLength(1);
  });

  it('and what is refused changes nothing, and is no use of a key', async () => {
    const { id, secret } = await newKey();
    await viewer(secret);
    await env.DB.prepare('UPDATE api_key SET last_used_at = NULL WHERE id = ?').bind(rawId(id)).run();
    const before = await dump();
    const create = 'mutation($n: String!) { createTenant(input: { name: $n, externalId: $n }) { __typename } }';
    const answer = await send(graphqlRequest(create, { n: unique('late') }, secret), limits(0).overrides);
    expect(answer).toMatchObject({ status: 429, calls: 0 });
    expect(await dump()).toBe(before);
    const used = await env.DB.prepare('SELECT last_used_at FROM api_key WHERE id = ?').bind(rawId(id)).first();
    expect(used).toEqual({ last_used_at: null });
  });
});

describe('pages of other origins', () => {
  const origin = 'https://app.example.com';

  it('may read when to try again, and their preflights do not count', async () => {
    const { counted, overrides } = limits(0);
    const allowed = { ...overrides, ALLOWED_ORIGINS: origin };
    for (const path of ['/graphql', '/api', '/plain/graphql/v1', '/hub/graphql', '/v1/tenants/me', '/auth/refresh']) {
      const asked = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } };
      expect((await send(request(path, {}, asked), allowed)).status).toBe(204);
    }
    expect(counted).toEqual([]);
    const { headers } = await send(request('/graphql', {}, { headers: { origin } }), allowed);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    for (const name of ['retry-after', 'ratelimit-policy']) {
      expect(headers.get('access-control-expose-headers')?.split(', ')).toContain(name);
    }
  });
});

describe('the limits of a deployment', () => {
  it('are told as wrangler.toml has them', () => {
    const blocks = [
      ...wrangler.matchAll(/\[\[ratelimits\]\]\nname = "RATE_LIMIT_(\w+)"\nnamespace_id = "(\d+)"\n(.*)/g),
    ];
    expect(blocks.length).toBe(wrangler.split('[[ratelimits]]').length - 1);
    expect(new Set(blocks.map(([, , namespace]) => namespace)).size).toBe(blocks.length);
    const simple = Object.fromEntries(blocks.map(([, name, , numbers]) => [name, numbers]));
    const told = Object.entries(env.RATE_LIMITS).map(([name, limit]) => [
      name,
      `simple = { limit = ${limit}, period = ${RATE_LIMIT_PERIOD_SECONDS} }`,
    ]);
    expect(simple).toEqual(Object.fromEntries(told));
  });

  it('are those of the binding that Workers have', async () => {
    const { RATE_LIMIT_STRANGERS } = env;
    const keys = (address: string) => send(request('/.well-known/jwks.json', { address }), { RATE_LIMIT_STRANGERS });
    const { STRANGERS: max } = env.RATE_LIMITS;
    // Its minute may begin anew meanwhile.
    for (let passed = 0; (await keys(HERE)).status === 200; passed += 1) expect(passed).toBeLessThan(2 * max);
    expectRefusal(await keys(HERE), { ask: () => request('/', {}), ...OURS }, 'STRANGERS');
    expect((await keys(ELSEWHERE)).status).toBe(200);
  });

  it('may be missing: then nothing is limited, and one line of the log says so', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const none = { RATE_LIMIT_DEFAULT: undefined, RATE_LIMIT_STRANGERS: undefined };
    for (const credential of [ROOT_KEY, null, ROOT_KEY]) {
      const { status } = await send(posted('/graphql', '{ __typename }')({ credential }), none as object);
      expect(status).toBe(credential === null ? 401 : 200);
    }
    expect(warn).toHaveBeenCalledTimes(1);
    const line = JSON.parse(String(warn.mock.calls[0]?.[0]));
    expect(line.message).toContain('RATE_LIMIT_DEFAULT, RATE_LIMIT_STRANGERS');
  });

  it('make nothing fail if they cannot be asked, which is logged', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const broken = { limit: async () => Promise.reject(new Error('no counter')) };
    const answer = await send(graphqlRequest('{ __typename }'), { RATE_LIMIT_DEFAULT: broken });
    expect(answer).toMatchObject({ status: 200, data: { __typename: 'Query' } });
    expect(error).toHaveBeenCalledTimes(1);
  });

  it('say nothing of numbers that the deployment does not tell', async () => {
    const { overrides } = limits(0);
    const { status, headers } = await send(request('/health', {}), { ...overrides, RATE_LIMITS: {} });
    expect([status, headers.has('retry-after'), headers.has('ratelimit-policy')]).toEqual([429, true, false]);
  });
});

describe('nobody gives a tier that they lack:', () => {
  const tenantKey = (tenant: string, rateLimitTier?: RateLimitTier, creator?: string) =>
    mutate(
      'createApiKey',
      'apiKey { id rateLimitTier } secret',
      {
        name: unique('Key'),
        permissions: PERMISSIONS_OF_KEYS,
        reach: 'TENANTS',
        tenantIdentifiers: [{ id: tenant }],
        rateLimitTier,
      },
      creator,
    );

  it('it is given by who holds it in the whole organization, and to take a key over it must be held', async () => {
    const tenant = await newTenant();
    const role = await newRole({ permissions: PERMISSIONS_OF_KEYS });
    const [owner, admin] = [
      await newTeamMember({ roleIdentifier: { name: 'owner' } }),
      await newTenantUser(tenant.id, { roleIdentifier: { name: role.name } }),
    ];
    const [high, highInTenant] = [await highKey(), await tenantKey(tenant.id, 'HIGH')];
    const [low, lowInTenant] = [await newKey(), await newKey({ tenants: [tenant.id] })];
    const viewers: [who: string, credential: string, gives: boolean, takesOver: boolean][] = [
      ['the root key', ROOT_KEY, true, true],
      ['a user of the organization', await tokenOf(owner.id), true, true],
      ['a key of the high tier', high.secret, true, true],
      ['one within a tenant', highInTenant.secret, false, true],
      ['a key of the default tier', low.secret, false, false],
      ['one within a tenant', lowInTenant.secret, false, false],
      ['a user of a tenant', await tokenOf(admin.id, tenant.id), false, false],
    ];
    for (const [who, credential, gives, takesOver] of viewers) {
      expect(await tenantKey(tenant.id, undefined, credential), who).toMatchObject({
        apiKey: { rateLimitTier: 'DEFAULT' },
      });
      const target = await tenantKey(tenant.id, 'HIGH');
      const before = await dump();
      const refused = { __typename: 'ForbiddenError', code: 'out_of_reach' };
      const rotated = await mutate('rotateApiKey', 'apiKey { rateLimitTier }', { id: target.apiKey.id }, credential);
      expect(rotated, who).toMatchObject(takesOver ? { apiKey: { rateLimitTier: 'HIGH' } } : refused);
      if (!takesOver) expect(await dump()).toBe(before);
      const unchanged = await dump();
      const given = await tenantKey(tenant.id, 'HIGH', credential);
      expect(given, who).toMatchObject(gives ? { apiKey: { rateLimitTier: 'HIGH' } } : refused);
      if (!gives) expect(await dump()).toBe(unchanged);
      // To end one takes nothing over.
      await succeed('revokeApiKey', 'apiKey { revokedAt }', { id: target.apiKey.id }, credential);
    }
  });

  it('a key of a foreign tenant does not exist, whatever its tier', async () => {
    const [own, foreign] = [await newTenant(), await newTenant()];
    const mine = await newKey({ tenants: [own.id] });
    const theirs = await tenantKey(foreign.id, 'HIGH');
    const rotate = (id: string) => mutate('rotateApiKey', 'secret', { id }, mine.secret);
    const invented = await rotate(globalId('ApiKey', crypto.randomUUID()));
    expect(invented.__typename).toBe('NotFoundError');
    expect(await rotate(theirs.apiKey.id)).toEqual(invented);
  });

  it('it is shown of a key, and in its events', async () => {
    const customer = await newCustomer();
    const { id, secret } = await highKey({ reach: 'CUSTOMER', customerIdentifier: { id: customer.id } });
    const document = `query($id: ID!) {
      node(id: $id) { ... on ApiKey { rateLimitTier } } events(first: 1, filter: { subjectId: $id }) { nodes { after } } }`;
    const { data } = await ask(document, { id });
    expect(data.node).toEqual({ rateLimitTier: 'HIGH' });
    expect(data.events.nodes[0].after).toMatchObject({ rateLimitTier: 'HIGH' });
    const { counted, overrides } = limits(1);
    await send(graphqlRequest('{ __typename }', {}, secret), overrides);
    expect(counted).toEqual([['HIGH', `API_KEY ${rawId(id)}`]]);
  });
});
