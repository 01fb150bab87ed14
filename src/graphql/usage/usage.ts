import { run } from '../../directory/commands/command.ts';
import { NotFoundError } from '../../directory/kernel/errors.ts';
import { MAX_ENTRIES, type RecordedEntry, recordTraffic } from '../../directory/usage/traffic-commands.ts';
import { DEFAULT_WINDOW_HOURS, MAX_WINDOW_HOURS } from '../../directory/usage/traffic-hours.ts';
import { type DataSourceTotals, type TrafficHour, type Usage, usageOfTenants } from '../../directory/usage/usage.ts';
import { builder } from '../shared/builder.ts';
import { errorAsAnswer } from '../shared/errors.ts';
import { localId } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { withCommas } from '../shared/numbers.ts';
import { foundPerId } from '../shared/per-record.ts';
import { COVERED, mutationOf, PER_ROW, price, USAGE } from '../shared/prices.ts';
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

/** What an entry of traffic costs, its answer included. */
const ENTRY_COST = 5;

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

const TrafficEntry = builder.inputType('TrafficEntryInput', {
  description: 'What one pixel counted.',
  fields: (t) => ({
    entryId: t.string({
      required: true,
      description:
        'Your own id of this entry, 1 to 256 characters, compared to the letter: of the entries of a tenant with the same id, the first is recorded, and no other.',
    }),
    pixelId: t.id({ required: true, description: 'The global id of the pixel.' }),
    at: t.field({
      type: 'DateTime',
      required: true,
      description: `When it was counted: within the last ${MAX_WINDOW_HOURS} hours. Up to 5 minutes from now count as now.`,
    }),
    events: t.int({ required: true, description: 'How many events the pixel received, 0 or more.' }),
    publishErrors: t.int({ required: true, description: 'How many times publishing an event failed, 0 or more.' }),
  }),
});

const TrafficOutcome = builder.enumType('TrafficOutcome', {
  description: 'What became of an entry.',
  values: {
    RECORDED: { description: 'It was counted.' },
    DUPLICATE: {
      description:
        'An entry of its id was counted before, whatever became of its pixel since: nothing was counted again.',
    },
    FAILED: { description: 'It was not counted, because its pixel has been removed: the error names it.' },
  } as const,
});

const RecordedTraffic = builder.objectRef<RecordedEntry>('RecordedTraffic').implement({
  description: 'What became of one entry.',
  fields: (t) => ({
    entryId: t.exposeString('entryId', { description: 'Your id of the entry.' }),
    outcome: t.expose('outcome', { type: TrafficOutcome, description: 'Whether it was counted.' }),
    error: t.field({
      type: NotFoundError,
      nullable: true,
      description: 'Why it failed, with its path, such as `entries.3.pixelId`; null if it did not.',
      resolve: ({ error }) => error && errorAsAnswer(error, [NotFoundError]),
    }),
  }),
});

builder.relayMutationField(
  recordTraffic.name,
  {
    description: 'What pixels counted.',
    inputFields: (t) => ({
      entries: t.field({
        type: [TrafficEntry],
        required: true,
        description: `The entries, 1 to ${withCommas(MAX_ENTRIES)}, of any pixels.`,
      }),
    }),
  },
  {
    ...commandField(
      recordTraffic,
      'Counts the traffic of pixels, each entry once: the same again counts nothing. An entry of a pixel that has been removed fails alone; if anything else is wrong, none is counted. Traffic is counted, and is no event.',
      mutationOf('entries', ENTRY_COST),
    ),
    resolve: (_, { input }, caller) =>
      run(caller, recordTraffic, {
        entries: input.entries.map((entry) => ({ ...entry, pixelId: localId('Pixel', entry.pixelId) })),
      }),
  },
  {
    description: 'The traffic is counted, now or before, but for entries of pixels that have been removed.',
    outputFields: (t) => ({
      entries: t.field({
        type: [RecordedTraffic],
        ...price(COVERED),
        description: 'One for each entry, in the order given.',
        resolve: ({ entries }) => [...entries],
      }),
    }),
  },
);
