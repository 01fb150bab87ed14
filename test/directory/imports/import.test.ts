import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../src/http/shared/environment.ts';
import worker from '../../../src/worker.ts';
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
  tenantsOf,
  unique,
} from '../../shared/fixtures.ts';
import { ask, CountingD1, graphqlRequest, ROOT_KEY, type Variables } from '../../shared/gateway.ts';

const ROW = `path outcome id error { __typename code message
  ... on ValidationError { issues { path message kind } } ... on NotFoundError { references { path } }
  ... on AlreadyExistsError { path existing { id } } ... on ForbiddenError { missingPermissions } }`;

interface Imported {
  path: string;
  outcome: string;
  id: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: which error it is, is what a test is about
  error: any;
}

type Kind = 'Customers' | 'Tenants' | 'Users';

const document = (kind: Kind) => `mutation($input: Import${kind}Input!) { import${kind}(input: $input) {
  ... on Import${kind}Payload { rows { ${ROW} } } ... on MutationError { code message } } }`;

async function imported(kind: Kind, rows: Variables[], errorPolicy?: string, key?: string) {
  const answer = await ask(document(kind), { input: { rows, errorPolicy } }, key);
  expect(answer.errors, answer.text).toEqual([]);
  const result = answer.data[`import${kind}`];
  expect(result.rows, answer.text).toBeDefined();
  return { rows: result.rows as Imported[], calls: answer.calls, rowsRead: answer.rowsRead };
}

const outcomes = (rows: readonly Imported[]) => rows.map(({ outcome }) => outcome);
const email = () => `${unique('mail')}@x.example`;

describe('an import of customers', () => {
  it('creates, changes and leaves alone, by external id or e-mail, and says so for each row', async () => {
    const tenant = await newTenant();
    const [byId, byEmail, same] = [
      await newCustomer(),
      await newCustomer({ externalId: null, email: { address: email(), isVerified: true } }),
      await newCustomer({ labels: ['a'] }),
    ];
    const fresh = { externalId: unique('new'), name: unique('New'), email: { address: email() }, labels: ['x', 'x'] };
    const { rows, calls } = await imported('Customers', [
      { ...fresh, tenantIdentifiers: [{ externalId: tenant.externalId }] },
      { externalId: ` ${byId.externalId.toUpperCase()} `, description: 'changed' },
      { email: { address: byEmail.email.address.toUpperCase() }, shortName: 'B' },
      { externalId: same.externalId, name: same.name, labels: ['a'] },
    ]);
    expect(outcomes(rows)).toEqual(['CREATED', 'UPDATED', 'UPDATED', 'NOOP']);
    expect(rows.map(({ path }) => path)).toEqual(['rows.0', 'rows.1', 'rows.2', 'rows.3']);
    expect(rows.slice(1).map(({ id }) => id)).toEqual([byId.id, byEmail.id, same.id]);
    expect(calls).toBe(2);
    const id = rows[0]?.id ?? '';
    expect(await tenantsOf(id)).toEqual([tenant.id]);
    const { data } = await ask(
      `query($a: ID!, $b: ID!, $c: ID!) { a: customer(id: $a) { name kind labels version email { address isVerified } }
        b: customer(id: $b) { description version } c: customer(id: $c) { shortName email { address isVerified } } }`,
      { a: id, b: byId.id, c: byEmail.id },
    );
    expect(data.a).toEqual({
      name: fresh.name,
      kind: 'COMPANY',
      labels: ['x'],
      version: 1,
      email: { address: fresh.email.address, isVerified: false },
    });
    expect(data.b).toEqual({ description: 'changed', version: byId.version + 1 });
    expect(data.c).toEqual({
      shortName: 'B',
      email: { address: byEmail.email.address.toUpperCase(), isVerified: true },
    });
    expect(await eventsAbout(id)).toEqual(['customer.created', 'membership.created']);
    expect(await eventsAbout(byId.id)).toEqual(['customer.created', 'customer.updated']);
    expect(await eventsAbout(same.id)).toEqual(['customer.created']);
  });

  it('takes at most three D1 calls for 500 rows, and one to find that nothing differs', async () => {
    const rows = Array.from({ length: 500 }, () => ({ externalId: unique('bulk'), name: unique('Bulk') }));
    const first = await imported('Customers', rows);
    expect(new Set(outcomes(first.rows))).toEqual(new Set(['CREATED']));
    expect(first.calls).toBeLessThanOrEqual(3);
    const before = await dump();
    const second = await imported('Customers', rows);
    expect(new Set(outcomes(second.rows))).toEqual(new Set(['NOOP']));
    expect(second.calls).toBe(1);
    expect(await dump()).toBe(before);
    const many = await ask(document('Customers'), { input: { rows: [...rows, ...rows.slice(0, 1)] } });
    expect(many.data.importCustomers).toMatchObject({ code: 'validation_failed' });
  });

  const taken = async () => {
    const [one, other] = [await newCustomer({ email: { address: email() } }), await newCustomer()];
    return { one, other };
  };

  it('refuses all rows for one that fails, unless failed ones are to be skipped', async () => {
    const { one, other } = await taken();
    const twice = unique('twice');
    const rows = [
      { externalId: unique('good'), name: unique('Good') },
      { externalId: unique('bad') },
      { externalId: unique('bad'), name: 'x'.repeat(257), email: { address: 'nowhere' } },
      { name: unique('nobody') },
      { externalId: unique('bad'), name: unique('Bad'), tenantIdentifiers: [{ externalId: 'nobody' }] },
      { externalId: unique('bad'), name: other.name.toUpperCase() },
      { externalId: other.externalId, email: { address: one.email.address } },
      { externalId: twice, name: unique('Twice') },
      { externalId: twice, name: unique('Twice') },
      { externalId: one.externalId, description: 'first' },
      { email: { address: one.email.address }, description: 'second' },
    ];
    const before = await dump();
    const refused = await imported('Customers', rows);
    expect(await dump()).toBe(before);
    expect(new Set(outcomes(refused.rows))).toEqual(new Set(['FAILED']));
    const codes = refused.rows.map(({ error }) => error.code);
    const { rows: skipped } = await imported('Customers', rows, 'SKIP_FAILED');
    expect(outcomes(skipped)).toEqual([
      'CREATED',
      ...Array.from({ length: 6 }, () => 'FAILED'),
      'CREATED',
      'FAILED',
      'UPDATED',
      'FAILED',
    ]);
    for (const [index, row] of skipped.entries())
      expect(codes[index]).toBe(row.error === null ? 'import_rejected' : row.error.code);
    expect(skipped[1]?.error).toMatchObject({ issues: [{ path: 'rows.1.name', kind: 'REQUIRED' }] });
    expect(skipped[2]?.error.issues.map(({ path }: { path: string }) => path).sort()).toEqual([
      'rows.2.email.address',
      'rows.2.name',
    ]);
    expect(skipped[3]?.error).toMatchObject({ issues: [{ path: 'rows.3.externalId', kind: 'REQUIRED' }] });
    expect(skipped[4]?.error).toMatchObject({ references: [{ path: 'rows.4.tenantIdentifiers.0.externalId' }] });
    expect(skipped[5]?.error).toMatchObject({ code: 'already_exists', path: 'rows.5.name', existing: null });
    expect(skipped[6]?.error).toMatchObject({ code: 'already_exists', path: 'rows.6.email.address' });
    expect(skipped[8]?.error).toMatchObject({ code: 'already_exists', path: 'rows.8.externalId' });
    expect(skipped[10]?.error).toMatchObject({ issues: [{ path: 'rows.10.email.address' }] });
  });

  it('takes nothing from the rows behind one that fails', async () => {
    const { one } = await taken();
    const externalId = unique('again');
    const { rows } = await imported(
      'Customers',
      [
        { externalId, name: unique('First'), email: { address: one.email.address } },
        { externalId, name: unique('Second') },
      ],
      'SKIP_FAILED',
    );
    expect(outcomes(rows)).toEqual(['FAILED', 'CREATED']);
  });

  it('changes what the rows change, however much else the records hold', async () => {
    const long = {
      description: '語'.repeat(4096),
      labels: Array.from({ length: 50 }, (_, index) => `${index}${'語'.repeat(60)}`),
    };
    const customers: Variables[] = [];
    for (let count = 0; count < 40; count += 1)
      customers.push({ externalId: unique('long'), name: unique('Long'), ...long });
    for (let start = 0; start < 40; start += 20) await imported('Customers', customers.slice(start, start + 20));
    const { rows } = await imported(
      'Customers',
      customers.map(({ externalId }) => ({ externalId, shortName: 'S' })),
    );
    expect(new Set(outcomes(rows))).toEqual(new Set(['UPDATED']));
    const { data } = await ask(
      'query($e: String!) { customerBy(identifier: { externalId: $e }) { shortName description labels } }',
      {
        e: customers[7]?.externalId,
      },
    );
    expect(data.customerBy).toEqual({ shortName: 'S', ...long });
  });

  it('of more than 500 rows, or that name more than 5,000 tenants, is refused', async () => {
    const tenantIdentifiers = Array.from({ length: 100 }, () => ({ externalId: 'x' }));
    const rows = Array.from({ length: 51 }, () => ({ externalId: unique('c'), name: 'c', tenantIdentifiers }));
    const { data } = await ask(document('Customers'), { input: { rows } });
    expect(data.importCustomers).toMatchObject({ code: 'validation_failed' });
  });

  it('is priced by its rows', async () => {
    const rows = Array.from({ length: 500 }, () => ({ externalId: 'one' }));
    const field = (alias: string) => `${alias}: importCustomers(input: $input) { __typename }`;
    const twice = `mutation($input: ImportCustomersInput!) { ${field('a')} ${field('b')} }`;
    const { errors, calls } = await ask(twice, { input: { rows } });
    expect(errors[0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', cost: 10_202 });
    expect(calls).toBe(0);
  });

  it('stays within reach', async () => {
    const [own, foreign] = [await newTenant(), await newTenant()];
    const { secret } = await newKey({ tenants: [own.id] });
    const mine = await newCustomer({ tenantIdentifiers: [{ id: own.id }] });
    const shared = await newCustomer({ tenantIdentifiers: [{ id: own.id }, { id: foreign.id }] });
    const theirs = await newCustomer({ tenantIdentifiers: [{ id: foreign.id }] });
    const before = await dump();
    const rows = [
      { externalId: shared.externalId, description: 'x' },
      { externalId: theirs.externalId, description: 'x' },
      { externalId: unique('new'), name: unique('New') },
      { externalId: unique('new'), name: unique('New'), tenantIdentifiers: [{ id: foreign.id }] },
    ];
    const { rows: refused } = await imported('Customers', rows, 'SKIP_FAILED', secret);
    expect(refused.map(({ error }) => error.code)).toEqual([
      'out_of_reach',
      'already_exists',
      'out_of_reach',
      'not_found',
    ]);
    expect(await dump()).toBe(before);
    const allowed = await imported(
      'Customers',
      [
        { externalId: mine.externalId, description: 'x' },
        { externalId: unique('new'), name: unique('New'), tenantIdentifiers: [{ id: own.id }] },
      ],
      undefined,
      secret,
    );
    expect(outcomes(allowed.rows)).toEqual(['UPDATED', 'CREATED']);
  });
});

/** D1 that lets somebody else in just before a batch that writes, as often as is wanted. */
class InterruptedD1 extends CountingD1 {
  #interruptions: (() => Promise<unknown>)[];

  constructor(d1: D1Database, interruptions: (() => Promise<unknown>)[]) {
    super(d1);
    this.#interruptions = interruptions;
  }

  override async batch<T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    if (statements.length > 2) await this.#interruptions.shift()?.();
    return super.batch<T>(statements);
  }
}

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
        atob(tenant.id).slice('Tenant:'.length),
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

describe('somebody else who writes between the lookup and the writes of an import', () => {
  const importing = async (rows: Variables[], interruptions: (() => Promise<unknown>)[], kind: Kind = 'Customers') => {
    const d1 = new InterruptedD1(env.DB, interruptions);
    const environment = { ...env, DB: d1 as unknown as D1Database, ROOT_KEY } as Environment;
    const request = graphqlRequest(document(kind), { input: { rows } });
    const response = await worker.fetch(request, environment, { waitUntil() {}, passThroughOnException() {} } as never);
    const { data } = await response.json<{ data: Record<string, { rows: Imported[] }> }>();
    return { rows: data[`import${kind}`]?.rows ?? [], calls: d1.calls };
  };

  it('is seen: the import decides anew, in three calls', async () => {
    const row = { externalId: unique('raced'), name: unique('Raced') };
    const { rows, calls } = await importing([row], [() => newCustomer({ ...row, description: 'first' })]);
    expect(outcomes(rows)).toEqual(['NOOP']);
    expect(calls).toBeLessThanOrEqual(3);
    const other = { externalId: unique('raced'), name: unique('Raced') };
    const changed = await importing(
      [other, { ...row, description: 'ours' }],
      [() => imported('Customers', [{ ...row, description: 'theirs' }])],
    );
    expect(outcomes(changed.rows)).toEqual(['CREATED', 'UPDATED']);
    expect(changed.calls).toBe(3);
  });

  it('keeps what they changed and the rows did not', async () => {
    const [tenant, gone] = [await newTenant(), await newTenant()];
    for (const [what, name, input] of [
      [
        'a role that ended',
        'revokeTenantRole',
        (id: string) => ({ userIdentifier: { id }, tenantIdentifier: { id: tenant.id } }),
      ],
      ['a tenant that was erased', 'deleteTenant', () => ({ id: gone.id, permanently: true })],
    ] as const) {
      const user = await newTenantUser(name === 'deleteTenant' ? gone.id : tenant.id);
      const { rows } = await importing(
        [{ email: user.email, phone: '2' }],
        [() => mutate(name, '__typename', input(user.id))],
        'Users',
      );
      expect(outcomes(rows), what).toEqual(['UPDATED']);
      const { data } = await ask('query($id: ID!) { user(id: $id) { phone defaultTenant { id } } }', { id: user.id });
      expect(data.user, what).toEqual({ phone: '2', defaultTenant: null });
    }
  });

  it('who does so twice leaves the rows failed, and nothing half done', async () => {
    const row = { externalId: unique('raced'), name: unique('Raced') };
    const existing = await newCustomer(row);
    const change = () => imported('Customers', [{ ...row, description: unique('theirs') }]);
    const { rows, calls } = await importing([{ ...row, description: 'ours' }], [change, change]);
    expect(rows[0]).toMatchObject({ outcome: 'FAILED', error: { code: 'version_conflict' } });
    expect(calls).toBe(3);
    expect((await eventsAbout(existing.id)).length).toBe(3);
  });
});

describe('an import of tenants', () => {
  it('creates and changes them, with their first admins', async () => {
    const existing = await newTenant({ billing: { vatId: 'CHE-1', billingAddress: { city: 'Bern' } } });
    const [person, adminEmail] = [await newTeamMember(), email()];
    const own = (admin: string) => ({
      externalId: unique('t'),
      name: unique('T'),
      partnerManaged: false,
      adminEmail: admin,
    });
    const given = [
      own(adminEmail),
      own(adminEmail.toUpperCase()),
      own(person.email),
      { externalId: existing.externalId, status: 'PENDING' },
      { externalId: existing.externalId, status: 'ACTIVE' },
      { externalId: unique('t'), name: unique('T'), partnerManaged: false },
      { externalId: unique('t') },
    ];
    const { rows, calls } = await imported('Tenants', given, 'SKIP_FAILED');
    expect(outcomes(rows)).toEqual(['CREATED', 'CREATED', 'CREATED', 'UPDATED', 'FAILED', 'FAILED', 'FAILED']);
    expect(calls).toBeLessThanOrEqual(3);
    expect(rows[4]?.error).toMatchObject({ issues: [{ path: 'rows.4.externalId' }] });
    expect(rows[5]?.error).toMatchObject({ issues: [{ path: 'rows.5.adminEmail' }] });
    expect(rows[6]?.error).toMatchObject({ issues: [{ path: 'rows.6.name' }] });
    const { data } = await ask(
      `query($e: String!, $p: String!, $t: ID!) {
        new: userBy(identifier: { email: $e }) { status defaultTenant { id } tenantRoles { nodes { tenant { id } role { name } } } }
        old: userBy(identifier: { email: $p }) { role { name } tenantRoles { nodes { tenant { id } role { name } } } }
        tenant(id: $t) { status version billing { vatId billingAddress { city } } } }`,
      { e: adminEmail, p: person.email, t: existing.id },
    );
    const ids = rows.map(({ id }) => id);
    expect(data.new).toEqual({
      status: 'INVITED',
      defaultTenant: { id: ids[0] },
      tenantRoles: {
        nodes: ids.slice(0, 2).map((id) => ({ tenant: { id }, role: { name: 'admin' } })),
      },
    });
    expect(data.old).toEqual({
      role: { name: 'viewer' },
      tenantRoles: { nodes: [{ tenant: { id: ids[2] }, role: { name: 'admin' } }] },
    });
    expect(data.tenant).toEqual({
      status: 'PENDING',
      version: 2,
      billing: { vatId: 'CHE-1', billingAddress: { city: 'Bern' } },
    });
    const again = await imported('Tenants', given.slice(0, 4));
    expect(outcomes(again.rows)).toEqual(['NOOP', 'NOOP', 'NOOP', 'NOOP']);
    const { secret } = await newKey({ permissions: ['tenant:create', 'tenant:edit'] });
    const weak = await imported('Tenants', [own(email())], undefined, secret);
    expect(weak.rows[0]?.error).toMatchObject({ code: 'insufficient_permissions' });
  });
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
      { name: 'Team', status: 'ACTIVE', role: { scope: 'ORGANIZATION', name: 'member' }, customer: null },
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
    await mutate('updateUser', 'user { id }', { id: person.id, status: 'ACTIVE' });
    const at = { tenantIdentifier: { id: tenant.id } };
    const rows = [
      { externalId: unique('u'), roleIdentifier: { name: 'viewer' } },
      { email: email() },
      { email: email(), roleIdentifier: { name: 'nobody' } },
      { email: email(), customerIdentifier: { id: customer.id } },
      { email: email(), tenantRoles: [{ tenantIdentifier: { externalId: 'x' }, roleIdentifier: { name: 'owner' } }] },
      { email: person.email, customerIdentifier: { id: other.id } },
      { email: person.email, status: 'INVITED' },
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
      ['rows.0.status'],
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
      [inTenant.secret, { email: theirs.email, name: 'x' }, 'already_exists'],
      [inCustomer.secret, { email: email(), roleIdentifier: { name: 'viewer' } }, 'out_of_reach'],
      [inCustomer.secret, { email: email(), tenantRoles: role('view') }, 'out_of_reach'],
      [
        inCustomer.secret,
        { email: email(), roleIdentifier: { name: 'admin' }, customerIdentifier: { id: customer.id } },
        'insufficient_permissions',
      ],
      [inCustomer.secret, { email: shared.email, name: 'x' }, 'already_exists'],
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
