import { env } from 'cloudflare:workers';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { API_TOKEN_SECONDS } from '../../../src/directory/api-keys/client-tokens.ts';
import { NO_DIALECTS } from '../../../src/http/shared/environment.ts';
import { MAX_FORM_BYTES } from '../../../src/http/shared/form.ts';
import { dump, newCustomer, newKey, newTeamMember, newTenant, rawId, succeed } from '../../shared/fixtures.ts';
import { type Answer, PUBLIC_URL, ROOT_KEY, send } from '../../shared/gateway.ts';
import { enter, signIn } from '../../shared/people.ts';
import { tokenFor as hubTokenFor } from '../capig/hub.ts';
import { api } from './api.ts';
import {
  CUSTOMERS,
  expectRefusal,
  formOf,
  json,
  type Overrides,
  organizationId,
  request,
  tokenFor,
  WAYS,
} from './sign-in.ts';

describe('GET /auth/meta', () => {
  const meta = (overrides?: Overrides, init?: RequestInit) =>
    send(new Request(`${PUBLIC_URL}/auth/meta`, init as RequestInit<CfProperties>), overrides);

  it('says where a token is got, and where it is good', async () => {
    const { status, text, calls } = await meta();
    expect([status, calls]).toEqual([200, 0]);
    expect(JSON.parse(text)).toEqual({ domain: 'tenantry.test', clientId: 'tenantry', audience: `${PUBLIC_URL}/api` });
    const { text: elsewhere } = await meta({ PUBLIC_URL: 'https://directory.example.com:8443' });
    expect(JSON.parse(elsewhere).domain).toBe('directory.example.com:8443');
    expectRefusal(await meta({}, { method: 'POST' }), [405, 'invalid_request']);
    expectRefusal(await meta({ PUBLIC_URL: '' }), [503, 'temporarily_unavailable']);
  });
});

describe('a program that has an API key for a refresh token', () => {
  for (const [way, exchange] of Object.entries(WAYS)) {
    it(`gets an access token for /api by ${way}, in one D1 call, and keeps the key`, async () => {
      const customer = await newCustomer();
      const { secret } = await newKey({ permissions: ['customer:read', 'user:read'], customer: customer.id });
      const organization = await organizationId();
      for (const tenant of [{}, { tenant_id: organization }, { tenant_id: rawId(organization) }, { tenant_id: '' }]) {
        const answer = await exchange({ refresh_token: secret, ...tenant });
        expect([answer.status, answer.calls], answer.text).toEqual([200, 1]);
        expect(answer.headers.get('cache-control')).toBe('no-store');
        const { access_token: token, ...rest } = JSON.parse(answer.text);
        expect(rest).toEqual({
          token_type: 'Bearer',
          expires_in: API_TOKEN_SECONDS,
          scope: 'customer:read user:read',
        });
        // By this the command line knows when to get the next one.
        const { iat = 0, exp = 0, aud } = decodeJwt(token);
        expect([exp - iat, aud]).toEqual([API_TOKEN_SECONDS, `${PUBLIC_URL}/api`]);
        expect((await api(CUSTOMERS, {}, token)).data.customers.nodes).toEqual([{ id: customer.id }]);
      }
    });

    it(`gets none by ${way} for anything else, in the same words, and nothing is written`, async () => {
      const [key, revoked, expired] = [await newKey(), await newKey(), await newKey()];
      await succeed('revokeApiKey', 'apiKey { id }', { id: revoked.id });
      await env.DB.prepare('UPDATE api_key SET expires_at = 1 WHERE id = ?').bind(rawId(expired.id)).run();
      const member = await newTeamMember();
      await enter(member);
      const { refreshToken, accessToken } = await signIn(member.email);
      const wrong: Record<string, Record<string, unknown>> = {
        'the refresh token of a session': { refresh_token: refreshToken },
        'an access token of a session': { refresh_token: accessToken },
        'an access token of a key': { refresh_token: await tokenFor(key.secret) },
        'a token of the hub': { refresh_token: await hubTokenFor(key.id, key.secret) },
        'the root key': { refresh_token: ROOT_KEY },
        'a revoked key': { refresh_token: revoked.secret },
        'an expired key': { refresh_token: expired.secret },
        'a key with another checksum': { refresh_token: `${key.secret.slice(0, -1)}x` },
        'a key in capitals': { refresh_token: key.secret.toUpperCase() },
        'the id of a key': { refresh_token: key.id },
        nothing: { refresh_token: '' },
        'a key of another organization': { refresh_token: key.secret, tenant_id: crypto.randomUUID() },
        'a key of a tenant that is none': { refresh_token: key.secret, tenant_id: (await newTenant()).id },
      };
      const before = await dump();
      const said = new Set<string>();
      for (const [what, fields] of Object.entries(wrong)) {
        const answer = await exchange(fields);
        said.add(expectRefusal(answer, [401, 'access_denied']));
        expect(answer.calls, what).toBeLessThanOrEqual(1);
        expect(answer.text).not.toContain(key.secret);
      }
      expect(said.size).toBe(1);
      expect(await dump()).toBe(before);
      // And the session has not ended by it.
      const { status } = await json('/auth/refresh', { refreshToken });
      expect(status).toBe(200);
    });

    it(`is told what is wrong with a request by ${way}`, async () => {
      const { secret } = await newKey();
      for (const overrides of [{ SIGNING_KEYS: '' }, { PUBLIC_URL: '' }]) {
        const { status, text } = await exchange({ refresh_token: secret }, overrides);
        expect([status, text.includes('SIGNING_KEYS'), text.includes(secret)]).toEqual([503, true, false]);
      }
    });
  }

  it('is told what is wrong with a form or with JSON', async () => {
    const { secret } = await newKey();
    const good = { grant_type: 'refresh_token', refresh_token: secret };
    const withFile = new FormData();
    withFile.set('grant_type', 'refresh_token');
    withFile.set('refresh_token', new File([secret], 'secret.txt'));
    const token = (body: BodyInit, type?: string) => send(request('/oauth/token', body, type));
    const table: [answer: Promise<Answer>, status: number][] = [
      [token(formOf({ ...good, grant_type: 'authorization_code' })), 400],
      [token(formOf({ refresh_token: secret })), 400],
      [token(formOf({ grant_type: 'refresh_token' })), 400],
      [token(withFile), 400],
      [token(JSON.stringify(good), 'application/json'), 415],
      [token('nothing', 'multipart/form-data; boundary=x'), 400],
      [token(formOf({ ...good, more: 'x'.repeat(MAX_FORM_BYTES) })), 413],
      [send(new Request(`${PUBLIC_URL}/oauth/token`)), 405],
      [send(new Request(`${PUBLIC_URL}/oauth/authorize`)), 404],
      [json('/auth/refresh', { refresh_token: null }), 400],
      [json('/auth/refresh', { refresh_token: [secret] }), 400],
      [json('/auth/refresh', { refresh_token: secret, tenant_id: 7 }), 400],
      [json('/auth/revoke', {}), 400],
      [send(request('/auth/revoke', formOf(good))), 415],
      [send(request('/auth/revoke', '[]', 'application/json')), 400],
    ];
    for (const [answer, status] of table) expectRefusal(await answer, [status, 'invalid_request']);
  });

  it('is none of ours at the path that both have, if it names the field as ours do, or the dialect is not served', async () => {
    const { secret } = await newKey();
    const ours = { errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }] };
    const both = await json('/auth/refresh', { refreshToken: secret, refresh_token: secret });
    expect(both).toMatchObject({ status: 401, ...ours });
    for (const DIALECTS of [NO_DIALECTS, 'plain']) {
      const { status, errors } = await json('/auth/refresh', { refresh_token: secret }, { DIALECTS });
      expect([status, errors[0].extensions.issues[0].path]).toEqual([400, 'refreshToken']);
      for (const path of ['/oauth/token', '/auth/revoke', '/auth/meta', '/embedded/authenticate'])
        expect((await json(path, { refresh_token: secret }, { DIALECTS })).status, path).toBe(404);
    }
  });
});
