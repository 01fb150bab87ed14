import type { Viewer } from '../../directory/access/viewer.ts';
import type { Page } from '../../directory/lists/page-arguments.ts';

/**
 * Where the reader of a subscription stands in the feed. It is asked again and again for the page behind the last one, and each
 * time in the name of whom the credential belongs to by then.
 */
export class Following {
  /** Whether the operation is a subscription. */
  isSubscription = false;
  /** Whether the request was let in, so that GraphQL was asked. */
  isAsked = false;
  /** Whether what the viewer reaches is not any more what it was. */
  isReachChanged = false;
  /** The page that was read last; null if none could be. */
  page: { isEmpty: boolean; hasNextPage: boolean } | null = null;
  /** Whether a page was read before: nothing behind it is missed, even if it is removed. */
  hasBegun = false;
  /** The cursor of the last event that was read; undefined until there is one: the subscription says where to begin. */
  after: string | undefined;
  #reach: string | undefined;

  /** Notes who asks for the next page. */
  begin({ reach }: Viewer): void {
    const found = JSON.stringify(reach);
    this.#reach ??= found;
    this.isAsked = true;
    this.isReachChanged = found !== this.#reach;
  }

  /** Notes the page that was read. */
  note<Row>({ rows, hasNextPage }: Page<Row>, cursorOf: (row: Row) => string): void {
    this.hasBegun = true;
    this.page = { isEmpty: rows.length === 0, hasNextPage };
    const last = rows.at(-1);
    if (last !== undefined) this.after = cursorOf(last);
  }
}
