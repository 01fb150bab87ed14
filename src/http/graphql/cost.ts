import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  type InlineFragmentNode,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../directory/lists/page-arguments.ts';
import { DEFAULT_WINDOW_HOURS, MAX_WINDOW_HOURS } from '../../directory/usage/traffic-hours.ts';

/** What an operation may cost: 100 customers with 25 tenants of three fields each are within. */
export const MAX_COST = 10_000;
/** How many fields may stand inside each other. */
export const MAX_DEPTH = 12;

/** How an API's operations are priced, and how far they may go. */
export interface Pricing {
  maxCost: number;
  /** How many records a page may have that is not asked for a number of them. */
  pageSize: number;
}

export const OWN_PRICING: Pricing = { maxCost: MAX_COST, pageSize: DEFAULT_PAGE_SIZE };

const FIELD_COST = 1;
const PAGE_COST = 10;
/** A record that an `offset` skips is read all the same, and of each tenant in reach. */
const SKIPPED_COST = 10;
const MUTATION_COST = 100;
/** One of the rows that an import is given, or of the entries of traffic, with what it is answered. */
const ITEM_COSTS = { rows: 10, entries: 5 };
/** Usage reads a row for each hour of its window, and so many of them cost as much as a field. */
const HOURS_A_FIELD = 24;
/** A total reads every row that it counts. */
const TOTAL_COST = 200;
/** Introspection answers the whole schema, or one type of it. */
const META_COSTS = new Map([
  ['__schema', 1000],
  ['__type', 100],
]);

export interface Cost {
  cost: number;
  depth: number;
}

/** As the caller gave them, before GraphQL has coerced them. */
type Variables = ReadonlyMap<string, unknown>;
type Fragment = Pick<FragmentDefinitionNode | InlineFragmentNode, 'selectionSet' | 'typeCondition'>;

/**
 * Prices an operation by the shape of the schema, so that no field can be forgotten: a field 1, a mutation 100, a row of
 * an import 10, an entry of traffic 5, a total 200, a page 10 and 10 for each record that is skipped, and then the fields of its records as often as it may have
 * records, usage 10 and 1 for each 24 hours, and then the fields of its hours as often as it has hours. To be asked about
 * valid documents only, whose fragments have no cycles; each fragment is priced once for each type and page, however often
 * it is spread.
 */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
  { pageSize: defaultSize }: Pick<Pricing, 'pageSize'> = OWN_PRICING,
): Cost {
  const fragments = new Map<string, Fragment>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const priced = new Map<SelectionSetNode, Map<string, Cost>>();

  /** `rows` is how many records the connection may have whose fields these are, or hours the usage. */
  function priceSelections(selections: SelectionSetNode, type: GraphQLNamedType, rows: number): Cost {
    const prices = priced.get(selections) ?? new Map<string, Cost>();
    priced.set(selections, prices);
    const key = `${type.name} ${rows}`;
    const known = prices.get(key);
    if (known) return known;
    const total = { cost: 0, depth: 0 };
    for (const selection of selections.selections) {
      const { cost, depth } =
        selection.kind === Kind.FIELD
          ? priceField(selection, type, rows)
          : priceFragment(selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value));
      total.cost += cost;
      total.depth = Math.max(total.depth, depth);
    }
    prices.set(key, total);
    return total;

    function priceFragment(fragment: Fragment | undefined): Cost {
      if (!fragment) return { cost: 0, depth: 0 };
      const condition = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value);
      return priceSelections(fragment.selectionSet, condition ?? type, rows);
    }
  }

  function priceField(node: FieldNode, parent: GraphQLNamedType, rows: number): Cost {
    const name = node.name.value;
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    const onPage = isConnection(parent);
    const isRepeated = onPage ? name === 'nodes' || name === 'edges' : isUsage(parent) && name === 'hours';
    if (!field || !node.selectionSet)
      return { cost: isOfMutations(schema, parent) ? MUTATION_COST : leafCost(name, onPage), depth: 1 };

    const type = getNamedType(field.type);
    const size = sizeOf(node, type, variables, defaultSize);
    const below = priceSelections(node.selectionSet, type, size);
    const times = isRepeated ? rows : recordCount(node, field.type, variables);
    const given = isOfMutations(schema, parent) ? itemCost(node, variables) : 0;
    const skipped = isConnection(type) ? SKIPPED_COST * skippedBy(node, variables) : 0;
    return { cost: ownCost(parent, type, size) + given + skipped + below.cost * times, depth: below.depth + 1 };
  }

  function ownCost(parent: GraphQLNamedType, type: GraphQLNamedType, size: number): number {
    if (isOfMutations(schema, parent) && !isOfMutations(schema, type)) return MUTATION_COST;
    if (isUsage(type)) return PAGE_COST + Math.ceil(size / HOURS_A_FIELD);
    return isConnection(type) ? PAGE_COST : FIELD_COST;
  }

  const root = schema.getRootType(operation.operation);
  return root ? priceSelections(operation.selectionSet, root, 1) : { cost: 0, depth: 0 };
}

/** Whether the fields of a type are mutations: some APIs keep theirs together below the root, by entity. */
export const isOfMutations = (schema: GraphQLSchema, type: GraphQLNamedType): boolean =>
  type === schema.getMutationType() || type.name.endsWith('Mutations');

function leafCost(name: string, onPage: boolean): number {
  if (onPage && name === 'totalCount') return TOTAL_COST;
  return META_COSTS.get(name) ?? FIELD_COST;
}

const isConnection = (type: GraphQLNamedType): boolean => type.name.endsWith('Connection');

const isUsage = (type: GraphQLNamedType): boolean => type.name === 'Usage';

/** How many records a connection may have, or hours a usage: 1 of anything else. */
function sizeOf(node: FieldNode, type: GraphQLNamedType, variables: Variables, defaultSize: number): number {
  if (isUsage(type)) return windowSize(node, variables);
  return isConnection(type) ? pageSize(node, variables, defaultSize) : 1;
}

function windowSize(node: FieldNode, variables: Variables): number {
  const size = argument(node, 'durationInHours', variables) ?? DEFAULT_WINDOW_HOURS;
  return typeof size === 'number' ? Math.min(Math.max(size, 1), MAX_WINDOW_HOURS) : MAX_WINDOW_HOURS;
}

/** A size out of bounds is priced as the nearest one within, one that is no number as the largest: both are refused later. */
function pageSize(node: FieldNode, variables: Variables, defaultSize: number): number {
  const size = argument(node, 'first', variables) ?? argument(node, 'last', variables) ?? defaultSize;
  return typeof size === 'number' ? Math.min(Math.max(size, 1), MAX_PAGE_SIZE) : MAX_PAGE_SIZE;
}

/** What is out of bounds is refused later. */
function skippedBy(node: FieldNode, variables: Variables): number {
  const offset = argument(node, 'offset', variables);
  return typeof offset === 'number' ? Math.max(offset, 0) : 0;
}

/** How many records a field answers that is no connection: as many as `nodes` is given ids; of roles, about a page. */
function recordCount(node: FieldNode, type: GraphQLOutputType, variables: Variables): number {
  const ids = argument(node, 'ids', variables);
  if (Array.isArray(ids)) return ids.length;
  const named = getNamedType(type);
  const areRecords = isObjectType(named) && named.getFields().id !== undefined;
  return areRecords && isListType(getNullableType(type)) ? DEFAULT_PAGE_SIZE : 1;
}

/** What the rows or entries that the input of a mutation has cost. */
function itemCost(node: FieldNode, variables: Variables): number {
  const costs = Object.entries(ITEM_COSTS).map(([name, cost]) => cost * itemCount(node, name, variables));
  return costs.reduce((sum, cost) => sum + cost, 0);
}

function itemCount(node: FieldNode, list: string, variables: Variables): number {
  const input = node.arguments?.find(({ name }) => name.value === 'input')?.value;
  if (input?.kind === Kind.VARIABLE) return lengthOf(memberOf(variables.get(input.name.value), list));
  if (input?.kind !== Kind.OBJECT) return 0;
  const items = input.fields.find(({ name }) => name.value === list)?.value;
  if (items?.kind === Kind.VARIABLE) return lengthOf(variables.get(items.name.value));
  return items?.kind === Kind.LIST ? items.values.length : 0;
}

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;

/** The value of a whole-number or list argument; undefined when it is not given. */
function argument(node: FieldNode, name: string, variables: Variables): unknown {
  const value = node.arguments?.find((given) => given.name.value === name)?.value;
  if (value?.kind === Kind.VARIABLE) return variables.get(value.name.value) ?? undefined;
  if (value?.kind === Kind.LIST) return value.values;
  return value?.kind === Kind.INT ? Number(value.value) : undefined;
}
