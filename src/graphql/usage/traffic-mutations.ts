import { run } from '../../directory/commands/command.ts';
import { NotFoundError } from '../../directory/kernel/errors.ts';
import { MAX_ENTRIES, type RecordedEntry, recordTraffic } from '../../directory/usage/traffic-commands.ts';
import { MAX_WINDOW_HOURS } from '../../directory/usage/traffic-hours.ts';
import { builder } from '../shared/builder.ts';
import { errorAsAnswer } from '../shared/errors.ts';
import { localId } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { withCommas } from '../shared/numbers.ts';
import { COVERED, mutationOf, price } from '../shared/prices.ts';

/** What an entry of traffic costs, its answer included. */
const ENTRY_COST = 5;

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
