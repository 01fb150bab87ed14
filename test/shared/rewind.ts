import { env } from 'cloudflare:workers';
import { columnsOf } from './changes.ts';
import { TABLES } from './fixtures.ts';

/*
 * Puts the database back as it was: only what differs is written, because whatever is searched is dear to write. It is
 * the work of a trigger, because D1 takes as long for a statement as for what all of these have to do.
 */

export interface Kept {
  table: string;
  /** Which rows go if they were not there before; all, unless it says otherwise. */
  going?: string | undefined;
  /** Only these columns go back, of rows that are still there. */
  only?: readonly string[];
}

async function keyOf(table: string): Promise<string[]> {
  const { results } = await env.DB.prepare(`PRAGMA table_xinfo("${table}")`).all<{ name: string; pk: number }>();
  return results.filter(({ pk }) => pk > 0).map(({ name }) => name);
}

/** Keeps a copy of these tables, to which `rewind` goes back. Parents stand before children. */
export async function remember(tables: readonly Kept[]): Promise<void> {
  const copies: string[] = [];
  const removals: string[] = [];
  const additions: string[] = [];
  const changes: string[] = [];
  for (const { table, going = 'TRUE', only } of tables) {
    const columns = only ?? (await columnsOf(table));
    const list = columns.map((name) => `"${name}"`).join(', ');
    const same = (await keyOf(table)).map((name) => `saved."${name}" = "${table}"."${name}"`).join(' AND ');
    const differs = columns.map((name) => `saved."${name}" IS NOT "${table}"."${name}"`).join(' OR ');
    copies.push(`CREATE TABLE "saved_${table}" AS SELECT ${list} FROM "${table}"`);
    changes.push(
      `UPDATE "${table}" SET ${columns.map((name) => `"${name}" = saved."${name}"`).join(', ')}
       FROM "saved_${table}" saved WHERE ${same} AND (${differs})`,
    );
    if (only) continue;
    removals.unshift(
      `DELETE FROM "${table}" WHERE ${going} AND NOT EXISTS (SELECT 1 FROM "saved_${table}" saved WHERE ${same})`,
    );
    additions.push(
      `INSERT INTO "${table}" (${list}) SELECT ${list} FROM "saved_${table}" saved
       WHERE NOT EXISTS (SELECT 1 FROM "${table}" WHERE ${same})`,
    );
  }
  // Added last: when a tenant is deleted again, so are its sessions.
  const steps = [...removals, ...changes, ...additions].map((sql) => `${sql};`);
  const rewinding = [
    'CREATE TABLE rewinding (count INTEGER NOT NULL)',
    'INSERT INTO rewinding VALUES (0)',
    `CREATE TRIGGER rewinding AFTER UPDATE ON rewinding BEGIN ${steps.join('\n')} END`,
  ];
  await env.DB.batch([...copies, ...rewinding].map((sql) => env.DB.prepare(sql)));
}

/** Keys and roles that are made for many tests stay, and what they hold. */
const GOING: Record<string, string> = {
  api_key: 'FALSE',
  api_key_secret: 'api_key_id IN (SELECT id FROM saved_api_key)',
  api_key_permission: 'api_key_id IN (SELECT id FROM saved_api_key)',
  api_key_tenant: 'api_key_id IN (SELECT id FROM saved_api_key)',
  role: 'FALSE',
  role_permission: 'role_id IN (SELECT id FROM saved_role)',
};

/** Keeps a copy of everything: from now on, all is as it is now whenever `rewind` has run. */
export async function rememberAll(): Promise<void> {
  // The labels follow their customer by themselves.
  const tables = TABLES.filter((table) => table !== 'customer_label');
  await remember(tables.map((table) => ({ table, going: GOING[table] })));
}

export const rewind = (): D1PreparedStatement => env.DB.prepare('UPDATE rewinding SET count = count + 1');
