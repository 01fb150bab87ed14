import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_ALIASES, MAX_DIRECTIVES, MAX_TOKENS } from '../../src/http/graphql/limits.ts';
import { changes, countChanges } from '../shared/changes.ts';
import { codeOf, newKey } from '../shared/fixtures.ts';
import { type Answer, PUBLIC_URL, send } from '../shared/gateway.ts';
import { GRAPHQL_APIS, type GraphQLApi } from './apis.ts';
import { faultOf, graphQLEnvelope } from './claims.ts';
import { printTried } from './counts.ts';

/*
 * What graphql-cop looks for in a GraphQL API, as claims on each of ours. All is asked by the weakest key there is. What is
 * answered may not be what that program likes to see; it then says why nothing is lost by it.
 */

let key: string;
let checks = 0;

beforeAll(async () => {
  key = (await newKey({ access: 'READ', permissions: ['tenant:read'] })).secret;
  await countChanges();
});
afterAll(() => printTried(checks, 'checks of graphql-cop'));

interface Sent extends RequestInit {
  /** What stands behind the path. */
  search?: string;
  /** Who asks; null for a stranger. */
  by?: string | null;
}

/** Asks an API, and claims what is claimed of every answer. */
async function asked({ path }: GraphQLApi, { search = '', by = key, headers, ...init }: Sent): Promise<Answer> {
  const sent = new Headers({
    'content-type': 'application/json',
    accept: 'application/graphql-response+json',
    ...(headers as Record<string, string>),
  });
  if (by !== null) sent.set('authorization', `Bearer ${by}`);
  const answer = await send(new Request(`${PUBLIC_URL}${path}${search}`, { ...init, headers: sent }));
  expect(faultOf(answer, graphQLEnvelope), path).toBeNull();
  return answer;
}

const post = (api: GraphQLApi, query: string, more: Sent = {}) =>
  asked(api, { method: 'POST', body: JSON.stringify({ query }), ...more });

const ONLY_LOOKED_UP = 'nothing is read, but perhaps the credential';

async function isRefused(answer: Promise<Answer>, code: string, statuses: readonly number[] = [400]): Promise<Answer> {
  const { status, text, data, calls } = await answer;
  expect(statuses, text).toContain(status);
  expect(codeOf(await answer), text).toBe(code);
  expect(data).toBeNull();
  expect(calls, ONLY_LOOKED_UP).toBeLessThanOrEqual(1);
  return answer;
}

async function isAnswered(answer: Promise<Answer>): Promise<Answer> {
  const { status, errors, text } = await answer;
  expect([status, errors], text).toEqual([200, []]);
  return answer;
}

const many = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(' ');

/** `/plain` has no 405: whatever is wrong with a request is 400 there. */
const NOT_BY_THIS_METHOD = [405, 400];

const aMutation = ({ schema }: GraphQLApi): string => {
  const [name] = Object.keys(schema.getMutationType()?.getFields() ?? {});
  return `mutation { ${name} { __typename } }`;
};

const CHECKS: Record<string, (api: GraphQLApi) => Promise<unknown>> = {
  'takes no more aliases than its limit, so that one document is not a hundred': async (api) => {
    await isRefused(post(api, `{ ${many(101, (index) => `a${index}: __typename`)} }`), 'GRAPHQL_VALIDATION_FAILED');
    await isAnswered(post(api, `{ ${many(MAX_ALIASES, (index) => `a${index}: __typename`)} }`));
  },

  'takes no batches, so that one request is not ten': async (api) => {
    const body = JSON.stringify(Array.from({ length: 10 }, () => ({ query: '{ __typename }' })));
    await isRefused(asked(api, { method: 'POST', body }), 'BAD_REQUEST');
  },

  'answers a GET at /graphql alone, and there to nobody without the header that no page of another origin can send':
    async (api) => {
      const search = '?query=%7B__typename%7D';
      const answer = asked(api, { search });
      if (api.path === '/graphql') await isAnswered(answer);
      else await isRefused(answer, 'METHOD_NOT_ALLOWED', NOT_BY_THIS_METHOD);
      const headers = { cookie: `authorization=Bearer ${key}; token=${key}`, origin: 'https://evil.example' };
      await isRefused(asked(api, { search, by: null, headers }), 'UNAUTHENTICATED', [401]);
      await isRefused(asked(api, { search: `${search}&authorization=${key}`, by: null }), 'UNAUTHENTICATED', [401]);
    },

  'does nothing that changes anything by GET, whatever the request says of its method': async (api) => {
    const before = await changes();
    for (const override of ['', 'POST']) {
      const headers = { 'x-http-method-override': override };
      const answer = await asked(api, { search: `?query=${encodeURIComponent(aMutation(api))}`, headers });
      expect([400, 405], answer.text).toContain(answer.status);
      expect(answer.data).toBeNull();
    }
    expect(await changes()).toBe(before);
  },

  'takes JSON that is announced as JSON, and no form, which any page may post': async (api) => {
    const bodies = { form: 'query=%7B__typename%7D', json: '{"query":"{ __typename }"}' };
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
      for (const body of Object.values(bodies)) {
        await isRefused(
          asked(api, { method: 'POST', body, headers: { 'content-type': type } }),
          'BAD_REQUEST',
          [415, 400],
        );
      }
    }
  },

  'tells nothing of how it is made, in an answer or an error, to who asks for a trace': async (api) => {
    const headers = {
      'apollo-tracing': '1',
      'x-apollo-tracing': '1',
      'x-debug': '1',
      'apollo-query-plan-experimental': '1',
    };
    const traced = { headers, search: '?debug=true&trace=1' };
    const good = await isAnswered(post(api, '{ __typename }', traced));
    expect(Object.keys(JSON.parse(good.text))).toEqual(['data']);
    expect([...good.headers.keys()].filter((name) => /trac|timing|debug|server|powered/.test(name))).toEqual([]);
    for (const query of ['qwerty cop { abc }', '{ nope }', 'query($a: Nope) { __typename }']) {
      const { errors, text } = await post(api, query, traced);
      const details = errors.flatMap(({ extensions }) => Object.keys(extensions));
      expect(details.filter((name) => !['code', 'status', 'documentation'].includes(name))).toEqual([]);
      expect(text).not.toMatch(/exception|stack|tracing/i);
    }
  },

  'answers a field once that is asked a hundred times, and does not compare a thousand with each other': async (
    api,
  ) => {
    const { data } = await isAnswered(post(api, `{ ${many(100, () => '__typename')} }`));
    expect(data).toEqual({ __typename: 'Query' });
    await isRefused(post(api, `{ ${many(1000, () => '__typename')} }`), 'GRAPHQL_VALIDATION_FAILED');
    await isRefused(post(api, `{ ${many(MAX_TOKENS, () => '__typename')} }`), 'GRAPHQL_PARSE_FAILED');
  },

  'suggests names of fields, which its documents list anyway, and to nobody who has no credential': async (api) => {
    const names = Object.keys(api.schema.getQueryType()?.getFields() ?? {});
    const [name = ''] = names;
    const { errors } = await isRefused(post(api, `{ ${name}x { id } }`), 'GRAPHQL_VALIDATION_FAILED');
    const suggested = [
      ...(String(errors[0].message)
        .split('Did you mean')[1]
        ?.matchAll(/"(\w+)"/g) ?? []),
    ];
    expect(suggested.length).toBeGreaterThan(0);
    for (const [, suggestion] of suggested) expect(names).toContain(suggestion);
    const stranger = await isRefused(post(api, `{ ${name}x { id } }`, { by: null }), 'UNAUTHENTICATED', [401]);
    expect(stranger.text).toBe((await post(api, '{ __typename }', { by: null })).text);
  },

  'has GraphiQL at /graphql alone: a page which knows nothing, and asks nothing without a credential': async ({
    path,
  }) => {
    for (const at of [path, `${path}/graphiql`, `${path}/playground`, '/graphiql', '/playground', '/console']) {
      const page = (headers: Record<string, string>) =>
        send(new Request(`${PUBLIC_URL}${at}`, { headers: { accept: 'text/html', ...headers } }));
      const answer = await page({});
      if (at !== '/graphql') {
        expect(answer.headers.get('content-type'), at).toContain('json');
        expect(answer.status, at).toBeGreaterThanOrEqual(400);
        continue;
      }
      expect([answer.status, answer.calls]).toEqual([200, 0]);
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
      expect((await page({ authorization: `Bearer ${key}` })).text).toBe(answer.text);
    }
  },

  'shows its schema to who has any credential, for it is no secret, and to nobody else': async (api) => {
    const { data, calls } = await isAnswered(post(api, getIntrospectionQuery()));
    expect(data.__schema.types.length).toBeGreaterThan(10);
    expect(calls, ONLY_LOOKED_UP).toBeLessThanOrEqual(1);
    await isRefused(post(api, getIntrospectionQuery(), { by: null }), 'UNAUTHENTICATED', [401]);
    await isRefused(post(api, getIntrospectionQuery(), { by: `${key}x` }), 'UNAUTHENTICATED', [401]);
  },

  'takes no more directives than its limit, and does not list each that there is not': async (api) => {
    const unknown = await isRefused(post(api, `{ __typename ${'@aa'.repeat(500)} }`), 'GRAPHQL_VALIDATION_FAILED');
    expect(unknown.errors.length).toBeLessThan(500);
    const fields = (count: number) =>
      `{ ${many(count, (index) => `...@include(if: true) { __typename } # ${index}\n`)} }`;
    await isRefused(post(api, fields(MAX_DIRECTIVES + 1)), 'GRAPHQL_VALIDATION_FAILED');
    await isAnswered(post(api, fields(MAX_DIRECTIVES)));
  },

  'does not follow the types of its schema in circles': async (api) => {
    const circle = (times: number) =>
      `{ __schema { types { ${'fields { type { '.repeat(times)} name ${'} }'.repeat(times)} } } }`;
    for (const times of [4, 10, 100]) await isRefused(post(api, circle(times)), 'GRAPHQL_VALIDATION_FAILED');
    await isAnswered(post(api, circle(1)));
  },
};

describe.each(GRAPHQL_APIS)('the API at $path', (api) => {
  for (const [claim, check] of Object.entries(CHECKS)) {
    it(claim, async () => {
      checks += 1;
      await check(api);
    });
  }
});
