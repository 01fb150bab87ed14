import { createContextCache } from '@pothos/core';
import type { Caller } from '../../directory/access/viewer.ts';
import { ValidationError } from '../../directory/kernel/errors.ts';
import type { NestedConnection } from '../../directory/lists/connection.ts';
import { MAX_PAGE_SIZE, type PageArguments } from '../../directory/lists/page-arguments.ts';
import { resolveNestedConnection } from '../../graphql/shared/connection.ts';
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

type List<Row> = (caller: Caller, parentIds: readonly string[], page: PageArguments) => NestedConnection<Row>;

/** All of a list below a record. A page of all records that ask at once is read together. */
export async function everyOf<Row>(
  caller: Caller,
  field: string,
  parentId: string,
  list: List<Row>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  // Many ask at once only below a long list: there the first pages have no more than an answer may.
  const first = Math.min(MAX_PAGE_SIZE, Math.floor(MAX_LISTED_IN_ALL / Math.max(1, listed(caller).count)) || 1);
  let after: string | null = null;
  do {
    const at: PageArguments = { first, after };
    const page = resolveNestedConnection<Row>(caller, field, parentId, at, list);
    const [edges, { hasNextPage, endCursor }] = await Promise.all([page.edges, page.pageInfo]);
    rows.push(
      ...count(
        caller,
        edges.map(({ node }) => node),
      ),
    );
    after = hasNextPage ? endCursor : null;
    if (after !== null && rows.length >= MAX_LISTED) throw tooMany(`A list has at most ${MAX_LISTED}`);
  } while (after !== null);
  return rows;
}
