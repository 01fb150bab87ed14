import { AlreadyExistsError, type DirectoryError, ValidationError } from '../kernel/errors.ts';

/** A unique value as a row leaves it. */
export interface UniqueValue {
  /** Where in the row. */
  at: string;
  /** The column that has it, in SQL. */
  column: string;
  /** What the record will have. */
  value: string | number | null | undefined;
  /** What the record has now. */
  before: string | number | null | undefined;
  /** Whether the row says it, and not only leaves what is there. */
  isGiven: boolean;
  /** The id of the live record that has the value now. */
  holder: string | null;
  /** Whether the viewer may see that record. */
  isSeen: number;
  /** Whether the viewer may know of that record, and it is a user who is hidden with a deleted customer. */
  ofDeletedCustomer?: number;
}

/** A row as far as its unique values go. */
export interface JudgedRow {
  /** Where in the input, such as `rows.3`. */
  path: string;
  /** Where in the input the row says which record it means. */
  identifierPath: string;
  /** The id of the record that the row changes; null for a new one. */
  id: string | null;
  values: readonly UniqueValue[];
  /** Whether the row fails in any case: then it takes nothing, and gives nothing up. */
  fails: boolean;
}

const isTaking = ({ value, before }: UniqueValue): boolean => value != null && value !== before;

/** Returns the columns whose value another record has until it is written: the values that a row takes from another row. */
export const waitingColumns = (id: string, values: readonly UniqueValue[]): string[] =>
  values.flatMap((one) => (isTaking(one) && one.holder !== null && one.holder !== id ? [one.column] : []));

/**
 * Judges the unique values of all rows, on the state after them: a value is free that another row gives up, in whatever
 * order they stand. Of two rows that would both end with a value, both fail, and so do two that mean the same record. Whoever
 * relied on a row that fails, fails as well, until nothing moves.
 *
 * Returns for each row what is wrong with it. That a value belongs to what the viewer may not see is said of no row that
 * fails in any case: so who may not create or change a record does not learn it.
 */
export function judgeValues(word: string, rows: readonly JudgedRow[]): DirectoryError[][] {
  const failing = new Set(rows.filter(({ fails }) => fails));
  const naming = Map.groupBy(rows, ({ id }) => id);
  const ending = Map.groupBy(
    rows.flatMap((row) => row.values.filter(isEnding).map((value) => ({ row, value }))),
    ({ value }) => keyOf(value),
  );

  /** Another row that means the same record. */
  const sameRecord = (row: JudgedRow, isMeant: (other: JudgedRow) => boolean): JudgedRow | undefined =>
    row.id === null ? undefined : naming.get(row.id)?.find((other) => other !== row && isMeant(other));
  /** Another row that would end with the same value. */
  const sameValue = (
    row: JudgedRow,
    value: UniqueValue,
    isMeant: (other: JudgedRow) => boolean,
  ): JudgedRow | undefined =>
    isEnding(value)
      ? ending.get(keyOf(value))?.find((other) => isOtherRecord(row, other.row) && isMeant(other.row))?.row
      : undefined;
  /** Who has a value that a row takes, and keeps it: the row that means that record, if one does. */
  const keeper = (row: JudgedRow, value: UniqueValue): { row: JudgedRow | null } | null => {
    if (!isTaking(value) || value.holder === null || value.holder === row.id) return null;
    const holding = naming.get(value.holder) ?? [];
    const givesUp = (other: JudgedRow) => !failing.has(other) && other.values.some((one) => isGivenUp(one, value));
    return holding.some(givesUp) ? null : { row: holding[0] ?? null };
  };

  const isStanding = (row: JudgedRow) => !failing.has(row);
  const relies = (row: JudgedRow) => row.values.some((value) => keeper(row, value) !== null);
  /** On a record that no row means: whatever becomes of the rows, it stays. */
  const reliesOnOthers = (row: JudgedRow) => row.values.some((value) => keeper(row, value)?.row === null);
  const isDoubled = (row: JudgedRow) =>
    sameRecord(row, isStanding) !== undefined || row.values.some((value) => sameValue(row, value, isStanding));
  for (;;) {
    const standing = rows.filter(isStanding);
    const more = [reliesOnOthers, isDoubled, relies].map((fails) => standing.filter(fails)).find((of) => of.length > 0);
    if (more === undefined) break;
    for (const row of more) failing.add(row);
  }

  const anyRow = () => true;
  const wrongWith = (row: JudgedRow, value: UniqueValue): AlreadyExistsError[] => {
    const where = `${row.path}.${value.at}`;
    const double = sameValue(row, value, anyRow);
    const doubled = double ? [isThatOf(where, double.path)] : [];
    const kept = keeper(row, value);
    if (kept === null || (double && kept.row === double)) return doubled;
    if (value.ofDeletedCustomer) return [...doubled, AlreadyExistsError.ofDeletedCustomer(where)];
    if (!value.isSeen) return row.fails ? doubled : [...doubled, new AlreadyExistsError(where, null, 1)];
    if (kept.row === null) return [...doubled, new AlreadyExistsError(where, null, 0)];
    const wouldGiveUp = kept.row.values.some((one) => isGivenUp(one, value));
    return [...doubled, wouldGiveUp ? staysWith(where, kept.row.path) : isThatOf(where, kept.row.path)];
  };
  return rows.map((row) => {
    if (!failing.has(row)) return [];
    const same = sameRecord(row, anyRow);
    const named = same ? [ValidationError.at(row.identifierPath, `names the same ${word} as ${same.path}`)] : [];
    return [...named, ...row.values.flatMap((value) => wrongWith(row, value))];
  });
}

const keyOf = ({ column, value }: UniqueValue): string => `${column} ${value}`;

/** Whether a row ends with the value by what it says, and not only because it leaves the record alone. */
const isEnding = (value: UniqueValue): boolean => value.value != null && (value.isGiven || isTaking(value));

const isOtherRecord = (row: JudgedRow, other: JudgedRow): boolean =>
  other !== row && (other.id === null || other.id !== row.id);

const isGivenUp = ({ column, value, before }: UniqueValue, taken: UniqueValue): boolean =>
  column === taken.column && before === taken.value && value !== before;

const isThatOf = (where: string, row: string) =>
  new AlreadyExistsError(where, null, 0, `The value given at ${where} is that of ${row}, too.`);

const staysWith = (where: string, row: string) =>
  new AlreadyExistsError(
    where,
    null,
    0,
    `The value given at ${where} belongs to the record that ${row} names, and stays with it, because ${row} fails.`,
  );

/** Counts the values by which a row fails because they belong to what the viewer may not see. */
export const hiddenTaken = (errors: readonly DirectoryError[]): number =>
  errors.reduce((sum, error) => sum + (error instanceof AlreadyExistsError ? error.hidden : 0), 0);
