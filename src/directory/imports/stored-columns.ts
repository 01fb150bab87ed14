import { type Column, getTableColumns, SQL } from 'drizzle-orm';
import { authors } from '../../db/schema/columns.ts';
import { sql } from '../../db/sql.ts';
import type { Values } from '../../db/statement.ts';
import type { Entity, EntityTable } from '../commands/entity.ts';
import { DERIVED_FROM, derivedOf } from '../kernel/derived-columns.ts';

/** Columns by their names in SQL, with values as they are stored. */
export type StoredColumns = Record<string, string | number | null>;

/** What an import leaves to the directory: identity, time, who did it, and what follows from elsewhere or is generated. */
const NOT_IMPORTED = new Set([
  ...['id', 'createdAt', 'updatedAt', 'deletedAt', 'customerDeletedAt', 'deleted', 'version', 'nameSort'],
  'hasPlace',
  'lastSignedInAt',
  ...Object.keys(authors),
]);

const importedColumns = (table: EntityTable) =>
  Object.entries(getTableColumns<EntityTable>(table)).filter(([key]) => !NOT_IMPORTED.has(key));

/** The imported columns of the record in scope, as a JSON object: NULL where there is no record. */
export function storedRecord({ table }: Entity): SQL {
  const members = importedColumns(table).map(([, column]) => sql`${sql.raw(`'${column.name}'`)}, ${column}`);
  return sql`iif(${table.id} IS NULL, NULL, json_object(${sql.join(members, sql`, `)}))`;
}

/** Returns every imported column with the value given for it, or else the one that it has now; without either, null. */
export function storedColumns<T extends EntityTable>(
  table: T,
  values: Values<T>,
  stored: StoredColumns | null,
): StoredColumns {
  const given = new Map<string, unknown>(Object.entries(values));
  return Object.fromEntries(
    importedColumns(table).map(([key, column]) => {
      const value = given.get(key);
      if (value instanceof SQL) throw new Error(`An import cannot store an expression for ${key}`);
      if (value === undefined) return [column.name, stored?.[column.name] ?? null];
      return [column.name, value === null ? null : asStored(column, value)];
    }),
  );
}

/** Returns what a column stores of a value. Where SQL makes it of what is sent (`words`), that is the value itself. */
function asStored(column: Column, value: unknown): string | number {
  const sent = column.mapToDriverValue(value);
  const stored = sent instanceof SQL ? value : sent;
  if (typeof stored === 'string' || typeof stored === 'number') return stored;
  throw new Error('An import stores texts and numbers');
}

/**
 * Returns a record as it was read, with what the rules of now derive of its texts: keys of version 1 are no other value, and an
 * import that gives what is there changes nothing.
 */
export const byRulesOfNow = (stored: StoredColumns): StoredColumns =>
  stored.key_version === 1 ? { ...stored, ...pick(derivedOf(stored), stored) } : stored;

/** The columns that a record has, of all that is derived. */
const pick = (derived: StoredColumns, stored: StoredColumns): StoredColumns =>
  Object.fromEntries(Object.entries(derived).filter(([name]) => name in stored));

/** Returns whether any of these columns has another value now. */
export const differsFrom = (columns: StoredColumns, stored: StoredColumns): boolean =>
  Object.entries(columns).some(([name, value]) => value !== stored[name]);

/**
 * Returns the fields whose columns have another value now, each once. A column belongs to the field that `fields` says, or else
 * to that of the text that it is derived from, or of its own name in code.
 */
export function changedFields(
  table: EntityTable,
  columns: StoredColumns,
  stored: StoredColumns,
  fields: Record<string, string>,
): string[] {
  const changed = importedColumns(table).filter(([, { name }]) => columns[name] !== stored[name]);
  return [...new Set(changed.map(([key]) => fields[key] ?? DERIVED_FROM[key] ?? key))];
}
