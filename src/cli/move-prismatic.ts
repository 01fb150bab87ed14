import { type Counts, summary } from './import/progress.ts';
import { send } from './import/send.ts';
import { HELP, type MoveArguments, readArguments, UsageError } from './move/arguments.ts';
import { pairsFile } from './move/pairs.ts';
import { customersAt, type Moved, usersAt } from './move/prismatic.ts';

try {
  // npm runs this in the project's directory; INIT_CWD is the directory where the user called it.
  const args = readArguments(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
  if (args) process.exitCode = await move(args);
  else console.log(HELP);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof UsageError) console.error('npm run move:prismatic -- --help says more.');
  process.exitCode = 1;
}

/** Imports everything, and returns the exit code: 0 only if all of it is in. Users come behind the customers they name. */
async function move({ from, to, pairs }: MoveArguments): Promise<number> {
  const keep = pairsFile(pairs);
  const counts: Record<'customers' | 'users', Counts> = {
    customers: { CREATED: 0, UPDATED: 0, NOOP: 0, FAILED: 0 },
    users: { CREATED: 0, UPDATED: 0, NOOP: 0, FAILED: 0 },
  };
  const importing = async (type: 'customers' | 'users', pages: AsyncIterable<Moved[]>) => {
    const signal = new AbortController().signal;
    for await (const page of pages) {
      if (page.length === 0) continue;
      const rows = page.map(({ row }) => row);
      const results = await send(to, type, rows, { signal, note: (text) => console.error(text) });
      for (const { outcome } of results) counts[type][outcome] += 1;
      keep(
        page.map(({ id, row: { externalId } }, index) => {
          const { id: ours = null, error = null } = results[index] ?? {};
          return { type, theirs: id, ours, externalId, error };
        }),
      );
    }
    console.log(`${type}: ${summary(counts[type])}`);
  };
  await importing('customers', customersAt(from));
  await importing('users', usersAt(from));
  console.log(`Both ids of each are in ${pairs}.`);
  const failed = counts.customers.FAILED + counts.users.FAILED;
  if (failed > 0) console.log('Those that failed have an error there. Correct them, and run the same command again.');
  return failed === 0 ? 0 : 1;
}
