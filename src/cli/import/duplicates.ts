import type { Row } from './cells.ts';
import { type ImportType, rowOf } from './columns.ts';
import { type Line, UnreadableError } from './lines.ts';
import { type UniqueValue, uniqueValues } from './unique-values.ts';

/** What a row has in common with other lines of the file. */
export interface Shared {
  /** Values that other lines have, too, so that all of them fail. */
  problems: string[];
  /** Values that other lines may have, too, if they are of persons. Rows that share one are sent in one request, which can tell. */
  together: string[];
}

/** Returns what the row of a line shares with others. */
export type Duplicates = (line: number, row: Row) => Shared;

/** How many other lines a problem names. */
const MAX_NAMED = 3;

/** The lines that give a value. */
interface Holders {
  /** The first of them: one more than are named, because a line does not name itself. */
  lines: number[];
  count: number;
  areCertain: boolean;
}

/** Reads the unique values that the records named by rows have now; null if that may not be known. */
type ReadHeld = (rows: readonly Row[]) => Promise<string[][] | null>;

/** How many rows are looked up at once. */
const LOOKED_UP = 300;

/**
 * Looks through a file for values that two lines give and only one record can have. That takes four bytes a value: a hash of
 * each. Where two are equal, another reading tells whether the values are, and in which lines they stand. Where some lines
 * name a record by its external id and others by its address, `held` says which of them mean the same.
 *
 * @param read reads the lines of the file from the first. Where they cannot be read to their end, those before count.
 */
export async function findDuplicates(
  type: ImportType,
  read: () => Promise<AsyncIterable<Line>>,
  held: ReadHeld,
): Promise<Duplicates> {
  const hashes = new Hashes();
  let byAddress = 0;
  let byId = 0;
  for await (const { row } of rowsIn(type, await read())) {
    if (isByAddress(row)) byAddress += 1;
    else byId += 1;
    for (const { key } of uniqueValues(type, row)) hashes.add(hashOf(key));
  }
  const sorted = hashes.sorted();
  const repeated = repeatedIn(sorted);
  const known = byAddress > 0 && byId > 0 ? await namedInTwoWays(type, await read(), held, sorted) : new Map();
  for (const { key } of known.values()) repeated.add(hashOf(key));

  const valuesOf = (line: number, row: Row): UniqueValue[] => {
    const named = known.get(line);
    return [...(named ? [named] : []), ...uniqueValues(type, row)];
  };
  const holders = new Map<string, Holders>();
  if (repeated.size > 0) {
    for await (const { line, row } of rowsIn(type, await read())) {
      for (const value of valuesOf(line, row)) if (repeated.has(hashOf(value.key))) addHolder(holders, line, value);
    }
  }
  for (const [key, { count }] of holders) if (count === 1) holders.delete(key);
  return (line, row) => sharedBy(type, holders, line, valuesOf(line, row));
}

async function* rowsIn(type: ImportType, lines: AsyncIterable<Line>) {
  try {
    for await (const { number, cells } of lines)
      if (cells !== null) yield { line: number, row: rowOf(type, cells).row };
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
  }
}

/** Whether a row names its record by its address, because it has no external id. */
const isByAddress = ({ externalId, email }: Row): boolean => externalId === undefined && email !== undefined;

/** Returns the external ids of records that lines name by an address, as far as one with the same hash is in the file. */
async function namedInTwoWays(
  type: ImportType,
  lines: AsyncIterable<Line>,
  held: ReadHeld,
  sorted: Uint32Array,
): Promise<Map<number, UniqueValue>> {
  const named = new Map<number, UniqueValue>();
  let waiting: { line: number; row: Row }[] = [];
  const lookUp = async () => {
    const found = (await held(waiting.map(({ row }) => row))) ?? [];
    for (const [index, { line }] of waiting.entries()) {
      const key = found[index]?.find((value) => value.startsWith('externalId '));
      if (key !== undefined && isIn(sorted, hashOf(key))) named.set(line, { at: 'externalId', key, isCertain: true });
    }
    waiting = [];
  };
  for await (const given of rowsIn(type, lines)) {
    if (isByAddress(given.row)) waiting.push(given);
    if (waiting.length === LOOKED_UP) await lookUp();
  }
  if (waiting.length > 0) await lookUp();
  return named;
}

function addHolder(holders: Map<string, Holders>, line: number, { key, isCertain }: UniqueValue): void {
  const known = holders.get(key) ?? { lines: [], count: 0, areCertain: true };
  if (known.lines.length <= MAX_NAMED) known.lines.push(line);
  holders.set(key, {
    lines: known.lines,
    count: known.count + 1,
    areCertain: known.areCertain && isCertain,
  });
}

function sharedBy(
  type: ImportType,
  holders: ReadonlyMap<string, Holders>,
  line: number,
  values: readonly UniqueValue[],
): Shared {
  const shared: Shared = { problems: [], together: [] };
  for (const { at, key } of values) {
    const found = holders.get(key);
    if (!found) continue;
    if (!found.areCertain) shared.together.push(key);
    else if (at === 'externalId') shared.problems.push(`names the same ${type.slice(0, -1)} as ${others(found, line)}`);
    else shared.problems.push(`${at} is that of ${others(found, line)}, too`);
  }
  return shared;
}

/** Returns what the other lines are called: `line 7`, `lines 3, 7 and 9`, or `lines 3, 7, 9 and 40 more`. */
function others({ lines, count }: Holders, line: number): string {
  const named = lines.filter((other) => other !== line).slice(0, MAX_NAMED);
  const more = count - 1 - named.length;
  const [last, ...before] = [...named.map(String), ...(more > 0 ? [`${more} more`] : [])].reverse();
  return before.length === 0 ? `line ${last}` : `lines ${before.reverse().join(', ')} and ${last}`;
}

/** Hashes of 32 bits, four bytes each. */
class Hashes {
  #all = new Uint32Array(1024);
  #count = 0;

  add(hash: number): void {
    if (this.#count === this.#all.length) {
      const larger = new Uint32Array(2 * this.#count);
      larger.set(this.#all);
      this.#all = larger;
    }
    this.#all[this.#count] = hash;
    this.#count += 1;
  }

  sorted(): Uint32Array {
    return this.#all.subarray(0, this.#count).sort();
  }
}

function repeatedIn(sorted: Uint32Array): Set<number> {
  const repeated = new Set<number>();
  for (let at = 1; at < sorted.length; at += 1) if (sorted[at] === sorted[at - 1]) repeated.add(sorted[at] ?? 0);
  return repeated;
}

/** Whether a number is among sorted ones. */
function isIn(sorted: Uint32Array, hash: number): boolean {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] ?? 0) < hash) from = middle + 1;
    else to = middle;
  }
  return sorted[from] === hash;
}

/** Returns a hash of 32 bits (FNV-1a, over the units of the text). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
