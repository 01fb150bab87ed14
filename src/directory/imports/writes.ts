import { getTableColumns, type SQL, type Table } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { jsonList } from '../../db/statement.ts';
import type { CommandContext } from '../commands/command.ts';
import { createdBy, type Entity, snapshotOfSubject, updatedBy } from '../commands/entity.ts';
import { recordAfter, recordEvent, wasRecorded } from '../commands/event-recording.ts';
import type { EventType } from '../kernel/event-types.ts';
import { creationTime } from '../kernel/ids.ts';
import { differsFrom, type StoredColumns } from './stored-columns.ts';

/** A record with the columns that an import stores. */
export interface StoredRecord {
  id: string;
  columns: StoredColumns;
}

interface NewRecord<Relation> extends StoredRecord {
  stored: null;
  relations: readonly Relation[];
}

interface ExistingRecord<Relation> extends StoredRecord {
  /** What is stored now. */
  stored: StoredColumns;
  relations: readonly Relation[];
  /** The columns whose unique value another record has until it is written. */
  waiting: readonly string[];
}

/** A record as a row of an import is to leave it, with the relations that the row adds: memberships, or roles in tenants. */
export type ImportedRecord<Relation> = NewRecord<Relation> | ExistingRecord<Relation>;

/** How an import writes the relations of its records. */
export interface RelationWrites<Relation> {
  /** Records an event for each relation of these records, if the condition holds. */
  recordRelations(
    context: CommandContext,
    records: readonly ImportedRecord<Relation>[],
    condition: SQL,
  ): readonly SQL[];
  /** Writes the relations that were recorded. */
  writeRelations(context: CommandContext): readonly SQL[];
}

/**
 * Returns all that an import writes, for one batch: the events first, if `condition` holds, and nothing without them. The
 * writes change what the condition reads, so every event that depends on it is recorded before the first of them. The
 * relations of a new record depend on the event of its creation instead.
 */
export function importWrites<Relation>(
  context: CommandContext,
  entity: Entity,
  relations: RelationWrites<Relation>,
  records: readonly ImportedRecord<Relation>[],
  condition: SQL,
): readonly SQL[] {
  const created = records.filter((record) => record.stored === null);
  const existing = records.filter((record) => record.stored !== null);
  const creating = creations(context, entity, created);
  const altering = alterations(
    context,
    entity,
    existing.filter(({ columns, stored }) => differsFrom(columns, stored)),
  );
  const recordRelations = (of: readonly ImportedRecord<Relation>[], when: SQL) =>
    of.some((record) => record.relations.length > 0) ? relations.recordRelations(context, of, when) : [];
  return [
    ...creating.recorded(condition),
    ...altering.recorded(condition),
    ...recordRelations(existing, condition),
    // What these take is theirs only once the others have given it up.
    ...altering.writes,
    ...creating.writes,
    ...settled(context, entity, existing),
    ...recordRelations(created, wasRecorded(context, `${entity.word}.created`)),
    ...relations.writeRelations(context),
  ];
}

/** Writes that hang on events: these are recorded before any write, under a condition, and the writes follow. */
interface ImportWrites {
  recorded(condition: SQL): readonly SQL[];
  writes: readonly SQL[];
}

const NOTHING: ImportWrites = { recorded: () => [], writes: [] };

const member = (name: string): SQL => sql.raw(`given.value ->> '${name}'`);
const list = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);

/** Who acts, as columns with the one value that all records get. */
const storedAuthors = ({ table }: Entity, values: Record<string, string | null>) =>
  Object.entries(getTableColumns<Table>(table)).flatMap(([key, column]) => {
    const value = values[key];
    return value === undefined ? [] : [{ name: sql.identifier(column.name), value: sql`${value}` }];
  });

/** Creates the records with one statement, in which they are one parameter. */
export function creations(context: CommandContext, entity: Entity, records: readonly StoredRecord[]): ImportWrites {
  const [first] = records;
  if (!first) return NOTHING;
  const type: EventType = `${entity.word}.created`;
  const given = [...Object.keys(first.columns), 'id', 'created_at'];
  const columns = [
    ...given.map((name) => ({ name: sql.identifier(name), value: member(name) })),
    { name: sql.identifier('updated_at'), value: member('created_at') },
    ...storedAuthors(entity, createdBy(entity, context.viewer)),
  ];
  const rows = jsonList(records.map(({ id, columns }) => ({ ...columns, id, created_at: creationTime(id).getTime() })));
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
      recordAfter(context, [type], snapshotOfSubject(entity)),
    ],
  };
}

interface ChangedRecord extends StoredRecord {
  stored: StoredColumns;
  waiting: readonly string[];
}

/** Nobody else's: no key has a line break. */
const heldFor = (id: string): string => `WAITING\n${id}`;

/** Returns the columns as they are written first: without the values that another record has until then. */
const beforehand = ({ id, columns, waiting }: ChangedRecord): StoredColumns => ({
  ...columns,
  ...Object.fromEntries(waiting.map((name) => [name, heldFor(id)])),
});

/**
 * Gives existing records other columns, with one statement. SQLite holds values unique row by row, so a value that another
 * record has until then is left to `settled`, and a value of nobody's stands in its place. Only those columns are written that
 * some record changes: the others may follow from elsewhere, and need not be the same by now.
 */
function alterations(context: CommandContext, entity: Entity, records: readonly ChangedRecord[]): ImportWrites {
  const written = records.map((record) => ({ id: record.id, stored: record.stored, columns: beforehand(record) }));
  const names = Object.keys(records[0]?.columns ?? {}).filter((name) =>
    written.some(({ columns, stored }) => columns[name] !== stored[name]),
  );
  if (names.length === 0) return NOTHING;
  const type: EventType = `${entity.word}.updated`;
  const table = sql.identifier(entity.word);
  const rows = jsonList(
    written.map(({ id, columns }) => ({ id, ...Object.fromEntries(names.map((name) => [name, columns[name]])) })),
  );
  const setClauses = [
    ...names.map((name) => sql`${sql.identifier(name)} = ${member(name)}`),
    ...storedAuthors(entity, updatedBy(entity, context.viewer)).map(({ name, value }) => sql`${name} = ${value}`),
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
      sql`UPDATE ${table} SET ${list(setClauses)}, updated_at = ${context.at.getTime()}, version = version + 1
        FROM json_each(${rows}) given
        WHERE ${entity.table.id} = ${member('id')} AND ${wasRecorded(context, type)}`,
      recordAfter(context, [type], snapshotOfSubject(entity)),
    ],
  };
}

/**
 * Gives the records the values that others have given up by now. What hangs on such a value (trigger `access_follows_email`)
 * was done with the first write, which had all else that the row changes, and finds nothing more to do.
 */
function settled(context: CommandContext, entity: Entity, records: readonly ChangedRecord[]): SQL[] {
  const names = [...new Set(records.flatMap(({ waiting }) => waiting))];
  if (names.length === 0) return [];
  const table = sql.identifier(entity.word);
  const rows = records.flatMap(({ id, columns, waiting }) =>
    waiting.length === 0 ? [] : [{ id, ...Object.fromEntries(waiting.map((name) => [name, columns[name]])) }],
  );
  const setClauses = names.map((name) => {
    const column = sql.identifier(name);
    return sql`${column} = coalesce(${member(name)}, ${table}.${column})`;
  });
  return [
    sql`UPDATE ${table} SET ${list(setClauses)} FROM json_each(${jsonList(rows)}) given
      WHERE ${entity.table.id} = ${member('id')} AND ${wasRecorded(context, `${entity.word}.updated`)}`,
  ];
}
