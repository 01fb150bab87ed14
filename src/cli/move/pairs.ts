import { appendFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'csv-stringify/sync';

/** A record in both places. */
export interface Pair {
  type: 'tenant' | 'customer' | 'user';
  /** The id there, and the id here as the same API shows it. */
  from: string;
  to: string;
  externalId: string;
}

/** Returns a function that appends pairs to a file of CSV. An old file is replaced at once. */
export function pairsFile(path: string): (pairs: readonly Pair[]) => void {
  writeFileSync(path, stringify([['type', 'from', 'to', 'externalId']]));
  return (pairs) =>
    appendFileSync(path, stringify(pairs.map(({ type, from, to, externalId }) => [type, from, to, externalId])));
}
