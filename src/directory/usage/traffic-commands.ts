import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { jsonList, select } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import { type Check, type CommandContext, command, type Plan } from '../commands/command.ts';
import { allExist } from '../commands/references.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { id, instant, otherwise, text } from '../kernel/input.ts';
import { isDataSource } from './data-source-commands.ts';
import { PIXEL } from './data-sources.ts';
import { firstHour, hourOf, MAX_AHEAD_MILLISECONDS, MAX_WINDOW_HOURS } from './traffic-hours.ts';

export const MAX_ENTRIES = 1000;

/** The largest count that GraphQL has an Int for. */
const MAX_COUNT = 2 ** 31 - 1;

const count = z
  .int({ error: otherwise('must be a whole number') })
  .min(0, 'must not be negative')
  .max(MAX_COUNT, `must be at most ${MAX_COUNT}`);

const recentTime = instant
  .refine(
    (at) => hourOf(at) >= firstHour(new Date(), MAX_WINDOW_HOURS),
    `must lie within the last ${MAX_WINDOW_HOURS} hours`,
  )
  .refine((at) => at.getTime() <= Date.now() + MAX_AHEAD_MILLISECONDS, 'must not lie in the future');

const trafficEntry = z.object({ entryId: text, pixelId: id, at: recentTime, events: count, publishErrors: count });
type TrafficEntry = z.output<typeof trafficEntry>;

export interface RecordedEntry {
  /** As the caller gave it. */
  entryId: string;
  outcome: 'RECORDED' | 'DUPLICATE';
}

export interface TrafficResult {
  entries: readonly RecordedEntry[];
}

/** Which entries are new, as a JSON array of pairs (pixel, entry). */
interface Recorded {
  recorded: string;
}

/**
 * Counts traffic, all of the entries or none, and each entry id of a tenant once.
 *
 * It is the one command without an event: there would be thousands that say no more than the counts. The entries take the
 * place of events. They are inserted if every check passes and their ids are new, and what is counted is read from those that
 * this very command inserted: so an entry and its counts cannot come apart.
 */
export const recordTraffic = command({
  name: 'recordTraffic',
  permissions: ['usage:record'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: z.object({
    entries: z
      .array(trafficEntry, { error: otherwise('must be a list') })
      .min(1, 'must not be empty')
      .max(MAX_ENTRIES, `must be at most ${MAX_ENTRIES}`),
  }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { entries }): Plan<TrafficResult, Recorded> {
    return {
      checks: [pixelsExist(context.viewer, entries)],
      writes: (allowed) => [insertEntries(context, entries, allowed), countHours(context), noteLastHours(context)],
      answer: select(
        { recorded: sql<string>`json_group_array(json_array(pixel_id, entry_id))` },
        sql`FROM traffic_entry WHERE command_id = ${context.id}`,
      ),
      result: ({ recorded }) => ({ entries: outcomes(entries, JSON.parse(recorded)) }),
    };
  },
});

function pixelsExist(viewer: Viewer, entries: readonly TrafficEntry[]): Check<unknown> {
  const given = jsonList(entries.map(({ pixelId }) => pixelId));
  return allExist([
    sql`SELECT 'entries.' || given.key || '.pixelId' AS path, 'pixel' AS entity FROM json_each(${given}) given
      WHERE NOT EXISTS (SELECT 1 FROM data_source WHERE ${isDataSource(viewer, PIXEL, sql`given.value`)})`,
  ]);
}

/** Of several entries with one id the first is inserted, and none that is there already. */
function insertEntries({ id, at: now }: CommandContext, entries: readonly TrafficEntry[], allowed: SQL): SQL {
  const given = entries.map(({ at, ...entry }) => ({ ...entry, hour: Math.min(hourOf(at), hourOf(now)) }));
  return sql`INSERT INTO traffic_entry (tenant_id, entry_id, command_id, pixel_id, hour, events, publish_errors)
    SELECT data_source.tenant_id, given.value ->> 'entryId', ${id}, data_source.id, given.value ->> 'hour',
      given.value ->> 'events', given.value ->> 'publishErrors'
    FROM json_each(${jsonList(given)}) given CROSS JOIN data_source ON data_source.id = given.value ->> 'pixelId'
    WHERE ${allowed} ORDER BY given.key
    ON CONFLICT (tenant_id, entry_id) DO NOTHING`;
}

const countHours = ({ id, at }: CommandContext): SQL =>
  sql`INSERT INTO traffic_hour (tenant_id, hour, events, publish_errors, updated_at)
    SELECT tenant_id, hour, sum(events), sum(publish_errors), ${at.getTime()}
    FROM traffic_entry WHERE command_id = ${id} GROUP BY tenant_id, hour
    ON CONFLICT (tenant_id, hour) DO UPDATE SET
      events = traffic_hour.events + excluded.events,
      publish_errors = traffic_hour.publish_errors + excluded.publish_errors,
      updated_at = max(traffic_hour.updated_at, excluded.updated_at)`;

const noteLastHours = ({ id }: CommandContext): SQL =>
  sql`UPDATE data_source SET last_traffic_hour = counted.hour
    FROM (SELECT pixel_id, max(hour) AS hour FROM traffic_entry WHERE command_id = ${id} AND events > 0 GROUP BY pixel_id) counted
    WHERE data_source.id = counted.pixel_id AND coalesce(data_source.last_traffic_hour, 0) < counted.hour`;

/** An entry is recorded if it was inserted, and is the first of its id that could have been. */
function outcomes(entries: readonly TrafficEntry[], inserted: readonly [string, string][]): RecordedEntry[] {
  const keyOf = (pixelId: string, entryId: string) => `${pixelId} ${entryId}`;
  const recorded = new Set(inserted.map(([pixelId, entryId]) => keyOf(pixelId, entryId)));
  return entries.map(({ pixelId, entryId }) => ({
    entryId,
    outcome: recorded.delete(keyOf(pixelId, entryId)) ? 'RECORDED' : 'DUPLICATE',
  }));
}
