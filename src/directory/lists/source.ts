import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { inAdvance } from '../../db/rendered.ts';
import { type Several, selecting } from '../../db/statement.ts';
import type { Records } from './index-scan.ts';

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
}

/** The ids of some records: given, or those that a source answers. */
export type Ids = Several;

/** The records that satisfy a condition. Nothing is read yet. */
export interface Found<Row> extends Source {
  /** Reads them, in no particular order. */
  rows(): Promise<Row[]>;
}

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

/** Returns the records that satisfy a condition over their table. */
export function foundWhere<Row>(db: Database, records: Records<Row>, condition: SQL): Found<Row> {
  const rest = sql`FROM ${records.from} WHERE ${condition}`;
  return {
    rows: () => db.read(selecting(records.selection, rest)),
    ...sourceOf(records, (columns) => sql`SELECT ${columns} ${rest}`),
  };
}

/** Reads the one record that there is; null if there is none. */
export async function onlyRow<Row>(found: Found<Row>): Promise<Row | null> {
  const [row] = await found.rows();
  return row ?? null;
}
