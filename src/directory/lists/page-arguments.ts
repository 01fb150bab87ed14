import { ValidationError } from '../kernel/errors.ts';

export const DEFAULT_PAGE_SIZE = 25;
export const MAX_PAGE_SIZE = 100;
/** Records that are skipped are read all the same: for more of them there are cursors. */
export const MAX_OFFSET = 500;

export interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  /** How many records to skip in front of the page; only forward. */
  offset?: number | null | undefined;
}

export type Direction = 'ASC' | 'DESC';

export interface Order<Field extends string = string> {
  field: Field;
  direction: Direction;
}

export type SortKey = string | number | null;

/** Where a row stands in its list, and where a list can be entered: between two rows as well. */
export interface KeysetPosition {
  key: SortKey;
  id: string | number;
}

/** A page as it is asked of the database: `limit` rows that come after `from` and `skip` others, scanning in `direction`. */
export interface PageRequest {
  /** A cursor of one list is none of another. */
  list: string;
  field: string;
  direction: Direction;
  backward: boolean;
  limit: number;
  skip: number;
  from: KeysetPosition | null;
}

export interface Page<Row> {
  rows: Row[];
  /** The rows that the page begins and ends with, for its cursors: where a page has fewer rows, how far it was read. */
  start: Row | null;
  end: Row | null;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** Opaque to clients: the list, its order, and the sort key and id of the row that the cursor stands for. */
export function encodeCursor({ list, field }: PageRequest, key: SortKey, id: string | number): string {
  return Buffer.from(JSON.stringify([list, field, key, id])).toString('base64url');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed();
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function isSortKey(field: string, key: unknown): key is SortKey {
  if (field === 'CREATED_AT') return key === null;
  return field === 'UPDATED_AT' ? isCount(key) : isText(key);
}

function decodeCursor(path: string, cursor: string, list: string, field: string): KeysetPosition {
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

/** Reads Relay's arguments for the list of this name: `first` and `after` scan forward, `last` and `before` backward, and the two never mix. */
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

/** How many rows are read for a page: those before it, and the one behind. */
export const rowsFor = ({ skip, limit }: Pick<PageRequest, 'skip' | 'limit'>): number => skip + limit + 1;

/**
 * The rows of a `SELECT` of `rowsFor` the page, in the order asked for, and whether there are more on either side. `read` is
 * the row up to which the list was read, if that ended before the list did.
 */
export function toPage<Row>(request: PageRequest, found: readonly Row[], read: Row | null = null): Page<Row> {
  const { skip, limit } = request;
  if (read !== null && found.length < skip) {
    throw ValidationError.at('offset', 'is further than this filter can be read at once: go on by after');
  }
  const more = found.length > skip + limit || read !== null;
  const rows = found.slice(skip, skip + limit);
  const last = read ?? rows.at(-1) ?? null;
  const first = rows[0] ?? last;
  if (request.backward) rows.reverse();
  return {
    rows,
    start: request.backward ? last : first,
    end: request.backward ? first : last,
    hasNextPage: request.backward ? request.from !== null : more,
    hasPreviousPage: request.backward ? more : request.from !== null || (skip > 0 && found.length > 0),
  };
}
