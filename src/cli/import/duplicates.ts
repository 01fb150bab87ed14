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

/**
 * Looks through a file for values that two lines give and only one record can have. That takes four bytes a value: a hash of
 * each. Where two are equal, a second reading tells whether the values are, and in which lines they stand.
 *
 * @param read reads the lines of the file from the first. Where they cannot be read to their end, those before count.
 */
export async function findDuplicates(type: ImportType, read: () => Promise<AsyncIterable<Line>>): Promise<Duplicates> {
  const hashes = new Hashes();
  for await (const { value } of valuesIn(type, await read())) hashes.add(hashOf(value.key));
  const repeated = hashes.repeated();
  const holders = new Map<string, Holders>();
  if (repeated.size > 0) {
    for await (const { line, value } of valuesIn(type, await read())) {
      if (repeated.has(hashOf(value.key))) addHolder(holders, line, value);
    }
  }
  for (const [key, { count }] of holders) if (count === 1) holders.delete(key);
  return (line, row) => sharedBy(holders, line, uniqueValues(type, row));
}

async function* valuesIn(type: ImportType, lines: AsyncIterable<Line>) {
  try {
    for await (const { number, cells } of lines) {
      if (cells === null) continue;
      for (const value of uniqueValues(type, rowOf(type, cells).row)) yield { line: number, value };
    }
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
  }
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

function sharedBy(holders: ReadonlyMap<string, Holders>, line: number, values: readonly UniqueValue[]): Shared {
  const shared: Shared = { problems: [], together: [] };
  for (const { at, key } of values) {
    const found = holders.get(key);
    if (!found) continue;
    if (found.areCertain) shared.problems.push(`${at} is that of ${others(found, line)}, too`);
    else shared.together.push(key);
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

/** Hashes of 32 bits, of which it can be told which came twice. */
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

  repeated(): Set<number> {
    const sorted = this.#all.subarray(0, this.#count).sort();
    const repeated = new Set<number>();
    for (let at = 1; at < sorted.length; at += 1) if (sorted[at] === sorted[at - 1]) repeated.add(sorted[at] ?? 0);
    return repeated;
  }
}

/** Returns a hash of 32 bits (FNV-1a, over the units of the text). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
