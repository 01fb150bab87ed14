import { getTableColumns } from 'drizzle-orm';
import { alias, type SQLiteTable } from 'drizzle-orm/sqlite-core';

/**
 * Returns the columns of a table under another name. Of a table that Drizzle has named so, each column is made anew whenever it is
 * asked for, and so would be all that is known of it.
 */
export const columnsAs = <T extends SQLiteTable>(table: T, name: string): T['_']['columns'] =>
  getTableColumns(alias(table, name));
