import { SingleBar } from 'cli-progress';
import type { Outcome } from './send.ts';

export type Counts = Record<Outcome, number>;

export const rowsIn = (counts: Counts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** As in `7 rows: 4 CREATED, 0 UPDATED, 2 NOOP, 1 FAILED`. */
export const told = (counts: Counts): string =>
  `${rowsIn(counts)} rows: ${Object.entries(counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ')}`;

export interface Progress {
  /** So much of the file is done. */
  at(bytes: number, counts: Counts): void;
  note(text: string): void;
  end(): void;
}

/** A bar on a terminal, plain lines elsewhere. */
export const progress = (bytes: number): Progress => (process.stderr.isTTY ? bar(bytes) : lines(bytes));

function bar(total: number): Progress {
  const shown = new SingleBar({ format: '{bar} {percentage}%  {text}', hideCursor: true, gracefulExit: false });
  shown.start(total, 0, { text: '' });
  return {
    at: (bytes, counts) => shown.update(bytes, { text: told(counts) }),
    note: (text) => shown.update({ text }),
    end: () => shown.stop(),
  };
}

function lines(total: number): Progress {
  return {
    at: (bytes, counts) => console.error(`${Math.floor((bytes / total) * 100)}%  ${told(counts)}`),
    note: (text) => console.error(text),
    end: () => undefined,
  };
}
