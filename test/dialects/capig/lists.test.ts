import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { MAX_LISTED, MAX_LISTED_IN_ALL } from '../../../src/dialects/capig/lists.ts';
import { assign, newTenant, newTenantUser, type Result, rawId } from '../../shared/fixtures.ts';
import { asked, hub } from './hub.ts';
import tenantFull from './tenant.full.txt?raw';

describe('a list', () => {
  const fill = (tenant: Result, from: number, to: number) =>
    env.DB.batch([
      env.DB.prepare(
        `INSERT INTO user (id, kind, email, email_key, name_key, status, created_at, updated_at)
         SELECT ?1 || value, 'TENANT', ?1 || value || '@x.example', ?1 || value || '@x.example', '', 'ACTIVE', 1, 1
         FROM (WITH RECURSIVE n (value) AS (SELECT ?2 UNION ALL SELECT value + 1 FROM n WHERE value < ?3) SELECT value FROM n)`,
      ).bind(`${rawId(tenant.id)}-`, from, to),
      env.DB.prepare(
        `INSERT INTO assignment (tenant_id, user_id, role_id, created_at, user_deleted, user_status, user_name_key, user_email_key, user_updated_at)
         SELECT ?1, id, '00000000-0000-7000-8000-000000000304', 1, deleted, status, name_key, email_key, updated_at
         FROM user WHERE id >= ?1 || '-' AND id < ?1 || '.' AND id NOT IN (SELECT user_id FROM assignment WHERE tenant_id = ?1)`,
      ).bind(rawId(tenant.id)),
    ]);
  const LIST =
    'query($tenantId: String!) { tenant(tenantId: $tenantId) { users { id roles { name } tenants { name } } } }';

  it('has everything, beyond what a page of /graphql has', async () => {
    const tenant = await newTenant();
    await fill(tenant, 1001, 1250);
    const { data, calls } = await asked(LIST, { tenantId: rawId(tenant.id) });
    expect(data.tenant.users).toHaveLength(250);
    expect(new Set(data.tenant.users.map(({ id }: Result) => id))).toHaveLength(250);
    // The first page of users with what is below, two more pages, and what is below these.
    expect(calls).toBe(4);
  });

  it(`has ${MAX_LISTED} records at most, and is refused rather than cut off`, async () => {
    const tenant = await newTenant();
    await fill(tenant, 1001, 1000 + MAX_LISTED);
    const document = 'query($tenantId: String!) { tenant(tenantId: $tenantId) { users { id } } }';
    const variables = { tenantId: rawId(tenant.id) };
    expect((await asked(document, variables)).data.tenant.users).toHaveLength(MAX_LISTED);
    await fill(tenant, 1001 + MAX_LISTED, 1001 + MAX_LISTED);
    const { status, data, errors } = await hub(document, variables);
    expect([status, data, errors[0].extensions.code]).toEqual([400, null, 'BAD_USER_INPUT']);
    expect(errors[0].message).toContain('/graphql');
  });

  it(`has ${MAX_LISTED_IN_ALL} records at most together with the others`, async () => {
    const tenant = await newTenant();
    await fill(tenant, 1001, 1000 + MAX_LISTED);
    const document =
      'query($tenantId: String!) { tenant(tenantId: $tenantId) { users { tenants { availableRoles { name } } } } }';
    const ask = () => hub(document, { tenantId: rawId(tenant.id) });
    expect((await ask()).status).toBe(200);
    const some = [...Array(MAX_LISTED_IN_ALL / MAX_LISTED).keys()].map((index) => `of many ${index}`);
    await env.DB.prepare(
      `INSERT INTO role (id, scope, name, name_key, level, built_in)
       SELECT value, 'TENANT', value, value, 1, 0 FROM json_each(?)`,
    )
      .bind(JSON.stringify(some))
      .run();
    const { status, errors } = await ask();
    await env.DB.prepare("DELETE FROM role WHERE id LIKE 'of many %'").run();
    expect([status, errors[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('is read once for all of its parents', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    for (let count = 0; count < 3; count += 1) await assign((await newTenantUser(one.id)).id, other.id, 'view');
    const { calls } = await asked(tenantFull, { tenantId: rawId(one.id) });
    expect(calls).toBeLessThanOrEqual(2);
  });
});
