import { GraphQLSchema, isInterfaceType, lexicographicSortSchema, parse, printSchema, validate } from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import { readSchema } from '../../src/graphql/read-schema.ts';
import { schema } from '../../src/graphql/schema.ts';
import { asksOnlyToRead } from '../../src/http/graphql/documents.ts';
import { QUERIES } from '../walks/queries.ts';
import { authorization, url } from './posted.ts';

/** The part of a schema that queries and subscriptions reach, and the records that `node` finds. */
function reachedIn(whole: GraphQLSchema): GraphQLSchema {
  const node = whole.getType('Node');
  if (!isInterfaceType(node)) throw new Error('Node is no interface');
  const { description: _, ...config } = whole.toConfig();
  return new GraphQLSchema({ ...config, mutation: null, types: [...whole.getPossibleTypes(node)] });
}

const typesOf = (of: GraphQLSchema): string[] => Object.keys(of.getTypeMap()).sort();

const printed = (of: GraphQLSchema): string => printSchema(lexicographicSortSchema(of));

describe('the schema of what is read', () => {
  it('has what queries and subscriptions reach, as the whole schema has it, and nothing else', () => {
    const reached = reachedIn(schema);
    expect(typesOf(readSchema)).toEqual(typesOf(reached));
    expect(printed(readSchema) === printed(reached), 'fields or descriptions differ').toBe(true);
  });

  it('is all that queries need', () => {
    const needMore = QUERIES.filter(
      ({ document }) => !asksOnlyToRead(document) || validate(readSchema, parse(document)).length > 0,
    );
    expect(needMore.map(({ document }) => document)).toEqual([]);
    // Which clients add to every selection.
    expect(asksOnlyToRead('{ organization { name __typename } }')).toBe(true);
  });
});

const TWO =
  'query Read { organization { __typename } } mutation Change { updateOrganization(input: {}) { __typename } }';

const TYPES = 'what types there are';

const posted: Record<string, string> = {
  'a query': '{"query":"{ organization { __typename } viewer { type } }"}',
  'a mutation': '{"query":"mutation { updateOrganization(input: {}) { __typename } }"}',
  'a mutation whose word is written in escapes':
    '{"query":"\\u006dutation { updateOrganization(input: {}) { __typename } }"}',
  'the query of a document with both': JSON.stringify({ query: TWO, operationName: 'Read' }),
  'the mutation of a document with both': JSON.stringify({ query: TWO, operationName: 'Change' }),
  [TYPES]: '{"query":"{ __schema { types { name } } }"}',
  'what mutations there are': '{"query":"{ __schema { mutationType { fields { name } } description } }"}',
  'types, of which only mutations have one':
    '{"query":"{ a: __type(name: \\"CreateTenantInput\\") { name } b: __type(name: \\"Tenant\\") { name } }"}',
  'a fragment on an error of mutations': '{"query":"{ node(id: \\"x\\") { ... on NotFoundError { code } } }"}',
  'a fragment on what is nearly an error of mutations':
    '{"query":"{ node(id: \\"x\\") { ... on NotFoundErro { code } } }"}',
  'a variable of an input of mutations': '{"query":"query ($i: CreateTenantInput) { organization { __typename } }"}',
  'a field that is not there': '{"query":"{ organisation { createTenant } }"}',
  'a field of mutations': '{"query":"{ createTenant(input: {}) { __typename } }"}',
  'a subscription without a stream': '{"query":"subscription { events { node { id } } }"}',
  'an operation that the document does not have': '{"query":"query A { __typename }","operationName":"B"}',
  'a variable with a wrong value':
    '{"query":"query ($n: Int) { tenants(first: $n) { nodes { id } } }","variables":{"n":"x"}}',
  'what cannot be parsed': '{"query":"{ organization {"}',
  'no document': '{}',
};

/** Returns what an isolate answers to each of these, if it was asked for nothing before but for the document. */
async function answersOfIsolateAskedFor(document: string): Promise<Record<string, string>> {
  vi.resetModules();
  const { ask, send } = await import('../shared/gateway.ts');
  expect((await ask(document)).errors).toEqual([]);
  const answers: Record<string, string> = {};
  for (const [name, body] of Object.entries(posted)) {
    const headers = { authorization, 'content-type': 'application/json' };
    const { status, text } = await send(new Request(url, { method: 'POST', headers, body }));
    answers[name] = `${status} ${text}`;
  }
  return answers;
}

describe('an isolate that was asked to read first', () => {
  it('answers whatever it is asked for as one that was asked to change something first', async () => {
    const change = 'mutation { updateOrganization(input: {}) { __typename } }';
    // Which types there are is answered in another order.
    const { [TYPES]: types, ...reading } = await answersOfIsolateAskedFor('{ organization { name } }');
    const { [TYPES]: _, ...changing } = await answersOfIsolateAskedFor(change);
    expect(reading).toEqual(changing);
    // Both might be wrong alike.
    expect(reading['what mutations there are']).toContain('"name":"createTenant"');
    expect(types).toContain('"name":"CreateTenantInput"');
    expect(reading['types, of which only mutations have one']).toContain('"name":"CreateTenantInput"');
    expect(reading['a mutation whose word is written in escapes']).toContain('"UpdateOrganizationPayload"');
  });
});
