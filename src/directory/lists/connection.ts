import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { allOf, type Statement, select } from '../../db/statement.ts';
import { filteredCount, filteredPage } from './filtered-page.ts';
import {
  fromStart,
  inPartition,
  inPartitions,
  isAscending,
  orderBy,
  partitionTables,
  type Target,
  untilEnd,
  type Walk,
} from './index-scan.ts';
import { encodeCursor, type Page, type Paging, rowsFor, type SortKey, toPage } from './page-arguments.ts';

/** A list that is read only as far as it is asked for: its page, its total, or both in one D1 call. */
export interface Listing<Row> {
  page(): Promise<Page<Row>>;
  count(): Promise<number>;
  cursor(row: Row): string;
}

const distinct = ({ partitions }: Walk): SQL =>
  partitions.some(({ overlapping }) => overlapping) ? sql`DISTINCT` : sql``;

/** One page of a list, plus the row behind it. */
function pageStatement<Row>(target: Target<Row>, walk: Walk, paging: Paging): Statement<Row> {
  return {
    sql: sql`SELECT ${distinct(walk)} ${target.selection.list} ${pickedBy(target, walk, paging)}
      ORDER BY ${orderBy(target, isAscending(paging))} LIMIT ${rowsFor(paging)}`,
    decode: target.selection.decode,
  };
}

interface Child<Row> {
  parentId: string;
  row: Row;
}

/** One page for each of several parents, in one statement: the first partition is the parent. Sorted by id. */
function nestedPageStatement<Row>(target: Target<Row>, walk: Walk, paging: Paging): Statement<Child<Row>> {
  return {
    sql: sql`SELECT ${distinct(walk)} partition_0.value AS parent_id, ${target.selection.list} ${pickedBy(target, walk, paging)}
      ORDER BY partition_0.value, ${orderBy(target, isAscending(paging))}`,
    decode: (row) => ({ parentId: String(row.parent_id), row: target.selection.decode(row) }),
  };
}

/**
 * Walks each combination of the partitions' values by its index, no further than the page, and joins the records found.
 * A window function would read every row of every partition instead.
 */
function pickedBy<Row>(target: Target<Row>, walk: Walk, paging: Paging): SQL {
  const ascending = isAscending(paging);
  const inRange = [...fromStart(walk, walk.range, paging.from, ascending), ...untilEnd(walk, walk.range, ascending)];
  const ofParent = target.parentId ? sql`${target.parentId} = partition_0.value` : sql`TRUE`;
  return sql`FROM ${partitionTables(walk)}${target.from} WHERE ${ofParent} AND ${target.id} IN (
    SELECT ${walk.id} FROM ${walk.from} WHERE ${allOf([inPartition(walk), ...inRange])}
    ORDER BY ${orderBy(walk, ascending)} LIMIT ${rowsFor(paging)})`;
}

/** A list over a walk, not yet read. */
export function listing<Row extends { id: string | number }>(
  db: Database,
  target: Target<Row>,
  walk: Walk,
  paging: Paging,
  sortKey: (row: Row) => SortKey,
): Listing<Row> {
  const { filter } = walk;
  return {
    page: async () => {
      if (!filter) return toPage(paging, await db.read(pageStatement(target, walk, paging)));
      const found = await db.read(filteredPage(target, walk, filter, paging));
      const read = found.find(({ isMatch }) => !isMatch)?.row;
      const matches = found.filter(({ isMatch }) => isMatch).map(({ row }) => row);
      return toPage(paging, matches, read);
    },
    count: async () => {
      const [found] = await db.read(filter ? filteredCount(target, filter) : countStatement(walk));
      return found?.count ?? 0;
    },
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
    sql`FROM ${walk.from} WHERE ${allOf([inPartitions(walk), ...fromStart(walk, walk.range, null, true), ...untilEnd(walk, walk.range, true)])}`,
  );
}

/** The same for each of several parents, the first partition. A parent without records has no row. */
function nestedCountStatement(walk: Walk): Statement<{ parentId: string; count: number }> {
  const [parent] = walk.partitions;
  if (!parent) throw new Error('A nested list is walked by parent');
  return select(
    { parentId: sql<string>`${parent.column}`, count: sql<number>`count(DISTINCT ${walk.id})` },
    sql`FROM ${walk.from} WHERE ${inPartitions(walk)} GROUP BY ${parent.column}`,
  );
}
