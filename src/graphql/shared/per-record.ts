import DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';
import type { Caller } from '../../directory/access/viewer.ts';
import { type Found, type Ids, onlyRow, type Source, sourceOfRows } from '../../directory/lists/found.ts';
import { type Asked, answerAhead, type Link, type Place, placeOf, readAhead } from './ahead.ts';
import { type Eventually, goOnWith, once } from './eventually.ts';
import { localId, type NodeType, requireIdOf } from './ids.ts';
import { perRequest } from './per-request.ts';
import { extended, price, REFERENCE } from './prices.ts';

/**
 * Options of a DataLoader that gathers what is asked for together and remembers nothing: a mutation of the same request
 * may have changed it.
 */
export const UNCACHED = { cache: false };

/** Answers a field of one record. */
type Answer<Row, Value> = (record: Row) => Eventually<Value>;

/**
 * Begins to read a field for all records of a source, and returns how each of them is answered. Null if the source does not
 * have the columns for it; one of records that are there has all of them. It throws what a caller is refused with.
 */
export type ReadForAll<Row, Args, Value> = (
  caller: Caller,
  records: Source,
  args: Args,
  asked: Asked,
) => Answer<Row, Value> | null;

/** The fields of a request that wait for the other records of their list, by where the document asks for them. */
const waiting = perRequest((_caller: Caller) => new Map<Place | undefined, DataLoader<object, unknown>>());

/**
 * Returns the options of a field that is read for all records of a list at once: with the records, where that can be, or else
 * after them. It needs these columns of them.
 */
export function perRecord<Row extends object, Args, Value>(
  columns: readonly (keyof Row & string)[],
  read: ReadForAll<Row, Args, Value>,
) {
  const link: Link = (caller, records, args, asked) => read(caller, records, args as Args, asked);

  function loader(args: Args, caller: Caller, info: GraphQLResolveInfo): DataLoader<Row, Value> {
    const loaders = waiting(caller);
    const place = placeOf(info.fieldNodes);
    const known = loaders.get(place) as DataLoader<Row, Value> | undefined;
    if (known) return known;
    const loader = new DataLoader<Row, Value>(async (records) => {
      const answer = read(caller, sourceOfRows(records), args, info);
      if (!answer) throw new Error('Records that are there have all columns');
      return Promise.all(records.map(answer));
    }, UNCACHED);
    loaders.set(place, loader as DataLoader<object, unknown>);
    return loader;
  }

  return {
    extensions: { reads: columns, link },
    resolve: (record: Row, args: Args, caller: Caller, info: GraphQLResolveInfo): Eventually<Value> => {
      const answer = answerAhead(record, info) as Answer<Row, Value> | undefined;
      return answer ? answer(record) : loader(args, caller, info).load(record);
    },
  };
}

/** Returns the options of a field that answers the same for every record that it is asked of. */
export function sameForAll<Args, Value>(read: (caller: Caller, args: Args, asked: Asked) => Eventually<Value>) {
  const link: Link = (caller, _records, args, asked) => {
    const value = read(caller, args as Args, asked);
    // Whoever asks is told by the promise itself, and nobody does where there is no record.
    if (value instanceof Promise) value.catch(() => undefined);
    return () => value;
  };
  return {
    extensions: { reads: [], link },
    resolve: (record: object, args: Args, caller: Caller, info: GraphQLResolveInfo): Eventually<Value> => {
      const answer = answerAhead(record, info) as Answer<object, Value> | undefined;
      return answer ? answer(record) : read(caller, args, info);
    },
  };
}

/** Finds records by their ids. */
export type FindByIds<Row> = (caller: Caller, ids: Ids) => Found<Row>;

/** Returns the options of a field that answers the record whose id is in this column; null where it is not to be found. */
export function reference<Row extends object, Referred extends { id: string }>(
  by: keyof Row & string,
  byIds: FindByIds<Referred>,
) {
  const field = perRecord<Row, object, Referred | null>([by], (caller, records, _args, asked) => {
    const ids = records.values(by);
    if (!ids) return null;
    const found = byIds(caller, ids);
    const rows = once(async () => new Map((await resolveRows(found, caller, asked)).map((row) => [row.id, row])));
    rows();
    return (record) => goOnWith(rows(), (byId) => byId.get(record[by] as string) ?? null);
  });
  return {
    ...extended(field, price(REFERENCE)),
    resolve: (record: Row, args: object, caller: Caller, info: GraphQLResolveInfo) =>
      record[by] === null ? null : field.resolve(record, args, caller, info),
  };
}

/** Returns the options of a field that is found for several ids of records at once, as a map of what each of them has. */
export const foundPerId = <Args, Value>(
  find: (caller: Caller, ids: Ids, args: Args) => Promise<ReadonlyMap<string, Value>>,
) =>
  perRecord<{ id: string }, Args, Value | null>(['id'], (caller, records, args) => {
    const ids = records.values('id');
    if (!ids) return null;
    const found = once(() => find(caller, ids, args));
    found();
    return ({ id }) => goOnWith(found(), (byId) => byId.get(id) ?? null);
  });

/** Reads records, and with them what is asked for below. */
export async function resolveRows<Row extends object>(found: Found<Row>, caller: Caller, asked: Asked): Promise<Row[]> {
  const reading = found.rows();
  const note = readAhead(caller, found, asked);
  const rows = await reading;
  note(rows);
  return rows;
}

/** Reads a record that is answered by itself, and with it what is asked for below; null if there is none. */
export async function resolveFound<Row extends object>(found: Found<Row>, caller: Caller, asked: Asked) {
  return withBelow(onlyRow(found), found, caller, asked);
}

/** The loaders of a request, by what finds the records. */
const loaders = perRequest((_caller: Caller) => new Map<unknown, DataLoader<string, unknown>>());

/**
 * Finds a record by its id, together with all others that the request asks for so: these are read by one statement. Null for
 * what is not there.
 */
export function foundWithOthers<Row extends { id: string | number }>(
  byIds: FindByIds<Row>,
  id: string,
  caller: Caller,
): Promise<Row | null> {
  const known = loaders(caller);
  const loader =
    (known.get(byIds) as DataLoader<string, Row | null> | undefined) ??
    new DataLoader<string, Row | null>(async (ids) => {
      const found = new Map((await byIds(caller, ids).rows()).map((row) => [String(row.id), row]));
      return ids.map((id) => found.get(id) ?? null);
    }, UNCACHED);
  known.set(byIds, loader);
  return loader.load(id);
}

/** Reads a record that is found with others, and with it what is asked for below. */
export async function recordWithId<Row extends { id: string | number }>(
  byIds: FindByIds<Row>,
  id: string,
  caller: Caller,
  asked: Asked,
): Promise<Row | null> {
  const found = byIds(caller, [id]);
  return withBelow(foundWithOthers(byIds, id, caller), found, caller, asked);
}

/**
 * Does so with the record of a type of nodes that has this global id; null if there is no such record in reach.
 * @throws ForbiddenError as `byIds` does, and else ValidationError if the id is not one of the type
 */
export async function recordWithGlobalId<Row extends { id: string }>(
  type: NodeType,
  byIds: FindByIds<Row>,
  globalId: string,
  caller: Caller,
  asked: Asked,
): Promise<Row | null> {
  const id = localId(type, globalId);
  // Whoever may not read such records is told that, whatever the id is.
  byIds(caller, []);
  requireIdOf(type, globalId, 'id');
  return recordWithId(byIds, id, caller, asked);
}

/** Reads with a record what is asked for below it. The record is being read already, and is the one of the source. */
export async function withBelow<Row extends object | null>(
  reading: Promise<Row>,
  source: Source,
  caller: Caller,
  asked: Asked,
): Promise<Row> {
  const note = readAhead(caller, source, asked);
  const row = await reading;
  if (row) note([row]);
  return row;
}
