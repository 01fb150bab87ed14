import {
  AlreadyExistsError,
  type DirectoryError,
  ForbiddenError,
  ImportRejectedError,
  NotFoundError,
  ValidationError,
  VersionConflictError,
} from '../kernel/errors.ts';
import type { ImportedRow } from './import.ts';

/** The errors that a row of an import can fail with, by the names that they are kept under. */
export const ROW_ERRORS = {
  ValidationError,
  NotFoundError,
  AlreadyExistsError,
  ForbiddenError,
  VersionConflictError,
  ImportRejectedError,
} as const;

type RowErrorName = keyof typeof ROW_ERRORS;

/** An error as it is kept: what it says, of many places the first. None of it quotes the input. */
interface KeptError {
  name: RowErrorName;
  says: object;
}

type KeptRow = Omit<ImportedRow, 'errors'> & { errors: readonly KeptError[] };

const NAMES = Object.keys(ROW_ERRORS) as RowErrorName[];

/** Of one error: of 500 rows, all of them have to fit into one value of the database, which is 2 MB. */
const MAX_PLACES = 10;

/** Lists of places in the input, with as many as are kept. */
const shortened = (says: object): object =>
  Object.fromEntries(
    Object.entries(says).map(([name, value]) => [name, Array.isArray(value) ? value.slice(0, MAX_PLACES) : value]),
  );

function packed(error: DirectoryError): KeptError {
  const name = NAMES.find((candidate) => error instanceof ROW_ERRORS[candidate]);
  if (name === undefined) throw error;
  return { name, says: shortened({ ...error, message: error.message }) };
}

const unpacked = ({ name, says }: KeptError): DirectoryError =>
  Object.assign(Object.create(ROW_ERRORS[name].prototype), says);

/** Returns what became of the rows of an import as JSON, to be kept. */
export const keptRows = (rows: readonly ImportedRow[]): string =>
  JSON.stringify(rows.map(({ errors, ...row }): KeptRow => ({ ...row, errors: errors.map(packed) })));

/** Returns what became of the rows of an import that was kept so. */
export const rowsKept = (json: string): ImportedRow[] =>
  (JSON.parse(json) as KeptRow[]).map(({ errors, ...row }) => ({ ...row, errors: errors.map(unpacked) }));
