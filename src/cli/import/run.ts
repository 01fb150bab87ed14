import type { ImportArguments } from './arguments.ts';
import { type Entry, inBatches, type Sendable } from './batches.ts';
import type { Row } from './cells.ts';
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
  const keep = dryRun === null ? failedFile(failed, source, header) : () => undefined;
  const foresee = dryRun === null ? () => undefined : dryRunFile(dryRun, header.separator);
  const counts: Counts = { CREATED: 0, UPDATED: 0, NOOP: 0, FAILED: 0 };
  const shown = progress(source.size);
  const { note } = shown;
  const signal = stopSignal(() => note('Stopping after this batch. Once more stops at once.'));
  const gateway = { url, key };
  const held = (rows: readonly Row[]) => heldValues(gateway, type, rows, { signal, note });
  const duplicates = await findDuplicates(type, async () => (await readLines(source, type, map)).lines, held);

  const settle = (decided: readonly Decided[], waiting: readonly { line: Line }[]) => {
    const before = waiting.reduce((first, { line }) => Math.min(first, line.number), Number.POSITIVE_INFINITY);
    keep(
      decided.map(({ line, result }) => ({ line, problem: result.error })),
      before,
    );
    foresee(decided.map(({ line, result }) => ({ line: line.number, result })));
    for (const { result } of decided) counts[result.outcome] += 1;
  };
  const sendBatch = (batch: readonly Sendable[]) =>
    send(
      gateway,
      type,
      batch.map(({ row }) => row),
      { signal, note, rowName: (index) => `line ${batch[index]?.line.number}`, dryRun: dryRun !== null },
    );

  const late: Sendable[] = [];
  const first = await ended(async () => {
    for await (const batch of inBatches(lines, type, duplicates)) {
      if (signal.aborted) return false;
      const { decided, refused } = await tried(batch, sendBatch);
      for (const entry of refused) late.push({ ...entry, line: kept(entry.line) });
      settle(decided, late);
      shown.at(batch.at(-1)?.line.end ?? 0, counts);
    }
    return true;
  });
  const goesOn = late.length > 0 && (first.isFinished || first.problem instanceof UnreadableError);
  if (goesOn) note(`${late.length} lines are sent again, now that others are in.`);
  const second = await ended(() =>
    goesOn
      ? sendLate(late, {
          ...{ type, signal, sendBatch },
          held: (entries) => held(entries.map(({ row }) => row)),
          settle(decided, waiting) {
            settle(
              decided.map(({ entry, result }) => ({ line: entry.line, result })),
              waiting,
            );
            if (decided.length > 0) shown.at(source.size, counts);
          },
        })
      : Promise.resolve(late.length === 0),
  );
  keep([]);
  shown.end();
  return {
    counts,
    isFinished: first.isFinished && second.isFinished,
    problem: first.problem ?? second.problem,
  };
}

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
