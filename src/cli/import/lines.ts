import type { Cells } from './cells.ts';
import type { ImportType } from './columns.ts';
import { type Header, readHeader } from './header.ts';
import { type BrokenQuote, type CsvRecord, countLineEnds, countOf, endOfLine, readRecord } from './records.ts';
import type { Source } from './source.ts';

/** A line of a file, or several, where a cell in quotes has ends of lines in it. */
export interface Line {
  /** Of its first line in the file, from 1. */
  number: number;
  /** The line as it was read, with its end, but without the error of an import before. */
  bytes: Buffer;
  /** The cells by the names of their columns, without empty ones; null if the line cannot be read. */
  cells: Cells | null;
  /** Why it cannot be read. */
  problem: string | null;
  /** How many bytes of the file end with this line. */
  end: number;
}

/** Returns a line that can be kept, with bytes of its own and nothing else: those that were read hold on to a part of the file. */
export const kept = (line: Line): Line => ({ ...line, bytes: Buffer.from(line.bytes), cells: null });

/** Thrown where it cannot be told how a file goes on. All lines before were read. */
export class UnreadableError extends Error {}

/** The longest line that is looked through for the quote that ends a cell, or for its own end. */
const MAX_LINE_BYTES = 4 << 20;

const MAX_HEADER_BYTES = 1 << 16;

/**
 * Reads the header of a file, and then its lines one by one, blank ones passed over. A line that is broken costs itself
 * alone. Once it cannot be told where one ends, an UnreadableError says so.
 *
 * @param map as `readHeader` takes it
 * @throws UsageError as `readHeader` does
 */
export async function readLines(
  source: Source,
  type: ImportType,
  map: readonly (readonly [string, string])[] = [],
): Promise<{ header: Header; lines: AsyncGenerator<Line, undefined> }> {
  const window = new Window(source.chunks());
  while (!window.isAll && window.bytes.length < MAX_HEADER_BYTES) await window.more();
  const header = readHeader(source, window.bytes, window.isAll, type, map);
  window.pass(header.end);
  return { header, lines: linesBehind(source, header, window) };
}

/** The part of a file that is looked at: from the line that is to be read to what was read of the file so far. */
class Window {
  bytes = Buffer.alloc(0);
  /** How many bytes were passed. */
  passed = 0;
  isAll = false;
  readonly #chunks: AsyncIterator<Buffer>;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Reads the next part of the file, or finds that there is none. */
  async more(): Promise<void> {
    const next = await this.#chunks.next();
    if (next.done) this.isAll = true;
    else this.bytes = Buffer.concat([this.bytes, next.value]);
  }

  pass(length: number): void {
    this.bytes = this.bytes.subarray(length);
    this.passed += length;
  }
}

async function* linesBehind(source: Source, header: Header, window: Window): AsyncGenerator<Line, undefined> {
  let number = header.lines + 1;
  while (!window.isAll || window.bytes.length > 0) {
    const record = readNext(header, window, number);
    if (record === null) {
      await window.more();
      continue;
    }
    const read = window.bytes.subarray(0, record.end);
    window.pass(record.end);
    const line = { number, ...lineOf(source, header, record, read), end: window.passed };
    if (!isBlank(record)) yield line;
    number += countLineEnds(read);
  }
}

/** A record whose end can be told, though what is in it may be broken. */
type Ended = CsvRecord | (BrokenQuote & { end: number });

/** Reads the record that the window begins with; null if that takes more of the file. */
function readNext({ separator, least, beginsWithError }: Header, window: Window, number: number): Ended | null {
  const { bytes, isAll } = window;
  if (bytes.length === 0) return null;
  const byte = separator.charCodeAt(0);
  const isFull = !isAll && bytes.length > MAX_LINE_BYTES;
  const record = readRecord(bytes, 0, byte, isAll || isFull);
  if (record === null) return null;
  const isBroken = 'problem' in record;
  const end = isBroken ? endOfLine(bytes, 0) : record.end;
  if (isFull && end === bytes.length) throw unreadable(number, 'the line is too long');
  if (!isBroken) return record;
  if (!isAll && end === bytes.length) return null;

  // A line with all of its cells ends where it ends, whatever the quote means. One with fewer may go on in the next. What
  // is wrong is said of the line by itself: a quote that is open goes on to the next quote of another line.
  const alone = readRecord(bytes.subarray(0, end), 0, byte, true);
  const { problem, behindFirst } = alone && 'problem' in alone ? alone : record;
  const from = beginsWithError ? (behindFirst ?? 0) : 0;
  const cells = countOf(bytes.subarray(from, end), byte) + (from > 0 ? 2 : 1);
  const isLast = () => isAll && bytes.toString('latin1', end).trim() === '';
  if (cells >= least || isLast()) return { problem, behindFirst, end };
  throw unreadable(number, `${problem}, and where the line ends cannot be told`);
}

const unreadable = (number: number, problem: string) =>
  new UnreadableError(`From line ${number} on nothing was read: ${problem}. All lines before it were.`);

const isBlank = (record: Ended) =>
  'cells' in record && !record.hasStrayQuote && record.cells.every(({ from, to }) => from === to);

function lineOf(source: Source, { columns, least, beginsWithError }: Header, record: Ended, read: Buffer) {
  const bytes = beginsWithError ? read.subarray(record.behindFirst ?? 0) : read;
  const broken = (problem: string) => ({ bytes, cells: null, problem });
  if ('problem' in record) return broken(record.problem);
  if (record.hasStrayQuote) return broken('a quote stands in a cell that does not begin with one');
  const texts = record.cells.map(({ from, to, isQuoted }) => {
    const text = source.text(read.subarray(from, to));
    return isQuoted ? text.replaceAll('""', '"') : text;
  });
  const surplus = texts.length > columns.length || texts.slice(least).some((text) => text !== '');
  if (texts.length < least || surplus) {
    const has = beginsWithError && record.behindFirst !== null ? texts.length - 1 : texts.length;
    const names = beginsWithError ? least - 1 : least;
    return broken(`the line has ${has} cells, and the first line names ${names} columns`);
  }
  const named = columns.flatMap((column, at): [string, string][] => {
    const text = texts[at] ?? '';
    return column === null || text === '' ? [] : [[column, text]];
  });
  return { bytes, cells: new Map(named), problem: null };
}
