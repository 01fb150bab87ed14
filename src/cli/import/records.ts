/** The bytes that CSV is made of. */
const [TAB, LF, CR, SPACE, QUOTE] = [0x09, 0x0a, 0x0d, 0x20, 0x22];

/** Where something lies in bytes: from the first to before the last of two positions. */
export interface Span {
  from: number;
  to: number;
}

/** A cell as it lies in the bytes: without the quotes around it, but with each quote in it still written twice. */
export interface Cell extends Span {
  isQuoted: boolean;
}

/**
 * A record of CSV: a line, or several, where a quoted cell has ends of lines in it. `end` lies behind its own end of line.
 * `behindFirst` lies behind the first separator; it is null if there is none.
 */
export interface CsvRecord {
  cells: Cell[];
  end: number;
  behindFirst: number | null;
  /** Whether a quote stands in a cell that does not begin with one. Where the record ends is certain all the same. */
  hasStrayQuote: boolean;
}

/** Why it cannot be told where a record ends. */
export interface BrokenQuote {
  problem: 'a quote is not closed' | 'there is text behind a closing quote';
  behindFirst: number | null;
}

/**
 * Reads the record at a position; null if more bytes are needed to do so.
 *
 * A parser that takes a whole file gives it up at the first broken quote, or loses the bytes of the lines. Both must last
 * here, so records are read one by one, and strictly: what a broken line means is for people to say.
 *
 * @param isAll whether the bytes end where the file ends
 */
export function readRecord(
  bytes: Buffer,
  start: number,
  separator: number,
  isAll: boolean,
): CsvRecord | BrokenQuote | null {
  const record: CsvRecord = { cells: [], end: start, behindFirst: null, hasStrayQuote: false };
  for (;;) {
    const from = skipBlanks(bytes, record.end, separator);
    const isQuoted = bytes[from] === QUOTE;
    const to = isQuoted ? closingQuote(bytes, from + 1) : endOfPlain(bytes, from, separator);
    if (to === null) {
      return isAll ? { problem: 'a quote is not closed', behindFirst: record.behindFirst } : null;
    }
    const next = isQuoted ? skipBlanks(bytes, to + 1, separator) : to;
    // A quote may be the first half of two, and a CR may have its LF in the bytes to come.
    if (!isAll && next + 1 >= bytes.length) return null;
    record.cells.push(isQuoted ? { from: from + 1, to, isQuoted } : { ...trimmed(bytes, from, to), isQuoted });
    if (!isQuoted && bytes.subarray(from, to).includes(QUOTE)) record.hasStrayQuote = true;
    if (bytes[next] === separator) {
      record.end = next + 1;
      record.behindFirst ??= record.end;
    } else if (isQuoted && next < bytes.length && !isLineEnd(bytes[next])) {
      return { problem: 'there is text behind a closing quote', behindFirst: record.behindFirst };
    } else {
      record.end = behindLineEnd(bytes, next);
      return record;
    }
  }
}

/** Returns the position behind the end of the line that a position lies in; that of the end of all bytes if it has none. */
export function endOfLine(bytes: Buffer, position: number): number {
  let at = position;
  while (at < bytes.length && !isLineEnd(bytes[at])) at += 1;
  return behindLineEnd(bytes, at);
}

/** Counts how often a byte is there. */
export function countOf(bytes: Buffer, byte: number): number {
  let count = 0;
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) count += 1;
  return count;
}

/** Counts the ends of lines: LF, CR, or both as one. */
export function countLineEnds(bytes: Buffer): number {
  let count = countOf(bytes, LF);
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) if (bytes[at + 1] !== LF) count += 1;
  return count;
}

/** Whether bytes end with the end of a line. */
export const endsLine = (bytes: Buffer): boolean => isLineEnd(bytes.at(-1));

const isLineEnd = (byte: number | undefined) => byte === LF || byte === CR;

const behindLineEnd = (bytes: Buffer, at: number) =>
  bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : Math.min(at + 1, bytes.length);

const isBlank = (byte: number | undefined, separator: number) => (byte === SPACE || byte === TAB) && byte !== separator;

function skipBlanks(bytes: Buffer, position: number, separator: number): number {
  let at = position;
  while (isBlank(bytes[at], separator)) at += 1;
  return at;
}

/** Returns the position of the quote that closes a cell; null if none does. Two together stand for one in the cell. */
function closingQuote(bytes: Buffer, position: number): number | null {
  let at = bytes.indexOf(QUOTE, position);
  while (at >= 0 && bytes[at + 1] === QUOTE) at = bytes.indexOf(QUOTE, at + 2);
  return at < 0 ? null : at;
}

function endOfPlain(bytes: Buffer, position: number, separator: number): number {
  let at = position;
  while (at < bytes.length && bytes[at] !== separator && !isLineEnd(bytes[at])) at += 1;
  return at;
}

function trimmed(bytes: Buffer, from: number, end: number): Span {
  let to = end;
  while (to > from && (bytes[to - 1] === SPACE || bytes[to - 1] === TAB)) to -= 1;
  return { from, to };
}
