import { env } from 'cloudflare:workers';
import { createClient } from 'graphql-sse';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Environment } from '../../src/http/shared/environment.ts';
import {
  allBut,
  globalId,
  newCustomer,
  newKey,
  newTeamMember,
  newTenant,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import { ask, begin, CountingD1, graphqlRequest, ROOT_KEY, send } from '../shared/gateway.ts';
import { sessionOf, TOKENS } from '../shared/people.ts';

/** How long each pause of a stream was to be. None is waited for. What comes behind an answer pauses for no time. */
let pauses: number[] = [];
beforeEach(() => {
  pauses = [];
  vi.spyOn(scheduler, 'wait').mockImplementation(async (milliseconds) => {
    if (milliseconds > 0) pauses.push(milliseconds);
  });
});
afterEach(() => vi.restoreAllMocks());

const FOLLOW = `subscription($first: Int, $after: String, $filter: EventFilter) {
  events(first: $first, after: $after, filter: $filter) { nodes { id type subjectId after tenantIds } pageInfo { endCursor } } }`;

interface Payload {
  // biome-ignore lint/suspicious/noExplicitAny: a test says by its expectations what it believes the payload to be
  data?: any;
  errors?: readonly { message: string; extensions?: Record<string, unknown> }[];
}

const URL = 'https://tenantry.test/graphql';

/** A client as its package makes it. Each of its requests is answered by the Worker. */
const clientOf = (secret = ROOT_KEY, overrides: Partial<Environment> = {}) =>
  createClient({
    url: URL,
    retryAttempts: 0,
    headers: { authorization: `Bearer ${secret}` },
    fetchFn: (url: string, init: RequestInit) => begin(new Request(url, init), overrides),
  });

interface Following {
  secret?: string;
  variables?: Record<string, unknown>;
  query?: string;
  overrides?: Partial<Environment>;
  /** Is told each payload, and may leave. */
  on?: (payload: Payload, all: readonly Payload[]) => 'leave' | undefined | Promise<'leave' | undefined>;
}

/** Follows a stream to its end, or until it is left. */
async function follow({ secret, variables = {}, query = FOLLOW, overrides, on = () => undefined }: Following) {
  const all: Payload[] = [];
  for await (const payload of clientOf(secret, overrides).iterate({ query, variables })) {
    all.push(payload as Payload);
    if ((await on(payload as Payload, all)) === 'leave') break;
  }
  return all;
}

async function newest(): Promise<string> {
  const { data } = await ask('{ events(last: 1) { pageInfo { endCursor } } }');
  return data.events.pageInfo.endCursor;
}

const subjectsIn = (payloads: readonly Payload[]): string[] =>
  payloads.flatMap(({ data }) => data?.events?.nodes.map(({ subjectId }: { subjectId: string }) => subjectId) ?? []);

describe('a subscription', () => {
  it('is sent what is committed, each event once and in order, and goes on from the cursor of its last payload', async () => {
    await newCustomer();
    let after = await newest();
    const made: string[] = [(await newCustomer()).id];
    const heard: string[] = [];
    for (let stream = 0; stream < 3; stream += 1) {
      const payloads = await follow({
        variables: { after },
        on: async ({ data }, all) => {
          after = data.events.pageInfo.endCursor;
          if (all.length === 3) return 'leave';
          made.push((await newCustomer()).id);
          return undefined;
        },
      });
      heard.push(...subjectsIn(payloads));
    }
    expect(heard).toEqual(made);
    expect((await follow({ variables: { after } })).length).toBe(0);
  });

  it('begins with the feed without a cursor, in payloads of the size that is asked for, and has what its filter says', async () => {
    const tenant = await newTenant();
    const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
    const filter = { tenantId: tenant.id, types: ['membership.created'] };
    expect(await follow({ variables: { filter } })).toMatchObject([
      { data: { events: { nodes: [{ type: 'membership.created', subjectId: customer.id, tenantIds: [tenant.id] }] } } },
    ]);
    const { data } = await ask('{ events(first: 5) { nodes { subjectId } } }');
    const sizes: number[] = [];
    const payloads = await follow({
      variables: { first: 2 },
      on: (payload, all) => {
        sizes.push(payload.data.events.nodes.length);
        return all.length === 2 ? 'leave' : undefined;
      },
    });
    expect(sizes).toEqual([2, 2]);
    expect(subjectsIn(payloads)).toEqual(
      data.events.nodes.slice(0, 4).map(({ subjectId }: { subjectId: string }) => subjectId),
    );
  });

  it('hides what the key may not read, and what it does not reach', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const key = await newKey({ tenants: [tenant.id], permissions: ['event:read'], access: 'READ' });
    const after = await newest();
    await newCustomer({ tenantIdentifiers: [{ id: other.id }] });
    const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }, { id: other.id }] });
    const payloads = await follow({ secret: key.secret, variables: { after } });
    const nodes = payloads.flatMap(({ data }) => data.events.nodes);
    expect(nodes).toMatchObject([
      { type: 'customer.created', subjectId: customer.id, after: null, tenantIds: [tenant.id] },
      { type: 'membership.created', subjectId: customer.id, after: null, tenantIds: [tenant.id] },
    ]);
  });

  it('takes one name for its field, fragments, and a GET', async () => {
    const after = await newest();
    const customer = await newCustomer();
    const query = `subscription S($after: String) { ...F } fragment F on Subscription { all: events(after: $after) { ...G } }
      fragment G on EventConnection { edges { cursor node { subjectId } } }`;
    const [payload] = await follow({ query, variables: { after } });
    expect(payload?.data.all.edges).toMatchObject([{ node: { subjectId: customer.id } }]);
    const search = new URLSearchParams({ query, variables: JSON.stringify({ after }) });
    const headers = { authorization: `Bearer ${ROOT_KEY}`, accept: 'text/event-stream' };
    const answer = await begin(new Request(`${URL}?${search}`, { headers }));
    expect(await answer.text()).toContain(customer.id);
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  });

  it('goes on whatever is asked of its page', async () => {
    const after = await newest();
    for (const query of [
      'subscription($after: String) { events(after: $after) { __typename } }',
      'subscription($after: String) { events(after: $after) { totalCount } }',
      'subscription($after: String) { events(after: $after) { pageInfo { hasNextPage } } }',
    ]) {
      await newCustomer();
      expect(await follow({ query, variables: { after } }), query).toHaveLength(1);
    }
  });
});

describe('a stream ends with an error', () => {
  const refusedBy = async (following: Following) => {
    const payloads = await follow(following);
    return payloads.at(-1)?.errors?.map(({ extensions }) => extensions?.code);
  };

  it('where it is not good from the beginning', async () => {
    const { secret } = await newKey({ permissions: allBut('event:read') });
    expect(await refusedBy({ secret })).toEqual(['FORBIDDEN']);
    const wrong: [string, object][] = [
      ['BAD_USER_INPUT', { after: 'nonsense' }],
      ['BAD_USER_INPUT', { after: btoa('["customers","CREATED_AT",null,"1"]') }],
      ['BAD_USER_INPUT', { after: 7 }],
      ['BAD_USER_INPUT', { first: 101 }],
      ['BAD_USER_INPUT', { filter: { types: ['customer.flown'] } }],
      ['BAD_USER_INPUT', { filter: { createdAt: { from: 'yesterday' } } }],
    ];
    for (const [code, variables] of wrong) expect(await refusedBy({ variables: { ...variables } })).toEqual([code]);
    const documents = [
      'subscription { events { nodes { id } } other: events { nodes { id } } }',
      'subscription { ...F other: events { nodes { id } } } fragment F on Subscription { events { nodes { id } } }',
      'subscription { __typename }',
      'subscription { customers { nodes { id } } }',
      'subscription { events(last: 3) { nodes { id } } }',
    ];
    for (const query of documents) expect(await refusedBy({ query }), query).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(await refusedBy({ query: 'subscription {' })).toEqual(['GRAPHQL_PARSE_FAILED']);
    const dear = 'subscription { events { nodes { id before after actor { id } } edges { node { id } } totalCount } }';
    expect(
      await refusedBy({
        query: dear.replace('totalCount', Array.from({ length: 12 }, (_, n) => `t${n}: totalCount`).join(' ')),
      }),
    ).toEqual(['BAD_USER_INPUT']);
  });

  it('as soon as its key is revoked, its session ended, its permission taken or its tenant deleted', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const key = await newKey();
    const ofTenants = await newKey({ tenants: [tenant.id, other.id] });
    const grant = await sessionOf((await newTeamMember({ roleIdentifier: { name: 'owner' } })).id);
    const endSession = () => succeed('revokeSession', 'session { id }', { id: globalId('Session', grant.sessionId) });
    const cases: [string, string, () => Promise<unknown>][] = [
      ['UNAUTHENTICATED', key.secret, () => succeed('revokeApiKey', 'apiKey { id }', { id: key.id })],
      ['FORBIDDEN', ofTenants.secret, () => succeed('deleteTenant', 'tenant { id }', { id: tenant.id })],
      ['UNAUTHENTICATED', await TOKENS.issue(grant), endSession],
    ];
    for (const [code, secret, end] of cases) {
      const customer = await newCustomer({ tenantIdentifiers: [{ id: other.id }] });
      const payloads = await follow({
        secret,
        variables: { filter: { subjectId: customer.id } },
        on: async (_, all) => {
          if (all.length === 1) {
            await end();
            await succeed('updateCustomer', 'customer { id }', { id: customer.id, name: unique('Unheard') });
          }
          return undefined;
        },
      });
      expect(
        payloads.map(({ errors }) => errors?.[0]?.extensions?.code),
        code,
      ).toEqual([undefined, code]);
      expect(JSON.stringify(payloads)).not.toContain('Unheard');
    }
  });

  it('once it has asked more often than its credential may', async () => {
    let left = 5;
    const limit: RateLimit = { limit: async () => ({ success: --left >= 0 }) };
    expect(await refusedBy({ variables: { after: await newest() }, overrides: { RATE_LIMIT_DEFAULT: limit } })).toEqual(
      ['TOO_MANY_REQUESTS'],
    );
    expect(pauses).toEqual([1000, 1500, 2250, 3375, 5000]);
  });
});

describe('a stream', () => {
  it('asks D1 once at a time, pauses longer while nothing happens, and ends before its queries are spent', async () => {
    for (const [D1_QUERIES, fewest] of [
      ['', 10],
      ['120', 30],
    ] as const) {
      pauses = [];
      const d1 = new CountingD1(env.DB);
      let queries = 0;
      const counted = {
        prepare: (sql: string) => {
          queries += 1;
          return d1.prepare(sql);
        },
        batch: (statements: D1PreparedStatement[]) => d1.batch(statements),
      } as unknown as D1Database;
      const { secret } = await newKey();
      await follow({ secret, variables: { after: await newest() }, overrides: { DB: counted, D1_QUERIES } });
      expect(queries).toBeLessThanOrEqual(Number(D1_QUERIES || 50));
      expect(pauses.length).toBeGreaterThan(fewest);
      // Two more for a key that this isolate has not seen, and one or two that note that it is used.
      expect(d1.calls).toBeLessThanOrEqual(pauses.length + 5);
      expect(pauses.slice(0, 4)).toEqual([1000, 1500, 2250, 3375]);
      expect(new Set(pauses.slice(4))).toEqual(new Set([5000]));
    }
  });

  it('ends after ten minutes, and says something every now and then until then', async () => {
    let now = Date.now();
    vi.spyOn(Date, 'now').mockImplementation(() => now);
    vi.mocked(scheduler.wait).mockImplementation(async (milliseconds) => {
      now += milliseconds;
      pauses.push(milliseconds);
    });
    const request = graphqlRequest(FOLLOW, { after: await newest() });
    request.headers.set('accept', 'text/event-stream');
    const text = await (await begin(request, { D1_QUERIES: '1000' })).text();
    const waited = pauses.reduce((sum, pause) => sum + pause, 0);
    expect(waited).toBeGreaterThanOrEqual(600_000);
    expect(waited).toBeLessThan(606_000);
    expect(text.endsWith('event: complete\ndata:\n\n')).toBe(true);
    expect(text.split(':\n\n').length).toBeGreaterThan(600_000 / 15_000);
  });

  it('asks no more once its reader has gone, and no sooner than it reads', async () => {
    const d1 = new CountingD1(env.DB);
    const request = () => {
      const asked = graphqlRequest(FOLLOW);
      asked.headers.set('accept', 'text/event-stream');
      return asked;
    };
    await newCustomer();
    const streams = await Promise.all(
      Array.from({ length: 20 }, () => begin(request(), { DB: d1 as unknown as D1Database })),
    );
    // Nobody reads any of them: each has asked for its first page, and waits.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(d1.calls).toBe(20);
    for (const { body } of streams) await body?.cancel();
    expect(d1.calls).toBe(20);
  });

  it('masks what fails on our side, and is not ended by a part of a page that fails', async () => {
    const after = await newest();
    let calls = 0;
    const failing = {
      prepare: (sql: string) => env.DB.prepare(sql),
      batch: (statements: D1PreparedStatement[]) => {
        calls += 1;
        return calls > 2 ? Promise.reject(new Error('a secret of ours')) : env.DB.batch(statements);
      },
    } as unknown as D1Database;
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const payloads = await follow({ variables: { after }, overrides: { DB: failing } });
    expect(payloads.map(({ errors }) => errors?.[0]?.extensions?.code)).toEqual(['INTERNAL_SERVER_ERROR']);
    expect(JSON.stringify(payloads)).not.toContain('secret');
  });
});

describe('without a stream', () => {
  it('a subscription is refused, and says how to ask', async () => {
    const { status, errors } = await ask('subscription { events { nodes { id } } }');
    expect([status, errors[0].extensions.code]).toEqual([400, 'BAD_REQUEST']);
    expect(errors[0].message).toContain('text/event-stream');
  });

  it('who takes JSON as well is answered in it, unless it is a subscription', async () => {
    const accepting = (accept: string, query: string, key: string | null = ROOT_KEY) => {
      const request = graphqlRequest(query, {}, key);
      request.headers.set('accept', accept);
      return request;
    };
    const all = 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed';
    const query = '{ viewer { type } }';
    expect((await send(accepting(all, query))).data).toEqual({ viewer: { type: 'ROOT' } });
    const streamed = await send(accepting('text/event-stream', query));
    expect(streamed.text).toBe('event: next\ndata: {"data":{"viewer":{"type":"ROOT"}}}\n\nevent: complete\ndata:\n\n');
    const subscribed = await begin(accepting(all, 'subscription { events { nodes { id } } }'));
    expect(subscribed.headers.get('content-type')).toContain('text/event-stream');
    await subscribed.body?.cancel();
    const refused = await send(accepting('text/event-stream', query, 'nobody'));
    expect([refused.status, refused.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
  });
});
