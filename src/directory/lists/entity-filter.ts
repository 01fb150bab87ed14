import type { Column, SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { smallestIdAt } from '../kernel/ids.ts';
import { choice, instant, MAX_IDENTIFIERS, shortText, text } from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import type { IndexScan, Partition, Range } from './index-scan.ts';
import type { NameFilter } from './name-filter.ts';
import { BY_CREATION, type KeysetPosition, type Order } from './page-arguments.ts';
import type { Place } from './search.ts';

/** What every list of entities can be sorted by. Ids are UUIDv7: CREATED_AT is their order and needs no column. */
export const ENTITY_ORDERS = { CREATED_AT: null, UPDATED_AT: 'updatedAt', NAME: 'nameSort' } as const;

/** Accepts a stretch of time: from `from` on, and before `to`. */
export const timeRange = lazily(() =>
  z
    .object({ from: instant().nullish(), to: instant().nullish() })
    .refine(({ from, to }) => from == null || to == null || from <= to, {
      path: ['from'],
      error: 'must not be after the end of the range',
    })
    .nullish(),
);
type TimeRange = OutputOf<typeof timeRange>;

/**
 * Accepts a list of values of which any may match. An empty one would match nothing, and is a mistake of the caller.
 */
export const anyOf = <S extends z.ZodType>(value: S) => z.array(value).min(1, 'must not be empty');

/** What the lists of tenants, customers and users can all be filtered by. */
export const entityFilter = lazily(() => ({
  /** Whether hidden records are listed: not at all, only they, or all. */
  deleted: choice(['EXCLUDE', 'ONLY', 'INCLUDE']).nullish(),
  externalIds: anyOf(text()).max(MAX_IDENTIFIERS, `must be at most ${MAX_IDENTIFIERS}`).nullish(),
  createdAt: timeRange(),
  updatedAt: timeRange(),
  search: shortText().nullish(),
}));

type SharedFilter = z.output<z.ZodObject<ReturnType<typeof entityFilter>>>;

/** What is left of a filter for SQL: what all entities share, and what a list of one kind of them makes of the rest. */
export interface EntityFilter extends SharedFilter, NameFilter {
  /** Where the search looks; everywhere, if not given. */
  searchIn?: readonly Place[] | null | undefined;
  /** The values asked for of the column that the list is partitioned by. */
  partitionValues: readonly string[];
  /** Conditions over the table of the list. */
  conditions?: readonly SQL[];
  /**
   * What the scan of the list serves, in every order of it, as a condition over the table of the list; with the partition that
   * this takes beside those of the list, or with what is asked of each row where nothing else is.
   */
  within?: { partition?: Partition; where?: SQL; condition: SQL } | null;
  /** Bounds of what is scanned, for an index of one of the orders: what matches is within each of them. */
  bounds?: readonly (readonly SQL[])[];
  /** Queries for candidates. They must not read beyond the reach. */
  candidates?: readonly SQL[];
  /** A table or an index that has only records that can match, in the order of their ids. */
  byId?: Pick<IndexScan, 'from' | 'id' | 'partitions' | 'where'> | null;
}

type TimeRanges = Pick<SharedFilter, 'createdAt' | 'updatedAt'>;

/**
 * Returns the order asked for, or that of creation. Who names no order, but asks for what changed within some time,
 * gets the order of change.
 */
export function orderOf<Field extends string>(
  given: Order<Field> | null | undefined,
  { createdAt, updatedAt }: TimeRanges,
): Order<Field | 'UPDATED_AT' | 'CREATED_AT'> {
  if (given != null) return given;
  return isGiven(updatedAt) && !isGiven(createdAt) ? { field: 'UPDATED_AT', direction: 'ASC' } : BY_CREATION;
}

const isGiven = (range: TimeRange): boolean => range?.from != null || range?.to != null;

/** Whether the index of this order serves all that the filter asks for, so that no row is read that does not match. */
export const isServedByIndex = (filter: EntityFilter, field: string): boolean =>
  filter.externalIds == null &&
  filter.search == null &&
  filter.name == null &&
  filter.nameStartsWith == null &&
  filter.nameContains == null &&
  !filter.conditions?.length &&
  (field === 'CREATED_AT' || !isGiven(filter.createdAt)) &&
  (field === 'UPDATED_AT' || !isGiven(filter.updatedAt));

const DELETED_VALUES = { EXCLUDE: [0], ONLY: [1], INCLUDE: [0, 1] };

/**
 * Returns the values of the column `deleted` that are listed: those of live records, unless the filter says otherwise.
 */
export const deletedValues = ({ deleted }: Pick<SharedFilter, 'deleted'>): readonly number[] =>
  DELETED_VALUES[deleted ?? 'EXCLUDE'];

/** Returns the bounds of a column of times within a range; an index of the column serves them. */
export function withinTime(column: Column, range: TimeRange): SQL[] {
  return [
    ...(range?.from ? [sql`${column} >= ${range.from.getTime()}`] : []),
    ...(range?.to ? [sql`${column} < ${range.to.getTime()}`] : []),
  ];
}

/** Returns the bounds of the ids of records that were created within a range, because ids begin with that time. */
export function createdWithin(id: Column, range: TimeRange): SQL[] {
  return [
    ...(range?.from ? [sql`${id} >= ${smallestIdAt(range.from)}`] : []),
    ...(range?.to ? [sql`${id} < ${smallestIdAt(range.to)}`] : []),
  ];
}

/** Returns the range of an order by time that a filter asks for. An id is never empty: no record stands at an edge. */
export function rangeOfTimes({ createdAt, updatedAt }: TimeRanges, field: string): Range {
  const edge = (time: Date | null | undefined): KeysetPosition | null => {
    if (time == null) return null;
    return field === 'CREATED_AT' ? { key: null, id: smallestIdAt(time) } : { key: time.getTime(), id: '' };
  };
  const range = { CREATED_AT: createdAt, UPDATED_AT: updatedAt }[field];
  return { from: edge(range?.from), to: edge(range?.to) };
}
