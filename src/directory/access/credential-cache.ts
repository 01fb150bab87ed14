import type { Database } from '../../db/client.ts';
import type { Watched, WatchedRow } from '../../db/watched.ts';
import type { Token } from '../kernel/secrets.ts';
import type { Viewer } from './viewer.ts';

/** What a good credential stands for. */
export interface Authenticated {
  viewer: Viewer;
  /** Notes that the credential was used; to be called once the answer is sent. Null if that was noted lately. */
  noteUse: (() => Promise<void>) | null;
}

/** Whether a request may use the credential cache. */
export interface CacheUse {
  /** Reads the credential before anything else, although the cache may have it. */
  afresh: boolean;
}

/** How to read a credential from the database, and what to make of its row. */
interface Credential<Row extends WatchedRow> {
  /** Reads everything that decides whether the credential is good, and for what. */
  statement: Watched<Row>;
  /** Returns who holds the credential; null when it is not good. */
  admit(row: Row): Authenticated | null;
}

/** How many credentials of one kind an isolate caches. */
const MAX_KNOWN = 1000;

/** Puts the value last in the map. If the map has more than `max` values then, the one put first is forgotten. */
export function remember<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}

/**
 * Returns a function that finds who holds a credential. A revoked key or an ended session stops working with the very
 * next request, although credentials are cached.
 *
 * A request begins with the cached row of its credential. The row is compared (revalidated) along with the first read of
 * the request, and within the batch of each of its writes. If it has changed, nothing is answered or written, and the
 * request begins anew. `credentialOf` is given the cached row, and returns null for a text that cannot be a credential.
 *
 * So authentication costs neither a query nor a mutation a D1 call of its own, and whatever is taken away while a write waits is
 * gone when the write is done. The latter holds for a row that was just read as well.
 */
export function credentialCache<Row extends WatchedRow>() {
  /** The credentials seen last, by the hash of the whole token. */
  const known = new Map<string, Row>();

  return async (
    db: Database,
    { hash }: Token,
    credentialOf: (known: Row | undefined) => Credential<Row> | null,
    { afresh }: CacheUse,
  ): Promise<Authenticated | null> => {
    const before = afresh ? undefined : known.get(hash);
    const credential = credentialOf(before);
    if (credential === null) return null;
    const { statement, admit } = credential;
    const admitted = before && admit(before);
    const revalidation = {
      watched: statement,
      isGood: (row: Row) => admit(row) !== null,
      found: (row: Row | null) => {
        if (row === null) known.delete(hash);
        else remember(known, hash, row, MAX_KNOWN);
      },
    };
    if (before && admitted) {
      db.revalidateWith({ ...revalidation, row: before, isFresh: false });
      return admitted;
    }
    const {
      found: [row],
    } = await db.reads({ found: statement });
    const fresh = row ? admit(row) : null;
    if (row && fresh) {
      revalidation.found(row);
      db.revalidateWith({ ...revalidation, row, isFresh: true });
    }
    return fresh;
  };
}
