import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CustomerListArguments } from '../../src/directory/customers/queries.ts';
import { globalId } from '../shared/fixtures.ts';
import { ask, ROOT_KEY, send } from '../shared/gateway.ts';
import { ALL, fill, READERS, type Reader, type Row } from '../shared/ten-thousand.ts';
import { posted } from '../walks/dialects/table.ts';

/** What is read before all that satisfies one condition, and how many rows for each record that does. */
const MAX_TRIED = 3500;
const MAX_PER_MATCH = 8;
/** What an index serves in the order asked for, of each tenant in reach. */
const MAX_SERVED = 500;
/** What an offset skips is read as the page is. */
const MAX_SKIPPED = 500;

beforeAll(fill, 60_000);

interface Page {
  nodes: { id: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

const DOCUMENT = `query($first: Int, $after: String, $last: Int, $before: String, $filter: CustomerFilter, $orderBy: RecordOrder) {
  customers(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

interface Order {
  field: 'CREATED_AT' | 'UPDATED_AT' | 'NAME';
  direction: 'ASC' | 'DESC';
}

interface Filter {
  what: string;
  given: Variables['filter'];
  has: (row: Row) => boolean;
  /** Of several conditions, the one that fewest satisfy. */
  fewest?: (row: Row) => boolean;
  /** Whether nothing leads to those in reach who satisfy it: for those who reach tenants only, or for everyone. */
  isTried?: 'IN_TENANTS' | true;
}

const ORDERS = (['CREATED_AT', 'UPDATED_AT', 'NAME'] as const).flatMap((field) =>
  (['ASC', 'DESC'] as const).map((direction): Order => ({ field, direction })),
);
const at = (milliseconds: number) => new Date(milliseconds);
const labelled = (label: string) => (row: Row) => row.labels.includes(label);

/** Nothing leads to those in reach who carry a label, where only some tenants are. */
const ofLabels = { isTried: 'IN_TENANTS' } as const;

/** A search for a name or an e-mail address that contains this. */
const search = (what: string, text: string): Filter => ({
  what: `a search for ${what}`,
  given: { search: text },
  has: ({ name, email }) => name.toLowerCase().includes(text) || email.includes(text),
});

const FILTERS: readonly Filter[] = [
  search('what all have in their e-mail', 'mail.example'),
  search('what many have in their e-mail', 'seventh'),
  search('what many have that are named last', 'zeta'),
  search('what few have in their name', '0042'),
  search('what nobody has', 'nobody'),
  {
    what: 'a search for two characters that many names begin with',
    given: { search: 'ZE' },
    has: ({ name }) => name.startsWith('Ze'),
  },
  { what: 'a search for an external id', given: { search: 'X17' }, has: ({ externalId }) => externalId === 'X17' },
  {
    what: 'a search, a label, a kind and a range',
    given: { search: 'mail.example', labels: ['sixteenth'], kinds: ['COMPANY'], updatedAt: { from: at(500_000_000) } },
    has: (row) => labelled('sixteenth')(row) && row.kind === 'COMPANY' && row.updatedAt >= 500_000_000,
    fewest: labelled('sixteenth'),
    isTried: 'IN_TENANTS',
  },
  { what: 'a label that all have', given: { labels: ['common'] }, has: labelled('common'), ...ofLabels },
  { what: 'a label that many have', given: { labels: ['sixteenth'] }, has: labelled('sixteenth'), ...ofLabels },
  { what: 'a label that few have', given: { labels: ['rare'] }, has: labelled('rare'), ...ofLabels },
  {
    what: 'a label of those created last',
    given: { labels: ['created last'] },
    has: labelled('created last'),
    ...ofLabels,
  },
  { what: 'a label of those named last', given: { labels: ['named last'] }, has: labelled('named last'), ...ofLabels },
  {
    what: 'labels that few have together',
    given: { labels: ['common', 'sixteenth', 'named last'] },
    has: (row) => labelled('sixteenth')(row) && labelled('named last')(row),
    fewest: labelled('sixteenth'),
    ...ofLabels,
  },
  {
    what: 'a label and a kind',
    given: { labels: ['created last'], kinds: ['PERSON'] },
    has: (row) => labelled('created last')(row) && row.kind === 'PERSON',
    fewest: labelled('created last'),
    ...ofLabels,
  },
  {
    what: 'a long range of creation',
    given: { createdAt: { from: at(5_000_000), to: at(9_000_000) } },
    has: ({ createdAt }) => createdAt >= 5_000_000 && createdAt < 9_000_000,
  },
  {
    what: 'a short range of updates',
    given: { updatedAt: { from: at(900_000_000), to: at(920_000_000) } },
    has: ({ updatedAt }) => updatedAt >= 900_000_000 && updatedAt < 920_000_000,
  },
  {
    what: 'two long ranges',
    given: { createdAt: { from: at(5_000_000) }, updatedAt: { to: at(500_000_000) } },
    has: ({ createdAt, updatedAt }) => createdAt >= 5_000_000 && updatedAt < 500_000_000,
    fewest: ({ createdAt }) => createdAt >= 5_000_000,
  },
  {
    what: 'external ids',
    given: { externalIds: ['X17', 'X18', 'X20', 'x21', 'nobody'] },
    has: ({ externalId }) => ['X17', 'X18', 'X20'].includes(externalId),
  },
  { what: 'a name', given: { name: 'NAME 00042' }, has: ({ name }) => name === 'Name 00042' },
  {
    what: 'the beginning of many names',
    given: { nameStartsWith: 'zeta 0' },
    has: ({ name }) => name.startsWith('Zeta 0'),
  },
  {
    what: 'three characters in many names',
    given: { nameContains: 'ZETA' },
    has: ({ name }) => name.startsWith('Zeta'),
  },

  {
    what: 'a text in descriptions',
    given: { descriptionContains: 'MAKES 4' },
    has: ({ description }) => description?.startsWith('Makes 4') ?? false,
    isTried: true,
  },
];

const withDeleted = (filter: Filter): Filter[] => {
  const { what, given, has, fewest = has } = filter;
  return [
    { ...filter, fewest, has: (row) => has(row) && !row.deleted },
    { ...filter, fewest, what: `${what}, deleted ones included`, given: { ...given, deleted: 'INCLUDE' } },
    {
      ...filter,
      fewest,
      what: `${what}, deleted ones only`,
      given: { ...given, deleted: 'ONLY' },
      has: (row) => has(row) && row.deleted,
    },
  ];
};

const isReached = (row: Row, { tenants }: Reader): boolean =>
  tenants === null || row.tenants.some((name) => tenants.includes(name));

/** How many rows a page may take: of those in reach, as many as satisfy one of the conditions. */
function mostRows({ has, fewest = has, isTried }: Filter, reader: Reader): number {
  const isEach = isTried === true || (isTried === 'IN_TENANTS' && reader.tenants !== null);
  const rows = ALL.filter((row) => isReached(row, reader) && (isEach || fewest(row)));
  return MAX_TRIED + MAX_PER_MATCH * rows.length;
}

type CustomerFilter = NonNullable<CustomerListArguments['filter']>;

interface Variables {
  filter: CustomerFilter;
  orderBy: Order;
  first?: number;
  after?: string | null;
  last?: number;
  before?: string | null;
}

async function pageOf(variables: Variables, { key }: Reader, most = Number.POSITIVE_INFINITY): Promise<Page> {
  const { data, rowsRead, text } = await ask(DOCUMENT, { ...variables }, key());
  expect(data?.customers, text).toBeTruthy();
  expect(rowsRead, JSON.stringify(variables)).toBeLessThan(most);
  return data.customers;
}

/** The ids that a list must have, in its order. All that is compared here is ASCII. */
function expected({ has }: Filter, reader: Reader, { field, direction }: Order): string[] {
  const key = ({ name, updatedAt }: Row) => ({ CREATED_AT: 0, UPDATED_AT: updatedAt, NAME: name })[field];
  const less = (one: Row, other: Row) => key(one) < key(other) || (key(one) === key(other) && one.id < other.id);
  const rows = ALL.filter((row) => has(row) && isReached(row, reader));
  const sorted = rows.sort((one, other) => (less(one, other) ? -1 : 1));
  if (direction === 'DESC') sorted.reverse();
  return sorted.map(({ id }) => globalId('Customer', id));
}

async function walkForward(variables: Variables, reader: Reader): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ; ) {
    const { nodes, pageInfo }: Page = await pageOf({ ...variables, first: 100, after }, reader);
    ids.push(...nodes.map(({ id }) => id));
    if (!pageInfo.hasNextPage) return ids;
    expect(pageInfo.endCursor).not.toBe(after);
    after = pageInfo.endCursor;
  }
}

async function walkBackward(variables: Variables, reader: Reader, from: string | null = null): Promise<string[]> {
  const ids: string[] = [];
  for (let before = from; ; ) {
    const { nodes, pageInfo }: Page = await pageOf({ ...variables, last: 100, before }, reader);
    ids.unshift(...nodes.map(({ id }) => id));
    if (!pageInfo.hasPreviousPage) return ids;
    expect(pageInfo.startCursor).not.toBe(before);
    before = pageInfo.startCursor;
  }
}

describe('a filtered page of 25 of 10,000', () => {
  const filters = FILTERS.flatMap((filter, index) => withDeleted(filter).slice(0, index % 4 === 0 ? 3 : 2));
  for (const [index, filter] of filters.entries()) {
    // Of each filter there are two at least, with deleted records and without: together they have every order.
    const orders = ORDERS.filter((_, place) => (place + index) % 2 === 0);
    it(`is full, and reads no more than what one condition finds, with ${filter.what}, in any order, for everyone`, async () => {
      for (const reader of READERS) {
        for (const orderBy of orders) {
          const list = { filter: filter.given, orderBy };
          const most = mostRows(filter, reader);
          const all = expected(filter, reader, orderBy);
          const idsOf = ({ nodes }: Page) => nodes.map(({ id }) => id);
          const first = await pageOf({ ...list, first: 25 }, reader, most);
          expect(idsOf(first)).toEqual(all.slice(0, 25));
          expect(first.pageInfo.hasNextPage).toBe(all.length > 25);
          if (all.length <= 25) continue;
          const next = await pageOf({ ...list, first: 25, after: first.pageInfo.endCursor }, reader, most);
          expect(idsOf(next)).toEqual(all.slice(25, 50));
          expect(next.pageInfo.hasNextPage).toBe(all.length > 50);
          const back = await pageOf({ ...list, last: 25, before: next.pageInfo.startCursor }, reader, most);
          expect(back).toEqual({ nodes: first.nodes, pageInfo: { ...first.pageInfo, hasPreviousPage: false } });
        }
      }
    });
  }
});

describe('whoever follows the cursors of a filtered list', () => {
  const filters = FILTERS.flatMap((filter, index) => withDeleted(filter)[index % 2] ?? []);
  const everyone = READERS.slice(0, 3);
  for (const [index, filter] of filters.entries()) {
    it(`sees every record once, in order, forward or backward, with ${filter.what}`, async () => {
      for (const [place, reader] of everyone.entries()) {
        // Each filter for each reader, in one order and one direction: together, all of them in all.
        const orderBy = ORDERS[(index + place * 2) % 6];
        if (!orderBy) throw new Error('There are six orders');
        const walk = (index + place) % 2 === 0 ? walkForward : walkBackward;
        const seen = await walk({ filter: filter.given, orderBy }, reader);
        expect(seen, `${reader.who}, ${JSON.stringify(orderBy)}`).toEqual(expected(filter, reader, orderBy));
      }
    }, 60_000);
  }

  it('begins with the names that begin so, and need not look for them', async () => {
    for (const reader of READERS.slice(0, 3)) {
      for (const direction of ['ASC', 'DESC'] as const) {
        const list = { filter: { nameStartsWith: 'ze' }, orderBy: { field: 'NAME', direction } as const };
        expect((await pageOf({ ...list, first: 25 }, reader)).nodes).toHaveLength(25);
        expect((await pageOf({ ...list, last: 25 }, reader)).nodes).toHaveLength(25);
      }
    }
  });

  it('has the whole list on one page if it has few records, or the filter fits few', async () => {
    for (const reader of READERS) {
      for (const orderBy of ORDERS) {
        const { nodes, pageInfo } = await pageOf({ filter: { labels: ['rare'] }, orderBy, first: 25 }, reader);
        if (reader.tenants === null || reader.tenants.includes('small')) {
          expect(pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
          expect(nodes).toHaveLength(reader.tenants === null ? 10 : 0);
        }
      }
    }
  });
});

describe('the order of descriptions', () => {
  const document = `query($first: Int, $last: Int, $after: String, $before: String, $offset: Int, $direction: OrderDirection!) {
    customers(first: $first, last: $last, after: $after, before: $before, offset: $offset,
      sortBy: [{ field: DESCRIPTION, direction: $direction }]) {
      nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
  const inOrder = async (variables: object, { key, tenants }: Reader): Promise<Page> => {
    const answer = await send(posted('/api', document, { ...variables }, key() ?? ROOT_KEY));
    expect(answer.data?.customers, answer.text).toBeTruthy();
    // Of several tenants, what is asked for is read of each.
    const bound = (MAX_SERVED + 8 * MAX_SKIPPED) * (tenants?.length ?? 1);
    expect(answer.rowsRead, JSON.stringify(variables)).toBeLessThan(bound);
    return answer.data.customers;
  };
  const sorted = ({ tenants }: Reader, direction: 'ASC' | 'DESC'): string[] => {
    const key = ({ description }: Row) => description?.toLowerCase() ?? '';
    const less = (one: Row, other: Row) => key(one) < key(other) || (key(one) === key(other) && one.id < other.id);
    const rows = ALL.filter(
      (row) => !row.deleted && (tenants === null || row.tenants.some((name) => tenants.includes(name))),
    ).sort((one, other) => (less(one, other) ? -1 : 1));
    return (direction === 'ASC' ? rows : rows.reverse()).map(({ id }) => globalId('Customer', id));
  };

  it('is walked by an index, forward and backward, for everyone', async () => {
    for (const reader of READERS.slice(0, 3)) {
      for (const direction of ['ASC', 'DESC'] as const) {
        const expectedIds = sorted(reader, direction);
        const ids: string[] = [];
        for (let after: string | null = ''; ids.length < 300; ) {
          const { nodes, pageInfo }: Page = await inOrder({ direction, after }, reader);
          ids.push(...nodes.map(({ id }) => id));
          after = pageInfo.endCursor;
        }
        expect(ids).toEqual(expectedIds.slice(0, 300));
        const last = await inOrder({ direction, last: 100 }, reader);
        const before = await inOrder({ direction, last: 100, before: last.pageInfo.startCursor }, reader);
        expect([...before.nodes, ...last.nodes].map(({ id }) => id)).toEqual(expectedIds.slice(-200));
      }
    }
  });

  it('skips what an offset says, and reads no more than that', async () => {
    for (const reader of READERS.slice(0, 3)) {
      const expectedIds = sorted(reader, 'ASC');
      const { nodes, pageInfo } = await inOrder({ direction: 'ASC', offset: 500, first: 50 }, reader);
      expect(nodes.map(({ id }) => id)).toEqual(expectedIds.slice(500, 550));
      expect(pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
      const next = await inOrder({ direction: 'ASC', offset: 3, first: 50, after: pageInfo.endCursor }, reader);
      expect(next.nodes.map(({ id }) => id)).toEqual(expectedIds.slice(553, 603));
    }
  });
});

describe('an offset into a filtered list', () => {
  const skipped = (filter: string) =>
    send(
      posted(
        '/api',
        `{ customers(${filter}, offset: 12, first: 3, sortBy: [{ field: NAME, direction: ASC }]) { nodes { id } } }`,
        {},
        ROOT_KEY,
      ),
    );

  it('counts what the filter fits', async () => {
    const few = await skipped('name_Istartswith: "name 001", description_Icontains: "things"');
    const many = await skipped('name_Istartswith: "name", description_Icontains: "things"');
    const texts = await skipped('description_Icontains: "things"');
    const [root] = READERS;
    if (!root) throw new Error('The root key reads everything');
    for (const [{ data }, beginning] of [
      [few, 'Name 001'],
      [many, 'Name'],
      [texts, ''],
    ] as const) {
      const has = ({ name, description, deleted }: Row) =>
        name.startsWith(beginning) && description !== null && !deleted;
      const ids = expected({ what: '', given: {}, has }, root, { field: 'NAME', direction: 'ASC' });
      expect(data.customers.nodes.map(({ id }: { id: string }) => id)).toEqual(ids.slice(12, 15));
    }
  });

  it('goes on wherever the matches are', async () => {
    const { data } = await skipped('description_Icontains: "makes 42"');
    const [root] = READERS;
    if (!root) throw new Error('The root key reads everything');
    const has = ({ description, deleted }: Row) => !deleted && (description?.startsWith('Makes 42') ?? false);
    const ids = expected({ what: '', given: {}, has }, root, { field: 'NAME', direction: 'ASC' });
    expect(data.customers.nodes.map(({ id }: { id: string }) => id)).toEqual(ids.slice(12, 15));
  });
});

const BEYOND: readonly CustomerFilter[] = [
  { search: '0042' },
  { search: 'ze' },
  { labels: ['rare'] },
  { externalIds: ['X20'] },
  { name: 'zebra 0042' },
  { nameStartsWith: 'ze' },
  { nameContains: '0042' },
];

describe('what lies beyond the reach', () => {
  it('changes nothing in a page, neither its records nor where it ends, nor how much is read for it', async () => {
    const pages = async () => {
      const answers: unknown[] = [];
      for (const reader of READERS.slice(1)) {
        for (const [index, given] of BEYOND.entries()) {
          const orders = ORDERS.filter((_, place) => (place + index) % 2 === 0);
          for (const orderBy of orders) {
            const { data, rowsRead } = await ask(DOCUMENT, { filter: given, orderBy, first: 25 }, reader.key());
            answers.push({ page: data.customers, rowsRead });
          }
        }
      }
      return answers;
    };
    const before = await pages();
    await env.DB.prepare(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 600)
       INSERT INTO customer (id, kind, name, name_key, email_verified, labels, created_at, updated_at)
       SELECT '00000000-0000-7000-8000-' || printf('%012x', n), 'PERSON', 'Zebra 0042', 'zebra 0042', 0, '["rare"]', 1, 1
       FROM numbers`,
    ).run();
    expect(await pages()).toEqual(before);
    const [root] = READERS;
    if (!root) throw new Error('The root key reads everything');
    const orderBy = { field: 'CREATED_AT', direction: 'ASC' } as const;
    expect((await pageOf({ filter: { search: '0042' }, orderBy, first: 100 }, root)).nodes).toHaveLength(100);
  });
});
