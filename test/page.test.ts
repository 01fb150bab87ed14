import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { codeOf } from './fixtures.ts';
import { ROOT_KEY, send } from './gateway.ts';

const url = 'https://tenantry.test/graphql';
const OF_A_BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

const get = (accept: string | null, parameters = '', headers: Record<string, string> = {}) =>
  send(new Request(`${url}${parameters}`, { headers: { ...(accept !== null && { accept }), ...headers } }));

const query = `?query=${encodeURIComponent('{ viewer { type } }')}`;
const authorization = `Bearer ${ROOT_KEY}`;

/** The sources that a policy allows, by its directives. */
const policy = (headers: Headers) =>
  new Map(
    (headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources];
    }),
  );

function expectConfined(headers: Headers) {
  const allowed = policy(headers);
  for (const name of ['default-src', 'base-uri', 'form-action', 'frame-ancestors']) {
    expect(allowed.get(name), name).toEqual(["'none'"]);
  }
  for (const name of ['script-src', 'connect-src', 'worker-src']) expect(allowed.get(name), name).toEqual(["'self'"]);
  expect(headers.get('content-security-policy')).not.toMatch(/https?:|\*|unsafe-eval/);
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
}

describe('GET /graphql', () => {
  it('is the page in a browser, without a credential or D1, and confined to this host', async () => {
    const answer = await get(OF_A_BROWSER);
    expect(answer).toMatchObject({ status: 200, calls: 0 });
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.text).toContain('id="graphiql"');
    expect(answer.text).not.toMatch(/<script(?![^>]*\ssrc="\/)/);
    expectConfined(answer.headers);
  });

  it('is the API where there is a query, whatever is accepted', async () => {
    expect(codeOf(await get(OF_A_BROWSER, query))).toBe('UNAUTHENTICATED');
    expect((await get(OF_A_BROWSER, query, { authorization })).data).toEqual({ viewer: { type: 'ROOT' } });
    expect(codeOf(await get(OF_A_BROWSER, '?query='))).toBe('UNAUTHENTICATED');
  });

  it('is the API for who does not ask for HTML', async () => {
    for (const accept of [null, '*/*', 'application/json', 'application/graphql-response+json']) {
      const answer = await get(accept);
      expect(answer).toMatchObject({ status: 401, calls: 0 });
      expect(codeOf(answer)).toBe('UNAUTHENTICATED');
      expect((await get(accept, '', { authorization })).status).toBe(400);
    }
  });

  it('is the API where the page was not built', async () => {
    const missing = { ...env.ASSETS, fetch: async () => new Response(null, { status: 404 }) };
    const headers = { accept: OF_A_BROWSER };
    for (const ASSETS of [missing, undefined]) {
      const answer = await send(new Request(url, { headers }), { ASSETS } as object);
      expect(codeOf(answer)).toBe('UNAUTHENTICATED');
    }
  });

  it('is no page of a deployment that must not serve', async () => {
    const answer = await send(new Request(url, { headers: { accept: OF_A_BROWSER } }), { ALLOWED_ORIGINS: '*' });
    expect(codeOf(answer)).toBe('MISCONFIGURED');
  });
});

describe('other methods', () => {
  it('are answered by the API, whatever is accepted', async () => {
    for (const method of ['POST', 'DELETE', 'HEAD']) {
      const answer = await send(new Request(url, { method, headers: { accept: OF_A_BROWSER } }));
      expect(answer.status).toBe(401);
    }
  });
});

describe('the files of the page', () => {
  it('are confined as the page itself', async () => {
    for (const file of ['', 'page.js', 'graphiql.js', 'graphql.worker.js']) {
      const answer = await env.ASSETS.fetch(`https://tenantry.test/graphiql/${file}`);
      expect(answer.status, file).toBe(200);
      expectConfined(answer.headers);
      await answer.body?.cancel();
    }
  });
});
