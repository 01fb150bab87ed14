import type { SQL } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { type Records, type Source, selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { type Several, valueTable } from '../../db/statement.ts';

export type { Source };

/** The ids of some records: given, or those that a source answers. */
export type Ids = Several;

/** The records that satisfy a condition. Nothing is read yet. */
export interface Found<Row> extends Source {
  /** Reads them, in no particular order. */
  rows(): Promise<Row[]>;
}

/** Returns the records that satisfy a condition over their table. */
export function foundWhere<Row>(db: Database, records: Records<Row>, condition: SQL): Found<Row> {
  const statement = selectingRecords(records, sql`WHERE ${condition}`);
  return { rows: () => db.read(statement), values: statement.values };
}

/** Returns rows that are there already as a source. */
export const sourceOfRows = (rows: readonly object[]): Source => ({
  values(column) {
    const values = rows.map((row) => (row as Record<string, unknown>)[column]).filter((value) => value != null);
    return sql`SELECT value FROM ${valueTable(values)}`;
  },
  most: rows.length,
});

/** Reads the one record that there is; null if there is none. */
export async function onlyRow<Row>(found: Found<Row>): Promise<Row | null> {
  const [row] = await found.rows();
  return row ?? null;
}
