import type { Column } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { type Source, sourceOf } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { allOf, type Several, type Statement, select } from '../../db/statement.ts';
import { filteredCount, filteredPage, filteredQuery, hasCandidates } from './filtered-page.ts';
import {
  afterStart,
  beforeEnd,
  type IndexScan,
  inPartitions,
  isAscending,
  orderBy,
  type SortedRecords,
  selectionOf,
} from './index-scan.ts';
import { encodeCursor, type Page, type PageRequest, rowsFor, type SortKey, toPage } from './page-arguments.ts';
import { distinctIn, pageQuery, scannedBy, triedOf } from './page-query.ts';

/** A list that is read only as far as it is asked for: its page, its total, or both in one D1 call. It is a source of its page. */
export interface Connection<Row> extends Source {
  page(): Promise<Page<Row>>;
  count(): Promise<number>;
  cursor(row: Row): string;
}

/** One page of a list, plus the row behind it. */
function pageStatement<Row>(records: SortedRecords<Row>, scan: IndexScan, request: PageRequest): Statement<Row> {
  const { list, decode } = selectionOf(records, request);
  return { sql: sql`${pageQuery(records, scan, request, list)} LIMIT ${rowsFor(request)}`, decode };
}

/** So many rows of a list weigh as much as another statement. In each of many tenants in reach, they are read. */
const ROWS_OF_WEIGHT = 50;
/** What a filter weighs: it can read many times the rows that are on the page. */
const FILTER_WEIGHT = 3;

/** The records of a page. There must be none on the page that is not in its source. */
function sourceOfPage(records: SortedRecords<unknown>, scan: IndexScan, request: PageRequest): Source {
  const { filter } = scan;
  const { limit, skip } = request;
  const source = sourceOf(records, (columns) =>
    hasCandidates(filter)
      ? filteredQuery(records, scan, filter, request, columns, skip + limit)
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
    sql: sql`SELECT ${distinctIn(scan)} partition_0.value AS parent_id, ${list} ${scannedBy(records, scan, request)}
      ORDER BY partition_0.value, ${orderBy(records, isAscending(request))}`,
    decode: (row) => ({ parentId: String(row.parent_id), row: decode(row) }),
  };
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
      const statement = hasCandidates(filter)
        ? filteredPage(records, scan, filter, request)
        : pageStatement(records, scan, request);
      return toPage(request, await db.read(statement));
    },
    count: async () => {
      const [found] = await db.read(
        hasCandidates(filter) ? filteredCount(records, filter) : countStatement(records, scan),
      );
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
function countStatement(records: SortedRecords<unknown>, scan: IndexScan): Statement<{ count: number }> {
  const inRange = [...afterStart(scan, scan.range, null, true), ...beforeEnd(scan, scan.range, true)];
  const { from, conditions } = triedOf(records, scan);
  return select(
    { count: sql<number>`count(DISTINCT ${scan.id})` },
    sql`FROM ${from} WHERE ${allOf([inPartitions(scan), ...inRange, ...conditions])}`,
  );
}

/** How many records a scan would yield below each parent: reads every one of them. */
function nestedCountStatement(scan: IndexScan, parent: Column): Statement<{ parentId: string; count: number }> {
  return select(
    { parentId: sql<string>`${parent}`, count: sql<number>`count(DISTINCT ${scan.id})` },
    sql`FROM ${scan.from} WHERE ${inPartitions(scan)} GROUP BY ${parent}`,
  );
}
