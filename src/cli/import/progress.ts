import { SingleBar } from 'cli-progress';
import type { Outcome } from './send.ts';

/** How many rows had each outcome. */
export type Counts = Record<Outcome, number>;

/** Returns how many rows were processed, whatever their outcome. */
export const rowsIn = (counts: Counts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Returns the counts as text, such as `7 rows: 4 CREATED, 0 UPDATED, 2 NOOP, 1 FAILED`. */
export const summary = (counts: Counts): string =>
  `${rowsIn(counts)} rows: ${Object.entries(counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ')}`;

/** A display of how far an import has got. */
export interface Progress {
  /** Shows that so many bytes of the file were processed. */
  at(bytes: number, counts: Counts): void;
  note(text: string): void;
  end(): void;
}

/** Returns a display for a file of so many bytes: a bar on a terminal, and plain lines elsewhere. */
export const progress = (bytes: number): Progress => (process.stderr.isTTY ? bar(bytes) : lines(bytes));

function bar(total: number): Progress {
  const shown = new SingleBar({ format: '{bar} {percentage}%  {text}', hideCursor: true, gracefulExit: false });
  shown.start(total, 0, { text: '' });
  return {
    at: (bytes, counts) => shown.update(bytes, { text: summary(counts) }),
    note: (text) => shown.update({ text }),
    end: () => shown.stop(),
  };
}

function lines(total: number): Progress {
  return {
    at: (bytes, counts) => console.error(`${Math.floor((bytes / total) * 100)}%  ${summary(counts)}`),
    note: (text) => console.error(text),
    end: () => undefined,
  };
}
