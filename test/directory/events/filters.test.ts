import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Dice } from '../../shared/dice.ts';
import { globalId, newCustomer, newKey, newTenant, rawId, succeed } from '../../shared/fixtures.ts';
import { ask, ROOT_KEY } from '../../shared/gateway.ts';

/** What the README promises of a page. */
const MAX_ROWS_READ = 5000;
const EVENTS = 20_000;
const BEGUN = Date.UTC(2025, 0, 1);

/** An event as the test knows it, to work out by itself what a list should have. */
interface Row {
  id: number;
  type: string;
  subjectId: string;
  actorType: 'ROOT' | 'USER';
  actorId: string | null;
  createdAt: number;
  tenants: ('large' | 'small')[];
}

const uuid = (kind: string, n: number) => `01900000-0000-7000-8000-${kind}${String(n).padStart(11, '0')}`;
const TYPES = ['customer.created', 'customer.updated', 'customer.updated', 'customer.updated'];

/** What is rare stands at both ends of the feed. Each event is committed up to a minute after others that began later. */
function row(n: number): Row {
  const isRare = n % 9990 === 7;
  const late = (n * 7919) % 60;
  return {
    id: n,
    type: isRare ? 'customer.erased' : (TYPES[n % 4] ?? ''),
    subjectId: uuid('a', n % 4000),
    actorType: n % 3 === 0 ? 'ROOT' : 'USER',
    actorId: n % 3 === 0 ? null : uuid('b', n > 19_980 ? 99 : n % 2),
    createdAt: BEGUN + (n - late) * 1000,
    tenants: [...(n % 2 === 0 ? (['large'] as const) : []), ...(n % 5000 === 11 ? (['small'] as const) : [])],
  };
}

const ALL = Array.from({ length: EVENTS }, (_, index) => row(index + 1));
const tenantIds = { large: '', small: '', other: '' };
const keys: Record<string, string> = { 'the root key': ROOT_KEY };

const commandAt = (time: number, n: number) => {
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-cccc${n.toString(16).padStart(8, '0')}`;
};

beforeAll(async () => {
  for (const name of ['large', 'small', 'other'] as const) tenantIds[name] = (await newTenant()).id;
  keys['a key of the large tenant'] = (await newKey({ tenants: [tenantIds.large] })).secret;
  keys['a key of both tenants'] = (await newKey({ tenants: [tenantIds.large, tenantIds.small] })).secret;
  await env.DB.batch([env.DB.prepare('DELETE FROM event_tenant'), env.DB.prepare('DELETE FROM event')]);
  for (let from = 0; from < EVENTS; from += 2000) {
    const rows = ALL.slice(from, from + 2000);
    const stored = rows.map(({ tenants: _tenants, ...rest }) => ({
      ...rest,
      command: commandAt(rest.createdAt, rest.id),
    }));
    const named = rows.flatMap(({ tenants, ...rest }) =>
      tenants.map((name) => ({ ...rest, tenant: rawId(tenantIds[name]) })),
    );
    const value = (name: string) => `value ->> '${name}'`;
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO event (id, command_id, type, subject_type, subject_id, actor_type, actor_id, created_at)
        SELECT ${['id', 'command', 'type'].map(value).join()}, 'Customer', ${['subjectId', 'actorType', 'actorId', 'createdAt'].map(value).join()}
        FROM json_each(?)`,
      ).bind(JSON.stringify(stored)),
      env.DB.prepare(
        `INSERT INTO event_tenant (tenant_id, event_id, type, actor_type, actor_id)
        SELECT ${['tenant', 'id', 'type', 'actorType', 'actorId'].map(value).join()} FROM json_each(?)`,
      ).bind(JSON.stringify(named)),
    ]);
  }
}, 120_000);

/** A filter as it is given, and what it has. */
interface Filter {
  given: Record<string, unknown>;
  has: (row: Row) => boolean;
}

const byTypes = (...types: string[]): Filter => ({ given: { types }, has: ({ type }) => types.includes(type) });
const bySubject = (n: number): Filter => ({
  given: { subjectId: globalId('Customer', uuid('a', n)) },
  has: ({ subjectId }) => subjectId === uuid('a', n),
});
const byUser = (n: number): Filter => ({
  given: { actor: { type: 'USER', id: globalId('User', uuid('b', n)) } },
  has: ({ actorId }) => actorId === uuid('b', n),
});
const byRoot: Filter = { given: { actor: { type: 'ROOT' } }, has: ({ actorType }) => actorType === 'ROOT' };
const naming = (name: keyof typeof tenantIds): Filter => ({
  get given() {
    return { tenantId: tenantIds[name] };
  },
  has: ({ tenants }) => tenants.some((one) => one === name),
});
const within = (from: number | null, to: number | null): Filter => {
  const time = (second: number) => new Date(BEGUN + second * 1000).toISOString();
  const given = { ...(from !== null && { from: time(from) }), ...(to !== null && { to: time(to) }) };
  return {
    given: { createdAt: given },
    has: ({ createdAt }) =>
      (from === null || createdAt >= BEGUN + from * 1000) && (to === null || createdAt < BEGUN + to * 1000),
  };
};

/** One of each kind at most, so that any of them can be combined. */
const KINDS: readonly (readonly Filter[])[] = [
  [byTypes('customer.erased'), byTypes('customer.updated'), byTypes('customer.created', 'customer.erased')],
  [bySubject(7), bySubject(3999), bySubject(4001)],
  [byUser(99), byUser(1), byUser(1000), byRoot],
  [naming('large'), naming('small'), naming('other')],
  [
    within(19_950, null),
    within(null, 30),
    within(10_000, 10_020),
    within(5000, 15_000),
    within(-50, 0),
    within(90_000, null),
  ],
];

const both = (one: Filter, other: Filter): Filter => ({
  get given() {
    return { ...one.given, ...other.given };
  },
  has: (row) => one.has(row) && other.has(row),
});

const DOCUMENT = `query($first: Int, $after: String, $last: Int, $before: String, $filter: EventFilter) {
  events(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

/** Reads all pages in one direction. Returns the ids in the order of the feed, and what the dearest page read. */
async function readAll(filter: Filter, key: string | undefined, isForward: boolean, size: number) {
  const ids: number[] = [];
  let rows = 0;
  let cursor: string | null = null;
  for (;;) {
    const page = isForward ? { first: size, after: cursor } : { last: size, before: cursor };
    const answer = await ask(DOCUMENT, { ...page, filter: filter.given }, key);
    expect(answer.errors, answer.text).toEqual([]);
    const { nodes, pageInfo } = answer.data.events;
    const found = nodes.map(({ id }: { id: string }) => Number(rawId(id)));
    if (isForward) ids.push(...found);
    else ids.unshift(...found);
    rows = Math.max(rows, answer.rowsRead);
    if (!(isForward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return { ids, rows };
    cursor = isForward ? pageInfo.endCursor : pageInfo.startCursor;
  }
}

const REACHED: Record<string, (row: Row) => boolean> = {
  'the root key': () => true,
  'a key of the large tenant': ({ tenants }) => tenants.includes('large'),
  'a key of both tenants': ({ tenants }) => tenants.length > 0,
};

const isReached = (reader: string, filter: Filter) =>
  ALL.filter((row) => REACHED[reader]?.(row) && filter.has(row)).map(({ id }) => id);

describe('events', () => {
  const dice = new Dice(20_261_129);
  const alone = KINDS.flat();
  const combined = Array.from({ length: 40 }, () => {
    const [first, ...others] = dice.some(KINDS, KINDS.length).map((kind) => dice.one(kind));
    return others.reduce(both, first ?? byRoot);
  });
  for (const reader of Object.keys(REACHED)) {
    it(`have what each filter says and what filters say together, by bounded pages, for ${reader}`, async () => {
      for (const filter of [...alone, ...combined]) {
        const expected = isReached(reader, filter);
        // What is long is not read to its end.
        const isShort = expected.length < 700;
        for (const isForward of [true, false]) {
          const what = `${reader} ${JSON.stringify(filter.given)} ${isForward ? 'forwards' : 'backwards'}`;
          if (isShort) {
            const { ids, rows } = await readAll(filter, keys[reader], isForward, 100);
            expect(ids, what).toEqual(expected);
            expect(rows, what).toBeLessThan(MAX_ROWS_READ);
            continue;
          }
          const page = isForward ? { first: 100 } : { last: 100 };
          const { data, rowsRead } = await ask(DOCUMENT, { ...page, filter: filter.given }, keys[reader]);
          const ids = data.events.nodes.map(({ id }: { id: string }) => Number(rawId(id)));
          expect(ids, what).toEqual(isForward ? expected.slice(0, 100) : expected.slice(-100));
          expect(rowsRead, what).toBeLessThan(MAX_ROWS_READ);
        }
      }
    }, 120_000);
  }

  it('are found by a cursor of the whole feed, however far it is from the time that is asked for', async () => {
    const { data } = await ask(DOCUMENT, { first: 1 });
    const after = data.events.pageInfo.endCursor;
    const filter = { createdAt: within(19_950, null).given.createdAt };
    const answer = await ask(DOCUMENT, { first: 10, after, filter });
    expect(answer.data.events.nodes.map(({ id }: { id: string }) => Number(rawId(id)))).toEqual(
      isReached('the root key', within(19_950, null)).slice(0, 10),
    );
    expect(answer.rowsRead).toBeLessThan(MAX_ROWS_READ);
  });

  it('are none that name a tenant out of reach, also where something else is asked for that is in reach', async () => {
    const key = (await newKey({ tenants: [tenantIds.small] })).secret;
    const filter = { ...bySubject(1011).given, tenantId: tenantIds.large };
    const document = 'query($filter: EventFilter) { events(filter: $filter) { totalCount nodes { id } } }';
    // What is asked about has events of both tenants.
    await env.DB.prepare(`INSERT INTO event_tenant (tenant_id, event_id, type, actor_type, actor_id)
      SELECT ?, id, type, actor_type, actor_id FROM event WHERE id = 5011`)
      .bind(rawId(tenantIds.large))
      .run();
    const asked = async (given: object, by?: string) =>
      (await ask(document, { filter: given }, by)).data.events.totalCount;
    expect(await asked(filter)).toBe(1);
    expect(await asked(bySubject(1011).given, key)).toBe(1);
    const { data } = await ask(document, { filter }, key);
    expect(data.events).toEqual({ totalCount: 0, nodes: [] });
  });

  it('of many tenants in reach fill their pages, whichever way these go', async () => {
    const tenants = [];
    for (let count = 0; count < 6; count += 1) tenants.push((await newTenant()).id);
    const customer = await newCustomer({ tenantIdentifiers: tenants.map((id) => ({ id })) });
    for (const shortName of ['A', 'B', 'C'])
      await succeed('updateCustomer', '__typename', { id: customer.id, shortName });
    const { secret } = await newKey({ tenants });
    const updates = byTypes('customer.updated');
    const since = { createdAt: { from: new Date(Date.now() - 60_000).toISOString() } };
    const filters = [both(updates, byRoot), { ...updates, given: { ...updates.given, ...since } }];
    for (const filter of filters) {
      for (const size of [1, 6]) {
        const forwards = await readAll(filter, secret, true, size);
        expect(forwards.ids).toHaveLength(3);
        expect((await readAll(filter, secret, false, size)).ids).toEqual(forwards.ids);
      }
    }
  });

  it('of an id of another type are none, and of a time that ends before it begins are refused', async () => {
    const wrong = await ask(DOCUMENT, { filter: { subjectId: globalId('Tenant', uuid('a', 7)) } });
    expect(wrong.data.events.nodes).toEqual([]);
    const refused = await ask(DOCUMENT, { filter: { createdAt: within(2, 1).given.createdAt, tenantId: 'nobody' } });
    expect(refused.errors[0].extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ path: 'filter.tenantId' }, { path: 'filter.createdAt.from' }],
    });
  });
});
