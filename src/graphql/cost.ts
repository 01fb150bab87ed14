import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../directory/page.ts';

/**
 * What an operation may cost. A field costs 1, a mutation MUTATION_COST, a page PAGE_COST and then each of its fields as
 * often as it has rows, counted as at least the default number. 100 customers with 25 tenants of three fields each are
 * within.
 */
export const MAX_COST = 10_000;
export const MAX_DEPTH = 12;

export const PAGE_COST = 10;
/** A total reads every row that it counts. It stands inside a page, so that its price is taken as often as rows are. */
export const TOTAL_COST = 8;
export const MUTATION_COST = 100;

interface Sizes {
  first?: number | null | undefined;
  last?: number | null | undefined;
}

/** How often a page's fields are priced. A size out of bounds is refused later. */
export function pageMultiplier({ first, last }: Sizes): number {
  return Math.min(Math.max(first ?? last ?? 0, DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE);
}
