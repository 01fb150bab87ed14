import { appendFileSync, rmSync } from 'node:fs';
import { ERROR_COLUMN, type Header } from './header.ts';
import type { Line } from './lines.ts';
import { endsLine } from './records.ts';
import type { Source } from './source.ts';

/** A line that was processed. */
export interface Tried {
  line: Line;
  /** Why the line failed; null if it was imported. */
  problem: string | null;
}

/**
 * Returns a function that appends failed lines to a file: each as it was, byte for byte, behind its error. So the file can
 * be mended and imported itself, by the program that wrote the source as well. An old file is removed at once, and a new
 * one is only made when a line fails.
 */
export function failedFile(path: string, source: Source, header: Header): (tried: readonly Tried[]) => void {
  rmSync(path, { force: true });
  const { separator, before, lineEnd } = header;
  const behind = (first: string, bytes: Buffer) => [source.encode(`${first}${separator}`), source.asInFile(bytes)];
  const ended = (bytes: Buffer) => (endsLine(bytes) ? [] : [source.encode(lineEnd)]);
  let start = [source.mark, source.asInFile(before), ...behind(ERROR_COLUMN, header.bytes)];
  return (tried) => {
    const rows = tried.flatMap(({ line: { bytes }, problem }) =>
      problem === null ? [] : [...behind(errorCell(problem), bytes), ...ended(bytes)],
    );
    if (rows.length === 0) return;
    appendFileSync(path, Buffer.concat([...start, ...rows]));
    start = [];
  };
}

/** Writes an error as a cell that is one line, and that no spreadsheet takes for a formula. */
function errorCell(problem: string): string {
  const line = problem.replace(/[\s\p{Cc}\uFFFD]+/gu, ' ').trim();
  const text = /^[\p{L}\p{N}]/u.test(line) ? line : `Error: ${line}`;
  return `"${text.replaceAll('"', '""')}"`;
}
