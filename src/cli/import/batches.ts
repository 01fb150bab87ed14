import type { Row } from './cells.ts';
import { type ImportType, rowOf } from './columns.ts';
import type { Duplicates } from './duplicates.ts';
import type { Line } from './lines.ts';

/** The most rows that the API accepts in one import. */
const MAX_ROWS = 500;
/** The most tenants that it accepts in all of them together. */
const MAX_TENANTS = 5000;
/** The most bytes of rows in one request: its limit of 1 MiB, less some space for the operation around them. */
const MAX_BYTES = 950_000;

/** A line of the file with the row to send for it. */
export interface Sendable {
  line: Line;
  row: Row;
  /** Values that other lines may have, too: rows that share one are judged in one request. */
  together: readonly string[];
}

/** A line of the file, with the problem for which it is not sent if it is not. */
export type Entry = Sendable | { line: Line; row: null; problem: string };

const NOTHING_SHARED: Duplicates = () => ({ problems: [], together: [] });

/**
 * Yields the lines in their order, in batches that the API accepts. A wrong line is yielded too, with its problem. If the
 * lines cannot be read to their end, those before are yielded first.
 */
export async function* inBatches(
  lines: AsyncIterable<Line>,
  type: ImportType,
  duplicates: Duplicates = NOTHING_SHARED,
): AsyncGenerator<Entry[]> {
  let batch = new Batch<Entry>();
  try {
    for await (const line of lines) {
      const entry = await prepare(line, type, duplicates);
      if (!batch.hasRoomFor([entry])) {
        yield batch.entries;
        batch = new Batch();
      }
      batch.add([entry]);
    }
  } catch (error) {
    if (batch.entries.length > 0) yield batch.entries;
    throw error;
  }
  if (batch.entries.length > 0) yield batch.entries;
}

/** Returns groups in their order, in batches that the API accepts. No group is divided, also if it is larger than that. */
export function groupsInBatches(groups: readonly (readonly Sendable[])[]): Sendable[][] {
  const batches: Batch<Sendable>[] = [];
  for (const group of groups) {
    const last = batches.at(-1);
    const batch = last?.hasRoomFor(group) ? last : new Batch<Sendable>();
    if (batch !== last) batches.push(batch);
    batch.add(group);
  }
  return batches.map(({ entries }) => entries);
}

/** Whether the API accepts all of a group in one request. */
export const isOneBatch = (group: readonly Sendable[]): boolean => {
  const [first, ...rest] = group;
  const batch = new Batch<Sendable>();
  if (first) batch.add([first]);
  return batch.hasRoomFor(rest);
};

/** What is sent in one request, up to what the API accepts. The first that is added always has room. */
class Batch<E extends Entry> {
  readonly entries: E[] = [];
  #bytes = 0;
  #tenants = 0;

  hasRoomFor(group: readonly E[]): boolean {
    if (this.entries.length === 0) return true;
    const { bytes, tenants } = sizeOf(group);
    return (
      this.entries.length + group.length <= MAX_ROWS &&
      this.#bytes + bytes <= MAX_BYTES &&
      this.#tenants + tenants <= MAX_TENANTS
    );
  }

  add(group: readonly E[]): void {
    const { bytes, tenants } = sizeOf(group);
    this.entries.push(...group);
    this.#bytes += bytes;
    this.#tenants += tenants;
  }
}

async function prepare(line: Line, type: ImportType, duplicates: Duplicates): Promise<Entry> {
  const failed = (...problems: string[]) => ({ line, row: null, problem: problems.join('; ') });
  if (line.cells === null) return failed(line.problem ?? 'the line cannot be read');
  const { row, problems } = rowOf(type, line.cells);
  const shared = duplicates(line.number, row);
  if (problems.length > 0 || shared.problems.length > 0 || tenantsIn(row) > MAX_TENANTS) {
    return failed(...problems, ...(await problemsOf(type, row)), ...shared.problems);
  }
  return bytesOf(row) > MAX_BYTES ? failed('the line is too long') : { line, row, together: shared.together };
}

let loading: Promise<typeof import('./problems.ts')> | null = null;

/** Loads the directory for the first line that needs it, and keeps it: most files do without. */
async function problemsOf(type: ImportType, row: Row): Promise<string[]> {
  loading ??= import('./problems.ts');
  const problems = await loading;
  return problems.problemsOf(type, row);
}

/** Returns what entries take of a batch. A line that is not sent takes memory all the same. */
function sizeOf(entries: readonly Entry[]) {
  const size = { bytes: 0, tenants: 0 };
  for (const { line, row } of entries) {
    size.bytes += row === null ? Math.min(line.bytes.length, MAX_BYTES) : bytesOf(row);
    size.tenants += row === null ? 0 : tenantsIn(row);
  }
  return size;
}

const tenantsIn = ({ tenantIdentifiers, tenantRoles }: Row): number =>
  [tenantIdentifiers, tenantRoles].reduce<number>((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0);

const bytesOf = (row: Row): number => Buffer.byteLength(JSON.stringify(row)) + 1;
