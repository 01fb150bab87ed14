import { IMPORTABLES, type ImportType, LineError, type Row } from './columns.ts';
import { cellsOf, type Line } from './lines.ts';

/** As the API takes them; of its limit of 1 MB, some is left for the operation around the rows. */
const MAX_ROWS = 500;
const MAX_ROWS_BYTES = 950_000;

/** A line and what is sent for it, or why nothing is. */
export type Entry = { line: Line; row: Row } | { line: Line; row: null; problem: string };

/** The lines in their order, in batches that the API takes. */
export async function* inBatches(
  lines: AsyncIterable<Line>,
  type: ImportType,
  columns: readonly string[],
): AsyncGenerator<Entry[]> {
  let batch: Entry[] = [];
  let bytes = 0;
  for await (const line of lines) {
    const { entry, size } = prepare(line, type, columns);
    if (batch.length === MAX_ROWS || bytes + size > MAX_ROWS_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function prepare(line: Line, type: ImportType, columns: readonly string[]): { entry: Entry; size: number } {
  const refused = (problem: string) => ({ entry: { line, row: null, problem }, size: 0 });
  try {
    const row = IMPORTABLES[type].row(cellsOf(line, columns));
    const size = Buffer.byteLength(JSON.stringify(row)) + 1;
    return size > MAX_ROWS_BYTES ? refused('the line is too long') : { entry: { line, row }, size };
  } catch (error) {
    if (error instanceof LineError) return refused(error.message);
    throw error;
  }
}
