import type { Database } from '../../db/client.ts';
import type { Statement } from '../../db/statement.ts';
import { sha256 } from '../kernel/secrets.ts';
import type { Viewer } from './viewer.ts';

export interface Authenticated {
  viewer: Viewer;
  /** Notes that the credential was used, if that was not noted lately: to be run behind the answer. */
  noteUse: (() => Promise<void>) | null;
}

export interface CacheUse {
  /** Whether to read the credential first, whatever is known of it. */
  afresh: boolean;
}

/** A kind of credential whose holder stands in the database. */
interface Credential<Row> {
  /** All that decides whether it is good, and for what. */
  statement: Statement<Row>;
  /** Who holds it; null when it is not good. */
  admit(row: Row): Authenticated | null;
}

const MAX_KNOWN = 1000;

/** Puts it last, and forgets what was put first if there are too many. */
export function remember<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}

/**
 * Who holds a credential, found with as few D1 calls as can be.
 *
 * A credential that this isolate has seen is taken to be as it was, on condition: its row is read again together with
 * the request's first read, or before its first write, and if it is not the same then, the request has to begin anew. So a
 * query spends no D1 call on authentication, and what was revoked or taken away is gone from the next request on all the
 * same. `ignored` are fields that may differ.
 */
export function credentialCache<Row extends object>(ignored: readonly (keyof Row)[] = []) {
  /** The credentials seen last, by the hash of the whole token. */
  const known = new Map<string, Row>();

  const comparable = (row: Row) =>
    JSON.stringify(row, (name, value) => (ignored.some((field) => field === name) ? null : value));

  function isStill(hash: string, before: Row, row: Row | undefined): boolean {
    const same = row !== undefined && comparable(row) === comparable(before);
    if (same) remember(known, hash, row, MAX_KNOWN);
    else known.delete(hash);
    return same;
  }

  return async (
    db: Database,
    token: string,
    { statement, admit }: Credential<Row>,
    { afresh }: CacheUse,
  ): Promise<Authenticated | null> => {
    const hash = sha256(token);
    const before = afresh ? undefined : known.get(hash);
    const admitted = before && admit(before);
    if (before && admitted) {
      db.revalidateWith({ statement, holds: ([row]) => isStill(hash, before, row) });
      return admitted;
    }
    const { credential } = await db.reads({ credential: statement });
    const [row] = credential;
    const fresh = row ? admit(row) : null;
    if (row && fresh) remember(known, hash, row, MAX_KNOWN);
    return fresh;
  };
}
