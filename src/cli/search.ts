import { readdirSync, readFileSync } from 'node:fs';
import { indexArguments } from './arguments.ts';
import { execute } from './wrangler.ts';

/** The migrations. Those named `…_search.sql` make a search index, and can be run again: each drops it first. */
const MIGRATIONS = new URL('../../migrations/', import.meta.url);

const { drop, database } = indexArguments(process.argv.slice(2));
const sql = readdirSync(MIGRATIONS)
  .filter((name) => name.endsWith('_search.sql'))
  .sort()
  .map((name) => readFileSync(new URL(name, MIGRATIONS), 'utf8'))
  .join('\n');
const drops = sql.match(/^DROP .*;$/gm) ?? [];

const status = execute(drop ? drops.join('\n') : sql, database);
if (status === 0) console.log(drop ? 'The search index was dropped.' : 'The search index was rebuilt.');
process.exitCode = status;
