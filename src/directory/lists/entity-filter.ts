import { type Column, type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { smallestIdAt } from '../kernel/ids.ts';
import { choice, instant, MAX_IDENTIFIERS, text } from '../kernel/input.ts';
import type { Range } from './index-scan.ts';
import type { KeysetPosition, Order } from './page-arguments.ts';

/** What lists of every kind of record are sorted by. Ids are UUIDv7: CREATED_AT is their order and needs no column. */
export const ENTITY_ORDERS = { CREATED_AT: null, UPDATED_AT: 'updatedAt', NAME: 'nameKey' } as const;

export type EntityOrder = Order<keyof typeof ENTITY_ORDERS>;

export const BY_CREATION = { field: 'CREATED_AT', direction: 'ASC' } as const;

/** From `from` on, and before `to`. */
const timeRange = z.object({ from: instant.nullish(), to: instant.nullish() }).nullish();
type TimeRange = z.output<typeof timeRange>;

/** Any of these values. None at all would match nothing, and is a mistake of the caller. */
export const anyOf = <S extends z.ZodType>(value: S) => z.array(value).min(1, 'must not be empty');

/** What lists of tenants, customers and users can all be filtered by. */
export const entityFilter = {
  /** Whether hidden records are listed: not at all, only they, or all. */
  deleted: choice(['EXCLUDE', 'ONLY', 'INCLUDE']).nullish(),
  externalIds: anyOf(text).max(MAX_IDENTIFIERS, `must be at most ${MAX_IDENTIFIERS}`).nullish(),
  createdAt: timeRange,
  updatedAt: timeRange,
  search: text.nullish(),
};

export type EntityFilter = z.output<z.ZodObject<typeof entityFilter>>;

type TimeRanges = Pick<EntityFilter, 'createdAt' | 'updatedAt'>;

/** The order asked for. Who asks for what changed within some time and names none wants it in the order of change. */
export function orderOf<Field extends string>(
  given: Order<Field> | null | undefined,
  { createdAt, updatedAt }: TimeRanges,
): Order<Field | 'UPDATED_AT' | 'CREATED_AT'> {
  if (given != null) return given;
  return isGiven(updatedAt) && !isGiven(createdAt) ? { field: 'UPDATED_AT', direction: 'ASC' } : BY_CREATION;
}

export const isGiven = (range: TimeRange): boolean => range?.from != null || range?.to != null;

const DELETED_VALUES = { EXCLUDE: [0], ONLY: [1], INCLUDE: [0, 1] };

export const deletedValues = (deleted: keyof typeof DELETED_VALUES | null | undefined): readonly number[] =>
  DELETED_VALUES[deleted ?? 'EXCLUDE'];

export function withinTime(column: Column, range: TimeRange | undefined): SQL[] {
  return [
    ...(range?.from ? [sql`${column} >= ${range.from.getTime()}`] : []),
    ...(range?.to ? [sql`${column} < ${range.to.getTime()}`] : []),
  ];
}

/** The same for the time of creation, which ids begin with. */
export function createdWithin(id: Column, range: TimeRange): SQL[] {
  return [
    ...(range?.from ? [sql`${id} >= ${smallestIdAt(range.from)}`] : []),
    ...(range?.to ? [sql`${id} < ${smallestIdAt(range.to)}`] : []),
  ];
}

/** The range of what an order goes by, as places in it. An id is never empty: nothing stands at the edge itself. */
export function rangeOf({ createdAt, updatedAt }: TimeRanges, field: string): Range {
  const edge = (time: Date | null | undefined): KeysetPosition | null => {
    if (time == null) return null;
    return field === 'CREATED_AT' ? { key: null, id: smallestIdAt(time) } : { key: time.getTime(), id: '' };
  };
  const range = { CREATED_AT: createdAt, UPDATED_AT: updatedAt }[field];
  return { from: edge(range?.from), to: edge(range?.to) };
}
