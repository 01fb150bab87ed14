import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env, tracing } from 'cloudflare:workers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import worker from '../../src/worker.ts';
import { graphqlRequest, PUBLIC_URL, ROOT_KEY, SIGNING_KEYS } from '../shared/gateway.ts';

interface SeenSpan {
  name: string;
  /** The names of the spans that it stands in, the outermost first. */
  within: string[];
  attributes: Record<string, unknown>;
}

/**
 * Stands in for the tracing of the runtime, which traces nothing in tests, also for D1, whose spans are by the same means.
 * Spans of one request do not overlap here.
 */
function standIn(isTraced: boolean): SeenSpan[] {
  const spans: SeenSpan[] = [];
  const open: string[] = [];
  vi.spyOn(tracing, 'getActiveSpan').mockImplementation(() => ({ isTraced }) as Span);
  vi.spyOn(tracing, 'enterSpan').mockImplementation((name: string, run: (span: Span) => unknown) => {
    const span: SeenSpan = { name, within: [...open], attributes: {} };
    spans.push(span);
    open.push(name);
    const result = run({ setAttributes: (given: object) => Object.assign(span.attributes, given) } as unknown as Span);
    return Promise.resolve(result).finally(() => open.pop());
  });
  onTestFinished(() => void vi.restoreAllMocks());
  return spans;
}

async function spansOf(request: Request, isTraced = true): Promise<SeenSpan[]> {
  const spans = standIn(isTraced);
  const context = createExecutionContext();
  const answer = await worker.fetch(
    request,
    { DB: env.DB, ROOT_KEY, PUBLIC_URL, SIGNING_KEYS } as Parameters<typeof worker.fetch>[1],
    context,
  );
  await answer.body?.cancel();
  await waitOnExecutionContext(context);
  return spans;
}

const SECRET = 'nobody-may-read-this';

describe('traces', () => {
  it('have a span for the request and one for the operation in it, by name, around that of D1', async () => {
    const query =
      'query Customers($search: String) { customers(filter: {search: $search}) { nodes { id } } nothing: node(id: "?") { id } }';
    const [asked, operation, ...others] = await spansOf(graphqlRequest(query, { search: SECRET }));
    expect(others).toMatchObject([{ name: 'd1_batch', within: ['POST /graphql', 'query Customers'] }]);
    expect(asked).toMatchObject({ name: 'POST /graphql', within: [] });
    expect(asked?.attributes).toEqual({
      'http.response.status_code': 200,
      'tenantry.request_id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(operation).toMatchObject({ name: 'query Customers', within: ['POST /graphql'] });
    expect(operation?.attributes).toEqual({ 'graphql.cost': expect.any(Number), 'graphql.errors': 1 });
  });

  it.each([
    ['/graphql', 'POST /graphql'],
    ['/plain/graphql/v1', 'POST /plain'],
    ['/api', 'POST /api'],
    ['/hub/graphql/', 'POST /hub'],
    ['/v1/tenants/me', 'POST /v1'],
    ['/auth/sign-in', 'POST /auth/'],
    [`/auth/${SECRET}`, 'POST /auth/'],
    [`/${SECRET}`, 'POST (nothing)'],
    [`/graphql/${SECRET}`, 'POST (nothing)'],
  ])('call a request to %s %s', async (path, name) => {
    const body = JSON.stringify({
      query: 'mutation Rename { __typename }',
      email: `${SECRET}@x.example`,
      password: SECRET,
    });
    const headers = { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json' };
    const request = new Request(`https://tenantry.test${path}?a=${SECRET}`, { method: 'POST', headers, body });
    const spans = await spansOf(request);
    expect(spans[0]?.name).toBe(name);
    expect(JSON.stringify(spans)).not.toContain(SECRET);
  });

  it('have no span of a request that is not traced', async () => {
    const spans = await spansOf(graphqlRequest('{ customers { nodes { id } } }'), false);
    expect(spans.map(({ name }) => name)).toEqual(['d1_batch']);
  });
});
