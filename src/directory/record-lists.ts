import { type Column, type SQL, sql } from 'drizzle-orm';
import { inList, type Selection } from '../db/statement.ts';
import { type Listing, listing, type Partition, type Walk } from './page.ts';
import { type Order, type PageArguments, parsePaging } from './paging.ts';
import type { Permission } from './permission-names.ts';
import type { Reach } from './reach.ts';
import {
  createdWithin,
  deletedValues,
  isNarrowed,
  orderOf,
  type RecordFilter,
  withExternalIds,
  withinTime,
} from './records.ts';
import { type Caller, requirePermissions } from './viewer.ts';

type Columns<Name extends string> = Record<'id' | 'deleted' | 'updatedAt' | Name, Column>;

/** The records in reach where they are walked in order, as `walked`: their table, or one that repeats its columns. */
type Source<Name extends string> = Columns<Name> & { from: SQL; partitions: readonly Partition[] };

/**
 * What makes the list of one kind of record. `Field` are the names of its orders, `Sort` the columns that they go by,
 * and `Division` is the column of few values that leads the index of each of them, behind `deleted`.
 */
export interface RecordList<Row, Field extends string, Sort extends string, Division extends string> {
  /** As cursors have it. */
  name: string;
  permission: Permission;
  table: Columns<Sort>;
  from: SQL;
  selection: Selection<Row>;
  orders: Record<Field | 'CREATED_AT' | 'UPDATED_AT', Sort | null>;
  division: Division;
  source: (reach: Reach) => Source<Sort | Division>;
  isInReach: (reach: Reach, id: Column) => SQL;
}

export interface RecordListArguments<Field extends string> extends PageArguments {
  orderBy?: Order<Field> | null | undefined;
}

/** What a filter asks for beyond what every kind of record has. */
export interface OwnFilter {
  divisions: readonly string[];
  /** Something that few records carry: a table of it, as `carried`, lists them in the order of their ids. */
  carried?: Pick<Walk, 'from' | 'id' | 'where'> | null;
  conditions?: (id: Column) => readonly SQL[];
}

type ListedRow<Sort extends string> = { id: string } & Record<Sort, string | Date>;

/** The records in reach, live ones unless the filter says otherwise. */
export function listRecords<
  Row extends ListedRow<Sort>,
  Field extends string,
  Sort extends string,
  Division extends string,
>(
  { db, viewer }: Caller,
  list: RecordList<Row, Field, Sort, Division>,
  args: RecordListArguments<Field>,
  filter: RecordFilter,
  own: OwnFilter,
): Listing<Row> {
  requirePermissions(viewer, [list.permission]);
  const order = orderOf(args.orderBy, filter);
  const sort = list.orders[order.field];
  const target = { selection: list.selection, from: list.from, id: list.table.id, sort: sort && list.table[sort] };
  const walk = walkRecords(list, viewer.reach, filter, own, order.field);
  return listing(db, target, walk, parsePaging(args, order, list.name), (row) => {
    const key: string | Date | null = sort && row[sort];
    return key instanceof Date ? key.getTime() : key;
  });
}

function walkRecords<Row, Field extends string, Sort extends string, Division extends string>(
  list: RecordList<Row, Field, Sort, Division>,
  reach: Reach,
  filter: RecordFilter,
  { divisions, carried, conditions = () => [] }: OwnFilter,
  field: Field | 'CREATED_AT' | 'UPDATED_AT',
): Walk {
  const sort = list.orders[field];
  const deleted = deletedValues(filter.deleted);
  const table = list.source({ kind: 'ORGANIZATION' });
  const named = filter.externalIds
    ? { from: withExternalIds(list.from, filter.externalIds), id: table.id, where: [] }
    : carried && { ...carried, from: sql`${carried.from} CROSS JOIN ${list.from} walked ON walked.id = ${carried.id}` };
  if (named) {
    return {
      ...named,
      sort: sort && table[sort],
      partitions: [],
      where: [
        ...named.where,
        ...conditions(named.id),
        inList(sql`+${table.deleted}`, deleted),
        inList(sql`+${table[list.division]}`, divisions),
        ...createdWithin(named.id, filter.createdAt),
        ...withinTime(table.updatedAt, filter.updatedAt),
        list.isInReach(reach, named.id),
      ],
      narrowed: filter.externalIds != null || sort !== null,
    };
  }
  const source = list.source(reach);
  return {
    from: source.from,
    id: source.id,
    sort: sort && source[sort],
    partitions: [
      ...source.partitions,
      { column: source.deleted, values: deleted },
      { column: source[list.division], values: divisions },
    ],
    where: [...createdWithin(source.id, filter.createdAt), ...withinTime(source.updatedAt, filter.updatedAt)],
    narrowed: isNarrowed(filter, field),
  };
}
