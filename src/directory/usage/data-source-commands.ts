import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { dataSources } from '../../db/schema/data-sources.ts';
import { differs, insertWhen, mapRows, update } from '../../db/statement.ts';
import { dataSourceInReach } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import { type Check, command, type Plan, type UniqueValue } from '../commands/command.ts';
import { recordAfter, recordEvent, recordedSubjects, wasRecorded } from '../commands/event-recording.ts';
import { allExist, missingUnless, pathOf, tenantNamed } from '../commands/references.ts';
import {
  AlreadyExistsError,
  ForbiddenError,
  NotFoundError,
  TooManyDataSourcesError,
  ValidationError,
} from '../kernel/errors.ts';
import { creationTime, newId } from '../kernel/ids.ts';
import { choice, comparable, id, newRecord, tenantIdentifier, text } from '../kernel/input.ts';
import {
  DATA_SOURCE_STATUSES,
  type DataSourceKind,
  type DataSourceRecord,
  dataSourceRows,
  PIPELINE,
  PIXEL,
} from './data-sources.ts';

/** Of each kind, in one tenant: usage counts them whenever it is read. */
export const MAX_DATA_SOURCES = 1000;

export interface DataSourceResult {
  dataSource: DataSourceRecord;
}

const asResult = (dataSource: DataSourceRecord): DataSourceResult => ({ dataSource });

/** What the API shows of it, as events keep it. */
const SNAPSHOT = sql`json_object('name', data_source.name, 'externalId', data_source.external_id,
  'status', data_source.status, 'tenantId', data_source.tenant_id)`;
const SNAPSHOT_OF_SUBJECT = sql`(SELECT ${SNAPSHOT} FROM data_source WHERE data_source.id = event.subject_id)`;
const SUBJECT_ID = sql`data_source.id`;

const RULES = { permissions: ['tenant:edit'], reaches: ['ORGANIZATION', 'TENANTS'] } as const;

/** Matches the data source of this kind and id, if it is one of a live tenant in reach. */
export const isDataSource = ({ reach }: Viewer, { kind }: DataSourceKind, id: SQL): SQL =>
  sql`data_source.id = ${id} AND data_source.kind = ${kind} AND ${dataSourceInReach(reach, sql`data_source.tenant_id`)}`;

const isThere = (target: SQL, { word }: DataSourceKind): Check<unknown> =>
  allExist([missingUnless(sql`EXISTS (SELECT 1 FROM data_source WHERE ${target})`, 'id', word)]);

/** An external id belongs to one pixel, or one pipeline, of a tenant. */
function externalIdIsFree(
  { permissions }: Viewer,
  { kind, name }: DataSourceKind,
  externalId: string | null | undefined,
  tenantId: SQL,
): UniqueValue[] {
  if (externalId == null) return [];
  const holder = dataSourceRows(
    sql`WHERE data_source.tenant_id = ${tenantId} AND data_source.kind = ${kind}
      AND data_source.external_id_key = ${comparable(externalId)}`,
  );
  return [
    {
      // Of the columns of the index, SQLite names this one first.
      column: 'data_source.tenant_id',
      path: 'externalId',
      holder: permissions.has('tenant:read') ? mapRows(holder, (record) => ({ entity: name, record })) : null,
    },
  ];
}

const asColumns = (externalId: string | null | undefined) =>
  externalId === undefined ? {} : { externalId, externalIdKey: externalId && comparable(externalId) };

const registering = (source: DataSourceKind) =>
  command({
    ...RULES,
    name: `register${source.name}`,
    input: newRecord({ tenantIdentifier, name: text, externalId: text.optional() }),
    errors: [ValidationError, NotFoundError, AlreadyExistsError, TooManyDataSourcesError, ForbiddenError],
    plan(context, { tenantIdentifier, name, externalId }): Plan<DataSourceResult, DataSourceRecord> {
      const { viewer } = context;
      const { kind, word } = source;
      const type = `${word}.created` as const;
      const sourceId = newId();
      const tenantId = tenantNamed(viewer.reach, tenantIdentifier);
      const values = {
        ...asColumns(externalId),
        id: sourceId,
        tenantId,
        kind,
        name,
        status: 'ACTIVE' as const,
        createdAt: creationTime(sourceId),
        updatedAt: creationTime(sourceId),
      };
      return {
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
        writes: (allowed) => [
          recordEvent(context, { type, subjectType: source.name, subjectId: sql`${sourceId}` }, sql`WHERE ${allowed}`),
          insertWhen(dataSources, values, wasRecorded(context, type)),
          recordAfter(context, type, SNAPSHOT_OF_SUBJECT),
        ],
        unique: externalIdIsFree(viewer, source, externalId, tenantId),
        answer: dataSourceRows(sql`WHERE data_source.id = ${sourceId}`),
        result: asResult,
      };
    },
  });

const updating = (source: DataSourceKind) =>
  command({
    ...RULES,
    name: `update${source.name}`,
    input: z.object({
      id,
      name: text.optional(),
      externalId: text.nullish(),
      status: choice(DATA_SOURCE_STATUSES).optional(),
    }),
    errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
    plan(context, { id, name, externalId, status }): Plan<DataSourceResult, DataSourceRecord> {
      const { viewer, at } = context;
      const type = `${source.word}.updated` as const;
      const target = isDataSource(viewer, source, sql`${id}`);
      const values = { ...asColumns(externalId), name, status };
      return {
        checks: [isThere(target, source)],
        writes: (allowed) => [
          recordEvent(
            context,
            { type, subjectType: source.name, subjectId: SUBJECT_ID, before: SNAPSHOT },
            sql`FROM data_source WHERE ${target} AND ${differs(dataSources, values)} AND ${allowed}`,
          ),
          update(dataSources, { ...values, updatedAt: at }, sql`data_source.id IN ${recordedSubjects(context, type)}`),
          recordAfter(context, type, SNAPSHOT_OF_SUBJECT),
        ],
        unique: externalIdIsFree(
          viewer,
          source,
          externalId,
          sql`(SELECT given.tenant_id FROM data_source given WHERE given.id = ${id})`,
        ),
        answer: dataSourceRows(sql`WHERE ${target}`),
        result: asResult,
      };
    },
  });

/** What a pixel counted stays in the traffic of its tenant. */
const removing = (source: DataSourceKind) =>
  command({
    ...RULES,
    name: `remove${source.name}`,
    input: z.object({ id }),
    errors: [ValidationError, NotFoundError, ForbiddenError],
    plan(context, { id }): Plan<DataSourceResult, DataSourceRecord> {
      const type = `${source.word}.removed` as const;
      const target = isDataSource(context.viewer, source, sql`${id}`);
      return {
        checks: [isThere(target, source)],
        writes: (allowed) => [
          recordEvent(
            context,
            { type, subjectType: source.name, subjectId: SUBJECT_ID, before: SNAPSHOT },
            sql`FROM data_source WHERE ${target} AND ${allowed}`,
          ),
          sql`DELETE FROM data_source WHERE data_source.id IN ${recordedSubjects(context, type)}`,
        ],
        answer: dataSourceRows(sql`WHERE ${target}`),
        answersBeforeWriting: true,
        result: asResult,
      };
    },
  });

export const registerPixel = registering(PIXEL);
export const updatePixel = updating(PIXEL);
export const removePixel = removing(PIXEL);
export const registerPipeline = registering(PIPELINE);
export const updatePipeline = updating(PIPELINE);
export const removePipeline = removing(PIPELINE);
