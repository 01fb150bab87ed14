import { getTableColumns, is, SQL, sql, type Table } from 'drizzle-orm';
import { authors } from '../../db/schema/columns.ts';
import { jsonList, type Values } from '../../db/statement.ts';
import type { CommandContext } from '../commands/command.ts';
import { createdBy, type Entity, type EntityTable, snapshotOfSubject, updatedBy } from '../commands/entity.ts';
import { recordAfter, recordEvent, wasRecorded } from '../commands/event-recording.ts';
import type { EventType } from '../kernel/event-types.ts';
import { creationTime } from '../kernel/ids.ts';

/** Columns by their names in SQL, with values as they are stored. */
export type StoredColumns = Record<string, string | number | null>;

/** What an import leaves to the directory: identity, time, who did it, and what follows from elsewhere. */
const NOT_IMPORTED = new Set([
  ...['id', 'createdAt', 'updatedAt', 'deletedAt', 'customerDeletedAt', 'deleted', 'version'],
  ...Object.keys(authors),
]);

const importedColumns = (table: EntityTable) =>
  Object.entries(getTableColumns<EntityTable>(table)).filter(([key]) => !NOT_IMPORTED.has(key));

/** The record in scope as JSON of its stored columns; NULL where there is none. */
export function storedRecord({ table }: Entity): SQL {
  const members = importedColumns(table).map(([, column]) => sql`${sql.raw(`'${column.name}'`)}, ${column}`);
  return sql`iif(${table.id} IS NULL, NULL, json_object(${sql.join(members, sql`, `)}))`;
}

export const readStored = (record: string | null): StoredColumns | null =>
  record === null ? null : JSON.parse(record);

/** These values over what is stored now, if anything is: every column of the record. */
export function stored<T extends EntityTable>(table: T, values: Values<T>, now: StoredColumns | null): StoredColumns {
  const given = new Map<string, unknown>(Object.entries(values));
  return Object.fromEntries(
    importedColumns(table).map(([key, column]) => {
      const value = given.get(key);
      if (is(value, SQL)) throw new Error(`An import cannot store an expression for ${key}`);
      if (value === undefined) return [column.name, now?.[column.name] ?? null];
      return [column.name, value === null ? null : asStored(column.mapToDriverValue(value))];
    }),
  );
}

function asStored(value: unknown): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw new Error('An import stores texts and numbers');
}

export const differsFrom = (columns: StoredColumns, now: StoredColumns): boolean =>
  Object.entries(columns).some(([name, value]) => value !== now[name]);

export interface StoredRecord {
  id: string;
  columns: StoredColumns;
}

interface Writes {
  recorded(condition: SQL): readonly SQL[];
  writes: readonly SQL[];
}

const NONE: Writes = { recorded: () => [], writes: [] };

/** The records as rows (value) of JSON objects: one parameter for all of them. */
const asRows = (records: readonly StoredRecord[]): SQL =>
  jsonList(records.map(({ id, columns }) => ({ ...columns, id, created_at: creationTime(id).getTime() })));

const member = (name: string): SQL => sql.raw(`given.value ->> '${name}'`);
const list = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);

/** Who acts, as it is stored: the same for all of the records. */
const storedAuthors = ({ table }: Entity, values: Record<string, string | null>) =>
  Object.entries(getTableColumns<Table>(table)).flatMap(([key, column]) => {
    const value = values[key];
    return value === undefined ? [] : [{ name: sql.identifier(column.name), value: sql`${value}` }];
  });

/** New records, all at once. */
export function creations(context: CommandContext, entity: Entity, records: readonly StoredRecord[]): Writes {
  const [first] = records;
  if (!first) return NONE;
  const type: EventType = `${entity.word}.created`;
  const given = [...Object.keys(first.columns), 'id', 'created_at'];
  const columns = [
    ...given.map((name) => ({ name: sql.identifier(name), value: member(name) })),
    { name: sql.identifier('updated_at'), value: member('created_at') },
    ...storedAuthors(entity, createdBy(entity, context.viewer)),
  ];
  const rows = asRows(records);
  return {
    recorded: (condition) => [
      recordEvent(
        context,
        { type, subjectType: entity.name, subjectId: member('id') },
        sql`FROM json_each(${rows}) given WHERE ${condition}`,
      ),
    ],
    writes: [
      sql`INSERT INTO ${sql.identifier(entity.word)} (${list(columns.map(({ name }) => sql`${name}`))})
        SELECT ${list(columns.map(({ value }) => value))} FROM json_each(${rows}) given
        WHERE ${wasRecorded(context, type)}`,
      recordAfter(context, type, snapshotOfSubject(entity)),
    ],
  };
}

/** Those of the records that were there before. */
export const changedOnes = <R extends StoredRecord & { now: StoredColumns | null }>(records: readonly R[]) =>
  records.flatMap(({ id, columns, now }) => (now === null ? [] : [{ id, columns, now }]));

interface ChangedRecord extends StoredRecord {
  now: StoredColumns;
}

/**
 * Other columns for existing records, all at once. Only those are written that some row changes: the others may follow from
 * elsewhere, and need not be the same by now.
 */
export function alterations(context: CommandContext, entity: Entity, records: readonly ChangedRecord[]): Writes {
  const names = Object.keys(records[0]?.columns ?? {}).filter((name) =>
    records.some(({ columns, now }) => columns[name] !== now[name]),
  );
  if (names.length === 0) return NONE;
  const type: EventType = `${entity.word}.updated`;
  const table = sql.identifier(entity.word);
  const rows = jsonList(
    records.map(({ id, columns }) => ({ id, ...Object.fromEntries(names.map((name) => [name, columns[name]])) })),
  );
  const acting = storedAuthors(entity, updatedBy(entity, context.viewer));
  const assignments = [
    ...names.map((name) => sql`${sql.identifier(name)} = ${member(name)}`),
    ...acting.map(({ name, value }) => sql`${name} = ${value}`),
  ];
  return {
    recorded: (condition) => [
      recordEvent(
        context,
        { type, subjectType: entity.name, subjectId: sql`${entity.table.id}`, before: entity.snapshot },
        sql`FROM json_each(${rows}) given CROSS JOIN ${table} ON ${entity.table.id} = ${member('id')} WHERE ${condition}`,
      ),
    ],
    writes: [
      sql`UPDATE ${table} SET ${list(assignments)}, updated_at = ${context.at.getTime()}, version = version + 1
        FROM json_each(${rows}) given
        WHERE ${entity.table.id} = ${member('id')} AND ${wasRecorded(context, type)}`,
      recordAfter(context, type, snapshotOfSubject(entity)),
    ],
  };
}
