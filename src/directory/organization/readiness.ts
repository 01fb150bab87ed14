import { sql } from '../../db/sql.ts';
import { select } from '../../db/statement.ts';
import type { Caller } from '../access/viewer.ts';
import { NOT_SET_UP } from './queries.ts';

/** Whether there are records with keys of version 1, as an expression: each table has an index of those. */
const HAS_FORMER_KEYS = sql.join(
  ['tenant', 'customer', 'user', 'role', 'data_source'].map(
    (table) => sql`EXISTS (SELECT 1 FROM ${sql.identifier(table)} WHERE key_version = 1)`,
  ),
  sql` OR `,
);

/** What is known of a database that answers. */
export interface Readiness {
  /** Whether there are records that have still to be given new keys, and are looked up by those of before. */
  isFillingKeys: boolean;
}

/** Resolves if the database answers and its migrations have been applied; rejects otherwise. */
export async function checkReadiness(caller: Pick<Caller, 'db'>): Promise<Readiness> {
  const { found } = await caller.db.reads({
    found: select({ hasFormerKeys: sql<number>`${HAS_FORMER_KEYS}` }, sql`FROM organization`),
  });
  const [ready] = found;
  if (!ready) throw new Error(NOT_SET_UP);
  return { isFillingKeys: ready.hasFormerKeys === 1 };
}
