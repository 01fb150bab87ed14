import { reset } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/directory/kernel/ids.ts';
import { formerKey } from '../../src/directory/kernel/keys.ts';
import {
  assign,
  eventsAbout,
  globalId,
  mutate,
  newCustomer,
  newCustomerUser,
  newPixel,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  rawId,
  succeed,
  tenantsOf,
} from '../shared/fixtures.ts';
import { ask, cron, meddled, send } from '../shared/gateway.ts';
import { enter, PASSWORD, step } from '../shared/people.ts';

/*
 * A deployment of the version before: its migrations, its rows with its keys. What this version makes anew of the same records
 * is what its own migrations and steps have to leave of them.
 */

const LANDED = '0024_keys.sql';
type Row = Record<string, string | number | null>;

/** The tables in the order in which rows refer to others. */
const TABLES = ['tenant', 'customer', 'role', 'role_permission', 'user', 'membership', 'assignment', 'data_source'];
const WITH_KEYS = ['tenant', 'customer', 'user', 'role', 'data_source', 'membership', 'assignment', 'customer_label'];

const rowsOf = async (table: string): Promise<Row[]> =>
  (await env.DB.prepare(`SELECT * FROM ${table}`).all<Row>()).results;

/** Every row, with all that is derived, as texts that can be compared. */
async function everyRow(): Promise<Set<string>> {
  const all = await Promise.all(
    WITH_KEYS.map(async (table) => (await rowsOf(table)).map((row) => JSON.stringify({ table, ...row }))),
  );
  return new Set(all.flat());
}

const migrate = (isMeant: (name: string) => boolean) =>
  env.DB.batch(
    env.TEST_MIGRATIONS.filter(({ name }) => isMeant(name))
      .flatMap(({ queries }) => queries)
      .map((sql) => env.DB.prepare(sql)),
  );

async function insert(table: string, row: Row): Promise<void> {
  const { results } = await env.DB.prepare(`PRAGMA table_info(${table})`).all<{ name: string }>();
  const names = results.map(({ name }) => name).filter((name) => name in row);
  await env.DB.prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`)
    .bind(...names.map((name) => row[name] ?? null))
    .run();
}

const key = (text: unknown): string | null => (typeof text === 'string' ? formerKey(text) : null);

/** The keys of a row as the version before made them. */
const asLanded = (row: Row): Row => ({
  ...row,
  key_version: 1,
  name_key: key(row.name) ?? '',
  email_key: key(row.email),
  external_id_key: key(row.external_id),
  description_key: key(row.description),
  description_sort: [...(key(row.description) ?? '')].slice(0, 64).join(''),
});

/** By names that nothing else has in common: records that the new rules change, and leave alone. */
async function makeWorld() {
  const tenant = await newTenant({ name: 'Éclair  Straße', externalId: 'Tenant-ÄB' });
  const other = await newTenant({ name: 'ＷＩＤＥ a²', externalId: 'e\u0301T' });
  const role = await newRole({ name: 'Prüfer²  X' });
  const greek = await newCustomer({
    name: 'ΟΔΟΣ',
    externalId: 'Cust-A',
    email: { address: 'Info@Bücher.example', isVerified: true },
    description: 'Çà  et là ① ß',
    labels: ['VIP', 'Größe L'],
    tenantIdentifiers: [{ id: tenant.id }, { id: other.id }],
  });
  // What each is compared by now is what the other was compared by: neither is in the other's way for good.
  const joined = await newCustomer({ name: 'b\u200d2', externalId: 'x\u200dY' });
  const squared = await newCustomer({ name: 'b²', externalId: 'No labels' });
  const spaced = await newCustomer({ name: 'White \u00a0 Space', labels: [] });
  const user = await newTenantUser(tenant.id, { name: 'Ζωής  Ā', email: 'Post@Müller.example', externalId: 'User-Ä' });
  await assign(user.id, other.id, 'edit');
  const member = await newCustomerUser(greek.id, { name: null, email: 'ascii@example.com', externalId: 'u' });
  const teamed = await newTeamMember({ name: 'Ünal', email: 'unal@例え.example' });
  const pixel = await newPixel(tenant.id, { name: 'P', externalId: 'Pixel-Ä' });
  return { tenant, other, role, greek, joined, squared, spaced, user, member, teamed, pixel };
}

let world: Awaited<ReturnType<typeof makeWorld>>;
let anew: Set<string>;
let landed: Set<string>;

/** Records that the version before took for others. */
const TWINS = ['company', 'hidden', 'person', 'addressed', 'user', 'role', 'scoped'] as const;
let twins: Record<(typeof TWINS)[number], string>;

beforeAll(async () => {
  world = await makeWorld();
  for (const user of [world.user, world.teamed]) await enter(user);
  anew = await everyRow();
  // Ids go by time: the twins are the later ones.
  twins = Object.fromEntries(TWINS.map((name) => [name, newId()])) as typeof twins;
  const made = Object.fromEntries(
    await Promise.all(TABLES.map(async (table) => [table, await rowsOf(table)] as const)),
  );
  await reset();
  await migrate((name) => name < LANDED);
  const all: Record<string, Row[]> = made;
  const byId = (table: string, { id }: Result): Row => all[table]?.find((row) => row.id === rawId(id)) ?? {};
  const customer = {
    ...byId('customer', world.greek),
    email: null,
    email_verified: 0,
    external_id: null,
    labels: '[]',
  };
  all.customer?.push(
    { ...customer, id: twins.company, name: 'οδο\u200cσ' },
    { ...customer, id: twins.hidden, name: 'ΟΔΟΣ ', name_key: 'hidden', deleted_at: 5 },
    { ...customer, id: twins.person, name: 'ΟΔΟΣ', kind: 'PERSON' },
    { ...customer, id: twins.addressed, name: 'Twin', email: 'info@xn--bcher-kva.example' },
  );
  all.user?.push({
    ...byId('user', world.user),
    id: twins.user,
    email: 'post@xn--mller-kva.example',
    external_id: null,
  });
  all.role?.push(
    { ...byId('role', world.role), id: twins.role, name: 'Prüfer² X' },
    { ...byId('role', world.role), id: twins.scoped, name: 'Prüfer² X', scope: 'CUSTOMER' },
  );
  await env.DB.prepare('DELETE FROM role_permission').run();
  await env.DB.prepare('DELETE FROM role').run();
  // Others have come since then.
  const { results } = await env.DB.prepare('SELECT name FROM permission').all<{ name: unknown }>();
  const permissions = new Set(results.map(({ name }) => name));
  all.role_permission = all.role_permission?.filter(({ permission }) => permissions.has(permission)) ?? [];
  for (const table of TABLES) {
    for (const row of all[table] ?? []) {
      await insert(
        table,
        'name' in row || 'email' in row || 'external_id' in row ? asLanded(row) : withCopies(row, all),
      );
    }
  }
  await enter(world.user);
  await enter(world.teamed);
  await enter({ __typename: 'User', id: globalId('User', twins.user) });
  landed = await everyRow();
  await migrate((name) => name >= LANDED);
}, 60_000);

/** What memberships and roles in tenants repeat, as the version before had it. */
const withCopies = (row: Row, all: Record<string, Row[]>): Row => {
  const [customer, user] = [
    all.customer?.find(({ id }) => id === row.customer_id),
    all.user?.find(({ id }) => id === row.user_id),
  ].map((found) => (found ? asLanded(found) : {}));
  return {
    ...row,
    customer_name_key: customer?.name_key ?? null,
    customer_description_sort: customer?.description_sort ?? null,
    user_name_key: user?.name_key ?? null,
    user_email_key: user?.email_key ?? null,
  };
};

const health = async () => JSON.parse((await send(new Request('https://tenantry.test/health'))).text);
const nodeBy = async (query: string): Promise<string | null> => (await ask(query)).data?.record?.id ?? null;
const customerBy = (identifier: string) => nodeBy(`{ record: customerBy(identifier: { ${identifier} }) { id } }`);

const lookUps = (): [claim: string, found: () => Promise<unknown>, expected: unknown][] => [
  ['tenant', () => nodeBy('{ record: tenantBy(identifier: { externalId: "Tenant-ÄB" }) { id } }'), world.tenant.id],
  ['composed', () => nodeBy('{ record: tenantBy(identifier: { externalId: "éT" }) { id } }'), world.other.id],
  ['customer', () => customerBy('externalId: "Cust-A"'), world.greek.id],
  ['address', () => customerBy('email: "INFO@Bücher.example"'), world.greek.id],
  ['user', () => nodeBy('{ record: userBy(identifier: { externalId: "User-Ä" }) { id } }'), world.user.id],
  [
    'filter',
    async () => (await ask('{ users(filter: { email: "Post@Müller.example" }) { nodes { id } } }')).text,
    expect.stringContaining(world.user.id),
  ],
  [
    'ids',
    async () =>
      (await ask('{ customers(filter: { externalIds: ["Cust-A", "No labels"] }) { nodes { id } } }')).data.customers
        .nodes.length,
    2,
  ],
  [
    'reference',
    async () =>
      (
        await mutate('createTenantUser', 'user { id }', {
          email: `${crypto.randomUUID()}@x.example`,
          roleIdentifier: { name: 'Prüfer²  X' },
          tenantIdentifier: { externalId: 'Tenant-ÄB' },
        })
      ).__typename,
    'CreateTenantUserPayload',
  ],
  [
    'taken',
    async () => (await mutate('createCustomer', '__typename', { name: 'Another', externalId: 'Cust-A' })).existing?.id,
    world.greek.id,
  ],
  [
    'taken of a tenant',
    async () =>
      (await mutate('upsertTenant', '__typename', { identifier: { id: world.tenant.id }, externalId: 'e\u0301T' }))
        .existing?.id,
    world.other.id,
  ],
  [
    'a pixel',
    async () =>
      (
        await mutate('registerPixel', '__typename', {
          tenantIdentifier: { id: world.tenant.id },
          name: 'P',
          externalId: 'Pixel-Ä',
        })
      ).existing?.id,
    world.pixel.id,
  ],
  [
    'nothing',
    async () =>
      await succeed('upsertCustomer', 'outcome customer { version }', {
        identifier: { externalId: 'Cust-A' },
        name: 'ΟΔΟΣ',
        externalId: 'Cust-A',
        labels: ['VIP', 'Größe L'],
        description: 'Çà  et là ① ß',
        email: { address: 'Info@Bücher.example', isVerified: true },
      }),
    expect.objectContaining({ outcome: 'NOOP', customer: { version: 1 } }),
  ],
  [
    'nothing imported',
    async () =>
      (
        await mutate('importCustomers', 'rows { outcome changes }', {
          rows: [
            {
              externalId: 'Cust-A',
              name: 'ΟΔΟΣ',
              email: { address: 'Info@Bücher.example' },
              labels: ['VIP', 'Größe L'],
            },
            { externalId: 'No labels', name: 'b²' },
          ],
        })
      ).rows,
    [
      { outcome: 'NOOP', changes: [] },
      { outcome: 'NOOP', changes: [] },
    ],
  ],
  [
    'nothing imported of users',
    async () =>
      (
        await mutate('importUsers', 'rows { outcome changes }', {
          rows: [{ externalId: 'User-Ä', name: 'Ζωής  Ā', email: 'Post@Müller.example' }],
        })
      ).rows,
    [{ outcome: 'NOOP', changes: [] }],
  ],
  [
    'nothing of a user',
    async () =>
      (
        await mutate('updateUser', 'user { version }', {
          id: world.user.id,
          name: 'Ζωής  Ā',
          email: 'Post@Müller.example',
        })
      ).user,
    { version: 1 },
  ],
  ['sign-in', async () => (await step('sign-in', { email: 'post@MÜLLER.example', password: PASSWORD })).status, 200],
];

describe('a deployment whose records have keys of the version before', () => {
  it('finds them by what they were found by, changes nothing that is the same, and says that it goes on', async () => {
    expect(await health()).toEqual({ status: 'ok', keys: 'filling' });
    for (const [claim, found, expected] of lookUps()) expect(await found(), claim).toEqual(expected);
    expect((await everyRow()).size).toBeGreaterThanOrEqual(landed.size);
    expect(await tenantsOf(world.greek.id)).toHaveLength(2);
  });

  it('keeps password and sessions of who gets another key, or writes the address in another case', async () => {
    const signIn = (email: string) => step('sign-in', { email, password: PASSWORD });
    const email = 'UNAL@例え.example';
    expect((await signIn(email)).status).toBe(200);
    await succeed('updateUser', 'user { id }', { id: world.teamed.id, email });
    await succeed('updateUser', 'user { id }', { id: world.teamed.id, email: 'unal@例え.example' });
    expect((await signIn(email)).status).toBe(200);
    await env.DB.prepare('UPDATE user SET version = 1, updated_at = created_at WHERE id = ?')
      .bind(rawId(world.teamed.id))
      .run();
  });

  it('gives all of them the keys that they would have if they were made anew, also if it is interrupted', async () => {
    // They have signed in since they were written.
    await env.DB.prepare('UPDATE user SET last_signed_in_at = NULL').run();
    const sessions = await rowsOf('session');
    const passwords = await rowsOf('password');
    expect(sessions.length).toBeGreaterThan(1);
    const events = (await rowsOf('event')).length;
    for (const call of [1, 2, 3, 4, 5, 6, 7]) {
      const failing = meddled((number, run) => (number === call ? Promise.reject(new Error('D1_ERROR: gone')) : run()));
      await cron({ DB: failing }).catch(() => {});
    }
    await cron();
    expect(await health()).toEqual({ status: 'ok' });
    const now = await everyRow();
    expect([...anew].filter((row) => !now.has(row))).toEqual([]);
    expect(await rowsOf('password')).toEqual(passwords);
    expect(await rowsOf('session')).toEqual(sessions);
    const { results } = await env.DB.prepare(
      `SELECT subject_id, type, actor_type, before, after FROM event WHERE id > ? ORDER BY id`,
    )
      .bind(events)
      .all<Row>();
    const collided = (type: string, subject: string, path: string, holder: Result) => ({
      subject_id: subject,
      type: `${type}.keyCollided`,
      actor_type: 'SYSTEM',
      before: null,
      after: JSON.stringify({ path, collidesWith: rawId(holder.id) }),
    });
    expect(results).toEqual([
      collided('role', twins.role, 'name', world.role),
      collided('customer', twins.company, 'name', world.greek),
      collided('customer', twins.addressed, 'email.address', world.greek),
      collided('user', twins.user, 'email', world.user),
    ]);
    await cron();
    expect(await everyRow()).toEqual(now);
  });

  it('finds them by the rules of now afterwards, and no other way', async () => {
    for (const [claim, found, expected] of lookUps()) expect(await found(), claim).toEqual(expected);
    expect(await customerBy('externalId: "cust-a"')).toBe(null);
    expect(await customerBy('email: "info@xn--bcher-kva.example"')).toBe(world.greek.id);
  });

  it('tells of a name that is another one’s now, and holds it to the rule once it is given anew', async () => {
    const id = globalId('Customer', twins.company);
    expect(await eventsAbout(id)).toEqual(['customer.keyCollided']);
    const { data } = await ask(
      'query($id: ID!) { events(filter: { subjectId: $id }) { nodes { after actor { type } } } }',
      { id },
    );
    expect(data.events.nodes).toEqual([
      { after: { path: 'name', collidesWith: world.greek.id }, actor: { type: 'SYSTEM' } },
    ]);
    const same = await mutate('updateCustomer', '__typename', { id, name: 'οδο\u200cσ' });
    expect(same).toMatchObject({ __typename: 'AlreadyExistsError', path: 'name', existing: { id: world.greek.id } });
    expect((await succeed('updateCustomer', 'customer { name version }', { id, shortName: 'O' })).customer).toEqual({
      name: 'οδο\u200cσ',
      version: 2,
    });
    await succeed('updateCustomer', 'customer { id }', { id, name: 'Renamed' });
    await succeed('createCustomer', 'customer { id }', { name: 'οδός' });
  });

  it('gives new keys as well to what a Worker of the version before writes meanwhile', async () => {
    const [row] = await rowsOf('customer');
    const id = newId();
    await insert('customer', {
      ...asLanded({ ...row, name: 'Spät²', email: null, email_verified: 0, external_id: 'LATE' }),
      id,
    });
    expect(await health()).toEqual({ status: 'ok', keys: 'filling' });
    expect(await customerBy('externalId: "LATE"')).toBe(globalId('Customer', id));
    const taken = await mutate('importCustomers', 'rows { outcome id }', {
      rows: [{ externalId: 'LATE', name: 'Spät²' }],
    });
    expect(taken.rows).toEqual([{ outcome: 'NOOP', id: globalId('Customer', id) }]);
    await cron();
    expect(await health()).toEqual({ status: 'ok' });
    expect((await rowsOf('customer')).find((one) => one.id === id)).toMatchObject({
      name_key: 'spät²',
      name_folded: 'spat2',
      external_id_key: 'LATE',
      key_version: 2,
    });
  });
});
