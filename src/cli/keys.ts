import { rekeyAll } from '../directory/rekeying/step.ts';
import { keysArguments } from './arguments.ts';
import { withLocalDatabase, withRemoteDatabase } from './local-database.ts';

const STEPS_BETWEEN_LINES = 20;

const { remote, database } = keysArguments(process.argv.slice(2));
const use = remote ? withRemoteDatabase : withLocalDatabase;
try {
  await use(database, (db) =>
    rekeyAll(db, (steps) => {
      if (steps % STEPS_BETWEEN_LINES === 0) console.log(`${steps} steps …`);
    }),
  );
  console.log('All records have the keys of this version.');
} catch (error) {
  console.error(
    error,
    '\nNot all records have new keys yet. The Worker goes on with it by cron, and /health says until when.',
  );
  process.exitCode = 1;
}
