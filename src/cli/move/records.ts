import { keyOfExternalId } from '../../directory/kernel/keys.ts';
import type { Row } from '../import/cells.ts';
import type { ImportType } from '../import/columns.ts';
import { type Result, send } from '../import/send.ts';
import type { Gateway } from '../shared/gateway.ts';
import type { Pair } from './pairs.ts';

/** A record that was read there, as the row that it becomes here. */
export interface Moving {
  /** The id there. */
  from: string;
  externalId: string;
  row: Row;
}

const PLURALS: Record<Pair['type'], ImportType> = { tenant: 'tenants', customer: 'customers', user: 'users' };

interface Moves<Record extends Moving> {
  gateway: Gateway;
  type: Pair['type'];
  pages: AsyncIterable<readonly Record[]>;
  keep: (pairs: readonly Pair[]) => void;
  /** A global id as the API shows it that programs use from now on. */
  shown: (id: string) => string;
  /** What is left to do for a record when it is here. */
  afterwards?: (record: Record) => Promise<void>;
}

/** Moves all records of a type, and returns how many were moved and how many were not. Those that were not are told of. */
export async function moveAll<Record extends Moving>({ gateway, type, pages, keep, shown, afterwards }: Moves<Record>) {
  // External ids are told apart there however their characters are composed, and are not here.
  const seen = new Set<string>();
  const signal = new AbortController().signal;
  const counts = { moved: 0, failed: 0 };
  const fail = ({ from }: Record, reason: string) => {
    counts.failed += 1;
    console.error(`${type} ${from}: ${reason}`);
  };
  for await (const page of pages) {
    const moving = page.filter((record) => {
      const key = keyOfExternalId(record.externalId);
      if (seen.has(key)) fail(record, `another has the external id ${record.externalId}, too`);
      return !seen.has(key) && seen.add(key);
    });
    const rows = moving.map(({ row }) => row);
    const results = rows.length === 0 ? [] : await send(gateway, PLURALS[type], rows, { signal, note: console.error });
    for (const [index, record] of moving.entries()) {
      const { id, error } = results[index] as Result;
      if (error !== null || id === null) {
        fail(record, error ?? 'The gateway does not say its id.');
        continue;
      }
      await afterwards?.(record);
      keep([{ type, from: record.from, to: shown(id), externalId: record.externalId }]);
      counts.moved += 1;
    }
  }
  return counts;
}
