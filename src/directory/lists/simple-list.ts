import type { Database } from '../../db/client.ts';
import {
  type Connection,
  connectionOf,
  type NestedConnection,
  nestedConnectionOf,
  type Parents,
} from './connection.ts';
import type { IndexScan, ListedRecords, Partition, SortedRecords } from './index-scan.ts';
import { BY_CREATION, type PageArguments, parsePageArguments } from './page-arguments.ts';

/** Where the ids of a simple list are scanned in their order: all that it is filtered by is served by the index. */
export interface SimpleScan extends Pick<IndexScan, 'from' | 'id' | 'where'> {
  partitions?: readonly Partition[];
}

/**
 * A list in the order of its ids, filtered by nothing that its scan does not serve. Its permission is required where it
 * is made, and its scan must yield no record out of reach.
 */
export interface SimpleList<Row> {
  /** As its cursors have it: one of another list is refused. */
  name: string;
  records: ListedRecords<Row>;
  scan: SimpleScan;
}

/** A simple list below each of several parents. */
export interface NestedList<Row> extends SimpleList<Row> {
  parents: Parents;
}

const sortedById = <Row>(records: ListedRecords<Row>): SortedRecords<Row> => ({ ...records, sort: null });

const indexScan = ({ partitions = [], ...scan }: SimpleScan): IndexScan => ({ ...scan, partitions, sort: null });

/**
 * Returns the connection of a simple list. Nothing is read yet.
 *
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function connectionOfList<Row extends { id: string | number }>(
  db: Database,
  page: PageArguments,
  { name, records, scan }: SimpleList<Row>,
): Connection<Row> {
  const request = parsePageArguments(page, BY_CREATION, name);
  return connectionOf(db, sortedById(records), indexScan(scan), request, () => null);
}

/**
 * Returns the connections of a nested list, which read all of its parents at once. Nothing is read yet.
 *
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function nestedConnectionOfList<Row extends { id: string | number }>(
  db: Database,
  page: PageArguments,
  { name, records, parents, scan }: NestedList<Row>,
): NestedConnection<Row> {
  const request = parsePageArguments(page, BY_CREATION, name);
  return nestedConnectionOf(db, sortedById(records), parents, indexScan(scan), request);
}
