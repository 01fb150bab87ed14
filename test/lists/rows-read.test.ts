import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalId } from '../shared/fixtures.ts';
import { ask } from '../shared/gateway.ts';
import { fill, type Made, RECORDS, ROWS, type Row } from './directory.ts';
import { type Filter, filtersOf, givenBy, type ListName, type Who } from './filters.ts';

const PAGE = 25;
/** A page and the row behind it. */
const PAGE_ROWS = PAGE + 1;
/** What an index serves is read, its record, and where each of a few partitions ends. */
const MAX_PAGES_SERVED = 3;
/** What each further label takes besides the rows of the rarest. */
const MAX_PAGES_OF_LABELS = 2;
/** What is tried before all is read that satisfies one condition, and to find out which that is. */
const MAX_TRIED = 3500;
/** How many rows are read for each record that satisfies the condition that fewest satisfy. */
const MAX_PER_MATCH = 8;
/** What a key takes to be recognized. */
const MAX_OF_KEY = 50;

const TYPES = { tenants: 'Tenant', customers: 'Customer', users: 'User' } as const;
const FILTERS = { tenants: 'TenantFilter', customers: 'CustomerFilter', users: 'UserFilter' } as const;
const FIELDS = ['CREATED_AT', 'UPDATED_AT', 'NAME'] as const;
const ORDERS = FIELDS.flatMap((field) => (['ASC', 'DESC'] as const).map((direction) => ({ field, direction })));
type Order = (typeof ORDERS)[number];

interface Reader {
  who: Who;
  key: () => string | undefined;
  lists: readonly ListName[];
  reaches: (row: Row) => boolean;
}

let made: Made;
beforeAll(async () => {
  made = await fill();
  for (const { key } of READERS) await ask('{ viewer { type } }', {}, key());
}, 600_000);

const READERS: readonly Reader[] = [
  { who: 'all', key: () => undefined, lists: ['tenants', 'customers', 'users'], reaches: () => true },
  { who: 'a tenant', key: () => made.keys.tenant, lists: ['customers', 'users'], reaches: (row) => row.isInTenant },
  { who: 'a customer', key: () => made.keys.customer, lists: ['users'], reaches: (row) => row.ofCustomer === 'many' },
];

const compare = (one: Row, other: Row, field: Order['field']): number => {
  if (field === 'NAME' && one.rank !== other.rank) return one.rank - other.rank;
  if (field === 'UPDATED_AT' && one.updatedAt !== other.updatedAt) return one.updatedAt - other.updatedAt;
  return one.n - other.n;
};

function expected(list: ListName, { conditions }: Filter, reader: Reader, { field, direction }: Order): string[] {
  const isOfDeleted = conditions.some(({ given }) => 'deleted' in given);
  const rows = RECORDS[list]
    .filter((row) => reader.reaches(row) && (isOfDeleted || !row.deleted) && conditions.every(({ has }) => has(row)))
    .sort((one, other) => compare(one, other, field));
  if (direction === 'DESC') rows.reverse();
  return rows.map(({ id }) => globalId(TYPES[list], id));
}

const documentOf = (list: ListName) =>
  `query($first: Int, $last: Int, $filter: ${FILTERS[list]}, $field: ${list === 'users' ? 'UserOrderField' : 'RecordOrderField'}!, $direction: OrderDirection!) {
    ${list}(first: $first, last: $last, filter: $filter, orderBy: { field: $field, direction: $direction }) {
      nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

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
    [
      `${ROWS} records of each kind, pages of ${PAGE}`,
      header.join(' | '),
      header.map(() => '---').join(' | '),
      ...table,
    ]
      .map((line) => `| ${line} |`)
      .join('\n'),
  );
});

/** How many rows a page may take. */
function mostRows(list: ListName, filter: Filter, { who, reaches, key }: Reader): { fewest: number; most: number } {
  const inReach = RECORDS[list].filter(reaches);
  const leading = filter.conditions.filter(({ leads = [who] }) => leads.includes(who));
  const fewest = Math.min(inReach.length, ...leading.map(({ has }) => inReach.filter(has).length));
  const ofKey = key() ? MAX_OF_KEY : 0;
  if (leading.length < filter.conditions.length || !leading.every(({ served = [] }) => served.includes(who))) {
    return { fewest, most: MAX_TRIED + MAX_PER_MATCH * fewest };
  }
  const labels = leading.filter(({ given }) => 'labels' in given).length;
  const most = labels > 1 ? fewest + (labels - 1) * MAX_PAGES_OF_LABELS * PAGE_ROWS : MAX_PAGES_SERVED * PAGE_ROWS;
  return { fewest, most: most + ofKey };
}

const cases = READERS.flatMap((reader) => reader.lists.map((list) => ({ reader, list, who: reader.who })));

describe.each(cases)('for who reaches $who, a page of $list', ({ reader, list }) => {
  it('is full, and reads no more than what satisfies one of the conditions, whatever is asked for', async () => {
    for (const filter of filtersOf(list, made).filter(({ by = [reader.who] }) => by.includes(reader.who))) {
      const { fewest, most } = mostRows(list, filter, reader);
      const read: number[] = [];
      for (const order of ORDERS) {
        const all = expected(list, filter, reader, order);
        const variables = { filter: givenBy(filter), first: PAGE, ...order };
        const { data, rowsRead, text } = await ask(documentOf(list), variables, reader.key());
        expect(data?.[list], text).toBeTruthy();
        const { nodes, pageInfo } = data[list];
        const what = `${filter.what} ${JSON.stringify(order)}`;
        const ids = nodes.map(({ id }: { id: string }) => id);
        expect.soft(ids, what).toEqual(all.slice(0, PAGE));
        expect.soft(pageInfo.hasNextPage, what).toBe(all.length > PAGE);
        expect.soft(rowsRead, what).toBeLessThanOrEqual(most);
        read.push(rowsRead);
      }
      table.push([list, reader.who, filter.what, fewest, ...read].join(' | '));
    }
  });
});
