import { ValidationError } from '../kernel/errors.ts';

/** A page of this size is read where neither `first` nor `last` says another. */
export const DEFAULT_PAGE_SIZE = 25;
/** A page of any list is limited to so many records: who asks for more gets a ValidationError. */
export const MAX_PAGE_SIZE = 100;
/** No more records can be skipped, because those that are skipped are read all the same. Cursors have no such limit. */
export const MAX_OFFSET = 500;

/** Relay's arguments of a connection, as a caller gives them. */
export interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  /** How many records to skip in front of the page; only forward. */
  offset?: number | null | undefined;
  /**
   * The only columns that the caller reads of the records, where the list can do with some of them; all, if not given. No
   * API takes them from outside: what is left out is undefined in a record, whatever its type says.
   */
  columns?: readonly string[] | null | undefined;
}

/** The direction of an order, whichever way a page goes in it. */
export type Direction = 'ASC' | 'DESC';

/** What a list is sorted by, before the ids of its records. */
export interface Order<Field extends string = string> {
  field: Field;
  direction: Direction;
}

/** The order of ids, which begin with the time at which their record was created: the oldest first. */
export const BY_CREATION = { field: 'CREATED_AT', direction: 'ASC' } as const;

/** The value that a row is sorted by; null in a list that is sorted by ids alone. */
export type SortKey = string | number | null;

/** Where a row stands in the order of its list. A page can also begin between two rows, at a position that none has. */
export interface KeysetPosition {
  key: SortKey;
  id: string | number;
}

/**
 * A page as it is asked of the database: `limit` rows that come after `from` and `skip` others. It is read in
 * `direction`, or against it if it goes backward.
 */
export interface PageRequest {
  /** The name of the list in its cursors: a cursor of another list is refused. */
  list: string;
  field: string;
  direction: Direction;
  backward: boolean;
  limit: number;
  skip: number;
  from: KeysetPosition | null;
  /** The columns that are read beside those that the list needs by itself; null for all. */
  columns: readonly string[] | null;
}

/** Some rows of a list in its order, and whether others come before and behind them. */
export interface Page<Row> {
  rows: Row[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** Returns a cursor, which is opaque to clients. It has the list, its order, and the sort key and id of a row. */
export function encodeCursor(
  { list, field }: Pick<PageRequest, 'list' | 'field'>,
  key: SortKey,
  id: string | number,
): string {
  return Buffer.from(JSON.stringify([list, field, key, id])).toString('base64url');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed();
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** The orders by a time, whose keys are milliseconds. */
const BY_TIME: readonly string[] = ['UPDATED_AT', 'LAST_USED_AT', 'EXPIRES_AT'];

function isSortKey(field: string, key: unknown): key is SortKey {
  if (field === 'CREATED_AT') return key === null;
  return BY_TIME.includes(field) ? isCount(key) : isText(key);
}

/** Returns the position that a cursor of a list says. @throws ValidationError if it is none of this list and order */
export function decodeCursor(path: string, cursor: string, list: string, field: string): KeysetPosition {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    parts = null;
  }
  const [cursorList, cursorField, key, id] = Array.isArray(parts) ? parts : [];
  // Events are numbered, everything else has a UUID or a name.
  const isId = list === 'events' ? isCount(id) : isText(id);
  if (cursorList !== list || !isId) throw ValidationError.at(path, 'is not a cursor of this list');
  if (cursorField !== field) throw ValidationError.at(path, 'is a cursor of the same list in another order');
  if (!isSortKey(field, key)) throw ValidationError.at(path, 'is not a cursor of this list');
  return { key, id };
}

/**
 * Reads the arguments of a page of the list of this name. `first` and `after` go forward, `last` and `before` backward.
 *
 * @throws ValidationError if the two are mixed, if the page or the offset is too large, or if the cursor is not one of
 * this list and order
 */
export function parsePageArguments(page: PageArguments, order: Order, list: string): PageRequest {
  const first = page.first ?? null;
  const last = page.last ?? null;
  const after = page.after || null;
  const before = page.before || null;
  const backward = last !== null || before !== null;
  if (backward && (first !== null || after !== null)) {
    throw ValidationError.at(first === null ? 'after' : 'first', 'cannot be combined with last or before');
  }
  const size = (backward ? last : first) ?? DEFAULT_PAGE_SIZE;
  if (size < 1 || size > MAX_PAGE_SIZE) {
    throw ValidationError.at(backward ? 'last' : 'first', `must be between 1 and ${MAX_PAGE_SIZE}`);
  }
  const cursor = backward ? before : after;
  return {
    list,
    field: order.field,
    direction: order.direction,
    backward,
    limit: size,
    skip: offsetOf(page, backward),
    from: cursor === null ? null : decodeCursor(backward ? 'before' : 'after', cursor, list, order.field),
    columns: page.columns ?? null,
  };
}

function offsetOf({ offset }: PageArguments, backward: boolean): number {
  const skip = offset ?? 0;
  if (skip < 0 || skip > MAX_OFFSET) {
    throw ValidationError.at('offset', `must be between 0 and ${MAX_OFFSET}: go on by after`);
  }
  if (backward && skip > 0) throw ValidationError.at('offset', 'cannot be combined with last or before');
  return skip;
}

/** Returns how many rows are read for a page: those that are skipped, its own, and the one behind it. */
export const rowsFor = ({ skip, limit }: Pick<PageRequest, 'skip' | 'limit'>): number => skip + limit + 1;

/** Makes a page of the rows that were found for it: `rowsFor` it at most, in the direction in which it was read. */
export function toPage<Row>({ from, backward, skip, limit }: PageRequest, found: readonly Row[]): Page<Row> {
  const rows = found.slice(skip, skip + limit);
  const goesOn = found.length > skip + limit;
  const isPreceded = from !== null || (skip > 0 && found.length > 0);
  if (backward) return { rows: rows.reverse(), hasNextPage: isPreceded, hasPreviousPage: goesOn };
  return { rows, hasNextPage: goesOn, hasPreviousPage: isPreceded };
}
