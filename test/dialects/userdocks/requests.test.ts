import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { newId } from '../../../src/directory/kernel/ids.ts';
import { MAX_BODY_BYTES } from '../../../src/http/shared/body.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import { newTenant, rawId } from '../../shared/fixtures.ts';
import { byGraphQL, call, DONE, FAILED, get, put, ROOT } from './calls.ts';

beforeAll(countChanges);

describe('a request that fails', () => {
  afterEach(() => vi.restoreAllMocks());

  it('has the same envelope, whatever is wrong', async () => {
    const id = rawId((await newTenant()).id);
    const long = JSON.stringify({ kind: 'tenant', padding: 'x'.repeat(MAX_BODY_BYTES) });
    const text = { ...ROOT, 'content-type': 'text/plain' };
    const before = await changes();
    const failures: [number, Awaited<ReturnType<typeof call>>][] = [
      [400, await get('42', ROOT)],
      [400, await put('42', ROOT, { name: 'x' })],
      [400, await get('%F0%9F', ROOT)],
      [404, await call('GET', '', ROOT)],
      [404, await call('GET', '/tenants', ROOT)],
      [404, await call('GET', `/tenants/${id}/`, ROOT)],
      [404, await call('PUT', `/users/${id}`, {}, {})],
      [403, await call('GET', '/users/me', ROOT)],
      [405, await call('POST', `/tenants/${id}`, ROOT, {})],
      [405, await call('DELETE', `/tenants/${id}`, ROOT)],
      [405, await call('PUT', '/tenants/me', ROOT, { name: 'x' })],
      [413, await call('PUT', `/tenants/${id}`, ROOT, long)],
      [400, await call('PUT', `/tenants/${id}`, text, 'name=x')],
      [503, await call('GET', `/tenants/${id}`, ROOT, undefined, { ROOT_KEY: 'short' })],
    ];
    for (const [status, answer] of failures) {
      expect([answer.status, answer.json], answer.text).toEqual([status, FAILED]);
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
    expect(failures[8]?.[1].headers.get('allow')).toBe('GET, PUT');
    expect(await changes()).toBe(before);
  });

  it('does not fail for what its JSON is called', async () => {
    const tenant = await newTenant();
    const types = ['text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'application/octet-stream', ''];
    for (const type of types) {
      const description = `Sent as "${type}"`;
      const headers = { ...ROOT, 'content-type': type };
      const answer = await call('PUT', `/tenants/${rawId(tenant.id)}`, headers, JSON.stringify({ description }));
      expect(answer.json, type).toEqual(DONE);
      expect((await byGraphQL(tenant.id)).description).toBe(description);
    }
  });

  it('through our own fault is masked, and stands in the log under the request id of the header', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = (message: string) => {
      const batch = () => Promise.reject(new Error(message));
      return { DB: Object.assign(Object.create(env.DB), { prepare: env.DB.prepare.bind(env.DB), batch }) };
    };
    const secret = 'D1_ERROR: no such column: secret_column: SQLITE_ERROR';
    for (const [method, body] of [['GET', undefined] as const, ['PUT', { name: 'x' }] as const]) {
      log.mockClear();
      const answer = await call(method, `/tenants/${newId()}`, ROOT, body, broken(secret));
      expect(answer).toMatchObject({ status: 500, json: FAILED });
      expect(answer.text).not.toContain('secret_column');
      expect(log).toHaveBeenCalledTimes(1);
      expect(log.mock.calls[0]?.[0]).toContain(answer.headers.get('x-request-id'));
    }
    const busy = await call('GET', `/tenants/${newId()}`, ROOT, undefined, broken('D1 DB is overloaded.'));
    expect(busy).toMatchObject({ status: 503, json: FAILED });
  });
});

describe('a page of another origin', () => {
  it('may change a tenant, if the origin is allowed', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };
    const overrides = { ALLOWED_ORIGINS: 'https://app.example' };
    const { status, headers: answered } = await call('OPTIONS', `/tenants/${newId()}`, headers, undefined, overrides);
    expect(status).toBe(204);
    expect(answered.get('access-control-allow-methods')).toBe('GET, PUT');
  });
});
