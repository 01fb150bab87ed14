import { MAX_DOCUMENT_CHARACTERS } from '../../../src/http/graphql/limits.ts';

/** A request to a GraphQL API. */
export interface WorstRequest {
  path: string;
  body: string;
}

const LONG_NAME_CHARACTERS = 900_000;
const UNDECLARED_VARIABLES = 110;
const UNKNOWN_FIELDS = 60_000;
const LINES = 490_000;
/** Longer than a document may be. */
const LONG_PADDING_CHARACTERS = 900_000;
/** With this, a document is just within what it may have. */
const SHORT_PADDING_CHARACTERS = MAX_DOCUMENT_CHARACTERS - 100;

/** Of each API, a document with one input object. */
const WITH_INPUT: Readonly<Record<string, string>> = {
  '/graphql': 'query($input: TenantFilter!) { tenants(filter: $input) { nodes { id } } }',
  '/plain/graphql/v1': 'query($input: TenantsFilter!) { tenants(filters: $input) { edges { node { id } } } }',
  '/api': 'mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }',
  '/hub/graphql':
    'mutation($input: CreateTenantInput!) { tenantMutations { createTenant(input: $input) { tenant { id } } } }',
};

export const PATHS: readonly string[] = Object.keys(WITH_INPUT);

const many = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(' ');

/** What cost most when it was tried, by what it is: each makes one request, for the API at a path. */
export const WORST: Readonly<Record<string, (path: string, serial: number) => WorstRequest>> = {
  'a long name of an operation, and variables that nobody declared': (path) => {
    const fields = many(UNDECLARED_VARIABLES, (index) => `a${index}: __type(name: $v${index}) { name }`);
    return { path, body: JSON.stringify({ query: `query ${'N'.repeat(LONG_NAME_CHARACTERS)} { ${fields} }` }) };
  },
  'an input with very many fields that there are not': (path) => {
    const input = Object.fromEntries(Array.from({ length: UNKNOWN_FIELDS }, (_, index) => [`x${index}`, 1]));
    return { path, body: JSON.stringify({ query: WITH_INPUT[path], variables: { input } }) };
  },
  'very many lines, and fields that there are not behind them': (path) => {
    const fields = many(UNDECLARED_VARIABLES, (index) => `nope${index}`);
    return { path, body: JSON.stringify({ query: `{ ${'\n'.repeat(LINES)} ${fields} }` }) };
  },
  'very many lines, and lists that are forbidden behind them': (path) => {
    const query = `{ ${'\n'.repeat(LINES)} nodes: tenants(first: 100) { nodes { customers { nodes { id } } } } }`;
    return { path, body: JSON.stringify({ query }) };
  },
  'one field again and again, beside one that there is not': (path, serial) => {
    const query = `{ nope ${many(240, () => '__schema { types { name } }')} } # ${serial}`;
    return { path, body: JSON.stringify({ query }) };
  },
  'a document that is padded beyond its limit': (path, serial) => padded(path, serial, LONG_PADDING_CHARACTERS),
};

/** A document that is valid, unlike every other, and as long as it may be: worth a place in a cache. */
export const paddedWithinLimit = (path: string, serial: number): WorstRequest =>
  padded(path, serial, SHORT_PADDING_CHARACTERS);

const padded = (path: string, serial: number, characters: number): WorstRequest => ({
  path,
  body: JSON.stringify({ query: `{ __typename } # ${serial} ${'p'.repeat(characters)}` }),
});
