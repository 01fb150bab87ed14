import { UsageError } from './arguments.ts';
import { IMPORTABLES, type ImportType } from './columns.ts';
import { type CsvRecord, countLineEnds, endOfLine, endsLine, readRecord } from './records.ts';
import type { Source } from './source.ts';

/** What may separate the cells of a line. Where a header reads as well with several, the first of them is meant. */
const SEPARATORS = [',', ';', '\t'];

/** The column that a file of failed rows begins with. An import passes over it. */
export const ERROR_COLUMN = 'error';

/** The line that names the columns, and what was found out from it. */
export interface Header {
  separator: string;
  /** The column of each cell of a line; null for a cell that is passed over. */
  columns: (string | null)[];
  /** How many cells a line has at least. It may have empty ones behind them, up to as many as the header has. */
  least: number;
  /** Whether the first cell of each line is the error of an import before. It belongs to no line. */
  beginsWithError: boolean;
  /** The bytes before the header: blank lines, and one that says `sep=;`. */
  before: Buffer;
  /** The bytes of the header with its end of line, without the column of errors that it may begin with. */
  bytes: Buffer;
  /** How the header ends. */
  lineEnd: string;
  /** Where the header ends, and how many lines do before that. */
  end: number;
  lines: number;
}

/**
 * Reads the header at the beginning of a file.
 *
 * @param bytes the first of the file; all of them, if `isAll`
 * @param map the columns that are meant by names of the file: `[name, column]`
 * @throws UsageError if there is no header, or if a column is unknown, has no name, or is there twice
 */
export function readHeader(
  source: Source,
  bytes: Buffer,
  isAll: boolean,
  type: ImportType,
  map: readonly (readonly [string, string])[],
): Header {
  const known = knownNames(type, map);
  const { separator, record, start } = findHeader(source, bytes, isAll, known);
  const names = textsOf(source, bytes, record);
  const columns = columnsOf(type, names, known);
  const beginsWithError = names.length > 1 && columns[0] === null;
  const own = bytes.subarray(beginsWithError ? (record.behindFirst ?? start) : start, record.end);
  for (const [name] of map) {
    const isThere = names.some((given) => nameKey(given) === nameKey(name));
    if (!isThere) throw new UsageError(`--map: the file has no column ${JSON.stringify(name)}.`);
  }
  return {
    separator,
    columns,
    least: names.findLastIndex((name) => name !== '') + 1,
    beginsWithError,
    before: bytes.subarray(0, start),
    bytes: own,
    lineEnd: endsLine(own) ? (/\r?\n$|\r$/.exec(own.toString('latin1'))?.[0] ?? '\n') : '\n',
    end: record.end,
    lines: countLineEnds(bytes.subarray(0, record.end)),
  };
}

/** Returns the column that each name of a file may mean, by the key of the name. */
function knownNames(type: ImportType, map: readonly (readonly [string, string])[]): Map<string, string> {
  const columns = Object.keys(IMPORTABLES[type].columns);
  const byKey = new Map(columns.map((column) => [nameKey(column), column]));
  const mapped = map.map(([name, column]): [string, string] => {
    const meant = byKey.get(nameKey(column));
    if (meant === undefined) throw new UsageError(`--map: ${unknown(type, [column])}`);
    return [nameKey(name), meant];
  });
  return new Map([...byKey, ...mapped]);
}

/** Returns what two spellings of one name have in common: `E-Mail` and `email`, `External ID` and `external_id`. */
const nameKey = (name: string): string => name.toLowerCase().replace(/[\s_\p{Pd}]/gu, '');

interface Found {
  separator: string;
  record: CsvRecord;
  start: number;
}

/** Finds the first line that is not blank, with the separator by which it names the most columns that are known. */
function findHeader(source: Source, bytes: Buffer, isAll: boolean, known: ReadonlyMap<string, string>): Found {
  const said = separatorLine(bytes);
  let start = said?.end ?? 0;
  while (start < bytes.length) {
    const readings = (said ? [said.separator] : SEPARATORS).flatMap((separator) => {
      const record = readRecord(bytes, start, separator.charCodeAt(0), isAll);
      if (record === null || 'problem' in record || record.hasStrayQuote) return [];
      const names = textsOf(source, bytes, record);
      const score = names.filter((name) => known.has(nameKey(name)) || nameKey(name) === ERROR_COLUMN).length;
      return [{ separator, record, names, score }];
    });
    const best = readings.toSorted((a, b) => b.score - a.score || b.names.length - a.names.length)[0];
    if (!best)
      throw new UsageError('The first line does not name columns: it is too long, or a quote in it is broken.');
    if (best.names.some((name) => name !== '')) return { ...best, start };
    start = best.record.end;
  }
  throw new UsageError('The file is empty.');
}

/** Returns what a first line like `sep=;` says, by which spreadsheets know the separator; null if it is none. */
function separatorLine(bytes: Buffer): { separator: string; end: number } | null {
  const end = endOfLine(bytes, 0);
  // It is all ASCII. Any other line may be cut within a letter here, and is not read as text.
  const line = bytes.toString('latin1', 0, Math.min(end, 20));
  const [, separator] = /^"?sep=([^\r\n]+?)"?[\r\n]*$/i.exec(line) ?? [];
  if (separator === undefined) return null;
  if (!SEPARATORS.includes(separator)) throw new UsageError('The first line says sep=, but neither , nor ; nor a tab.');
  return { separator, end };
}

const textsOf = (source: Source, bytes: Buffer, { cells }: CsvRecord): string[] =>
  cells.map(({ from, to }) => source.text(bytes.subarray(from, to)).replaceAll('""', '"').trim());

function columnsOf(type: ImportType, names: readonly string[], known: ReadonlyMap<string, string>) {
  const last = names.findLastIndex((name) => name !== '');
  const nameless = names.slice(0, last).indexOf('');
  if (nameless >= 0) throw new UsageError(`Column ${nameless + 1} of the file has no name.`);
  const columns = names.map((name) => known.get(nameKey(name)) ?? null);
  const strange = names.filter((name, at) => columns[at] === null && name !== '' && nameKey(name) !== ERROR_COLUMN);
  if (strange.length > 0) throw new UsageError(unknown(type, strange));
  const twice = names.filter((_, at) => columns[at] !== null && columns.indexOf(columns[at] ?? null) !== at);
  if (twice.length > 0) throw new UsageError(`Columns that are there twice: ${twice.join(', ')}.`);
  return columns;
}

function unknown(type: ImportType, names: readonly string[]): string {
  const columns = Object.keys(IMPORTABLES[type].columns);
  const list = names.map((name) => `${JSON.stringify(name)} (the nearest is ${nearest(name, columns)})`);
  return `Unknown columns: ${list.join(', ')}. Those of ${type} are ${columns.join(', ')}. --map says what others mean.`;
}

/** Returns the column whose name takes the fewest changes of a letter. */
function nearest(name: string, columns: readonly string[]): string | undefined {
  const distances = new Map(columns.map((column) => [column, distance(nameKey(name), nameKey(column))]));
  return columns.toSorted((a, b) => (distances.get(a) ?? 0) - (distances.get(b) ?? 0))[0];
}

/** Returns how many letters must be changed, added or left out to make one word of another (Levenshtein). */
function distance(one: string, other: string): number {
  let before = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...one].entries()) {
    const now = [row + 1];
    for (let at = 0; at < other.length; at += 1) {
      const changed = (before[at] ?? 0) + (letter === other[at] ? 0 : 1);
      now.push(Math.min(changed, (before[at + 1] ?? 0) + 1, (now[at] ?? 0) + 1));
    }
    before = now;
  }
  return before.at(-1) ?? 0;
}
