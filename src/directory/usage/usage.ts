import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { mapRows, type Several, type Statement, select, valueTable } from '../../db/statement.ts';
import { dataSourceInReach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import { ValidationError } from '../kernel/errors.ts';
import { requireTenantDetails } from '../tenants/queries.ts';
import type { DataSourceKind } from './data-sources.ts';
import { firstHour, MAX_WINDOW_HOURS, startOfHour } from './traffic-hours.ts';

/** How many data sources of one kind there are. */
export interface DataSourceTotals {
  active: number;
  inactive: number;
  total: number;
}

/** The traffic of a tenant in one hour. */
export interface TrafficHour {
  /** When the hour begins. */
  hour: Date;
  events: number;
  publishErrors: number;
}

/** The data sources that a tenant has now, and its traffic in a window of hours that ends with the present one. */
export interface Usage {
  durationInHours: number;
  pixels: DataSourceTotals;
  pipelines: DataSourceTotals;
  eventsReceived: number;
  /** How many of the tenant's pixels had traffic in the window. */
  pixelsWithTraffic: number;
  publishErrors: number;
  /** When traffic of the window was last recorded; null if none was. */
  lastUpdatedAt: Date | null;
  /** Every hour of the window, the oldest first. */
  hours: readonly TrafficHour[];
}

type CountedSources = [kind: DataSourceKind['kind'], status: 'ACTIVE' | 'INACTIVE', total: number, withTraffic: number];
type CountedHour = [hour: number, events: number, publishErrors: number, updatedAt: number];

/**
 * Returns the usage of these tenants by their ids, as far as they are live and in reach. One statement reads it for all
 * of them, and only the hours of the window.
 * @throws ForbiddenError without `usage:read` or for a reach of one customer, ValidationError for a window of the wrong
 * length.
 */
export async function usageOfTenants(
  { db, viewer }: Caller,
  tenantIds: Several,
  durationInHours: number,
): Promise<Map<string, Usage>> {
  requirePermissions(viewer, ['usage:read']);
  requireTenantDetails(viewer);
  if (durationInHours < 1 || durationInHours > MAX_WINDOW_HOURS) {
    throw ValidationError.at('durationInHours', `must be between 1 and ${MAX_WINDOW_HOURS}`);
  }
  const first = firstHour(new Date(), durationInHours);
  const inReach = dataSourceInReach(viewer.reach, sql`wanted.value`);
  const found = await db.read(countedSince(first, sql`FROM ${valueTable(tenantIds)} wanted WHERE ${inReach}`));
  return new Map(
    found.map(({ tenantId, sources, hours }) => [tenantId, toUsage(first, durationInHours, sources, hours)]),
  );
}

interface Counted {
  tenantId: string;
  sources: readonly CountedSources[];
  hours: readonly CountedHour[];
}

/**
 * Reads what was counted since an hour. `tenants` is a FROM clause of rows `wanted`, whose values are ids of tenants.
 */
const countedSince = (first: number, tenants: SQL): Statement<Counted> =>
  mapRows(
    select(
      {
        tenantId: sql<string>`wanted.value`,
        sources: sql<string>`(SELECT json_group_array(json_array(kind, status, total, trafficked)) FROM (
          SELECT kind, status, count(*) AS total, count(iif(last_traffic_hour >= ${first}, 1, NULL)) AS trafficked
          FROM data_source WHERE tenant_id = wanted.value GROUP BY kind, status))`,
        hours: sql<string>`(SELECT json_group_array(json_array(hour, events, publish_errors, updated_at)) FROM traffic_hour
          WHERE tenant_id = wanted.value AND hour >= ${first})`,
      },
      tenants,
    ),
    ({ tenantId, sources, hours }) => ({ tenantId, sources: JSON.parse(sources), hours: JSON.parse(hours) }),
  );

function toUsage(
  first: number,
  durationInHours: number,
  sources: readonly CountedSources[],
  counted: readonly CountedHour[],
): Usage {
  const byHour = new Map(counted.map((row) => [row[0], row]));
  const lastUpdated = Math.max(0, ...counted.map(([, , , updatedAt]) => updatedAt));
  return {
    durationInHours,
    pixels: totalsOf('PIXEL', sources),
    pipelines: totalsOf('PIPELINE', sources),
    eventsReceived: sum(counted.map(([, events]) => events)),
    pixelsWithTraffic: sum(sources.map(([, , , withTraffic]) => withTraffic)),
    publishErrors: sum(counted.map(([, , publishErrors]) => publishErrors)),
    lastUpdatedAt: lastUpdated === 0 ? null : new Date(lastUpdated),
    hours: Array.from({ length: durationInHours }, (_, index): TrafficHour => {
      const [, events = 0, publishErrors = 0] = byHour.get(first + index) ?? [];
      return { hour: startOfHour(first + index), events, publishErrors };
    }),
  };
}

function totalsOf(kind: DataSourceKind['kind'], sources: readonly CountedSources[]): DataSourceTotals {
  const count = (wanted: 'ACTIVE' | 'INACTIVE') =>
    sum(sources.flatMap(([of, status, total]) => (of === kind && status === wanted ? [total] : [])));
  const [active, inactive] = [count('ACTIVE'), count('INACTIVE')];
  return { active, inactive, total: active + inactive };
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
