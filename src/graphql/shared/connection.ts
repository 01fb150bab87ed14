import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { Caller } from '../../directory/access/viewer.ts';
import type { Connection, NestedConnection } from '../../directory/lists/connection.ts';
import type { Page, PageArguments } from '../../directory/lists/page-arguments.ts';

/**
 * Options of a DataLoader that gathers what is asked for together and remembers nothing: a mutation of the same request
 * may have changed it.
 */
export const UNCACHED = { cache: false };

type CursorOf<Row> = (row: Row) => string;

/** A record of a page. Its cursor is made when it is asked for, which is seldom of every record. */
class Edge<Row> {
  readonly node: Row;
  readonly #cursorOf: CursorOf<Row>;

  constructor(node: Row, cursorOf: CursorOf<Row>) {
    this.node = node;
    this.#cursorOf = cursorOf;
  }

  get cursor() {
    return this.#cursorOf(this.node);
  }
}

const toPageInfo = <Row>({ start, end, hasNextPage, hasPreviousPage }: Page<Row>, cursorOf: CursorOf<Row>) => ({
  hasNextPage,
  hasPreviousPage,
  get startCursor() {
    return start && cursorOf(start);
  },
  get endCursor() {
    return end && cursorOf(end);
  },
});

/**
 * Returns a connection that reads its page when edges, nodes or pageInfo are asked for, at most once. It counts only
 * when its total is asked for.
 */
export function resolveConnection<Row>({ page, count, cursor }: Connection<Row>) {
  let loaded: Promise<Page<Row>> | undefined;
  const load = () => {
    loaded ??= page();
    return loaded;
  };
  return {
    get edges() {
      return load().then(({ rows }) => rows.map((row) => new Edge(row, cursor)));
    },
    get pageInfo() {
      return load().then((page) => toPageInfo(page, cursor));
    },
    total: count,
  };
}

interface NestedLoaders<Row> {
  pages: DataLoader<string, Page<Row>>;
  counts: DataLoader<string, number>;
  cursor: (row: Row) => string;
}

const nestedLoaders = createContextCache((_caller: Caller) => new Map<string, unknown>());

const EMPTY_PAGE = { rows: [], start: null, end: null, hasNextPage: false, hasPreviousPage: false };

/**
 * Returns a connection below a parent that may stand in a list itself. All parents that ask for the same page of the
 * same field are loaded by one statement, so `field` must name no other list of the request.
 */
export function resolveNestedConnection<Row>(
  caller: Caller,
  field: string,
  parentId: string,
  args: PageArguments,
  list: (caller: Caller, parentIds: readonly string[], page: PageArguments) => NestedConnection<Row>,
) {
  const { first, after, last, before, columns } = args;
  const cache = nestedLoaders(caller);
  const key = JSON.stringify([field, first, after, last, before, columns]);
  let loaders = cache.get(key) as NestedLoaders<Row> | undefined;
  if (!loaders) {
    const { cursor } = list(caller, [], args);
    loaders = {
      pages: new DataLoader(async (ids) => {
        const pages = await list(caller, ids, args).pages();
        return ids.map((id) => pages.get(id) ?? EMPTY_PAGE);
      }, UNCACHED),
      counts: new DataLoader(async (ids) => {
        const counts = await list(caller, ids, args).counts();
        return ids.map((id) => counts.get(id) ?? 0);
      }, UNCACHED),
      cursor,
    };
    cache.set(key, loaders);
  }
  const { pages, counts, cursor } = loaders;
  return resolveConnection({ page: () => pages.load(parentId), count: () => counts.load(parentId), cursor });
}
