import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { UsageError } from './arguments.ts';
import { type Cells, IMPORTABLES, type ImportType, LineError } from './columns.ts';

/** A line of a CSV file. */
export interface Line {
  cells: string[];
  /** How many bytes of the file end with this line. */
  bytes: number;
}

/** The longest line that is read: a longer one is rather a quote that was not closed. */
const MAX_LINE_BYTES = 1_000_000;

/** The column that a file of failed rows adds. An import ignores it. */
export const ERROR_COLUMN = 'error';

/**
 * Yields the lines of a CSV file one by one. The first names the columns. Rejects if the file cannot be read or parsed.
 */
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
  // The parser throws the errors of the stream, so the callback has nothing to do.
  pipeline(createReadStream(file), parser, () => undefined);
  const parsed: AsyncIterable<{ info: { bytes: number }; record: string[] }> = parser;
  for await (const { info, record } of parsed) yield { cells: record, bytes: info.bytes };
}

/**
 * Checks the names of the columns.
 * @throws UsageError if one is unknown, or is there twice.
 */
export function checkColumns(type: ImportType, columns: readonly string[]): void {
  const known = Object.keys(IMPORTABLES[type].columns);
  const unknown = columns.filter((column) => column !== ERROR_COLUMN && !known.includes(column));
  if (unknown.length > 0) {
    throw new UsageError(`Unknown columns: ${unknown.join(', ')}. Those of ${type} are ${known.join(', ')}.`);
  }
  const twice = columns.filter((column, index) => columns.indexOf(column) !== index);
  if (twice.length > 0) throw new UsageError(`Columns that are there twice: ${twice.join(', ')}.`);
}

/**
 * Returns the cells of a line by the names of their columns, without empty ones.
 * @throws LineError if the number of cells is wrong, or if the line is not in UTF-8.
 */
export function cellsOf({ cells }: Line, columns: readonly string[]): Cells {
  if (cells.length !== columns.length) {
    throw new LineError(`the line has ${cells.length} cells, and the first line of the file ${columns.length}`);
  }
  // Node reads another encoding without an error, but replaces its letters with this one.
  if (cells.some((cell) => cell.includes('\uFFFD'))) throw new LineError('the line is not in UTF-8');
  const named = columns.map((column, index): [string, string] => [column, cells[index] ?? '']);
  return new Map(named.filter(([, cell]) => cell !== ''));
}
