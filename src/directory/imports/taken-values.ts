import { AlreadyExistsError, ValidationError } from '../kernel/errors.ts';

/** Claims a value for the row that is decided on: false if a row before has it. */
export type Claim = (value: string) => boolean;

/** Lets a row claim values while `decide` runs. They join `taken` only if it returns: a row that fails takes nothing. */
export function withClaims<T>(taken: Set<string>, decide: (claim: Claim) => T): T {
  const claimed = new Set<string>();
  const result = decide((value) => {
    claimed.add(value);
    return !taken.has(value);
  });
  for (const value of claimed) taken.add(value);
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
 * @throws AlreadyExistsError for the first value that is taken
 */
export function requireNotTaken(claim: Claim, path: string, id: string | null, values: readonly ImportedValue[]): void {
  for (const { at, value, before, holder, isSeen } of values) {
    if (value == null || value === before) continue;
    const isTaken = holder !== null && holder !== id;
    if (isTaken || !claim(`${at} ${value}`)) throw new AlreadyExistsError(`${path}.${at}`, null, isTaken && !isSeen);
  }
}

/**
 * Fails a row that means a record which a row before means already.
 *
 * @param path of the identifier
 * @param identity of the record, in whatever form it is the same in both rows
 * @throws ValidationError if a row before has claimed the identity
 */
export function requireNamedOnce(claim: Claim, path: string, word: string, identity: string): void {
  if (!claim(`record ${identity}`)) throw ValidationError.at(path, `names the same ${word} as a row before`);
}
