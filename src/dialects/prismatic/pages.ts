import { MAX_PAGE_SIZE, type PageArguments } from '../../directory/lists/page-arguments.ts';
import { asked } from './given.ts';

/** How many records a list answers that is asked for without `first` and `last`. */
export const DEFAULT_PAGE_SIZE = MAX_PAGE_SIZE;

/** The arguments of a page as the directory takes them, which has another default. */
export function pageOf({ first, last, ...cursors }: PageArguments): PageArguments {
  const [after, before] = [asked(cursors.after), asked(cursors.before)];
  if (first != null || last != null) return { first, after, last, before };
  return before ? { after, last: DEFAULT_PAGE_SIZE, before } : { first: DEFAULT_PAGE_SIZE, after };
}
