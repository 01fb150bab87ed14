import type { Column, SQL } from 'drizzle-orm';
import { renderedOnce } from './rendered.ts';
import { sql } from './sql.ts';
import { type Fields, type RowOf, type Statement, selection } from './statement.ts';

/** What a watched row has beside its fields. */
export interface WatchedRow {
  /** All of the row that counts, as one text: it differs as soon as any of that has changed. */
  readonly state: string;
}

/** A statement that reads one row which is relied on later, after others may have changed it. */
export interface Watched<Row extends WatchedRow = WatchedRow> extends Statement<Row> {
  /**
   * Returns a statement that reads the row if it is in the same state as this one was. Else it fails, and with it the whole
   * batch, of which nothing is kept.
   */
  still(before: Row): Statement<Row>;
}

/** What SQLite says of a path that is none: no function of it fails with a message of one's own choice. */
const CHANGED = 'a watched row has changed';

/** Returns whether a batch failed because a watched row is not any more in the state that it was relied on in. */
export const hasChanged = (error: unknown): boolean => error instanceof Error && error.message.includes(CHANGED);

/** Returns the row with what may have changed of it: the same object if nothing has, for what is known of it by itself. */
function withRest<Row extends WatchedRow>(before: Row, rest: Record<string, unknown>): Row {
  const isSame = Object.entries(rest).every(([name, value]) => isEqual(value, before[name as keyof Row]));
  return isSame ? before : { ...before, ...rest };
}

const isEqual = (one: unknown, other: unknown): boolean =>
  one === other || (one instanceof Date && other instanceof Date && one.getTime() === other.getTime());

/**
 * Returns a function that makes statements `SELECT <fields> <rest>`, whose row, of which there is at most one, is watched.
 * Fields in `ignored` may change.
 */
export function watched<F extends Fields>(
  fields: F,
  ignored: readonly (keyof F)[],
): (rest: SQL) => Watched<RowOf<F> & WatchedRow> {
  const { list, decode } = selection(fields);
  const mayChange = selection(Object.fromEntries(ignored.map((name) => [name, fields[name] as Column | SQL])));
  const counting = Object.keys(fields).filter((name) => !ignored.includes(name));
  const columns = sql.join(
    counting.map((name) => sql.identifier(name)),
    sql`, `,
  );
  const state = renderedOnce(sql`json_array(${columns})`);
  const isSame = (before: string): SQL =>
    sql`CASE WHEN count(*) = 1 AND ${state} IS ${before} THEN 1 ELSE json_extract('[]', ${CHANGED}) END AS same`;
  // An aggregate has a row of nulls where there is none, which is in no state. And SQLite takes what is inside as it comes:
  // it neither reads it again for the state nor keeps a copy, which D1 would count as rows.
  const found = (rest: SQL): SQL => sql`FROM (SELECT ${list} ${rest} LIMIT 1)`;
  const decodeFound = (row: Record<string, unknown>) => ({ ...decode(row), state: String(row.state) });
  const namesOfRest = renderedOnce(sql.join(ignored.map((name) => sql`${sql.identifier(String(name))}, `)));
  return (rest) => ({
    sql: sql`SELECT *, ${state} AS state, count(*) AS rows ${found(rest)} HAVING count(*) = 1`,
    decode: decodeFound,
    // What counts is what it was, so that only the rest of the row is answered.
    still: (before) => ({
      sql: sql`SELECT ${namesOfRest}${isSame(before.state)} ${found(rest)}`,
      decode: (row) => withRest(before, mayChange.decode(row)),
    }),
  });
}
