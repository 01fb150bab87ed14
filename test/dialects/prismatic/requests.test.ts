import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { credentialName } from '../../../src/directory/access/actor.ts';
import { invitationLimit, MAX_INVITATIONS_PER_HOUR } from '../../../src/directory/access/rate-limits.ts';
import { MAX_BODY_BYTES } from '../../../src/http/shared/body.ts';
import type { Environment } from '../../../src/http/shared/environment.ts';
import { setCount } from '../../shared/counters.ts';
import { newCustomer, newTenant, rawId } from '../../shared/fixtures.ts';
import { ROOT_KEY, send } from '../../shared/gateway.ts';
import { posted } from '../../walks/dialects/table.ts';
import { api, errorsOf, nobody, STATUSES, TEAM_VIEWER } from './api.ts';
import fetchCustomer from './fetch-a-specific-customer.txt?raw';
import fetchAll from './fetch-all-customers.txt?raw';
import updateCustomer from './update-a-customer.txt?raw';

describe('ids', () => {
  it('are those of /graphql, and plain UUIDs are taken, too', async () => {
    const { id } = await newCustomer();
    const uuid = rawId(id);
    for (const spelled of [id, uuid, uuid.toUpperCase(), btoa(`Customer:${uuid.toUpperCase()}`)]) {
      expect((await api(fetchCustomer, { myCustomerId: spelled })).data?.customer.id, spelled).toBe(id);
      expect(await errorsOf('updateCustomer', { id: spelled, description: spelled })).toEqual([]);
    }
  });

  it('that are none, or of something else, are of no record', async () => {
    const { id } = await newTenant();
    for (const wrong of [
      '',
      'garbage',
      id,
      btoa('Customer:x'),
      nobody('Customer'),
      '\u0000',
      'Q3VzdG9tZXI6'.repeat(99),
    ]) {
      const { status, data, errors } = await api(fetchCustomer, { myCustomerId: wrong });
      expect([status, data, errors[0].message], wrong).toEqual([200, null, 'Record not found']);
    }
  });
});

describe('a request', () => {
  afterEach(() => vi.restoreAllMocks());

  const post = (path: string, init: RequestInit, overrides: Partial<Environment> = {}) =>
    send(new Request(`https://tenantry.test${path}`, { method: 'POST', ...init }), overrides);
  const headers = { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ query: '{ organization { id } }' });

  it('is answered at /api and /api/, and at nothing else', async () => {
    for (const path of ['/api', '/api/', '/api?x=1']) expect((await post(path, { headers, body })).status).toBe(200);
    for (const path of ['/api/graphql', '/api/v1']) expect((await post(path, { headers, body })).status).toBe(404);
    expect((await post('/apis', { headers, body })).status).toBe(404);
  });

  it('that fails has the status and the code of what is wrong, and always says it in `errors`', async () => {
    const query = (text: string) => ({ headers, body: JSON.stringify({ query: text }) });
    const json = { 'content-type': 'application/json' };
    await setCount(invitationLimit(credentialName({ type: 'ROOT', id: null })), MAX_INVITATIONS_PER_HOUR);
    const inviting =
      query(`mutation { createOrganizationUser(input: { email: "one@too.example", role: "${TEAM_VIEWER}" }) {
      errors { field } } }`);
    const failures: [(typeof STATUSES)[number], string, Parameters<typeof post>[1], string?, Partial<Environment>?][] =
      [
        [400, 'GRAPHQL_PARSE_FAILED', query('{')],
        [400, 'GRAPHQL_VALIDATION_FAILED', query('{ integrations { nodes { id } } }')],
        [400, 'GRAPHQL_VALIDATION_FAILED', query('mutation { createInstance(input: {}) { errors { field } } }')],
        [400, 'BAD_REQUEST', { headers, body: '[]' }],
        [401, 'UNAUTHENTICATED', { headers: json, body }],
        [401, 'UNAUTHENTICATED', { headers: { ...json, authorization: 'Bearer wrong' }, body }],
        [404, 'NOT_FOUND', { headers, body }, '/api/x'],
        [405, 'METHOD_NOT_ALLOWED', { method: 'GET', headers }],
        [413, 'PAYLOAD_TOO_LARGE', { headers, body: JSON.stringify({ query: ' '.repeat(MAX_BODY_BYTES) }) }],
        [415, 'BAD_REQUEST', { headers: { ...headers, 'content-type': 'text/plain' }, body }],
        [429, 'TOO_MANY_REQUESTS', inviting],
        [503, 'MISCONFIGURED', { headers, body }, '/api', { ROOT_KEY: 'short' }],
      ];
    expect([...new Set(failures.map(([status]) => status))]).toEqual([...STATUSES]);
    for (const [status, code, init, path = '/api', overrides = {}] of failures) {
      const answer = await post(path, init, overrides);
      expect([answer.status, answer.errors[0]?.extensions.code], answer.text).toEqual([status, code]);
      expect(answer.errors[0].message).toEqual(expect.any(String));
      expect(answer.data).toBeNull();
    }
    const { errors } = await api('{ integrations { nodes { id } } }');
    expect(errors[0].message).toContain('integrations');
  });

  it('through our own fault is masked', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const batch = () => Promise.reject(new Error('D1_ERROR: no such column: secret_column: SQLITE_ERROR'));
    const DB = Object.assign(Object.create(env.DB), { prepare: env.DB.prepare.bind(env.DB), batch });
    const answers = [
      await send(posted('/api', fetchAll, {}, ROOT_KEY), { DB }),
      await send(posted('/api', updateCustomer, { customerId: nobody('Customer') }, ROOT_KEY), { DB }),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 500,
        data: null,
        errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
      });
      expect(answer.text).not.toContain('secret_column');
    }
    expect(log).toHaveBeenCalledTimes(2);
  });

  it('of a page of another origin is allowed by POST', async () => {
    const asked = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const answer = await post(
      '/api',
      { method: 'OPTIONS', headers: asked },
      { ALLOWED_ORIGINS: 'https://app.example' },
    );
    expect([answer.status, answer.headers.get('access-control-allow-methods')]).toEqual([204, 'POST']);
  });
});
