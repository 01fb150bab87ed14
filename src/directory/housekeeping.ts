import { sql } from 'drizzle-orm';
import type { Database } from '../db/client.ts';
import { write } from '../db/statement.ts';
import { forgetOldAttempts } from './attempts.ts';

/** Removes what time has ended: sessions, links to a new password, and counts of attempts. Invitations stay to be seen. */
export async function removeExpired(db: Database, now: Date): Promise<void> {
  await db.batch([
    write(sql`DELETE FROM session WHERE expires_at <= ${now.getTime()}`),
    write(sql`DELETE FROM mailed_link WHERE purpose = 'PASSWORD_RESET' AND expires_at <= ${now.getTime()}`),
    write(forgetOldAttempts(now)),
  ]);
}
