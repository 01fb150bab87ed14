import type { ImportArguments } from './arguments.ts';
import { type Entry, inBatches, type Sendable } from './batches.ts';
import type { Row } from './cells.ts';
import type { ImportType } from './columns.ts';
import { dryRunFile } from './dry-run-file.ts';
import { findDuplicates } from './duplicates.ts';
import { failedFile } from './failed-file.ts';
import { heldValues } from './held-values.ts';
import { sendLate } from './late.ts';
import { kept, type Line, readLines, UnreadableError } from './lines.ts';
import { type Counts, progress } from './progress.ts';
import { type Result, send } from './send.ts';
import { openSource } from './source.ts';

/** What came of an import. */
export interface Imported {
  counts: Counts;
  /** Whether every line was decided on. */
  isFinished: boolean;
  /** What it ended by before that; null if by nothing, or by the signal. */
  problem: unknown;
}

/** A line that was decided on. */
interface Decided {
  line: Line;
  result: Pick<Result, 'outcome' | 'error' | 'changes'>;
}

/** What the parts of an import share. */
interface Run {
  type: ImportType;
  signal: AbortSignal;
  sendBatch: (batch: readonly Sendable[]) => Promise<Result[]>;
  /** Takes decided lines, and those that are not, and how much of the file was read by then. */
  settle: (decided: readonly Decided[], waiting: readonly { line: Line }[], bytes: number) => void;
}

/**
 * Imports a file. What is there for each line is said by the gateway, and by the file as a whole: it is read before anything
 * is sent, for values that stand in two lines. Lines that wait for values of others are sent once those are in.
 *
 * @param stopSignal makes the signal that ends it, once it knows how to tell people that a batch is still under way
 * @throws UsageError if nothing of the file can be imported
 */
export async function runImport(
  { file, type, url, key, failed, encoding, map, dryRun }: ImportArguments,
  stopSignal: (announce: () => void) => AbortSignal,
): Promise<Imported> {
  const source = await openSource(file, encoding);
  const { header, lines } = await readLines(source, type, map);
  const write = dryRun === null ? failedLines(failedFile(failed, source, header)) : foreseen(dryRun, header.separator);

  const counts: Counts = { CREATED: 0, UPDATED: 0, NOOP: 0, FAILED: 0 };
  const { note, at, end } = progress(source.size);
  const signal = stopSignal(() => note('Stopping after this batch. Once more stops at once.'));
  const gateway = { url, key };
  let isNoted = false;
  const held = async (rows: readonly Row[]) => {
    const values = await heldValues(gateway, type, rows, { signal, note });
    if (values === null && !signal.aborted && !isNoted) {
      note(UNREAD);
      isNoted = true;
    }
    return values;
  };
  const duplicates = await findDuplicates(type, async () => (await readLines(source, type, map)).lines, held);

  const run: Run = {
    type,
    signal,
    sendBatch(batch) {
      const rowName = (index: number) => `line ${batch[index]?.line.number}`;
      return send(gateway, type, rowsOf(batch), { signal, note, rowName, dryRun: dryRun !== null });
    },
    settle(decided, waiting, bytes) {
      write(decided, waiting);
      for (const { result } of decided) counts[result.outcome] += 1;
      at(bytes, counts);
    },
  };
  const late: Sendable[] = [];
  const first = await ended(() => sendInOrder(inBatches(lines, type, duplicates), run, late));
  const goesOn = late.length > 0 && (first.isFinished || first.problem instanceof UnreadableError);
  if (goesOn) note(`${late.length} lines are sent again, now that others are in.`);
  const second = goesOn
    ? await ended(() => sendAgain(late, run, (entries) => held(rowsOf(entries)), source.size))
    : { isFinished: late.length === 0, problem: null };
  write([], []);
  end();
  return { counts, isFinished: first.isFinished && second.isFinished, problem: first.problem ?? second.problem };
}

const UNREAD =
  'What the records have now could not be read. Lines that wait for each other, or name one record in two ways, may not be found.';

const rowsOf = (entries: readonly Sendable[]): Row[] => entries.map(({ row }) => row);

type Write = (decided: readonly Decided[], waiting: readonly { line: Line }[]) => void;

const foreseen = (path: string, separator: string): Write => {
  const write = dryRunFile(path, separator);
  return (decided) => write(decided.map(({ line, result }) => ({ line: line.number, result })));
};

const failedLines =
  (keep: ReturnType<typeof failedFile>): Write =>
  (decided, waiting) =>
    keep(
      decided.map(({ line, result }) => ({ line, problem: result.error })),
      waiting.reduce((first, { line }) => Math.min(first, line.number), Number.POSITIVE_INFINITY),
    );

/** Sends each batch until the signal aborts, and returns whether it sent all. What may go better later joins `late`. */
async function sendInOrder(batches: AsyncIterable<Entry[]>, run: Run, late: Sendable[]): Promise<boolean> {
  for await (const batch of batches) {
    if (run.signal.aborted) return false;
    const { decided, refused } = await tried(batch, run.sendBatch);
    for (const entry of refused) late.push({ ...entry, line: kept(entry.line) });
    run.settle(decided, late, batch.at(-1)?.line.end ?? 0);
  }
  return true;
}

const sendAgain = (
  late: readonly Sendable[],
  { type, signal, sendBatch, settle }: Run,
  held: (entries: readonly Sendable[]) => Promise<string[][] | null>,
  size: number,
): Promise<boolean> =>
  sendLate(late, {
    ...{ type, signal, sendBatch, held },
    settle: (decided, waiting) => {
      const lines = decided.map(({ entry, result }) => ({ line: entry.line, result }));
      if (lines.length > 0) settle(lines, waiting, size);
    },
  });

/** Runs a part of the import to its end, or to what it fails by. */
async function ended(part: () => Promise<boolean>): Promise<{ isFinished: boolean; problem: unknown }> {
  try {
    return { isFinished: await part(), problem: null };
  } catch (problem) {
    return { isFinished: false, problem };
  }
}

/** Tries a batch, and tells apart what is decided and what may go better once all else is in. */
async function tried(
  batch: readonly Entry[],
  sendBatch: (batch: readonly Sendable[]) => Promise<Result[]>,
): Promise<{ decided: Decided[]; refused: Sendable[] }> {
  const sendable = batch.filter((entry) => entry.row !== null);
  const sending = sendable.filter(({ together }) => together.length === 0);
  const results = sending.length > 0 ? await sendBatch(sending) : [];
  const byLine = new Map(sending.map(({ line }, index) => [line, results[index]]));
  const refused = sendable.filter(({ line }) => byLine.get(line)?.isTaken ?? true);
  const decided = batch.flatMap((entry): Decided[] => {
    if (entry.row === null)
      return [{ line: entry.line, result: { outcome: 'FAILED', error: entry.problem, changes: [] } }];
    const result = byLine.get(entry.line);
    return result && !result.isTaken ? [{ line: entry.line, result }] : [];
  });
  return { decided, refused };
}
