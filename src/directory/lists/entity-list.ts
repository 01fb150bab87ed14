import type { Column, SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { inList } from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import type { Permission } from '../kernel/permission-names.ts';
import { hasAnyKey, soughtExternalId } from '../kernel/sought-keys.ts';
import { type Connection, connectionOf } from './connection.ts';
import { candidatesOf } from './entity-candidates.ts';
import {
  createdWithin,
  deletedValues,
  type EntityFilter,
  isServedByIndex,
  orderOf,
  rangeOfTimes,
  withinTime,
} from './entity-filter.ts';
import type { IndexScan, ListedRecords } from './index-scan.ts';
import { conditionsOnName, rangeOfName } from './name-filter.ts';
import { type Order, type PageArguments, parsePageArguments, type SortKey } from './page-arguments.ts';
import type { ReachScan } from './reach-scans.ts';
import { isFound, type Searched, searchFor } from './search.ts';

type Columns<Name extends string> = Record<'deleted' | 'updatedAt' | 'nameSort' | Name, Column>;

/**
 * The list of one kind of entity. `Field` are the names of its orders, and `Sort` the columns that they go by.
 * `PartitionedBy` is the column of few values that leads the index of each of them, behind `deleted`.
 */
export interface EntityList<Row, Field extends string, Sort extends string, PartitionedBy extends string>
  extends Searched {
  /** As its cursors have it: one of another list is refused. */
  name: string;
  permission: Permission;
  records: ListedRecords<Row>;
  table: Columns<Sort | PartitionedBy | 'nameKey' | 'externalIdKey' | 'keyVersion'>;
  orders: Record<Field | 'CREATED_AT' | 'UPDATED_AT', Sort | null>;
  partitionedBy: PartitionedBy;
  /** Whether these are only some of those in reach, whom something that was asked for leads to. */
  isNarrow?: boolean;
  /** Where the entities in reach are scanned. */
  scanOf: (reach: Reach) => ReachScan<'id' | keyof Columns<Sort | PartitionedBy>>;
}

/** The arguments that every list of entities takes, beside its filter. */
export interface EntityListArguments<Field extends string> extends PageArguments {
  orderBy?: Order<Field> | null | undefined;
}

type ListedRow<Sort extends string> = { id: string } & Record<Sort, string | Date>;

/**
 * Returns the connection of the entities in reach that match the filter, live ones unless it says otherwise.
 *
 * @throws ForbiddenError if the viewer lacks the permission of the list
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listEntities<
  Row extends ListedRow<Sort>,
  Field extends string,
  Sort extends string,
  PartitionedBy extends string,
>(
  { db, viewer }: Caller,
  list: EntityList<Row, Field, Sort, PartitionedBy>,
  args: EntityListArguments<Field>,
  filter: EntityFilter,
): Connection<Row> {
  requirePermissions(viewer, [list.permission]);
  const order = orderOf(args.orderBy, filter);
  const request = parsePageArguments(args, order, list.name);
  const sort = list.orders[order.field];
  const records = { ...list.records, sort: sort && list.table[sort] };
  const scan = scanEntities(list, viewer.reach, filter, order.field);
  return connectionOf(db, records, scan, request, (row) => sortKeyOf(sort && row[sort]));
}

const sortKeyOf = (value: string | Date | null): SortKey => (value instanceof Date ? value.getTime() : value);

/** What the index of the order serves is left to it. Otherwise each row is tried, or candidates are read instead. */
function scanEntities<Row, Field extends string, Sort extends string, PartitionedBy extends string>(
  list: EntityList<Row, Field, Sort, PartitionedBy>,
  reach: Reach,
  filter: EntityFilter,
  field: Field | 'CREATED_AT' | 'UPDATED_AT',
): IndexScan {
  const { from, columns, partitions } = list.scanOf(reach);
  const sort = list.orders[field];
  const scan: IndexScan = {
    from,
    id: columns.id,
    sort: sort && columns[sort],
    partitions: [
      ...partitions,
      ...(filter.within?.partition ? [filter.within.partition] : []),
      { column: columns.deleted, values: deletedValues(filter) },
      { column: columns[list.partitionedBy], values: filter.partitionValues },
    ],
    range: (sort === 'nameSort' ? rangeOfName(filter) : null) ?? rangeOfTimes(filter, field),
    where: [],
  };
  if (isServedByIndex(filter, field)) return { ...scan, where: filter.within?.where ? [filter.within.where] : [] };
  const narrower = field === 'CREATED_AT' ? filter.byId : null;
  const scanned = {
    scan: { ...scan, ...narrower },
    columns,
    isNarrow: narrower != null || isNarrow(list, filter, scan),
  };
  return {
    ...scanned.scan,
    filter: {
      conditions: conditionsOf(list, filter),
      candidates: candidatesOf(list, reach, scanned, filter),
      isInReach: list.isInReach(reach, list.records.id),
    },
  };
}

/** Whether the scan is of fewer than all the live ones in reach. */
function isNarrow<PartitionedBy extends string>(
  list: { isNarrow?: boolean; table: Columns<PartitionedBy>; partitionedBy: PartitionedBy },
  filter: EntityFilter,
  { range }: IndexScan,
): boolean {
  const values = list.table[list.partitionedBy].enumValues ?? [];
  return (
    list.isNarrow === true ||
    filter.within?.partition != null ||
    filter.partitionValues.length < values.length ||
    filter.deleted === 'ONLY' ||
    range?.from != null ||
    range?.to != null
  );
}

/** All that the filter asks for. The unary plus keeps SQLite from scanning an index where it has the ids already. */
function conditionsOf<PartitionedBy extends string>(
  list: Searched & {
    table: Columns<PartitionedBy | 'nameKey' | 'externalIdKey' | 'keyVersion'>;
    partitionedBy: PartitionedBy;
  },
  filter: EntityFilter,
): SQL[] {
  const { records, table, partitionedBy } = list;
  const { externalIds, search, searchIn } = filter;
  return [
    inList(sql`+${table.deleted}`, deletedValues(filter)),
    inList(sql`+${table[partitionedBy]}`, filter.partitionValues),
    ...createdWithin(records.id, filter.createdAt),
    ...withinTime(table.updatedAt, filter.updatedAt),
    ...(externalIds ? [hasExternalId(table, externalIds)] : []),
    ...(search ? [isFound(list, searchFor(search), searchIn)] : []),
    ...conditionsOnName(list, filter),
    ...(filter.within ? [filter.within.condition] : []),
    ...(filter.conditions ?? []),
  ];
}

const hasExternalId = (table: Record<'externalIdKey' | 'keyVersion', Column>, externalIds: readonly string[]): SQL =>
  hasAnyKey({ key: table.externalIdKey, version: table.keyVersion }, externalIds.map(soughtExternalId));
