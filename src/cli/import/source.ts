import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { UsageError } from './arguments.ts';

/** The bytes that a file may begin with to say which encoding it is in. */
const MARKS: readonly { encoding: string; mark: Buffer }[] = [
  { encoding: 'utf-8', mark: Buffer.from([0xef, 0xbb, 0xbf]) },
  { encoding: 'utf-16le', mark: Buffer.from([0xff, 0xfe]) },
  { encoding: 'utf-16be', mark: Buffer.from([0xfe, 0xff]) },
];

/** What a decoder puts in the place of bytes that are no letter. */
const LOST = '\uFFFD';

const CHUNK_BYTES = 1 << 20;

/**
 * A file, as bytes of an encoding in which separators, quotes and ends of lines are those of ASCII, and part of no other
 * letter. A file in UTF-16 is read as UTF-8.
 */
export interface Source {
  /** How many bytes `chunks` yields. */
  size: number;
  /** Yields all bytes behind the byte order mark. */
  chunks(): AsyncIterable<Buffer>;
  /** Returns bytes that were read as text. */
  text(bytes: Buffer): string;
  /** The byte order mark that the file begins with: no bytes, if it has none. */
  mark: Buffer;
  /** Returns bytes that were read as they are in the file. */
  asInFile(bytes: Buffer): Buffer;
  /** Returns a text of our own in the encoding of the file. Letters that it may not have become question marks. */
  encode(text: string): Buffer;
}

/**
 * Opens a file. It is read once to the end, to know before anything is sent that no letter of it would be lost.
 *
 * @param given the encoding as a `TextDecoder` calls it; null for UTF-8. A byte order mark says it better.
 * @throws UsageError if a line is not in the encoding; the message names the first.
 */
export async function openSource(file: string, given: string | null): Promise<Source> {
  if (!statSync(file).isFile()) throw new UsageError(`This is no file: ${file}`);
  const marked = markOf(file);
  const mark = marked?.mark ?? Buffer.alloc(0);
  const encoding = marked?.encoding ?? given ?? 'utf-8';
  const chunks = () => createReadStream(file, { start: mark.length, highWaterMark: CHUNK_BYTES });
  const size = await checkLetters(chunks(), encoding);
  if (encoding.startsWith('utf-16')) return utf16(chunks, encoding, { size, mark });

  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const hasAllLetters = encoding === 'utf-8';
  return {
    size: statSync(file).size - mark.length,
    chunks,
    text: (bytes) => decoder.decode(bytes),
    mark,
    asInFile: (bytes) => bytes,
    encode: (text) => Buffer.from(hasAllLetters ? text : text.replace(/\P{ASCII}/gu, '?')),
  };
}

function markOf(file: string) {
  const start = Buffer.alloc(3);
  const descriptor = openSync(file, 'r');
  const length = readSync(descriptor, start);
  closeSync(descriptor);
  return MARKS.find(({ mark }) => start.subarray(0, Math.min(length, mark.length)).equals(mark));
}

function utf16(chunks: () => AsyncIterable<Buffer>, encoding: string, { size, mark }: { size: number; mark: Buffer }) {
  const encode = (text: string) => {
    const bytes = Buffer.from(text, 'utf16le');
    return encoding === 'utf-16le' ? bytes : bytes.swap16();
  };
  return {
    size,
    async *chunks() {
      const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
      for await (const bytes of chunks()) yield Buffer.from(decoder.decode(bytes, { stream: true }));
    },
    text: (bytes: Buffer) => bytes.toString(),
    mark,
    asInFile: (bytes: Buffer) => encode(bytes.toString()),
    encode,
  };
}

/** Requires that all of the file is in the encoding, and returns how many bytes it would be in UTF-8. */
async function checkLetters(chunks: AsyncIterable<Buffer>, encoding: string): Promise<number> {
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  let size = 0;
  let line = 1;
  let before = '';
  const read = (text: string) => {
    const lost = text.indexOf(LOST);
    if (lost >= 0) throw notInEncoding(encoding, line + lineEnds(before, text.slice(0, lost)));
    line += lineEnds(before, text);
    before = text === '' ? before : text;
    size += Buffer.byteLength(text);
  };
  for await (const bytes of chunks) read(decoder.decode(bytes, { stream: true }));
  read(decoder.decode());
  return size;
}

/** Counts the ends of lines in a text. One of CR and LF may lie across its beginning, and was counted with the CR. */
function lineEnds(before: string, text: string): number {
  const ends = text.match(/\r\n?|\n/g)?.length ?? 0;
  return before.endsWith('\r') && text.startsWith('\n') ? ends - 1 : ends;
}

function notInEncoding(encoding: string, line: number): UsageError {
  const said = `Line ${line} is not in ${encoding.toUpperCase()}, or has U+FFFD in place of letters that were lost before.`;
  return new UsageError(`${said} Nothing was sent. --encoding says what a file is in, as in --encoding windows-1252.`);
}
