import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import page from '../../../docs/events.md?raw';
import {
  assign,
  globalId,
  newCustomer,
  newCustomerUser,
  newKey,
  newPipeline,
  newPixel,
  newRole,
  newTenant,
  newTenantUser,
  newTrustedIssuer,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

interface Node {
  id: string;
  type: string;
  subjectVersion: number | null;
  tenantIds: string[];
  hasMoreTenantIds: boolean;
  commandId: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

const SHOWN = 'id type subjectVersion tenantIds hasMoreTenantIds commandId before after';

async function eventsOf(subjectId: string, key?: string): Promise<Node[]> {
  const { data } = await ask(
    `query($s: ID!) { events(first: 100, filter: { subjectId: $s }) { nodes { ${SHOWN} } } }`,
    { s: subjectId },
    key,
  );
  return data.events.nodes;
}

const versionsOf = async (subjectId: string) =>
  (await eventsOf(subjectId)).map(({ type, subjectVersion }) => [type, subjectVersion]);

describe('the version that an event says', () => {
  it('is that of its subject with the change, whatever changes it', async () => {
    const tenant = await newTenant();
    const { id } = await newCustomer();
    await succeed('updateCustomer', 'customer { id }', { id, name: unique('Other') });
    await succeed('addCustomerToTenants', 'customer { id }', {
      customerIdentifier: { id },
      tenantIdentifiers: [{ id: tenant.id }],
    });
    await succeed('upsertCustomer', 'customer { id }', { identifier: { id }, name: unique('Third') });
    await succeed('deleteCustomer', 'customer { id }', { id });
    await succeed('restoreCustomer', 'customer { id }', { id });
    const { data } = await ask('query($id: ID!) { customer(id: $id) { version } }', { id });
    const versions = await versionsOf(id);
    expect(versions.slice(0, 6)).toEqual([
      ['customer.created', 1],
      ['customer.updated', 2],
      ['membership.created', 2],
      ['customer.updated', 3],
      ['customer.deleted', 4],
      ['customer.restored', 5],
    ]);
    expect(versions.at(-1)?.[1]).toBe(data.customer.version);
    await succeed('deleteCustomer', 'customer { id }', { id, permanently: true });
    expect((await versionsOf(id)).at(-1)).toEqual(['customer.erased', data.customer.version]);
  });

  it('is that of the user, and of the tenant, in all that happens to them', async () => {
    const tenant = await newTenant();
    const other = await newTenant();
    const user = await newTenantUser(tenant.id);
    await assign(user.id, other.id, 'view');
    await succeed('updateUser', 'user { id }', { id: user.id, name: unique('Named') });
    await succeed('revokeTenantRole', 'user { id }', {
      userIdentifier: { id: user.id },
      tenantIdentifier: { id: other.id },
    });
    await succeed('deleteUser', 'user { id }', { id: user.id });
    const ofUser = await versionsOf(user.id);
    expect(ofUser).toContainEqual(['user.created', 1]);
    expect(ofUser).toContainEqual(['user.updated', 2]);
    expect(ofUser).toContainEqual(['tenantRole.revoked', 2]);
    expect(ofUser.at(-1)).toEqual(['user.deleted', 3]);
    expect(ofUser.filter(([, version]) => version === null)).toEqual([]);
    await succeed('updateTenant', 'tenant { id }', { id: tenant.id, name: unique('T') });
    expect(await versionsOf(tenant.id)).toEqual([
      ['tenant.created', 1],
      ['tenant.updated', 2],
    ]);
  });

  it('is null for records that have none', async () => {
    const { id } = await newKey();
    expect(await versionsOf(id)).toEqual([['apiKey.created', null]]);
  });
});

describe('the events of one command', () => {
  it('are one group, and no other event is of it', async () => {
    const tenants = [await newTenant(), await newTenant()];
    const tenantIdentifiers = tenants.map(({ id }) => ({ id }));
    const [one, other] = [await newCustomer({ tenantIdentifiers }), await newCustomer({ tenantIdentifiers })];
    const [first, second] = [await eventsOf(one.id), await eventsOf(other.id)];
    expect(first.map(({ type }) => type)).toEqual(['customer.created', 'membership.created', 'membership.created']);
    expect(new Set(first.map(({ commandId }) => commandId)).size).toBe(1);
    expect(second.map(({ commandId }) => commandId)).not.toContain(first[0]?.commandId);
  });
});

describe('the tenants that an event names', () => {
  it('are those in reach, and of a membership or a role its own', async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    const customer = await newCustomer({ tenantIdentifiers: [{ id: one.id }, { id: two.id }] });
    const namesOf = async (key?: string) =>
      (await eventsOf(customer.id, key)).map(({ type, tenantIds }) => [type, [...tenantIds].sort()]);
    expect(await namesOf()).toEqual([
      ['customer.created', [one.id, two.id].sort()],
      ['membership.created', [one.id]],
      ['membership.created', [two.id]],
    ]);
    const { secret } = await newKey({ tenants: [one.id] });
    expect(await namesOf(secret)).toEqual([
      ['customer.created', [one.id]],
      ['membership.created', [one.id]],
    ]);
    const user = await newCustomerUser(customer.id);
    expect((await eventsOf(user.id))[0]?.tenantIds).toEqual([]);
  });

  it('are shown up to a hundred, which says that there are more', async () => {
    const customer = await newCustomer();
    const [event] = await eventsOf(customer.id);
    const name = (from: number, to: number) =>
      env.DB.prepare(
        `INSERT INTO event_tenant (tenant_id, event_id, type, actor_type)
        WITH RECURSIVE n (value) AS (VALUES (?1) UNION ALL SELECT value + 1 FROM n WHERE value < ?2)
        SELECT printf('01900000-0000-7000-8000-%012d', value), ?3, 'customer.created', 'ROOT' FROM n`,
      ).bind(from, to, Number(rawId(event?.id ?? '')));
    await name(1, 100).run();
    const idOf = (n: number) => globalId('Tenant', `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`);
    const all = Array.from({ length: 100 }, (_, index) => idOf(index + 1));
    expect(await eventsOf(customer.id)).toMatchObject([{ tenantIds: all, hasMoreTenantIds: false }]);
    await name(101, 150).run();
    expect(await eventsOf(customer.id)).toMatchObject([{ tenantIds: all, hasMoreTenantIds: true }]);
  });

  it('are read in the one call of a page, of a node and of several', async () => {
    const customer = await newCustomer({ tenantIdentifiers: [{ id: (await newTenant()).id }] });
    const nodes = await eventsOf(customer.id);
    const page = await ask(`{ events(last: 100) { edges { node { ${SHOWN} } } } }`);
    const node = await ask(`query($id: ID!) { node(id: $id) { ... on Event { ${SHOWN} } } }`, { id: nodes[0]?.id });
    const several = await ask(`query($ids: [ID!]!) { nodes(ids: $ids) { ... on Event { ${SHOWN} } } }`, {
      ids: nodes.map(({ id }) => id),
    });
    expect([page.calls, node.calls, several.calls]).toEqual([1, 1, 1]);
    expect(node.data.node).toEqual(nodes[0]);
    expect(several.data.nodes).toEqual(nodes);
  });
});

describe('events of memberships and roles', () => {
  it('say all that a copy needs, when they begin, change and end', async () => {
    const tenant = await newTenant();
    const [customer, user] = [await newCustomer(), await newTenantUser((await newTenant()).id)];
    const membership = { customerIdentifier: { id: customer.id }, tenantIdentifiers: [{ id: tenant.id }] };
    await succeed('addCustomerToTenants', 'customer { id }', membership);
    await succeed('removeCustomerFromTenants', 'customer { id }', membership);
    expect((await eventsOf(customer.id)).slice(1)).toMatchObject([
      { type: 'membership.created', before: null, after: { tenantId: tenant.id } },
      { type: 'membership.deleted', before: { tenantId: tenant.id }, after: null },
    ]);
    await assign(user.id, tenant.id, 'view');
    await assign(user.id, tenant.id, 'manage');
    await succeed('revokeTenantRole', 'user { id }', {
      userIdentifier: { id: user.id },
      tenantIdentifier: { id: tenant.id },
    });
    const roles = (await eventsOf(user.id)).filter(({ tenantIds }) => tenantIds.includes(tenant.id));
    const ofRole = roles.filter(({ type }) => type.startsWith('tenantRole.'));
    const held = { tenantId: tenant.id, roleId: expect.any(String) };
    expect(ofRole).toMatchObject([
      { type: 'tenantRole.assigned', before: null, after: held },
      { type: 'tenantRole.assigned', before: held, after: held },
      { type: 'tenantRole.revoked', before: held, after: null },
    ]);
  });
});

describe('the page of events', () => {
  it('says of each type what it carries', async () => {
    const tenant = await newTenant();
    const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
    const [pixel, pipeline] = [await newPixel(tenant.id), await newPipeline(tenant.id)];
    const [issuer, role, key] = [await newTrustedIssuer(customer.id), await newRole(), await newKey()];
    await succeed('removePixel', 'pixel { id }', { id: pixel.id });
    await succeed('updatePipeline', 'pipeline { id }', { id: pipeline.id, name: unique('Pipeline') });
    await succeed('deleteTrustedIssuer', 'trustedIssuer { id }', { id: issuer.id });
    await succeed('updateRole', 'role { id }', { id: role.id, name: unique('Role') });
    await succeed('deleteRole', 'role { id }', { id: role.id });
    await succeed('rotateApiKey', 'apiKey { id }', { id: key.id });
    await succeed('revokeApiKey', 'apiKey { id }', { id: key.id });
    await succeed('deleteTenant', 'tenant { id }', { id: tenant.id });
    await succeed('restoreTenant', 'tenant { id }', { id: tenant.id });
    const said = new Map(
      [...page.matchAll(/^\| `(\w+\.\w+)` \|[^|]*\|([^|]*)\|([^|]*)\|$/gm)].map(([, type, before = '', after = '']) => [
        type,
        { before: before.trim(), after: after.trim() },
      ]),
    );
    const { results } = await env.DB.prepare(
      "SELECT type, before IS NOT NULL AS had, after IS NOT NULL AS has FROM event WHERE subject_id NOT IN (SELECT subject_id FROM event WHERE type GLOB '*.erased')",
    ).all<{ type: string; had: number; has: number }>();
    for (const { type, had, has } of results) {
      const { before = '', after = '' } = said.get(type) ?? {};
      if (!before.includes('if there was one')) expect(before !== '', `${type} before`).toBe(had === 1);
      expect(after !== '', `${type} after`).toBe(has === 1);
    }
    expect(new Set(results.map(({ type }) => type)).size).toBeGreaterThan(20);
  });
});
