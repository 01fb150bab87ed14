import { type SQL, sql, type Table } from 'drizzle-orm';
import { allOf, columnOf, mapRows, type Statement } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import type { NamedRecord } from '../kernel/errors.ts';
import type { Permission } from '../kernel/permission-names.ts';
import type { UniqueValue } from './command.ts';

/** The names that a table's columns have in code. */
export type ColumnKey<T extends Table> = T extends Table ? keyof T['$inferSelect'] & string : never;

/** A unique index of an entity's table, which callers can run into. */
export interface UniqueIndex<Key extends string = string> {
  /** All columns of the index, in its order. */
  readonly columns: readonly Key[];
  /** Where in the input the value comes from. */
  readonly path: string;
  /** Narrows the records that may not share the value, as the condition of the index does. */
  readonly among?: SQL;
}

/** What it takes to find and to show the record that holds a unique value. */
export interface UniquelyIndexed<T extends Table = Table, Row = unknown> {
  readonly table: T;
  readonly unique: readonly UniqueIndex<ColumnKey<T>>[];
  /** What a viewer must hold to be shown the record. */
  readonly readPermission: Permission;
  rows(rest: SQL): Statement<Row>;
  named(record: Row): NamedRecord;
}

/**
 * Returns the unique values that a write may collide on: the given ones, or else those that the record in `target` has.
 * Their holder is shown to viewers who may read such records, if it meets the condition `isShown`.
 */
export function uniqueValuesOf<Row>(
  { table, unique, readPermission, rows, named }: UniquelyIndexed<Table, Row>,
  { permissions }: Viewer,
  values: object,
  target: SQL,
  isShown: SQL = sql`TRUE`,
): UniqueValue[] {
  const given = new Map<string, unknown>(Object.entries(values));
  return unique.map(({ columns: keys, path, among = sql`TRUE` }) => {
    const columns = keys.map((key) => columnOf(table, key));
    const values = keys.map((key) => sql`${given.get(key) ?? keptValue(table, key, target)}`);
    const isSame = columns.map((column, index) => sql`${column} = ${values[index]}`);
    const holder = rows(sql`WHERE ${allOf([...isSame, among, isShown])}`);
    const comesBack = given.get('deletedAt') === null ? sql`TRUE` : sql`FALSE`;
    const isKept = sql`EXISTS (SELECT 1 FROM ${table} WHERE ${target} AND ${allOf(isSame)})`;
    const isNew = allOf([...values.map((value) => sql`${value} IS NOT NULL`), sql`(${comesBack} OR NOT ${isKept})`]);
    return {
      columns,
      path,
      holder: permissions.has(readPermission) ? mapRows(holder, named) : null,
      isNew,
    };
  });
}

/** The value that the record in `target` has in a column, as an expression: NULL if there is no such record. */
export const keptValue = (table: Table, key: string, target: SQL): SQL =>
  sql`(SELECT ${columnOf(table, key)} FROM ${table} WHERE ${target})`;
