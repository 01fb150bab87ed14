import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { printedSchema } from '../graphql/printed.ts';
import { printedTables, SCHEMA_OBJECTS, type SchemaObject } from './shared/printed-tables.ts';

const ROOT = new URL('../../', import.meta.url);
const MIGRATIONS = new URL('migrations/', ROOT);

function schemaObjects(): SchemaObject[] {
  const database = new DatabaseSync(':memory:');
  for (const name of readdirSync(MIGRATIONS).sort()) database.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
  const rows = database.prepare(SCHEMA_OBJECTS).all();
  return rows.map((row) => ({
    type: String(row.type),
    name: String(row.name),
    table: String(row.table),
    sql: String(row.sql),
  }));
}

writeFileSync(new URL('schema.graphql', ROOT), printedSchema());
writeFileSync(new URL('schema.sql', ROOT), printedTables(schemaObjects()));
