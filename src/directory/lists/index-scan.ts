import { type Column, is, SQL, sql } from 'drizzle-orm';
import { allOf, inList, jsonList, type Selection } from '../../db/statement.ts';
import type { KeysetPosition, PageRequest } from './page-arguments.ts';

/** A column with few values, each scanned on its own: it leads the index of every order. */
export interface Partition {
  column: Column;
  values: readonly unknown[];
  /** Whether one record can stand in several of them. */
  overlapping?: boolean;
}

/** A stretch of an order: from the one place on, and before the other. Its keys may be worked out by SQLite only. */
export interface Range {
  from: Edge | null;
  to: Edge | null;
}

export interface Edge {
  key: KeysetPosition['key'] | SQL;
  id: KeysetPosition['id'];
}

/** Where a list is scanned in order, by an index that the partitions lead: they, the range and `where` cost no row. */
export interface IndexScan {
  from: SQL;
  id: Column;
  /** Null: sorted by id. */
  sort: Column | null;
  partitions: readonly Partition[];
  range?: Range;
  where: readonly SQL[];
  filter?: Filter | null;
}

/** What a list is filtered by that the index of its order does not serve. */
export interface Filter {
  /** Conditions over the target of the scan. They include the partitions, but for those of the reach. */
  conditions: readonly SQL[];
  /**
   * Queries that answer, each by itself, the `id` of every target in reach that satisfies the conditions, and of others:
   * at least one, and first those that are likely to answer the fewest.
   */
  candidates: readonly SQL[];
  /** What the scan sees to, and a pick does not. */
  isInReach: SQL;
}

/** The records that a scan yields. */
export interface Target<Row> {
  selection: Selection<Row>;
  from: SQL;
  id: Column;
  /** Where the id is one only among the records of one parent: the column that says whose it is. */
  parentId?: Column;
  sort: Column | null;
}

/** What an order sorts by. */
type Sorted = Pick<Target<unknown>, 'id' | 'sort'>;

export const isAscending = ({ direction, backward }: PageRequest): boolean => (direction === 'ASC') !== backward;

export function orderBy({ sort, id }: Sorted, ascending: boolean): SQL {
  const direction = ascending ? sql`ASC` : sql`DESC`;
  return sort === null ? sql`${id} ${direction}` : sql`${sort} ${direction}, ${id} ${direction}`;
}

/** Behind this place, as one scans. */
function behind({ sort, id }: Sorted, place: Edge, ascending: boolean): SQL {
  const beyond = ascending ? sql`>` : sql`<`;
  return sort === null ? sql`${id} ${beyond} ${place.id}` : sql`(${sort}, ${id}) ${beyond} (${place.key}, ${place.id})`;
}

/**
 * Behind this cursor, and not before the range. Of two bounds on one side only the tighter is asked for: SQLite would seek
 * the one that stands first, and read all that lies between.
 */
export function fromStart(
  sorted: Sorted,
  range: Range | undefined,
  cursor: KeysetPosition | null,
  ascending: boolean,
): SQL[] {
  const edge = (ascending ? range?.from : range?.to) ?? null;
  const start = edge && (!cursor || isTighter(edge, cursor, ascending)) ? edge : cursor;
  return start ? [behind(sorted, start, ascending)] : [];
}

/** Where the range ends, as one scans. */
export const endOf = (range: Range | undefined, ascending: boolean): Edge | null =>
  (ascending ? range?.to : range?.from) ?? null;

export function untilEnd(sorted: Sorted, range: Range | undefined, ascending: boolean): SQL[] {
  const end = endOf(range, ascending);
  return end ? [behind(sorted, end, !ascending)] : [];
}

/** Times and ids JavaScript sorts as SQLite does. What only SQLite can work out is left to the cursor. */
function isTighter({ key, id }: Edge, cursor: KeysetPosition, ascending: boolean): boolean {
  if (is(key, SQL)) return false;
  if (key === null || cursor.key === null || key === cursor.key) return id > cursor.id === ascending;
  return key > cursor.key === ascending;
}

const partition = (index: number) => sql.identifier(`partition_${index}`);

/** The tables of the partitions' values, to be followed by another table. */
export const partitionTables = ({ partitions }: Pick<IndexScan, 'partitions'>): SQL =>
  sql.join(
    partitions.map(
      ({ values }, index) => sql`json_each(${jsonList([...new Set(values)])}) ${partition(index)} CROSS JOIN `,
    ),
  );

/** In the partition whose values are in scope. */
export const inPartition = ({ partitions, where }: Pick<IndexScan, 'partitions' | 'where'>): SQL =>
  allOf([...partitions.map(({ column }, index) => sql`${column} = ${partition(index)}.value`), ...where]);

/** In any of the partitions. */
export const inPartitions = ({ partitions, where }: Pick<IndexScan, 'partitions' | 'where'>): SQL =>
  allOf([...partitions.map(({ column, values }) => inList(column, values)), ...where]);
