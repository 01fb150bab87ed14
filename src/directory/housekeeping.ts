import type { SQL } from 'drizzle-orm';
import type { Database } from '../db/client.ts';
import { sql } from '../db/sql.ts';
import { write } from '../db/statement.ts';
import { removeExpiredLimits } from './access/rate-limits.ts';
import { removeOldKeys } from './commands/idempotency.ts';
import { smallestIdAt } from './kernel/ids.ts';
import { firstHour, forgottenBefore, MAX_WINDOW_HOURS } from './usage/traffic-hours.ts';

/** How many rows of a table are removed at a time. It is run every few minutes, and must not hold up requests. */
export const MAX_REMOVED = 20_000;

/**
 * Removes sessions, links to new passwords, counts of rate limits and idempotency keys that have expired. Invitations stay,
 * to be shown.
 */
export async function removeExpired(db: Database, now: Date): Promise<void> {
  await db.batch({
    sessions: write(sql`DELETE FROM session WHERE expires_at <= ${now.getTime()}`),
    links: write(sql`DELETE FROM mailed_link WHERE purpose = 'PASSWORD_RESET' AND expires_at <= ${now.getTime()}`),
    limits: write(removeExpiredLimits(now)),
    keys: write(removeOldKeys(now, MAX_REMOVED)),
  });
}

/** For how long it is known what became of an event at a webhook. */
const DELIVERIES_KEPT_MILLISECONDS = 30 * 24 * 60 * 60 * 1000;

/** Removes what is known of deliveries to webhooks that are done, or given up, and begun long ago. */
export async function removeOldDeliveries(db: Database, now: Date): Promise<void> {
  const begun = smallestIdAt(new Date(now.getTime() - DELIVERIES_KEPT_MILLISECONDS));
  await db.batch({
    deliveries: write(sql`DELETE FROM webhook_delivery WHERE (webhook_id, event_id) IN (
      SELECT webhook_id, event_id FROM webhook_delivery
      WHERE id < ${begun} AND next_try_at IS NULL ORDER BY id LIMIT ${MAX_REMOVED})`),
  });
}

/**
 * Removes traffic that is too old to be read, and entries that are too old to be sent again. The ids of commands sort
 * by time, so the entries are found by the command that recorded them.
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

const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

/**
 * Removes the events that are older than so many days, from the beginning of the feed: what is left has no gap. The newest event
 * stays whatever its age, because the first one that is left says which cursors are too old (`listEvents`).
 *
 * What was done under an idempotency key is told by its events for a day, so that no fewer days may be given.
 */
export async function removeOldEvents(db: Database, now: Date, days: number): Promise<void> {
  await db.batch({
    events: write(sql`DELETE FROM event WHERE id < ${firstKept(now.getTime() - days * DAY_MILLISECONDS)}`),
    named: write(sql`DELETE FROM event_tenant WHERE event_id < (SELECT min(id) FROM event)`),
  });
}

/** The first event that stays: the first that is not too old, unless that is many events away, or many names of tenants. */
function firstKept(since: number): SQL {
  const oldest = (column: SQL) => sql`(SELECT ${column} FROM event ORDER BY id LIMIT ${MAX_REMOVED})`;
  const notTooOld = sql`coalesce((SELECT min(id) FROM ${oldest(sql`id, created_at`)} WHERE created_at >= ${since}),
    (SELECT max(id) FROM ${oldest(sql`id`)}))`;
  const manyNames = sql`coalesce(
    (SELECT event_id FROM event_tenant ORDER BY event_id LIMIT 1 OFFSET ${MAX_REMOVED}), ${Number.MAX_SAFE_INTEGER})`;
  return sql`min(${notTooOld}, max(${manyNames}, (SELECT min(id) + 1 FROM event)))`;
}
