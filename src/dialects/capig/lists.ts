import type { Caller } from '../../directory/access/viewer.ts';
import { ValidationError } from '../../directory/kernel/errors.ts';
import type { Source } from '../../directory/lists/found.ts';
import { MAX_PAGE_SIZE } from '../../directory/lists/page-arguments.ts';
import { type Asked, readAhead } from '../../graphql/shared/ahead.ts';
import type { ListBelow } from '../../graphql/shared/connection.ts';
import { once } from '../../graphql/shared/eventually.ts';
import { perRequest } from '../../graphql/shared/per-request.ts';
import { COVERED } from '../../graphql/shared/prices.ts';

/** How many records one list may have, and all lists of an answer together. */
export const MAX_LISTED = 1000;
export const MAX_LISTED_IN_ALL = 25_000;

/**
 * Roles of a tenant or a user cost as one, or else the document's own operations would cost too much. How many an answer
 * has is bounded by `MAX_LISTED_IN_ALL`.
 */
export const LISTED_ROLES = COVERED;

const listed = perRequest((_caller: Caller) => ({ count: 0 }));

/** Counts the records of another list of the answer, and refuses those that are too many: what is cut off is not seen. */
export function count<Row>(caller: Caller, rows: readonly Row[]): readonly Row[] {
  const total = listed(caller);
  total.count += rows.length;
  if (total.count > MAX_LISTED_IN_ALL)
    throw tooMany(`All lists of an answer together have at most ${MAX_LISTED_IN_ALL}`);
  return rows;
}

const tooMany = (limit: string) =>
  ValidationError.at('', `${limit} records here: ask for less, or page through them at /graphql`);

/** All of a list below each of several records. */
interface Every<Row> {
  /** Reads it, of one of them. */
  of(parentId: string): Promise<readonly Row[]>;
  /** Of the first pages, which are read together: they have so many records each. */
  source: Source;
  first: number;
}

/**
 * Begins to read all of a list below several records: the first page of each, and with these what is asked for below. Null
 * where it cannot be done so, as there may be too many of them.
 */
export function everyBelow<Row extends object>(
  caller: Caller,
  records: Source,
  list: ListBelow<Row>,
  asked: Asked | null,
): Every<Row> | null {
  const ids = records.values('id');
  const parents = Math.max(1, records.most ?? 1);
  // Many ask at once only below a long list: there the first pages have no more than an answer may.
  const first = Math.min(MAX_PAGE_SIZE, Math.floor(MAX_LISTED_IN_ALL / parents));
  if (!ids || first === 0) return null;
  const listing = list(caller, ids, { first });
  const source = { values: listing.values, most: parents * first };
  const pages = once(async () => {
    const reading = listing.pages();
    const note = asked ? readAhead(caller, source, asked) : () => {};
    const found = await reading;
    for (const { rows } of found.values()) note(rows);
    return found;
  });
  pages();

  async function of(parentId: string): Promise<readonly Row[]> {
    const rows: Row[] = [];
    let page = (await pages()).get(parentId);
    while (page) {
      rows.push(...count(caller, page.rows));
      const last = page.rows.at(-1);
      if (!page.hasNextPage || !last) break;
      if (rows.length >= MAX_LISTED) throw tooMany(`A list has at most ${MAX_LISTED}`);
      const after = listing.cursor(last);
      page = (await list(caller, [parentId], { first: MAX_PAGE_SIZE, after }).pages()).get(parentId);
    }
    return rows;
  }
  return { of, source, first };
}
