import { describe, expect, it } from 'vitest';
import { STRICT_TRANSPORT_SECURITY } from '../../src/http/shared/page.ts';
import { ROOT_KEY, send } from '../shared/gateway.ts';

/** One of each kind of answer: of every API, of a page, a refusal, none at all. */
const REQUESTS: [path: string, init?: RequestInit][] = [
  ['/graphql?query=%7Bviewer%7Btype%7D%7D', { headers: { authorization: `Bearer ${ROOT_KEY}` } }],
  ['/graphql'],
  ['/graphql', { headers: { accept: 'text/html' } }],
  ['/auth/accept-invitation', { headers: { accept: 'text/html' } }],
  ['/auth/sign-in', { method: 'POST', body: '{' }],
  ['/auth/refresh'],
  ['/health'],
  ['/.well-known/jwks.json'],
  ['/plain/graphql/v1', { method: 'POST' }],
  ['/api', { method: 'POST' }],
  ['/hub/graphql', { method: 'POST' }],
  ['/clients/token', { method: 'POST' }],
  ['/v1/tenants/me'],
  ['/v1'],
  ['/graphql', { method: 'OPTIONS', headers: { origin: 'https://elsewhere.example' } }],
  ['/nothing'],
];

describe('an answer', () => {
  it('by https keeps browsers to https, and one by http does not', async () => {
    for (const [path, init] of REQUESTS) {
      for (const [scheme, header] of [
        ['https', STRICT_TRANSPORT_SECURITY],
        ['http', null],
      ] as const) {
        for (const overrides of [{}, { ROOT_KEY: 'misconfigured' }]) {
          const { headers } = await send(new Request(`${scheme}://tenantry.test${path}`, init), overrides);
          expect(headers.get('strict-transport-security'), `${scheme} ${path}`).toBe(header);
        }
      }
    }
    expect(STRICT_TRANSPORT_SECURITY).toMatch(/^max-age=\d{8,}$/);
  });
});
