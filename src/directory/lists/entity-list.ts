import { type Column, type SQL, sql } from 'drizzle-orm';
import { allOf, inList, jsonList, type Selection } from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import { comparable } from '../kernel/input.ts';
import type { Permission } from '../kernel/permission-names.ts';
import { type Connection, connectionOf } from './connection.ts';
import {
  createdWithin,
  deletedValues,
  type EntityFilter,
  isGiven,
  orderOf,
  rangeOf,
  withinTime,
} from './entity-filter.ts';
import { type IndexScan, inPartition, type Partition, partitionTables, type Range } from './index-scan.ts';
import { conditionsOnName, type NameFilter, rangeOfName, stretchesOfName } from './name-filter.ts';
import { type Order, type PageArguments, parsePageArguments } from './page-arguments.ts';
import { behindAllWith, isFound, type Search, type Searched, searchFor, withTrigrams } from './search.ts';

type Columns<Name extends string> = Record<'id' | 'deleted' | 'updatedAt' | 'nameKey' | Name, Column>;

/** The records in reach where they are scanned in order, as `scanned`: their table, or one that repeats its columns. */
type Source<Name extends string> = Columns<Name> & { from: SQL; partitions: readonly Partition[] };

/**
 * What makes the list of one kind of record. `Field` are the names of its orders, `Sort` the columns that they go by,
 * and `Division` is the column of few values that leads the index of each of them, behind `deleted`.
 */
export interface EntityList<Row, Field extends string, Sort extends string, Division extends string> {
  /** As cursors have it. */
  name: string;
  permission: Permission;
  table: Columns<Sort | Division | 'externalIdKey'>;
  from: SQL;
  selection: Selection<Row>;
  orders: Record<Field | 'CREATED_AT' | 'UPDATED_AT', Sort | null>;
  division: Division;
  search: Searched['search'];
  source: (reach: Reach) => Source<Sort | Division>;
  isInReach: (reach: Reach, id: Column) => SQL;
}

export interface EntityListArguments<Field extends string> extends PageArguments {
  orderBy?: Order<Field> | null | undefined;
}

/** What a filter asks for beyond what every kind of record has. */
export interface OwnFilter {
  divisions: readonly string[];
  names?: NameFilter;
  conditions?: readonly SQL[];
  /** As a filter has them; they must not read beyond the reach, for how many they answer shows in the page. */
  candidates?: readonly SQL[];
  /** A table that has those only that can match, in the order of their ids. */
  byId?: Pick<IndexScan, 'from' | 'id' | 'partitions'> | null;
}

type ListedRow<Sort extends string> = { id: string } & Record<Sort, string | Date>;

/** The records in reach, live ones unless the filter says otherwise. */
export function listEntities<
  Row extends ListedRow<Sort>,
  Field extends string,
  Sort extends string,
  Division extends string,
>(
  { db, viewer }: Caller,
  list: EntityList<Row, Field, Sort, Division>,
  args: EntityListArguments<Field>,
  filter: EntityFilter,
  own: OwnFilter,
): Connection<Row> {
  requirePermissions(viewer, [list.permission]);
  const order = orderOf(args.orderBy, filter);
  const sort = list.orders[order.field];
  const target = { selection: list.selection, from: list.from, id: list.table.id, sort: sort && list.table[sort] };
  const scan = scanEntities(list, viewer.reach, filter, own, order.field);
  return connectionOf(db, target, scan, parsePageArguments(args, order, list.name), (row) => {
    const key: string | Date | null = sort && row[sort];
    return key instanceof Date ? key.getTime() : key;
  });
}

function scanEntities<Row, Field extends string, Sort extends string, Division extends string>(
  list: EntityList<Row, Field, Sort, Division>,
  reach: Reach,
  filter: EntityFilter,
  own: OwnFilter,
  field: Field | 'CREATED_AT' | 'UPDATED_AT',
): IndexScan {
  const sort = list.orders[field];
  const source = list.source(reach);
  const scan = {
    from: source.from,
    id: source.id,
    sort: sort && source[sort],
    partitions: [
      ...source.partitions,
      { column: source.deleted, values: deletedValues(filter.deleted) },
      { column: source[list.division], values: own.divisions },
    ],
    range: sort === 'nameKey' ? rangeOfNames(list, reach, filter, own) : rangeOf(filter, field),
    where: [],
  };
  if (isServedByIndex(filter, own, field)) return scan;
  const ranges = [createdWithin(source.id, filter.createdAt), withinTime(source.updatedAt, filter.updatedAt)];
  const { externalIds, search } = filter;
  const { names = {} } = own;
  return {
    ...scan,
    ...(field === 'CREATED_AT' && own.byId),
    filter: {
      conditions: conditionsOf(list, filter, own),
      candidates: [
        ...(externalIds ? [withExternalIds(list, reach, externalIds)] : []),
        ...candidatesByName(list, reach, scan, source.nameKey, names),
        ...(search ? candidatesBySearch(list, reach, scan, source.nameKey, searchFor(search)) : []),
        ...(own.candidates ?? []),
        ...candidatesIn(scan, ranges),
      ],
      isInReach: list.isInReach(reach, list.table.id),
    },
  };
}

const isServedByIndex = (
  { externalIds, search, createdAt, updatedAt }: EntityFilter,
  { conditions, names = {} }: OwnFilter,
  field: string,
) =>
  externalIds == null &&
  search == null &&
  !conditions?.length &&
  Object.values(names).every((name) => name == null) &&
  (field === 'CREATED_AT' || !isGiven(createdAt)) &&
  (field === 'UPDATED_AT' || !isGiven(updatedAt));

/** All that the filter asks for. The unary plus keeps SQLite from scanning an index where it has the ids already. */
function conditionsOf<Division extends string>(
  list: Searched & { table: Columns<Division | 'externalIdKey'>; division: Division },
  filter: EntityFilter,
  own: OwnFilter,
): SQL[] {
  const { table, division } = list;
  return [
    inList(sql`+${table.deleted}`, deletedValues(filter.deleted)),
    inList(sql`+${table[division]}`, own.divisions),
    ...createdWithin(table.id, filter.createdAt),
    ...withinTime(table.updatedAt, filter.updatedAt),
    ...(filter.externalIds ? [inList(table.externalIdKey, filter.externalIds.map(comparable))] : []),
    ...(filter.search ? [isFound(list, searchFor(filter.search))] : []),
    ...conditionsOnName(table.nameKey, own.names ?? {}),
    ...(own.conditions ?? []),
  ];
}

type Listed = Searched & Pick<EntityList<unknown, string, string, string>, 'isInReach'>;

/** The records in reach with one of these external ids. */
function withExternalIds({ table, from, isInReach }: Listed, reach: Reach, externalIds: readonly string[]): SQL {
  const wanted = jsonList([...new Set(externalIds.map(comparable))]);
  return sql`SELECT ${table.id} AS id FROM json_each(${wanted}) wanted
    CROSS JOIN ${from} ON ${table.externalIdKey} = wanted.value WHERE ${isInReach(reach, table.id)}`;
}

function candidatesBySearch(list: Listed, reach: Reach, scan: IndexScan, nameKey: Column, search: Search): SQL[] {
  const { key, characters } = search;
  const named = withExternalIds(list, reach, [key]);
  if (characters.length < 2) return [named];
  const beginning = [sql`${nameKey} >= ${key}`, sql`${nameKey} < ${behindAllWith(key)}`];
  const found = characters.length === 2 ? candidatesIn(scan, [beginning]) : withTrigrams(list, reach, search);
  return found.map((candidate) => sql`${candidate} UNION ALL ${named}`);
}

/** Where the names may be that are asked for. */
function candidatesByName(list: Listed, reach: Reach, scan: IndexScan, nameKey: Column, names: NameFilter): SQL[] {
  const stretches = stretchesOfName(nameKey, names);
  const containing = searchFor(names.nameContains ?? '');
  return [
    ...(stretches.length > 0 ? candidatesIn(scan, stretches) : []),
    ...(containing.characters.length < 3 ? [] : withTrigrams(list, reach, containing)),
  ];
}

const rangeOfNames = (list: Listed, reach: Reach, { search }: EntityFilter, { names = {} }: OwnFilter): Range =>
  rangeOfName(names) ?? rangeOfSearch(list, reach, search);

/** Where the names lie that begin with two characters: anywhere if they are an external id, too. */
function rangeOfSearch(list: Listed, reach: Reach, text: string | null | undefined): Range {
  const { key, characters } = searchFor(text ?? '');
  if (characters.length !== 2) return { from: null, to: null };
  const orEnd = (end: SQL, edge: SQL) => sql`iif(EXISTS (${withExternalIds(list, reach, [key])}), ${end}, ${edge})`;
  return {
    from: { key: orEnd(sql`''`, sql`${key}`), id: '' },
    to: { key: orEnd(sql`x''`, behindAllWith(key)), id: '' },
  };
}

/** What is scanned, within each of the given ranges; all of it if none is given. A few records need no window. */
function candidatesIn(scan: IndexScan, ranges: readonly SQL[][]): SQL[] {
  const given = ranges.filter((range) => range.length > 0);
  return (given.length > 0 ? given : [[]]).map(
    (range) =>
      sql`SELECT ${scan.id} AS id FROM ${partitionTables(scan)}${scan.from} WHERE ${allOf([inPartition(scan), ...range])}`,
  );
}
