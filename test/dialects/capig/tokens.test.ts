import { env } from 'cloudflare:workers';
import { decodeJwt, generateKeyPair, importJWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { parseSigningKeys } from '../../../src/directory/access/signer.ts';
import { fingerprintOf } from '../../../src/directory/api-keys/client-tokens.ts';
import { PERMISSIONS } from '../../../src/directory/kernel/permission-names.ts';
import { sha256 } from '../../../src/directory/kernel/secrets.ts';
import { MAX_FORM_BYTES } from '../../../src/http/shared/form.ts';
import {
  type Key,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, PUBLIC_URL, SIGNING_KEYS, send } from '../../shared/gateway.ts';
import { tokenOf } from '../../shared/people.ts';
import { askToken, clientOf, formOf, hub, tokenFor } from './hub.ts';

const TENANT = 'query($tenantId: String!) { tenant(tenantId: $tenantId) { id } }';
const HOUR_SECONDS = 60 * 60;

const tenantId = (async () => rawId((await newTenant()).id))();
const asked = async (token: string | null) => (await hub(TENANT, { tenantId: await tenantId }, token)).status;

interface Forgery {
  type?: string;
  audience?: string;
  issuer?: string;
  ends?: number;
  /** Signed by whoever, under the name of the deployment's key. */
  byOther?: boolean;
}

/** A token as this deployment makes it, but for what is said. */
async function forged(key: Key, more: Forgery = {}) {
  const [signer] = parseSigningKeys(SIGNING_KEYS);
  if (!signer) throw new Error('There is no key');
  return new SignJWT({ sub: rawId(key.id), fpr: fingerprintOf(sha256(key.secret)) })
    .setProtectedHeader({ alg: 'EdDSA', kid: signer.kid, typ: more.type ?? 'client+jwt' })
    .setIssuer(more.issuer ?? PUBLIC_URL)
    .setAudience(more.audience ?? `${PUBLIC_URL}/hub`)
    .setIssuedAt()
    .setExpirationTime(new Date(Date.now() + (more.ends ?? 60) * 1000))
    .sign(more.byOther ? (await generateKeyPair('EdDSA')).privateKey : await importJWK(signer, 'EdDSA'));
}

describe('POST /clients/token', () => {
  it('answers a token for the id and the secret of a key, in either form and spelling', async () => {
    const { id, secret } = await newKey();
    const spelled = [clientOf(id, secret), clientOf(rawId(id), secret), clientOf(rawId(id).toUpperCase(), secret)];
    for (const fields of spelled) {
      for (const body of [formOf(fields), new URLSearchParams(fields)]) {
        const answer = await askToken(body);
        expect(answer.status, answer.text).toBe(200);
        expect(answer.calls).toBe(1);
        expect(answer.headers.get('cache-control')).toBe('no-store');
        const { token, ...rest } = JSON.parse(answer.text);
        expect(rest).toEqual({});
        const { iat = 0, exp = 0 } = decodeJwt(token);
        expect(exp - iat).toBe(10 * HOUR_SECONDS);
        expect(await asked(token)).toBe(200);
      }
    }
  });

  it('answers one that ends with the key, if that ends sooner', async () => {
    const expiresAt = new Date(Date.now() + HOUR_SECONDS * 1000);
    const { id, secret } = await newKey({ expiresAt: expiresAt.toISOString() });
    expect(decodeJwt(await tokenFor(id, secret)).exp).toBe(Math.floor(expiresAt.getTime() / 1000));
  });

  it('refuses a wrong id and a wrong secret in the same words', async () => {
    const [key, other, revoked] = [await newKey(), await newKey(), await newKey()];
    await succeed('revokeApiKey', 'apiKey { id }', { id: revoked.id });
    const wrong = [
      clientOf(other.id, key.secret),
      clientOf(key.id, other.secret),
      clientOf('nobody', key.secret),
      clientOf(key.id, 'nothing'),
      clientOf('', ''),
      clientOf(key.id, await tokenFor(key.id, key.secret)),
      clientOf(revoked.id, revoked.secret),
    ];
    const answers = await Promise.all(wrong.map((fields) => askToken(formOf(fields))));
    expect(new Set(answers.map(({ text }) => text))).toHaveLength(1);
    for (const { status, headers, errors, data } of answers) {
      expect(status).toBe(401);
      expect(data).toBeNull();
      expect(errors[0].extensions).toEqual({ code: 'UNAUTHENTICATED', status: 401 });
      expect(headers.get('www-authenticate')).toContain('Bearer');
    }
  });

  it('says what is wrong with the request', async () => {
    const { id, secret } = await newKey();
    const client = clientOf(id, secret);
    const { grant_type: _grant, ...withoutGrant } = client;
    const { client_secret: _secret, ...withoutSecret } = client;
    const withFile = formOf(withoutSecret);
    withFile.set('client_secret', new File([secret], 'secret.txt'));
    const raw = (method: string, body: string | null, type = 'application/json') =>
      send(new Request(`${PUBLIC_URL}/clients/token`, { method, body, headers: { 'content-type': type } }));
    const table: [answer: ReturnType<typeof askToken>, status: number, code: string][] = [
      [askToken(formOf(withoutGrant)), 400, 'BAD_USER_INPUT'],
      [askToken(formOf({ ...client, grant_type: 'password' })), 400, 'BAD_USER_INPUT'],
      [askToken(formOf(withoutSecret)), 400, 'BAD_USER_INPUT'],
      [askToken(withFile), 400, 'BAD_USER_INPUT'],
      [raw('POST', 'nothing', 'multipart/form-data; boundary=x'), 400, 'BAD_REQUEST'],
      [raw('POST', 'nothing', 'multipart/form-data'), 400, 'BAD_REQUEST'],
      [raw('POST', JSON.stringify(client)), 415, 'BAD_REQUEST'],
      [raw('GET', null), 405, 'METHOD_NOT_ALLOWED'],
      [askToken(new URLSearchParams({ ...client, more: 'x'.repeat(1024 * 1024) })), 413, 'PAYLOAD_TOO_LARGE'],
      [askToken(new URLSearchParams({ ...client, more: 'x'.repeat(MAX_FORM_BYTES) })), 413, 'PAYLOAD_TOO_LARGE'],
      [askToken(formOf(client), { SIGNING_KEYS: '' }), 503, 'MISCONFIGURED'],
      [askToken(formOf(client), { PUBLIC_URL: '' }), 503, 'MISCONFIGURED'],
    ];
    for (const [answer, status, code] of table) {
      const { status: got, errors, data, text } = await answer;
      expect([got, data], text).toEqual([status, null]);
      expect(errors[0].extensions).toEqual({ code, status });
      expect(text).not.toContain(secret);
    }
  });
});

describe('a token of /clients/token', () => {
  it('may what its key may, and no more', async () => {
    const [near, far] = [await newTenant(), await newTenant()];
    const { id, secret } = await newKey({ tenants: [near.id], permissions: ['tenant:read'], access: 'READ' });
    const token = await tokenFor(id, secret);
    expect((await hub(TENANT, { tenantId: rawId(near.id) }, token)).status).toBe(200);
    expect((await hub(TENANT, { tenantId: rawId(far.id) }, token)).status).toBe(404);
    const rename =
      'mutation($input: UpdateTenantInput!) { tenantMutations { updateTenant(input: $input) { tenant { id } } } }';
    const { status, errors } = await hub(rename, { input: { tenantId: rawId(near.id), name: 'x' } }, token);
    expect([status, errors[0].extensions.code]).toEqual([401, 'FORBIDDEN']);
  });

  it('costs no D1 call once it was seen', async () => {
    const { id, secret } = await newKey();
    const token = await tokenFor(id, secret);
    const calls = async () => (await hub(TENANT, { tenantId: await tenantId }, token)).calls;
    expect([await calls(), await calls()]).toEqual([2, 1]);
  });

  it('is good at no other API', async () => {
    const { id, secret } = await newKey();
    const token = await tokenFor(id, secret);
    expect((await ask('{ viewer { type } }', {}, token)).status).toBe(401);
    const bearer = { authorization: `Bearer ${token}` };
    const elsewhere = await send(new Request(`${PUBLIC_URL}/v1/tenants/${await tenantId}`, { headers: bearer }));
    expect(elsewhere.status).toBe(401);
    const asKey = { 'x-api-key': token, 'x-api-key-type': 'write', 'x-client-id': 'x' };
    expect((await send(new Request(`${PUBLIC_URL}/v1/tenants/me`, { headers: asKey }))).status).toBe(401);
  });

  it('ends at once when its key is revoked', async () => {
    const { id, secret } = await newKey();
    const token = await tokenFor(id, secret);
    expect(await asked(token)).toBe(200);
    await succeed('revokeApiKey', 'apiKey { id }', { id });
    expect(await asked(token)).toBe(401);
  });

  it('ends with the key', async () => {
    const key = await newKey({ expiresAt: new Date(Date.now() + HOUR_SECONDS * 1000).toISOString() });
    const token = await forged(key, { ends: 2 * HOUR_SECONDS });
    expect(await asked(token)).toBe(200);
    await env.DB.prepare('UPDATE api_key SET expires_at = 1 WHERE id = ?').bind(rawId(key.id)).run();
    expect(await asked(token)).toBe(401);
  });

  it('ends with the secret that it was got with', async () => {
    const { id, secret } = await newKey();
    const before = await tokenFor(id, secret);
    const rotate = async (overlapSeconds: number) =>
      (await succeed('rotateApiKey', 'secret', { id, overlapSeconds })).secret;
    const after = await tokenFor(id, await rotate(60));
    expect([await asked(before), await asked(after)]).toEqual([200, 200]);
    await rotate(0);
    expect([await asked(before), await asked(after)]).toEqual([200, 401]);
    const { data } = await ask('query($id: ID!) { node(id: $id) { ... on ApiKey { secrets { id } } } }', { id });
    await succeed('revokeApiKeySecret', 'apiKey { id }', { id, secretId: data.node.secrets[0].id });
    expect(await asked(before)).toBe(401);
  });

  it('is taken as it was made, and in no other way', async () => {
    const key = await newKey();
    expect(await asked(await forged(key)), 'as it is made').toBe(200);
    const [header, payload] = (await forged(key)).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'client+jwt' })).toString('base64url');
    const other = { id: key.id, secret: (await newKey()).secret };
    const wrong = {
      'of another type': await forged(key, { type: 'at+jwt' }),
      'for the whole deployment': await forged(key, { audience: PUBLIC_URL }),
      'of another deployment': await forged(key, { issuer: 'https://other.test', audience: 'https://other.test/hub' }),
      'for another deployment': await forged(key, { audience: 'https://other.test/hub' }),
      'signed by another': await forged(key, { byOther: true }),
      expired: await forged(key, { ends: -1 }),
      'without a signature': `${header}.${payload}.`,
      'of the algorithm none': `${none}.${payload}.`,
      'with the secret of another key': await forged(other),
      nothing: '',
    };
    for (const [what, token] of Object.entries(wrong)) expect(await asked(token), what).toBe(401);
    expect(await asked(null), 'no credential').toBe(401);
  });
});

describe('the hub', () => {
  it('also takes a key, and the access token of a user', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id, { email: `${unique('self')}@x.example` });
    const document = 'query($tenantId: String!) { tenant(tenantId: $tenantId) { users { id isSelf } } }';
    const variables = { tenantId: rawId(tenant.id) };
    const bySelf = await hub(document, variables, await tokenOf(user.id, tenant.id));
    expect(bySelf.data.tenant.users, bySelf.text).toEqual([{ id: rawId(user.id), isSelf: true }]);
    const byMember = await hub(document, variables, await tokenOf((await newTeamMember()).id));
    expect(byMember.data.tenant.users).toEqual([{ id: rawId(user.id), isSelf: false }]);
    const byKey = await hub(document, variables, (await newKey({ permissions: PERMISSIONS })).secret);
    expect(byKey.data.tenant.users).toEqual([{ id: rawId(user.id), isSelf: false }]);
  });
});
