import { env } from 'cloudflare:workers';
import { TABLES } from './fixtures.ts';

/*
 * Whether anything changed, without reading all that there is: triggers count every row that is written, unless it is
 * written as it was.
 */

/** The columns of a table that can be written. */
export async function columnsOf(table: string): Promise<string[]> {
  const { results } = await env.DB.prepare(`PRAGMA table_xinfo("${table}")`).all<{ name: string; hidden: number }>();
  return results.filter(({ hidden }) => hidden === 0).map(({ name }) => name);
}

/** Of which nobody is told: when a key was last used. */
const UNTOLD = 'last_used_at';

/** From now on, changes are counted. */
export async function countChanges(): Promise<void> {
  const statements = ['CREATE TABLE changes (count INTEGER NOT NULL)', 'INSERT INTO changes VALUES (0)'];
  for (const table of TABLES) {
    const columns = (await columnsOf(table)).filter((name) => name !== UNTOLD);
    const differs = columns.map((name) => `old."${name}" IS NOT new."${name}"`).join(' OR ');
    for (const [what, when] of [
      ['INSERT', ''],
      ['UPDATE', `WHEN ${differs}`],
      ['DELETE', ''],
    ]) {
      statements.push(`CREATE TRIGGER "${table} ${what}" AFTER ${what} ON "${table}" ${when}
        BEGIN UPDATE changes SET count = count + 1; END`);
    }
  }
  await env.DB.batch(statements.map((sql) => env.DB.prepare(sql)));
}

/** Reads how many changes there have been. */
export const countOfChanges = () => env.DB.prepare('SELECT count FROM changes');

export const changes = async () => (await countOfChanges().first<number>('count')) ?? 0;
