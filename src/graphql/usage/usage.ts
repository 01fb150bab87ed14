import { DEFAULT_WINDOW_HOURS, MAX_WINDOW_HOURS } from '../../directory/usage/traffic-hours.ts';
import { type DataSourceTotals, type TrafficHour, type Usage, usageOfTenants } from '../../directory/usage/usage.ts';
import { builder } from '../shared/builder.ts';
import { foundPerId } from '../shared/per-record.ts';
import { PER_ROW, price, USAGE } from '../shared/prices.ts';
import { Tenant } from '../tenants/tenant.ts';

const Totals = builder.objectRef<DataSourceTotals>('DataSourceTotals').implement({
  description: 'How many pixels, or pipelines, a tenant has now.',
  fields: (t) => ({
    total: t.exposeInt('total', { description: 'All of them.' }),
    active: t.exposeInt('active', { description: 'Those that are ACTIVE.' }),
    inactive: t.exposeInt('inactive', { description: 'Those that are INACTIVE.' }),
  }),
});

/** Describes a count that may pass 2^31, where GraphQL's Int ends. */
const LARGE = 'A whole number, exact up to 2^53.';

const TrafficHourType = builder.objectRef<TrafficHour>('TrafficHour').implement({
  description: 'The traffic of a tenant in one hour.',
  fields: (t) => ({
    hour: t.expose('hour', { type: 'DateTime', description: 'When the hour begins, in UTC.' }),
    events: t.exposeFloat('events', { description: `How many events its pixels received. ${LARGE}` }),
    publishErrors: t.exposeFloat('publishErrors', {
      description: `How many times publishing an event failed. ${LARGE}`,
    }),
  }),
});

const UsageType = builder.objectRef<Usage>('Usage').implement({
  description:
    'What a tenant has now, and what flowed through it in a window of so many hours, of which the present one is the last.',
  ...price(USAGE),
  fields: (t) => ({
    durationInHours: t.exposeInt('durationInHours', { description: 'How many hours the window has.' }),
    pixels: t.expose('pixels', { type: Totals, description: 'How many pixels there are.' }),
    pipelines: t.expose('pipelines', { type: Totals, description: 'How many pipelines there are.' }),
    eventsReceived: t.exposeFloat('eventsReceived', {
      description: `How many events were received in the window, also by pixels that have been removed since. ${LARGE}`,
    }),
    pixelsWithTraffic: t.exposeInt('pixelsWithTraffic', {
      description: 'How many of the pixels that there are received events in the window.',
    }),
    publishFailed: t.boolean({
      description: 'Whether publishing any event failed in the window.',
      resolve: ({ publishErrors }) => publishErrors > 0,
    }),
    publishErrors: t.exposeFloat('publishErrors', {
      description: `How many times publishing an event failed in the window. ${LARGE}`,
    }),
    lastUpdatedAt: t.expose('lastUpdatedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When traffic of the window was last recorded; null if none was.',
    }),
    hours: t.field({
      type: [TrafficHourType],
      ...price(PER_ROW),
      description: 'Every hour of the window, the oldest first, those without traffic included.',
      resolve: ({ hours }) => [...hours],
    }),
  }),
});

builder.objectField(Tenant, 'usage', (t) =>
  t.field({
    type: UsageType,
    nullable: true,
    description: 'Its data sources and their traffic; null while it is deleted. Needs `usage:read`.',
    args: {
      durationInHours: t.arg.int({
        required: true,
        defaultValue: DEFAULT_WINDOW_HOURS,
        description: `How many hours of traffic, the present one included: 1 to ${MAX_WINDOW_HOURS}.`,
      }),
    },
    ...foundPerId((caller, ids, { durationInHours }: { durationInHours: number }) =>
      usageOfTenants(caller, ids, durationInHours),
    ),
  }),
);
