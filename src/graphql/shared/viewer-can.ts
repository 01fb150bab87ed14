import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { Caller } from '../../directory/access/viewer.ts';
import { UNCACHED } from './connection.ts';

type Find = (caller: Caller, ids: readonly string[]) => Promise<ReadonlySet<string>>;

/**
 * Returns a resolver that says whether the caller can do something to a record. `find` is asked once for all records of
 * a list, and answers the ids of those to which the caller can.
 */
export function viewerCan(find: Find) {
  const loaders = createContextCache(
    (caller: Caller) =>
      new DataLoader(async (ids: readonly string[]) => {
        const found = await find(caller, ids);
        return ids.map((id) => found.has(id));
      }, UNCACHED),
  );
  return ({ id }: { id: string }, _args: object, caller: Caller): Promise<boolean> => loaders(caller).load(id);
}
