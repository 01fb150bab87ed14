import { type SQL, sql } from 'drizzle-orm';
import { allOf, type Statement, select } from '../../db/statement.ts';
import {
  endOf,
  type Filter,
  fromStart,
  type IndexScan,
  inPartition,
  isAscending,
  orderBy,
  partitionTables,
  type Target,
  untilEnd,
} from './index-scan.ts';
import { type PageRequest, rowsFor } from './page-arguments.ts';

/** Up to how many records that a filter picks are read and sorted. */
export const MAX_CANDIDATES = 500;
/** Where it picks more, how many rows of the order are tried for one page, over all partitions. */
const WINDOW = 500;

/** A record of the page, or the one up to which the list was read, as the last. */
interface FilteredRow<Row> {
  row: Row;
  isMatch: boolean;
}

/**
 * One page of a list that is filtered by what the index of its order does not serve, plus the row behind it, in a number
 * of rows that does not depend on how many there are. Where a filter picks few records, they are read and sorted.
 * Otherwise the index is scanned and each row tried, of each partition only so many: `place` is the first at which one of
 * those windows ends, and up to there all partitions have been read. The page ends there, and the next one goes on.
 */
export function filteredPage<Row>(
  target: Target<Row>,
  scan: IndexScan,
  filter: Filter,
  request: PageRequest,
): Statement<FilteredRow<Row>> {
  const ascending = isAscending(request);
  const fromHere = allOf([inPartition(scan), ...fromStart(scan, scan.range, request.from, ascending)]);
  const record = sql`${target.from} ON ${target.id}`;
  const limit = sql.raw(`LIMIT ${rowsFor(request)}`);
  return {
    sql: sql`WITH few (ids) AS MATERIALIZED (SELECT ${fewCandidates(filter.candidates)}),
      place (sort, id) AS MATERIALIZED (
        SELECT ${target.sort ?? sql`NULL`}, ${target.id} FROM ${partitionTables(scan)}${target.from}
        WHERE (SELECT ids FROM few) IS NULL AND ${target.id} = (
          SELECT ${scan.id} FROM ${scan.from} WHERE ${allOf([fromHere, ...untilEnd(scan, scan.range, ascending)])}
          ORDER BY ${orderBy(scan, ascending)} LIMIT 1 OFFSET ${sql.raw(String(windowOf(scan, request) - 1))})
        ORDER BY ${orderBy(target, ascending)} LIMIT 1),
      found (id, is_match) AS (
        SELECT ${target.id}, 1 FROM json_each((SELECT ids FROM few)) picked CROSS JOIN ${record} = picked.value
        WHERE ${allOf([...filter.conditions, filter.isInReach, ...fromStart(target, scan.range, request.from, ascending)])}
        UNION SELECT tried.value, 1 FROM ${partitionTables(scan)}json_each((
          SELECT json_group_array(id) FROM (
            SELECT ${scan.id} AS id FROM ${scan.from} CROSS JOIN ${record} = ${scan.id}
            WHERE ${allOf([fromHere, upToPlace(scan, ascending), ...filter.conditions])}
            ORDER BY ${orderBy(scan, ascending)} ${limit}))) tried
        WHERE (SELECT ids FROM few) IS NULL
        UNION ALL SELECT id, 0 FROM place)
      SELECT found.is_match, ${target.selection.list} FROM found CROSS JOIN ${record} = found.id
      ORDER BY ${orderBy(target, ascending)}, found.is_match DESC ${limit}`,
    decode: (row) => ({ row: target.selection.decode(row), isMatch: row.is_match === 1 }),
  };
}

/** As many rows of each partition as make the window together, but no fewer than a page wants. */
function windowOf({ partitions }: IndexScan, request: PageRequest): number {
  const count = partitions.reduce((product, { values }) => product * new Set(values).size, 1);
  return Math.max(rowsFor(request), Math.ceil(WINDOW / Math.max(count, 1)));
}

/** The ids that the first pick answers of those that answer few, as a JSON array; null if all answer too many. */
function fewCandidates(candidates: readonly SQL[]): SQL {
  const many = sql.raw(String(MAX_CANDIDATES + 1));
  const orNull = candidates.map(
    (candidate) => sql`(SELECT iif(count(*) < ${many}, json_group_array(DISTINCT id), NULL)
      FROM (SELECT id FROM (${candidate}) LIMIT ${many}))`,
  );
  return sql`coalesce(${sql.join(orNull, sql`, `)}, NULL)`;
}

/** Not behind the place; if there is none, in the range, or any row: a blob sorts behind all texts and numbers. */
function upToPlace({ sort, id, range }: IndexScan, ascending: boolean): SQL {
  const end = endOf(range, ascending);
  const until = ascending ? sql`<=` : sql`>=`;
  const orElse = (column: SQL, last: SQL) => sql`coalesce((SELECT ${column} FROM place), ${last})`;
  const [lastKey, lastId] = ascending
    ? [sql`x''`, sql`x''`]
    : [sort?.getSQLType() === 'integer' ? sql`-1` : sql`''`, sql`''`];
  const untilId = orElse(sql`id`, end ? sql`${end.id}` : lastId);
  if (sort === null) return sql`${id} ${until} ${untilId}`;
  return sql`(${sort}, ${id}) ${until} (SELECT ${orElse(sql`sort`, end ? sql`${end.key}` : lastKey)}, ${untilId})`;
}

/** How many records a filtered list has: reads all that the first pick answers. */
export function filteredCount(
  { id, from }: Pick<Target<unknown>, 'id' | 'from'>,
  { candidates: [candidate], conditions, isInReach }: Filter,
): Statement<{ count: number }> {
  if (!candidate) throw new Error('A filter has something to start from');
  return select(
    { count: sql<number>`count(DISTINCT ${id})` },
    sql`FROM (${candidate}) picked CROSS JOIN ${from} ON ${id} = picked.id WHERE ${allOf([...conditions, isInReach])}`,
  );
}
