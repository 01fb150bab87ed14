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
      'Whether the list goes on behind this page. A page that was filtered may be short, or empty, and go on all the same.',
  },
  hasPreviousPageFieldOptions: {
    description:
      'Whether the list goes on before this page. A page that was filtered may be short, or empty, and go on all the same.',
  },
  startCursorFieldOptions: {
    description:
      'Where this page begins, for `before`: at its first record, or as far as the list was read backward. Null when there is neither.',
  },
  endCursorFieldOptions: {
    description:
      'Where this page ends, for `after`: at its last record, or as far as the list was read. Null when there is neither.',
  },
  afterArgOptions: { description: 'The cursor after which to begin. An empty string is no cursor.' },
  beforeArgOptions: { description: 'The cursor before which to end. An empty string is no cursor.' },
  mutationInputArgOptions: { description: 'What to do, and with what.' },
  defaultConnectionTypeOptions: { description: 'One page of a list.', ...price(PAGE) },
  defaultEdgeTypeOptions: { description: 'A record at its place in a list.' },
} as const;
