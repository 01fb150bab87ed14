import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import {
  assign,
  codeOf,
  mutate,
  newCustomer,
  newKey,
  newTenant,
  newTenantUser,
  unique,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';

async function found(search: string, key?: string, more: Variables = {}, field = 'customers'): Promise<string[]> {
  const type = field === 'tenants' ? 'TenantFilter' : 'CustomerFilter';
  const document = `query($filter: ${type}, $orderBy: RecordOrder) {
    ${field}(filter: $filter, orderBy: $orderBy, first: 100) { nodes { name } totalCount pageInfo { hasNextPage } } }`;
  const { filter, orderBy } = { filter: {}, orderBy: { field: 'NAME' }, ...more };
  const { data, text } = await ask(document, { filter: { ...filter, search }, orderBy }, key);
  expect(data?.[field], text).toBeTruthy();
  const names = data[field].nodes.map(({ name }: { name: string }) => name);
  expect(data[field]).toMatchObject({ totalCount: names.length, pageInfo: { hasNextPage: false } });
  return names;
}

/** A word that nothing else in this database has. Without digits and vowels: no piece of it is what a test looks for. */
const word = () =>
  [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => 'bcdfghjklmnpqvwx'.charAt(byte % 16)).join('');

describe('a search for customers', () => {
  it('finds three characters and more anywhere in the name, whatever their case', async () => {
    const [one, other] = [word(), word()];
    await newCustomer({ name: `The ${one.toUpperCase()} of ${other}` });
    for (const search of [one, one.slice(3, 6), `${one} OF ${other}`, ` ${other.toUpperCase()} `, `the ${one}`]) {
      expect(await found(search), search).toContain(`The ${one.toUpperCase()} of ${other}`);
    }
    expect(await found(`${one}${other}`)).toEqual([]);
  });

  it('finds them anywhere in the e-mail address, too', async () => {
    const [local, domain] = [word(), word()];
    const { name } = await newCustomer({ email: { address: `${local}@${domain}.example` } });
    for (const search of [local.slice(1, 9), domain.toUpperCase(), `${local}@${domain}.exa`, `@${domain}`]) {
      expect(await found(search), search).toEqual([name]);
    }
  });

  it('wants all of the text in one piece, not its parts', async () => {
    const [one, other] = [word(), word()];
    await newCustomer({ name: `${one}abcd ${other}bcde` });
    await newCustomer({ name: one, email: { address: `${other}@x.example` } });
    expect(await found(`${one}abcd`)).toHaveLength(1);
    expect(await found('abcde')).toEqual([]);
    expect(await found(one + other)).toEqual([]);
  });

  it('finds two characters at the beginning of the name only', async () => {
    const names = ['Ωβ first', 'ωΒ SECOND', 'not ωβ', 'ω alone', 'ωγ'];
    for (const name of names) await newCustomer({ name, kind: 'PERSON' });
    expect(await found('ωβ')).toEqual(['Ωβ first', 'ωΒ SECOND']);
    expect(await found('Ωβ', undefined, { orderBy: { field: 'CREATED_AT', direction: 'DESC' } })).toEqual([
      'ωΒ SECOND',
      'Ωβ first',
    ]);
  });

  it('finds an external id as a whole, however short, and nothing else by one character', async () => {
    const { name } = await newCustomer({ externalId: 'ж' });
    const { name: two } = await newCustomer({ externalId: 'Ж7' });
    await newCustomer({ name: 'жжж' });
    expect(await found('Ж')).toEqual([name]);
    expect(await found('ж7')).toEqual([two]);
    const long = unique('External');
    const { name: third } = await newCustomer({ externalId: long });
    expect(await found(long.toUpperCase())).toEqual([third]);
    expect(await found(long.slice(0, -1))).toEqual([]);
  });

  it('takes every character as it is, also those that mean something to the index', async () => {
    const id = word();
    const texts = [
      '"quoted"',
      'a* b*',
      'x OR y',
      'NEAR(a b, 2)',
      'name_key:abc',
      '-minus ^caret',
      'a + b',
      "it's 100%_\\",
      '{name_key}: x',
      '"',
      '""""',
      ';--/*',
    ];
    for (const text of texts) await newCustomer({ name: `${id} ${text} end` });
    for (const text of texts) {
      const names = await found(`${id} ${text} E`);
      expect(names, text).toEqual([`${id} ${text} end`]);
    }
    expect(await found(`${id} *`)).toEqual([]);
    expect(await found('"" OR customer_search : abc')).toEqual([]);
  });

  it('counts characters, and compares them, as names are compared', async () => {
    const names = {
      '👩‍🚀🛰️ Orbit': ['👩‍🚀🛰', '🛰️ orb', '👩‍'],
      株式会社テナント: ['式会社', '株式', 'テナント', 'ﾃﾅﾝﾄ'],
      'Zoe\u0308 Café': ['zoë', 'CAFE\u0301', 'zo'],
      'Işık Dılek': ['işı', 'DıL', 'iş'],
      'Großﬃx Straße': ['großffix', 'STRAß'],
      '１２３ＸＹＺ': ['123xyz', '12', '３ｘy'],
    };
    for (const [name, searches] of Object.entries(names)) {
      await newCustomer({ name });
      for (const search of searches) expect(await found(search), search).toEqual([name]);
    }
    // Two characters are a beginning, though they be four units of UTF-16.
    expect(await found('🛰️')).toEqual([]);
  });

  it('is refused when it is empty, too long or broken', async () => {
    for (const search of ['', '   ', '\u200b', 'a\u0000b', 'a\ud800b', 'x'.repeat(257)]) {
      const answer = await ask('query($s: String) { customers(filter: { search: $s }) { nodes { id } } }', {
        s: search,
      });
      expect(codeOf(answer), JSON.stringify(search)).toBe('BAD_USER_INPUT');
      expect(answer.errors[0].extensions.issues[0].path).toBe('filter.search');
    }
    expect(await found('x'.repeat(256))).toEqual([]);
    const long = word().repeat(21);
    await newCustomer({ name: long });
    expect(await found(long)).toEqual([long]);
    expect(await found(`${long.slice(0, -1)}!`)).toEqual([]);
  });

  it('goes together with every other filter', async () => {
    const id = word();
    const [person, company] = [`${id} person`, `${id} company`];
    await newCustomer({ name: person, kind: 'PERSON', labels: ['sought'] });
    const { externalId } = await newCustomer({ name: company });
    expect(await found(id)).toEqual([company, person]);
    expect(await found(id, undefined, { filter: { kinds: ['PERSON'] } })).toEqual([person]);
    expect(await found(id, undefined, { filter: { labels: ['sought'] } })).toEqual([person]);
    expect(await found(id, undefined, { filter: { externalIds: [externalId] } })).toEqual([company]);
    expect(await found(id, undefined, { filter: { createdAt: { to: '2020-01-01T00:00:00Z' } } })).toEqual([]);
    const everything = {
      deleted: 'INCLUDE',
      kinds: ['COMPANY', 'PERSON'],
      externalIds: [externalId],
      labels: ['sought', 'x'],
      createdAt: { from: '2020-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z' },
      updatedAt: { from: '2020-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z' },
    };
    const { secret } = await newKey({ tenants: [(await newTenant()).id] });
    for (const field of ['CREATED_AT', 'UPDATED_AT', 'NAME']) {
      for (const text of [id, id.slice(0, 2)]) {
        for (const key of [undefined, secret]) {
          expect(await found(text, key, { filter: everything, orderBy: { field } })).toEqual([]);
        }
      }
    }
  });

  it('finds a customer as it is now: renamed, hidden, restored', async () => {
    const [before, after, address] = [word(), word(), `${word()}@x.example`];
    const { id } = await newCustomer({ name: before, email: { address } });
    await mutate('updateCustomer', 'customer { id }', { id, name: after });
    expect(await found(before)).toEqual([]);
    expect(await found(after)).toEqual([after]);
    expect(await found(address)).toEqual([after]);
    await mutate('updateCustomer', 'customer { id }', { id, email: null });
    expect(await found(address)).toEqual([]);
    expect(await found(after)).toEqual([after]);
    await mutate('deleteCustomer', 'customer { id }', { id });
    expect(await found(after)).toEqual([]);
    expect(await found(after, undefined, { filter: { deleted: 'ONLY' } })).toEqual([after]);
    await mutate('restoreCustomer', 'customer { id }', { id });
    expect(await found(after)).toEqual([after]);
  });

  it('finds for a key of tenants their own customers only', async () => {
    const id = word();
    const [own, foreign] = [await newTenant(), await newTenant()];
    const { secret } = await newKey({ tenants: [own.id] });
    await newCustomer({ name: `${id} own`, externalId: id, tenantIdentifiers: [{ id: own.id }] });
    await newCustomer({ name: `${id} foreign`, externalId: `${id}2`, tenantIdentifiers: [{ id: foreign.id }] });
    expect(await found(id, secret)).toEqual([`${id} own`]);
    expect(await found(id.slice(0, 2), secret)).toEqual([`${id} own`]);
    expect(await found(`${id}2`, secret)).toEqual([]);
    expect(await found(id)).toEqual([`${id} foreign`, `${id} own`]);
  });
});

describe('a search for tenants', () => {
  it('finds them by their name and external id, for whoever reaches them', async () => {
    const id = word();
    const { id: tenantId } = await newTenant({ name: `Shop ${id}`, externalId: 'ñ' });
    await newTenant({ name: `Other ${id}` });
    const { secret } = await newKey({ tenants: [tenantId] });
    for (const search of [id, `SHOP ${id}`, 'Ñ']) {
      expect(await found(search, secret, {}, 'tenants'), search).toEqual([`Shop ${id}`]);
    }
    expect(await found(id, undefined, {}, 'tenants')).toEqual([`Other ${id}`, `Shop ${id}`]);
    expect(await found(`other ${id}`, secret, {}, 'tenants')).toEqual([]);
    await mutate('updateTenant', 'tenant { id }', { id: tenantId, name: `Renamed ${id}` });
    expect(await found(`shop ${id}`, undefined, {}, 'tenants')).toEqual([]);
    expect(await found(`renamed ${id}`, undefined, { filter: { statuses: ['ACTIVE'] } }, 'tenants')).toHaveLength(1);
  });
});

const INDEXES = ['customer_search', 'tenant_search'];

/** The pieces of text that the index of customers holds. */
async function pieces(): Promise<string[]> {
  await env.DB.prepare("CREATE VIRTUAL TABLE IF NOT EXISTS pieces USING fts5vocab ('customer_search', 'row')").run();
  const { results } = await env.DB.prepare('SELECT term FROM pieces').all<{ term: string }>();
  return results.map(({ term }) => term);
}

/** All that the index of customers is kept in, in hexadecimal. */
async function bytes(): Promise<string> {
  const { results } = await env.DB.prepare('SELECT hex(block) AS hex FROM customer_search_data').all<{ hex: string }>();
  return results.map(({ hex }) => hex).join(' ');
}

async function erase(globalId: string): Promise<void> {
  const [type, id] = atob(globalId).split(':');
  await env.DB.prepare(`DELETE FROM ${type?.toLowerCase()} WHERE id = ?`).bind(id).run();
}

describe('the index of search', () => {
  it('is made anew by its migration, and finds the same', async () => {
    const id = word();
    await newCustomer({ name: `${id} customer` });
    await newTenant({ name: `${id} tenant` });
    for (const index of INDEXES) await env.DB.prepare(`INSERT INTO ${index} (${index}) VALUES ('delete-all')`).run();
    expect(await found(id)).toEqual([]);
    expect(await found(id, undefined, {}, 'tenants')).toEqual([]);
    const migration = env.TEST_MIGRATIONS.find(({ name }) => name.endsWith('_search.sql'));
    await env.DB.batch((migration?.queries ?? []).map((query) => env.DB.prepare(query)));
    expect(await found(id)).toEqual([`${id} customer`]);
    expect(await found(id, undefined, {}, 'tenants')).toEqual([`${id} tenant`]);
    await newCustomer({ name: `${id} later` });
    expect(await found(id)).toEqual([`${id} customer`, `${id} later`]);
  });

  it('holds pieces of three characters, and none any more of what was erased', async () => {
    const [name, address] = ['龘靐 vkqgx', 'wjqkz@gqxjv.example'];
    const before = await pieces();
    const { id } = await newCustomer({ name, email: { address } });
    const during = await pieces();
    expect(during).toEqual(expect.arrayContaining(['龘靐 ', ' vk', 'z@g']));
    expect(during.filter((piece) => [...piece].length !== 3)).toEqual([]);
    // Two characters but for the first byte, which a term may share with the one before it, and is not written twice.
    const inside = Buffer.from('龘靐').subarray(1).toString('hex').toUpperCase();
    expect(await bytes()).toContain(inside);
    await erase(id);
    expect(await pieces()).toEqual(before);
    expect(await bytes()).not.toContain(inside);
  });

  it('holds no tenant any more that a customer has left, or that was erased, or whose customer was', async () => {
    const before = await pieces();
    const worlds = [];
    for (let count = 0; count < 3; count += 1) {
      const { id: tenantId } = await newTenant({ name: 'same' });
      const { id } = await newCustomer({ name: 'same', kind: 'PERSON', tenantIdentifiers: [{ id: tenantId }] });
      worlds.push({ tenantId, id });
    }
    const [left, erasedTenant, erased] = worlds;
    if (!left || !erasedTenant || !erased) throw new Error('There are three');
    const tokens = async () => (await pieces()).filter((piece) => !before.includes(piece) && piece > '\u{f0000}');
    expect(await tokens()).toHaveLength(3);
    await mutate('setCustomerTenants', 'customer { id }', {
      customerIdentifier: { id: left.id },
      tenantIdentifiers: [],
    });
    expect(await tokens()).toHaveLength(2);
    await erase(erasedTenant.tenantId);
    expect(await tokens()).toHaveLength(1);
    await erase(erased.id);
    expect(await tokens()).toEqual([]);
    const { secret } = await newKey({ tenants: [left.tenantId] });
    expect(await found('same', secret)).toEqual([]);
  });
});

describe('a search for users', () => {
  it('finds them by name, e-mail address and external id, within reach, and forgets those who are erased', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const { secret } = await newKey({ tenants: [tenant.id] });
    const [one, two] = [word(), word()];
    const user = await newTenantUser(tenant.id, { name: `The ${one}`, email: `${two}@x.example` });
    const elsewhere = await newTenantUser(other.id, { name: `Another ${one}` });
    const ids = async (search: string, key?: string) => {
      const document = `query($s: String!) { users(filter: { search: $s }) { nodes { id } totalCount } }`;
      const { data } = await ask(document, { s: search }, key);
      return data.users.nodes.map(({ id }: { id: string }) => id);
    };
    expect(await ids(one.toUpperCase())).toEqual([user.id, elsewhere.id]);
    expect(await ids(one, secret)).toEqual([user.id]);
    expect(await ids(`${two}@x`, secret)).toEqual([user.id]);
    await assign(elsewhere.id, tenant.id, 'view');
    expect(await ids(one, secret)).toEqual([user.id, elsewhere.id]);
    await mutate('updateUser', 'user { id }', { id: user.id, name: 'Renamed' });
    expect(await ids(one)).toEqual([elsewhere.id]);
    await mutate('revokeTenantRole', 'user { id }', {
      userIdentifier: { id: elsewhere.id },
      tenantIdentifier: { id: tenant.id },
    });
    expect(await ids(one, secret)).toEqual([]);
    await mutate('deleteUser', 'user { id }', { id: elsewhere.id, permanently: true });
    expect(await ids(one)).toEqual([]);
    const terms = await env.DB.prepare('SELECT count(*) AS left FROM user_search WHERE user_search MATCH ?')
      .bind(`"${one.slice(0, 3)}" AND "${one.slice(1, 4)}" AND "${one.slice(2, 5)}"`)
      .first('left');
    expect(terms).toBe(0);
  });
});
