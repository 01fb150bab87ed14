import type { Column, SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { allOf } from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import { createdWithin, type EntityFilter, withinTime } from './entity-filter.ts';
import { afterStart, beforeEnd, type Candidates, type IndexScan, inPartition, partitionTables } from './index-scan.ts';
import { boundsOfName, candidatesByName } from './name-filter.ts';
import { candidatesBySearch, type Searched, searchFor, withExternalIds } from './search.ts';

/** Where entities are scanned without their filter, and the columns that its table repeats of them. */
interface Scanned {
  scan: IndexScan;
  columns: Record<'id' | 'nameSort' | 'updatedAt', Column>;
  /** Whether something that the filter asks for is served by the scan, so that it may have fewer than anything else. */
  isNarrow: boolean;
}

/**
 * Returns what leads to the entities in reach that the filter can match, besides the scan in the order asked for: each is bounded
 * by how many satisfy one of its conditions. What is likely to answer the fewest comes first, and the scan itself last, if there
 * is anything else.
 */
export function candidatesOf(searched: Searched, reach: Reach, scanned: Scanned, filter: EntityFilter): Candidates[] {
  const { externalIds, search, searchIn } = filter;
  const { scan, columns } = scanned;
  const { sort } = scan;
  const bounds = [
    ...(sort === columns.nameSort ? [] : boundsOfName(columns.nameSort, filter)),
    ...(filter.bounds ?? []),
    ...(sort === null ? [] : [createdWithin(columns.id, filter.createdAt)]),
    ...(sort === columns.updatedAt ? [] : [withinTime(columns.updatedAt, filter.updatedAt)]),
  ].filter((given) => given.length > 0);
  const queries = [
    ...bounds.map((given) => idsWithin(scan, given)),
    ...candidatesByName(searched, reach, filter),
    ...(search ? candidatesBySearch(searched, reach, searchFor(search), searchIn) : []),
    ...(filter.candidates ?? []),
  ].map((query) => ({ query }));
  const few = externalIds ? [{ query: withExternalIds(searched, reach, externalIds), areFew: true }] : [];
  const others = [...few, ...queries];
  return others.length === 0 ? [] : [...others, { query: idsInOrder(scan), isUnlikely: !scanned.isNarrow }];
}

/** Returns a query for all that is scanned, from one end of its range to the other. */
const idsInOrder = (scan: IndexScan): SQL =>
  idsWithin(scan, [...afterStart(scan, scan.range, null, true), ...beforeEnd(scan, scan.range, true)]);

/** Returns a query for the `id` of all that is scanned within these bounds, in every partition. */
export const idsWithin = (
  scan: Pick<IndexScan, 'from' | 'id' | 'partitions' | 'where'>,
  bounds: readonly SQL[] = [],
): SQL =>
  sql`SELECT ${scan.id} AS id FROM ${partitionTables(scan)}${scan.from} WHERE ${allOf([inPartition(scan), ...bounds])}`;
