import { appendFileSync, rmSync } from 'node:fs';
import { ERROR_COLUMN, type Header } from './header.ts';
import { kept, type Line } from './lines.ts';
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
 *
 * Lines are written in their order. Those from `before` on wait, because one of them was not decided on yet; nothing waits
 * if it is not given.
 */
export function failedFile(
  path: string,
  source: Source,
  header: Header,
): (tried: readonly Tried[], before?: number) => void {
  rmSync(path, { force: true });
  const { separator, before: beforeHeader, lineEnd } = header;
  const behind = (first: string, bytes: Buffer) => [source.encode(`${first}${separator}`), source.asInFile(bytes)];
  const ended = (bytes: Buffer) => (endsLine(bytes) ? [] : [source.encode(lineEnd)]);
  let start = [source.mark, source.asInFile(beforeHeader), ...behind(ERROR_COLUMN, header.bytes)];
  let waiting: Failed[] = [];
  return (tried, before = Number.POSITIVE_INFINITY) => {
    const failed = tried.flatMap(({ line, problem }) =>
      problem === null ? [] : [{ line: line.number < before ? line : kept(line), problem }],
    );
    const all = [...waiting, ...failed];
    const ready = all.filter(({ line }) => line.number < before);
    waiting = all.filter(({ line }) => line.number >= before);
    if (ready.length === 0) return;
    const rows = ready
      .toSorted((one, other) => one.line.number - other.line.number)
      .flatMap(({ line: { bytes }, problem }) => [...behind(errorCell(problem), bytes), ...ended(bytes)]);
    appendFileSync(path, Buffer.concat([...start, ...rows]));
    start = [];
  };
}

interface Failed {
  line: Line;
  problem: string;
}

/** Writes an error as a cell that is one line, and that no spreadsheet takes for a formula. */
export function errorCell(problem: string): string {
  const line = problem.replace(/[\s\p{Cc}\uFFFD]+/gu, ' ').trim();
  const text = /^[\p{L}\p{N}]/u.test(line) ? line : `Error: ${line}`;
  return `"${text.replaceAll('"', '""')}"`;
}
