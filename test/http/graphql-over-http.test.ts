import { serverAudits } from 'graphql-http';
import { describe, expect, it } from 'vitest';
import { newKey, newTenant } from '../shared/fixtures.ts';
import { send } from '../shared/gateway.ts';
import { authorization, post, url } from './posted.ts';

const RESPONSE = 'application/graphql-response+json';
const JSON_ALONE = 'application/json';

const TOO_DEAR = '{ customers(first: 100) { nodes { tenants(first: 100) { nodes { id name } } } } }';

/** What GraphQL refuses, by its code: nothing of it is run. */
const REFUSED: readonly [code: string, parameters: Record<string, unknown>][] = [
  ...['{', '{ viewer', 'query (', '{ a: }', '"', '{ viewer { type } ]', 'quer { viewer { type } }'].map(
    (query): [string, Record<string, unknown>] => ['GRAPHQL_PARSE_FAILED', { query }],
  ),
  ...[
    '{ nope }',
    '{ viewer }',
    '{ viewer { type { x } } }',
    '{ node { id } }',
    '{ node(id: {}) { id } }',
    '{ viewer { type } ...F }',
    '{ viewer { ...F } } fragment F on Viewer { ...F }',
    'query ($a: Nope) { viewer { type } }',
    'subscription { __typename }',
    '{ tenants(first: "many") { nodes { id } } }',
    '{ tenants(filter: { status: NOPE }) { nodes { id } } }',
    '{ viewer { type @nope } }',
    `{ tenants { nodes { ${'customers { nodes { tenants { nodes { '.repeat(3)} id ${'} } } }'.repeat(3)} } } }`,
  ].map((query): [string, Record<string, unknown>] => ['GRAPHQL_VALIDATION_FAILED', { query }]),
  ...[
    { query: 'query A { viewer { type } }', operationName: 'B' },
    { query: 'query A { viewer { type } } query B { viewer { type } }' },
    { query: 'query A { viewer { type } } query B { viewer { type } }', operationName: '' },
    { query: 'fragment F on Query { __typename }' },
  ].map((parameters): [string, Record<string, unknown>] => ['OPERATION_RESOLUTION_FAILURE', parameters]),
  ...[
    { query: 'query ($id: ID!) { node(id: $id) { id } }' },
    { query: 'query ($id: ID!) { node(id: $id) { id } }', variables: { id: null } },
    { query: 'query ($id: ID!) { node(id: $id) { id } }', variables: { id: {} } },
    { query: 'query ($n: Int) { tenants(first: $n) { nodes { id } } }', variables: { n: 'many' } },
    { query: 'query ($n: Int) { tenants(first: $n) { nodes { id } } }', variables: { n: 2 ** 31 } },
    { query: 'query ($f: TenantFilter) { tenants(filter: $f) { nodes { id } } }', variables: { f: { nope: 1 } } },
    { query: TOO_DEAR },
  ].map((parameters): [string, Record<string, unknown>] => ['BAD_USER_INPUT', parameters]),
  ['PERSISTED_QUERY_NOT_SUPPORTED', { extensions: { persistedQuery: { version: 1, sha256Hash: 'ab' } } }],
];

const refusedFor = (accept: string, parameters: Record<string, unknown>) =>
  post(JSON.stringify(parameters), { accept });

describe('GraphQL over HTTP', () => {
  it('passes all 61 audits of graphql-http, without an error or a warning', async () => {
    const audits = serverAudits({
      url,
      fetchFn: async (address: string, init?: RequestInit) => {
        const request = new Request(address, init);
        request.headers.set('authorization', authorization);
        const { status, headers, text } = await send(request);
        return new Response(text, { status, headers });
      },
    });
    const results = await Promise.all(audits.map(({ fn }) => fn()));
    expect(results).toHaveLength(61);
    const failed = results.filter(({ status }) => status !== 'ok');
    expect(failed.map(({ status, id, name }) => `${status} ${id} ${name}`)).toEqual([]);
  });

  it('refuses with 400 whoever takes its own type, and with 200 whoever takes plain JSON alone: the same, and nothing is run', async () => {
    for (const [code, parameters] of REFUSED) {
      const label = JSON.stringify(parameters);
      const [strict, plain] = [await refusedFor(RESPONSE, parameters), await refusedFor(JSON_ALONE, parameters)];
      expect([strict.status, plain.status], label).toEqual([400, 200]);
      expect(strict.text, label).toBe(plain.text);
      expect(strict.text, label).not.toContain('"data"');
      expect(strict.errors[0].extensions.code, label).toBe(code);
      expect(strict.calls + plain.calls, label).toBe(0);
    }
  });

  it('keeps the status of what is refused before GraphQL is asked, whatever is accepted', async () => {
    const requests: readonly [number, RequestInit, string?][] = [
      [401, { method: 'POST', body: '{}', headers: { authorization: 'Bearer nobody' } }],
      [405, { method: 'DELETE' }],
      [405, {}, '?query=mutation%7B__typename%7D'],
      [413, { method: 'POST', body: ' '.repeat(1024 * 1024 + 1) }],
      [415, { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } }],
      [400, { method: 'POST', body: 'no json' }],
      [400, { method: 'POST', body: '[]' }],
      [400, { method: 'POST', body: '{}' }],
      [400, { method: 'POST', body: '{"query":"{ viewer { type } }","variables":1}' }],
      [400, {}, '?query=%7Bviewer%7Btype%7D%7D&variables=1'],
    ];
    for (const [status, { headers, ...init }, search = ''] of requests) {
      for (const accept of [RESPONSE, JSON_ALONE, '*/*']) {
        const sent = { authorization, 'content-type': 'application/json', accept, ...(headers as object) };
        const answer = await send(new Request(`${url}${search}`, { ...init, headers: sent }));
        expect([answer.status, answer.data], `${JSON.stringify(init).slice(0, 80)} ${accept}`).toEqual([status, null]);
      }
    }
  });

  it('answers data with 200 for either type, whatever failed beside it, and makes room for a status of 4xx where nothing is left', async () => {
    const { id } = await newTenant();
    const { secret } = await newKey({ permissions: ['tenant:read'] });
    const beside = 'query ($e: String) { viewer { type } customerBy(identifier: { email: $e }) { id } }';
    const alone = 'query ($e: String) { customerBy(identifier: { email: $e }) { id } }';
    const partial = [
      { query: beside },
      { query: '{ viewer { type } tenants(first: 101) { nodes { id } } }' },
      { query: '{ tenants(first: 101) { nodes { id } } }' },
      { query: 'query ($id: ID!) { tenant(id: $id) { name } customers { nodes { id } } }', variables: { id } },
    ];
    for (const accept of [RESPONSE, JSON_ALONE]) {
      for (const parameters of partial) {
        const answer = await post(JSON.stringify(parameters), { accept, authorization: `Bearer ${secret}` });
        expect([answer.status, answer.errors.length > 0], answer.text).toEqual([200, true]);
        expect(answer.data, answer.text).not.toBeNull();
      }
      const answer = await post(JSON.stringify({ query: alone }), { accept });
      expect(answer.status, answer.text).toBe(accept === RESPONSE ? 400 : 200);
      if (accept === RESPONSE) expect(answer.data).toBeNull();
    }
  });

  it('tells a client that sends the hash of a document to send the document, by GET and by POST, and takes both together', async () => {
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'ab'.repeat(32) } };
    const search = `?${new URLSearchParams({ operationName: 'A', extensions: JSON.stringify(extensions) })}`;
    const answers = [
      await post(JSON.stringify({ operationName: 'A', variables: { a: 1 }, extensions })),
      await post(JSON.stringify({ query: '', extensions })),
      await send(new Request(`${url}${search}`, { headers: { authorization } })),
    ];
    for (const { errors, data } of answers) {
      expect([data, errors]).toEqual([
        null,
        [
          {
            message: 'PersistedQueryNotSupported',
            extensions: {
              code: 'PERSISTED_QUERY_NOT_SUPPORTED',
              documentation: '/docs/errors#PERSISTED_QUERY_NOT_SUPPORTED',
            },
          },
        ],
      ]);
    }
    const both = await post(JSON.stringify({ query: 'query A { viewer { type } }', operationName: 'A', extensions }));
    expect([both.status, both.data]).toEqual([200, { viewer: { type: 'ROOT' } }]);
  });
});
