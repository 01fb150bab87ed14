import { MAX_DOCUMENT_CHARACTERS } from '../../src/http/graphql/limits.ts';
import { authorization, url } from './posted.ts';

/** A request as somebody may make it, well or badly. */
export interface Shape {
  name: string;
  request: () => Request;
}

const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/json;charset=latin1',
  'application/json, text/plain',
  'application/jsonp',
  'application/json-patch+json',
  'application/graphql+json',
  'application/graphql-response+json',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
];

const ACCEPTED = [
  'application/json',
  'application/graphql-response+json',
  'application/graphql-response+json; charset=utf-8, application/json; charset=utf-8',
  'application/json, application/graphql-response+json;q=0.1',
  'application/graphql-response+json;q=0.9, application/json;q=0.9',
  'application/json;q=0.5, Application/GraphQL-Response+JSON; q=0.8, */*;q=0.1',
  'application/graphql-response+json;q=0',
  'application/graphql-response+json-ish',
  'application/*',
  'APPLICATION/GRAPHQL-RESPONSE+JSON',
  'text/html',
  'text/event-stream',
  'multipart/mixed',
  '*/*',
  'image/png',
  '',
];

const QUERY = '{ viewer { type } }';
const HASH = 'ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38';
const json = (parameters: unknown) => JSON.stringify(parameters);

const BODIES: Record<string, BodyInit> = {
  'a query': json({ query: QUERY }),
  'a query behind a byte order mark': `\u{feff}${json({ query: QUERY })}`,
  'a query with white space around': ` \n${json({ query: QUERY })}\n`,
  'a query that is not UTF-8': new Uint8Array([
    ...new TextEncoder().encode('{"query":"{ viewer { type } } #'),
    255,
    34,
    125,
  ]),
  nothing: '',
  'what is not JSON': 'not json',
  'half of a query': json({ query: QUERY }).slice(0, -1),
  'two queries': json({ query: QUERY }).repeat(2),
  null: 'null',
  'a number': '5',
  'a text': json(QUERY),
  true: 'true',
  'no queries': '[]',
  'a batch of one': json([{ query: QUERY }]),
  'a batch of two': json([{ query: QUERY }, { query: QUERY }]),
  'no parameters': '{}',
  'a query of null': json({ query: null }),
  'a query of no text': json({ query: 5 }),
  'a query of a list': json({ query: [QUERY] }),
  'an empty query': json({ query: '' }),
  'a query of white space': json({ query: ' \n' }),
  'a query that is a comment': json({ query: '# nothing' }),
  'variables of null': json({ query: QUERY, variables: null }),
  'variables of a list': json({ query: QUERY, variables: [] }),
  'variables of a number': json({ query: QUERY, variables: 5 }),
  'variables of a text': json({ query: QUERY, variables: '{}' }),
  'variables that are not asked for': json({ query: QUERY, variables: { a: 1, __proto__: 2 } }),
  'extensions of null': json({ query: QUERY, extensions: null }),
  extensions: json({ query: QUERY, extensions: { a: {} } }),
  'extensions of a list': json({ query: QUERY, extensions: [] }),
  'extensions of a text': json({ query: QUERY, extensions: 'x' }),
  'another parameter': json({ query: QUERY, doc: 'x' }),
  'another parameter and no query': json({ doc: 'x' }),
  'another parameter of null': json({ query: QUERY, doc: null }),
  'a query twice': `{"query":"{ nope }","query":${json(QUERY)}}`,
  'an operation by its name': json({ query: `query A ${QUERY} query B ${QUERY}`, operationName: 'A' }),
  'an operation that is not there': json({ query: `query A ${QUERY}`, operationName: 'B' }),
  'an operation of an empty name': json({ query: `query A ${QUERY}`, operationName: '' }),
  'an operation of null': json({ query: `query A ${QUERY}`, operationName: null }),
  'an operation of a number': json({ query: `query A ${QUERY}`, operationName: 5 }),
  'two operations and no name': json({ query: `query A ${QUERY} query B ${QUERY}` }),
  'fragments alone': json({ query: 'fragment F on Query { __typename }' }),
  'an operation of an empty name beside another': json({
    query: `query A ${QUERY} query B ${QUERY}`,
    operationName: '',
  }),
  'the hash of a document': json({ extensions: { persistedQuery: { version: 1, sha256Hash: HASH } } }),
  'the hash of a document, and its name': json({
    operationName: 'A',
    variables: {},
    extensions: { persistedQuery: { version: 1, sha256Hash: HASH } },
  }),
  'a document and its hash': json({ query: QUERY, extensions: { persistedQuery: { version: 1, sha256Hash: HASH } } }),
  'a document that does not parse': json({ query: '{ nope' }),
  'a document of another character': json({ query: '{ \u{1f600} }' }),
  'a document that is not valid': json({ query: '{ nope }' }),
  'a document that is not valid at two places': json({ query: '{ nope }\n\n{ nope(a: 1) }' }),
  'a document that is too long': json({ query: QUERY.padEnd(MAX_DOCUMENT_CHARACTERS + 1) }),
  'a schema in place of a query': json({ query: 'type A { b: String }' }),
  'a subscription': json({ query: 'subscription { __typename }' }),
  'a deferred fragment': json({ query: '{ ... @defer { viewer { type } } }' }),
  'a variable that is missing': json({ query: 'query ($id: ID!) { node(id: $id) { id } }' }),
  'a variable of the wrong type': json({ query: 'query ($id: ID!) { node(id: $id) { id } }', variables: { id: {} } }),
  'a page of the wrong size': json({ query: '{ tenants(first: 101) { nodes { id } } }' }),
  'a page at two places, one of them wrong': json({
    query: '{ a: tenants(first: 101) { nodes { id } } tenants { totalCount } }',
  }),
  'what costs too much': json({
    query: '{ customers(first: 100) { nodes { tenants(first: 100) { nodes { id name } } } } }',
  }),
  'a schema that is asked for': json({
    query: '{ __schema { queryType { name } } __type(name: "Viewer") { kind } __typename }',
  }),
  'a mutation that fails': json({
    query: 'mutation { createTenant(input: { name: "" }) { __typename ... on MutationError { code } } }',
  }),
  'two mutations': json({
    query:
      'mutation { a: deleteTenant(input: { id: "x" }) { __typename } b: deleteTenant(input: { id: "y" }) { __typename } }',
  }),
};

const asked = (parameters: Record<string, string>) => `?${new URLSearchParams(parameters)}`;

const SEARCHES: Record<string, string> = {
  'a query': asked({ query: QUERY }),
  nothing: '',
  'a question mark': '?',
  'no query': asked({ variables: '{}' }),
  'an empty query': asked({ query: '' }),
  'a query twice': `${asked({ query: QUERY })}&query=%7Bnope%7D`,
  'another parameter': asked({ query: QUERY, doc: 'x' }),
  'variables of null': asked({ query: QUERY, variables: 'null' }),
  'empty variables': asked({ query: QUERY, variables: '' }),
  'variables of a list': asked({ query: QUERY, variables: '[]' }),
  'variables that are not JSON': asked({ query: QUERY, variables: '{' }),
  variables: asked({ query: 'query ($id: ID!) { node(id: $id) { id } }', variables: '{"id": 5}' }),
  extensions: asked({ query: QUERY, extensions: '{}' }),
  'extensions of a number': asked({ query: QUERY, extensions: '1' }),
  'the hash of a document': asked({ extensions: json({ persistedQuery: { version: 1, sha256Hash: HASH } }) }),
  'an operation by its name': asked({ query: `query A ${QUERY} query B ${QUERY}`, operationName: 'B' }),
  'an operation that is not there': asked({ query: `query A ${QUERY}`, operationName: 'B' }),
  'an empty name': asked({ query: `query A ${QUERY}`, operationName: '' }),
  'a mutation': asked({ query: 'mutation { deleteTenant(input: { id: "x" }) { __typename } }' }),
  'a mutation, named': asked({ query: `query A ${QUERY} mutation B { __typename }`, operationName: 'B' }),
  'a document that does not parse': asked({ query: '{ nope' }),
  'a document that is not valid': asked({ query: '{ nope }' }),
};

const posted = (path: string, body: BodyInit, headers: Record<string, string>) => () =>
  new Request(new URL(path, url), { method: 'POST', body, headers: { authorization, ...headers } });
const JSON_TYPE = { 'content-type': 'application/json' };
const AS_RESPONSE = { accept: 'application/graphql-response+json' };
const OK = json({ query: QUERY });
const WRONG = json({ query: '{ nope }' });

/** Every shape that is sent to an API: what varies is the type, what is accepted, the body, the address, and where it goes. */
export const SHAPES: readonly Shape[] = [
  ...TYPES.map((type) => ({ name: `POST as ${type}`, request: posted('/graphql', OK, { 'content-type': type }) })),
  { name: 'POST without a type', request: posted('/graphql', new TextEncoder().encode(OK), {}) },
  ...ACCEPTED.flatMap((accept) => [
    { name: `POST, accepting ${accept}`, request: posted('/graphql', OK, { ...JSON_TYPE, accept }) },
    { name: `POST that is refused, accepting ${accept}`, request: posted('/graphql', WRONG, { ...JSON_TYPE, accept }) },
  ]),
  ...Object.entries(BODIES).map(([name, body]) => ({
    name: `POST of ${name}`,
    request: posted('/graphql', body, JSON_TYPE),
  })),
  ...['/plain/graphql/v1', '/hub/graphql', '/api'].flatMap((path) =>
    Object.entries(BODIES).map(([name, body]) => ({
      name: `POST ${path} of ${name}`,
      request: posted(path, body, JSON_TYPE),
    })),
  ),
  ...Object.entries(SEARCHES).flatMap(([name, search]) =>
    [{}, AS_RESPONSE].map((headers) => ({
      name: `GET of ${name}${'accept' in headers ? ' for another type' : ''}`,
      request: () => new Request(`${url}${search}`, { headers: { authorization, ...headers } }),
    })),
  ),
  ...['PUT', 'HEAD', 'DELETE', 'OPTIONS'].map((method) => ({
    name: method,
    request: () => new Request(url, { method, headers: { authorization } }),
  })),
  {
    name: 'POST with a query in the address',
    request: posted(`/graphql${asked({ query: '{ nope }' })}`, OK, JSON_TYPE),
  },
  { name: 'POST from a page', request: posted('/graphql', OK, { ...JSON_TYPE, origin: 'https://evil.example' }) },
];
