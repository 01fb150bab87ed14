import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalId } from '../shared/fixtures.ts';
import { ask } from '../shared/gateway.ts';
import { fill, type Made, RECORDS, ROWS, type Row } from './directory.ts';
import { type Filter, filtersOf, type ListName } from './filters.ts';

const PAGE = 25;
/** A page and the row behind it. */
const PAGE_ROWS = PAGE + 1;
/** How many pages are read at the most for what an index serves, and before anything else is tried. */
const MAX_PAGES = 20;
/** How many rows are read for each record that satisfies the condition that fewest satisfy. */
const MAX_PER_MATCH = 6;

const TYPES = { tenants: 'Tenant', customers: 'Customer', users: 'User' } as const;
const FILTERS = { tenants: 'TenantFilter', customers: 'CustomerFilter', users: 'UserFilter' } as const;
const FIELDS = ['CREATED_AT', 'UPDATED_AT', 'NAME'] as const;
const ORDERS = FIELDS.flatMap((field) => (['ASC', 'DESC'] as const).map((direction) => ({ field, direction })));
type Order = (typeof ORDERS)[number];

interface Reader {
  who: string;
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

/** How few of those in reach satisfy any one of the conditions. */
const fewestOf = (list: ListName, { conditions }: Filter, reader: Reader): number =>
  Math.min(ROWS, ...conditions.map(({ has }) => RECORDS[list].filter((row) => reader.reaches(row) && has(row)).length));

for (const reader of READERS) {
  describe.each(reader.lists)(`for who reaches ${reader.who}, a page of %s`, (list) => {
    it('is full, and reads no more than what satisfies one of the conditions, whatever is asked for', async () => {
      for (const filter of filtersOf(list, made)) {
        const isServed = filter.conditions.every((condition) => condition.isServed);
        const fewest = fewestOf(list, filter, reader);
        const read: number[] = [];
        for (const order of ORDERS) {
          const all = expected(list, filter, reader, order);
          const given = Object.assign({}, ...filter.conditions.map(({ given }) => given));
          const { data, rowsRead, text } = await ask(
            documentOf(list),
            { filter: given, first: PAGE, ...order },
            reader.key(),
          );
          expect(data?.[list], text).toBeTruthy();
          const { nodes, pageInfo } = data[list];
          const what = `${filter.what} ${JSON.stringify(order)}`;
          expect
            .soft(
              nodes.map(({ id }: { id: string }) => id),
              what,
            )
            .toEqual(all.slice(0, PAGE));
          expect.soft(pageInfo.hasNextPage, what).toBe(all.length > PAGE);
          read.push(rowsRead);
        }
        table.push([list, reader.who, filter.what, fewest, ...read].join(' | '));
      }
    }, 600_000);
  });
}
