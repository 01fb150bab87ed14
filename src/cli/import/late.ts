import { groupsInBatches, isOneBatch, type Sendable } from './batches.ts';
import type { ImportType } from './columns.ts';
import { ringsInOrder } from './graph.ts';
import type { Result } from './send.ts';
import { uniqueValues } from './unique-values.ts';

/** The most rows that share a name which are kept together. Half a batch, so that the rest of a batch has room. */
const MAX_TOGETHER = 250;

/** What becomes of a line. */
export interface Decided {
  entry: Sendable;
  result: Result;
}

interface LateRun {
  type: ImportType;
  signal: AbortSignal;
  /** Sends rows that go together, and returns the result of each. */
  sendBatch: (batch: readonly Sendable[]) => Promise<Result[]>;
  /** Reads the unique values that the record of each row has now; null if that may not be known. */
  held: (entries: readonly Sendable[]) => Promise<string[][] | null>;
  /** Takes the decided lines. `waiting` are those that are not. */
  settle: (decided: readonly Decided[], waiting: readonly Sendable[]) => void;
}

/**
 * Sends rows once all others are in: those that were refused for values which others had, and those that only one request
 * can judge. It goes on as long as any of them gets in, each behind those whose values it waits for, and rows that wait for
 * each other in one request. Returns whether all were decided on: not if the signal aborted.
 */
export async function sendLate(late: readonly Sendable[], run: LateRun): Promise<boolean> {
  const { signal, sendBatch, settle } = run;
  let waiting = [...late];
  for (let round = 0; waiting.length > 0; round += 1) {
    const { batches, tooLong } = await planned(waiting, round, run);
    let refused: Decided[] = tooLong;
    let moved = false;
    for (const batch of batches) {
      if (signal.aborted) return false;
      const results = await sendBatch(batch);
      const decided = batch.flatMap((entry, index): Decided[] => {
        const result = results[index];
        return result ? [{ entry, result }] : [];
      });
      moved ||= results.some(({ outcome }) => outcome !== 'FAILED');
      refused = [...refused, ...decided.filter(({ result }) => result.isTaken)];
      const gone = new Set(batch);
      waiting = waiting.filter((entry) => !gone.has(entry));
      settle(
        decided.filter(({ result }) => !result.isTaken),
        [...waiting, ...refused.map(({ entry }) => entry)],
      );
    }
    // What was judged in one request has nothing left to wait for.
    const isLast = !moved || (batches.length === 1 && tooLong.length === 0);
    if (isLast) settle(refused, []);
    waiting = isLast ? [] : refused.map(({ entry }) => entry);
  }
  return true;
}

/** Plans the requests for rows. Rings that no request takes are not sent. */
async function planned(waiting: readonly Sendable[], round: number, { type, held }: LateRun) {
  if (isOneBatch(waiting)) return { batches: [[...waiting]], tooLong: [] };
  const known = await held(waiting);
  // Where nobody says what waits for what, chains of either direction get in, and rings as far as they are in one batch.
  const inTurn = round % 2 === 0 ? waiting : waiting.toReversed();
  const groups = known ? inOrder(type, waiting, known) : inOrder(type, inTurn, []);
  const tooLong = groups.filter((group) => !isOneBatch(group));
  return {
    batches: groupsInBatches(groups.filter(isOneBatch)),
    tooLong: tooLong.flatMap((group) => group.map((entry) => ({ entry, result: ringTooLong(group) }))),
  };
}

/** Groups rows that only succeed together, each behind those that it waits for. */
function inOrder(type: ImportType, entries: readonly Sendable[], held: readonly (readonly string[])[]): Sendable[][] {
  const holders = new Map(held.flatMap((keys, index) => keys.map((key): [string, number] => [key, index])));
  const edges = entries.map(({ row }, index) =>
    uniqueValues(type, row).flatMap(({ key }) => {
      const holder = holders.get(key);
      return holder === undefined || holder === index ? [] : [holder];
    }),
  );
  for (const group of sharing(entries)) {
    for (const [at, index] of group.entries()) edges[index]?.push(group[(at + 1) % group.length] ?? index);
  }
  return ringsInOrder(edges).map((ring) =>
    ring.flatMap((index) => {
      const entry = entries[index];
      return entry ? [entry] : [];
    }),
  );
}

/** Returns the numbers of the rows that share a value: of each value at least two, in groups of a size that can be sent. */
function sharing(entries: readonly Sendable[]): number[][] {
  const byKey = new Map<string, number[]>();
  for (const [index, { together }] of entries.entries()) {
    for (const key of together) {
      const group = byKey.get(key);
      if (group) group.push(index);
      else byKey.set(key, [index]);
    }
  }
  return [...byKey.values()].flatMap((all) => {
    const groups = Math.max(1, Math.floor(all.length / MAX_TOGETHER));
    const size = Math.ceil(all.length / groups);
    return Array.from({ length: groups }, (_, group) => all.slice(group * size, (group + 1) * size));
  });
}

function ringTooLong(group: readonly Sendable[]): Result {
  const [first, last] = [group.at(0), group.at(-1)].map((entry) => entry?.line.number);
  const error = `it waits for a value of another line, and that for another, in a ring of ${group.length} lines, such as lines ${first} and ${last}: a request takes rings of up to 500`;
  return { outcome: 'FAILED', id: null, error, isTaken: true, changes: [] };
}
