import type { Column, SQL, Table } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { allOf, columnOf, differs, mapRows, type Statement, type Values } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import { DERIVED_FROM } from '../kernel/derived-columns.ts';
import type { NamedRecord } from '../kernel/errors.ts';
import { formerKey, KEY_VERSION } from '../kernel/keys.ts';
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

/** What a write gives a record. */
export interface Written {
  /** A value or an expression for a column, by its name in code. Undefined or null where it gives it none. */
  value(key: string): unknown;
  readonly formerKeys: FormerKeys;
}

/** Returns values as a write gives them. */
export function writtenOf(values: object): Written {
  const given = new Map<string, unknown>(Object.entries(values));
  return { value: (key) => given.get(key), formerKeys: formerKeysOf(values) };
}

/**
 * Returns the unique values that a write may collide on: the given ones, or else those that the record in `target` has.
 * Their holder is shown to viewers who may read such records, if it meets the condition `isShown`. What stands for a value is made
 * when it is asked for: hardly any write collides.
 */
export function uniqueValuesOf<Row>(
  { table, unique, readPermission, rows, named }: UniquelyIndexed<Table, Row>,
  { permissions }: Viewer,
  written: Written,
  target: SQL,
  isShown: SQL = sql`TRUE`,
): UniqueValue[] {
  return unique.map(({ columns: keys, path, among }) => {
    const columns = keys.map((key) => columnOf(table, key));
    const ofColumn = (key: string) => sql`${written.value(key) ?? keptValue(table, key, target)}`;
    const isSame = () => allOf(keys.map((key) => sql`${columnOf(table, key)} = ${ofColumn(key)}`));
    const formerly = formerHolder(table, keys, ofColumn, written.formerKeys);
    const holder = () => {
      const isHolder = formerly ? sql`(${isSame()} OR ${formerly})` : isSame();
      return mapRows(rows(sql`WHERE ${allOf([isHolder, among ?? sql`TRUE`, isShown])}`), named);
    };
    return {
      columns,
      path,
      holder: permissions.has(readPermission) ? holder : null,
      isNew() {
        const comesBack = written.value('deletedAt') === null ? sql`TRUE` : sql`FALSE`;
        const isKept = sql`EXISTS (SELECT 1 FROM ${table} WHERE ${target} AND ${isSame()})`;
        return allOf([...keys.map((key) => sql`${ofColumn(key)} IS NOT NULL`), sql`(${comesBack} OR NOT ${isKept})`]);
      },
      // A name is that of a company only: two that are one by now are told apart when they are given new keys.
      heldFormerly:
        formerly && !among ? sql`(SELECT 'taken' FROM ${table} WHERE ${formerly} AND (${target}) IS NOT TRUE)` : null,
    };
  });
}

/** The keys that version 1 made of the texts of a record, where it made others, by the columns that have them. */
export type FormerKeys = Readonly<Record<string, string | SQL>>;

/** Returns the keys that version 1 made of the texts among these values, where it made others. */
export function formerKeysOf(values: object): FormerKeys {
  const given = new Map<string, unknown>(Object.entries(values));
  return Object.fromEntries(
    [...given].flatMap(([key, value]): [string, string][] => {
      const text = given.get(DERIVED_FROM[key] ?? '');
      if (typeof text !== 'string' || typeof value !== 'string' || formerKey(text) === value) return [];
      return [[key, formerKey(text)]];
    }),
  );
}

/** Over the columns of a table: a record with keys of version 1 has the value; null where that would be the same key. */
function formerHolder(
  table: Table,
  keys: readonly string[],
  ofColumn: (key: string) => SQL,
  formerKeys: FormerKeys,
): SQL | null {
  if (!keys.some((key) => key in formerKeys)) return null;
  const isSame = keys.map((key) => sql`${columnOf(table, key)} = ${formerKeys[key] ?? ofColumn(key)}`);
  const isLive = 'deletedAt' in table ? [sql`${columnOf(table, 'deletedAt')} IS NULL`] : [];
  return allOf([sql`${columnOf(table, 'keyVersion')} = 1`, ...isSame, ...isLive]);
}

type Keyed = Table & { readonly keyVersion: Column };

/**
 * Returns a condition on a row of `table`: these values would change it. What is derived of them counts only where the rules of
 * now have made it: else it is the same value by other rules, and no change.
 */
export function changes<T extends Keyed>(table: T, values: Values<T>): SQL {
  const isDerived = ([key]: [string, unknown]) => key in DERIVED_FROM;
  const all = Object.entries(values);
  const given = differs<Table>(table, Object.fromEntries(all.filter((entry) => !isDerived(entry))));
  const derived = all.filter(isDerived);
  if (derived.length === 0) return given;
  const isOfNow = sql`${table.keyVersion} = ${KEY_VERSION}`;
  return sql`(${given} OR (${isOfNow} AND ${differs<Table>(table, Object.fromEntries(derived))}))`;
}

/** The value that the record in `target` has in a column, as an expression: NULL if there is no such record. */
export const keptValue = (table: Table, key: string, target: SQL): SQL =>
  sql`(SELECT ${columnOf(table, key)} FROM ${table} WHERE ${target})`;
