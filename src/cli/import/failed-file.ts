import { appendFileSync, rmSync } from 'node:fs';
import { stringify } from 'csv-stringify/sync';
import { ERROR_COLUMN, type Line } from './lines.ts';

/** A line that was processed. */
export interface Tried {
  line: Line;
  /** Why the line failed; null if it was imported. */
  problem: string | null;
}

/**
 * Returns a function that appends failed lines to a file, which can be corrected and imported itself. An old file is
 * removed at once, and a new one is only made when a line fails.
 */
export function failedFile(path: string, columns: readonly string[]): (tried: readonly Tried[]) => void {
  rmSync(path, { force: true });
  const kept = columns.flatMap((column, index) => (column === ERROR_COLUMN ? [] : [{ column, index }]));
  let hasHeader = false;
  return (tried) => {
    const failed = tried.filter(({ problem }) => problem !== null);
    if (failed.length === 0) return;
    const header = hasHeader ? [] : [[...kept.map(({ column }) => column), ERROR_COLUMN]];
    const rows = failed.map(({ line, problem }) => [...kept.map(({ index }) => line.cells[index] ?? ''), problem]);
    appendFileSync(path, stringify([...header, ...rows]));
    hasHeader = true;
  };
}
