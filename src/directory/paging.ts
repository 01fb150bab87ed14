import { ValidationError } from './errors.ts';

export const DEFAULT_PAGE_SIZE = 25;
export const MAX_PAGE_SIZE = 100;

export interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

export type Direction = 'ASC' | 'DESC';

export interface Order<Field extends string = string> {
  field: Field;
  direction: Direction;
}

export type SortKey = string | number | null;

/** Where a row stands in its list, and where a list can be entered: between two rows as well. */
export interface Place {
  key: SortKey;
  id: string | number;
}

/** A page as it is asked of the database: `limit` rows that come after `from`, walking in `direction`. */
export interface Paging {
  /** A cursor of one list is none of another. */
  list: string;
  field: string;
  direction: Direction;
  backward: boolean;
  limit: number;
  from: Place | null;
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
export function encodeCursor({ list, field }: Paging, key: SortKey, id: string | number): string {
  return Buffer.from(JSON.stringify([list, field, key, id])).toString('base64url');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed();
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function isSortKey(field: string, key: unknown): key is SortKey {
  if (field === 'CREATED_AT') return key === null;
  return field === 'UPDATED_AT' ? isCount(key) : isText(key);
}

function decodeCursor(path: string, cursor: string, list: string, field: string): Place {
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

/** Reads Relay's arguments for the list of this name: `first` and `after` walk forward, `last` and `before` backward, and the two never mix. */
export function parsePaging(page: PageArguments, order: Order, list: string): Paging {
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
    from: cursor === null ? null : decodeCursor(backward ? 'before' : 'after', cursor, list, order.field),
  };
}

/**
 * The rows of `SELECT … LIMIT limit + 1`, in the order asked for, and whether there are more on either side. `read` is
 * the row up to which the list was read, if that ended before the list did.
 */
export function toPage<Row>(paging: Paging, found: readonly Row[], read: Row | null = null): Page<Row> {
  const more = found.length > paging.limit || read !== null;
  const rows = found.slice(0, paging.limit);
  const last = read ?? rows.at(-1) ?? null;
  const first = rows[0] ?? last;
  if (paging.backward) rows.reverse();
  return {
    rows,
    start: paging.backward ? last : first,
    end: paging.backward ? first : last,
    hasNextPage: paging.backward ? paging.from !== null : more,
    hasPreviousPage: paging.backward ? more : paging.from !== null,
  };
}
