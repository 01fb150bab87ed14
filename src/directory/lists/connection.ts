import { type Column, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { type Source, sourceOf } from '../../db/source.ts';
import { allOf, type Several, type Statement, select } from '../../db/statement.ts';
import { filteredCount, filteredPage, filteredQuery } from './filtered-page.ts';
import {
  afterStart,
  beforeEnd,
  type IndexScan,
  inPartition,
  inPartitions,
  isAscending,
  orderBy,
  partitionTables,
  type SortedRecords,
  selectionOf,
} from './index-scan.ts';
import { encodeCursor, type Page, type PageRequest, rowsFor, type SortKey, toPage } from './page-arguments.ts';

/** A list that is read only as far as it is asked for: its page, its total, or both in one D1 call. It is a source of its page. */
export interface Connection<Row> extends Source {
  page(): Promise<Page<Row>>;
  count(): Promise<number>;
  cursor(row: Row): string;
}

const distinct = ({ partitions }: IndexScan): SQL =>
  partitions.some(({ overlapping }) => overlapping) ? sql`DISTINCT` : sql``;

/** One page of a list, plus the row behind it. */
function pageStatement<Row>(records: SortedRecords<Row>, scan: IndexScan, request: PageRequest): Statement<Row> {
  const { list, decode } = selectionOf(records, request);
  return { sql: sql`${pageQuery(records, scan, request, list)} LIMIT ${rowsFor(request)}`, decode };
}

const pageQuery = (records: SortedRecords<unknown>, scan: IndexScan, request: PageRequest, columns: SQL): SQL =>
  sql`SELECT ${distinct(scan)} ${columns} ${scannedBy(records, scan, request)}
    ORDER BY ${orderBy(records, isAscending(request))}`;

/** So many rows of a list weigh as much as another statement. In each of many tenants in reach, they are read. */
const ROWS_OF_WEIGHT = 50;
/** What a filter weighs: it reads hundreds of rows, however few are on the page. */
const FILTER_WEIGHT = 3;

/** The records of a page. There must be none on the page that is not in its source. */
function sourceOfPage(records: SortedRecords<unknown>, scan: IndexScan, request: PageRequest): Source {
  const { filter } = scan;
  const { limit, skip } = request;
  const source = sourceOf(records, (columns) =>
    filter
      ? filteredQuery(records, scan, filter, request, columns)
      : sql`${pageQuery(records, scan, request, columns)} LIMIT ${limit} OFFSET ${skip}`,
  );
  return { ...source, weight: Math.floor((skip + limit) / ROWS_OF_WEIGHT) + (filter ? FILTER_WEIGHT : 0) };
}

interface Child<Row> {
  parentId: string;
  row: Row;
}

/** One page for each of several parents, in one statement: the first partition is the parent. */
function nestedPageStatement<Row>(
  records: SortedRecords<Row>,
  scan: IndexScan,
  request: PageRequest,
): Statement<Child<Row>> {
  const { list, decode } = selectionOf(records, request);
  return {
    sql: sql`SELECT ${distinct(scan)} partition_0.value AS parent_id, ${list} ${scannedBy(records, scan, request)}
      ORDER BY partition_0.value, ${orderBy(records, isAscending(request))}`,
    decode: (row) => ({ parentId: String(row.parent_id), row: decode(row) }),
  };
}

/**
 * Scans the index in each combination of the partitions' values, no further than the page, and joins the records found.
 * A window function would read every row of every partition instead.
 */
function scannedBy(records: SortedRecords<unknown>, scan: IndexScan, request: PageRequest): SQL {
  const ascending = isAscending(request);
  const inRange = [...afterStart(scan, scan.range, request.from, ascending), ...beforeEnd(scan, scan.range, ascending)];
  const ofParent = records.parentId ? sql`${records.parentId} = partition_0.value` : sql`TRUE`;
  const idsOfPage = sql`SELECT ${scan.id} FROM ${scan.from} WHERE ${allOf([inPartition(scan), ...inRange])}
    ORDER BY ${orderBy(scan, ascending)} LIMIT ${rowsFor(request)}`;
  return sql`FROM ${partitionTables(scan)}${records.from} WHERE ${ofParent} AND ${records.id} IN (${idsOfPage})`;
}

/** Returns the connection over a scan. Nothing is read yet. */
export function connectionOf<Row extends { id: string | number }>(
  db: Database,
  records: SortedRecords<Row>,
  scan: IndexScan,
  request: PageRequest,
  sortKey: (row: Row) => SortKey,
): Connection<Row> {
  const { filter } = scan;
  return {
    page: async () => {
      if (!filter) return toPage(request, await db.read(pageStatement(records, scan, request)));
      const found = await db.read(filteredPage(records, scan, filter, request));
      const lastRead = found.find(({ isMatch }) => !isMatch)?.row;
      const matches = found.filter(({ isMatch }) => isMatch).map(({ row }) => row);
      return toPage(request, matches, lastRead);
    },
    count: async () => {
      const [found] = await db.read(filter ? filteredCount(records, filter) : countStatement(scan));
      return found?.count ?? 0;
    },
    cursor: (row) => encodeCursor(request, sortKey(row), row.id),
    ...sourceOfPage(records, scan, request),
  };
}

/** The parents of nested lists: the column of the scan that has their ids, and these. */
export interface Parents {
  column: Column;
  values: Several;
}

/**
 * The lists below several parents, by the id of the parent: each of its functions reads them all in one statement. They are
 * a source of all their pages together.
 */
export interface NestedConnection<Row> extends Source {
  pages(): Promise<Map<string, Page<Row>>>;
  counts(): Promise<Map<string, number>>;
  cursor(row: Row): string;
}

/** Returns the request for the rows of a page, and not for the one behind it. */
const withoutRowBehind = (request: PageRequest): PageRequest => ({ ...request, limit: request.limit - 1 });

/** Returns the lists below several parents, each sorted by id. A parent without records has no page and no count. */
export function nestedConnectionOf<Row extends { id: string | number }>(
  db: Database,
  records: SortedRecords<Row>,
  parents: Parents,
  scanOfParent: IndexScan,
  request: PageRequest,
): NestedConnection<Row> {
  const scan = { ...scanOfParent, partitions: [parents, ...scanOfParent.partitions] };
  return {
    pages: async () => {
      const children = await db.read(nestedPageStatement(records, scan, request));
      const byParent = Map.groupBy(children, ({ parentId }) => parentId);
      const pageOf = (found: readonly Child<Row>[]) =>
        toPage(
          request,
          found.map(({ row }) => row),
        );
      return new Map([...byParent].map(([parentId, found]) => [parentId, pageOf(found)]));
    },
    counts: async () => {
      const found = await db.read(nestedCountStatement(scan, parents.column));
      return new Map(found.map(({ parentId, count }) => [parentId, count]));
    },
    cursor: ({ id }) => encodeCursor(request, null, id),
    ...sourceOf(records, (columns) => sql`SELECT ${columns} ${scannedBy(records, scan, withoutRowBehind(request))}`),
  };
}

/** How many records a scan would yield: reads every one of them. */
function countStatement(scan: IndexScan): Statement<{ count: number }> {
  const inRange = [...afterStart(scan, scan.range, null, true), ...beforeEnd(scan, scan.range, true)];
  return select(
    { count: sql<number>`count(DISTINCT ${scan.id})` },
    sql`FROM ${scan.from} WHERE ${allOf([inPartitions(scan), ...inRange])}`,
  );
}

/** How many records a scan would yield below each parent: reads every one of them. */
function nestedCountStatement(scan: IndexScan, parent: Column): Statement<{ parentId: string; count: number }> {
  return select(
    { parentId: sql<string>`${parent}`, count: sql<number>`count(DISTINCT ${scan.id})` },
    sql`FROM ${scan.from} WHERE ${inPartitions(scan)} GROUP BY ${parent}`,
  );
}
