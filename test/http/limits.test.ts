import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import {
  MAX_ALIASES,
  MAX_ANSWER_CHARACTERS,
  MAX_DIRECTIVES,
  MAX_ERRORS_OF_A_KIND,
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
  rawId,
  unique,
} from '../shared/fixtures.ts';
import { ask } from '../shared/gateway.ts';
import { post } from './posted.ts';

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
    expect((await ask('{ tenants(first: 100) { nodes { id name availableRoles { id name } } } }')).errors).toEqual([]);
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

  it('names the two dearest fields of what is too dear, and a size of its lists that fits and is the largest', async () => {
    const nested = (size: number) =>
      `users(first: ${size}) { nodes { tenantRoles(first: ${size}) { nodes { role { name } tenant { name } } } } }`;
    const dear: [(size: number) => string, string[]][] = [
      [(size) => `{ ${nested(size)} }`, ['User.tenantRoles', 'Query.users']],
      [
        (size) => `{ tenants(first: ${size}) { nodes { customers { totalCount } } } }`,
        ['CustomerConnection.totalCount', 'Tenant.customers'],
      ],
      [
        (size) =>
          `{ tenants(first: ${size}) { edges { node { users(last: ${size}) { nodes { id role { id } } } } } } }`,
        ['Tenant.users', 'Query.tenants'],
      ],
      [
        (
          size,
        ) => `{ ...A } fragment A on Query { customers(first: ${size}) { nodes { ...B } } } fragment B on Customer {
          tenants(first: ${size}) { nodes { id name pixels(first: ${size}) { nodes { id } } } } }`,
        ['Tenant.pixels', 'Customer.tenants'],
      ],
    ];
    for (const [query, fields] of dear) {
      const { errors } = await ask(query(100));
      const { cost, fittingSize, dearestFields } = errors[0].extensions;
      expect(dearestFields.map(({ field }: { field: string }) => field)).toEqual(fields);
      expect(errors[0].message).toContain(`costs ${cost}. It fits with at most ${fittingSize} records in each list.`);
      for (const field of fields) expect(errors[0].message).toContain(field);
      expect((await ask(query(fittingSize))).errors, query(fittingSize)).toEqual([]);
      expect(codeOf(await ask(query(fittingSize + 1)))).toBe('BAD_USER_INPUT');
    }
    const counted = await ask(
      `{ ${fields(11, (index) => `a${index}: customers { totalCount }`)} b: tenants(filter: { search: "ab" }) { totalCount } }`,
    );
    expect(counted.errors[0].extensions).toMatchObject({
      fittingSize: null,
      dearestFields: [
        { field: 'CustomerConnection.totalCount', cost: 11_000 },
        { field: 'TenantConnection.totalCount' },
      ],
    });
    expect(counted.errors[0].message).not.toContain('It fits');
  });

  it('says what an operation costs, and what it may, to who asks for it by a header, refused or not', async () => {
    const asked = async (query: string, value = '1') => {
      const { text } = await post(JSON.stringify({ query }), { 'graphql-cost': value });
      return JSON.parse(text).extensions;
    };
    expect(await asked('{ viewer { type } }')).toEqual({ cost: { requested: 2, max: 10_000 } });
    expect(await asked('{ customers(first: 100) { nodes { id tenants { totalCount } } } }')).toEqual({
      cost: { requested: 21_121, max: 10_000 },
    });
    expect(await asked('{ customers(first: 101) { nodes { id } } }')).toEqual({
      cost: { requested: 121, max: 10_000 },
    });
    for (const refused of ['{ nope }', '{']) expect(await asked(refused)).toBeUndefined();
    expect(await asked('{ viewer { type } }', '0')).toBeUndefined();
    expect((await ask('{ viewer { type } }')).text).not.toContain('extensions');
  });

  it('lets what people really ask pass', async () => {
    const documents = [
      '{ customers(first: 100) { nodes { id name externalId tenants { nodes { id name } } } } }',
      '{ tenants(first: 100) { totalCount nodes { id name status billing { vatId billingAddress { city country } } } } }',
      '{ users(first: 100) { nodes { id name email tenantRoles { nodes { createdAt tenant { id name externalId } role { id name level } } } } } }',
      '{ tenants(first: 100) { nodes { id name customers { nodes { id name } } users { nodes { id email } } } } }',
      '{ tenants(first: 10) { nodes { customers(first: 10) { totalCount nodes { name tenants(first: 10) { nodes { name } } } } } } }',
    ];
    for (const document of documents) expect((await ask(document)).errors).toEqual([]);
    const { getIntrospectionQuery } = await import('graphql');
    expect((await ask(getIntrospectionQuery())).errors).toEqual([]);
  });

  it('answers the first errors of each code, and no flood of them', async () => {
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
    expect(errors).toHaveLength(MAX_ERRORS_OF_A_KIND);
  });

  it('refuses an answer that would be longer than there is memory for, and says if anything was changed', async () => {
    const tenant = await newTenant();
    const id = rawId(tenant.id);
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
    expect(refused.errors[0].message).not.toContain('was done');

    const name = unique('Tenant');
    const input = { id: tenant.id, name };
    const changing = `${mutationDocument('updateTenant', `tenant { ${lists(2)} }`)} ${long}`;
    const changed = await ask(changing, { input });
    expect([changed.status, changed.data]).toEqual([200, { updateTenant: null }]);
    expect(changed.errors).toMatchObject([{ path: ['updateTenant'], extensions: { committed: true, id: tenant.id } }]);
    expect(changed.errors[0].message).toMatch(/^This was done\./);
    const { data } = await ask(`${reading} name } }`, { id: tenant.id });
    expect(data.tenant.name).toBe(name);
  });

  it('refuses a long body of very many levels before it is parsed, and counts none that stand in a text', async () => {
    const padded = (junk: string) =>
      post(`{"query":"{ viewer { type } }","variables":{"pad":"${'x'.repeat(100_000)}","junk":${junk}}}`);
    const levels = (count: number) => `${'['.repeat(count)}${']'.repeat(count)}`;
    const refused = await padded(levels(1001));
    expect([refused.status, codeOf(refused)]).toEqual([400, 'BAD_REQUEST']);
    for (const junk of [levels(900), `"\\"${'['.repeat(5000)}"`]) expect((await padded(junk)).status).toBe(200);
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
