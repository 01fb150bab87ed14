import { dataSources } from '../../db/schema/data-sources.ts';
import { sql } from '../../db/sql.ts';
import { dataSourceInReach } from '../access/reach.ts';
import type { UniquelyIndexed } from '../commands/unique-values.ts';
import type { UnversionedEntity } from '../commands/unversioned-entity.ts';
import { type DataSourceKind, type DataSourceRecord, dataSourceRows, PIPELINE, PIXEL } from './data-sources.ts';

type Table = typeof dataSources;

/** Pixels or pipelines, as commands change them. */
export type DataSourceEntity = UnversionedEntity<Table, DataSourceRecord> &
  UniquelyIndexed<Table, DataSourceRecord> &
  Pick<DataSourceKind, 'kind' | 'name' | 'word'>;

const dataSourceEntity = ({ kind, name, word }: DataSourceKind): DataSourceEntity => ({
  kind,
  name,
  word,
  table: dataSources,
  readPermission: 'tenant:read',
  snapshot: sql`json_object('name', data_source.name, 'externalId', data_source.external_id,
    'status', data_source.status, 'tenantId', data_source.tenant_id)`,
  rows: dataSourceRows,
  inReach: ({ reach }) => dataSourceInReach(reach, dataSources.tenantId),
  named: (record) => ({ entity: name, record }),
  // An external id belongs to one pixel, or one pipeline, of a tenant.
  unique: [{ columns: ['tenantId', 'kind', 'externalIdKey'], path: 'externalId' }],
});

/** Pixels, as commands change them. */
export const PIXELS = dataSourceEntity(PIXEL);

/** Pipelines, as commands change them. */
export const PIPELINES = dataSourceEntity(PIPELINE);
