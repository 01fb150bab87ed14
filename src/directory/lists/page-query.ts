import { SQL } from 'drizzle-orm';
import { inAdvance } from '../../db/rendered.ts';
import { sql } from '../../db/sql.ts';
import { allOf } from '../../db/statement.ts';
import {
  afterStart,
  beforeEnd,
  type IndexScan,
  inPartition,
  isAscending,
  orderBy,
  type Partition,
  partitionTables,
  type SortedRecords,
} from './index-scan.ts';
import { type PageRequest, rowsFor } from './page-arguments.ts';

/** Where a scan tries each record that it comes to, and what for; if there is no filter, none. */
export const triedOf = (records: SortedRecords<unknown>, { from, id, filter }: IndexScan) => ({
  from: filter ? sql`${from} CROSS JOIN ${records.from} ON ${records.id} = ${id}` : from,
  conditions: filter?.conditions ?? [],
});

const inRange = (scan: IndexScan, request: PageRequest): SQL[] => {
  const ascending = isAscending(request);
  return [...afterStart(scan, scan.range, request.from, ascending), ...beforeEnd(scan, scan.range, ascending)];
};

/**
 * Scans the index in each combination of the partitions' values, no further than until the page is full, and joins the records
 * found. A window function would read every row of every partition instead.
 */
export function scannedBy(records: SortedRecords<unknown>, scan: IndexScan, request: PageRequest): SQL {
  const ofParent = records.parentId ? sql`${records.parentId} = partition_0.value` : sql`TRUE`;
  const { from, conditions } = triedOf(records, scan);
  const idsOfPage = sql`SELECT ${scan.id} FROM ${from}
    WHERE ${allOf([inPartition(scan), ...inRange(scan, request), ...conditions])}
    ORDER BY ${orderBy(scan, isAscending(request))} LIMIT ${rowsFor(request)}`;
  return sql`FROM ${partitionTables(scan)}${records.from} WHERE ${ofParent} AND ${records.id} IN (${idsOfPage})`;
}

/** D1 takes no more SELECTs in one UNION. */
export const MAX_UNITED = 5;
/** What more is bound in all of them takes too much of what D1 binds to a statement. */
const MAX_BOUND = 50;

/** Returns the query of a page that selects these columns: of all rows that it needs, but for the LIMIT at its end. */
export function pageQuery(records: SortedRecords<unknown>, scan: IndexScan, request: PageRequest, columns: SQL): SQL {
  const { filter, id } = scan;
  const from = sql`${scan.from} CROSS JOIN ${records.from} ON ${records.id} = ${id}`;
  const merged = mergedScan({ ...scan, from, where: [...scan.where, ...(filter?.conditions ?? [])] }, request, columns);
  if (merged) return merged;
  return sql`SELECT ${distinctIn(scan)} ${columns} ${scannedBy(records, scan, request)}
    ORDER BY ${orderBy(records, isAscending(request))}`;
}

/** Returns the word that leaves a record once which stands in several partitions. */
export const distinctIn = ({ partitions }: Pick<IndexScan, 'partitions'>): SQL =>
  partitions.some(({ overlapping }) => overlapping) ? sql`DISTINCT` : sql``;

/**
 * Returns a query that scans the index in all partitions at once, from the cursor on: SQLite merges what is sorted alike, and reads
 * each no further than it takes for the rows that are asked of it. Null if there are too many partitions for that, or it is not
 * known how many. What is sorted by is selected, too.
 */
export function mergedScan(scan: IndexScan, request: PageRequest, columns: SQL): SQL | null {
  const places = placesIn(scan.partitions);
  if (places === null || places.length === 0 || places.length > MAX_UNITED) return null;
  const sortedBy = scan.sort === null ? [scan.id] : [scan.sort, scan.id];
  const keys = sql.join(
    sortedBy.map((column, at) => sql`${column} AS ${sql.identifier(`key_${at}`)}`),
    sql`, `,
  );
  const conditions = [...scan.where, ...inRange(scan, request)];
  const branches = places.map(
    (place) => sql`SELECT ${keys}, ${columns} FROM ${scan.from} WHERE ${allOf([...place, ...conditions])}`,
  );
  const direction = isAscending(request) ? 'ASC' : 'DESC';
  const order = sql.raw(sortedBy.map((_, at) => `key_${at} ${direction}`).join(', '));
  const { part, boundCount } = inAdvance(
    sql`${onlyValues(scan.partitions)} ${sql.join(branches, sql` UNION ALL `)} ORDER BY ${order}`,
  );
  return boundCount <= MAX_BOUND ? part : null;
}

const onlyValue = (index: number): SQL => sql.raw(`only_value_${index}`);

/** Names the one value of each partition that a query answers, so that it is looked for once. */
function onlyValues(partitions: readonly Partition[]): SQL {
  const named = partitions.flatMap(({ values }, index) =>
    values instanceof SQL ? [sql`${onlyValue(index)} (value) AS MATERIALIZED (${values})`] : [],
  );
  return named.length === 0 ? sql`` : sql`WITH ${sql.join(named, sql`, `)}`;
}

/** For each combination of the partitions' values, the conditions that a row is in it; null if one row may be in several, or many. */
function placesIn(partitions: readonly Partition[]): SQL[][] | null {
  let places: SQL[][] = [[]];
  for (const [index, { column, values, most, overlapping }] of partitions.entries()) {
    if (values instanceof SQL ? most !== 1 : overlapping && values.length > 1) return null;
    const conditions =
      values instanceof SQL
        ? [sql`${column} = (SELECT value FROM ${onlyValue(index)})`]
        : [...new Set(values)].map((value) => sql`${column} = ${value}`);
    places = places.flatMap((place) => conditions.map((condition) => [...place, condition]));
  }
  return places;
}
