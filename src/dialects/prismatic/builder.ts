import SchemaBuilder from '@pothos/core';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import RelayPlugin from '@pothos/plugin-relay';
import { GraphQLError } from 'graphql';
import type { Caller } from '../../directory/access/viewer.ts';
import { parseRfc3339 } from '../../directory/kernel/rfc3339.ts';
import type { Eventually } from '../../graphql/shared/eventually.ts';
import { PER_ROW, pageOf, price, totalOf } from '../../graphql/shared/prices.ts';
import { RELAY } from '../../graphql/shared/relay.ts';
import { DEFAULT_PAGE_SIZE } from './pages.ts';

/** What is asked for at the root, and every page, is never null. */
export const builder = new SchemaBuilder<{
  Context: Caller;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
  Connection: { total: () => Eventually<number> };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
  };
}>({
  plugins: ['records', RelayPlugin, DataloaderPlugin],
  defaultFieldNullability: false,
  relay: {
    ...RELAY,
    clientMutationId: 'optional',
    nodesOnConnection: { description: 'The records of this page, without their cursors.', ...price(PER_ROW) },
    defaultConnectionTypeOptions: { ...RELAY.defaultConnectionTypeOptions, ...price(pageOf(DEFAULT_PAGE_SIZE)) },
    firstArgOptions: {
      description:
        'How many records to answer at most, from the beginning or after `after`: 1 to 100; 100 if neither `first` nor `last` is given.',
    },
    lastArgOptions: { description: 'How many records to answer at most, from the end or before `before`: 1 to 100.' },
    clientMutationIdInputOptions: { description: 'Any text of the client’s own, which is answered as it is.' },
    clientMutationIdFieldOptions: { description: 'The `clientMutationId` of the input; null if there was none.' },
    defaultConnectionFieldOptions: { nullable: false },
  },
});

// A schema has the types that are declared when it is built. In a bundle, the fields that would declare this one are made later.
builder.pageInfoRef();

builder.queryType({
  description: 'What can be read. Whatever fails leaves no data at all, and the reason in `errors`.',
});
builder.mutationType({
  description: 'What can be changed. Each answers the record and `errors`, which is empty if it was done.',
});

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'How many records the whole list has, exactly. Reads every one of them, and is priced so.',
    ...price(totalOf(10)),
    resolve: ({ total }) => total(),
  }),
);

builder.scalarType('DateTime', {
  description: 'A moment, written as in RFC 3339, in UTC and with milliseconds: 2026-11-21T09:30:00.000Z.',
  serialize: (time) => time.toISOString(),
  parseValue: (value) => {
    const time = parseRfc3339(value);
    if (time === null) throw new GraphQLError('A DateTime is written as in RFC 3339, such as 2026-11-21T09:30:00Z.');
    return time;
  },
});

/** For input fields that several mutations share. */
export type InputFields = PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>;
