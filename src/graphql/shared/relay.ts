import { defaultFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
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
 * more than all else that is done for a record.
 */
export function answerRecordsAtOnce(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    const { id, nodes, pageInfo } = type.getFields();
    const isNode = type.getInterfaces().some(({ name }) => name === 'Node');
    if (id && isNode) id.resolve = (record) => toGlobalId(type.name, String(record.id));
    if (nodes && pageInfo) nodes.resolve = defaultFieldResolver;
  }
  return schema;
}
