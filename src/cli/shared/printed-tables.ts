/** A table, an index, a trigger or a view, as SQLite stores its definition. */
export interface SchemaObject {
  type: string;
  name: string;
  /** The table that the object belongs to; for a view, its own name. */
  table: string;
  sql: string;
}

/**
 * A query for all objects of a database: tables in the order of their creation, each followed by its indexes and
 * triggers. Shadow tables of search indexes and internal tables of SQLite and D1 are left out, because no migration
 * wrote them.
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

/** Returns the text of `schema.sql`: a paragraph for each table with its indexes, and one for each trigger and view. */
export function printedTables(objects: readonly SchemaObject[]): string {
  const paragraphs = objects.map(({ type, sql }) => `${type === 'index' ? '' : '\n'}${sql};\n`);
  return `${HEADER}\n${paragraphs.join('')}`;
}
