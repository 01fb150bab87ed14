import { env } from 'cloudflare:workers';
import { newId } from '../../../src/directory/kernel/ids.ts';
import { MAX_BODY_BYTES } from '../../../src/http/shared/body.ts';
import { newKey } from '../../shared/fixtures.ts';
import { type Answer, PUBLIC_URL, ROOT_KEY, send } from '../../shared/gateway.ts';
import { call, newPerson } from './asked.ts';
import { ERROR, PATH } from './table.ts';

const broken = (message: string) => {
  const batch = () => Promise.reject(new Error(message));
  return { DB: Object.assign(Object.create(env.DB), { prepare: env.DB.prepare.bind(env.DB), batch }) };
};
export const raw = (init: RequestInit & { path?: string }) => {
  const headers = { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json', ...init.headers };
  return send(new Request(`${PUBLIC_URL}${init.path ?? PATH}`, { method: 'POST', ...init, headers }));
};
const text = { 'content-type': 'text/plain' };
const tooLarge = JSON.stringify({ query: '{ myPermissions { permissions } }', padding: 'x'.repeat(MAX_BODY_BYTES) });
const aliases = Array.from({ length: 31 }, (_, index) => `a${index}: __typename`).join(' ');
const actor = 'createdBy { ... on UserActor { user { id email fullName } } }';
const dear = `{ ${[1, 2].map((n) => `t${n}: customers(first: 100) { edges { node { tenantMemberships(first: 100) { edges { node { tenant { id ${actor} } } } } } } }`).join(' ')} }`;
const keys = { limited: '', readsCustomers: '' };

/** Makes the keys that the requests below are sent with, and the customer that one of them must not look into. */
export async function makeKeys(): Promise<void> {
  await newPerson();
  keys.limited = (await newKey({ permissions: ['role:read'] })).secret;
  keys.readsCustomers = (await newKey({ permissions: ['customer:read'] })).secret;
}

const lacking = (query: string) => call(query, {}, keys.limited);
const insert = `mutation { deleteCustomer(input: { customerId: "${newId()}" }) { ${ERROR} } }`;

export const FAILURES: [
  condition: string,
  request: () => Promise<Answer>,
  status: number,
  code: string,
  message?: string,
][] = [
  ['no credential', () => raw({ headers: { authorization: '' } }), 401, 'UNAUTHENTICATED'],
  ['a wrong key', () => call('{ myPermissions { permissions } }', {}, 'tenantry_wrong'), 401, 'UNAUTHENTICATED'],
  [
    'a query without permission',
    () => lacking('{ customers { totalCount } }'),
    403,
    'FORBIDDEN',
    'Insufficient permissions, missing "customer:read".',
  ],
  [
    'a part of a query without permission',
    () => lacking('{ myPermissions { permissions } tenants { edges { cursor } } }'),
    403,
    'FORBIDDEN',
    'Insufficient permissions, missing "tenant:read".',
  ],
  [
    'the memberships of a customer without permission',
    () => call('{ customers { edges { node { tenantMemberships { edges { cursor } } } } } }', {}, keys.readsCustomers),
    403,
    'FORBIDDEN',
    'Insufficient permissions, missing "tenant:read".',
  ],
  ['another path', () => raw({ path: '/plain/graphql/v2', body: '{}' }), 400, 'NOT_FOUND'],
  ['another method', () => raw({ method: 'PUT', body: '{}' }), 400, 'METHOD_NOT_ALLOWED'],
  ['a query by GET', () => raw({ method: 'GET', path: `${PATH}?query={__typename}` }), 400, 'METHOD_NOT_ALLOWED'],
  ['a body of another type', () => raw({ headers: text, body: '{}' }), 400, 'BAD_REQUEST'],
  ['a body that is no JSON', () => raw({ body: '{' }), 400, 'BAD_REQUEST'],
  ['a body that is a list', () => raw({ body: '[]' }), 400, 'BAD_REQUEST'],
  ['a body without a query', () => raw({ body: '{}' }), 400, 'BAD_REQUEST'],
  ['too large a body', () => raw({ body: tooLarge }), 400, 'PAYLOAD_TOO_LARGE'],
  ['a document that is none', () => call('{'), 400, 'GRAPHQL_PARSE_FAILED'],
  ['a document that is too long', () => call(`{ ${'__typename '.repeat(2000)} }`), 400, 'GRAPHQL_PARSE_FAILED'],
  [
    'what is not in the contract',
    () => call('{ threads { totalCount } }'),
    400,
    'GRAPHQL_VALIDATION_FAILED',
    '"threads"',
  ],
  ['too many aliases', () => call(`{ ${aliases} }`), 400, 'GRAPHQL_VALIDATION_FAILED', '30 aliases'],
  ['too dear an operation', () => call(dear), 400, 'BAD_USER_INPUT', 'cost at most'],
  [
    'an operation that is not in the document',
    () => raw({ body: '{"query": "query A { __typename }", "operationName": "B"}' }),
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  [
    'a variable that is not given',
    () => call('query($id: ID!) { tenant(tenantId: $id) { id } }'),
    400,
    'BAD_USER_INPUT',
    '$id',
  ],
  [
    'a part of an input that there is not',
    () =>
      call('query($f: CustomersFilter) { customers(filters: $f) { totalCount } }', {
        f: { customerGroupIds: ['x'] },
      }),
    400,
    'BAD_USER_INPUT',
    'customerGroupIds',
  ],
  [
    'first with before',
    () => call('{ tenants(first: 5, before: "x") { edges { cursor } } }'),
    400,
    'BAD_USER_INPUT',
    'first cannot be combined',
  ],
  [
    'last with after',
    () => call('{ customers(last: 5, after: "x") { totalCount edges { cursor } } }'),
    400,
    'BAD_USER_INPUT',
    'after cannot be combined',
  ],
  [
    'a page of more than 100',
    () => call('{ tenants(first: 101) { edges { cursor } } }'),
    400,
    'BAD_USER_INPUT',
    'between 1 and 100',
  ],
  [
    'a page of nothing',
    () => call('{ tenants(last: 0) { edges { cursor } } }'),
    400,
    'BAD_USER_INPUT',
    'between 1 and 100',
  ],
  [
    'a cursor that is none',
    () => call('{ tenants(after: "junk") { edges { cursor } } }'),
    400,
    'BAD_USER_INPUT',
    'not a cursor',
  ],
  [
    'a search for one character',
    () => call('{ searchTenants(searchQuery: { term: " x " }) { edges { cursor } } }'),
    400,
    'BAD_USER_INPUT',
    'searchQuery.term must be at least 2 characters',
  ],
  [
    'a search for nobody',
    () => call('{ searchCustomers(searchQuery: { or: [] }) { edges { cursor } } }'),
    400,
    'BAD_USER_INPUT',
    'searchQuery.or must not be empty',
  ],
  [
    'a search without conditions',
    () => call('{ searchCustomers(searchQuery: {}) { edges { cursor } } }'),
    400,
    'BAD_USER_INPUT',
    'searchQuery.or is required',
  ],
  [
    'a search for two texts',
    () =>
      call(
        '{ searchCustomers(searchQuery: { or: [{ email: { caseInsensitiveContains: "ab" } }, { fullName: { caseInsensitiveContains: "cd" } }] }) { edges { cursor } } }',
      ),
    400,
    'BAD_USER_INPUT',
    'searchQuery.or.1.fullName',
  ],
  [
    'a search for two things at once',
    () =>
      call(
        '{ searchCustomers(searchQuery: { or: [{ email: { caseInsensitiveContains: "ab" }, fullName: { caseInsensitiveContains: "ab" } }] }) { edges { cursor } } }',
      ),
    400,
    'BAD_USER_INPUT',
    'exactly one of fullName, email, externalId',
  ],
  [
    'a filter for spam',
    () => call('{ customers(filters: { isMarkedAsSpam: true }) { totalCount } }'),
    400,
    'BAD_USER_INPUT',
    'filters.isMarkedAsSpam',
  ],
  [
    'a filter by a time that is none',
    () => call('{ tenants(filters: { updatedAt: { after: "yesterday" } }) { edges { cursor } } }'),
    400,
    'BAD_USER_INPUT',
    'filters.updatedAt.after',
  ],
  [
    'a deployment that must not serve',
    () => call('{ myPermissions { permissions } }', {}, ROOT_KEY, { ROOT_KEY: 'short' }),
    500,
    'MISCONFIGURED',
  ],
  [
    'a bug in a query',
    () =>
      call(
        '{ tenants { edges { cursor } } }',
        {},
        ROOT_KEY,
        broken('D1_ERROR: no such column: secret_column: SQLITE_ERROR'),
      ),
    500,
    'INTERNAL_SERVER_ERROR',
  ],
  [
    'a bug in a mutation',
    () => call(insert, {}, ROOT_KEY, broken('D1_ERROR: no such column: secret_column: SQLITE_ERROR')),
    500,
    'INTERNAL_SERVER_ERROR',
  ],
  [
    'a database that is busy',
    () => call(insert, {}, ROOT_KEY, broken('D1 DB is overloaded.')),
    500,
    'SERVICE_UNAVAILABLE',
  ],
];
