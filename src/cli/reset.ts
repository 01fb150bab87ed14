import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { keysArguments } from './arguments.ts';
import { localState } from './local-database.ts';

/** What `wrangler dev` keeps of the directory: the database, and the timers of webhooks. */
const KEPT = ['d1', 'do'];

const { remote, database } = keysArguments(process.argv.slice(2));
if (remote) {
  console.error('Only a local database is emptied: delete a remote one in the dashboard.');
  process.exitCode = 1;
} else {
  const state = localState(database);
  for (const folder of KEPT) rmSync(join(state, folder), { recursive: true, force: true });
  console.log(`Emptied ${state}: npm start makes the database anew, with the demo.`);
}
