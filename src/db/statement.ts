import {
  type Column,
  type GetColumnData,
  getTableColumns,
  type InferInsertModel,
  is,
  SQL,
  sql,
  type Table,
} from 'drizzle-orm';

/** What a statement reads: columns, decoded as their table says, or expressions, left as SQLite answers them. */
export type Fields = Record<string, Column | SQL>;

type Field<F> = F extends Column ? GetColumnData<F> : F extends SQL<infer T> ? T : never;
export type RowOf<F extends Fields> = { [K in keyof F]: Field<F[K]> };

interface Decoder<Row> {
  readonly decode: (row: Record<string, unknown>) => Row;
}

/** One SQL statement and how its rows are read. */
export interface Statement<Row = unknown> extends Decoder<Row> {
  readonly sql: SQL;
}

/** What stands between SELECT and FROM, and how it is read. */
export interface Selection<Row> extends Decoder<Row> {
  readonly list: SQL;
}

/**
 * Names every field after its key, so that two columns of the same name in a join cannot collapse into one; a row that
 * still lacks a field throws.
 */
export function selection<F extends Fields>(fields: F): Selection<RowOf<F>> {
  const entries = Object.entries(fields);
  return {
    list: sql.join(
      entries.map(([key, field]) => sql`${field} AS ${sql.identifier(key)}`),
      sql`, `,
    ),
    decode: (row) => Object.fromEntries(entries.map(([key, field]) => [key, decodeField(row, key, field)])) as RowOf<F>,
  };
}

/** `SELECT <fields> <rest>`. */
export function select<F extends Fields>(fields: F, rest: SQL): Statement<RowOf<F>> {
  const { list, decode } = selection(fields);
  return { sql: sql`SELECT ${list} ${rest}`, decode };
}

function decodeField(row: Record<string, unknown>, key: string, field: Column | SQL): unknown {
  const value = row[key];
  if (value === undefined) throw new Error(`D1 answered a row without the column ${key}`);
  if (value === null || is(field, SQL)) return value;
  return field.mapFromDriverValue(value);
}

/** The same statement or selection, its rows read further. */
export function mapRows<S extends Decoder<unknown>, Mapped>(
  source: S,
  map: (row: ReturnType<S['decode']>) => Mapped,
): Omit<S, 'decode'> & { readonly decode: (row: Record<string, unknown>) => Mapped } {
  return { ...source, decode: (row) => map(source.decode(row) as ReturnType<S['decode']>) };
}

/** A statement whose rows nobody reads. */
export function write(statement: SQL): Statement<never> {
  return {
    sql: statement,
    decode: () => {
      throw new Error('This statement answers no rows');
    },
  };
}

/** Values for the columns of a table: what the column holds, or an expression for it. Undefined ones are left out. */
export type Values<T extends Table> = {
  [K in keyof InferInsertModel<T>]?: InferInsertModel<T>[K] | SQL | undefined;
};

interface Assignment {
  column: Column;
  value: SQL;
}

/** Returns the column of a table that has this name in code; throws if there is none. */
export function columnOf(table: Table, key: string): Column {
  const columns: Record<string, Column> = getTableColumns(table);
  const column = columns[key];
  if (!column) throw new Error(`There is no column ${key}`);
  return column;
}

function assignments<T extends Table>(table: T, values: Values<T>): Assignment[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const column = columnOf(table, key);
    if (value === undefined) return [];
    return [{ column, value: is(value, SQL) ? value : sql`${sql.param(value, column)}` }];
  });
}

const names = (list: readonly Assignment[]) =>
  sql.join(
    list.map(({ column }) => sql.identifier(column.name)),
    sql`, `,
  );

/** `INSERT INTO … SELECT <values> WHERE <condition>`: one row, if the condition holds. */
export function insertWhen<T extends Table>(table: T, values: Values<T>, condition: SQL): SQL {
  const list = assignments(table, values);
  const row = sql.join(
    list.map(({ value }) => value),
    sql`, `,
  );
  return sql`INSERT INTO ${table} (${names(list)}) SELECT ${row} WHERE ${condition}`;
}

/** `UPDATE … SET <values> WHERE <condition>`. */
export function update<T extends Table>(table: T, values: Values<T>, condition: SQL): SQL {
  const list = assignments(table, values).map(({ column, value }) => sql`${sql.identifier(column.name)} = ${value}`);
  return sql`UPDATE ${table} SET ${sql.join(list, sql`, `)} WHERE ${condition}`;
}

/** True where the row of `table` in scope would be changed by these values. */
export function differs<T extends Table>(table: T, values: Values<T>): SQL {
  const list = assignments(table, values).map(({ column, value }) => sql`${column} IS NOT ${value}`);
  return list.length === 0 ? sql`FALSE` : sql`(${sql.join(list, sql` OR `)})`;
}

/** A JSON array as one bound parameter, for `json_each`: D1 binds at most 100 parameters a statement. */
export const jsonList = (values: readonly unknown[]): SQL => sql`${JSON.stringify(values)}`;

/** The items of a JSON array of strings, as `json_group_array` answers one. */
export function parseJsonList<Item extends string>(json: string): Item[] {
  return JSON.parse(json);
}

export const inList = (expression: SQL | Column, values: readonly unknown[]): SQL =>
  sql`${expression} IN (SELECT value FROM json_each(${jsonList(values)}))`;

export const allOf = (conditions: readonly SQL[]): SQL =>
  conditions.length === 0 ? sql`TRUE` : sql`(${sql.join([...conditions], sql` AND `)})`;
