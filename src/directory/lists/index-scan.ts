import { type Column, SQL } from 'drizzle-orm';
import type { Records } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { allOf, inList, type Selection, type Several, selection, valueTable } from '../../db/statement.ts';
import type { KeysetPosition, PageRequest } from './page-arguments.ts';

/** A column with few values that leads the index of every order: each of the values is scanned on its own. */
export interface Partition {
  column: Column;
  values: Several<unknown>;
  /** How many values there are at most, where a query answers them. */
  most?: number;
  /** Whether one record can stand in several of them. */
  overlapping?: boolean;
}

/** A part of an order: what comes after `from` and before `to`, in ascending order. Null bounds nothing. */
export interface Range {
  from: Edge | null;
  to: Edge | null;
}

/** A keyset position where a range begins or ends. No record stands at it, and its key may be an expression; its id as well in a list that is sorted by ids. */
export interface Edge {
  key: KeysetPosition['key'] | SQL;
  id: KeysetPosition['id'] | SQL;
}

/**
 * Where the ids of a list are read in its order, by an index that the partitions lead. The index serves the partitions,
 * the range and `where`, so that they leave out no row that has been read.
 */
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

/** A query that by itself answers the `id` of every record in reach that a filter can match, and of others. */
export interface Candidates {
  query: SQL;
  /** Whether they are never more than a page or two: then there is nothing to choose. */
  areFew?: boolean;
  /** Whether they are chosen only if they are few, and not worth counting further. */
  isUnlikely?: boolean;
}

/** What a list is filtered by that the index of its order does not serve. */
export interface Filter {
  /** Conditions over the records of the list. They include the partitions, but for those of the reach. */
  conditions: readonly SQL[];
  /** What leads to the records that can match, besides the scan. Those that are likely to answer the fewest come first. */
  candidates: readonly Candidates[];
  /** Whether a candidate is in reach. A scan reads nothing else anyway. */
  isInReach: SQL;
}

/** The records whose ids are scanned. Where some of their fields can be read by themselves, a list may read only these. */
export interface ListedRecords<Row> extends Records<Row> {
  /** Where the id is one only among the records of one parent: the column that says whose it is. */
  parentId?: Column;
}

/** Records with the column that their list is sorted by, before their ids; null if it is sorted by ids alone. */
export interface SortedRecords<Row> extends ListedRecords<Row> {
  sort: Column | null;
}

/**
 * Returns the selection of these columns of the records, of their ids and of what they are sorted by; of all columns if
 * there are none given, or any that the records do not have. It has the type of whole records all the same.
 */
export function selectionOf<Row>(
  { selection: whole, fields, sort }: SortedRecords<Row>,
  { columns }: Pick<PageRequest, 'columns'>,
): Selection<Row> {
  if (!fields || !columns?.every((name) => name in fields)) return whole;
  const needed = Object.entries(fields).filter(
    ([name, field]) => name === 'id' || field === sort || columns.includes(name),
  );
  return selection(Object.fromEntries(needed)) as unknown as Selection<Row>;
}

/** The columns of an order, of the records or of where they are scanned. */
type Sorted = Pick<IndexScan, 'id' | 'sort'>;

/** Whether a page is read in ascending order: a page backward is read against the direction of its list. */
export const isAscending = ({ direction, backward }: PageRequest): boolean => (direction === 'ASC') !== backward;

/** Returns the terms of an ORDER BY. */
export function orderBy({ sort, id }: Sorted, ascending: boolean): SQL {
  const direction = ascending ? sql`ASC` : sql`DESC`;
  return sort === null ? sql`${id} ${direction}` : sql`${sort} ${direction}, ${id} ${direction}`;
}

function comesAfter({ sort, id }: Sorted, position: Edge, ascending: boolean): SQL {
  const beyond = ascending ? sql`>` : sql`<`;
  if (sort === null) return sql`${id} ${beyond} ${position.id}`;
  return sql`(${sort}, ${id}) ${beyond} (${position.key}, ${position.id})`;
}

/**
 * Returns the condition that a row comes after this cursor and after the start of the range, if there is either. Of the
 * two only the tighter is asked for: SQLite would seek the one that stands first, and read all that lies between.
 */
export function afterStart(
  sorted: Sorted,
  range: Range | undefined,
  cursor: KeysetPosition | null,
  ascending: boolean,
): SQL[] {
  const edge = (ascending ? range?.from : range?.to) ?? null;
  if (edge && cursor && edge.id instanceof SQL) {
    const id = sql`${ascending ? sql`max` : sql`min`}(${edge.id}, ${cursor.id})`;
    return [comesAfter(sorted, { key: null, id }, ascending)];
  }
  const start = edge && (!cursor || isTighter(edge, cursor, ascending)) ? edge : cursor;
  return start ? [comesAfter(sorted, start, ascending)] : [];
}

/** Returns the edge at which a scan of this range ends, whichever direction it goes. */
export const endOf = (range: Range | undefined, ascending: boolean): Edge | null =>
  (ascending ? range?.to : range?.from) ?? null;

/** Returns the condition that a row comes before the end of the range, if it has one. */
export function beforeEnd(sorted: Sorted, range: Range | undefined, ascending: boolean): SQL[] {
  const end = endOf(range, ascending);
  return end ? [comesAfter(sorted, end, !ascending)] : [];
}

/** Times and ids are sorted by JavaScript as they are by SQLite. Where the key of an edge is SQL, the cursor wins. */
function isTighter({ key, id }: Edge, cursor: KeysetPosition, ascending: boolean): boolean {
  if (key instanceof SQL || id instanceof SQL) return false;
  if (key === null || cursor.key === null || key === cursor.key) return id > cursor.id === ascending;
  return key > cursor.key === ascending;
}

const partition = (index: number) => sql.identifier(`partition_${index}`);

/** Returns the tables of the partitions' values, to be followed by another table. */
export const partitionTables = ({ partitions }: Pick<IndexScan, 'partitions'>): SQL =>
  sql.join(partitions.map(({ values }, index) => sql`${valueTable(values)} ${partition(index)} CROSS JOIN `));

/** Returns the condition that a row is in the one partition whose values `partitionTables` has put in scope. */
export const inPartition = ({ partitions, where }: Pick<IndexScan, 'partitions' | 'where'>): SQL =>
  allOf([...partitions.map(({ column }, index) => sql`${column} = ${partition(index)}.value`), ...where]);

/** Returns the condition that a row is in any of the partitions. */
export const inPartitions = ({ partitions, where }: Pick<IndexScan, 'partitions' | 'where'>): SQL =>
  allOf([...partitions.map(({ column, values }) => inList(column, values)), ...where]);
