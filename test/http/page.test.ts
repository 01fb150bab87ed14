import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../shared/fixtures.ts';
import { ROOT_KEY, send } from '../shared/gateway.ts';

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
  for (const name of ['script-src', 'connect-src']) expect(allowed.get(name), name).toEqual(["'self'"]);
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

describe('the pages that mailed links lead to', () => {
  const origin = new URL(url).origin;
  const paths = ['/auth/accept-invitation', '/auth/reset-password', '/auth/request-password-reset'];

  it.each(paths)('%s is a form in a browser, confined to this host, and kept by nobody', async (path) => {
    const answer = await send(new Request(`${origin}${path}`, { headers: { accept: OF_A_BROWSER } }));
    expect(answer).toMatchObject({ status: 200, calls: 0 });
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.text).toContain(`action="${path}"`);
    expect(answer.text).not.toMatch(/<script(?![^>]*\ssrc="\/)|<style|\sstyle=/);
    expectConfined(answer.headers);
    expect(policy(answer.headers).get('style-src')).toEqual(["'self'"]);
  });

  it.each(paths)('%s is the API for everybody else', async (path) => {
    // An asset there would be answered in place of the Worker.
    expect((await env.ASSETS.fetch(`${origin}${path}`)).status).toBe(404);
    const post = { method: 'POST', headers: { accept: OF_A_BROWSER, 'content-type': 'application/json' }, body: '{}' };
    expect(codeOf(await send(new Request(`${origin}${path}`, post)))).toBe('BAD_USER_INPUT');
    expect((await send(new Request(`${origin}${path}`, { headers: { accept: '*/*' } }))).status).toBe(405);
  });

  it('are no other of the steps by which people sign in', async () => {
    for (const path of ['/auth/sign-in', '/auth/refresh', '/auth/']) {
      const answer = await send(new Request(`${origin}${path}`, { headers: { accept: OF_A_BROWSER } }));
      expect([404, 405]).toContain(answer.status);
    }
  });
});

describe('GET /', () => {
  const at = (accept: string, init: RequestInit = {}) =>
    send(new Request('https://tenantry.test/', { ...init, headers: { accept } }));

  it('leads people on, without D1, and is confined to this host', async () => {
    const answer = await at(OF_A_BROWSER);
    expect(answer).toMatchObject({ status: 200, calls: 0 });
    expect(answer.headers.get('content-type')).toContain('text/html');
    for (const path of ['/graphql', '/docs/', '/health']) expect(answer.text).toContain(`href="${path}"`);
    expectConfined(answer.headers);
  });

  it('says the same to programs', async () => {
    for (const accept of ['application/json', '*/*', '']) {
      const { graphql, docs, health } = JSON.parse((await at(accept)).text);
      expect([graphql, docs, health]).toEqual(
        ['graphql', 'docs/', 'health'].map((to) => `https://tenantry.test/${to}`),
      );
    }
    expect(await at('*/*', { method: 'HEAD' })).toMatchObject({ status: 200, calls: 0 });
    expect((await at(OF_A_BROWSER, { method: 'POST' })).status).toBe(405);
  });
});

describe('the documentation', () => {
  const docs = (path: string) => env.ASSETS.fetch(`https://tenantry.test/docs/${path}`, { redirect: 'manual' });

  it('is served as static pages without scripts, which load nothing but their style', async () => {
    for (const path of ['', 'lists', 'plain', 'docs.css']) {
      const answer = await docs(path);
      expect(answer.status, path).toBe(200);
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'none'");
      expect(answer.headers.get('x-frame-options')).toBe('DENY');
      const text = await answer.text();
      expect(text).not.toMatch(/<script|<style|\sstyle=|src="(?!\/)/);
    }
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

describe('the files of the pages', () => {
  it('are confined as the pages themselves', async () => {
    const ofGraphiQL = ['', 'page.js', 'graphiql.js', 'graphql.worker.js'].map((name) => `graphiql/${name}`);
    for (const file of [...ofGraphiQL, 'pages/page.js', 'pages/page.css', 'pages/accept-invitation']) {
      const answer = await env.ASSETS.fetch(`https://tenantry.test/${file}`);
      expect(answer.status, file).toBe(200);
      expectConfined(answer.headers);
      await answer.body?.cancel();
    }
  });
});
