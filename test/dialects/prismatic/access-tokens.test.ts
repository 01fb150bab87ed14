import { env } from 'cloudflare:workers';
import { decodeJwt, generateKeyPair, importJWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { parseSigningKeys } from '../../../src/directory/access/signer.ts';
import { fingerprintOf } from '../../../src/directory/api-keys/client-tokens.ts';
import { sha256 } from '../../../src/directory/kernel/secrets.ts';
import { type Key, newCustomer, newKey, newTenant, rawId, succeed } from '../../shared/fixtures.ts';
import { ask, overtaken, PUBLIC_URL, SIGNING_KEYS, send } from '../../shared/gateway.ts';
import { posted } from '../../walks/dialects/table.ts';
import { tokenFor as hubTokenFor } from '../capig/hub.ts';
import { api } from './api.ts';
import { CUSTOMERS, json, organizationId, statusWith, tokenFor } from './sign-in.ts';

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
    .setAudience(more.audience ?? `${PUBLIC_URL}/api`)
    .setIssuedAt()
    .setExpirationTime(new Date(Date.now() + (more.ends ?? 60) * 1000))
    .sign(more.byOther ? (await generateKeyPair('EdDSA')).privateKey : await importJWK(signer, 'EdDSA'));
}

describe('an access token for a key', () => {
  it('may what the key may, and no more', async () => {
    const [near, far] = [await newTenant(), await newTenant()];
    const [own, other] = [
      await newCustomer({ tenantIdentifiers: [{ id: near.id }] }),
      await newCustomer({ tenantIdentifiers: [{ id: far.id }] }),
    ];
    const { secret } = await newKey({ tenants: [near.id], permissions: ['customer:read'], access: 'READ' });
    const token = await tokenFor(secret);
    expect((await api(CUSTOMERS, {}, token)).data.customers.nodes).toEqual([{ id: own.id }]);
    const customer = await api('query($id: ID!) { customer(id: $id) { id } }', { id: other.id }, token);
    expect(customer.errors[0].message).toBe('Record not found');
    const create = 'mutation { createCustomer(input: { name: "N" }) { customer { id } errors { messages } } }';
    expect((await api(create, {}, token)).errors[0].message).toBe('This API key may only read.');
  });

  it('costs no D1 call once it was seen', async () => {
    const token = await tokenFor((await newKey()).secret);
    const calls = async () => (await api(CUSTOMERS, {}, token)).calls;
    expect([await calls(), await calls()]).toEqual([2, 1]);
  });

  it('is good at no other API, nor is what they give good here', async () => {
    const key = await newKey();
    const token = await tokenFor(key.secret);
    for (const path of ['/graphql', '/plain/graphql/v1', '/hub/graphql'])
      expect((await send(posted(path, '{ __typename }', {}, token))).status, path).toBe(401);
    const at = (path: string, headers: HeadersInit) => send(new Request(`${PUBLIC_URL}${path}`, { headers }));
    expect((await at('/v1/tenants/me', { authorization: `Bearer ${token}` })).status).toBe(401);
    const asKey = { 'x-api-key': token, 'x-api-key-type': 'write', 'x-client-id': rawId(await organizationId()) };
    expect((await at('/v1/tenants/me', asKey)).status).toBe(401);
    expect((await json('/auth/refresh', { refreshToken: token })).status).toBe(401);
    expect((await json('/auth/token', { token })).status).toBe(401);
    expect(await statusWith(await hubTokenFor(key.id, key.secret))).toBe(401);
    expect(await statusWith(token)).toBe(200);
  });

  it('ends with the next request when its key is revoked, expires, or its secret is replaced', async () => {
    const ends: Record<string, (key: Key) => Promise<unknown>> = {
      revoked: ({ id }) => succeed('revokeApiKey', 'apiKey { id }', { id }),
      expired: ({ id }) => env.DB.prepare('UPDATE api_key SET expires_at = 1 WHERE id = ?').bind(rawId(id)).run(),
      replaced: ({ id }) => succeed('rotateApiKey', 'secret', { id, overlapSeconds: 0 }),
      'revoked by itself': ({ secret }) => json('/auth/revoke', { refresh_token: secret }),
    };
    for (const [what, end] of Object.entries(ends)) {
      const key = await newKey();
      const token = await tokenFor(key.secret);
      expect(await statusWith(token), what).toBe(200);
      await end(key);
      expect(await statusWith(token), what).toBe(401);
    }
    const key = await newKey();
    const token = await tokenFor(key.secret);
    await env.DB.prepare("DELETE FROM api_key_permission WHERE api_key_id = ? AND permission = 'customer:read'")
      .bind(rawId(key.id))
      .run();
    expect((await api(CUSTOMERS, {}, token)).errors[0].extensions.missingPermissions).toEqual(['customer:read']);
  });

  it('is no longer good than its key', async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    const { secret } = await newKey({ expiresAt: expiresAt.toISOString() });
    const { text } = await json('/auth/refresh', { refresh_token: secret });
    const { access_token: token, expires_in: seconds } = JSON.parse(text);
    expect(decodeJwt(token).exp).toBe(Math.floor(expiresAt.getTime() / 1000));
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it('writes nothing if its key is revoked while the write waits', async () => {
    const key = await newKey();
    const token = await tokenFor(key.secret);
    await statusWith(token);
    const name = crypto.randomUUID();
    const create = `mutation { createCustomer(input: { name: "${name}" }) { customer { id } } }`;
    const revoke = () => succeed('revokeApiKey', 'apiKey { id }', { id: key.id });
    expect((await send(posted('/api', create, {}, token), { DB: overtaken(1, revoke) })).status).toBe(401);
    const { data } = await ask('query($n: String!) { customers(filter: { name: $n }) { nodes { id } } }', { n: name });
    expect(data.customers.nodes).toEqual([]);
  });

  it('is taken as it was made, and in no other way', async () => {
    const key = await newKey();
    expect(await statusWith(await forged(key)), 'as it is made').toBe(200);
    const [header, payload] = (await forged(key)).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'client+jwt' })).toString('base64url');
    const wrong = {
      'of another type': await forged(key, { type: 'at+jwt' }),
      'for the whole deployment': await forged(key, { audience: PUBLIC_URL }),
      'for another API': await forged(key, { audience: `${PUBLIC_URL}/hub` }),
      'of another deployment': await forged(key, { issuer: 'https://other.test', audience: 'https://other.test/api' }),
      'signed by another': await forged(key, { byOther: true }),
      expired: await forged(key, { ends: -1 }),
      'without a signature': `${header}.${payload}.`,
      'of the algorithm none': `${none}.${payload}.`,
      'with the secret of another key': await forged({ id: key.id, secret: (await newKey()).secret }),
    };
    for (const [what, token] of Object.entries(wrong)) expect(await statusWith(token), what).toBe(401);
  });
});
