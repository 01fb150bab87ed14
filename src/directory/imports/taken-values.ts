import { AlreadyExistsError, ValidationError } from '../kernel/errors.ts';

/** Claims a value for the row that is decided on. If a row before has it, it stays with that, and its path is returned. */
export type Claim = (value: string) => string | null;

/**
 * Lets a row claim values while `decide` runs. They join `taken`, which has the path of a row for each value, only if it
 * returns: a row that fails takes nothing.
 */
export function withClaims<T>(taken: Map<string, string>, path: string, decide: (claim: Claim) => T): T {
  const claimed = new Set<string>();
  const result = decide((value) => {
    claimed.add(value);
    return taken.get(value) ?? null;
  });
  for (const value of claimed) taken.set(value, path);
  return result;
}

/** A unique value that a row would write. */
interface ImportedValue {
  /** Where in the row. */
  at: string;
  value: string | number | null | undefined;
  /** What the record has now. */
  before: string | number | null | undefined;
  /** The id of the live record that has the value. */
  holder: string | null;
  /** Whether the viewer may see that record. */
  isSeen: number;
}

/**
 * Fails a row that names a taken value: one that another record has, or that a row before would write. Only this row
 * fails by it; the `errorPolicy` of the import says what becomes of the others (`runImport`: by default none is written).
 * It comes behind all else that can fail the row, so that who may not create or change a record does not learn it.
 *
 * @param path of the row
 * @param id of the record that the row changes; null for a new one
 * @throws AlreadyExistsError for all values that are taken
 */
export function requireNotTaken(claim: Claim, path: string, id: string | null, values: readonly ImportedValue[]): void {
  const [first, ...more] = values.flatMap((given) => {
    const { at, value, before, holder, isSeen } = given;
    if (value == null || value === before) return [];
    const where = `${path}.${at}`;
    if (holder !== null && holder !== id) return [new AlreadyExistsError(where, null, isSeen ? 0 : 1)];
    const row = claim(`${at} ${value}`);
    if (row === null) return [];
    return [new AlreadyExistsError(where, null, 0, `The value given at ${where} is that of ${row}, too.`)];
  });
  if (first) throw AlreadyExistsError.ofRow([first, ...more]);
}

/**
 * Fails a row that means a record which a row before means already.
 *
 * @param path of the identifier
 * @param identity of the record, in whatever form it is the same in both rows
 * @throws ValidationError if a row before has claimed the identity
 */
export function requireNamedOnce(claim: Claim, path: string, word: string, identity: string): void {
  const row = claim(`record ${identity}`);
  if (row !== null) throw ValidationError.at(path, `names the same ${word} as ${row}`);
}
