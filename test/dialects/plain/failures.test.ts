import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { changes, countChanges } from '../../shared/changes.ts';
import { ask, ROOT_KEY, send } from '../../shared/gateway.ts';
import { posted } from '../../walks/dialects/table.ts';
import { FAILURES, makeKeys, raw } from './failures.ts';
import { PATH } from './table.ts';

beforeAll(countChanges);
beforeAll(makeKeys);

describe('a request that fails', () => {
  afterEach(() => vi.restoreAllMocks());

  for (const [condition, request, status, code, message] of FAILURES) {
    it(`for ${condition} is ${status}, in the one envelope, with ${code}`, async () => {
      const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const before = await changes();
      const answer = await request();
      expect(answer.status, answer.text).toBe(status);
      expect(answer.errors.length).toBeGreaterThan(0);
      // All that the client asks of every error before it passes on what it says.
      for (const error of answer.errors) {
        expect(error).toMatchObject({
          message: expect.any(String),
          locations: [{ line: expect.any(Number), column: expect.any(Number) }],
          extensions: { code: expect.any(String) },
        });
        expect(Array.isArray(error.path ?? [])).toBe(true);
        expect(error.extensions.http).toBeUndefined();
      }
      expect(answer.errors.map(({ extensions }) => extensions.code)).toContain(code);
      if (message) expect(answer.errors[0].message).toContain(message);
      expect(answer.headers.get('content-type')).toContain('application/json');
      expect(answer.headers.get('apigw-requestid')).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.headers.get('apigw-requestid')).toBe(answer.headers.get('x-request-id'));
      expect(answer.text).not.toContain('secret_column');
      expect(log).toHaveBeenCalledTimes(code === 'INTERNAL_SERVER_ERROR' || code === 'SERVICE_UNAVAILABLE' ? 1 : 0);
      expect(await changes()).toBe(before);
    });
  }

  it('is the same whatever the caller accepts', async () => {
    for (const accept of ['application/graphql-response+json', 'application/json', '*/*']) {
      const answer = await raw({
        headers: { accept },
        body: JSON.stringify({ query: '{ tenants(first: 0) { edges { cursor } } }' }),
      });
      expect([answer.status, answer.errors[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
    }
  });

  it('tells a page of another origin its id', async () => {
    const overrides = { ALLOWED_ORIGINS: 'https://app.example' };
    const request = posted(PATH, '{ __typename }', {}, ROOT_KEY);
    request.headers.set('origin', 'https://app.example');
    const { headers, status } = await send(request, overrides);
    expect(status).toBe(200);
    expect(headers.get('access-control-expose-headers')).toBe(
      'x-request-id, apigw-requestid, retry-after, ratelimit-policy, idempotency-key',
    );
    expect(headers.get('apigw-requestid')).toBe(headers.get('x-request-id'));
    const own = await ask('{ __typename }');
    expect(own.headers.get('apigw-requestid')).toBeNull();
  });
});
