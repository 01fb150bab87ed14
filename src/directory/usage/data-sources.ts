import { getTableColumns, type SQL } from 'drizzle-orm';
import { columnsAs } from '../../db/alias.ts';
import { dataSources } from '../../db/schema/data-sources.ts';
import { type RecordStatement, selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { inList, type RowOf, type Several, selection } from '../../db/statement.ts';
import { dataSourceInReach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import type { NestedConnection } from '../lists/connection.ts';
import { type Found, foundWhere } from '../lists/found.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { nestedConnectionOfList } from '../lists/simple-list.ts';
import { requireTenantDetails } from '../tenants/queries.ts';

/** What state a data source can be in, as the database has it. */
export const DATA_SOURCE_STATUSES = dataSources.status.enumValues;

/** A kind of data source. Pixels and pipelines are alike in all but their names. */
export interface DataSourceKind {
  readonly kind: typeof dataSources.$inferSelect.kind;
  /** The name of the kind in global ids and events. */
  readonly name: 'Pixel' | 'Pipeline';
  /** The word for the kind in event types and messages. */
  readonly word: 'pixel' | 'pipeline';
  /** The name of their list in its cursors. */
  readonly list: 'Tenant.pixels' | 'Tenant.pipelines';
}

/** The kind of data source where events of a tenant come in. */
export const PIXEL: DataSourceKind = { kind: 'PIXEL', name: 'Pixel', word: 'pixel', list: 'Tenant.pixels' };
/** The kind of data source where events of a tenant go on to. */
export const PIPELINE: DataSourceKind = {
  kind: 'PIPELINE',
  name: 'Pipeline',
  word: 'pipeline',
  list: 'Tenant.pipelines',
};

const { kind: _kind, externalIdKey: _key, lastTrafficHour: _hour, ...fields } = getTableColumns(dataSources);

/** A data source as every API shows it, without the columns that are only compared. */
export interface DataSourceRecord extends RowOf<typeof fields> {}

const SELECTION = selection(fields);

const RECORDS = { selection: SELECTION, fields, from: sql`data_source`, id: dataSources.id };

/** Returns a statement that reads data sources: those that `rest` asks for, which follows FROM. */
export const dataSourceRows = (rest: SQL): RecordStatement<DataSourceRecord> => selectingRecords(RECORDS, rest);

/**
 * Returns the data sources of this kind among these that live tenants in reach have, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `tenant:read`
 */
export function dataSourcesByIds(
  { db, viewer }: Caller,
  { kind }: DataSourceKind,
  ids: Several,
): Found<DataSourceRecord> {
  requirePermissions(viewer, ['tenant:read']);
  const inReach = dataSourceInReach(viewer.reach, dataSources.tenantId);
  return foundWhere(db, RECORDS, sql`${inList(dataSources.id, ids)} AND data_source.kind = ${kind} AND ${inReach}`);
}

const scanned = columnsAs(dataSources, 'scanned');

/**
 * Lists the data sources of this kind of each of these tenants, in the order of their ids.
 *
 * @throws ForbiddenError if the viewer lacks `tenant:read` or reaches only a customer
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listDataSourcesOfTenants(
  { db, viewer }: Caller,
  { kind, list: name }: DataSourceKind,
  tenantIds: Several,
  page: PageArguments,
): NestedConnection<DataSourceRecord> {
  requirePermissions(viewer, ['tenant:read']);
  requireTenantDetails(viewer);
  return nestedConnectionOfList(db, page, {
    name,
    records: RECORDS,
    parents: { column: scanned.tenantId, values: tenantIds },
    scan: {
      from: sql`data_source scanned`,
      id: scanned.id,
      partitions: [
        { column: scanned.kind, values: [kind] },
        { column: scanned.status, values: DATA_SOURCE_STATUSES },
      ],
      where: [dataSourceInReach(viewer.reach, scanned.tenantId)],
    },
  });
}
