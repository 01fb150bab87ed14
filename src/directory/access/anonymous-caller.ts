import type { Database } from '../../db/client.ts';

/** What is known of whoever asks without a credential. */
export interface AnonymousCaller {
  db: Database;
  /** The network address; null if it is not known, and then not limited. */
  address: string | null;
  userAgent: string | null;
  now: Date;
}
