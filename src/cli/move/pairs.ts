import { appendFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'csv-stringify/sync';

/** A record by both of its ids; the own one is empty, and there is an error, if it could not be imported. */
export interface Pair {
  type: string;
  theirs: string;
  ours: string | null;
  externalId: unknown;
  error: string | null;
}

/** Begins a file of pairs, in CSV, and returns what adds to it. Whatever was there is replaced. */
export function pairsFile(path: string): (pairs: readonly Pair[]) => void {
  writeFileSync(path, stringify([['type', 'theirs', 'ours', 'externalId', 'error']]));
  return (pairs) =>
    appendFileSync(
      path,
      stringify(pairs.map(({ type, theirs, ours, externalId, error }) => [type, theirs, ours, externalId, error])),
    );
}
