import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { Caller } from '../../directory/access/viewer.ts';
import { ValidationError } from '../../directory/kernel/errors.ts';
import { MAX_PAGE_SIZE, type Page, type PageArguments } from '../../directory/lists/page-arguments.ts';
import type { ListBelow } from '../../graphql/shared/connection.ts';
import { UNCACHED } from '../../graphql/shared/per-record.ts';
import { COVERED } from '../../graphql/shared/prices.ts';

/** How many records one list may have, and all lists of an answer together. */
export const MAX_LISTED = 1000;
export const MAX_LISTED_IN_ALL = 25_000;

/**
 * Roles of a tenant or a user cost as one, or else the document's own operations would cost too much. How many an answer
 * has is bounded by `MAX_LISTED_IN_ALL`.
 */
export const LISTED_ROLES = COVERED;

const listed = createContextCache((_caller: Caller) => ({ count: 0 }));

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

interface Pages<Row> {
  loader: DataLoader<string, Page<Row> | undefined>;
  cursor: (row: Row) => string;
}

const pagesOfRequest = createContextCache((_caller: Caller) => new Map<string, unknown>());

/** Returns the pages of a list below records: those that are asked for at the same place are read together. */
function pagesOf<Row>(caller: Caller, field: string, at: PageArguments, list: ListBelow<Row>): Pages<Row> {
  const cache = pagesOfRequest(caller);
  const key = JSON.stringify([field, at.first, at.after]);
  const known = cache.get(key) as Pages<Row> | undefined;
  if (known) return known;
  const { cursor } = list(caller, [], at);
  const loader = new DataLoader<string, Page<Row> | undefined>(async (ids) => {
    const pages = await list(caller, ids, at).pages();
    return ids.map((id) => pages.get(id));
  }, UNCACHED);
  const pages = { loader, cursor };
  cache.set(key, pages);
  return pages;
}

/** All of a list below a record. A page of all records that ask at once is read together. */
export async function everyOf<Row>(
  caller: Caller,
  field: string,
  parentId: string,
  list: ListBelow<Row>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  // Many ask at once only below a long list: there the first pages have no more than an answer may.
  const first = Math.min(MAX_PAGE_SIZE, Math.floor(MAX_LISTED_IN_ALL / Math.max(1, listed(caller).count)) || 1);
  let after: string | null = null;
  do {
    const at: PageArguments = { first, after };
    const { loader, cursor } = pagesOf(caller, field, at, list);
    const page = await loader.load(parentId);
    rows.push(...count(caller, page?.rows ?? []));
    after = page?.hasNextPage && page.end ? cursor(page.end) : null;
    if (after !== null && rows.length >= MAX_LISTED) throw tooMany(`A list has at most ${MAX_LISTED}`);
  } while (after !== null);
  return rows;
}
