import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { MAX_ASKED_PERMISSIONS, MAX_CHECKS } from '../../../src/directory/access-checks/input.ts';
import { newToken } from '../../../src/directory/api-keys/token.ts';
import { newId } from '../../../src/directory/kernel/ids.ts';
import { PERMISSIONS } from '../../../src/directory/kernel/permission-names.ts';
import { askChecks, CHECK_FIELDS, type Checked, check, checkAll } from '../../shared/checks.ts';
import {
  assign,
  codeOf,
  globalId,
  type Key,
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
import { ask, graphqlRequest, PUBLIC_URL, ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';
import { PASSWORD, sessionOf, signIn, step, TOKENS } from '../../shared/people.ts';
import { KINDS } from '../trusted-issuers/scene.ts';

/** What is answered about a credential that is not good. */
const NOT_GOOD = {
  isGood: false,
  isAllowed: false,
  validForSeconds: 5,
  type: null,
  id: null,
  name: null,
  email: null,
  access: null,
  reach: null,
  permissions: [],
  answers: [],
  sessionId: null,
  expiresAt: null,
};

const PRODUCT = 'invoice:approve';

/** One of each: what they hold, and in which places. */
const tenants = { a: {} as Result, b: {} as Result, gone: {} as Result };
const customers = { inA: {} as Result, inB: {} as Result, inNone: {} as Result, gone: {} as Result };
const credentials: Record<string, string> = {};
const keys: Record<string, Key> = {};
let colleague: Result;

beforeAll(async () => {
  await env.DB.prepare("INSERT INTO permission (name, description, built_in) VALUES (?, 'Approve invoices.', 0)")
    .bind(PRODUCT)
    .run();
  for (const name of ['a', 'b', 'gone'] as const) tenants[name] = await newTenant();
  const of = (tenant: Result) => ({ tenantIdentifiers: [{ id: tenant.id }] });
  customers.inA = await newCustomer({ ...of(tenants.a), email: { address: 'in-a@x.example' } });
  customers.inB = await newCustomer(of(tenants.b));
  customers.inNone = await newCustomer();
  customers.gone = await newCustomer(of(tenants.a));
  const [ofTenant, ofTeam, ofCustomer] = [
    await newRole(),
    await newRole({ scope: 'ORGANIZATION' }),
    await newRole({ scope: 'CUSTOMER' }),
  ];
  const holding = [ofTenant, ofTeam, ofCustomer].map(({ id }) => rawId(id));
  keys.organization = await newKey();
  keys.ab = await newKey({ tenants: [tenants.a.id, tenants.b.id] });
  keys.a = await newKey({ tenants: [tenants.a.id, tenants.gone.id], access: 'READ' });
  keys.gone = await newKey({ tenants: [tenants.gone.id] });
  keys.customer = await newKey({ customer: customers.inA.id });
  await env.DB.batch([
    ...holding.map((id) => env.DB.prepare('INSERT INTO role_permission VALUES (?, ?)').bind(id, PRODUCT)),
    ...Object.values(keys).map(({ id }) =>
      env.DB.prepare('INSERT INTO api_key_permission VALUES (?, ?)').bind(rawId(id), PRODUCT),
    ),
  ]);
  for (const [name, { secret }] of Object.entries(keys)) credentials[`key of ${name}`] = secret;
  colleague = await newTenantUser(tenants.a.id, { roleIdentifier: { id: ofTenant.id } });
  await assign(colleague.id, tenants.b.id, 'view');
  const member = await newTeamMember({ roleIdentifier: { id: ofTeam.id } });
  await assign(member.id, tenants.b.id, 'view');
  const customerUser = await newCustomerUser(customers.inA.id, { roleIdentifier: { id: ofCustomer.id } });
  credentials['colleague in a'] = await TOKENS.issue(await sessionOf(colleague.id, tenants.a.id));
  credentials['colleague in b'] = await TOKENS.issue(await sessionOf(colleague.id, tenants.b.id));
  credentials['member of the team'] = await TOKENS.issue(await sessionOf(member.id));
  credentials['member in b'] = await TOKENS.issue(await sessionOf(member.id, tenants.b.id));
  credentials['user of a customer'] = await TOKENS.issue(await sessionOf(customerUser.id));
  await succeed('deleteTenant', 'tenant { id }', { id: tenants.gone.id });
  await succeed('deleteCustomer', 'customer { id }', { id: customers.gone.id });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const credential = (name: string): string => credentials[name] ?? expect.fail(name);

describe('of a credential that is good, a service learns', () => {
  it('whose key it is, how far it reaches and what it may do', async () => {
    const { id, secret } = keys.a as Key;
    const { name } = (await env.DB.prepare('SELECT name FROM api_key WHERE id = ?').bind(rawId(id)).first()) as {
      name: string;
    };
    expect(await check(secret)).toEqual({
      ...NOT_GOOD,
      isGood: true,
      isAllowed: true,
      type: 'API_KEY',
      id,
      name,
      access: 'READ',
      // Of two tenants, one is deleted.
      reach: { kind: 'TENANTS', tenantIds: [tenants.a.id], customerId: null },
      permissions: [...PERMISSIONS, PRODUCT].sort(),
    });
  });

  it('which user it is, in the one place that the token was made for', async () => {
    const grant = await sessionOf(colleague.id, tenants.b.id);
    const token = await TOKENS.issue(grant);
    const { exp } = JSON.parse(atob(token.split('.')[1] ?? ''));
    expect(await check(token)).toEqual({
      isGood: true,
      isAllowed: true,
      validForSeconds: 5,
      type: 'USER',
      id: colleague.id,
      name: colleague.name,
      email: colleague.email,
      access: 'WRITE',
      reach: { kind: 'TENANTS', tenantIds: [tenants.b.id], customerId: null },
      permissions: ['customer:read', 'tenant:read', 'usage:read', 'user:read'],
      answers: [],
      sessionId: globalId('Session', grant.sessionId),
      expiresAt: new Date(exp * 1000).toISOString(),
    });
  });

  it('the same whether it comes with what stands in front of it in a header, or with white space around it', async () => {
    for (const token of [credential('key of a'), credential('colleague in a')]) {
      const plain = await check(token);
      expect(plain.isGood).toBe(true);
      for (const spelled of [`Bearer ${token}`, `bearer   ${token}`, ` ${token}\n`, `\tBEARER ${token} `]) {
        expect(await check(spelled), spelled).toEqual(plain);
      }
      for (const wrong of [`Basic ${token}`, `Bearer${token}`, `${token}x`, `x${token}`, token.toUpperCase()]) {
        expect(await check(wrong), wrong).toEqual(NOT_GOOD);
      }
    }
  });
});

type Place = Variables & { tenantIdentifier?: Variables; customerIdentifier?: Variables };
const inTenant = (name: keyof typeof tenants, by: 'id' | 'externalId' = 'id'): Place => ({
  tenantIdentifier: { [by]: tenants[name][by] },
});
const forCustomer = (name: keyof typeof customers, by: 'id' | 'externalId' = 'id'): Place => ({
  customerIdentifier: { [by]: customers[name][by] },
});

/** Where a product permission is asked for, and who has it there. */
const PLACES: [what: string, place: () => Place, who: string[]][] = [
  [
    'nowhere in particular',
    () => ({}),
    [
      'key of organization',
      'key of ab',
      'key of a',
      'key of customer',
      'colleague in a',
      'member of the team',
      'user of a customer',
    ],
  ],
  [
    'in tenant a',
    () => inTenant('a'),
    ['key of organization', 'key of ab', 'key of a', 'colleague in a', 'member of the team'],
  ],
  [
    'in tenant a, by its external id',
    () => inTenant('a', 'externalId'),
    ['key of organization', 'key of ab', 'key of a', 'colleague in a', 'member of the team'],
  ],
  ['in tenant b', () => inTenant('b'), ['key of organization', 'key of ab', 'member of the team']],
  ['in a tenant that is deleted', () => inTenant('gone'), []],
  ['in a tenant that is deleted, by its external id', () => inTenant('gone', 'externalId'), []],
  ['in a tenant that there is not', () => ({ tenantIdentifier: { id: globalId('Tenant', newId()) } }), []],
  ['in what is no id', () => ({ tenantIdentifier: { id: 'nonsense' } }), []],
  ['in what is the id of a customer', () => ({ tenantIdentifier: { id: customers.inA.id } }), []],
  ['in what is no external id', () => ({ tenantIdentifier: { externalId: ' \u0000 ' } }), []],
  [
    'for a customer in a',
    () => forCustomer('inA'),
    [
      'key of organization',
      'key of ab',
      'key of a',
      'key of customer',
      'colleague in a',
      'member of the team',
      'user of a customer',
    ],
  ],
  [
    'for a customer in a, by its external id',
    () => forCustomer('inA', 'externalId'),
    [
      'key of organization',
      'key of ab',
      'key of a',
      'key of customer',
      'colleague in a',
      'member of the team',
      'user of a customer',
    ],
  ],
  [
    'for a customer in a, by its address in another spelling',
    () => ({ customerIdentifier: { email: 'In-A@X.example' } }),
    [
      'key of organization',
      'key of ab',
      'key of a',
      'key of customer',
      'colleague in a',
      'member of the team',
      'user of a customer',
    ],
  ],
  ['for a customer in b', () => forCustomer('inB'), ['key of organization', 'key of ab', 'member of the team']],
  ['for a customer in no tenant', () => forCustomer('inNone'), ['key of organization', 'member of the team']],
  ['for a customer that is deleted', () => forCustomer('gone'), []],
  ['for nobody', () => ({ customerIdentifier: { email: 'nobody' } }), []],
];

describe('a permission of the product is held', () => {
  for (const [what, place, who] of PLACES) {
    it(`${what}, by who reaches that place and has it there`, async () => {
      const permissions = [{ permission: PRODUCT, ...place() }];
      const names = Object.keys(credentials);
      const answers = await checkAll(names.map((name) => ({ credential: credential(name), permissions })));
      const holders = names.filter((_, index) => answers[index].answers[0].isAllowed);
      expect(holders.sort()).toEqual(who.toSorted());
      expect(names.filter((_, index) => answers[index].isAllowed).sort()).toEqual(holders);
      for (const {
        answers: [answer],
      } of answers)
        expect(answer.permission).toBe(PRODUCT);
    });
  }

  it('by nobody under a name that there is not, or that is spelled otherwise', async () => {
    const permissions = ['', 'invoice:pay', 'Invoice:Approve', ' invoice:approve', '*', 'invoice:*'].map(
      (permission) => ({ permission }),
    );
    const answers = await checkAll(Object.values(credentials).map((credential) => ({ credential, permissions })));
    for (const { answers: all } of answers)
      expect(all).toEqual(permissions.map((asked) => ({ ...asked, isAllowed: false })));
  });

  it('each answered in its place, also where several places are asked for at once', async () => {
    const permissions = [
      inTenant('b'),
      {},
      inTenant('a'),
      forCustomer('inB'),
      inTenant('a', 'externalId'),
      inTenant('gone'),
    ].flatMap((place) => [PRODUCT, 'tenant:delete'].map((permission) => ({ permission, ...place })));
    const [first, second] = await checkAll([
      { credential: credential('colleague in a'), permissions },
      { credential: credential('key of ab'), permissions: permissions.toReversed() },
    ]);
    const allowed = ({ answers }: Checked) =>
      answers.map(({ isAllowed }: { isAllowed: boolean }) => Number(isAllowed)).join('');
    expect(allowed(first)).toBe('001010001000');
    expect(allowed(second)).toBe('001111111111');
    expect([first.isAllowed, second.isAllowed]).toEqual([false, false]);
  });
});

describe('a credential is not good any more', () => {
  const later = (seconds: number) => new Date(Date.now() + seconds * 1000);

  it('of a key that is revoked, and of a secret that has ended, from the next check on', async () => {
    const key = await newKey();
    const { secret, apiKey } = await succeed('rotateApiKey', 'secret apiKey { previousSecretExpiresAt }', {
      id: key.id,
      overlapSeconds: 60,
    });
    const [old, newest] = await checkAll([{ credential: key.secret }, { credential: secret }]);
    expect(old).toMatchObject({ isGood: true, expiresAt: apiKey.previousSecretExpiresAt });
    expect(newest).toMatchObject({ isGood: true, expiresAt: null });
    vi.setSystemTime(later(57));
    expect((await check(key.secret)).validForSeconds).toBeLessThanOrEqual(3);
    vi.setSystemTime(later(4));
    expect(await checkAll([{ credential: key.secret }, { credential: secret }])).toEqual([NOT_GOOD, newest]);
    await succeed('revokeApiKey', 'apiKey { id }', { id: key.id });
    expect(await check(secret)).toEqual(NOT_GOOD);
  });

  it('of a key that has expired, and nobody relies on it for longer than it lasts', async () => {
    const expiresAt = later(3600);
    const key = await newKey({ expiresAt: expiresAt.toISOString() });
    expect(await check(key.secret)).toMatchObject({ validForSeconds: 5, expiresAt: expiresAt.toISOString() });
    for (const [left, valid] of [
      [5001, 5],
      [4999, 4],
      [999, 0],
      [1, 0],
    ] as const) {
      vi.setSystemTime(new Date(expiresAt.getTime() - left));
      expect(await check(key.secret)).toMatchObject({ isGood: true, validForSeconds: valid });
    }
    vi.setSystemTime(expiresAt);
    expect(await check(key.secret)).toEqual(NOT_GOOD);
  });

  it('of a token whose session ends before it does: what is first counts', async () => {
    const grant = await sessionOf(colleague.id, tenants.a.id);
    const token = await TOKENS.issue(grant);
    const end = Date.now() + 60_000;
    await env.DB.prepare('UPDATE session SET expires_at = ? WHERE id = ?').bind(end, grant.sessionId).run();
    expect(await check(token)).toMatchObject({ isGood: true, expiresAt: new Date(end).toISOString() });
    vi.setSystemTime(end - 1500);
    expect(await check(token)).toMatchObject({ isGood: true, validForSeconds: 1 });
    vi.setSystemTime(end);
    expect(await check(token)).toEqual(NOT_GOOD);
  });

  it('but reaches nothing, of a key whose only tenant is deleted: it has no permission anywhere', async () => {
    const found = await check(credential('key of gone'), [
      { permission: PRODUCT },
      { permission: 'tenant:read', ...inTenant('a') },
    ]);
    expect(found).toMatchObject({ isGood: true, isAllowed: false, reach: { kind: 'TENANTS', tenantIds: [] } });
    expect(found.answers.map(({ isAllowed }: { isAllowed: boolean }) => isAllowed)).toEqual([false, false]);
  });
});

describe('what is no credential for services is not good:', () => {
  const form = (path: string, fields: Record<string, string>) =>
    send(new Request(`${PUBLIC_URL}${path}`, { method: 'POST', body: new URLSearchParams(fields) }));
  const NONE: Record<string, () => Promise<string> | string> = {
    'the root key': () => ROOT_KEY,
    nothing: () => '',
    'a word': () => 'wrong',
    'a key that somebody invented': () => newToken(newId()),
    'another secret of a key that there is': () => newToken(rawId(keys.a?.id ?? '')),
    'the id of a key': () => keys.a?.id ?? '',
    'a client token of the hub': async () => {
      const { id, secret } = keys.organization as Key;
      const { text } = await form('/clients/token', {
        grant_type: 'client_credentials',
        client_id: id,
        client_secret: secret,
      });
      return JSON.parse(text).token;
    },
    'a token for /api': async () =>
      (await step('auth/refresh'.slice(5), { refresh_token: keys.organization?.secret })).body.access_token,
    'a refresh token': async () => {
      const user = await newTeamMember();
      await sessionOf(user.id);
      return (await signIn(user.email, { password: PASSWORD })).refreshToken;
    },
    'a token of an embedded issuer': async () => {
      const { newScene, arrive } = KINDS.EMBEDDED;
      const { claims } = await newScene();
      return (await arrive(claims)).accessToken;
    },
    'far too much': () => `${credential('colleague in a')}${'x'.repeat(20_000)}`,
  };

  for (const [what, make] of Object.entries(NONE)) {
    it(what, async () => {
      const made = await make();
      expect(made).toBeTypeOf('string');
      expect(await check(made)).toEqual(NOT_GOOD);
    });
  }
});

describe('a call', () => {
  it('takes as many checks as it may, in their order, also of one credential twice, with one D1 call', async () => {
    const { secret: by } = await newKey({ permissions: ['access:check'] });
    const names = Object.keys(credentials);
    const checks = Array.from({ length: MAX_CHECKS }, (_, index) => ({
      credential: index % 7 === 0 ? `invented ${index}` : credential(names[index % names.length] ?? ''),
      permissions: Array.from({ length: MAX_ASKED_PERMISSIONS / MAX_CHECKS }, (_, number) => ({
        permission: PRODUCT,
        ...(number % 2 ? forCustomer('inA') : inTenant('a')),
      })),
    }));
    const first = await askChecks(checks, by);
    const again = await askChecks(checks, by);
    expect(first.errors, first.text).toEqual([]);
    expect(again.text).toBe(first.text);
    expect([first.calls, again.calls]).toEqual([2, 1]);
    for (const [index, answer] of again.data.checkAccess.entries()) {
      const alone = index % 7 === 0 ? null : await idOf(checks[index]?.credential ?? '');
      expect(answer.id).toBe(alone);
    }
    // Each credential and each place costs a few rows, and no list of all there are.
    expect(again.rowsRead).toBeLessThan(MAX_CHECKS * 40 + MAX_ASKED_PERMISSIONS * 12);
  });

  const ids = new Map<string, Promise<string>>();
  function idOf(text: string): Promise<string> {
    const found = ids.get(text) ?? check(text).then(({ id }) => id);
    ids.set(text, found);
    return found;
  }

  it('of nothing answers nothing, and one without permissions asks for none', async () => {
    expect(await checkAll([])).toEqual([]);
    expect(await checkAll([{ credential: credential('key of a'), permissions: null }])).toMatchObject([
      { isAllowed: true, answers: [] },
    ]);
  });

  it('of too much is refused with what is wrong, by its path', async () => {
    const one = { credential: 'x' };
    const asked = (count: number) => ({
      ...one,
      permissions: Array.from({ length: count }, () => ({ permission: 'a' })),
    });
    const both = { permission: 'a', ...inTenant('a'), ...forCustomer('inA') };
    const few = '{ __typename }';
    const refusals: [Variables[], string, string][] = [
      [Array.from({ length: MAX_CHECKS + 1 }, () => one), 'checks', `must be at most ${MAX_CHECKS}`],
      [
        [asked(MAX_ASKED_PERMISSIONS), asked(1)],
        'checks',
        `must ask for at most ${MAX_ASKED_PERMISSIONS} permissions in all`,
      ],
      [
        [one, { ...one, permissions: [{ permission: 'a' }, both] }],
        'checks.1.permissions.1',
        'must have at most one of tenantIdentifier, customerIdentifier',
      ],
    ];
    for (const [checks, path, message] of refusals) {
      const document = `query($checks: [AccessCheckInput!]!) { checkAccess(checks: $checks) ${few} }`;
      const { errors, data, calls } = await send(graphqlRequest(document, { checks }));
      expect(data).toEqual({ checkAccess: null });
      expect(errors.map(({ extensions }) => extensions)).toEqual([
        {
          code: 'BAD_USER_INPUT',
          documentation: '/docs/errors#BAD_USER_INPUT',
          issues: [{ path, message, kind: 'INVALID' }],
        },
      ]);
      expect(calls).toBe(0);
    }
  });

  it('is made by POST only: by GET it is refused before anything is looked at, wherever in the document it stands', async () => {
    const { secret } = keys.organization as Key;
    const field = 'checkAccess(checks: [{ credential: "tenantry_secret" }]) { isGood }';
    const documents = [
      `{ ${field} }`,
      `{ organization { id } other: ${field} }`,
      `query($no: Boolean = false) { ... @include(if: $no) { ${field} } }`,
      `query A { viewer { type } ...F } fragment F on Query { ${field} }`,
      'query($c: [AccessCheckInput!]!) { checkAccess(checks: $c) { isGood } }',
    ];
    for (const query of documents) {
      const search = new URLSearchParams({ query, variables: '{"c":[{"credential":3}]}' });
      const answer = await send(
        new Request(`${PUBLIC_URL}/graphql?${search}`, { headers: { authorization: `Bearer ${secret}` } }),
      );
      expect(answer.status, answer.text).toBe(405);
      expect(answer.headers.get('allow')).toBe('POST');
      expect(answer.errors).toEqual([
        {
          message: 'checkAccess is asked by POST only: what it is given must not stand in an address.',
          extensions: { code: 'METHOD_NOT_ALLOWED', documentation: '/docs/errors#METHOD_NOT_ALLOWED' },
        },
      ]);
    }
    const other = new URLSearchParams({
      query: `query A { viewer { type } } query B { ${field} }`,
      operationName: 'A',
    });
    const headers = { authorization: `Bearer ${secret}` };
    expect((await send(new Request(`${PUBLIC_URL}/graphql?${other}`, { headers }))).status).toBe(200);
  });

  it('that GraphQL does not take is refused without the secrets in it, which the service would log', async () => {
    const document = 'query($checks: [AccessCheckInput!]!) { checkAccess(checks: $checks) { isGood } }';
    for (const text of [credential('key of a'), credential('colleague in a')]) {
      const wrong = [text, [{ credential: text, other: 1 }], [{ credential: [text] }], [{ other: text }]];
      const answers = [
        ...(await Promise.all(wrong.map((checks) => ask(document, { checks })))),
        await ask(`{ checkAccess(checks: [{ credential: "${text}", other: 1 }]) { isGood } }`),
      ];
      for (const { status, text: answered } of answers) {
        expect([status, answered]).toEqual([400, expect.stringContaining('…')]);
        expect(answered).not.toContain(text.slice(0, 60));
      }
    }
  });

  it('leaves no secret in any log, whatever fails', async () => {
    const lines = ['error', 'log', 'warn', 'info', 'debug'] as const;
    const logs = lines.map((level) => vi.spyOn(console, level).mockImplementation(() => undefined));
    const secrets = [credential('key of a'), credential('colleague in a'), 'tenantry_guess', newToken(newId())];
    const checks = secrets.map((text) => ({ credential: text, permissions: [{ permission: 'a', ...inTenant('a') }] }));
    const document = `query($checks: [AccessCheckInput!]!) { checkAccess(checks: $checks) { ${CHECK_FIELDS} } }`;
    const failing = (fail: (sent: string) => Error) => {
      const sent: string[] = [];
      const prepare = (sql: string) => ({
        bind: (...values: unknown[]) => {
          sent.push(sql, ...values.map(String));
          return env.DB.prepare(sql).bind(...values);
        },
      });
      return { prepare, batch: () => Promise.reject(fail(sent.join(' '))) } as unknown as D1Database;
    };
    const failures = [
      () => new Error('D1_ERROR: no such column: x: SQLITE_ERROR'),
      (sent: string) => new Error(`D1_ERROR: ${sent}`),
      (sent: string) => new TypeError(sent),
    ];
    for (const fail of failures) {
      const answer = await send(graphqlRequest(document, { checks }), { DB: failing(fail) });
      expect(codeOf(answer), answer.text).toBe('INTERNAL_SERVER_ERROR');
      for (const text of secrets) expect(answer.text).not.toContain(text);
    }
    const broken = { limit: () => Promise.reject(new Error(secrets.join())) };
    const request = graphqlRequest(document, { checks });
    request.headers.set('cf-connecting-ip', '192.0.2.1');
    expect((await send(request, { RATE_LIMIT_STRANGERS: broken })).status).toBe(200);
    await send(graphqlRequest(document, { checks: secrets.map((text) => ({ credential: [text, 3] })) }));
    const logged = JSON.stringify(logs.flatMap((log) => log.mock.calls));
    expect(logs[0]?.mock.calls.length).toBeGreaterThan(failures.length);
    for (const text of secrets)
      for (const part of [text, text.slice(0, 80), text.slice(-60)]) expect(logged).not.toContain(part);
  });
});

describe('a key that is only shown to services', () => {
  const usedAt = async ({ id }: Key) => {
    const { results } = await env.DB.prepare(
      'SELECT last_used_at FROM api_key WHERE id = ?1 UNION ALL SELECT last_used_at FROM api_key_secret WHERE api_key_id = ?1',
    )
      .bind(rawId(id))
      .all<{ last_used_at: number | null }>();
    return results.map(({ last_used_at }) => last_used_at);
  };

  it('counts as used, within five minutes, with the secret that was shown, and as many as there are by one batch', async () => {
    const [one, other, wrong] = [await newKey(), await newKey(), await newKey()];
    await succeed('revokeApiKey', 'apiKey { id }', { id: wrong.id });
    const { secret } = await succeed('rotateApiKey', 'secret', { id: one.id });
    const at = Date.now();
    let batches = 0;
    const d1 = {
      prepare: (sql: string) => env.DB.prepare(sql),
      batch: (statements: D1PreparedStatement[]) => {
        batches += 1;
        return env.DB.batch(statements);
      },
    } as unknown as D1Database;
    const checks = [one.secret, other.secret, wrong.secret, one.secret, secret].map((text) => ({ credential: text }));
    const request = () =>
      graphqlRequest('query($c: [AccessCheckInput!]!) { checkAccess(checks: $c) { isGood } }', { c: checks });
    await send(request(), { DB: d1 });
    expect(batches).toBe(2);
    for (const key of [one, other]) for (const time of await usedAt(key)) expect(time).toBeGreaterThanOrEqual(at);
    expect(await usedAt(wrong)).toEqual([null]);
    const before = await usedAt(one);
    await send(request(), { DB: d1 });
    expect([batches, await usedAt(one)]).toEqual([3, before]);
    vi.setSystemTime(at + 6 * 60 * 1000);
    await send(request(), { DB: d1 });
    expect(batches).toBe(5);
    for (const time of await usedAt(one)) expect(time).toBe(at + 6 * 60 * 1000);
  });
});
