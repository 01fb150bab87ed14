import { Column, type GetColumnData, getTableColumns, type InferInsertModel, SQL, type Table } from 'drizzle-orm';
import { renderedOnce } from './rendered.ts';
import { sql } from './sql.ts';

/** What a statement reads. Columns are decoded as their table says; expressions stay as SQLite answers them. */
export type Fields = Record<string, Column | SQL>;

type Field<F> = F extends Column ? GetColumnData<F> : F extends SQL<infer T> ? T : never;

/** A row of a statement that reads these fields. */
export type RowOf<F extends Fields> = { [K in keyof F]: Field<F[K]> };

interface Decoder<Row> {
  /** Decodes a row in its place: what D1 answered is this row from then on. */
  readonly decode: (row: Record<string, unknown>) => Row;
}

/** One SQL statement, with the function that decodes its rows. */
export interface Statement<Row = unknown> extends Decoder<Row> {
  readonly sql: SQL;
}

/** The list of columns between SELECT and FROM or after RETURNING, with the function that decodes its rows. */
export interface Selection<Row> extends Decoder<Row> {
  readonly list: SQL;
}

/**
 * Returns a selection of these fields, each named after its key: two columns of one name in a join stay apart. Decoding
 * throws for a row that lacks a field, because D1 drops all but one column of a name without complaint.
 */
export function selection<F extends Fields>(fields: F): Selection<RowOf<F>> {
  const decoders = Object.entries(fields).map(([key, field]) => ({ key, decode: decoderOf(field) }));
  return {
    list: renderedOnce(
      sql.join(
        Object.entries(fields).map(([key, field]) => sql`${field} AS ${sql.identifier(key)}`),
        sql`, `,
      ),
    ),
    decode: (row) => {
      for (const { key, decode } of decoders) {
        const value = row[key];
        if (value === undefined) throw new Error(`D1 answered a row without the column ${key}`);
        if (decode !== null && value !== null) row[key] = decode(value);
      }
      return row as RowOf<F>;
    },
  };
}

/** Null for what stays as SQLite answers it: most columns, so that a row is hardly touched. */
function decoderOf(field: Column | SQL): ((value: unknown) => unknown) | null {
  if (field instanceof SQL || field.mapFromDriverValue === Column.prototype.mapFromDriverValue) return null;
  return (value) => field.mapFromDriverValue(value);
}

/** Returns the statement `SELECT <selection> <rest>`, for what is selected by more than one statement. */
export const selecting = <Row>({ list, decode }: Selection<Row>, rest: SQL): Statement<Row> => ({
  sql: sql`SELECT ${list} ${rest}`,
  decode,
});

/** Returns the statement `SELECT <fields> <rest>`. */
export const select = <F extends Fields>(fields: F, rest: SQL): Statement<RowOf<F>> =>
  selecting(selection(fields), rest);

/** Returns a copy of a statement or a selection that passes each decoded row through `map`. */
export function mapRows<S extends Decoder<unknown>, Mapped>(
  source: S,
  map: (row: ReturnType<S['decode']>) => Mapped,
): Omit<S, 'decode'> & { readonly decode: (row: Record<string, unknown>) => Mapped } {
  return { ...source, decode: (row) => map(source.decode(row) as ReturnType<S['decode']>) };
}

/** Returns a statement that is run for its effect. Decoding throws, so a RETURNING clause is not overlooked. */
export function write(statement: SQL): Statement<never> {
  return {
    sql: statement,
    decode: () => {
      throw new Error('This statement answers no rows');
    },
  };
}

/** Values for columns of a table, each a value or an SQL expression. A column whose value is undefined is left out. */
export type Values<T extends Table> = {
  [K in keyof InferInsertModel<T>]?: InferInsertModel<T>[K] | SQL | undefined;
};

interface SetClause {
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

function setClauses<T extends Table>(table: T, values: Values<T>): SetClause[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const column = columnOf(table, key);
    if (value === undefined) return [];
    return [{ column, value: value instanceof SQL ? value : sql`${sql.param(value, column)}` }];
  });
}

const names = (list: readonly SetClause[]) =>
  sql.join(
    list.map(({ column }) => sql.identifier(column.name)),
    sql`, `,
  );

/** Returns `INSERT INTO … SELECT <values> WHERE <condition>`, which inserts one row if the condition is true. */
export function insertWhen<T extends Table>(table: T, values: Values<T>, condition: SQL): SQL {
  const list = setClauses(table, values);
  const row = sql.join(
    list.map(({ value }) => value),
    sql`, `,
  );
  return sql`INSERT INTO ${table} (${names(list)}) SELECT ${row} WHERE ${condition}`;
}

/** Returns `UPDATE … SET <values> WHERE <condition>`. */
export function update<T extends Table>(table: T, values: Values<T>, condition: SQL): SQL {
  const list = setClauses(table, values).map(({ column, value }) => sql`${sql.identifier(column.name)} = ${value}`);
  return sql`UPDATE ${table} SET ${sql.join(list, sql`, `)} WHERE ${condition}`;
}

/** Returns a condition on a row of `table`: these values would change it. Nulls are compared like other values. */
export function differs<T extends Table>(table: T, values: Values<T>): SQL {
  const list = setClauses(table, values).map(({ column, value }) => sql`${column} IS NOT ${value}`);
  return list.length === 0 ? sql`FALSE` : sql`(${sql.join(list, sql` OR `)})`;
}

/** Returns a JSON array as one bound parameter, for `json_each`: D1 binds at most 100 parameters a statement. */
export const jsonList = (values: readonly unknown[]): SQL => sql`${JSON.stringify(values)}`;

/** Returns the items of a JSON array of strings. `Item` is not checked: it must be what the query can answer. */
export function parseJsonList<Item extends string>(json: string): Item[] {
  return JSON.parse(json);
}

/** Some values: given, or those that a query answers in its column `value`, each of them once. */
export type Several<Value = string> = readonly Value[] | SQL;

/** Returns a table of values, which are in its column `value`. Those given are one bound parameter, however many they are. */
export const valueTable = (values: Several<unknown>): SQL =>
  values instanceof SQL ? sql`(${values})` : sql`json_each(${jsonList([...new Set(values)])})`;

/** Returns a condition: the expression is one of the values. */
export const inList = (expression: SQL | Column, values: Several<unknown>): SQL =>
  sql`${expression} IN (SELECT value FROM ${valueTable(values)})`;

/** Returns a condition: all of these conditions are true. It is true if there are none. */
export const allOf = (conditions: readonly SQL[]): SQL =>
  conditions.length === 0 ? sql`TRUE` : sql`(${sql.join([...conditions], sql` AND `)})`;

/** Returns a condition: at least one of these holds. */
export const anyOf = (conditions: readonly SQL[]): SQL =>
  conditions.length === 0 ? sql`FALSE` : sql`(${sql.join([...conditions], sql` OR `)})`;
