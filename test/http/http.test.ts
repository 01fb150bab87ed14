import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  MAX_ALIASES,
  MAX_ANSWER_CHARACTERS,
  MAX_DIRECTIVES,
  MAX_ERRORS,
  MAX_TOKENS,
} from '../../src/http/graphql/limits.ts';
import { MAX_BODY_BYTES } from '../../src/http/shared/body.ts';
import {
  allBut,
  codeOf,
  mutationDocument,
  newCustomer,
  newCustomerUser,
  newKey,
  newTenant,
  unique,
} from '../shared/fixtures.ts';
import { ask, graphqlRequest, ROOT_KEY, send } from '../shared/gateway.ts';

const url = 'https://tenantry.test/graphql';
const authorization = `Bearer ${ROOT_KEY}`;
const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  send(
    new Request(url, {
      method: 'POST',
      body,
      headers: { authorization, 'content-type': 'application/json', ...headers },
    }),
  );

describe('without a valid credential', () => {
  const strangers: Record<string, Record<string, string>> = {
    'no credential': {},
    'a wrong key': { authorization: 'Bearer wrong' },
    'an empty key': { authorization: 'Bearer ' },
    'another scheme': { authorization: `Basic ${btoa(`root:${ROOT_KEY}`)}` },
    'the root key with something behind it': { authorization: `${authorization}x` },
    'an API key that was never made': {
      authorization:
        'Bearer tenantry_0190000000007000800000000000ffff_0000000000000000000000000000000000000000000000000000000000000000_00000000',
    },
  };
  for (const [who, headers] of Object.entries(strangers)) {
    it(`answers 401 before any API is asked: ${who}`, async () => {
      for (const body of [
        '{"query":"{ viewer { type } }"}',
        '{"query":"{ nope"}',
        'not json',
        'x'.repeat(MAX_BODY_BYTES + 1),
      ]) {
        const answer = await send(new Request(url, { method: 'POST', body, headers }));
        expect(answer.status).toBe(401);
        expect(answer.errors).toEqual([{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }]);
        expect(answer.headers.get('www-authenticate')).toContain('Bearer');
        expect(answer.calls).toBe(0);
      }
    });
  }

  it('answers the same to a key of the right form with a wrong secret', async () => {
    const { id } = await newKey();
    const { newToken } = await import('../../src/directory/api-keys/token.ts');
    const forged = newToken(atob(id).slice('ApiKey:'.length));
    const answer = await ask('{ viewer { type } }', {}, forged);
    expect(answer.status).toBe(401);
    expect(answer.text).toBe((await ask('{ viewer { type } }', {}, 'wrong')).text);
  });
});

describe('the root key', () => {
  it('gives no access where it has no value', async () => {
    for (const ROOT_KEY of ['', undefined]) {
      const answer = await send(graphqlRequest('{ viewer { type } }', {}, ''), { ROOT_KEY } as object);
      expect(answer.status).toBe(401);
    }
  });

  it('keeps the Worker from serving when no header can carry it', async () => {
    const answer = await send(new Request('https://tenantry.test/health'), { ROOT_KEY: 'two words '.repeat(8) });
    expect(answer).toMatchObject({ status: 503, errors: [{ extensions: { code: 'MISCONFIGURED' } }] });
  });

  it('keeps the Worker from serving when it is too short, and the Worker says why', async () => {
    for (const path of ['graphql', 'health']) {
      const answer = await send(new Request(`https://tenantry.test/${path}`), { ROOT_KEY: 'x'.repeat(31) });
      expect(answer.status).toBe(503);
      expect(codeOf(answer)).toBe('MISCONFIGURED');
      expect(answer.errors[0].message).toContain('ROOT_KEY has fewer than 32 characters');
    }
  });
});

describe('limits', () => {
  it('refuses a body over 1 MB, whatever its headers say', async () => {
    const long = JSON.stringify({ query: '{ viewer { type } }', padding: 'x'.repeat(MAX_BODY_BYTES) });
    expect((await post(long)).status).toBe(413);
    const { readable, writable } = new TransformStream<Uint8Array>();
    const writer = writable.getWriter();
    void (async () => {
      for (let chunk = 0; chunk < 8; chunk += 1) await writer.write(new Uint8Array(MAX_BODY_BYTES / 4));
      await writer.close();
    })().catch(() => undefined);
    const chunked = await post(readable);
    expect(chunked.status).toBe(413);
    expect(codeOf(chunked)).toBe('PAYLOAD_TOO_LARGE');
    const short = JSON.stringify({ query: '{ viewer { type } }', extensions: {} });
    expect((await post(short.padEnd(MAX_BODY_BYTES, ' '))).status).toBe(200);
  });

  it('prices a list of roles like a page', async () => {
    const below = 'availableRoles { id name level scope isBuiltIn description }';
    const { errors } = await ask(`{ tenants(first: 100) { nodes { ${below} } } }`);
    expect(errors[0].extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect((await ask('{ organizationRoles { id name permissions { nodes { name description } } } }')).errors).toEqual(
      [],
    );
  });

  it('names no more than a hundred things that are wrong with an input', async () => {
    const permissions = Array.from({ length: 5000 }, (_, index) => `nothing:${index}`);
    const document = `mutation($p: [String!]!) { createApiKey(input: { name: "k", reach: ORGANIZATION, permissions: $p }) {
      ... on ValidationError { message issues { path } } } }`;
    const { data, text } = await ask(document, { p: permissions });
    expect(data.createApiKey.issues).toHaveLength(100);
    expect(text.length).toBeLessThan(100_000);
  });

  const fields = (count: number, field: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => field(index)).join(' ');
  const deep = (levels: number) =>
    `{ tenants(first: 1) { nodes { ${'customers(first: 1) { nodes { tenants(first: 1) { nodes { '.repeat(levels)} id ${'} } } }'.repeat(levels)} } } }`;
  const refused: [string, string, string, Record<string, unknown>?][] = [
    [
      'too many aliases',
      `{ ${fields(MAX_ALIASES + 1, (index) => `a${index}: viewer { type }`)} }`,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'aliases hidden in a fragment',
      `{ ...F ...F } fragment F on Query { ${fields(MAX_ALIASES + 1, (index) => `a${index}: __typename`)} }`,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'too many directives',
      `{ viewer { type ${fields(MAX_DIRECTIVES + 1, () => '@include(if: true)')} } }`,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['too many tokens', `{ viewer { ${'type '.repeat(MAX_TOKENS)} } }`, 'GRAPHQL_PARSE_FAILED'],
    ['too deep', deep(3), 'GRAPHQL_VALIDATION_FAILED'],
    [
      'too deep by fragments',
      '{ tenants(first: 1) { nodes { ...A } } } fragment A on Tenant { customers(first: 1) { nodes { ...B } } } fragment B on Customer { tenants(first: 1) { nodes { ...C } } } fragment C on Tenant { customers(first: 1) { nodes { ...D } } } fragment D on Customer { tenants(first: 1) { nodes { customers(first: 1) { nodes { id } } } } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['too dear', '{ customers(first: 100) { nodes { id tenants(first: 100) { nodes { id } } } } }', 'BAD_USER_INPUT'],
    [
      'too dear by variables',
      'query($n: Int!) { customers(first: $n) { nodes { id tenants(last: $n) { nodes { id } } } } }',
      'BAD_USER_INPUT',
      { n: 100 },
    ],
    [
      'too dear by the default of a variable',
      'query($n: Int = 100) { customers(first: $n) { nodes { id tenants(first: $n) { nodes { id } } } } }',
      'BAD_USER_INPUT',
    ],
    [
      'too dear by totals',
      '{ customers(first: 100) { nodes { tenants(first: 1) { totalCount } } } }',
      'BAD_USER_INPUT',
    ],
    ['introspection with aliases', '{ __schema { a: types { name } b: types { name } } }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'introspection with aliases in a fragment',
      '{ __schema { types { ...T } } } fragment T on __Type { a: fields { name } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'too much introspection',
      `{ ${Array.from({ length: 11 }, (_, index) => `a${index}: __schema { types { name } }`).join(' ')} }`,
      'BAD_USER_INPUT',
    ],
    [
      'a size that is an object',
      'query($n: Int) { customers(first: $n) { nodes { id } } }',
      'BAD_USER_INPUT',
      { n: { valueOf: 1 } },
    ],
    [
      'a size that is a word',
      'query($n: Int) { customers(first: $n) { nodes { id } } }',
      'BAD_USER_INPUT',
      { n: 'many' },
    ],
    ['unknown fields', '{ viewer { nope } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['no syntax', '{ viewer { ', 'GRAPHQL_PARSE_FAILED'],
    ['a variable of the wrong type', 'query($id: ID!) { customer(id: $id) { id } }', 'BAD_USER_INPUT', { id: {} }],
    [
      'two ways to name one record',
      'query($i: CustomerIdentifier!) { customerBy(identifier: $i) { id } }',
      'BAD_USER_INPUT',
      { i: { id: 'a', email: 'b' } },
    ],
    ['a way that has no value', 'query($e: String) { customerBy(identifier: { email: $e }) { id } }', 'BAD_USER_INPUT'],
  ];
  for (const [what, document, code, variables] of refused) {
    it(`refuses with 400 and ${code}: ${what}`, async () => {
      const answer = await ask(document, variables);
      expect(answer.status, answer.text).toBe(400);
      expect(codeOf(answer)).toBe(code);
      expect(answer.calls).toBe(0);
    });
  }

  it('prices the operation that is asked for, not the first of the document', async () => {
    const query =
      'query Cheap { viewer { type } } query Dear { customers(first: 100) { nodes { tenants(first: 100) { nodes { id } } } } }';
    expect((await post(JSON.stringify({ query, operationName: 'Cheap' }))).status).toBe(200);
    const dear = await post(JSON.stringify({ query, operationName: 'Dear' }));
    expect(dear.errors[0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', maxCost: 10_000 });
  });

  it('lets what people really ask pass', async () => {
    const documents = [
      '{ customers(first: 100) { nodes { id name externalId tenants { nodes { id name } } } } }',
      '{ tenants(first: 100) { totalCount nodes { id name status billing { vatId billingAddress { city country } } } } }',
      '{ tenants(first: 10) { nodes { customers(first: 10) { totalCount nodes { name tenants(first: 10) { nodes { name } } } } } } }',
    ];
    for (const document of documents) expect((await ask(document)).errors).toEqual([]);
    const { getIntrospectionQuery } = await import('graphql');
    expect((await ask(getIntrospectionQuery())).errors).toEqual([]);
  });

  it('answers the first errors of an operation, and no flood of them', async () => {
    const { id } = await newCustomer();
    for (let count = 0; count < 4; count += 1) await newCustomerUser(id);
    const { secret } = await newKey({ permissions: allBut('role:read') });
    const roles = fields(MAX_ALIASES, (index) => `r${index}: role { name }`);
    const { data, errors } = await ask(
      `query($id: ID!) { customer(id: $id) { users { nodes { ${roles} } } } }`,
      { id },
      secret,
    );
    expect(data.customer.users.nodes).toHaveLength(4);
    expect(errors).toHaveLength(MAX_ERRORS);
  });

  it('refuses an answer that would be longer than there is memory for, and says if anything was changed', async () => {
    const tenant = await newTenant();
    const id = atob(tenant.id).split(':')[1];
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO customer (id, kind, name, name_key, email_verified, description, created_at, updated_at)
         SELECT ?1 || value, 'PERSON', 'P', 'p', 0, ?2, 1, 1
         FROM (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 100) SELECT value FROM n)`,
      ).bind(id, 'd'.repeat(4096)),
      env.DB.prepare(
        `INSERT INTO membership (tenant_id, customer_id, created_at, customer_deleted, customer_kind, customer_name_key, customer_updated_at)
         SELECT ?1, id, 1, 0, 'PERSON', 'p', 1 FROM customer WHERE id > ?1 AND id < ?1 || 'x'`,
      ).bind(id),
    ]);
    const lists = (count: number) =>
      fields(count, (index) => `l${index}: customers(first: 100) { nodes { description ...Long } }`);
    const long = `fragment Long on Customer { ${fields(20, (index) => `a${index}: description`)} }`;
    const reading = `query($id: ID!) { tenant(id: $id) {`;
    const short = await ask(`${reading} ${lists(1)} } } ${long}`, { id: tenant.id });
    expect([short.status, short.errors]).toEqual([200, []]);
    expect(short.text.length).toBeGreaterThan(MAX_ANSWER_CHARACTERS / 2);
    const refused = await ask(`${reading} ${lists(2)} } } ${long}`, { id: tenant.id });
    expect([refused.status, refused.data, codeOf(refused)]).toEqual([400, null, 'BAD_USER_INPUT']);
    expect(refused.errors[0].message).not.toContain('has been changed');

    const name = unique('Tenant');
    const input = { id: tenant.id, name };
    const changing = `${mutationDocument('updateTenant', `tenant { ${lists(2)} }`)} ${long}`;
    const changed = await ask(changing, { input });
    expect([changed.status, changed.data]).toEqual([400, null]);
    expect(changed.errors[0].message).toContain('has been changed');
    const { data } = await ask(`${reading} name } }`, { id: tenant.id });
    expect(data.tenant.name).toBe(name);
  });

  it('refuses what is no GraphQL request', async () => {
    for (const body of [
      '',
      '{}',
      '[]',
      '"x"',
      '{"query": 1}',
      '{"query":"{ viewer { type } }","variables":[]}',
      'not json',
    ]) {
      const answer = await post(body);
      expect(answer.status, body).toBe(400);
      expect(codeOf(answer), answer.text).toMatch(/^[A-Z_]+$/);
    }
  });
});

describe('what is posted', () => {
  it('is JSON, and nothing else', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/graphql',
    ];
    for (const type of types) {
      const answer = await post('query=%7Bviewer%7Btype%7D%7D', { 'content-type': type });
      expect(answer.status).toBe(415);
      expect(codeOf(answer)).toBe('BAD_REQUEST');
    }
  });

  it('is answered as JSON, whatever is accepted', async () => {
    for (const accept of ['text/html', 'text/event-stream', 'multipart/mixed', '*/*', 'image/png']) {
      const answer = await post('{"query":"{ viewer { type } }"}', { accept });
      expect(answer).toMatchObject({ status: 200, data: { viewer: { type: 'ROOT' } } });
    }
    const accept = 'application/graphql-response+json';
    const answer = await post('{"query":"{ nope }"}', { accept });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain(accept);
  });
});

describe('GET', () => {
  const get = (query: string) =>
    send(new Request(`${url}?query=${encodeURIComponent(query)}`, { headers: { authorization } }));

  it('answers queries', async () => {
    expect((await get('{ viewer { type } }')).data).toEqual({ viewer: { type: 'ROOT' } });
  });

  it('refuses variables that are no JSON object', async () => {
    for (const parameter of ['variables=xx', 'extensions=%5B%5D', 'variables=1']) {
      const answer = await send(
        new Request(`${url}?query=%7Bviewer%7Btype%7D%7D&${parameter}`, { headers: { authorization } }),
      );
      expect(answer.status).toBe(400);
      expect(codeOf(answer)).toBe('BAD_REQUEST');
    }
  });

  it('refuses mutations, and changes nothing', async () => {
    const tenant = await newTenant();
    const answer = await get(`mutation { deleteTenant(input: { id: "${tenant.id}" }) { __typename } }`);
    expect(answer.status).toBe(405);
    expect(answer.calls).toBe(0);
  });
});

describe('other requests', () => {
  it('GET /health says that the Worker and its database answer', async () => {
    const answer = await send(new Request('https://tenantry.test/health'));
    expect(answer).toMatchObject({ status: 200, text: '{"status":"ok"}', calls: 1 });
  });

  it('GET /health fails when the database does', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = {
      ...env.DB,
      prepare: env.DB.prepare.bind(env.DB),
      batch: () => Promise.reject(new Error('D1_ERROR: gone')),
    };
    const answer = await send(new Request('https://tenantry.test/health'), { DB: broken as unknown as D1Database });
    expect(answer.status).toBe(500);
    vi.restoreAllMocks();
  });

  it('answer 404 to unknown paths, and 405 to unknown methods', async () => {
    expect((await send(new Request('https://tenantry.test/'))).status).toBe(404);
    expect((await send(new Request('https://tenantry.test/graphql/x', { headers: { authorization } }))).status).toBe(
      404,
    );
    expect((await send(new Request(url, { method: 'DELETE', headers: { authorization } }))).status).toBe(405);
  });
});

describe('CORS', () => {
  const ALLOWED_ORIGINS = 'https://app.example, https://admin.example';
  const from = (origin: string, method = 'POST') =>
    new Request(url, {
      method,
      headers: { origin, authorization, 'content-type': 'application/json', 'access-control-request-method': 'POST' },
      ...(method === 'POST' && { body: '{"query":"{ viewer { type } }"}' }),
    });

  it('is off unless origins are named', async () => {
    const answer = await send(from('https://app.example'));
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('names the origin that is allowed, and no other, never with credentials', async () => {
    for (const method of ['POST', 'OPTIONS']) {
      const allowed = await send(from('https://admin.example', method), { ALLOWED_ORIGINS });
      expect(allowed.headers.get('access-control-allow-origin')).toBe('https://admin.example');
      expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
      expect(allowed.headers.get('vary')).toContain('origin');
      for (const origin of ['https://evil.example', 'null', 'https://app.example.evil.example']) {
        const refused = await send(from(origin, method), { ALLOWED_ORIGINS });
        expect(refused.headers.get('access-control-allow-origin')).toBeNull();
        expect(refused.headers.get('access-control-allow-methods')).toBeNull();
      }
    }
  });

  it('never takes a wildcard', async () => {
    const answer = await send(from('https://evil.example'), { ALLOWED_ORIGINS: '*' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('a failure of ours', () => {
  afterEach(() => vi.restoreAllMocks());

  const failing = (message: string) => ({
    prepare: env.DB.prepare.bind(env.DB),
    batch: () => Promise.reject(new Error(message)),
  });
  const fail = (message: string, query = '{ customers { nodes { id } } }', variables = {}) =>
    send(graphqlRequest(query, variables), { DB: failing(message) as unknown as D1Database });

  it('is masked, and stands in one log line under the request id of the answer', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const answer = await fail('D1_ERROR: no such column: secret_column at offset 7: SQLITE_ERROR');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret_column');
    expect(answer.text).not.toContain('at ');
    const requestId = answer.headers.get('x-request-id');
    expect(answer.errors[0].extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId });
    expect(log).toHaveBeenCalledTimes(1);
    const line = JSON.parse(log.mock.calls[0]?.[0] as string);
    expect(line).toMatchObject({ level: 'error', requestId, message: expect.stringContaining('secret_column') });
  });

  it('stands in the log once, however many fields it reaches, and by whichever way', async () => {
    const { secret } = await newKey();
    await ask('{ viewer { type } }', {}, secret);
    for (const key of [ROOT_KEY, secret]) {
      const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const request = graphqlRequest(
        '{ a: customers { nodes { id } } b: tenants { nodes { id } } organization { id } }',
        {},
        key,
      );
      const answer = await send(request, { DB: failing('D1_ERROR: gone') as unknown as D1Database });
      expect(answer.status).toBe(500);
      expect(answer.errors[0].extensions.requestId).toBe(answer.headers.get('x-request-id'));
      expect(log).toHaveBeenCalledTimes(1);
      log.mockRestore();
    }
  });

  it('writes no variable, secret or e-mail into any log', async () => {
    const lines = ['error', 'log', 'warn', 'info', 'debug'] as const;
    const logs = lines.map((level) => vi.spyOn(console, level).mockImplementation(() => undefined));
    const email = `${unique('private')}@x.example`;
    await fail(
      `something quotes ${email}`,
      'mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { __typename } }',
      {
        i: { name: 'Secret Name', email: { address: email } },
      },
    );
    await ask('{ viewer { type } }', {}, 'tenantry_wrong');
    const written = JSON.stringify(logs.flatMap(({ mock }) => mock.calls));
    for (const secret of [email, 'Secret Name', ROOT_KEY, 'tenantry_wrong']) expect(written).not.toContain(secret);
  });

  it('can be tried again when the database is busy', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const answer = await fail('D1 DB is overloaded. Too many requests queued.');
    expect(answer.status).toBe(503);
    expect(codeOf(answer)).toBe('SERVICE_UNAVAILABLE');
  });

  it('is got over by reads when it passes, and never by trying a write again', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    let calls = 0;
    const flaky = {
      prepare: env.DB.prepare.bind(env.DB),
      batch: (statements: D1PreparedStatement[]) => {
        calls += 1;
        return calls === 1 ? Promise.reject(new Error('D1_ERROR: Network connection lost.')) : env.DB.batch(statements);
      },
    } as unknown as D1Database;
    const read = await send(graphqlRequest('{ organization { name } }'), { DB: flaky });
    expect(read.errors).toEqual([]);
    expect(calls).toBe(2);
    calls = 0;
    const document = 'mutation { createTenant(input: { name: "Twice" }) { __typename } }';
    const write = await send(graphqlRequest(document), { DB: flaky });
    expect(write.status).toBe(500);
    expect(calls).toBe(1);
  });

  it('has a request id of its own on every answer', async () => {
    const ids = [
      await ask('{ viewer { type } }'),
      await ask('{ nope }'),
      await ask('{ viewer { type } }', {}, null),
    ].map(({ headers }) => headers.get('x-request-id'));
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });
});
