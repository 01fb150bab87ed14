import type { UniqueKey } from './tables.ts';

/** A unique key that a record is to have. */
interface WantedKey {
  key: UniqueKey;
  value: string;
  /** The record's values in the other columns of the index. */
  within: readonly unknown[];
}

/** A record with the keys that it is to have. */
export interface Rekeyed {
  id: string;
  /** What it had in the column of `guard` when it was read. */
  guard: string | number;
  /** What is derived of it, as columns. */
  keys: Readonly<Record<string, string | null>>;
  unique: readonly WantedKey[];
}

/** A record that holds a unique key. */
export interface Holder {
  id: string;
  column: string;
  value: string;
  /** As JSON. */
  within: string;
  version: number;
}

/** What is written of the records of one table. */
export interface Decided {
  decided: Record<string, string | number | null>[];
  /** The keys that are those of others: the record keeps its text, and gets a key that no input has. */
  collisions: { id: string; guard: string | number; path: string; with: string }[];
  /** Those who hold a key that they give up, and that another record may be to have. */
  waiting: { id: string; guard: string | number; column: string }[];
}

const placeOf = (column: string, value: string, within: string): string => JSON.stringify([column, value, within]);

/** Decides who gets which key: who holds it by the rules of now keeps it, and else the oldest record gets it. */
export function decideKeys(records: readonly Rekeyed[], held: readonly Holder[]): Decided {
  const ids = new Set(records.map(({ id }) => id));
  const taken = new Map<string, string>();
  for (const { id, column, value, within } of held) if (!ids.has(id)) taken.set(placeOf(column, value, within), id);
  const collisions: Decided['collisions'] = [];
  const decided = records
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .map(({ id, guard, keys, unique }) => {
      const changed: Record<string, string> = {};
      for (const { key, value, within } of unique) {
        const place = placeOf(key.column, value, JSON.stringify(within));
        const holder = taken.get(place);
        if (holder === undefined) taken.set(place, id);
        else {
          changed[key.column] = `${value}\n${id}`;
          collisions.push({ id, guard, path: key.path, with: holder });
        }
      }
      return { ...keys, ...changed, id, guard };
    });
  return { decided, collisions, waiting: givingUp(decided, held) };
}

function givingUp(decided: Decided['decided'], held: readonly Holder[]): Decided['waiting'] {
  const byId = new Map(decided.map((row) => [row.id, row]));
  const waiting = new Map(
    held.flatMap(({ id, column, value }) => {
      const row = byId.get(id);
      return row && row[column] !== value ? [[`${column} ${id}`, { id, guard: row.guard ?? '', column }]] : [];
    }),
  );
  return [...waiting.values()];
}
