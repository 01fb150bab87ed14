import { tracing } from 'cloudflare:workers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { GRAPHQL_APIS } from '../attack/apis.ts';
import { send } from '../shared/gateway.ts';
import { authorization } from './posted.ts';

/** A request for a document: what is sent beside it, and how. */
interface Way {
  method?: 'GET' | 'POST';
  parameters?: Record<string, unknown>;
  headers?: Record<string, string>;
}

const QUERY = 'query Read($asked: Boolean = true) { __typename @include(if: $asked) all: __typename @skip(if: false) }';
const READ_AND_CHANGE = `${QUERY} mutation Change { __typename }`;
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

const REQUEST_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

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
  return JSON.stringify([status, kept, text.replaceAll(REQUEST_ID, '…')]);
}

let number = 0;

/** Returns what differs between the answers to a document that is new, and to the same once it has been answered. */
async function differenceOf(path: string, operations: string, way: Way): Promise<string[]> {
  number += 1;
  const document = `# ${number}\n${operations}`;
  const first = await answerTo(path, document, way);
  await answerTo(path, document, { parameters: { operationName: 'Read' } });
  const again = await answerTo(path, document, way);
  return first === again ? [] : [first, again];
}

describe.each(GRAPHQL_APIS)('at $path', ({ path, schema }) => {
  // The first is answered by a part of the schema, where it has one.
  const documents = [
    QUERY,
    READ_AND_CHANGE,
    ...(schema.getSubscriptionType() ? [`${READ_AND_CHANGE} ${SUBSCRIPTION}`, `${QUERY} ${SUBSCRIPTION}`] : []),
  ];

  it.each(Object.entries(WAYS))('%s is answered as it was when its document was new', async (_, way) => {
    for (const document of documents) expect(await differenceOf(path, document, way)).toEqual([]);
  });

  it.each(['Read', 'Change'])('what nobody foresaw is answered so, too: %s', async (operationName) => {
    onTestFinished(() => void vi.restoreAllMocks());
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    vi.spyOn(tracing, 'getActiveSpan').mockReturnValue({ isTraced: true } as Span);
    vi.spyOn(tracing, 'enterSpan').mockImplementation((_name: string, run: (span: Span) => unknown) =>
      run({ setAttributes: failingToNoteCost } as unknown as Span),
    );
    const way = { parameters: { operationName } };
    expect(await differenceOf(path, READ_AND_CHANGE, way)).toEqual([]);
    expect(await answerTo(path, READ_AND_CHANGE, way)).not.toContain(UNFORESEEN);
    expect(log).toHaveBeenCalledWith(expect.stringContaining(failingToNoteCost.name));
  });
});

const UNFORESEEN = 'nobody foresaw this';

function failingToNoteCost(attributes: object): void {
  if ('graphql.cost' in attributes) throw new Error(UNFORESEEN);
}
