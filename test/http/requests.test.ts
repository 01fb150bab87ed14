import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { MAX_BODY_BYTES } from '../../src/http/shared/body.ts';
import { codeOf, newKey, newTenant, rawId } from '../shared/fixtures.ts';
import { ask, graphqlRequest, ROOT_KEY, send } from '../shared/gateway.ts';
import { authorization, post, url } from './posted.ts';

describe('without a valid credential', () => {
  const strangers: Record<string, Record<string, string>> = {
    'no credential': {},
    'a wrong key': { authorization: 'Bearer wrong' },
    'an empty key': { authorization: 'Bearer ' },
    'another scheme': { authorization: `Basic ${btoa(`root:${ROOT_KEY}`)}` },
    'the root key with something behind it': { authorization: `${authorization}x` },
    'an API key that was never made': {
      authorization:
        'Bearer tenantry_0190000000007000800000000000ffff_0000000000000000000000000000000000000000000000000000000000000000_00000000',
    },
  };
  for (const [who, headers] of Object.entries(strangers)) {
    it(`answers 401 before any API is asked: ${who}`, async () => {
      for (const body of [
        '{"query":"{ viewer { type } }"}',
        '{"query":"{ nope"}',
        'not json',
        'x'.repeat(MAX_BODY_BYTES + 1),
      ]) {
        const answer = await send(new Request(url, { method: 'POST', body, headers }));
        expect(answer.status).toBe(401);
        expect(answer.errors).toEqual([
          {
            message: expect.any(String),
            extensions: { code: 'UNAUTHENTICATED', documentation: '/docs/errors#UNAUTHENTICATED' },
          },
        ]);
        expect(answer.headers.get('www-authenticate')).toContain('Bearer');
        expect(answer.calls).toBe(0);
      }
    });
  }

  it('answers the same to a key of the right form with a wrong secret', async () => {
    const { id } = await newKey();
    const { newToken } = await import('../../src/directory/api-keys/token.ts');
    const forged = newToken(rawId(id));
    const answer = await ask('{ viewer { type } }', {}, forged);
    expect(answer.status).toBe(401);
    expect(answer.text).toBe((await ask('{ viewer { type } }', {}, 'wrong')).text);
  });
});

describe('the root key', () => {
  it('gives no access where it has no value', async () => {
    for (const ROOT_KEY of ['', undefined]) {
      const answer = await send(graphqlRequest('{ viewer { type } }', {}, ''), { ROOT_KEY } as object);
      expect(answer.status).toBe(401);
    }
  });

  it('keeps the Worker from serving when no header can carry it', async () => {
    const answer = await send(new Request('https://tenantry.test/health'), { ROOT_KEY: 'two words '.repeat(8) });
    expect(answer).toMatchObject({ status: 503, errors: [{ extensions: { code: 'MISCONFIGURED' } }] });
  });

  it('keeps the Worker from serving when it is too short, and the Worker says why', async () => {
    for (const path of ['graphql', 'health']) {
      const answer = await send(new Request(`https://tenantry.test/${path}`), { ROOT_KEY: 'x'.repeat(31) });
      expect(answer.status).toBe(503);
      expect(codeOf(answer)).toBe('MISCONFIGURED');
      expect(answer.errors[0].message).toContain('ROOT_KEY has fewer than 32 characters');
    }
  });
});

describe('what is posted', () => {
  it('is JSON, and nothing else', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/graphql',
    ];
    for (const type of types) {
      const answer = await post('query=%7Bviewer%7Btype%7D%7D', { 'content-type': type });
      expect(answer.status).toBe(415);
      expect(codeOf(answer)).toBe('BAD_REQUEST');
    }
  });

  it('is answered as JSON, whatever is accepted but a stream of events alone', async () => {
    for (const accept of ['text/html', 'multipart/mixed', '*/*', 'image/png']) {
      const answer = await post('{"query":"{ viewer { type } }"}', { accept });
      expect(answer).toMatchObject({ status: 200, data: { viewer: { type: 'ROOT' } } });
    }
    const accept = 'application/graphql-response+json';
    const answer = await post('{"query":"{ nope }"}', { accept });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain(accept);
  });
});

describe('GET', () => {
  const get = (query: string) =>
    send(new Request(`${url}?query=${encodeURIComponent(query)}`, { headers: { authorization } }));

  it('answers queries', async () => {
    expect((await get('{ viewer { type } }')).data).toEqual({ viewer: { type: 'ROOT' } });
  });

  it('refuses variables that are no JSON object', async () => {
    for (const parameter of ['variables=xx', 'extensions=%5B%5D', 'variables=1']) {
      const answer = await send(
        new Request(`${url}?query=%7Bviewer%7Btype%7D%7D&${parameter}`, { headers: { authorization } }),
      );
      expect(answer.status).toBe(400);
      expect(codeOf(answer)).toBe('BAD_REQUEST');
    }
  });

  it('refuses mutations, and changes nothing', async () => {
    const tenant = await newTenant();
    const answer = await get(`mutation { deleteTenant(input: { id: "${tenant.id}" }) { __typename } }`);
    expect(answer.status).toBe(405);
    expect(answer.calls).toBe(0);
  });
});

describe('other requests', () => {
  it('GET /health says that the Worker and its database answer', async () => {
    const answer = await send(new Request('https://tenantry.test/health'));
    expect(answer).toMatchObject({ status: 200, text: '{"status":"ok"}', calls: 1 });
  });

  it('GET /health fails when the database does', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = {
      ...env.DB,
      prepare: env.DB.prepare.bind(env.DB),
      batch: () => Promise.reject(new Error('D1_ERROR: gone')),
    };
    const answer = await send(new Request('https://tenantry.test/health'), { DB: broken as unknown as D1Database });
    expect(answer.status).toBe(500);
    vi.restoreAllMocks();
  });

  it('answer 404 to unknown paths, and 405 to unknown methods', async () => {
    expect((await send(new Request('https://tenantry.test/nothing'))).status).toBe(404);
    expect((await send(new Request('https://tenantry.test/graphql/x', { headers: { authorization } }))).status).toBe(
      404,
    );
    expect((await send(new Request(url, { method: 'DELETE', headers: { authorization } }))).status).toBe(405);
  });
});

describe('CORS', () => {
  const ALLOWED_ORIGINS = 'https://app.example, https://admin.example';
  const from = (origin: string, method = 'POST') =>
    new Request(url, {
      method,
      headers: { origin, authorization, 'content-type': 'application/json', 'access-control-request-method': 'POST' },
      ...(method === 'POST' && { body: '{"query":"{ viewer { type } }"}' }),
    });

  it('is off unless origins are named', async () => {
    for (const origin of ['https://app.example', '']) {
      const answer = await send(from(origin));
      expect(answer.status).toBe(200);
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  it('names the origin that is allowed, and no other, never with credentials', async () => {
    for (const method of ['POST', 'OPTIONS']) {
      const allowed = await send(from('https://admin.example', method), { ALLOWED_ORIGINS });
      expect(allowed.headers.get('access-control-allow-origin')).toBe('https://admin.example');
      expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
      expect(allowed.headers.get('vary')).toContain('origin');
      for (const origin of ['https://evil.example', 'null', 'https://app.example.evil.example']) {
        const refused = await send(from(origin, method), { ALLOWED_ORIGINS });
        expect(refused.headers.get('access-control-allow-origin')).toBeNull();
        expect(refused.headers.get('access-control-allow-methods')).toBeNull();
      }
    }
  });

  it('never takes a wildcard', async () => {
    const answer = await send(from('https://evil.example'), { ALLOWED_ORIGINS: '*' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});
