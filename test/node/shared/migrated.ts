import { createHash, createHmac } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const MIGRATIONS = new URL('../../../migrations/', import.meta.url);
/** What wrangler.toml says: local databases keep the id that is no real one. */
const DATABASE_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Puts an empty database with all migrations where `npm start` will find it, which by itself takes seconds to apply
 * them one by one. Should wrangler look for it elsewhere some day, it makes one as if this had not been here.
 */
export function migrate(directory: string): void {
  const place = join(directory, 'v3', 'd1', 'miniflare-D1DatabaseObject');
  mkdirSync(place, { recursive: true });
  const database = new DatabaseSync(join(place, `${fileName('miniflare-D1DatabaseObject', DATABASE_ID)}.sqlite`));
  database.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE d1_migrations (
      id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
    )`);
  for (const name of readdirSync(MIGRATIONS).sort()) {
    database.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
    database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').run(name);
  }
  database.close();
}

/** What workerd calls the file of a Durable Object that is found by its name. */
function fileName(namespace: string, name: string): string {
  const key = createHash('sha256').update(namespace).digest();
  const half = (of: string | Buffer) => createHmac('sha256', key).update(of).digest().subarray(0, 16);
  const first = half(name);
  return Buffer.concat([first, half(first)]).toString('hex');
}
