/** The cells of one line by the names of their columns. Empty cells are left out, so that they clear nothing. */
export type Cells = ReadonlyMap<string, string>;

/** A row in the format of the API. A field that is undefined is not sent. */
export type Row = Record<string, unknown>;

/** The cells of a line while they become a row, with what is wrong with them so far. */
export interface Reading {
  cells: Cells;
  problems: string[];
}

/** Notes a problem, and leaves the value out. */
export function wrong({ problems }: Reading, problem: string): undefined {
  problems.push(problem);
}

/** Reads one column; undefined where its cell is empty. */
export function given<T>({ cells }: Reading, column: string, read: (cell: string) => T): T | undefined {
  const cell = cells.get(column);
  return cell === undefined ? undefined : read(cell);
}

/** Returns the cells of columns as they are, by the names of the columns. */
export const texts = ({ cells }: Reading, columns: readonly string[]): Row =>
  Object.fromEntries(columns.map((column) => [column, cells.get(column)]));

const FLAGS = new Map([
  ...['true', 'yes', '1'].map((word): [string, boolean] => [word, true]),
  ...['false', 'no', '0'].map((word): [string, boolean] => [word, false]),
]);

/** Reads true or false, in any of the words that programs have for them. */
export const flag = (reading: Reading, column: string): boolean | undefined =>
  given(
    reading,
    column,
    (cell) => FLAGS.get(cell.trim().toLowerCase()) ?? wrong(reading, `${column} must be true or false`),
  );

/** Reads one of some words. It is checked here, because GraphQL rejects all rows of a request for one that is none. */
export const choice = (reading: Reading, column: string, choices: readonly string[]): string | undefined =>
  given(reading, column, (cell) => {
    const word = cell.trim().toUpperCase();
    return choices.includes(word) ? word : wrong(reading, `${column} must be one of ${choices.join(', ')}`);
  });

/** Reads a list that is separated by `;`. */
export const list = (reading: Reading, column: string): string[] | undefined =>
  given(reading, column, (cell) =>
    cell
      .split(';')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  );
