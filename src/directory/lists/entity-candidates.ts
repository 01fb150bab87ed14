import { type Column, type SQL, sql } from 'drizzle-orm';
import { allOf } from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import { createdWithin, type EntityFilter, withinTime } from './entity-filter.ts';
import { type IndexScan, inPartition, partitionTables } from './index-scan.ts';
import { boundsOfName, candidatesByName } from './name-filter.ts';
import { candidatesBySearch, type Searched, searchFor, withExternalIds } from './search.ts';

/** Where entities are scanned without their filter, and the columns that its table repeats of them. */
interface Scanned {
  scan: IndexScan;
  columns: Record<'id' | 'nameSort' | 'updatedAt', Column>;
}

/**
 * Returns queries for candidates, each of which answers every entity in reach that the filter can match. Those that are
 * likely to answer the fewest come first. The last are for bounds of time, or the whole scan if there are none.
 */
export function candidatesOf(searched: Searched, reach: Reach, scanned: Scanned, filter: EntityFilter): SQL[] {
  const { externalIds, search, searchIn } = filter;
  const { scan, columns } = scanned;
  const boundsOfNames = boundsOfName(columns.nameSort, filter);
  const boundsOfTimes = [createdWithin(columns.id, filter.createdAt), withinTime(columns.updatedAt, filter.updatedAt)];
  const givenTimes = boundsOfTimes.filter((bounds) => bounds.length > 0);
  return [
    ...(externalIds ? [withExternalIds(searched, reach, externalIds)] : []),
    ...[...boundsOfNames, ...(filter.bounds ?? [])].map((bounds) => idsWithin(scan, bounds)),
    ...candidatesByName(searched, reach, filter),
    ...(search ? candidatesBySearch(searched, reach, searchFor(search), searchIn) : []),
    ...(filter.candidates ?? []),
    ...(givenTimes.length > 0 ? givenTimes.map((bounds) => idsWithin(scan, bounds)) : [idsWithin(scan)]),
  ];
}

/** Returns a query for the `id` of all that is scanned within these bounds, in every partition. */
export const idsWithin = (
  scan: Pick<IndexScan, 'from' | 'id' | 'partitions' | 'where'>,
  bounds: readonly SQL[] = [],
): SQL =>
  sql`SELECT ${scan.id} AS id FROM ${partitionTables(scan)}${scan.from} WHERE ${allOf([inPartition(scan), ...bounds])}`;
