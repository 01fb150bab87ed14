import type * as z from 'zod';
import { type DirectoryError, ForbiddenError, type Issue, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { parse } from '../kernel/input.ts';
import type { GivenRow } from './import.ts';

/** A row as it was read. */
export interface ParsedRow<Row> {
  /** Where in the input, such as `rows.3`. */
  path: string;
  /** The row without its fields that are not valid; null if nothing else can be said of it without them. */
  row: Row | null;
  /** The fields that are not valid. */
  invalid: readonly string[];
  /** What is wrong with those; null if the row is valid. */
  error: ValidationError | null;
}

/** What it takes to read rows. */
interface RowReader<Row> {
  readonly row: () => z.ZodType<Row>;
  /** The fields on which hangs what else a row says: without one of them, what is true of the others is not known. */
  readonly decisive: readonly string[];
}

/** Reads a row. One that is not valid is read without the fields that are wrong, so that all that is wrong is said at once. */
export function parseRow<Row>(
  { row: schema, decisive }: RowReader<Row>,
  row: unknown,
  position: number,
): ParsedRow<Row> {
  const path = `rows.${position}`;
  const read = (given: unknown): Row | ValidationError => orError(() => parse(schema, given, 'rows', String(position)));
  const whole = read(row);
  if (!(whole instanceof ValidationError)) return { path, row: whole, invalid: [], error: null };

  const invalid = [...new Set(whole.issues.map((issue) => fieldOf(issue, path)))];
  const failed = { path, row: null, invalid, error: whole };
  if (typeof row !== 'object' || row === null || invalid.some((name) => decisive.includes(name))) return failed;
  const rest = read(Object.fromEntries(Object.entries(row).filter(([name]) => !invalid.includes(name))));
  return rest instanceof ValidationError ? failed : { ...failed, row: rest };
}

/** Returns the field of the row that an issue is about. */
const fieldOf = ({ path }: Issue, row: string): string => path.slice(row.length + 1).split('.')[0] ?? '';

function orError<T>(make: () => T): T | ValidationError {
  try {
    return make();
  } catch (error) {
    if (error instanceof ValidationError) return error;
    throw error;
  }
}

/** Returns whether there is something to look up for the row. */
export const isReadable = <Row>(parsed: ParsedRow<Row>): parsed is ParsedRow<Row> & GivenRow<Row> =>
  parsed.row !== null;

/**
 * Returns all that is wrong with a row, beside what is wrong with its fields by themselves: nothing more is said of those.
 * What has a list, such as of references, is one error.
 */
export function allWrong(
  { path, invalid, error }: ParsedRow<unknown>,
  found: readonly DirectoryError[],
): DirectoryError[] {
  const isSaid = (issue: Issue) => invalid.includes(fieldOf(issue, path));
  const issues = found.flatMap((wrong) => (wrong instanceof ValidationError ? wrong.issues : []));
  const allIssues = [...(error?.issues ?? []), ...issues.filter((issue) => !isSaid(issue))];
  const references = found.flatMap((wrong) => (wrong instanceof NotFoundError ? wrong.references : []));
  const missing = [
    ...new Set(found.flatMap((wrong) => (wrong instanceof ForbiddenError ? wrong.missingPermissions : []))),
  ];
  return [
    ...(allIssues.length > 0 ? [new ValidationError(allIssues)] : []),
    ...(references.length > 0 ? [new NotFoundError(references)] : []),
    ...(missing.length > 0 ? [ForbiddenError.missing(missing)] : []),
    ...found.filter((wrong) => !isListed(wrong)),
  ];
}

const isListed = (wrong: DirectoryError): boolean =>
  wrong instanceof ValidationError ||
  wrong instanceof NotFoundError ||
  (wrong instanceof ForbiddenError && wrong.missingPermissions.length > 0);
