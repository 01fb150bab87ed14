import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/directory/kernel/permission-names.ts';
import { hub, tokenFor } from '../../dialects/capig/hub.ts';
import {
  dump,
  eventsAbout,
  globalId,
  mutate,
  newKey,
  newPermission,
  newTeamMember,
  newTenant,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { tokenOf } from '../../shared/people.ts';

const FIELDS = 'apiKey { name permissions expiresAt }';
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const change = (input: Variables, key?: string) => mutate('updateApiKey', FIELDS, input, key);
const permissionsOf = async (secret: string): Promise<string[]> =>
  (await ask('{ viewer { permissions } }', {}, secret)).data.viewer.permissions;
const read = async (id: string, fields: string) =>
  (await ask(`query($id: ID!) { node(id: $id) { ... on ApiKey { ${fields} } } }`, { id })).data.node;
const set = (id: string, column: string, value: number | null) =>
  env.DB.prepare(`UPDATE api_key SET ${column} = ? WHERE id = ?`).bind(value, rawId(id)).run();

describe('updateApiKey', () => {
  it('renames a key, and gives it other permissions and another end, from the next request on, by the same secret', async () => {
    const product = await newPermission();
    const { id, secret } = await newKey({ permissions: ['tenant:read', 'customer:read'] });
    expect(await permissionsOf(secret)).toEqual(['customer:read', 'tenant:read']);
    const [name, expiresAt] = [unique('Named'), inSeconds(3600)];
    const wanted = { name, permissions: [product, 'tenant:read', product], expiresAt };
    const { apiKey } = await succeed('updateApiKey', FIELDS, { id, ...wanted });
    expect(apiKey).toEqual({ name, permissions: [product, 'tenant:read'], expiresAt });
    expect(await permissionsOf(secret)).toEqual([product, 'tenant:read']);
    expect((await ask('{ customers { nodes { id } } }', {}, secret)).errors).toMatchObject([
      { extensions: { missingPermissions: ['customer:read'] } },
    ]);

    const before = await dump();
    await succeed('updateApiKey', FIELDS, { id });
    await succeed('updateApiKey', FIELDS, { id, ...wanted, permissions: ['tenant:read', product] });
    expect(await dump()).toBe(before);
    await succeed('updateApiKey', FIELDS, { id, expiresAt: null });
    expect(await read(id, 'name expiresAt')).toEqual({ name, expiresAt: null });
    expect(await eventsAbout(id)).toEqual(['apiKey.created', 'apiKey.updated', 'apiKey.updated']);
    const { data } = await ask(
      'query($s: ID!) { events(filter: { subjectId: $s, types: ["apiKey.updated"] }) { nodes { before after } } }',
      { s: id },
    );
    const [first] = data.events.nodes;
    expect(first.before).toMatchObject({ permissions: ['customer:read', 'tenant:read'], expiresAt: null });
    expect(first.after).toMatchObject({ name, permissions: [product, 'tenant:read'], expiresAt });
  });

  it('stops what was got for the key, too, when it ends or may do less', async () => {
    const { id, secret } = await newKey({ permissions: ['tenant:read', 'role:read'] });
    const tenant = await newTenant();
    const token = await tokenFor(rawId(id), secret);
    const document = 'query($t: String!) { tenant(tenantId: $t) { availableRoles { name } } }';
    const asking = () => hub(document, { t: rawId(tenant.id) }, token);
    expect((await asking()).errors).toEqual([]);
    await succeed('updateApiKey', FIELDS, { id, permissions: ['tenant:read'] });
    expect((await asking()).text).toContain('role:read');
    await succeed('updateApiKey', FIELDS, { id, expiresAt: inSeconds(60) });
    await set(id, 'expires_at', 1);
    expect((await asking()).status).toBe(401);
    expect((await ask('{ viewer { type } }', {}, secret)).status).toBe(401);
  });

  it('lets older secrets end with the key, and no later than was said of them', async () => {
    const { id } = await newKey();
    await succeed('rotateApiKey', 'secret', { id, overlapSeconds: 7200 });
    const previous = async () => (await read(id, 'previousSecretExpiresAt')).previousSecretExpiresAt;
    const said = await previous();
    const nearer = inSeconds(3600);
    await succeed('updateApiKey', FIELDS, { id, expiresAt: inSeconds(9000) });
    expect(await previous()).toBe(said);
    await succeed('updateApiKey', FIELDS, { id, expiresAt: nearer });
    expect(await previous()).toBe(nearer);
    await succeed('updateApiKey', FIELDS, { id, expiresAt: null });
    expect(await previous()).toBe(nearer);
  });

  it('is refused, with its reason and without a change, to whoever holds less than the key does or will', async () => {
    const target = await newKey({ permissions: ['tenant:read', 'customer:read'] });
    const high = await newKey({ permissions: ['tenant:read'] });
    await env.DB.prepare("UPDATE api_key SET rate_limit_tier = 'HIGH' WHERE id = ?").bind(rawId(high.id)).run();
    const [tenant, other] = [await newTenant(), await newTenant()];
    const both = await newKey({ tenants: [tenant.id, other.id], permissions: ['tenant:read'] });
    const weak = (await newKey({ permissions: ['apiKey:edit', 'tenant:read'] })).secret;
    const strong = (await newKey()).secret;
    const near = (await newKey({ tenants: [tenant.id] })).secret;
    const ending = (await newKey({ expiresAt: inSeconds(3600) })).secret;
    const ended = await newKey({ permissions: ['tenant:read'], expiresAt: inSeconds(1800) });
    const [expired, revoked] = [await newKey({ expiresAt: inSeconds(60) }), await newKey()];
    await set(expired.id, 'expires_at', 1);
    await succeed('revokeApiKey', 'apiKey { id }', { id: revoked.id });
    const reader = (await newKey({ access: 'READ' })).secret;
    await Promise.all([weak, strong, near, ending].map((key) => ask('{ viewer { type } }', {}, key)));

    const forbidden = (...missing: string[]) => ({ code: 'insufficient_permissions', missingPermissions: missing });
    const outOfReach = { code: 'out_of_reach' };
    const invalid = (path: string) => ({ code: 'validation_failed', issues: [{ path }] });
    const missing = { code: 'not_found', references: [{ path: 'id' }] };
    const cases: [input: Variables, key: string | undefined, refusal: object][] = [
      [{ id: target.id, name: 'x' }, weak, forbidden('customer:read')],
      [{ id: target.id, permissions: ['tenant:read'] }, weak, forbidden('customer:read')],
      [{ id: high.id, permissions: ['tenant:read', 'role:read'] }, weak, forbidden('role:read')],
      [{ id: target.id, permissions: ['user:read'] }, weak, forbidden('customer:read', 'user:read')],
      [{ id: high.id, name: 'x' }, weak, outOfReach],
      [{ id: both.id, name: 'x' }, near, missing],
      [{ id: target.id, name: 'x' }, near, missing],
      [{ id: target.id, name: 'x' }, ending, outOfReach],
      [{ id: ended.id, expiresAt: null }, ending, invalid('expiresAt')],
      [{ id: ended.id, expiresAt: inSeconds(3700) }, ending, invalid('expiresAt')],
      [{ id: target.id, name: 'x' }, reader, { code: 'read_only_key' }],
      [{ id: expired.id, expiresAt: inSeconds(60) }, undefined, missing],
      [{ id: revoked.id, name: 'x' }, undefined, missing],
      [{ id: globalId('ApiKey', crypto.randomUUID()), name: 'x' }, undefined, missing],
      [{ id: globalId('Role', rawId(target.id)), name: 'x' }, undefined, invalid('id')],
      [{ id: target.id, expiresAt: inSeconds(-1) }, undefined, invalid('expiresAt')],
      [{ id: target.id, name: null }, undefined, invalid('name')],
      [{ id: target.id, name: ' ' }, undefined, invalid('name')],
      [{ id: target.id, permissions: [] }, undefined, invalid('permissions')],
      [{ id: target.id, permissions: null }, undefined, { issues: [{ path: 'permissions', message: 'is required' }] }],
      [{ id: target.id, permissions: ['tenant:read', 'nothing:there'] }, undefined, invalid('permissions.1')],
      [{ id: revoked.id, permissions: ['nothing:there'] }, undefined, invalid('permissions.0')],
    ];
    const before = await dump();
    for (const [input, key, refusal] of cases) {
      expect(await change(input, key), JSON.stringify(input)).toMatchObject(refusal);
    }
    expect(await dump()).toBe(before);
    expect(await change({ id: ended.id, expiresAt: inSeconds(3500) }, ending)).toMatchObject({ apiKey: {} });
    expect(await change({ id: both.id, name: 'x' }, strong)).toMatchObject({ apiKey: { name: 'x' } });
  });

  it('lets a key narrow itself, and never widen itself again', async () => {
    const { id, secret } = await newKey();
    const permissions = ['apiKey:edit', 'tenant:read'];
    await succeed('updateApiKey', FIELDS, { id, permissions, expiresAt: inSeconds(60) }, secret);
    expect(await change({ id, permissions: [...permissions, 'user:read'] }, secret)).toMatchObject({
      missingPermissions: ['user:read'],
    });
    expect(await change({ id, expiresAt: inSeconds(3600) }, secret)).toMatchObject({ code: 'validation_failed' });
    await succeed('updateApiKey', FIELDS, { id, permissions: ['tenant:read'] }, secret);
    expect(await change({ id, name: 'x' }, secret)).toMatchObject({ missingPermissions: ['apiKey:edit'] });
  });
});

describe('an API key', () => {
  it('says who made it', async () => {
    const owner = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    const maker = await newKey();
    const made = async (key?: string) => {
      const input = { name: unique('k'), permissions: ['tenant:read'], reach: 'ORGANIZATION' };
      return (await succeed('createApiKey', 'apiKey { id createdBy { type id } }', input, key)).apiKey;
    };
    expect((await made()).createdBy).toEqual({ type: 'ROOT', id: null });
    expect((await made(maker.secret)).createdBy).toEqual({ type: 'API_KEY', id: maker.id });
    const ofUser = await made(await tokenOf(owner.id));
    expect(ofUser.createdBy).toEqual({ type: 'USER', id: owner.id });
    await env.DB.prepare('UPDATE api_key SET created_by_type = NULL, created_by_id = NULL WHERE id = ?')
      .bind(rawId(ofUser.id))
      .run();
    expect(await read(ofUser.id, 'createdBy { type }')).toEqual({ createdBy: null });
  });

  it('has a hint of its newest secret, by which it is told from others, and of each that is good', async () => {
    const { id, secret } = await newKey({ permissions: PERMISSIONS });
    const hintOf = (whole: string) => `tenantry_${whole.slice(9, 13)}…${whole.slice(-4)}`;
    expect(await read(id, 'hint secrets { hint }')).toEqual({
      hint: hintOf(secret),
      secrets: [{ hint: hintOf(secret) }],
    });
    const { secret: next } = await succeed('rotateApiKey', 'secret', { id });
    expect(await read(id, 'hint secrets { hint }')).toEqual({
      hint: hintOf(next),
      secrets: [{ hint: hintOf(secret) }, { hint: hintOf(next) }],
    });
    const { results } = await env.DB.prepare("SELECT before, after FROM event WHERE subject_type = 'ApiKey'").all();
    expect(JSON.stringify(results)).not.toContain(hintOf(next));
    await env.DB.prepare('UPDATE api_key_secret SET hint = NULL WHERE api_key_id = ?').bind(rawId(id)).run();
    expect(await read(id, 'hint secrets { hint }')).toEqual({ hint: null, secrets: [{ hint: null }, { hint: null }] });
    await succeed('revokeApiKey', 'apiKey { id }', { id });
    expect(await read(id, 'hint')).toEqual({ hint: null });
  });
});
