import { describe, expect, it } from 'vitest';
import { GRAPHQL_APIS } from '../attack/apis.ts';
import { send } from '../shared/gateway.ts';
import { authorization } from './posted.ts';

/** A request for a document: what is sent beside it, and how. */
interface Way {
  method?: 'GET' | 'POST';
  parameters?: Record<string, unknown>;
  headers?: Record<string, string>;
}

const OPERATIONS = `
  query Read($asked: Boolean = true) { __typename @include(if: $asked) all: __typename @skip(if: false) }
  mutation Change { __typename }`;
const SUBSCRIPTION = 'subscription Follow { events { nodes { id } } }';

const WAYS: Record<string, Way> = {
  'a query': { parameters: { operationName: 'Read' } },
  'a query by GET': { method: 'GET', parameters: { operationName: 'Read' } },
  'a query with a variable': { parameters: { operationName: 'Read', variables: { asked: false } } },
  'a query with a variable that it does not have': { parameters: { operationName: 'Read', variables: { many: 2 } } },
  'a query with a wrong variable': { parameters: { operationName: 'Read', variables: { asked: 'x' } } },
  'a query with a list of variables': { parameters: { operationName: 'Read', variables: [true] } },
  'a query with a text of variables': { parameters: { operationName: 'Read', variables: '{"asked":true}' } },
  'a query with null for all else': { parameters: { operationName: 'Read', variables: null, extensions: null } },
  'a query with an extension': { parameters: { operationName: 'Read', extensions: { a: 1 } } },
  'a query with a text of extensions': { parameters: { operationName: 'Read', extensions: 'a' } },
  'a query with the hash of it': {
    parameters: { operationName: 'Read', extensions: { persistedQuery: { version: 1, sha256Hash: 'a' } } },
  },
  'a query with a parameter that there is not': { parameters: { operationName: 'Read', doc_id: '1' } },
  'a query that asks for its cost': { parameters: { operationName: 'Read' }, headers: { 'graphql-cost': '1' } },
  'a query with an idempotency key': { parameters: { operationName: 'Read' }, headers: { 'idempotency-key': 'a' } },
  'a mutation': { parameters: { operationName: 'Change' } },
  'a mutation by GET': { method: 'GET', parameters: { operationName: 'Change' } },
  'a mutation with an idempotency key': {
    parameters: { operationName: 'Change' },
    headers: { 'idempotency-key': 'a' },
  },
  'a mutation with a bad idempotency key': {
    parameters: { operationName: 'Change' },
    headers: { 'idempotency-key': ' ' },
  },
  'a subscription': { parameters: { operationName: 'Follow' } },
  'no operation by name': {},
  'an operation that there is not': { parameters: { operationName: 'Nothing' } },
  'an operation whose name is no text': { parameters: { operationName: 1 } },
};

/** Returns the answer but for what is another at each request. */
async function answerTo(path: string, query: string, { method = 'POST', parameters, headers }: Way): Promise<string> {
  const given = Object.entries({ query, ...parameters });
  const inAddress = new URLSearchParams(
    given.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
  const {
    status,
    headers: answered,
    text,
  } = await send(
    new Request(`https://tenantry.test${path}${method === 'GET' ? `?${inAddress}` : ''}`, {
      method,
      headers: { authorization, 'content-type': 'application/json', accept: 'application/json', ...headers },
      ...(method === 'POST' && { body: JSON.stringify(Object.fromEntries(given)) }),
    }),
  );
  const kept = [...answered].filter(([name]) => !/request-?id$/.test(name));
  return JSON.stringify([status, kept, text]);
}

describe.each(GRAPHQL_APIS)('at $path', ({ path, schema }) => {
  const operations = schema.getSubscriptionType() ? `${OPERATIONS} ${SUBSCRIPTION}` : OPERATIONS;

  it('a document that is known is answered as it was when it was new, however it is asked for', async () => {
    const different: string[] = [];
    for (const [number, [name, way]] of Object.entries(WAYS).entries()) {
      const document = `# ${number}${operations}`;
      const first = await answerTo(path, document, way);
      const asked = await answerTo(path, document, { parameters: { operationName: 'Read' } });
      expect(asked).toMatch(/^\[200,.*"{\\"data\\"/);
      const again = await answerTo(path, document, way);
      if (again !== first) different.push(`${name}: ${first} / ${again}`);
    }
    expect(different).toEqual([]);
  });
});
