import { readdirSync, readFileSync } from 'node:fs';
import { indexArguments } from './arguments.ts';
import { execute } from './wrangler.ts';

/**
 * The migrations. Those named `…_search.sql` make the index of search: the last of them takes the place of those before, and can
 * be run again, because it drops what is there first.
 */
const MIGRATIONS = new URL('../../migrations/', import.meta.url);

const { drop, database } = indexArguments(process.argv.slice(2));
const last = readdirSync(MIGRATIONS)
  .filter((name) => name.endsWith('_search.sql'))
  .sort()
  .at(-1);
const sql = readFileSync(new URL(last ?? '', MIGRATIONS), 'utf8');
const drops = sql.match(/^DROP .*;$/gm) ?? [];

const status = execute(drop ? drops.join('\n') : sql, database);
if (status === 0) console.log(drop ? 'The search index was dropped.' : 'The search index was rebuilt.');
process.exitCode = status;
