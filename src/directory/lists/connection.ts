import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { allOf, type Statement, select } from '../../db/statement.ts';
import { filteredCount, filteredPage } from './filtered-page.ts';
import {
  fromStart,
  type IndexScan,
  inPartition,
  inPartitions,
  isAscending,
  orderBy,
  partitionTables,
  type Target,
  untilEnd,
} from './index-scan.ts';
import { encodeCursor, type Page, type PageRequest, rowsFor, type SortKey, toPage } from './page-arguments.ts';

/** A list that is read only as far as it is asked for: its page, its total, or both in one D1 call. */
export interface Connection<Row> {
  page(): Promise<Page<Row>>;
  count(): Promise<number>;
  cursor(row: Row): string;
}

const distinct = ({ partitions }: IndexScan): SQL =>
  partitions.some(({ overlapping }) => overlapping) ? sql`DISTINCT` : sql``;

/** One page of a list, plus the row behind it. */
function pageStatement<Row>(target: Target<Row>, scan: IndexScan, request: PageRequest): Statement<Row> {
  return {
    sql: sql`SELECT ${distinct(scan)} ${target.selection.list} ${scannedBy(target, scan, request)}
      ORDER BY ${orderBy(target, isAscending(request))} LIMIT ${rowsFor(request)}`,
    decode: target.selection.decode,
  };
}

interface Child<Row> {
  parentId: string;
  row: Row;
}

/** One page for each of several parents, in one statement: the first partition is the parent. Sorted by id. */
function nestedPageStatement<Row>(target: Target<Row>, scan: IndexScan, request: PageRequest): Statement<Child<Row>> {
  return {
    sql: sql`SELECT ${distinct(scan)} partition_0.value AS parent_id, ${target.selection.list} ${scannedBy(target, scan, request)}
      ORDER BY partition_0.value, ${orderBy(target, isAscending(request))}`,
    decode: (row) => ({ parentId: String(row.parent_id), row: target.selection.decode(row) }),
  };
}

/**
 * Walks each combination of the partitions' values by its index, no further than the page, and joins the records found.
 * A window function would read every row of every partition instead.
 */
function scannedBy<Row>(target: Target<Row>, scan: IndexScan, request: PageRequest): SQL {
  const ascending = isAscending(request);
  const inRange = [...fromStart(scan, scan.range, request.from, ascending), ...untilEnd(scan, scan.range, ascending)];
  const ofParent = target.parentId ? sql`${target.parentId} = partition_0.value` : sql`TRUE`;
  return sql`FROM ${partitionTables(scan)}${target.from} WHERE ${ofParent} AND ${target.id} IN (
    SELECT ${scan.id} FROM ${scan.from} WHERE ${allOf([inPartition(scan), ...inRange])}
    ORDER BY ${orderBy(scan, ascending)} LIMIT ${rowsFor(request)})`;
}

/** A list over a scan, not yet read. */
export function connectionOf<Row extends { id: string | number }>(
  db: Database,
  target: Target<Row>,
  scan: IndexScan,
  request: PageRequest,
  sortKey: (row: Row) => SortKey,
): Connection<Row> {
  const { filter } = scan;
  return {
    page: async () => {
      if (!filter) return toPage(request, await db.read(pageStatement(target, scan, request)));
      const found = await db.read(filteredPage(target, scan, filter, request));
      const read = found.find(({ isMatch }) => !isMatch)?.row;
      const matches = found.filter(({ isMatch }) => isMatch).map(({ row }) => row);
      return toPage(request, matches, read);
    },
    count: async () => {
      const [found] = await db.read(filter ? filteredCount(target, filter) : countStatement(scan));
      return found?.count ?? 0;
    },
    cursor: (row) => encodeCursor(request, sortKey(row), row.id),
  };
}

/** The lists of several parents, each read in one statement for all of them. */
export interface NestedConnection<Row> {
  pages(): Promise<Map<string, Page<Row>>>;
  counts(): Promise<Map<string, number>>;
  cursor(row: Row): string;
}

/** The lists below several parents, sorted by id. The first partition of the scan is the parent. */
export function nestedConnectionOf<Row extends { id: string | number }>(
  db: Database,
  target: Target<Row>,
  scan: IndexScan,
  request: PageRequest,
): NestedConnection<Row> {
  return {
    pages: async () => {
      const children = await db.read(nestedPageStatement(target, scan, request));
      const byParent = Map.groupBy(children, ({ parentId }) => parentId);
      return new Map(
        [...byParent].map(([parentId, found]) => [
          parentId,
          toPage(
            request,
            found.map(({ row }) => row),
          ),
        ]),
      );
    },
    counts: async () => {
      const found = await db.read(nestedCountStatement(scan));
      return new Map(found.map(({ parentId, count }) => [parentId, count]));
    },
    cursor: ({ id }) => encodeCursor(request, null, id),
  };
}

/** How many records a scan would yield: reads every one of them. */
function countStatement(scan: IndexScan): Statement<{ count: number }> {
  return select(
    { count: sql<number>`count(DISTINCT ${scan.id})` },
    sql`FROM ${scan.from} WHERE ${allOf([inPartitions(scan), ...fromStart(scan, scan.range, null, true), ...untilEnd(scan, scan.range, true)])}`,
  );
}

/** The same for each of several parents, the first partition. A parent without records has no row. */
function nestedCountStatement(scan: IndexScan): Statement<{ parentId: string; count: number }> {
  const [parent] = scan.partitions;
  if (!parent) throw new Error('A nested list is scanned by parent');
  return select(
    { parentId: sql<string>`${parent.column}`, count: sql<number>`count(DISTINCT ${scan.id})` },
    sql`FROM ${scan.from} WHERE ${inPartitions(scan)} GROUP BY ${parent.column}`,
  );
}
