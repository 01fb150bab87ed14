import type { Column, SQL } from 'drizzle-orm';
import { inAdvance } from './rendered.ts';
import { sql } from './sql.ts';
import { type Fields, type Selection, type Statement, selecting } from './statement.ts';

/**
 * Rows that one statement reads, as others of the same D1 call begin with them: what leads from these rows to others need
 * not wait until they are there.
 */
export interface Source {
  /**
   * Returns a query for what the rows have in this column, as `value`, each of them once and no NULL. Returns null where
   * that is not to be had.
   */
  values(column: string): SQL | null;
  /** How many rows there are at most, where that is known. */
  most?: number;
  /** What it costs to read them once more, in statements, if it is more than for a page of the usual size. */
  weight?: number;
}

/** The records of a table, and how they are read. */
export interface Records<Row> {
  selection: Selection<Row>;
  /** The fields of the selection, where some of them can be read by themselves. */
  fields?: Fields;
  from: SQL;
  id: Column;
}

/** A statement that reads records, and is the source of what leads on from them. */
export interface RecordStatement<Row> extends Statement<Row>, Source {}

/** D1 binds at most 100 parameters to a statement: so many are left to a query that is a part of another. */
const MAX_BOUND = 60;

/** Returns the source that a query reads, which is made of the columns that it is to select. */
export const sourceOf = (
  { id, fields }: Pick<Records<unknown>, 'id' | 'fields'>,
  query: (columns: SQL) => SQL,
): Source => ({
  values(column) {
    const field = fields?.[column];
    if (!field) return null;
    const from = query(sql`${id} AS id, ${field} AS value`);
    const { part, boundCount } = inAdvance(sql`SELECT DISTINCT value FROM (${from}) WHERE value IS NOT NULL`);
    return boundCount <= MAX_BOUND ? part : null;
  },
});

/** Returns the statement that reads those of the records that `rest` asks for, which follows FROM and the table. */
export const selectingRecords = <Row>(records: Records<Row>, rest: SQL): RecordStatement<Row> => ({
  ...selecting(records.selection, sql`FROM ${records.from} ${rest}`),
  ...sourceOf(records, (columns) => sql`SELECT ${columns} FROM ${records.from} ${rest}`),
});
