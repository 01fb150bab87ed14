import { HELP, type ImportArguments, readArguments, UsageError } from './import/arguments.ts';
import { UnreadableError } from './import/lines.ts';
import { rowsIn, summary } from './import/progress.ts';
import { runImport } from './import/run.ts';

/** The exit code of a program that was ended by SIGINT: 128 plus the number of the signal. */
const INTERRUPTED = 130;

try {
  // npm runs this in the project's directory; INIT_CWD is the directory where the user called it.
  const args = readArguments(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
  if (args) process.exitCode = await run(args);
  else console.log(HELP);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof UsageError) console.error('npm run import -- --help says more.');
  process.exitCode = 1;
}

/** Imports the file, says how that went, and returns the exit code: 0 only if every row was imported, or would be. */
async function run(args: ImportArguments): Promise<number> {
  const { failed, dryRun } = args;
  const { counts, isFinished, problem } = await runImport(args, stopSignal);
  if (problem !== null) console.error(problem instanceof Error ? problem.message : problem);
  console.log(summary(counts));
  if (dryRun !== null) {
    console.log(`Nothing was written. What would happen to each line is in ${dryRun}.`);
  } else if (counts.FAILED > 0) {
    console.log(
      `Those that failed are in ${failed}, each with its error. Correct them, and import that file${again(args)}.`,
    );
  }
  if (!isFinished) {
    const first = problem instanceof UnreadableError ? 'mend the file there, and run' : 'run';
    console.log(
      `Stopped after ${rowsIn(counts)} rows. To go on, ${first} the same command again: what is in stays as it is.`,
    );
  }
  return isFinished && counts.FAILED === 0 ? 0 : 1;
}

/** Returns what the file of failed rows, which is written as the source is, needs to be imported with. */
function again({ encoding, map }: ImportArguments): string {
  const needed = [...(encoding === null ? [] : ['--encoding']), ...(map.length === 0 ? [] : ['--map'])];
  return needed.length === 0 ? '' : `, with the same ${needed.join(' and ')}`;
}

/** Returns a signal that the first SIGINT or SIGTERM aborts. The second one ends the program at once. */
function stopSignal(announce: () => void): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(INTERRUPTED);
      stop.abort();
      announce();
    });
  }
  return stop.signal;
}
