import type { Database } from '../../db/client.ts';

/** Somebody who asks without a credential, such as a user who signs in. */
export interface AnonymousCaller {
  db: Database;
  /**
   * The network address that attempts are limited by. If it is null, it is not known: then all such attempts for one
   * e-mail address are limited as if they came from one network, and others are not limited by it.
   */
  address: string | null;
  userAgent: string | null;
  now: Date;
  /** Notes that events were committed of which webhooks are to hear. */
  eventsAreDue(): void;
}
