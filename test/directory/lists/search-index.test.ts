import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { assign, mutate, newCustomer, newKey, newTenant, newTenantUser, type Result } from '../../shared/fixtures.ts';
import { ask, cron } from '../../shared/gateway.ts';

const INDEXES = ['tenant_search', 'customer_search', 'customer_description_search', 'user_search'];

/** Texts of which no other test has any three characters, and words of which none has the first two. */
const NAME = '龘靐 vkqgx';
const ADDRESS = 'wjqkz@gqxjv.example';
const DESCRIPTION = '飍 jvqxk';

/** The pieces of text that an index holds. */
async function pieces(index: string): Promise<string[]> {
  await env.DB.prepare(`CREATE VIRTUAL TABLE IF NOT EXISTS ${index}_pieces USING fts5vocab ('${index}', 'row')`).run();
  const { results } = await env.DB.prepare(`SELECT term FROM ${index}_pieces`).all<{ term: string }>();
  return results.map(({ term }) => term);
}

/** All that the indexes are kept in, in hexadecimal. */
async function bytes(): Promise<string> {
  const blocks = INDEXES.map((index) => `SELECT hex(block) AS hex FROM ${index}_data`);
  const { results } = await env.DB.prepare(blocks.join(' UNION ALL ')).all<{ hex: string }>();
  return results.map(({ hex }) => hex).join(' ');
}

const allPieces = async () =>
  Object.fromEntries(await Promise.all(INDEXES.map(async (index) => [index, await pieces(index)])));

/** Takes a row away as an erasure does in the end, without what it does before. */
async function erase({ id: globalId }: Result): Promise<void> {
  const [type, id] = atob(globalId).split(':');
  await env.DB.prepare(`DELETE FROM ${type?.toLowerCase()} WHERE id = ?`).bind(id).run();
}

/** The totals of all that is searched, for the first key. */
async function totals(search: string, key?: string): Promise<number[]> {
  const document = `query($s: String!) { tenants(filter: { search: $s }) { totalCount }
    customers(filter: { search: $s }) { totalCount } users(filter: { search: $s }) { totalCount }
    described: customers(filter: { descriptionContains: $s }) { totalCount } }`;
  const { data, text } = await ask(document, { s: search }, key);
  expect(data, text).toBeTruthy();
  return Object.values<{ totalCount: number }>(data).map(({ totalCount }) => totalCount);
}

/** A tenant, a customer and a user with these texts, in one world. */
async function newWorld() {
  const tenant = await newTenant({ name: NAME });
  const customer = await newCustomer({
    name: NAME,
    email: { address: ADDRESS },
    description: DESCRIPTION,
    tenantIdentifiers: [{ id: tenant.id }],
  });
  const user = await newTenantUser(tenant.id, { name: NAME, email: ADDRESS });
  return { tenant, customer, user };
}

describe('the index of search', () => {
  it('is made anew by its last migration, as often as that runs, and finds the same', async () => {
    const { tenant, customer, user } = await newWorld();
    const { secret } = await newKey({ tenants: [tenant.id] });
    const searches = {
      'vkqgx 龘靐': [1, 1, 1, 0],
      靐: [1, 1, 1, 0],
      vk: [1, 1, 1, 0],
      gqxjv: [0, 1, 1, 0],
      gq: [0, 1, 1, 0],
    };
    const inDescriptions = { jvqxk: [0, 0, 0, 1], '飍 J': [0, 0, 0, 1], jv: [0, 0, 0, 1], 飍: [0, 0, 0, 1] };
    const expectAll = async () => {
      for (const [search, expected] of Object.entries({ ...searches, ...inDescriptions })) {
        expect(await totals(search), search).toEqual(expected);
        expect(await totals(search, secret), search).toEqual(expected);
      }
    };
    await expectAll();
    const before = await allPieces();
    for (const index of INDEXES) await env.DB.prepare(`INSERT INTO ${index} (${index}) VALUES ('delete-all')`).run();
    expect(await totals(NAME)).toEqual([0, 0, 0, 0]);
    const migration = env.TEST_MIGRATIONS.findLast(({ name }) => name.endsWith('_search.sql'));
    for (let time = 0; time < 2; time += 1) {
      await env.DB.batch((migration?.queries ?? []).map((query) => env.DB.prepare(query)));
    }
    expect(await allPieces()).toEqual(before);
    await expectAll();
    for (const record of [user, customer, tenant]) await erase(record);
    expect(await totals(NAME)).toEqual([0, 0, 0, 0]);
  });

  it('holds pieces of three characters, and none any more of what was erased, changed or cleared', async () => {
    const before = await allPieces();
    const { tenant, customer, user } = await newWorld();
    const during = await allPieces();
    expect(during.customer_search).toEqual(
      expect.arrayContaining(['龘靐 ', ' vk', 'z@g', '\u{f8000}\u{f8000}v', '\u{f8001}wj']),
    );
    expect(during.customer_description_search).toEqual(expect.arrayContaining(['飍 j', '\u{f8002}\u{f8002}飍']));
    const all = Object.values<string[]>(during).flat();
    expect(all.filter((piece) => [...piece].length !== 3)).toEqual([]);
    // Two characters but for the first byte, which a term may share with the one before it, and is not written twice.
    const inside = ['龘靐', '飍 '].map((text) => Buffer.from(text).subarray(1).toString('hex').toUpperCase());
    for (const hex of inside) expect(await bytes()).toContain(hex);
    await mutate('updateCustomer', 'customer { id }', { id: customer.id, name: 'Q', email: null, description: null });
    await mutate('updateTenant', 'tenant { id }', { id: tenant.id, name: 'Q' });
    await mutate('updateUser', 'user { id }', { id: user.id, name: 'Q' });
    expect((await allPieces()).customer_description_search).toEqual(before.customer_description_search);
    expect(await totals('龘')).toEqual([0, 0, 0, 0]);
    for (const hex of inside) expect(await bytes()).not.toContain(hex);
    await mutate('updateCustomer', 'customer { id }', { id: customer.id, name: NAME, description: DESCRIPTION });
    expect(await totals('龘')).toEqual([0, 1, 0, 0]);
    expect(await totals('飍', (await newKey({ tenants: [tenant.id] })).secret)).toEqual([0, 0, 0, 1]);
    for (const record of [user, customer, tenant]) await erase(record);
    expect(await allPieces()).toEqual(before);
    for (const hex of inside) expect(await bytes()).not.toContain(hex);
  });

  it('holds nothing of what the API erased', async () => {
    const before = await allPieces();
    const { tenant, customer, user } = await newWorld();
    await mutate('deleteUser', 'user { id }', { id: user.id, permanently: true });
    await mutate('deleteCustomer', 'customer { id }', { id: customer.id, permanently: true });
    await mutate('deleteTenant', 'tenant { id }', { id: tenant.id, permanently: true });
    expect(await allPieces()).toEqual(before);
  });

  it('holds no tenant any more that a customer or a user has left, or that was erased, or whose customer was', async () => {
    const before = await allPieces();
    const worlds = [];
    for (let count = 0; count < 3; count += 1) {
      const tenant = await newTenant({ name: 'same' });
      const tenantIdentifiers = [{ id: tenant.id }];
      const customer = await newCustomer({ name: 'same', kind: 'PERSON', description: 'same', tenantIdentifiers });
      // Without a description, it takes no place among descriptions.
      await newCustomer({ name: 'same', kind: 'PERSON', tenantIdentifiers });
      worlds.push({ tenant, customer });
    }
    const [left, erasedTenant, erased] = worlds;
    if (!left || !erasedTenant || !erased) throw new Error('There are three');
    const user = await newTenantUser(left.tenant.id);
    await assign(user.id, erasedTenant.tenant.id, 'view');
    const isToken = (piece: string) => piece >= '\u{f0000}' && piece < '\u{f8000}';
    const tokens = async () => {
      const after = await allPieces();
      return INDEXES.map(
        (index) => after[index].filter((piece: string) => isToken(piece) && !before[index].includes(piece)).length,
      );
    };
    expect(await tokens()).toEqual([0, 3, 3, 2]);
    const leave = { customerIdentifier: { id: left.customer.id }, tenantIdentifiers: [] };
    await mutate('setCustomerTenants', 'customer { id }', leave);
    expect(await tokens()).toEqual([0, 3, 2, 2]);
    await mutate('revokeTenantRole', 'user { id }', {
      userIdentifier: { id: user.id },
      tenantIdentifier: { id: left.tenant.id },
    });
    expect(await tokens()).toEqual([0, 3, 2, 1]);
    await erase(erasedTenant.tenant);
    expect(await tokens()).toEqual([0, 2, 1, 0]);
    await erase(erased.customer);
    expect(await tokens()).toEqual([0, 2, 0, 0]);
    const { secret } = await newKey({ tenants: [left.tenant.id] });
    expect(await totals('same', secret)).toEqual([1, 1, 0, 0]);
  });

  it('finds records with keys of the version before by these, and no worse once they have new ones', async () => {
    const { tenant, customer, user } = await newWorld();
    const before = await allPieces();
    const formerly = `key_version = 1, name_key = lower(name), name_folded = NULL, name_words = NULL`;
    const addressed = `email_key = lower(email), email_folded = NULL, email_words = NULL`;
    await env.DB.batch([
      env.DB.prepare(`UPDATE tenant SET ${formerly} WHERE name = ?`).bind(NAME),
      env.DB.prepare(`UPDATE user SET ${formerly}, ${addressed} WHERE name = ?`).bind(NAME),
      env.DB.prepare(`UPDATE customer SET ${formerly}, ${addressed}, description_words = NULL WHERE name = ?`).bind(
        NAME,
      ),
    ]);
    for (const search of ['vkqgx', '龘', '龘靐']) expect(await totals(search), search).toEqual([1, 1, 1, 0]);
    for (const search of ['gqxjv', 'wj']) expect(await totals(search), search).toEqual([0, 1, 1, 0]);
    for (const search of ['jvq', '飍']) expect(await totals(search), search).toEqual([0, 0, 0, 1]);
    expect(await totals('vk')).toEqual([0, 0, 0, 0]);
    await cron();
    expect(await allPieces()).toEqual(before);
    expect(await totals('vk')).toEqual([1, 1, 1, 0]);
    for (const record of [user, customer, tenant]) await erase(record);
  });

  it('takes no text for one of its own signs', async () => {
    const { tenant, customer, user } = await newWorld();
    const stranger = await newTenant();
    const { secret } = await newKey({ tenants: [stranger.id] });
    const token = (await pieces('customer_search')).find((piece) => piece >= '\u{f0000}' && piece < '\u{f8000}');
    const signs = [`\u{f8000}\u{f8000}龘`, `\u{f8000}龘靐`, `${token}`];
    for (const name of signs) await newCustomer({ name, kind: 'PERSON', description: name });
    // The second of them has both characters, and no less for what stands before.
    expect(await totals('靐 龘')).toEqual([1, 2, 1, 0]);
    expect(await totals(signs[0] ?? '')).toEqual([0, 1, 0, 1]);
    expect(await totals(`${token}`)).toEqual([0, 1, 0, 1]);
    expect(await pieces('customer_search')).not.toContain(`\u{f8000}\u{f8000}\u{f8000}`);
    expect(await totals('靐', secret)).toEqual([0, 0, 0, 0]);
    for (const record of [user, customer, tenant]) await erase(record);
  });
});
