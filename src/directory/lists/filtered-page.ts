import { is, SQL, sql } from 'drizzle-orm';
import type { Records } from '../../db/source.ts';
import { allOf, type Statement, select } from '../../db/statement.ts';
import {
  afterStart,
  beforeEnd,
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

/** Up to so many candidates are all read and sorted. If there are more, the index is scanned instead. */
export const MAX_CANDIDATES = 500;
/** How many rows of the index are scanned for one page, over all partitions. */
const WINDOW_ROWS = 500;

/** A record of the page; or, if `isMatch` is false, the last one that was read for it. */
interface FilteredRow<Row> {
  row: Row;
  isMatch: boolean;
}

/**
 * Returns one page of a list whose filter the index of its order does not serve, plus the row behind it. How many rows
 * are read does not depend on how many records there are.
 *
 * - `candidates` has the ids of the candidates, if they are few. Then all of them are read, those that do not match are
 *   left out, the others are sorted, and that is all.
 * - Else its `ids` is NULL, and the index is scanned from the cursor on, a window of rows in each partition. Windows
 *   end at different keyset positions, and `window_end` is the first of them: no partition has been left unread up to
 *   there. So the page ends there, and the next one goes on from it.
 * - `found` has the ids of the matches of either kind, and behind them that of the record at `window_end`.
 */
export function filteredPage<Row>(
  records: SortedRecords<Row>,
  scan: IndexScan,
  filter: Filter,
  request: PageRequest,
): Statement<FilteredRow<Row>> {
  const { list, decode } = selectionOf(records, request);
  return {
    sql: filteredQuery(records, scan, filter, request, list),
    decode: (row) => ({ row: decode(row), isMatch: row.is_match === 1 }),
  };
}

/** Returns the query of a filtered page that selects these columns, and `is_match`. */
export function filteredQuery(
  records: SortedRecords<unknown>,
  scan: IndexScan,
  filter: Filter,
  request: PageRequest,
  columns: SQL,
): SQL {
  const ascending = isAscending(request);
  const { range } = scan;
  const limit = sql.raw(`LIMIT ${rowsFor(request)}`);
  const record = sql`${records.from} ON ${records.id}`;
  const candidateIds = sql`(SELECT ids FROM candidates)`;
  // A table and no condition: nothing that stands behind it is evaluated where it is empty.
  const areTooMany = sql`(SELECT 1 WHERE ${candidateIds} IS NULL) windowed CROSS JOIN `;
  const inPartitionFromCursor = allOf([inPartition(scan), ...afterStart(scan, range, request.from, ascending)]);

  const endOfPartitionsWindow = sql`SELECT ${scan.id} FROM ${scan.from}
    WHERE ${allOf([inPartitionFromCursor, ...beforeEnd(scan, range, ascending)])}
    ORDER BY ${orderBy(scan, ascending)} LIMIT 1 OFFSET ${sql.raw(String(windowRowsOf(scan, request) - 1))}`;
  const windowEnd = sql`SELECT ${records.sort ?? sql`NULL`}, ${records.id}
    FROM ${areTooMany}${partitionTables(scan)}${records.from}
    WHERE ${records.id} = (${endOfPartitionsWindow})
    ORDER BY ${orderBy(records, ascending)} LIMIT 1`;

  const isMatch = [...filter.conditions, filter.isInReach, ...afterStart(records, range, request.from, ascending)];
  const matchingCandidates = sql`SELECT ${records.id}, 1
    FROM json_each(${candidateIds}) candidate CROSS JOIN ${record} = candidate.value WHERE ${allOf(isMatch)}`;

  const matchesInPartition = sql`SELECT ${scan.id} AS id FROM ${scan.from} CROSS JOIN ${record} = ${scan.id}
    WHERE ${allOf([inPartitionFromCursor, upToWindowEnd(scan, ascending), ...filter.conditions])}
    ORDER BY ${orderBy(scan, ascending)} ${limit}`;
  const matchesInWindows = sql`SELECT matching.value, 1
    FROM ${areTooMany}${partitionTables(scan)}json_each((SELECT json_group_array(id) FROM (${matchesInPartition}))) matching`;

  // A record in several partitions is found in each of them: the first UNION leaves it once.
  return sql`WITH candidates (ids) AS MATERIALIZED (${fewCandidates(filter.candidates)}),
      window_end (sort, id) AS MATERIALIZED (${windowEnd}),
      found (id, is_match) AS (${matchingCandidates} UNION ${matchesInWindows} UNION ALL SELECT id, 0 FROM window_end)
    SELECT found.is_match, ${columns} FROM found CROSS JOIN ${record} = found.id
    ORDER BY ${orderBy(records, ascending)}, found.is_match DESC ${limit}`;
}

/** How many rows of each partition make the window together; never fewer than a page wants. */
function windowRowsOf({ partitions }: IndexScan, request: PageRequest): number {
  const sizes = partitions.map(({ values, most = 1 }) => (is(values, SQL) ? most : new Set(values).size));
  const count = sizes.reduce((product, size) => product * size, 1);
  return Math.max(rowsFor(request), Math.ceil(WINDOW_ROWS / Math.max(count, 1)));
}

/** Selects the ids of the first of these queries that answers few, as a JSON array; NULL if all answer too many. */
function fewCandidates(candidates: readonly SQL[]): SQL {
  const tooMany = sql.raw(String(MAX_CANDIDATES + 1));
  const idsOrNull = candidates.map(
    (candidate) => sql`(SELECT iif(count(*) < ${tooMany}, json_group_array(DISTINCT id), NULL)
      FROM (SELECT id FROM (${candidate}) LIMIT ${tooMany}))`,
  );
  return sql`SELECT coalesce(${sql.join(idsOrNull, sql`, `)}, NULL)`;
}

/**
 * The condition that a row does not come after `window_end`. If no window has been filled, the range ends the scan, or
 * nothing does: then the row is compared with what sorts behind all others. That is a blob, behind all texts and
 * numbers.
 */
function upToWindowEnd({ sort, id, range }: IndexScan, ascending: boolean): SQL {
  const end = endOf(range, ascending);
  const upTo = ascending ? sql`<=` : sql`>=`;
  const windowEndOr = (column: SQL, last: SQL) => sql`coalesce((SELECT ${column} FROM window_end), ${last})`;
  const [lastKey, lastId] = ascending
    ? [sql`x''`, sql`x''`]
    : [sort?.getSQLType() === 'integer' ? sql`-1` : sql`''`, sql`''`];
  const endId = windowEndOr(sql`id`, end ? sql`${end.id}` : lastId);
  if (sort === null) return sql`${id} ${upTo} ${endId}`;
  return sql`(${sort}, ${id}) ${upTo} (SELECT ${windowEndOr(sql`sort`, end ? sql`${end.key}` : lastKey)}, ${endId})`;
}

/** Returns how many records a filtered list has: reads all candidates that the first query answers. */
export function filteredCount(
  { id, from }: Pick<Records<unknown>, 'id' | 'from'>,
  { candidates: [candidates], conditions, isInReach }: Filter,
): Statement<{ count: number }> {
  if (!candidates) throw new Error('A filter has something to start from');
  return select(
    { count: sql<number>`count(DISTINCT ${id})` },
    sql`FROM (${candidates}) candidate CROSS JOIN ${from} ON ${id} = candidate.id
      WHERE ${allOf([...conditions, isInReach])}`,
  );
}
