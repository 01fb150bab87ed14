import { IMPORTABLES, type ImportType, LineError, type Row } from './columns.ts';
import { cellsOf, type Line } from './lines.ts';

/** The most rows that the API accepts in one import. */
const MAX_ROWS = 500;
/** The most bytes of rows in one request: its limit of 1 MiB, less some space for the operation around them. */
const MAX_ROWS_BYTES = 950_000;

/** A line of the file with the row to send for it, or with the problem for which it is not sent. */
export type Entry = { line: Line; row: Row } | { line: Line; row: null; problem: string };

/** Yields the lines in their order, in batches that the API accepts. A wrong line is yielded too, with its problem. */
export async function* inBatches(
  lines: AsyncIterable<Line>,
  type: ImportType,
  columns: readonly string[],
): AsyncGenerator<Entry[]> {
  let batch: Entry[] = [];
  let bytes = 0;
  for await (const line of lines) {
    const { entry, rowBytes } = prepare(line, type, columns);
    if (batch.length === MAX_ROWS || bytes + rowBytes > MAX_ROWS_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += rowBytes;
  }
  if (batch.length > 0) yield batch;
}

function prepare(line: Line, type: ImportType, columns: readonly string[]): { entry: Entry; rowBytes: number } {
  const failed = (problem: string) => ({ entry: { line, row: null, problem }, rowBytes: 0 });
  try {
    const row = IMPORTABLES[type].row(cellsOf(line, columns));
    const rowBytes = Buffer.byteLength(JSON.stringify(row)) + 1;
    return rowBytes > MAX_ROWS_BYTES ? failed('the line is too long') : { entry: { line, row }, rowBytes };
  } catch (error) {
    if (error instanceof LineError) return failed(error.message);
    throw error;
  }
}
