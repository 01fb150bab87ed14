import SchemaBuilder from '@pothos/core';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import ErrorsPlugin from '@pothos/plugin-errors';
import RelayPlugin from '@pothos/plugin-relay';
import type { Caller } from '../directory/viewer.ts';

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
    clientMutationId: 'omit',
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    cursorType: 'String',
    nodesOnConnection: { description: 'The records of this page, without their cursors.' },
    edgesFieldOptions: {
      nullable: { list: false, items: false },
      description: 'The records of this page, each with its cursor.',
    },
    nodeFieldOptions: { nullable: false, description: 'The record at the end of this edge.' },
    cursorFieldOptions: { description: 'Stands for this place in the list, for `after` and `before`.' },
    pageInfoFieldOptions: { description: 'Where this page lies in the list.' },
    pageInfoTypeOptions: { description: 'Where a page lies in its list.' },
    hasNextPageFieldOptions: {
      description:
        'Whether the list goes on behind this page. A page that was filtered may be short, or empty, and go on all the same.',
    },
    hasPreviousPageFieldOptions: { description: 'Whether the list goes on before this page, likewise.' },
    startCursorFieldOptions: {
      description:
        'Where this page begins, for `before`: at its first record, or as far as the list was read backward. Null when there is neither.',
    },
    endCursorFieldOptions: {
      description:
        'Where this page ends, for `after`: at its last record, or as far as the list was read. Null when there is neither.',
    },
    nodeTypeOptions: { description: 'Anything with a global id, to be found again by `node(id:)`.' },
    idFieldOptions: { description: 'The global id: opaque, and unique among all types.' },
    firstArgOptions: {
      description:
        'How many records to answer at most, from the beginning or after `after`: 1 to 100; 25 if neither `first` nor `last` is given. Where a filter fits few of many records, a page may have fewer, or none, before the list ends: go on as long as `hasNextPage` says so.',
    },
    afterArgOptions: { description: 'The cursor after which to begin. An empty string is no cursor.' },
    lastArgOptions: {
      description:
        'How many records to answer at most, from the end or before `before`: 1 to 100. As with `first`, fewer may come.',
    },
    beforeArgOptions: { description: 'The cursor before which to end. An empty string is no cursor.' },
    mutationInputArgOptions: { description: 'What to do, and with what.' },
    defaultConnectionTypeOptions: { description: 'One page of a list.' },
    defaultEdgeTypeOptions: { description: 'A record at its place in a list.' },
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
