import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import {
  dump,
  eventsAbout,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  rawId,
  unique,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { email, imported, outcomes } from './imported.ts';

describe('what an import of users reads', () => {
  it('does not grow with the directory', async () => {
    const tenant = await newTenant();
    const numbers = 'WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000)';
    await env.DB.batch([
      env.DB.prepare(`INSERT INTO customer (id, kind, name, name_key, email_verified, external_id, external_id_key, created_at,
        updated_at) ${numbers} SELECT 'c' || n, 'PERSON', 'c', 'c', 0, 'many' || n, 'many' || n, 1, 1 FROM numbers`),
      env.DB.prepare(`INSERT INTO user (id, kind, email, email_key, name_key, status, created_at, updated_at)
        ${numbers} SELECT 'u' || n, 'TENANT', 'many' || n || '@x.example', 'many' || n || '@x.example', '', 'ACTIVE', 1, 1 FROM numbers`),
      env.DB.prepare(`INSERT INTO assignment (tenant_id, user_id, role_id, created_at, user_deleted, user_status,
          user_name_key, user_email_key, user_updated_at)
        SELECT ?1, id, '00000000-0000-7000-8000-000000000301', 1, 0, status, '', email_key, 1 FROM user WHERE id LIKE 'u%'`).bind(
        rawId(tenant.id),
      ),
    ]);
    const tenantRoles = [{ tenantIdentifier: { id: tenant.id }, roleIdentifier: { name: 'view' } }];
    const rows = Array.from({ length: 20 }, (_, index) => [
      { email: email(), tenantRoles },
      { email: `many${index + 1}@x.example`, phone: '1' },
      { email: email(), roleIdentifier: { name: 'member' }, customerIdentifier: { externalId: `many${index + 1}` } },
    ]).flat();
    const { rows: answered, rowsRead } = await imported('Users', rows);
    expect(new Set(outcomes(answered))).toEqual(new Set(['CREATED', 'UPDATED']));
    expect(rowsRead / rows.length).toBeLessThan(500);
  }, 30_000);
});

describe('an import of users', () => {
  it('creates every kind of them, and changes profiles and roles', async () => {
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    const existing = await newTenantUser(tenant.id, { externalId: unique('u') });
    const tenantRoles = (name: string) => [
      { tenantIdentifier: { externalId: tenant.externalId }, roleIdentifier: { name } },
    ];
    const given = [
      { email: email(), name: 'Team', roleIdentifier: { name: 'member' }, status: 'ACTIVE' },
      {
        email: email(),
        externalId: unique('u'),
        roleIdentifier: { name: 'admin' },
        customerIdentifier: { externalId: customer.externalId },
      },
      { email: email(), name: 'Tenant', tenantRoles: tenantRoles('manage') },
      { externalId: existing.externalId, phone: '1', tenantRoles: tenantRoles('user') },
    ];
    const { rows, calls } = await imported('Users', given);
    expect(outcomes(rows), JSON.stringify(rows)).toEqual(['CREATED', 'CREATED', 'CREATED', 'UPDATED']);
    expect(calls).toBe(2);
    const { data } = await ask(
      `query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { email name phone status role { scope name } customer { id }
        defaultTenant { id } tenantRoles { nodes { role { name } } } } } }`,
      { ids: rows.map(({ id }) => id) },
    );
    expect(data.nodes).toMatchObject([
      { name: 'Team', status: 'INVITED', role: { scope: 'ORGANIZATION', name: 'member' }, customer: null },
      { status: 'INVITED', role: { scope: 'CUSTOMER', name: 'admin' }, customer: { id: customer.id } },
      { role: null, defaultTenant: { id: tenant.id }, tenantRoles: { nodes: [{ role: { name: 'manage' } }] } },
      { phone: '1', tenantRoles: { nodes: [{ role: { name: 'user' } }] } },
    ]);
    const before = await dump();
    const again = await imported('Users', given);
    expect(outcomes(again.rows)).toEqual(['NOOP', 'NOOP', 'NOOP', 'NOOP']);
    expect(again.calls).toBe(1);
    expect(await dump()).toBe(before);
    const onlyRole = await imported('Users', [{ email: existing.email, tenantRoles: tenantRoles('view') }]);
    expect(outcomes(onlyRole.rows)).toEqual(['UPDATED']);
    expect(await eventsAbout(existing.id)).toEqual([
      'user.created',
      'tenantRole.assigned',
      'user.updated',
      'tenantRole.assigned',
      'tenantRole.assigned',
    ]);
  });

  it('fails for what a single command would refuse, row by row', async () => {
    const [tenant, customer, other] = [await newTenant(), await newCustomer(), await newCustomer()];
    const admin = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    const owner = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    const person = await newCustomerUser(customer.id);
    const at = { tenantIdentifier: { id: tenant.id } };
    const rows = [
      { externalId: unique('u'), roleIdentifier: { name: 'viewer' } },
      { email: email() },
      { email: email(), roleIdentifier: { name: 'nobody' } },
      { email: email(), customerIdentifier: { id: customer.id } },
      { email: email(), tenantRoles: [{ tenantIdentifier: { externalId: 'x' }, roleIdentifier: { name: 'owner' } }] },
      { email: person.email, customerIdentifier: { id: other.id } },
      { email: owner.email, roleIdentifier: { name: 'admin' } },
      { email: owner.email, status: 'DEACTIVATED' },
      { email: admin.email, status: 'DEACTIVATED' },
      { email: admin.email, tenantRoles: [{ ...at, roleIdentifier: { name: 'view' } }] },
      { email: admin.email, roleIdentifier: { name: 'admin' } },
      { externalId: unique('u'), email: person.email, roleIdentifier: { name: 'viewer' } },
    ];
    const before = await dump();
    const paths: unknown[] = [];
    for (const row of rows) {
      const { rows: answered } = await imported('Users', [row]);
      const error = answered[0]?.error;
      paths.push((error?.issues ?? error?.references ?? [error]).map(({ path }: { path: string }) => path));
    }
    expect(paths).toEqual([
      ['rows.0.email'],
      ['rows.0.tenantRoles'],
      ['rows.0.roleIdentifier.name'],
      ['rows.0.roleIdentifier'],
      ['rows.0.tenantRoles.0.tenantIdentifier.externalId', 'rows.0.tenantRoles.0.roleIdentifier.name'],
      ['rows.0.customerIdentifier'],
      ['rows.0.roleIdentifier'],
      ['rows.0.status'],
      ['rows.0.status'],
      ['rows.0.tenantRoles.0.roleIdentifier'],
      ['rows.0.roleIdentifier.name'],
      ['rows.0.email'],
    ]);
    expect(await dump()).toBe(before);
  });

  it('gives nobody more than the importer holds, and nothing out of reach', async () => {
    const [own, foreign, customer] = [await newTenant(), await newTenant(), await newCustomer()];
    const shared = await newTenantUser(own.id);
    await mutate('assignTenantRole', 'user { id }', {
      userIdentifier: { id: shared.id },
      tenantIdentifier: { id: foreign.id },
      roleIdentifier: { name: 'view' },
    });
    const theirs = await newTenantUser(foreign.id);
    const permissions = ['tenant:read', 'customer:read', 'user:read', 'user:create', 'user:edit', 'role:read'] as const;
    const inTenant = await newKey({ tenants: [own.id], permissions });
    const inCustomer = await newKey({ customer: customer.id, permissions });
    const role = (name: string, id = own.id) => [{ tenantIdentifier: { id }, roleIdentifier: { name } }];
    const attempts: [string, Variables, string][] = [
      [inTenant.secret, { email: email(), roleIdentifier: { name: 'viewer' } }, 'out_of_reach'],
      [
        inTenant.secret,
        { email: email(), roleIdentifier: { name: 'member' }, customerIdentifier: { id: customer.id } },
        'out_of_reach',
      ],
      [inTenant.secret, { email: email(), tenantRoles: role('admin') }, 'insufficient_permissions'],
      [inTenant.secret, { email: email(), tenantRoles: role('view', foreign.id) }, 'not_found'],
      [inTenant.secret, { email: shared.email, name: 'x' }, 'out_of_reach'],
      [inTenant.secret, { email: theirs.email, name: 'x' }, 'validation_failed'],
      [inCustomer.secret, { email: email(), roleIdentifier: { name: 'viewer' } }, 'out_of_reach'],
      [inCustomer.secret, { email: email(), tenantRoles: role('view') }, 'out_of_reach'],
      [
        inCustomer.secret,
        { email: email(), roleIdentifier: { name: 'admin' }, customerIdentifier: { id: customer.id } },
        'insufficient_permissions',
      ],
      [inCustomer.secret, { email: shared.email, name: 'x' }, 'out_of_reach'],
      [
        inCustomer.secret,
        { email: shared.email, roleIdentifier: { name: 'member' }, customerIdentifier: { id: customer.id } },
        'already_exists',
      ],
    ];
    const before = await dump();
    for (const [key, row, code] of attempts) {
      const { rows } = await imported('Users', [row], undefined, key);
      expect(rows[0]?.error?.code, JSON.stringify(row)).toBe(code);
    }
    expect(await dump()).toBe(before);
    const done = await imported(
      'Users',
      [{ email: email(), roleIdentifier: { name: 'member' }, customerIdentifier: { id: customer.id } }],
      undefined,
      inCustomer.secret,
    );
    expect(outcomes(done.rows)).toEqual(['CREATED']);
  });
});
