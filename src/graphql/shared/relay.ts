import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import { defaultFieldResolver, type GraphQLFieldResolver } from 'graphql';
import { toGlobalId } from './ids.ts';
import { EDGES, PAGE, price } from './prices.ts';

/**
 * Options of Pothos' relay plugin that every API with connections shares, descriptions included. Where APIs differ,
 * their builders say so.
 */
export const RELAY = {
  nodeQueryOptions: false,
  nodesQueryOptions: false,
  cursorType: 'String',
  encodeGlobalID: toGlobalId,
  edgesFieldOptions: {
    nullable: { list: false, items: false },
    description: 'The records of this page, each with its cursor.',
    ...price(EDGES),
  },
  nodeFieldOptions: { nullable: false, description: 'The record at the end of this edge.' },
  cursorFieldOptions: { description: 'Stands for this place in the list, for `after` and `before`.' },
  pageInfoFieldOptions: { description: 'Where this page lies in the list.' },
  pageInfoTypeOptions: { description: 'Where a page lies in its list.' },
  hasNextPageFieldOptions: {
    description:
      'Whether the list goes on behind this page: then there is a record. Of a page that ends before a cursor, the record of the cursor is taken to be there.',
  },
  hasPreviousPageFieldOptions: {
    description:
      'Whether the list goes on before this page: then there is a record. Of a page that begins after a cursor, the record of the cursor is taken to be there.',
  },
  startCursorFieldOptions: {
    description: 'Where this page begins, for `before`: at its first record. Null when it has none.',
  },
  endCursorFieldOptions: {
    description: 'Where this page ends, for `after`: at its last record. Null when it has none.',
  },
  afterArgOptions: { description: 'The cursor after which to begin. An empty string is no cursor.' },
  beforeArgOptions: { description: 'The cursor before which to end. An empty string is no cursor.' },
  mutationInputArgOptions: { description: 'What to do, and with what.' },
  defaultConnectionTypeOptions: { description: 'One page of a list.', ...price(PAGE) },
  defaultEdgeTypeOptions: { description: 'A record at its place in a list.' },
} as const;

/**
 * Lets ids and the nodes of connections be answered without promises and edges, which Pothos makes for each of them: that costs
 * more than all else that is done for a record. It stands before the other plugins of a builder, as they would wrap what it gives.
 */
export class RecordsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolve: Resolve<Types>, { name, parentType }: PothosOutputFieldConfig<Types>): Resolve<Types> {
    if (name === 'id' && this.#isNode(parentType)) {
      return (record) => toGlobalId(parentType, String((record as { id: unknown }).id));
    }
    if (name === 'nodes' && this.#isConnection(parentType)) return defaultFieldResolver;
    return resolve;
  }

  #isNode(type: string): boolean {
    const config = this.buildCache.getTypeConfig(type);
    return (
      config.kind === 'Object' && config.interfaces.some((one) => this.buildCache.getTypeConfig(one).name === 'Node')
    );
  }

  #isConnection(type: string): boolean {
    return this.builder.configStore.getFields(type).has('pageInfo');
  }
}

type Resolve<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>;

declare global {
  namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      records: RecordsPlugin<Types>;
    }
  }
}

SchemaBuilder.registerPlugin('records', RecordsPlugin);
