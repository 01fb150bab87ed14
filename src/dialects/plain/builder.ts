import SchemaBuilder from '@pothos/core';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import RelayPlugin from '@pothos/plugin-relay';
import type { Caller } from '../../directory/access/viewer.ts';
import type { Eventually } from '../../graphql/shared/eventually.ts';
import { RELAY } from '../../graphql/shared/relay.ts';

/** Plain's connections are Relay's; its ids are none of Relay's. */
export const builder = new SchemaBuilder<{
  Context: Caller;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
  Connection: { total: () => Eventually<number> };
  Scalars: { ID: { Input: string; Output: string } };
}>({
  plugins: [RelayPlugin, DataloaderPlugin],
  defaultFieldNullability: false,
  relay: {
    ...RELAY,
    clientMutationId: 'omit',
    nodesOnConnection: false,
    firstArgOptions: {
      description: 'How many to answer, from the beginning or after `after`: 1 to 100, 25 if not given.',
    },
    afterArgOptions: { description: 'The cursor after which to begin. Goes with `first` only.' },
    lastArgOptions: { description: 'How many to answer, from the end or before `before`: 1 to 100.' },
    beforeArgOptions: { description: 'The cursor before which to end. Goes with `last` only.' },
    defaultConnectionFieldOptions: { nullable: false },
  },
});

// A schema has the types that are declared when it is built. In a bundle, the fields that would declare this one are made later.
builder.pageInfoRef();

builder.queryType({
  description:
    'What can be read. If a permission is missing for any part of it, the whole request is refused with 403.',
});
builder.mutationType({
  description: 'What can be changed. Each answers what it wrote, or an `error`, and then nothing was changed.',
});

/** A time, in the two spellings that Plain has for it. */
export const DateTime = builder.objectRef<Date>('DateTime').implement({
  description: 'A moment, in two spellings.',
  fields: (t) => ({
    unixTimestamp: t.string({
      description: 'Milliseconds since the beginning of 1970, as a string.',
      resolve: (time) => String(time.getTime()),
    }),
    iso8601: t.string({
      description: 'As in ISO 8601, in UTC and with milliseconds: 2026-11-21T09:30:00.000Z.',
      resolve: (time) => time.toISOString(),
    }),
  }),
});

/** Declares the fields of an input. */
export type InputFields = PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>;
