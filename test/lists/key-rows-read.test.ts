import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalId, newKey, newPermission, newTenant, rawId } from '../shared/fixtures.ts';
import { ask } from '../shared/gateway.ts';
import { FEW, ROWS } from './directory.ts';

/*
 * How many rows the first page of API keys takes, whatever is asked for: as `rows-read.test.ts` has it of other records.
 */

const PAGE = 25;
const PAGE_ROWS = PAGE + 1;
/** What an index serves is read, and its record with what belongs to it: permissions, tenants, secrets. */
const MAX_SERVED = 8 * PAGE_ROWS;
/** What is tried before all is read that satisfies one condition, and to find out which that is. */
const MAX_TRIED = 8000;
const MAX_PER_MATCH = 8;
/** Of a key in reach: its tenant, itself, whether it reaches no other, and what it shows while it may be on the page. */
const MAX_PER_KEY_IN_REACH = 16;
const MAX_OF_KEY = 50;

const FIELDS = ['CREATED_AT', 'NAME', 'LAST_USED_AT', 'EXPIRES_AT'] as const;
const ORDERS = FIELDS.flatMap((field) => (['ASC', 'DESC'] as const).map((direction) => ({ field, direction })));
const SECOND = 1000;
const END = Math.floor(ROWS * 0.88);

/** A key that was made `n` seconds after the first. Those at the end of the order of uses and names have something in common. */
interface Key {
  n: number;
  id: string;
  rank: number;
  isLast: boolean;
  isAtEnd: boolean;
  isInTenant: boolean;
}

const KEYS: readonly Key[] = Array.from({ length: ROWS }, (_, index) => {
  const n = index + 1;
  const rank = (n * 7919) % ROWS;
  const hex = (n * SECOND).toString(16).padStart(12, '0');
  const id = `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-dddd${n.toString(16).padStart(8, '0')}`;
  return { n, id, rank, isLast: rank >= ROWS - FEW, isAtEnd: rank >= END, isInTenant: n % 2 === 0 };
});

const BASE = 10 * ROWS * SECOND;
const usedAt = ({ rank }: Key) => BASE + rank * SECOND;
const at = (time: number) => new Date(time).toISOString();
const FUTURE = Date.parse('2100-01-01T00:00:00Z');

let tenant: string;
let rareTenant: string;
let permission: string;
let secret: string;

beforeAll(async () => {
  [tenant, rareTenant] = [(await newTenant()).id, (await newTenant()).id];
  permission = await newPermission();
  secret = (await newKey({ permissions: ['apiKey:read'], tenants: [tenant] })).secret;
  const rows = KEYS.map((key) => ({
    ...key,
    name: `${key.isAtEnd ? 'Zeta' : 'Name'} ${String(key.rank).padStart(6, '0')}`,
    reach: key.isInTenant ? 'TENANTS' : key.isLast ? 'CUSTOMER' : 'ORGANIZATION',
    lastUsedAt: key.isLast ? null : usedAt(key),
    expiresAt: key.isLast ? 5 : key.isAtEnd ? FUTURE + key.rank : null,
    revokedAt: key.isAtEnd && !key.isLast && key.rank % 2 ? 1 : null,
    createdAt: key.n * SECOND,
  }));
  for (let start = 0; start < rows.length; start += 1000) {
    const given = JSON.stringify(rows.slice(start, start + 1000));
    const run = (sql: string, ...more: string[]) => env.DB.prepare(sql).bind(given, ...more);
    await env.DB.batch([
      run(`INSERT INTO api_key (id, name, access, reach, created_at, updated_at, last_used_at, expires_at, revoked_at)
        SELECT value ->> 'id', value ->> 'name', 'WRITE', value ->> 'reach', value ->> 'createdAt', 1,
          value ->> 'lastUsedAt', value ->> 'expiresAt', value ->> 'revokedAt' FROM json_each(?)`),
      run("INSERT INTO api_key_permission SELECT value ->> 'id', 'tenant:read' FROM json_each(?)"),
      run(
        "INSERT INTO api_key_permission SELECT value ->> 'id', ?2 FROM json_each(?1) WHERE value ->> 'isAtEnd'",
        permission,
      ),
      run(
        "INSERT INTO api_key_tenant SELECT value ->> 'id', ?2 FROM json_each(?1) WHERE value ->> 'isInTenant'",
        rawId(tenant),
      ),
      run(
        "INSERT INTO api_key_tenant SELECT value ->> 'id', ?2 FROM json_each(?1) WHERE value ->> 'isInTenant' AND value ->> 'isLast'",
        rawId(rareTenant),
      ),
    ]);
  }
  await ask('{ viewer { type } }', {}, secret);
}, 600_000);

interface Condition {
  given: () => object;
  has: (key: Key) => boolean;
  /** The orders whose index serves it; none, if not given. */
  served?: readonly (typeof FIELDS)[number][];
  /** Whether nothing leads there. */
  isTried?: true;
}

const isRevoked = ({ isAtEnd, isLast, rank }: Key) => isAtEnd && !isLast && rank % 2 === 1;
const USES = Math.floor(ROWS * 0.5);

const CONDITIONS = {
  'that reach everything': { given: () => ({ reach: 'ORGANIZATION' }), has: (key) => !key.isInTenant && !key.isLast },
  'that reach a customer': { given: () => ({ reach: 'CUSTOMER' }), has: (key) => !key.isInTenant && key.isLast },
  'of a tenant with half of all': { given: () => ({ tenantId: tenant }), has: (key) => key.isInTenant },
  'of a tenant with few': { given: () => ({ tenantId: rareTenant }), has: (key) => key.isInTenant && key.isLast },
  'with a permission that all have': { given: () => ({ permission: 'tenant:read' }), has: () => true },
  'with a permission of those at the end': { given: () => ({ permission }), has: (key) => key.isAtEnd },
  'the beginning of names at the end': {
    given: () => ({ nameStartsWith: 'zeta' }),
    has: (key) => key.isAtEnd,
    served: ['NAME'],
  },
  active: { given: () => ({ state: 'ACTIVE' }), has: (key) => !isRevoked(key) && !key.isLast },
  expired: { given: () => ({ state: 'EXPIRED' }), has: (key) => key.isLast },
  revoked: { given: () => ({ state: 'REVOKED' }), has: isRevoked },
  'that expire from some time on': {
    given: () => ({ expiresAt: { from: at(FUTURE) } }),
    has: (key) => key.isAtEnd && !key.isLast,
    served: ['EXPIRES_AT'],
  },
  'used in a short time': {
    given: () => ({ lastUsedAt: { from: at(BASE + (ROWS - 200) * SECOND) } }),
    has: (key) => !key.isLast && key.rank >= ROWS - 200,
  },
  'ever used': { given: () => ({ isUsed: true }), has: (key) => !key.isLast, isTried: true },
  'never used': { given: () => ({ isUsed: false }), has: (key) => key.isLast },
  'not used since half of all were': {
    given: () => ({ notUsedSince: at(BASE + USES * SECOND) }),
    has: (key) => key.isLast || key.rank < USES,
    served: ['LAST_USED_AT'],
  },
} satisfies Record<string, Condition>;

const FILTERS: readonly [what: string, ...conditions: Condition[]][] = [
  ['nothing'],
  ...Object.entries(CONDITIONS).map(([what, condition]): [string, Condition] => [what, condition]),
  ['active, and not used since half of all were', CONDITIONS.active, CONDITIONS['not used since half of all were']],
  [
    'with a permission of those at the end, of a tenant with half of all',
    CONDITIONS['with a permission of those at the end'],
    CONDITIONS['of a tenant with half of all'],
  ],
  ['of a tenant with few, active', CONDITIONS['of a tenant with few'], CONDITIONS.active],
  [
    'ever used, with a permission of those at the end',
    CONDITIONS['ever used'],
    CONDITIONS['with a permission of those at the end'],
  ],
];

function compare(one: Key, other: Key, field: (typeof FIELDS)[number]): number {
  const timeOf = (key: Key) => (key.isLast ? key.n * SECOND : usedAt(key));
  const endOf = (key: Key) => (key.isLast ? 5 : key.isAtEnd ? FUTURE + key.rank : Number.MAX_SAFE_INTEGER);
  const by = {
    CREATED_AT: 0,
    NAME: Number(one.isAtEnd) - Number(other.isAtEnd) || one.rank - other.rank,
    LAST_USED_AT: timeOf(one) - timeOf(other),
    EXPIRES_AT: endOf(one) - endOf(other),
  }[field];
  return by || one.n - other.n;
}

const DOCUMENT = `query($first: Int, $filter: ApiKeyFilter, $orderBy: ApiKeyOrder) {
  apiKeys(first: $first, filter: $filter, orderBy: $orderBy) { nodes { id } pageInfo { hasNextPage } } }`;

const table: string[] = [];
afterAll(() => {
  const header = [
    'list',
    'reach',
    'filter',
    'fewest',
    ...ORDERS.map(({ field, direction }) => `${field} ${direction}`),
  ];
  console.log(
    [header.join(' | '), header.map(() => '---').join(' | '), ...table].map((line) => `| ${line} |`).join('\n'),
  );
});

describe.each(['all', 'a tenant'] as const)('for who reaches %s, a page of API keys', (who) => {
  const reaches = (key: Key) => who === 'all' || (key.isInTenant && !key.isLast);

  it('is full, and reads no more than what satisfies one of the conditions, whatever is asked for', async () => {
    for (const [what, ...conditions] of FILTERS) {
      const inReach = KEYS.filter(reaches);
      const matching = inReach.filter((key) => conditions.every(({ has }) => has(key)));
      const leading = conditions.filter(({ isTried }) => !isTried);
      const fewest = Math.min(inReach.length, ...leading.map(({ has }) => inReach.filter(has).length));
      const read: number[] = [];
      for (const orderBy of ORDERS) {
        const all = matching.toSorted((one, other) => compare(one, other, orderBy.field));
        if (orderBy.direction === 'DESC') all.reverse();
        const filter = Object.assign({}, ...conditions.map(({ given }) => given()));
        const { data, rowsRead, text } = await ask(
          DOCUMENT,
          { filter, first: PAGE, orderBy },
          who === 'all' ? undefined : secret,
        );
        expect(data?.apiKeys, text).toBeTruthy();
        const label = `${what} ${JSON.stringify(orderBy)}`;
        const own = ({ id }: { id: string }) => id.length > 0 && KEYS.some((key) => globalId('ApiKey', key.id) === id);
        const ids = data.apiKeys.nodes.filter(own).map(({ id }: { id: string }) => id);
        // The key that asks is among them, in one place or the other.
        expect.soft(ids, label).toEqual(all.slice(0, ids.length).map(({ id }) => globalId('ApiKey', id)));
        expect.soft(ids.length, label).toBeGreaterThanOrEqual(Math.min(all.length, PAGE - 1));
        const isServed = conditions.every(({ served = [] }) => served.includes(orderBy.field));
        const most =
          who === 'a tenant'
            ? MAX_PER_KEY_IN_REACH * (inReach.length + FEW) + MAX_OF_KEY
            : isServed
              ? MAX_SERVED
              : MAX_TRIED + MAX_PER_MATCH * fewest;
        expect.soft(rowsRead, label).toBeLessThanOrEqual(most);
        read.push(rowsRead);
      }
      table.push(['API keys', who, what, fewest, ...read].join(' | '));
    }
  });
});
