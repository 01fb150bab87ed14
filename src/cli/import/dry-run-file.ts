import { appendFileSync, rmSync } from 'node:fs';
import { errorCell } from './failed-file.ts';
import type { Result } from './send.ts';

/** What a dry run says of a line. */
export interface Foreseen {
  line: number;
  result: Pick<Result, 'outcome' | 'changes' | 'error'>;
}

/** A byte order mark, by which spreadsheets know UTF-8. */
const MARK = '\uFEFF';

/**
 * Returns a function that appends what a dry run says to a file: a row for each line, in the order in which they are decided
 * on. An old file is replaced at once.
 */
export function dryRunFile(path: string, separator: string): (foreseen: readonly Foreseen[]) => void {
  rmSync(path, { force: true });
  const row = (...cells: string[]) => `${cells.join(separator)}\r\n`;
  appendFileSync(path, `${MARK}${row('line', 'outcome', 'changes', 'error')}`);
  return (foreseen) => {
    const rows = foreseen.map(({ line, result: { outcome, changes, error } }) =>
      row(String(line), outcome, changes.join(' '), error === null ? '' : errorCell(error)),
    );
    if (rows.length > 0) appendFileSync(path, rows.join(''));
  };
}
