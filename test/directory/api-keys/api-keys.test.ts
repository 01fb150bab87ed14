import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/directory/kernel/secrets.ts';
import {
  allBut,
  globalId,
  mutate,
  newCustomer,
  newKey,
  newTenant,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

const whoami = (key: string) =>
  ask('{ viewer { type permissions access reach { kind tenantIds } apiKey { id name } } }', {}, key);
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
describe('an API key', () => {
  it('tells who it is, and what it may do', async () => {
    const tenant = await newTenant();
    const { id, secret } = await newKey({
      permissions: ['tenant:read', 'apiKey:read'],
      tenants: [tenant.id],
      access: 'READ',
    });
    const { data } = await whoami(secret);
    expect(data.viewer).toMatchObject({
      type: 'API_KEY',
      access: 'READ',
      reach: { kind: 'TENANTS', tenantIds: [tenant.id] },
      apiKey: { id },
    });
    expect(data.viewer.permissions.sort()).toEqual(['apiKey:read', 'tenant:read']);
  });

  it('has a form that secret scanners can recognise, and is stored as a hash only', async () => {
    const { id, secret } = await newKey();
    expect(secret).toMatch(/^tenantry_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{8}$/);
    const row = await env.DB.prepare(
      'SELECT * FROM api_key JOIN api_key_secret ON api_key_secret.api_key_id = api_key.id WHERE api_key.id = ?',
    )
      .bind(rawId(id))
      .first();
    expect(row?.secret_hash).toBe(sha256(secret));
    expect(JSON.stringify(row)).not.toContain(secret.split('_')[2]);
    const events = await env.DB.prepare("SELECT * FROM event WHERE subject_type = 'ApiKey'").all();
    expect(JSON.stringify(events.results)).not.toContain(secret.split('_')[2]);
    expect(JSON.stringify(events.results)).not.toContain(String(row?.secret_hash));
  });

  it('is refused without asking the database when its checksum is wrong', async () => {
    const { secret } = await newKey();
    const last = secret.endsWith('0') ? '1' : '0';
    for (const wrong of [`${secret.slice(0, -1)}${last}`, secret.toUpperCase(), 'tenantry_x', '']) {
      const answer = await ask('{ viewer { type } }', {}, wrong);
      expect(answer.status).toBe(401);
      expect(answer.calls).toBe(0);
    }
  });

  it('is refused when it expires', async () => {
    const { id, secret } = await newKey({ expiresAt: inSeconds(3600) });
    expect((await whoami(secret)).status).toBe(200);
    await env.DB.prepare('UPDATE api_key SET expires_at = ? WHERE id = ?')
      .bind(Date.now() - 1, rawId(id))
      .run();
    expect((await whoami(secret)).status).toBe(401);
    expect(
      await mutate('createApiKey', 'secret', {
        name: 'k',
        permissions: ['tenant:read'],
        reach: 'ORGANIZATION',
        expiresAt: inSeconds(-1),
      }),
    ).toMatchObject({ __typename: 'ValidationError', issues: [{ path: 'expiresAt' }] });
  });

  it('is refused from the next request on when it is revoked, also where it was just used', async () => {
    const { id, secret } = await newKey();
    for (let use = 0; use < 3; use += 1) expect((await whoami(secret)).status).toBe(200);
    const revoked = await succeed('revokeApiKey', 'apiKey { revokedAt }', { id });
    expect(revoked.apiKey.revokedAt).not.toBeNull();
    for (const document of ['{ viewer { type } }', '{ customers { nodes { id } } }', '{ __typename }']) {
      const answer = await ask(document, {}, secret);
      expect(answer.status).toBe(401);
      expect(answer.data).toBeNull();
    }
    const again = await succeed('revokeApiKey', 'apiKey { revokedAt }', { id });
    expect(again).toEqual(revoked);
  });

  it('writes nothing once it is revoked, also where it was just used', async () => {
    const { id, secret } = await newKey();
    await whoami(secret);
    await succeed('revokeApiKey', 'apiKey { id }', { id });
    const externalId = unique('late');
    const answer = await ask(
      'mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { __typename } }',
      { input: { name: externalId, externalId } },
      secret,
    );
    expect(answer.status).toBe(401);
    const { data } = await ask('query($e: String!) { customerBy(identifier: { externalId: $e }) { id } }', {
      e: externalId,
    });
    expect(data.customerBy).toBeNull();
  });

  it('loses a tenant from its reach the moment that the tenant is deleted', async () => {
    const [kept, gone] = [await newTenant(), await newTenant()];
    const { id, secret } = await newKey({ tenants: [kept.id, gone.id] });
    const seen = async () => (await ask('{ tenants { nodes { id } } }', {}, secret)).data.tenants.nodes;
    expect(await seen()).toHaveLength(2);
    await succeed('deleteTenant', 'tenant { id }', { id: gone.id });
    expect(await seen()).toEqual([{ id: kept.id }]);
    const { data } = await whoami(secret);
    expect(data.viewer.apiKey).toMatchObject({ id });
    await succeed('deleteTenant', 'tenant { id }', { id: kept.id });
    expect(await seen()).toEqual([]);
  });

  it('is rotated with an overlap in which both secrets are good', async () => {
    const { id, secret } = await newKey();
    const rotated = await succeed('rotateApiKey', 'secret apiKey { previousSecretExpiresAt }', {
      id,
      overlapSeconds: 60,
    });
    expect(Date.parse(rotated.apiKey.previousSecretExpiresAt)).toBeGreaterThan(Date.now());
    expect((await whoami(secret)).status).toBe(200);
    expect((await whoami(rotated.secret)).status).toBe(200);
    await env.DB.prepare('UPDATE api_key_secret SET expires_at = ? WHERE api_key_id = ? AND expires_at IS NOT NULL')
      .bind(Date.now() - 1, rawId(id))
      .run();
    expect((await whoami(secret)).status).toBe(401);
    const again = await succeed('rotateApiKey', 'secret apiKey { previousSecretExpiresAt }', { id, overlapSeconds: 0 });
    expect(again.apiKey.previousSecretExpiresAt).toBeNull();
    expect((await whoami(rotated.secret)).status).toBe(401);
    expect((await whoami(again.secret)).status).toBe(200);
  });

  it('cannot be rotated once it is revoked', async () => {
    const { id } = await newKey();
    await succeed('revokeApiKey', 'apiKey { id }', { id });
    expect(await mutate('rotateApiKey', 'secret', { id })).toMatchObject({ __typename: 'NotFoundError' });
  });

  it('is listed with when it was last used, noted at most once in five minutes and behind the answer', async () => {
    const { id, secret } = await newKey();
    const lastUsedAt = async () => {
      const { data } = await ask('query($id: ID!) { node(id: $id) { ... on ApiKey { lastUsedAt } } }', { id });
      return data.node.lastUsedAt;
    };
    expect(await lastUsedAt()).toBeNull();
    await whoami(secret);
    const first = await lastUsedAt();
    expect(Math.abs(Date.parse(first) - Date.now())).toBeLessThan(60_000);
    const earlier = Date.now() - 4 * 60_000;
    await env.DB.prepare('UPDATE api_key SET last_used_at = ? WHERE id = ?').bind(earlier, rawId(id)).run();
    await whoami(secret);
    expect(Date.parse(await lastUsedAt())).toBe(earlier);
    await env.DB.prepare('UPDATE api_key SET last_used_at = ? WHERE id = ?')
      .bind(Date.now() - 6 * 60_000, rawId(id))
      .run();
    await whoami(secret);
    await whoami(secret);
    expect(Date.parse(await lastUsedAt())).toBeGreaterThan(earlier);
  });
});

describe('a key that ends', () => {
  it('makes no key that ends later, and takes over none', async () => {
    const forever = await newKey();
    const [expiresAt, nearer] = [inSeconds(3600), inSeconds(1800)];
    const { secret } = await newKey({ expiresAt });
    const input = { name: 'k', permissions: ['tenant:read'], reach: 'ORGANIZATION' };
    expect(await mutate('createApiKey', 'secret', { ...input, expiresAt: inSeconds(7200) }, secret)).toMatchObject({
      __typename: 'ValidationError',
      issues: [{ path: 'expiresAt', message: 'must not lie behind the expiry of your own key', kind: 'INVALID' }],
    });
    expect(await mutate('rotateApiKey', 'secret', { id: forever.id }, secret)).toMatchObject({
      __typename: 'ForbiddenError',
      code: 'out_of_reach',
    });
    const made = async (more: object) =>
      (await succeed('createApiKey', 'apiKey { expiresAt }', { ...input, ...more }, secret)).apiKey;
    expect(await made({ expiresAt: nearer })).toEqual({ expiresAt: nearer });
    expect(await made({})).toEqual({ expiresAt });
  });
});

describe('what nobody grants', () => {
  it('is a permission that they do not hold', async () => {
    const { secret } = await newKey({ permissions: ['apiKey:edit', 'tenant:read'] });
    const input = { name: 'k', permissions: ['tenant:read', 'tenant:edit', 'customer:read'], reach: 'ORGANIZATION' };
    expect(await mutate('createApiKey', 'secret', input, secret)).toMatchObject({
      __typename: 'ForbiddenError',
      missingPermissions: ['tenant:edit', 'customer:read'],
    });
  });

  it('is the secret of a key that holds more than they do', async () => {
    const [stronger, weaker] = [await newKey(), await newKey({ permissions: allBut('event:read') })];
    for (const [name, payload] of [
      ['rotateApiKey', 'secret'],
      ['revokeApiKey', 'apiKey { id }'],
    ] as const) {
      expect(await mutate(name, payload, { id: stronger.id }, weaker.secret)).toMatchObject({
        __typename: 'ForbiddenError',
        missingPermissions: ['event:read'],
      });
    }
    expect((await whoami(stronger.secret)).status).toBe(200);
    await succeed('revokeApiKey', 'apiKey { id }', { id: weaker.id }, stronger.secret);
  });

  it('is a reach beyond their own', async () => {
    const [own, other] = [await newTenant(), await newTenant()];
    const { secret } = await newKey({ tenants: [own.id] });
    const input = { name: 'k', permissions: ['tenant:read'] };
    expect(await mutate('createApiKey', 'secret', { ...input, reach: 'ORGANIZATION' }, secret)).toMatchObject({
      __typename: 'ForbiddenError',
      code: 'out_of_reach',
    });
    const tenantIdentifiers = [{ id: own.id }, { id: other.id }];
    expect(
      await mutate('createApiKey', 'secret', { ...input, reach: 'TENANTS', tenantIdentifiers }, secret),
    ).toMatchObject({
      __typename: 'NotFoundError',
      references: [{ path: 'tenantIdentifiers.1.id' }],
    });
  });

  it('is a key that reaches tenants, but names none', async () => {
    const input = { name: 'k', permissions: ['tenant:read'] };
    const required = { __typename: 'ValidationError', issues: [{ path: 'tenantIdentifiers', kind: 'REQUIRED' }] };
    expect(await mutate('createApiKey', 'secret', { ...input, reach: 'TENANTS' })).toMatchObject(required);
    const tenantIdentifiers = [{ id: globalId('Tenant', crypto.randomUUID()) }];
    expect(
      await mutate('createApiKey', 'secret', { ...input, reach: 'ORGANIZATION', tenantIdentifiers }),
    ).toMatchObject({
      __typename: 'ValidationError',
      issues: [{ path: 'tenantIdentifiers', kind: 'INVALID' }],
    });
  });
});

describe('a key that reaches some tenants', () => {
  it('needs a tenant for a new customer, and creates it there', async () => {
    const tenant = await newTenant();
    const { secret } = await newKey({ tenants: [tenant.id] });
    expect(await mutate('createCustomer', 'customer { id }', { name: unique('C') }, secret)).toMatchObject({
      __typename: 'ForbiddenError',
      code: 'out_of_reach',
    });
    const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] }, secret);
    const { data } = await ask('{ customers { nodes { id } totalCount } }', {}, secret);
    expect(data.customers).toEqual({ nodes: [{ id: customer.id }], totalCount: 1 });
  });

  it('sees of a shared customer only its own memberships, and of its events only its own', async () => {
    const [own, other] = [await newTenant(), await newTenant()];
    const customer = await newCustomer({ tenantIdentifiers: [{ id: own.id }, { id: other.id }] });
    const { secret } = await newKey({ tenants: [own.id] });
    const { data, text } = await ask(
      'query($s: ID!) { events(filter: { subjectId: $s }) { nodes { type after } } customer(id: $s) { tenants { nodes { id } totalCount } } }',
      { s: customer.id },
      secret,
    );
    expect(data.customer.tenants).toEqual({ nodes: [{ id: own.id }], totalCount: 1 });
    expect(data.events.nodes.map(({ type }: { type: string }) => type)).toEqual([
      'customer.created',
      'membership.created',
    ]);
    expect(text).not.toContain(other.id);
    expect(text).not.toContain(rawId(other.id));
  });
});
