import { type Column, SQL } from 'drizzle-orm';
import { inAdvance, MAX_BOUND } from '../../db/rendered.ts';
import type { Records } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { allOf, type Statement, select } from '../../db/statement.ts';
import {
  afterStart,
  beforeEnd,
  type Candidates,
  endOf,
  type Filter,
  type IndexScan,
  inPartition,
  isAscending,
  orderBy,
  partitionTables,
  type SortedRecords,
  selectionOf,
} from './index-scan.ts';
import { type PageRequest, rowsFor } from './page-arguments.ts';
import { MAX_UNITED, mergedScan } from './page-query.ts';

/** A filter that has candidates. */
export interface FilterWithCandidates extends Filter {
  candidates: readonly [Candidates, ...Candidates[]];
}

/** Whether something leads to what a filter can match. Without that, its list is scanned in its order until a page is full. */
export const hasCandidates = (filter: Filter | null | undefined): filter is FilterWithCandidates =>
  filter != null && filter.candidates.length > 0;

/** What has no more candidates than so many pages is read at once. */
const FEW_PAGES = 2;
/** So many pages are tried of the index of the order, over all partitions, before many candidates are read. */
const WINDOW_PAGES = 8;
/** How many candidates are counted at a time of each query, to find the one that answers fewest. */
const RUNGS = [500, 2000, 8000, 32_000, 128_000];

/**
 * Returns one page of a list whose filter the index of its order does not serve, plus the row behind it. How many rows are read
 * is bounded by how many records satisfy the condition that fewest satisfy, and some pages.
 *
 * - `few` is the number of a query that answers few candidates, if there is one.
 * - Else `near` has the matches in a window of the index, which begins at the cursor. If the page is full with them, or the list
 *   ends in the window, that is all.
 * - Else `chosen` is the number of the query that answers the fewest candidates. `far` reads all of them, and sorts those that
 *   match.
 *
 * SQLite reads a part only when it is asked for, and so nothing for what is not chosen.
 */
export function filteredPage<Row>(
  records: SortedRecords<Row>,
  scan: IndexScan,
  filter: FilterWithCandidates,
  request: PageRequest,
): Statement<Row> {
  const { list, decode } = selectionOf(records, request);
  return { sql: filteredQuery(records, scan, filter, request, list, rowsFor(request)), decode };
}

/** Returns the query of a filtered page that selects these columns, of so many rows. */
export function filteredQuery(
  records: SortedRecords<unknown>,
  scan: IndexScan,
  filter: FilterWithCandidates,
  request: PageRequest,
  columns: SQL,
  rows: number,
): SQL {
  const queryWith = (windows: Windows) => {
    const found = sql`WITH ${matchesOf(records, scan, filter, request, windows)}
      SELECT ${columns} FROM found CROSS JOIN ${records.from} ON ${records.id} = found.id
      ORDER BY ${orderBy(records, isAscending(request))} LIMIT ${sql.raw(String(rows))}`;
    return inAdvance(found);
  };
  const merged = mergedWindow(records, scan, filter, request);
  const query = merged && queryWith(merged);
  if (query && query.boundCount <= MAX_BOUND) return query.part;
  return queryWith(separateWindows(records, scan, filter, request)).part;
}

/** Returns the named query `found`, which has the ids of the matches, and those that it takes. */
function matchesOf(
  records: SortedRecords<unknown>,
  scan: IndexScan,
  filter: FilterWithCandidates,
  request: PageRequest,
  { windows, isFull }: Windows,
): SQL {
  const ascending = isAscending(request);
  const named = filter.candidates.map(
    ({ query }, number) => sql`${candidates(number)} (id) AS NOT MATERIALIZED (${query})`,
  );
  const ofChosen = filter.candidates.map((_, number) => {
    // With a limit of none, SQLite does not begin to read: a condition might be looked at for each row.
    const limit = sql`(SELECT iif(number = ${sql.raw(String(number))}, -1, 0) FROM chosen)`;
    return sql`SELECT id FROM (SELECT id FROM ${candidates(number)} LIMIT ${limit})`;
  });
  const isMatch = allOf([
    ...filter.conditions,
    filter.isInReach,
    ...afterStart(records, scan.range, request.from, ascending),
  ]);
  // What is found in several partitions, or twice among candidates, each UNION leaves once.
  return sql`${sql.join(named, sql`, `)},
      few (number) AS MATERIALIZED (SELECT ${few(filter.candidates, request)}),
      ${windows},
      chosen (number) AS MATERIALIZED (
        SELECT CASE WHEN number IS NOT NULL THEN number WHEN ${isFull} THEN NULL ${fewest(filter.candidates)} ELSE 0 END FROM few),
      far (id) AS (SELECT ${records.id} FROM (${united(ofChosen)}) candidate
        CROSS JOIN ${records.from} ON ${records.id} = candidate.id WHERE ${isMatch}
        ORDER BY ${orderBy(records, ascending)} ${limitOf(request)}),
      found (id) AS (SELECT id FROM near UNION SELECT id FROM far)`;
}

/** Returns a query for what any of these answers, each id once. */
function united(queries: readonly SQL[]): SQL {
  if (queries.length === 1) return sql`SELECT DISTINCT id FROM (${queries[0]})`;
  if (queries.length <= MAX_UNITED) return sql.join([...queries], sql` UNION `);
  const first = queries.slice(0, MAX_UNITED - 1);
  return sql`${united(first)} UNION SELECT id FROM (${united(queries.slice(MAX_UNITED - 1))})`;
}

const candidates = (number: number): SQL => sql.raw(`candidates_${number}`);

const limitOf = (request: PageRequest): SQL => sql.raw(`LIMIT ${rowsFor(request)}`);

/** Returns an expression: the number of the query that answers few candidates; NULL if none does. */
function few(all: readonly Candidates[], request: PageRequest): SQL {
  const known = all.findIndex(({ areFew }) => areFew);
  if (known >= 0) return sql.raw(String(known));
  return sql`CASE ${sql.join(counted(numbered(all), FEW_PAGES * rowsFor(request)), sql` `)} END`;
}

/** Returns the branches of a CASE for the query with the fewest candidates, or with hardly more: each is counted only so far. */
function fewest(all: readonly Candidates[]): SQL {
  const likely = numbered(all).filter(({ isUnlikely }) => !isUnlikely);
  const branches = RUNGS.flatMap((rung, at) => {
    const compared = at === 0 ? numbered(all) : likely;
    return compared.length < 2 ? [] : counted(compared, rung);
  });
  return sql.join(branches, sql` `);
}

const numbered = (all: readonly Candidates[]) => all.map(({ isUnlikely }, number) => ({ number, isUnlikely }));

const counted = (queries: readonly { number: number }[], limit: number): SQL[] =>
  queries.map(({ number }) => {
    const some = sql.raw(`SELECT 1 FROM candidates_${number} LIMIT ${limit}`);
    return sql`WHEN (SELECT count(*) FROM (${some})) < ${sql.raw(String(limit))} THEN ${sql.raw(String(number))}`;
  });

/** The named query `near` and what it takes, and the condition that nothing beyond the window can be on the page. */
interface Windows {
  windows: SQL;
  isFull: SQL;
}

/** One window over all partitions, which is read until the page is full. */
function mergedWindow(
  records: SortedRecords<unknown>,
  scan: IndexScan,
  filter: FilterWithCandidates,
  request: PageRequest,
): Windows | null {
  const merged = mergedScan(scan, request, sql`${scan.id} AS id`);
  if (!merged) return null;
  const size = WINDOW_PAGES * rowsFor(request);
  // Where there are few candidates, none of the window is read.
  const inWindow = sql`${merged} LIMIT (SELECT iif(number IS NULL, ${sql.raw(String(size))}, 0) FROM few)`;
  const near = sql`SELECT ${records.id} FROM (${inWindow}) read CROSS JOIN ${records.from} ON ${records.id} = read.id
    WHERE ${allOf(filter.conditions)} ${limitOf(request)}`;
  const lastOfWindow = sql`SELECT 1 FROM (${merged} LIMIT 1 OFFSET ${sql.raw(String(size - 1))})`;
  return {
    windows: sql`near (id) AS MATERIALIZED (${near})`,
    isFull: sql`(SELECT count(*) FROM near) >= ${sql.raw(String(rowsFor(request)))} OR NOT EXISTS (${lastOfWindow})`,
  };
}

/**
 * A window in each partition. Windows end at different keyset positions, and `window_end` is the first of them: no partition has
 * been left unread up to there, and what comes behind it is not near.
 */
function separateWindows(
  records: SortedRecords<unknown>,
  scan: IndexScan,
  filter: FilterWithCandidates,
  request: PageRequest,
): Windows {
  const ascending = isAscending(request);
  const { range } = scan;
  const record = sql`${records.from} ON ${records.id}`;
  const fromCursor = allOf([inPartition(scan), ...afterStart(scan, range, request.from, ascending)]);
  const endOfPartitionsWindow = sql`SELECT ${scan.id} FROM ${scan.from}
    WHERE ${allOf([fromCursor, ...beforeEnd(scan, range, ascending)])}
    ORDER BY ${orderBy(scan, ascending)} LIMIT 1 OFFSET ${sql.raw(String(windowRowsOf(scan, request) - 1))}`;
  const windowEnd = sql`SELECT ${records.sort ?? sql`NULL`}, ${records.id}
    FROM few CROSS JOIN ${partitionTables(scan)}${records.from}
    WHERE few.number IS NULL AND ${records.id} = (${endOfPartitionsWindow})
    ORDER BY ${orderBy(records, ascending)} LIMIT 1`;
  const inPartitionsWindow = sql`SELECT ${scan.id} AS id FROM ${scan.from} CROSS JOIN ${record} = ${scan.id}
    WHERE ${allOf([fromCursor, upToWindowEnd(scan, ascending), ...filter.conditions])}
    ORDER BY ${orderBy(scan, ascending)} ${limitOf(request)}`;
  const near = sql`SELECT matching.value FROM few CROSS JOIN
    ${partitionTables(scan)}json_each((SELECT json_group_array(id) FROM (${inPartitionsWindow}))) matching
    WHERE few.number IS NULL`;
  return {
    windows: sql`window_end (sort, id) AS MATERIALIZED (${windowEnd}), near (id) AS MATERIALIZED (${near})`,
    isFull: sql`NOT EXISTS (SELECT 1 FROM window_end)
      OR (SELECT count(DISTINCT id) FROM near) >= ${sql.raw(String(rowsFor(request)))}`,
  };
}

/** How many rows of each partition make the window together; never fewer than a page wants. */
function windowRowsOf({ partitions }: IndexScan, request: PageRequest): number {
  const sizes = partitions.map(({ values, most = 1 }) => (values instanceof SQL ? most : new Set(values).size));
  const count = sizes.reduce((product, size) => product * size, 1);
  return Math.max(rowsFor(request), Math.ceil((WINDOW_PAGES * rowsFor(request)) / Math.max(count, 1)));
}

/**
 * The condition that a row does not come after `window_end`. If no window has been filled, the range ends the scan, or
 * nothing does: then the row is compared with what sorts behind all others: with a blob, behind all texts and numbers, or in
 * descending order with the least of its kind.
 */
function upToWindowEnd({ sort, id, range }: IndexScan, ascending: boolean): SQL {
  const end = endOf(range, ascending);
  const upTo = ascending ? sql`<=` : sql`>=`;
  const windowEndOr = (column: SQL, last: SQL) => sql`coalesce((SELECT ${column} FROM window_end), ${last})`;
  const last = (column: Column) => (ascending ? sql`x''` : column.getSQLType() === 'integer' ? sql`-1` : sql`''`);
  const endId = windowEndOr(sql`id`, end ? sql`${end.id}` : last(id));
  if (sort === null) return sql`${id} ${upTo} ${endId}`;
  return sql`(${sort}, ${id}) ${upTo} (SELECT ${windowEndOr(sql`sort`, end ? sql`${end.key}` : last(sort))}, ${endId})`;
}

/** Returns how many records a filtered list has: reads all candidates of the first query that few answer, or else of the first. */
export function filteredCount(
  { id, from }: Pick<Records<unknown>, 'id' | 'from'>,
  { candidates, conditions, isInReach }: FilterWithCandidates,
): Statement<{ count: number }> {
  const { query } = candidates.find(({ areFew }) => areFew) ?? candidates[0];
  return select(
    { count: sql<number>`count(DISTINCT ${id})` },
    sql`FROM (${query}) candidate CROSS JOIN ${from} ON ${id} = candidate.id
      WHERE ${allOf([...conditions, isInReach])}`,
  );
}
