import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { jsonList, select } from '../../db/statement.ts';
import { dataSourceInReach } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import { type CommandContext, command, type Plan } from '../commands/command.ts';
import { allExist, notFoundAt } from '../commands/references.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { exactText, id, instant, otherwise } from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import { shown } from '../kernel/repetition-errors.ts';
import { isDataSource } from './data-source-commands.ts';
import { PIXEL } from './data-sources.ts';
import { firstHour, hourOf, MAX_AHEAD_MILLISECONDS, MAX_WINDOW_HOURS } from './traffic-hours.ts';

/** How many entries are recorded at once at most. */
export const MAX_ENTRIES = 1000;

/** The largest Int of GraphQL. */
const MAX_COUNT = 2 ** 31 - 1;

const count = lazily(() =>
  z
    .int({ error: otherwise('must be a whole number') })
    .min(0, 'must not be negative')
    .max(MAX_COUNT, `must be at most ${MAX_COUNT}`),
);

const recentTime = lazily(() =>
  instant()
    .refine(
      (at) => hourOf(at) >= firstHour(new Date(), MAX_WINDOW_HOURS),
      `must lie within the last ${MAX_WINDOW_HOURS} hours`,
    )
    .refine((at) => at.getTime() <= Date.now() + MAX_AHEAD_MILLISECONDS, 'must not lie in the future'),
);

const trafficEntry = lazily(() =>
  z.object({ entryId: exactText(), pixelId: id(), at: recentTime(), events: count(), publishErrors: count() }),
);
type TrafficEntry = OutputOf<typeof trafficEntry>;

/** What became of one entry: it was counted, its id had been recorded before, or its pixel has been removed. */
export interface RecordedEntry {
  /** The id that the caller gave the entry. */
  entryId: string;
  outcome: 'RECORDED' | 'DUPLICATE' | 'FAILED';
  /** Why it was not counted; null if it was, now or before. */
  error: NotFoundError | null;
}

/** What became of the entries, in the order given. */
export interface TrafficResult {
  entries: readonly RecordedEntry[];
}

/** The entries that this command inserted, as a JSON array of pairs (pixel id, entry id). */
interface Recorded {
  recorded: string;
  /** The positions of the entries that are not recorded, because their pixels have been removed. */
  lost: string;
}

/**
 * Counts traffic: each entry id of a tenant only once, whatever became of its pixel since. Entries of pixels that have been
 * removed fail alone. If anything else is wrong, none is counted.
 *
 * This is the only command without events, of which there would be thousands that say no more than the counts. The
 * entries take their place. First the new ones are inserted, if every check passes. Then the entries that this command
 * inserted are counted, so an entry and its count cannot come apart.
 */
export const recordTraffic = command({
  name: 'recordTraffic',
  permissions: ['usage:record'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () =>
    z.object({
      entries: z
        .array(trafficEntry(), { error: otherwise('must be a list') })
        .min(1, 'must not be empty')
        .max(MAX_ENTRIES, `must be at most ${MAX_ENTRIES}`),
    }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { entries }): Plan<TrafficResult, Recorded> {
    return {
      checks: [pixelsExist(context.viewer, entries)],
      writes: (allowed) => [insertEntries(context, entries, allowed), countHours(context), noteLastHours(context)],
      answer: select(
        {
          recorded: sql<string>`json_group_array(json_array(pixel_id, entry_id))`,
          lost: lostEntries(context.viewer, entries),
        },
        sql`FROM traffic_entry WHERE command_id = ${context.id}`,
      ),
      result(answer) {
        const { recorded, lost } = shown(answer);
        return { entries: outcomes(entries, JSON.parse(recorded), JSON.parse(lost)) };
      },
    };
  },
});

function pixelsExist(viewer: Viewer, entries: readonly TrafficEntry[]): Check<unknown> {
  const given = jsonList(entries.map(({ pixelId }) => pixelId));
  return allExist([
    sql`SELECT 'entries.' || given.key || '.pixelId' AS path, 'pixel' AS entity FROM json_each(${given}) given
      WHERE NOT EXISTS (SELECT 1 FROM data_source WHERE ${isDataSource(viewer, PIXEL, sql`given.value`)})
        AND NOT EXISTS (${tenantOfRemoved(viewer, sql`given.value`)})`,
  ]);
}

/** Selects the live tenant in reach of a pixel that has been removed: its event says where it was. */
const tenantOfRemoved = ({ reach }: Viewer, pixelId: SQL): SQL =>
  sql`SELECT event_tenant.tenant_id FROM event JOIN event_tenant ON event_tenant.event_id = event.id
    WHERE event.subject_id = ${pixelId} AND event.type = 'pixel.removed' AND ${dataSourceInReach(reach, sql`event_tenant.tenant_id`)}`;

function lostEntries(viewer: Viewer, entries: readonly TrafficEntry[]): SQL<string> {
  const given = jsonList(entries.map(({ pixelId, entryId }) => ({ pixelId, entryId })));
  const pixelId = sql`given.value ->> 'pixelId'`;
  return sql`(SELECT json_group_array(given.key) FROM json_each(${given}) given
    WHERE NOT EXISTS (SELECT 1 FROM data_source WHERE data_source.id = ${pixelId})
      AND NOT EXISTS (SELECT 1 FROM traffic_entry known WHERE known.entry_id = given.value ->> 'entryId'
        AND known.tenant_id IN (${tenantOfRemoved(viewer, pixelId)})))`;
}

/** Inserts the entries whose ids the tenant does not have yet. Of several with one id, it inserts the first. */
function insertEntries({ id, at: now }: CommandContext, entries: readonly TrafficEntry[], allowed: SQL): SQL {
  const given = entries.map(({ at, ...entry }) => ({ ...entry, hour: Math.min(hourOf(at), hourOf(now)) }));
  return sql`INSERT INTO traffic_entry (tenant_id, entry_id, command_id, pixel_id, hour, events, publish_errors)
    SELECT data_source.tenant_id, given.value ->> 'entryId', ${id}, data_source.id, given.value ->> 'hour',
      given.value ->> 'events', given.value ->> 'publishErrors'
    FROM json_each(${jsonList(given)}) given CROSS JOIN data_source ON data_source.id = given.value ->> 'pixelId'
    WHERE ${allowed} ORDER BY given.key
    ON CONFLICT (tenant_id, entry_id) DO NOTHING`;
}

/** Adds what this command inserted to the counts of each tenant and hour. */
const countHours = ({ id, at }: CommandContext): SQL =>
  sql`INSERT INTO traffic_hour (tenant_id, hour, events, publish_errors, updated_at)
    SELECT tenant_id, hour, sum(events), sum(publish_errors), ${at.getTime()}
    FROM traffic_entry WHERE command_id = ${id} GROUP BY tenant_id, hour
    ON CONFLICT (tenant_id, hour) DO UPDATE SET
      events = traffic_hour.events + excluded.events,
      publish_errors = traffic_hour.publish_errors + excluded.publish_errors,
      updated_at = max(traffic_hour.updated_at, excluded.updated_at)`;

/** Notes at each pixel the last hour in which it had traffic. */
const noteLastHours = ({ id }: CommandContext): SQL =>
  sql`UPDATE data_source SET last_traffic_hour = counted.hour
    FROM (SELECT pixel_id, max(hour) AS hour FROM traffic_entry WHERE command_id = ${id} AND events > 0 GROUP BY pixel_id) counted
    WHERE data_source.id = counted.pixel_id AND coalesce(data_source.last_traffic_hour, 0) < counted.hour`;

/** Returns what became of each entry. Of several equal ones, only the first was inserted. */
function outcomes(
  entries: readonly TrafficEntry[],
  inserted: readonly [string, string][],
  lost: readonly number[],
): RecordedEntry[] {
  const keyOf = (pixelId: string, entryId: string) => `${pixelId} ${entryId}`;
  const recorded = new Set(inserted.map(([pixelId, entryId]) => keyOf(pixelId, entryId)));
  const isLost = new Set(lost);
  return entries.map(({ pixelId, entryId }, index): RecordedEntry => {
    if (recorded.delete(keyOf(pixelId, entryId))) return { entryId, outcome: 'RECORDED', error: null };
    if (!isLost.has(index)) return { entryId, outcome: 'DUPLICATE', error: null };
    const error = new NotFoundError([notFoundAt(`entries.${index}.pixelId`, 'pixel')]);
    return { entryId, outcome: 'FAILED', error };
  });
}
