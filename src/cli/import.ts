import { HELP, type ImportArguments, readArguments, UsageError } from './import/arguments.ts';
import { type Entry, inBatches } from './import/batches.ts';
import type { Row } from './import/cells.ts';
import { failedFile } from './import/failed-file.ts';
import { readLines, UnreadableError } from './import/lines.ts';
import { type Counts, progress, rowsIn, summary } from './import/progress.ts';
import { type Result, send } from './import/send.ts';
import { openSource } from './import/source.ts';

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
async function run({ file, type, url, key, failed, encoding, map }: ImportArguments): Promise<number> {
  const source = await openSource(file, encoding);
  const { header, lines } = await readLines(source, type, map);

  const keep = failedFile(failed, source, header);
  const counts: Counts = { CREATED: 0, UPDATED: 0, NOOP: 0, FAILED: 0 };
  const shown = progress(source.size);
  const signal = stopSignal(() => shown.note('Stopping after this batch. Once more stops at once.'));
  let problem: unknown = null;
  let finished = false;
  try {
    finished = await everyBatch(inBatches(lines, type), signal, async (batch) => {
      const results = await outcomes(batch, (rows, rowName) =>
        send({ url, key }, type, rows, { signal, note: shown.note, rowName }),
      );
      keep(batch.map(({ line }, index) => ({ line, problem: results[index]?.error ?? null })));
      for (const { outcome } of results) counts[outcome] += 1;
      shown.at(batch.at(-1)?.line.end ?? 0, counts);
    });
  } catch (error) {
    problem = error;
  }
  shown.end();

  if (problem !== null) console.error(problem instanceof Error ? problem.message : problem);
  console.log(summary(counts));
  if (counts.FAILED > 0) {
    console.log(
      `Those that failed are in ${failed}, each with its error. Correct them, and import that file${again(encoding, map)}.`,
    );
  }
  if (!finished) {
    const first = problem instanceof UnreadableError ? 'mend the file there, and run' : 'run';
    console.log(
      `Stopped after ${rowsIn(counts)} rows. To go on, ${first} the same command again: what is in stays as it is.`,
    );
  }
  return finished && counts.FAILED === 0 ? 0 : 1;
}

/** Returns what the file of failed rows, which is written as the source is, needs to be imported with. */
function again(encoding: string | null, map: readonly unknown[]): string {
  const needed = [...(encoding === null ? [] : ['--encoding']), ...(map.length === 0 ? [] : ['--map'])];
  return needed.length === 0 ? '' : `, with the same ${needed.join(' and ')}`;
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
async function outcomes(
  batch: Entry[],
  sendRows: (rows: Row[], rowName: (index: number) => string) => Promise<Result[]>,
): Promise<Result[]> {
  const sending = batch.flatMap(({ line, row }) => (row === null ? [] : [{ line, row }]));
  const rows = sending.map(({ row }) => row);
  const rowName = (index: number) => `line ${sending[index]?.line.number}`;
  const sent = rows.length > 0 ? await sendRows(rows, rowName) : [];
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
