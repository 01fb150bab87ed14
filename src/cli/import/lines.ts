import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { UsageError } from './arguments.ts';
import { type Cells, IMPORTABLES, type ImportType, LineError } from './columns.ts';

export interface Line {
  cells: string[];
  /** How far into the file it reaches. */
  bytes: number;
}

/** More is a quote that was not closed rather than a line. */
const MAX_LINE_BYTES = 1_000_000;

/** The column that a file of failed rows has besides. */
export const ERROR_COLUMN = 'error';

/** The lines of a CSV file one by one, the first of which names the columns. */
export async function* readLines(file: string): AsyncGenerator<Line, undefined> {
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    relax_column_count: true,
    max_record_size: MAX_LINE_BYTES,
  });
  // What goes wrong with the file is thrown by the parser.
  pipeline(createReadStream(file), parser, () => undefined);
  const parsed: AsyncIterable<{ info: { bytes: number }; record: string[] }> = parser;
  for await (const { info, record } of parsed) yield { cells: record, bytes: info.bytes };
}

/** Throws unless each column is known and there once. */
export function checkColumns(type: ImportType, columns: readonly string[]): void {
  const known = Object.keys(IMPORTABLES[type].columns);
  const unknown = columns.filter((column) => column !== ERROR_COLUMN && !known.includes(column));
  if (unknown.length > 0) {
    throw new UsageError(`Unknown columns: ${unknown.join(', ')}. Those of ${type} are ${known.join(', ')}.`);
  }
  const twice = columns.filter((column, index) => columns.indexOf(column) !== index);
  if (twice.length > 0) throw new UsageError(`Columns that are there twice: ${twice.join(', ')}.`);
}

export function cellsOf({ cells }: Line, columns: readonly string[]): Cells {
  if (cells.length !== columns.length) {
    throw new LineError(`the line has ${cells.length} cells, and the first line of the file ${columns.length}`);
  }
  // Another encoding is read without complaint, but its letters are lost.
  if (cells.some((cell) => cell.includes('\uFFFD'))) throw new LineError('the line is not in UTF-8');
  const named = columns.map((column, index): [string, string] => [column, cells[index] ?? '']);
  return new Map(named.filter(([, cell]) => cell !== ''));
}
