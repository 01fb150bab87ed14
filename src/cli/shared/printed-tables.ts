/** A table, an index, a trigger or a view, as SQLite keeps it. */
export interface SchemaObject {
  type: string;
  name: string;
  /** The table that it belongs to; the name of a view itself. */
  table: string;
  sql: string;
}

/**
 * Reads what a database consists of, tables in the order in which they were made, each followed by its indexes and
 * triggers. Leaves out what nobody wrote: the shadow tables of search indexes, and what SQLite and D1 keep for themselves.
 */
export const SCHEMA_OBJECTS = `
  SELECT object.type, object.name, object.tbl_name AS "table", object.sql
  FROM sqlite_master object
  LEFT JOIN sqlite_master owner ON owner.type = 'table' AND owner.name = object.tbl_name
  WHERE object.sql IS NOT NULL
    AND object.tbl_name NOT GLOB 'sqlite_*' AND object.tbl_name NOT GLOB '_cf_*' AND object.tbl_name <> 'd1_migrations'
    AND object.tbl_name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
  ORDER BY coalesce(owner.rowid, object.rowid),
    CASE object.type WHEN 'table' THEN 1 WHEN 'view' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, object.rowid`;

const HEADER = `-- Every table, index, trigger and view as the migrations leave them: printed by \`npm run schema\`, to be read and not run.
-- Why they are as they are stands in the migrations.`;

/** Prints them as `schema.sql` has them: a paragraph for each table with its indexes, and one for each trigger and view. */
export function printedTables(objects: readonly SchemaObject[]): string {
  const paragraphs = objects.map(({ type, sql }) => `${type === 'index' ? '' : '\n'}${sql};\n`);
  return `${HEADER}\n${paragraphs.join('')}`;
}
