import { type Column, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../db/client.ts';
import { allOf, inList, jsonList, type Selection, type Statement, select } from '../db/statement.ts';
import { encodeCursor, type Page, type Paging, type SortKey, toPage } from './paging.ts';

/** A list that is read only as far as it is asked for: its page, its total, or both in one D1 call. */
export interface Listing<Row> {
  page(): Promise<Page<Row>>;
  count(): Promise<number>;
  cursor(row: Row): string;
}

/** A column with few values, each walked on its own: it leads the index of every order. */
export interface Partition {
  column: Column;
  values: readonly unknown[];
  /** Whether one record can stand in several of them. */
  overlapping?: boolean;
}

/** Where a list is walked in order: of each partition no more rows are read than the page holds. */
export interface Walk {
  from: SQL;
  id: Column;
  /** Null: sorted by id. */
  sort: Column | null;
  partitions: readonly Partition[];
  where: readonly SQL[];
  /** True where `where` picks few rows: they are read and sorted, and no index is walked in order. */
  narrowed: boolean;
}

/** The records that a walk yields. */
export interface Target<Row> {
  selection: Selection<Row>;
  from: SQL;
  id: Column;
  /** Where the id is one only among the records of one parent: the column that says whose it is. */
  parentId?: Column;
  sort: Column | null;
}

interface SortTerms {
  where: SQL;
  orderBy: SQL;
}

function sortTerms(paging: Paging, sort: SQL | null, id: SQL): SortTerms {
  const ascending = (paging.direction === 'ASC') !== paging.backward;
  const direction = ascending ? sql`ASC` : sql`DESC`;
  const beyond = ascending ? sql`>` : sql`<`;
  const { from } = paging;
  if (sort === null) {
    return { where: from ? sql`${id} ${beyond} ${from.id}` : sql`TRUE`, orderBy: sql`${id} ${direction}` };
  }
  return {
    where: from ? sql`(${sort}, ${id}) ${beyond} (${from.key}, ${from.id})` : sql`TRUE`,
    orderBy: sql`${sort} ${direction}, ${id} ${direction}`,
  };
}

/** The unary plus keeps SQLite from walking the index of the order where the filter picks fewer rows. */
const term = (column: Column, narrowed: boolean): SQL => (narrowed ? sql`+${column}` : sql`${column}`);

const distinct = ({ partitions }: Walk): SQL =>
  partitions.some(({ overlapping }) => overlapping) ? sql`DISTINCT` : sql``;

/** One page of a list, plus the row behind it. */
function pageStatement<Row>(target: Target<Row>, walk: Walk, paging: Paging): Statement<Row> {
  const { orderBy } = sortTerms(paging, target.sort && sql`${target.sort}`, sql`${target.id}`);
  return {
    sql: sql`SELECT ${distinct(walk)} ${target.selection.list} ${pickedBy(target, walk, paging)}
      ORDER BY ${orderBy} LIMIT ${paging.limit + 1}`,
    decode: target.selection.decode,
  };
}

interface Child<Row> {
  parentId: string;
  row: Row;
}

/** One page for each of several parents, in one statement: the first partition is the parent. Sorted by id. */
function nestedPageStatement<Row>(target: Target<Row>, walk: Walk, paging: Paging): Statement<Child<Row>> {
  const { orderBy } = sortTerms(paging, null, sql`${target.id}`);
  return {
    sql: sql`SELECT ${distinct(walk)} partition_0.value AS parent_id, ${target.selection.list} ${pickedBy(target, walk, paging)}
      ORDER BY partition_0.value, ${orderBy}`,
    decode: (row) => ({ parentId: String(row.parent_id), row: target.selection.decode(row) }),
  };
}

/**
 * Walks each combination of the partitions' values by its index, no further than the page, and joins the records found.
 * A window function would read every row of every partition instead.
 */
function pickedBy<Row>(target: Target<Row>, walk: Walk, paging: Paging): SQL {
  const inner = sortTerms(paging, walk.sort && term(walk.sort, walk.narrowed), term(walk.id, walk.narrowed));
  const partition = (index: number) => sql.identifier(`partition_${index}`);
  const tables = walk.partitions.map(
    ({ values }, index) => sql`json_each(${jsonList([...new Set(values)])}) ${partition(index)} CROSS JOIN `,
  );
  const ofParent = target.parentId ? sql`${target.parentId} = partition_0.value` : sql`TRUE`;
  const chosen = walk.partitions.map(({ column }, index) => sql`${column} = ${partition(index)}.value`);
  return sql`FROM ${sql.join(tables)}${target.from} WHERE ${ofParent} AND ${target.id} IN (
    SELECT ${walk.id} FROM ${walk.from} WHERE ${allOf([...chosen, ...walk.where, inner.where])}
    ORDER BY ${inner.orderBy} LIMIT ${paging.limit + 1})`;
}

const within = ({ column, values }: Partition): SQL => inList(column, values);

/** A list over a walk, not yet read. */
export function listing<Row extends { id: string | number }>(
  db: Database,
  target: Target<Row>,
  walk: Walk,
  paging: Paging,
  sortKey: (row: Row) => SortKey,
): Listing<Row> {
  return {
    page: async () => toPage(paging, await db.read(pageStatement(target, walk, paging))),
    count: async () => (await db.read(countStatement(walk)))[0]?.count ?? 0,
    cursor: (row) => encodeCursor(paging, sortKey(row), row.id),
  };
}

/** The lists of several parents, each read in one statement for all of them. */
export interface NestedListing<Row> {
  pages(): Promise<Map<string, Page<Row>>>;
  counts(): Promise<Map<string, number>>;
  cursor(row: Row): string;
}

/** The lists below several parents, sorted by id. The first partition of the walk is the parent. */
export function nestedListing<Row extends { id: string | number }>(
  db: Database,
  target: Target<Row>,
  walk: Walk,
  paging: Paging,
): NestedListing<Row> {
  return {
    pages: async () => {
      const children = await db.read(nestedPageStatement(target, walk, paging));
      const byParent = Map.groupBy(children, ({ parentId }) => parentId);
      return new Map(
        [...byParent].map(([parentId, found]) => [
          parentId,
          toPage(
            paging,
            found.map(({ row }) => row),
          ),
        ]),
      );
    },
    counts: async () => {
      const found = await db.read(nestedCountStatement(walk));
      return new Map(found.map(({ parentId, count }) => [parentId, count]));
    },
    cursor: ({ id }) => encodeCursor(paging, null, id),
  };
}

/** How many records a walk would yield: reads every one of them. */
function countStatement(walk: Walk): Statement<{ count: number }> {
  return select(
    { count: sql<number>`count(DISTINCT ${walk.id})` },
    sql`FROM ${walk.from} WHERE ${allOf([...walk.partitions.map(within), ...walk.where])}`,
  );
}

/** The same for each of several parents, the first partition. A parent without records has no row. */
function nestedCountStatement(walk: Walk): Statement<{ parentId: string; count: number }> {
  const [parent] = walk.partitions;
  if (!parent) throw new Error('A nested list is walked by parent');
  return select(
    { parentId: sql<string>`${parent.column}`, count: sql<number>`count(DISTINCT ${walk.id})` },
    sql`FROM ${walk.from} WHERE ${allOf([...walk.partitions.map(within), ...walk.where])} GROUP BY ${parent.column}`,
  );
}
