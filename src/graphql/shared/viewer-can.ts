import type { Caller } from '../../directory/access/viewer.ts';
import type { Ids } from '../../directory/lists/found.ts';
import { goOnWith, once } from './eventually.ts';
import { perRecord } from './per-record.ts';
import { extended, price, READ_VALUE } from './prices.ts';

/**
 * Returns the options of a field that says whether the caller can do something to a record. `find` is asked once for all
 * records of a list, and answers the ids of those to which the caller can.
 */
export const viewerCan = (find: (caller: Caller, ids: Ids) => Promise<ReadonlySet<string>>) =>
  extended(
    perRecord<{ id: string }, object, boolean>(['id'], (caller, records) => {
      const ids = records.values('id');
      if (!ids) return null;
      const found = once(() => find(caller, ids));
      found();
      return ({ id }) => goOnWith(found(), (those) => those.has(id));
    }),
    price(READ_VALUE),
  );
