import { sql } from 'drizzle-orm';
import type { Database } from '../db/client.ts';
import { write } from '../db/statement.ts';
import { removeExpiredLimits } from './access/rate-limits.ts';
import { smallestIdAt } from './kernel/ids.ts';
import { firstHour, forgottenBefore, MAX_WINDOW_HOURS } from './usage/traffic-hours.ts';

/** Removes what time has ended: sessions, links to a new password, and counts of attempts. Invitations stay to be seen. */
export async function removeExpired(db: Database, now: Date): Promise<void> {
  await db.batch({
    sessions: write(sql`DELETE FROM session WHERE expires_at <= ${now.getTime()}`),
    links: write(sql`DELETE FROM mailed_link WHERE purpose = 'PASSWORD_RESET' AND expires_at <= ${now.getTime()}`),
    limits: write(removeExpiredLimits(now)),
  });
}

/** So many rows are removed of each table at a time: it comes round every few minutes, and holds up nobody. */
export const MAX_REMOVED = 20_000;

/**
 * Removes the traffic that nothing reads any more, and the ids of entries that could not be recorded again. The commands that
 * recorded them are in the order of time.
 */
export async function removeOldTraffic(db: Database, now: Date): Promise<void> {
  await db.batch({
    entries: write(sql`DELETE FROM traffic_entry WHERE (tenant_id, entry_id) IN (
      SELECT tenant_id, entry_id FROM traffic_entry WHERE command_id < ${smallestIdAt(forgottenBefore(now))}
      ORDER BY command_id LIMIT ${MAX_REMOVED})`),
    hours: write(sql`DELETE FROM traffic_hour WHERE (tenant_id, hour) IN (
      SELECT tenant_id, hour FROM traffic_hour WHERE hour < ${firstHour(now, MAX_WINDOW_HOURS)} LIMIT ${MAX_REMOVED})`),
  });
}
