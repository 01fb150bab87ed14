import SchemaBuilder from '@pothos/core';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import ErrorsPlugin from '@pothos/plugin-errors';
import RelayPlugin from '@pothos/plugin-relay';
import type { Caller } from '../../directory/access/viewer.ts';
import { RELAY } from './relay.ts';

export const builder = new SchemaBuilder<{
  Context: Caller;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
  Connection: { total: () => Promise<number> };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    JSONObject: { Input: Record<string, unknown>; Output: Record<string, unknown> };
  };
}>({
  plugins: [ErrorsPlugin, RelayPlugin, DataloaderPlugin],
  defaultFieldNullability: false,
  errors: { directResult: true },
  relay: {
    ...RELAY,
    clientMutationId: 'omit',
    nodesOnConnection: { description: 'The records of this page, without their cursors.' },
    nodeTypeOptions: { description: 'Anything with a global id, to be found again by `node(id:)`.' },
    idFieldOptions: { description: 'The global id: opaque, and unique among all types.' },
    firstArgOptions: {
      description:
        'How many records to answer at most, from the beginning or after `after`: 1 to 100; 25 if neither `first` nor `last` is given. Where a filter fits few of many records, a page may have fewer, or none, before the list ends: go on as long as `hasNextPage` says so.',
    },
    lastArgOptions: {
      description:
        'How many records to answer at most, from the end or before `before`: 1 to 100. As with `first`, fewer may come.',
    },
    defaultConnectionFieldOptions: { nullable: true },
  },
});

builder.queryType({
  description: 'What can be read. A field that is null for want of a permission has an error FORBIDDEN.',
});
builder.mutationType({
  description: 'What can be changed. Every mutation answers its payload, or one of the errors that its result names.',
});

/** For input fields that several mutations share. */
export type InputFields = PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>;

/** For output fields that several payloads share. */
export type OutputFields<Shape> = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Shape>;
