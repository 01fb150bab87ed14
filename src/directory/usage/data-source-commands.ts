import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { dataSources } from '../../db/schema/data-sources.ts';
import { sql } from '../../db/sql.ts';
import { update } from '../../db/statement.ts';
import { dataSourceInReach } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import { command, type Plan } from '../commands/command.ts';
import { allExist, missingUnless, pathOf, tenantNamed } from '../commands/references.ts';
import { changes, uniqueValuesOf, writtenOf } from '../commands/unique-values.ts';
import { planDelete, planInsert, planUpdate } from '../commands/unversioned-entity.ts';
import { identifiedAs } from '../kernel/derived-columns.ts';
import {
  AlreadyExistsError,
  ForbiddenError,
  NotFoundError,
  TooManyDataSourcesError,
  ValidationError,
} from '../kernel/errors.ts';
import { creationTime, newId } from '../kernel/ids.ts';
import { choice, id, newRecord, tenantIdentifier, text } from '../kernel/input.ts';
import { KEY_VERSION } from '../kernel/keys.ts';
import { type DataSourceEntity, PIPELINES, PIXELS } from './data-source-entity.ts';
import { DATA_SOURCE_STATUSES, type DataSourceKind, type DataSourceRecord } from './data-sources.ts';

/** Of each kind, in one tenant: usage counts them whenever it is read. */
export const MAX_DATA_SOURCES = 1000;

export interface DataSourceResult {
  /** Null where a repetition cannot show it any more. */
  dataSource: DataSourceRecord | null;
}

const asResult = (dataSource: DataSourceRecord | null): DataSourceResult => ({ dataSource });

const RULES = { permissions: ['tenant:edit'], reaches: ['ORGANIZATION', 'TENANTS'] } as const;

/** Matches the data source of this kind and id, if it is one of a live tenant in reach. */
export const isDataSource = ({ reach }: Viewer, { kind }: Pick<DataSourceKind, 'kind'>, id: SQL): SQL =>
  sql`data_source.id = ${id} AND data_source.kind = ${kind} AND ${dataSourceInReach(reach, sql`data_source.tenant_id`)}`;

const asColumns = (externalId: string | null | undefined) => (externalId === undefined ? {} : identifiedAs(externalId));

const registering = (source: DataSourceEntity) =>
  command({
    ...RULES,
    name: `register${source.name}`,
    input: () => newRecord({ tenantIdentifier: tenantIdentifier(), name: text(), externalId: text().optional() }),
    errors: [ValidationError, NotFoundError, AlreadyExistsError, TooManyDataSourcesError, ForbiddenError],
    plan(context, { tenantIdentifier, name, externalId }): Plan<DataSourceResult, DataSourceRecord> {
      const { viewer } = context;
      const { kind, word } = source;
      const sourceId = newId();
      const tenantId = tenantNamed(viewer.reach, tenantIdentifier);
      const values = {
        ...asColumns(externalId),
        id: sourceId,
        tenantId,
        kind,
        name,
        status: 'ACTIVE' as const,
        keyVersion: KEY_VERSION,
        createdAt: creationTime(sourceId),
        updatedAt: creationTime(sourceId),
      };
      return planInsert(context, source, {
        type: `${word}.created`,
        checks: [
          allExist([
            missingUnless(sql`${tenantId} IS NOT NULL`, pathOf('tenantIdentifier', tenantIdentifier), 'tenant'),
          ]),
          {
            problem: sql`(SELECT count(*) FROM data_source WHERE data_source.tenant_id = ${tenantId}
              AND data_source.kind = ${kind} HAVING count(*) >= ${MAX_DATA_SOURCES})`,
            error: () => new TooManyDataSourcesError(MAX_DATA_SOURCES, word),
          },
        ],
        values,
        unique: uniqueValuesOf(source, viewer, writtenOf(values), sql`FALSE`),
        result: asResult,
      });
    },
  });

const updating = (source: DataSourceEntity) =>
  command({
    ...RULES,
    name: `update${source.name}`,
    input: () =>
      z.object({
        id: id(),
        name: text().optional(),
        externalId: text().nullish(),
        status: choice(DATA_SOURCE_STATUSES).optional(),
      }),
    errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
    plan(context, { id, name, externalId, status }): Plan<DataSourceResult, DataSourceRecord> {
      const { viewer, at } = context;
      const target = isDataSource(viewer, source, sql`${id}`);
      const values = { ...asColumns(externalId), name, status };
      return planUpdate(context, source, {
        type: `${source.word}.updated`,
        target,
        checks: [],
        changes: changes(dataSources, values),
        before: source.snapshot,
        writes: (updated) => [update(dataSources, { ...values, updatedAt: at }, sql`${target} AND ${updated}`)],
        unique: uniqueValuesOf(source, viewer, writtenOf(values), target),
        result: asResult,
      });
    },
  });

/** What a pixel counted stays in the traffic of its tenant. */
const removing = (source: DataSourceEntity) =>
  command({
    ...RULES,
    name: `remove${source.name}`,
    input: () => z.object({ id: id() }),
    errors: [ValidationError, NotFoundError, ForbiddenError],
    plan(context, { id }): Plan<DataSourceResult, DataSourceRecord> {
      return planDelete(context, source, {
        type: `${source.word}.removed`,
        target: isDataSource(context.viewer, source, sql`${id}`),
        checks: [],
        result: asResult,
      });
    },
  });

/** Registers a pixel of a live tenant, ACTIVE to begin with. */
export const registerPixel = registering(PIXELS);
/** Changes a pixel. Fields left out stay as they are, and null clears. */
export const updatePixel = updating(PIXELS);
/** Removes a pixel for good. What it counted stays in the traffic of its tenant. */
export const removePixel = removing(PIXELS);
/** Registers a pipeline of a live tenant, ACTIVE to begin with. */
export const registerPipeline = registering(PIPELINES);
/** Changes a pipeline. Fields left out stay as they are, and null clears. */
export const updatePipeline = updating(PIPELINES);
/** Removes a pipeline for good. */
export const removePipeline = removing(PIPELINES);
