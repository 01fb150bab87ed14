import type { GraphQLResolveInfo } from 'graphql';
import type { Caller, Viewer } from '../../directory/access/viewer.ts';
import type { Connection, NestedConnection } from '../../directory/lists/connection.ts';
import type { Ids } from '../../directory/lists/found.ts';
import type { Page, PageArguments } from '../../directory/lists/page-arguments.ts';
import { type Asked, fieldsBelow, readAhead } from './ahead.ts';
import { type Eventually, goOnWith, once } from './eventually.ts';
import { perRecord } from './per-record.ts';
import { columnsRead } from './reads.ts';

type CursorOf<Row> = (row: Row) => string;

/*
 * What is answered lazily are classes, not objects with getters of their own: V8 keeps the getters of such an object as long as its
 * shape, and with them all that they see, which would be whole requests until it looks through all of the heap.
 */

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

/** What a page says of itself and of its list. */
class PageInfo<Row> {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly #rows: readonly Row[];
  readonly #cursorOf: CursorOf<Row>;

  constructor({ rows, hasNextPage, hasPreviousPage }: Page<Row>, cursorOf: CursorOf<Row>) {
    this.hasNextPage = hasNextPage;
    this.hasPreviousPage = hasPreviousPage;
    this.#rows = rows;
    this.#cursorOf = cursorOf;
  }

  get startCursor() {
    return this.#cursorAt(0);
  }

  get endCursor() {
    return this.#cursorAt(-1);
  }

  #cursorAt(place: number): string | null {
    const row = this.#rows.at(place);
    return row === undefined ? null : this.#cursorOf(row);
  }
}

/** A connection, which asks for its page and its total only when it is asked for them. */
export class ShownConnection<Row> {
  readonly #page: () => Eventually<Page<Row>>;
  readonly #cursorOf: CursorOf<Row>;
  readonly total: () => Eventually<number>;

  constructor(page: () => Eventually<Page<Row>>, total: () => Eventually<number>, cursorOf: CursorOf<Row>) {
    this.#page = page;
    this.total = total;
    this.#cursorOf = cursorOf;
  }

  get edges() {
    return goOnWith(this.#page(), ({ rows }) => rows.map((row) => new Edge(row, this.#cursorOf)));
  }

  get nodes() {
    return goOnWith(this.#page(), ({ rows }) => rows);
  }

  get pageInfo() {
    return goOnWith(this.#page(), (found) => new PageInfo(found, this.#cursorOf));
  }
}

/** Begins to read the page, the total or both, as they are asked for: before a resolver asks for them. */
function begin(page: () => unknown, total: () => unknown, asked: Asked): void {
  for (const { definition } of fieldsBelow(asked)) {
    if (definition.name === 'totalCount') {
      if (!asked.totalsLater) total();
    } else if (definition.name !== '__typename') page();
  }
}

/**
 * Returns the connection that a field answers. It reads its page if edges, nodes or pageInfo are asked for, at most once,
 * and with it what is asked for below its records. It counts only if its total is asked for.
 */
export function resolveConnection<Row extends object>(listing: Connection<Row>, caller: Caller, asked: Asked) {
  const page = once(async () => {
    const reading = listing.page();
    const note = readAhead(caller, listing, asked);
    const found = await reading;
    note(found.rows);
    return found;
  });
  const total = once(() => listing.count());
  begin(page, total, asked);
  return new ShownConnection(page, total, listing.cursor);
}

const EMPTY_PAGE = { rows: [], hasNextPage: false, hasPreviousPage: false };

/** Lists what is below several parents, of each of them the page that is asked for. */
export type ListBelow<Row> = (caller: Caller, parentIds: Ids, page: PageArguments) => NestedConnection<Row>;

interface NestedListOptions {
  /** The page that arguments ask for, in an API with another default. */
  page?: (args: PageArguments) => PageArguments;
  /** Refuses viewers who may not see the list, by an error. */
  require?: (viewer: Viewer) => void;
  /** Refuses viewers who may not see the list of the record with this id, by an error. */
  requireOf?: (viewer: Viewer, id: string) => void;
}

/** Returns the options of a connection below a record. The pages of all records of a list are read by one statement. */
export const nestedList = <Row extends object>(
  list: ListBelow<Row>,
  { page: pageOf = (args) => args, require = () => undefined, requireOf }: NestedListOptions = {},
) => {
  const field = perRecord<{ id: string }, PageArguments, ShownConnection<Row>>(
    ['id'],
    (caller, records, args, asked) => {
      require(caller.viewer);
      const ids = records.values('id');
      if (!ids) return null;
      const listing = list(caller, ids, { ...pageOf(args), columns: columnsRead(asked) });
      const note = readAhead(caller, listing, asked);
      const pages = once(async () => {
        const found = await listing.pages();
        for (const { rows } of found.values()) note(rows);
        return found;
      });
      const counts = once(() => listing.counts());
      begin(pages, counts, asked);
      return ({ id }) =>
        new ShownConnection(
          () => goOnWith(pages(), (found): Page<Row> => found.get(id) ?? EMPTY_PAGE),
          () => goOnWith(counts(), (found) => found.get(id) ?? 0),
          listing.cursor,
        );
    },
  );
  if (!requireOf) return field;
  return {
    ...field,
    resolve: (record: { id: string }, args: PageArguments, caller: Caller, info: GraphQLResolveInfo) => {
      requireOf(caller.viewer, record.id);
      return field.resolve(record, args, caller, info);
    },
  };
};
