import { statSync } from 'node:fs';
import { HELP, type ImportArguments, readArguments, UsageError } from './import/arguments.ts';
import { type Entry, inBatches } from './import/batches.ts';
import type { Row } from './import/columns.ts';
import { failedFile } from './import/failed-file.ts';
import { checkColumns, readLines } from './import/lines.ts';
import { type Counts, progress, rowsIn, summary } from './import/progress.ts';
import { type Result, send } from './import/send.ts';

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

/** Imports the file, and returns the exit code: 0 only if every row was imported. */
async function run({ file, type, url, key, failed }: ImportArguments): Promise<number> {
  const lines = readLines(file);
  const columns = (await lines.next()).value?.cells;
  if (!columns) throw new UsageError('The file is empty.');
  checkColumns(type, columns);

  const keep = failedFile(failed, columns);
  const counts: Counts = { CREATED: 0, UPDATED: 0, NOOP: 0, FAILED: 0 };
  const shown = progress(statSync(file).size);
  const signal = stopSignal(() => shown.note('Stopping after this batch. Once more stops at once.'));
  let problem: unknown = null;
  let finished = false;
  try {
    finished = await everyBatch(inBatches(lines, type, columns), signal, async (batch) => {
      const results = await outcomes(batch, (rows) => send({ url, key }, type, rows, { signal, note: shown.note }));
      keep(batch.map(({ line }, index) => ({ line, problem: results[index]?.error ?? null })));
      for (const { outcome } of results) counts[outcome] += 1;
      shown.at(batch.at(-1)?.line.bytes ?? 0, counts);
    });
  } catch (error) {
    problem = error;
  }
  shown.end();

  if (problem !== null) console.error(problem instanceof Error ? problem.message : problem);
  console.log(summary(counts));
  if (counts.FAILED > 0) {
    console.log(`Those that failed are in ${failed}, each with its error. Correct them, and import that file.`);
  }
  if (!finished) {
    console.log(
      `Stopped after ${rowsIn(counts)} rows. To go on, run the same command again: what is in stays as it is.`,
    );
  }
  return finished && counts.FAILED === 0 ? 0 : 1;
}

/** Sends each batch until the signal aborts, and returns whether it sent all. A batch that was begun is finished. */
async function everyBatch(
  batches: AsyncIterable<Entry[]>,
  signal: AbortSignal,
  sendBatch: (batch: Entry[]) => Promise<void>,
) {
  for await (const batch of batches) {
    if (signal.aborted) return false;
    await sendBatch(batch);
  }
  return true;
}

/** Returns one result for each entry, in their order. A line with a problem of its own fails without being sent. */
async function outcomes(batch: Entry[], sendRows: (rows: Row[]) => Promise<Result[]>): Promise<Result[]> {
  const rows = batch.flatMap(({ row }) => (row === null ? [] : [row]));
  const sent = rows.length > 0 ? await sendRows(rows) : [];
  return batch.flatMap((entry): Result[] =>
    entry.row === null ? [{ outcome: 'FAILED', id: null, error: entry.problem }] : sent.splice(0, 1),
  );
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
