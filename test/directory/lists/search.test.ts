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

  it('wants each word in one piece, in any order, in the name or in the address', async () => {
    const [one, other] = [word(), word()];
    const { name } = await newCustomer({ name: `${one}aiou ${other}iouy` });
    const { name: second } = await newCustomer({ name: one, email: { address: `${other}@x.example` } });
    expect(await found(`${one}aiou`)).toEqual([name]);
    expect(await found('aiouy')).toEqual([]);
    expect(await found(one + other)).toEqual([]);
    expect(await found(`${other} \u00a0\t ${one}`)).toEqual([second, name]);
    expect(await found(`${other}@x ${one}`)).toEqual([second]);
    expect(await found(`${other} ${one} ${word()}`)).toEqual([]);
  });

  it('looks for the words from the eighth on in one piece', async () => {
    const words = Array.from({ length: 12 }, word);
    const name = words.join(' ');
    await newCustomer({ name });
    const [first, last] = [words.slice(0, 7), words.slice(7)];
    const searches = [name, [...words].reverse().slice(-7).join(' '), [...first.reverse(), ...last].join(' ')];
    for (const search of searches) expect(await found(search), search).toEqual([name]);
    expect(await found([...first, ...last.reverse()].join(' '))).toEqual([]);
    const { name: twice } = await newCustomer({ name: `${first[0]}a ${first[0]}a` });
    expect(await found(`${first[0]}a `.repeat(9))).toEqual([twice]);
    expect(await found(`${first[0]}a `.repeat(10))).toEqual([]);
    expect(await found('ab '.repeat(85))).toEqual([]);
  });

  it('finds one or two characters where a word begins', async () => {
    const names = ['Ωβ first', 'ωΒ SECOND', 'then ωβ', 'ω alone', 'ωγ', 'within-ωβ', 'hωβ', '(ωβγ)', 'h ωhβ'];
    for (const name of names) await newCustomer({ name, kind: 'PERSON' });
    const begun = ['(ωβγ)', 'then ωβ', 'within-ωβ', 'Ωβ first', 'ωΒ SECOND'];
    expect(await found('ωβ')).toEqual(begun);
    const newestFirst = { orderBy: { field: 'CREATED_AT', direction: 'DESC' } };
    expect(await found('Ωβ', undefined, newestFirst)).toEqual(
      begun.toSorted((a, b) => names.indexOf(b) - names.indexOf(a)),
    );
    expect(await found('ω')).toEqual([
      '(ωβγ)',
      'h ωhβ',
      'then ωβ',
      'within-ωβ',
      'ω alone',
      'Ωβ first',
      'ωΒ SECOND',
      'ωγ',
    ]);
    expect(await found('(ω')).toEqual(['(ωβγ)']);
    expect(await found('ωβ fi')).toEqual(['Ωβ first']);
    expect(await found('β')).toEqual([]);
  });

  it('finds them where a word of an address begins, too', async () => {
    const { name } = await newCustomer({ name: '5', email: { address: 'yj.zy+y7@yy-zz.yk' } });
    for (const search of ['yj', 'zy', 'y7', 'yy', 'zz', 'yk', '@y', '5 y7 @']) {
      expect(await found(search), search).toEqual([name]);
    }
    expect(await found('7@')).toEqual([]);
  });

  it('finds an external id as a whole, to the letter, however short', async () => {
    const { name } = await newCustomer({ externalId: 'ж' });
    const { name: two } = await newCustomer({ externalId: 'Ж7 ъ' });
    await newCustomer({ name: 'жжж', kind: 'PERSON' });
    expect(await found('Ж')).toEqual(['жжж']);
    expect((await found('ж')).sort()).toEqual([name, 'жжж'].sort());
    expect(await found('Ж7 ъ')).toEqual([two]);
    expect(await found('ъ Ж7')).toEqual([]);
    const long = unique('External');
    const { name: third } = await newCustomer({ externalId: long });
    expect(await found(` ${long} `)).toEqual([third]);
    expect(await found(long.toUpperCase())).toEqual([]);
    expect(await found(long.slice(0, -1))).toEqual([]);
  });

  it('finds a whole address in either spelling of its domain, whichever it was given in', async () => {
    const local = word();
    const addresses = [`${local}@bücher.example`, `${local}2@xn--bcher-kva.example`];
    const names = [];
    for (const address of addresses) names.push((await newCustomer({ email: { address } })).name);
    for (const domain of ['bücher.example', 'BÜCHER.example', 'xn--bcher-kva.example', 'XN--Bcher-Kva.Example']) {
      expect(await found(`${local}@${domain}`), domain).toEqual(names.slice(0, 1));
      expect(await found(`Customer ${local}2@${domain}`), domain).toEqual(names.slice(1));
    }
    expect(await found(`${local}@bucher.example`)).toEqual(names.slice(0, 1));
    expect(await found(`bücher.example ${local}`)).toEqual(names.slice(0, 1));
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
      const wanted = text === '"' ? texts.filter((each) => each.includes('"')) : [text];
      expect(names.toSorted(), text).toEqual(wanted.map((each) => `${id} ${each} end`).toSorted());
    }
    expect(await found(`${id} *`)).toEqual([`${id} ;--/* end`, `${id} a* b* end`]);
    expect(await found(`${id} ?`)).toEqual([]);
    expect(await found('"" OR customer_search : abc')).toEqual([]);
  });

  it('counts characters, and compares them, as names are compared', async () => {
    const names = {
      '👩‍🚀🛰️ Orbit': ['👩‍🚀🛰', '🛰️ orb', '👩‍', '🛰️', '🛰 orb', '🚀🛰', '🚀'],
      株式会社テナント: ['式会社', '株式', 'テナント', 'ﾃﾅﾝﾄ', '会社', 'ント', '社'],
      'Zoe\u0308 Café': ['zoë', 'CAFE\u0301', 'zo'],
      'Işık Dılek': ['işı', 'DıL', 'iş'],
      'Großﬃx Straße': ['großffix', 'STRAß'],
      Ｘ２３ＹＺ: ['x23yz', 'x2', '３ｙz'],
    };
    for (const [name, searches] of Object.entries(names)) {
      await newCustomer({ name });
      for (const search of searches) expect(await found(search), search).toEqual([name]);
    }
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
    const { id: tenantId } = await newTenant({ name: `Shop ${id}`, externalId: 'ñ9' });
    await newTenant({ name: `Other ${id}` });
    const { secret } = await newKey({ tenants: [tenantId] });
    for (const search of [id, `SHOP ${id}`, `${id} sh`, 'ñ9']) {
      expect(await found(search, secret, {}, 'tenants'), search).toEqual([`Shop ${id}`]);
    }
    expect(await found(id, undefined, {}, 'tenants')).toEqual([`Other ${id}`, `Shop ${id}`]);
    expect(await found('Ñ9', undefined, {}, 'tenants')).toEqual([]);
    expect(await found(`other ${id}`, secret, {}, 'tenants')).toEqual([]);
    await mutate('updateTenant', 'tenant { id }', { id: tenantId, name: `Renamed ${id}` });
    expect(await found(`shop ${id}`, undefined, {}, 'tenants')).toEqual([]);
    expect(await found(`renamed ${id}`, undefined, { filter: { statuses: ['ACTIVE'] } }, 'tenants')).toHaveLength(1);
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
  });
});
