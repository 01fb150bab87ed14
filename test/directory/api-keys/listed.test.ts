import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { globalId, newKey, newPermission, newTenant, rawId, succeed } from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';

/** A key as the test knows it, to work out by itself what a list has. */
interface Known {
  id: string;
  name: string;
  reach: 'ORGANIZATION' | 'TENANTS';
  tenants: readonly string[];
  permissions: readonly string[];
  createdAt: number;
  lastUsedAt: number | null;
  expiresAt: number | null;
  isRevoked: boolean;
}

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.now();
const daysAgo = (days: number) => NOW - days * DAY;
const at = (time: number) => new Date(time).toISOString();
const COUNT = 40;

const known: Known[] = [];
const secrets = { all: '', tenant: '', nobody: '' };
let tenants: string[];
let permission: string;

/** Keys of all kinds, created a day apart, whose names, ends and uses are in other orders, and of which some are equal. */
beforeAll(async () => {
  tenants = [(await newTenant()).id, (await newTenant()).id];
  permission = await newPermission();
  for (let n = 0; n < COUNT; n += 1) {
    const reach = n % 3 === 0 ? 'ORGANIZATION' : 'TENANTS';
    const given =
      reach === 'TENANTS' ? tenants.filter((_, index) => n % 4 === 2 || (n % 2 === 0) === (index === 0)) : [];
    const permissions = ['tenant:read', ...(n % 5 === 0 ? [permission] : []), ...(n % 7 === 0 ? ['user:read'] : [])];
    const id = globalId('ApiKey', `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`);
    known.push({
      id,
      name: `${n % 2 ? 'Shop' : 'billing'} ${(n * 7) % 10}`,
      reach,
      tenants: given,
      permissions,
      createdAt: daysAgo(200 - n),
      lastUsedAt: n % 3 === 1 ? null : daysAgo((n * 37) % 150),
      expiresAt: n % 4 === 3 ? NOW + (((n * 13) % 80) - 40) * DAY - 1 : null,
      isRevoked: n % 6 === 5,
    });
  }
  const key = env.DB.prepare(
    `INSERT INTO api_key (id, name, access, reach, created_at, updated_at, last_used_at, expires_at, revoked_at)
     VALUES (?, ?, 'WRITE', ?, ?, 1, ?, ?, ?)`,
  );
  const held = env.DB.prepare('INSERT INTO api_key_permission VALUES (?, ?)');
  const reached = env.DB.prepare('INSERT INTO api_key_tenant VALUES (?, ?)');
  await env.DB.batch(
    known.flatMap((one) => {
      const id = rawId(one.id);
      return [
        key.bind(id, one.name, one.reach, one.createdAt, one.lastUsedAt, one.expiresAt, one.isRevoked ? 1 : null),
        ...one.permissions.map((name) => held.bind(id, name)),
        ...one.tenants.map((tenant) => reached.bind(id, rawId(tenant))),
      ];
    }),
  );
  secrets.all = (await newKey({ permissions: ['apiKey:read'] })).secret;
  secrets.tenant = (await newKey({ permissions: ['apiKey:read'], tenants: [tenants[0] ?? ''] })).secret;
  secrets.nobody = (await newKey({ permissions: ['apiKey:read'], tenants: [(await newTenant()).id] })).secret;
  for (const secret of Object.values(secrets)) await ask('{ viewer { type } }', {}, secret);
  // What asks is not among what is listed.
  await env.DB.prepare("UPDATE api_key SET name = '~' WHERE id NOT LIKE '01900000-0000-7000-8000-%'").run();
});

type Field = 'CREATED_AT' | 'NAME' | 'LAST_USED_AT' | 'EXPIRES_AT';
const FIELDS: readonly Field[] = ['CREATED_AT', 'NAME', 'LAST_USED_AT', 'EXPIRES_AT'];

const sortKeyOf = (one: Known, field: Field): string | number =>
  ({
    CREATED_AT: 0,
    NAME: one.name.toLowerCase(),
    LAST_USED_AT: one.lastUsedAt ?? one.createdAt,
    EXPIRES_AT: one.expiresAt ?? Number.POSITIVE_INFINITY,
  })[field];

function sorted(keys: readonly Known[], field: Field): Known[] {
  return [...keys].sort((one, other) => {
    const [left, right] = [sortKeyOf(one, field), sortKeyOf(other, field)];
    if (left !== right) return left < right ? -1 : 1;
    return one.id < other.id ? -1 : 1;
  });
}

type Condition = [given: () => Variables, has: (one: Known) => boolean];

const isIn = (time: number | null, from: number, to = Number.POSITIVE_INFINITY) =>
  time !== null && time >= from && time < to;
const isExpired = ({ expiresAt }: Known) => expiresAt !== null && expiresAt <= NOW;

/** Each condition that a filter can have, and who satisfies it. All leave out the keys that ask, but for the first. */
const CONDITIONS: readonly Condition[] = [
  [() => ({ reach: 'ORGANIZATION' }), ({ reach }) => reach === 'ORGANIZATION'],
  [() => ({ reach: 'TENANTS' }), ({ reach }) => reach === 'TENANTS'],
  [() => ({ tenantId: tenants[0] }), (one) => one.tenants.includes(tenants[0] ?? '')],
  [() => ({ tenantId: tenants[1] }), (one) => one.tenants.includes(tenants[1] ?? '')],
  [() => ({ permission }), (one) => one.permissions.includes(permission)],
  [() => ({ permission: 'user:read' }), (one) => one.permissions.includes('user:read')],
  [() => ({ nameStartsWith: 'SHOP' }), ({ name }) => name.startsWith('Shop')],
  [() => ({ nameStartsWith: 'Billing 4' }), ({ name }) => name === 'billing 4'],
  [() => ({ state: 'ACTIVE' }), (one) => !one.isRevoked && !isExpired(one)],
  [() => ({ state: 'EXPIRED' }), (one) => !one.isRevoked && isExpired(one)],
  [() => ({ state: 'REVOKED' }), ({ isRevoked }) => isRevoked],
  [() => ({ expiresAt: { from: at(NOW) } }), ({ expiresAt }) => isIn(expiresAt, NOW)],
  [() => ({ expiresAt: { to: at(NOW) } }), ({ expiresAt }) => isIn(expiresAt, 0, NOW)],
  [
    () => ({ expiresAt: { from: at(daysAgo(20)), to: at(daysAgo(-20)) } }),
    ({ expiresAt }) => isIn(expiresAt, daysAgo(20), daysAgo(-20)),
  ],
  [() => ({ lastUsedAt: { from: at(daysAgo(30)) } }), ({ lastUsedAt }) => isIn(lastUsedAt, daysAgo(30))],
  [() => ({ lastUsedAt: { to: at(daysAgo(30)) } }), ({ lastUsedAt }) => isIn(lastUsedAt, 0, daysAgo(30))],
  [
    () => ({ lastUsedAt: { from: at(daysAgo(120)), to: at(daysAgo(60)) } }),
    ({ lastUsedAt }) => isIn(lastUsedAt, daysAgo(120), daysAgo(60)),
  ],
  [() => ({ isUsed: true }), ({ lastUsedAt }) => lastUsedAt !== null],
  [() => ({ isUsed: false }), ({ lastUsedAt }) => lastUsedAt === null],
  [() => ({ notUsedSince: at(daysAgo(90)) }), ({ lastUsedAt, createdAt }) => (lastUsedAt ?? createdAt) < daysAgo(90)],
];

const DOCUMENT = `query($f: ApiKeyFilter, $o: ApiKeyOrder, $first: Int, $after: String, $last: Int, $before: String) {
  apiKeys(filter: $f, orderBy: $o, first: $first, after: $after, last: $last, before: $before) {
    nodes { id name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }`;

async function page(variables: Variables, key?: string) {
  const answer = await ask(DOCUMENT, variables, key);
  expect(answer.errors, answer.text).toEqual([]);
  expect(answer.calls).toBe(1);
  return answer.data.apiKeys;
}

const idsOf = (keys: readonly { id: string; name?: string }[]) =>
  keys.filter(({ name }) => name !== '~').map(({ id }) => id);

describe('the list of API keys', () => {
  const reaching: [who: string, secret: () => string, reaches: (one: Known) => boolean][] = [
    ['everything', () => secrets.all, () => true],
    ['one tenant', () => secrets.tenant, ({ tenants: [only, more] }) => only === tenants[0] && more === undefined],
    ['another', () => secrets.nobody, () => false],
  ];

  for (const [who, secret, reaches] of reaching) {
    it(`has for who reaches ${who} what satisfies each condition, in each order and direction`, async () => {
      const isWhole = who === 'everything';
      for (const [index, [given, has]] of [[() => ({}), () => true] as Condition, ...CONDITIONS].entries()) {
        const matching = known.filter((one) => reaches(one) && has(one));
        for (const field of isWhole ? FIELDS : [FIELDS[index % FIELDS.length] ?? 'NAME']) {
          for (const direction of isWhole || index % 2 === 0 ? ['ASC', 'DESC'] : ['DESC']) {
            const expected = sorted(matching, field).map(({ id }) => id);
            if (direction === 'DESC') expected.reverse();
            const { nodes } = await page({ f: given(), o: { field, direction }, first: 100 }, secret());
            expect(idsOf(nodes), JSON.stringify([given(), field, direction])).toEqual(expected);
          }
        }
      }
    });
  }

  it('has what satisfies any two of the conditions', async () => {
    const pairs = CONDITIONS.flatMap((one, index) => CONDITIONS.slice(index + 1).map((other) => [one, other] as const));
    for (const [index, [[given, has], [alsoGiven, alsoHas]]] of pairs.entries()) {
      const [first, second] = [given(), alsoGiven()];
      if (Object.keys(first).some((name) => name in second)) continue;
      const field = FIELDS[index % FIELDS.length] ?? 'NAME';
      const expected = sorted(
        known.filter((one) => has(one) && alsoHas(one)),
        field,
      ).map(({ id }) => id);
      const filter = { ...first, ...second };
      const { nodes, totalCount } = await page({ f: filter, o: { field, direction: 'ASC' }, first: 100 });
      expect(idsOf(nodes), JSON.stringify([filter, field])).toEqual(expected);
      expect(totalCount - nodes.filter(({ name }: { name: string }) => name === '~').length).toBe(expected.length);
    }
  });

  it('goes forward and backward from page to page, without a gap and without one twice', async () => {
    for (const filter of [{}, { state: 'ACTIVE' }, { tenantId: tenants[0] }, { notUsedSince: at(daysAgo(10)) }]) {
      for (const field of FIELDS) {
        const order = { field, direction: field === 'NAME' ? 'ASC' : 'DESC' };
        const whole = await page({ f: filter, o: order, first: 100 });
        const [forward, backward]: [string[], string[]] = [[], []];
        for (let after: string | null = null, more = true; more; ) {
          const { nodes, pageInfo } = await page({ f: filter, o: order, first: 7, after });
          forward.push(...nodes.map(({ id }: { id: string }) => id));
          [after, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
        }
        for (let before: string | null = null, more = true; more; ) {
          const { nodes, pageInfo } = await page({ f: filter, o: order, last: 7, before });
          backward.unshift(...nodes.map(({ id }: { id: string }) => id));
          [before, more] = [pageInfo.startCursor, pageInfo.hasPreviousPage];
        }
        const all = whole.nodes.map(({ id }: { id: string }) => id);
        expect([forward, backward], JSON.stringify([filter, field])).toEqual([all, all]);
      }
    }
  });

  it('refuses a cursor of another order or list, and filters that are not valid, with their path', async () => {
    const { pageInfo } = await page({ o: { field: 'NAME', direction: 'ASC' }, first: 1 });
    const cursorOf = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    const { data } = await ask('{ tenants(first: 1, orderBy: { field: NAME }) { pageInfo { endCursor } } }');
    const refused: [Variables, string][] = [
      [{ after: pageInfo.endCursor }, 'after'],
      [{ o: { field: 'LAST_USED_AT', direction: 'ASC' }, after: pageInfo.endCursor }, 'after'],
      [{ o: { field: 'NAME', direction: 'ASC' }, after: data.tenants.pageInfo.endCursor }, 'after'],
      [
        { o: { field: 'EXPIRES_AT', direction: 'ASC' }, after: cursorOf('apiKeys', 'EXPIRES_AT', 'soon', 'x') },
        'after',
      ],
      [
        { o: { field: 'LAST_USED_AT', direction: 'ASC' }, after: cursorOf('apiKeys', 'LAST_USED_AT', null, 'x') },
        'after',
      ],
      [{ f: { permission: 'tenant:fly' } }, 'filter.permission'],
      [{ f: { permission: '' } }, 'filter.permission'],
      [{ f: { tenantId: 'junk' } }, 'filter.tenantId'],
      [{ f: { nameStartsWith: ' ' } }, 'filter.nameStartsWith'],
      [{ f: { expiresAt: { from: at(NOW), to: at(NOW - 1) } } }, 'filter.expiresAt.from'],
      [{ first: 101 }, 'first'],
    ];
    for (const [variables, path] of refused) {
      const { errors, text } = await ask(DOCUMENT, variables);
      expect(errors[0]?.message, text).toContain(path);
      expect(errors[0]?.extensions.code, text).toBe('BAD_USER_INPUT');
    }
    for (const empty of [{ permission: 'nothing:there' }, { tenantId: globalId('Tenant', crypto.randomUUID()) }]) {
      expect((await page({ f: empty })).totalCount).toBe(0);
    }
  });

  it('follows what happens to a key', async () => {
    const { id, secret } = await newKey({ permissions: ['tenant:read'] });
    const has = async (filter: Variables) => {
      const { nodes } = await page({ f: filter, o: { field: 'CREATED_AT', direction: 'DESC' }, first: 100 });
      return nodes.some((node: { id: string }) => node.id === id);
    };
    expect(await has({ isUsed: false, state: 'ACTIVE' })).toBe(true);
    await ask('{ viewer { type } }', {}, secret);
    expect(await has({ isUsed: true, lastUsedAt: { from: at(NOW - DAY) } })).toBe(true);
    expect(await has({ isUsed: false })).toBe(false);
    const expiresAt = at(Date.now() + DAY);
    await succeed('updateApiKey', 'apiKey { id }', { id, name: 'Followed', permissions: ['role:read'], expiresAt });
    expect(await has({ nameStartsWith: 'foLLow', permission: 'role:read', expiresAt: { from: expiresAt } })).toBe(true);
    expect(await has({ permission: 'tenant:read' })).toBe(false);
    await succeed('revokeApiKey', 'apiKey { id }', { id });
    expect(await has({ state: 'REVOKED' })).toBe(true);
  });
});
