import { appendFileSync, rmSync } from 'node:fs';
import { stringify } from 'csv-stringify/sync';
import { ERROR_COLUMN, type Line } from './lines.ts';

export interface Tried {
  line: Line;
  /** Why it failed; null if it did not. */
  problem: string | null;
}

/**
 * Collects failed rows in a file that can be corrected and imported itself. They are in it as soon as they are known, and
 * the file is not there as long as there are none.
 */
export function failedFile(path: string, columns: readonly string[]): (tried: readonly Tried[]) => void {
  rmSync(path, { force: true });
  const kept = columns.flatMap((column, index) => (column === ERROR_COLUMN ? [] : [{ column, index }]));
  let begun = false;
  return (tried) => {
    const failed = tried.filter(({ problem }) => problem !== null);
    if (failed.length === 0) return;
    const header = begun ? [] : [[...kept.map(({ column }) => column), ERROR_COLUMN]];
    const rows = failed.map(({ line, problem }) => [...kept.map(({ index }) => line.cells[index] ?? ''), problem]);
    appendFileSync(path, stringify([...header, ...rows]));
    begun = true;
  };
}
