import { env } from 'cloudflare:workers';
import { beforeAll, expect, it } from 'vitest';
import {
  assign,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';

/*
 * Who has no place: users of tenants without a role in any that is live. Triggers keep it, whatever takes the last role away.
 */

const LIST =
  'query($f: UserFilter, $o: UserOrder) { users(first: 100, filter: $f, orderBy: $o) { nodes { id } totalCount } }';

/** Who has a place and who has none, of these users, as the list says and as the table does. */
async function nowhere(filter: Variables = {}, key?: string): Promise<string[]> {
  const { data, text } = await ask(LIST, { f: { hasPlace: false, ...filter } }, key);
  expect(data?.users, text).toBeTruthy();
  return data.users.nodes.map(({ id }: Result) => id);
}

/** The column must be what the roles say, always. */
async function expectTrue(): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT id FROM user WHERE has_place <> (kind <> 'TENANT' OR EXISTS (SELECT 1 FROM assignment
      JOIN tenant ON tenant.id = assignment.tenant_id WHERE assignment.user_id = user.id AND tenant.deleted_at IS NULL))`,
  ).all();
  expect(results).toEqual([]);
}

let a: Result;
let b: Result;
beforeAll(async () => {
  [a, b] = [await newTenant(), await newTenant()];
});

const revoke = (user: Result, tenant: Result) =>
  succeed('revokeTenantRole', 'user { id version updatedAt }', {
    userIdentifier: { id: user.id },
    tenantIdentifier: { id: tenant.id },
  });

it('lists who lost the last role, and no longer once they have one again', async () => {
  const ben = await newTenantUser(a.id);
  await assign(ben.id, b.id, 'view');
  await revoke(ben, a);
  expect(await nowhere()).toEqual([]);
  const { user } = await revoke(ben, b);
  expect(await nowhere()).toEqual([ben.id]);
  expect([user.version, user.updatedAt]).toEqual([ben.version, ben.updatedAt]);
  for (const field of ['CREATED_AT', 'UPDATED_AT', 'NAME', 'EMAIL']) {
    const { data } = await ask(LIST, { f: { hasPlace: false }, o: { field } });
    expect(data.users).toEqual({ nodes: [{ id: ben.id }], totalCount: 1 });
  }
  const { data } = await ask(LIST, { f: { hasPlace: true } });
  expect(data.users.nodes).not.toContainEqual({ id: ben.id });
  await expectTrue();
  await assign(ben.id, a.id, 'view');
  expect(await nowhere()).toEqual([]);
  await expectTrue();
});

it('lists whose tenants are deleted, until one is restored, and whose tenants are erased', async () => {
  const [one, other] = [await newTenant(), await newTenant()];
  const [cara, dora] = [await newTenantUser(one.id), await newTenantUser(one.id)];
  await assign(dora.id, other.id, 'view');
  await succeed('deleteTenant', 'tenant { id }', { id: one.id });
  expect(await nowhere()).toEqual([cara.id]);
  await succeed('deleteTenant', 'tenant { id }', { id: other.id });
  expect((await nowhere()).sort()).toEqual([cara.id, dora.id].sort());
  await expectTrue();
  await succeed('restoreTenant', 'tenant { id }', { id: one.id });
  expect(await nowhere()).toEqual([]);
  await succeed('deleteTenant', 'tenant { id }', { id: one.id, permanently: true });
  expect((await nowhere()).sort()).toEqual([cara.id, dora.id].sort());
  await succeed('restoreTenant', 'tenant { id }', { id: other.id });
  expect(await nowhere()).toEqual([cara.id]);
  await expectTrue();
  await succeed('deleteUser', 'user { id }', { id: cara.id });
  expect(await nowhere()).toEqual([]);
  expect(await nowhere({ deleted: 'ONLY' })).toEqual([cara.id]);
  await succeed('deleteUser', 'user { id }', { id: cara.id, permanently: true });
  await expectTrue();
});

it('lists no team members or users of customers, and nobody who has just been made in any way', async () => {
  const tenant = await newTenant();
  const [team, member] = [await newTeamMember(), await newCustomerUser((await newCustomer()).id)];
  for (const user of [team, member]) {
    await assign(user.id, tenant.id, 'view');
    await revoke(user, tenant);
  }
  const email = () => `${unique('new')}@x.example`;
  const place = { roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenant.id } };
  await succeed('addTenantUser', 'user { id }', { email: email(), ...place });
  await succeed('upsertUser', 'user { id }', { identifier: { email: email() }, ...place });
  await succeed('importUsers', 'rows { outcome }', { rows: [{ email: email(), tenantRoles: [place] }] });
  await succeed('createTenant', 'tenant { id }', { name: unique('T'), partnerManaged: false, adminEmail: email() });
  expect(await nowhere()).toEqual([]);
  await expectTrue();
  await succeed('deleteTenant', 'tenant { id }', { id: tenant.id, permanently: true });
  expect(await nowhere()).toHaveLength(3);
  await expectTrue();
});

it('finds nobody for whoever reaches a part of the organization, and has an import leave it alone', async () => {
  const tenant = await newTenant();
  const eve = await newTenantUser(tenant.id, { externalId: unique('eve') });
  await revoke(eve, tenant);
  const keys = [{ tenants: [tenant.id] }, { customer: (await newCustomer()).id }];
  for (const limit of keys) expect(await nowhere({}, (await newKey(limit)).secret)).toEqual([]);
  const { rows } = await mutate('importUsers', 'rows { outcome }', {
    rows: [{ externalId: eve.externalId, phone: '7' }],
  });
  expect(rows).toEqual([{ outcome: 'UPDATED' }]);
  expect(await nowhere()).toContain(eve.id);
  const { rowsRead } = await ask(LIST, { f: { hasPlace: false } });
  expect(rowsRead).toBeLessThan(200);
});

it('is filled by the migration for those who were there before', async () => {
  const queries = env.TEST_MIGRATIONS.flatMap(({ queries }) => queries);
  const filling = queries.filter((query) => /^UPDATE user SET has_place/.test(query.trim()));
  expect(filling).toHaveLength(1);
  const before = await nowhere();
  expect(before.length).toBeGreaterThan(2);
  await env.DB.prepare('UPDATE user SET has_place = 1').run();
  expect(await nowhere()).toEqual([]);
  await env.DB.batch(filling.map((query) => env.DB.prepare(query)));
  expect(await nowhere()).toEqual(before);
  await expectTrue();
});

it('reads no more than the page has, however many others there are', async () => {
  const none = await nowhere();
  const id = "printf('018f%04x-%04x-7000-8000-cccc%08x', n / 65536, n % 65536, n)";
  await env.DB.prepare(
    `INSERT INTO user (id, kind, email, email_key, name_key, status, created_at, updated_at, has_place)
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
      SELECT ${id}, 'TENANT', n || '@many.example', n || '@many.example', '', 'ACTIVE', n, n, n <= 9997 FROM numbers`,
  ).run();
  for (const field of ['CREATED_AT', 'UPDATED_AT', 'NAME', 'EMAIL']) {
    for (const direction of ['ASC', 'DESC']) {
      const list = 'query($f: UserFilter, $o: UserOrder) { users(filter: $f, orderBy: $o) { nodes { id } } }';
      const { data, rowsRead } = await ask(list, { f: { hasPlace: false }, o: { field, direction } });
      expect(data.users.nodes).toHaveLength(none.length + 3);
      expect(rowsRead, `${field} ${direction}`).toBeLessThan(200);
    }
  }
});
