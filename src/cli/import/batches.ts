import type { Row } from './cells.ts';
import { type ImportType, rowOf } from './columns.ts';
import type { Line } from './lines.ts';

/** The most rows that the API accepts in one import. */
const MAX_ROWS = 500;
/** The most tenants that it accepts in all of them together. */
const MAX_TENANTS = 5000;
/** The most bytes of rows in one request: its limit of 1 MiB, less some space for the operation around them. */
const MAX_BYTES = 950_000;

/** A line of the file with the row to send for it, or with the problem for which it is not sent. */
export type Entry = { line: Line; row: Row } | { line: Line; row: null; problem: string };

/**
 * Yields the lines in their order, in batches that the API accepts. A wrong line is yielded too, with its problem. If the
 * lines cannot be read to their end, those before are yielded first.
 */
export async function* inBatches(lines: AsyncIterable<Line>, type: ImportType): AsyncGenerator<Entry[]> {
  let batch: Entry[] = [];
  let size = { bytes: 0, tenants: 0 };
  try {
    for await (const line of lines) {
      const entry = await prepare(line, type);
      const { bytes, tenants } = sizeOf(entry);
      const isFull = size.bytes + bytes > MAX_BYTES || size.tenants + tenants > MAX_TENANTS;
      if (batch.length > 0 && (batch.length === MAX_ROWS || isFull)) {
        yield batch;
        batch = [];
        size = { bytes: 0, tenants: 0 };
      }
      batch.push(entry);
      size = { bytes: size.bytes + bytes, tenants: size.tenants + tenants };
    }
  } catch (error) {
    if (batch.length > 0) yield batch;
    throw error;
  }
  if (batch.length > 0) yield batch;
}

async function prepare(line: Line, type: ImportType): Promise<Entry> {
  const failed = (...problems: string[]) => ({ line, row: null, problem: problems.join('; ') });
  if (line.cells === null) return failed(line.problem ?? 'the line cannot be read');
  const { row, problems } = rowOf(type, line.cells);
  if (problems.length > 0 || tenantsIn(row) > MAX_TENANTS) return failed(...problems, ...(await problemsOf(type, row)));
  return bytesOf(row) > MAX_BYTES ? failed('the line is too long') : { line, row };
}

let loading: Promise<typeof import('./problems.ts')> | null = null;

/** Loads the directory for the first line that needs it, and keeps it: most files do without. */
async function problemsOf(type: ImportType, row: Row): Promise<string[]> {
  loading ??= import('./problems.ts');
  const problems = await loading;
  return problems.problemsOf(type, row);
}

/** Returns what an entry takes of a batch. A line that is not sent takes memory all the same. */
function sizeOf({ line, row }: Entry) {
  if (row === null) return { bytes: Math.min(line.bytes.length, MAX_BYTES), tenants: 0 };
  return { bytes: bytesOf(row), tenants: tenantsIn(row) };
}

const tenantsIn = ({ tenantIdentifiers, tenantRoles }: Row): number =>
  [tenantIdentifiers, tenantRoles].reduce<number>((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0);

const bytesOf = (row: Row): number => Buffer.byteLength(JSON.stringify(row)) + 1;
