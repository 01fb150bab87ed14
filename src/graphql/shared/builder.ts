import SchemaBuilder from '@pothos/core';
import ErrorsPlugin from '@pothos/plugin-errors';
import RelayPlugin from '@pothos/plugin-relay';
import type { Caller } from '../../directory/access/viewer.ts';
import type { Eventually } from './eventually.ts';
import { PER_ROW, price } from './prices.ts';
import { RELAY } from './relay.ts';

/** The builder of the API of `/graphql`. Dialects have builders of their own, and take none of its types. */
export const builder = new SchemaBuilder<{
  Context: Caller;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
  Connection: { total: () => Eventually<number> };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    JSONObject: { Input: Record<string, unknown>; Output: Record<string, unknown> };
  };
}>({
  plugins: ['records', ErrorsPlugin, RelayPlugin],
  defaultFieldNullability: false,
  errors: { directResult: true },
  relay: {
    ...RELAY,
    clientMutationId: 'omit',
    nodesOnConnection: { description: 'The records of this page, without their cursors.', ...price(PER_ROW) },
    nodeTypeOptions: { description: 'Anything with a global id, to be found again by `node(id:)`.' },
    idFieldOptions: { description: 'The global id: opaque, and unique among all types.' },
    firstArgOptions: {
      description:
        'How many records to answer at most, from the beginning or after `after`: 1 to 100; 25 if neither `first` nor `last` is given. A page has fewer only where the list ends.',
    },
    lastArgOptions: {
      description:
        'How many records to answer at most, from the end or before `before`: 1 to 100. A page has fewer only where the list begins.',
    },
    defaultConnectionFieldOptions: { nullable: true },
  },
});

// A schema has the types that are declared when it is built. In a bundle, the fields that would declare this one are made later.
builder.pageInfoRef();

builder.queryType({
  description: 'What can be read. A field that is null for want of a permission has an error FORBIDDEN.',
});

builder.subscriptionType({
  description:
    'What can be followed, by GraphQL over Server-Sent Events: ask with `Accept: text/event-stream`, one operation a request.',
});

/** The `t` of `inputFields`, for functions that make input fields of several mutations. */
export type InputFields = PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>;

/** The `t` of `outputFields`, for functions that make fields of several payloads or types. */
export type OutputFields<Shape> = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Shape>;
