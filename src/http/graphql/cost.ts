import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  type InlineFragmentNode,
  isCompositeType,
  isLeafType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type ValueNode,
} from 'graphql';
import { type Price, READ_VALUE, REFERENCE } from '../../graphql/shared/prices.ts';

/** What an operation may cost: 100 users with 25 roles each, and the tenant and the role of each of these, are within. */
export const MAX_COST = 10_000;
/** How many fields may stand inside each other. */
export const MAX_DEPTH = 12;

const NO_PRICE: Price = {};

/** What a field costs that makes or reads something, such as an object. */
const FIELD_COST = 1;
/** What a value of a record costs that is there already: it was measured to take a fifth to a tenth of what its record does. */
const VALUE_COST = 0.1;

/** Introspection answers the whole schema, or one type of it, however it is asked. */
const META_PRICES = new Map<GraphQLField<unknown, unknown>, Price>([
  [SchemaMetaFieldDef, { own: 1000 }],
  [TypeMetaFieldDef, { own: 100 }],
]);

/** What an operation costs, and how many fields stand inside each other in it. */
export interface Cost {
  cost: number;
  depth: number;
  /** What of that each field with a price of its own costs, as `Type.field`, with all below it that has none. */
  shares: Shares;
}

type Shares = ReadonlyMap<string, number>;

/** Prices of what nobody would ask for less of, to have a list fit. */
const PARTS: ReadonlySet<Price> = new Set([REFERENCE, READ_VALUE, NO_PRICE]);

/** What has no price of its own, until the next field above that has one takes it. */
const UNPRICED = '';
const NO_SHARES: Shares = new Map();

/** How an operation is priced. */
export interface Pricing {
  /** As the caller gave them, before GraphQL has coerced them. */
  variables: ReadonlyMap<string, unknown>;
  /** As if no list had more records on a page. */
  mostRecords?: number;
  /** Whether the shares of fields are wanted, which takes time. */
  hasShares?: true;
}

type Variables = Pricing['variables'];
/** The field whose selections are priced. */
interface List {
  /** How many rows are read for it. */
  rows: number;
  isFiltered: boolean;
  /** Whether it stands at the root of the operation. */
  isAtRoot: boolean;
}
type Fragment = Pick<FragmentDefinitionNode | InlineFragmentNode, 'selectionSet' | 'typeCondition'>;

/**
 * Prices an operation by the prices that stand at the fields and types of the schema (graphql/shared/prices.ts): what
 * has none costs 1. To be asked about valid documents only, whose fragments have no cycles. Each fragment is priced once
 * for each type and number of rows, however often it is spread.
 */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  { variables, mostRecords = Number.POSITIVE_INFINITY, hasShares }: Pricing,
): Cost {
  const fragments = new Map<string, Fragment>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const root = schema.getRootType(operation.operation);
  const priced = new Map<SelectionSetNode, Map<string, Cost>>();

  function priceSelections(selections: SelectionSetNode, type: GraphQLNamedType, list: List): Cost {
    const prices = priced.get(selections) ?? new Map<string, Cost>();
    priced.set(selections, prices);
    const key = `${type.name} ${list.rows} ${list.isFiltered} ${list.isAtRoot}`;
    const known = prices.get(key);
    if (known) return known;
    const total = { cost: 0, depth: 0, shares: hasShares ? new Map<string, number>() : NO_SHARES };
    for (const selection of selections.selections) {
      const { cost, depth, shares } =
        selection.kind === Kind.FIELD
          ? priceField(selection, type, list)
          : priceFragment(selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value));
      total.cost += cost;
      total.depth = Math.max(total.depth, depth);
      if (hasShares) total.shares = added(total.shares, shares);
    }
    prices.set(key, total);
    return total;

    function priceFragment(fragment: Fragment | undefined): Cost {
      if (!fragment) return { cost: 0, depth: 0, shares: NO_SHARES };
      const condition = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value);
      return priceSelections(fragment.selectionSet, condition ?? type, list);
    }
  }

  function priceField(node: FieldNode, parent: GraphQLNamedType, above: List): Cost {
    const field = isCompositeType(parent) ? schema.getField(parent, node.name.value) : undefined;
    if (!field) return { cost: FIELD_COST, depth: 1, shares: NO_SHARES };
    const price = META_PRICES.get(field) ?? priceOf(field);
    const rows = rowsOf(price, node, { variables, mostRecords });
    const own = ownCost(price, rows, above, field, node, variables);
    const isMeta = META_PRICES.has(field);
    const list = { rows, isFiltered: isFiltered(node, variables), isAtRoot: parent === root };
    const below =
      node.selectionSet && !isMeta ? priceSelections(node.selectionSet, getNamedType(field.type), list) : NOTHING;
    const times = timesOf(price, above.rows, node, { variables, mostRecords });
    const mine = own + times * (price.times === undefined ? 0 : (price.each ?? 1));
    const cost = mine + times * below.cost;
    const shares = hasShares ? sharesOf(`${parent.name}.${field.name}`, price, mine, below.shares, times) : NO_SHARES;
    return { cost, depth: below.depth + 1, shares };
  }

  /** A field takes what has no price below it, if it has one itself, or stands at the root. */
  function sharesOf(place: string, price: Price, mine: number, below: Shares, times: number): Shares {
    const isPart = PARTS.has(price) || price.times === 'ROWS';
    const isNamed = !isPart || place.startsWith(`${root?.name}.`);
    const shares = new Map([...below].map(([field, share]) => [field, share * times]));
    const unpriced = mine + (shares.get(UNPRICED) ?? 0);
    shares.delete(UNPRICED);
    return added(shares, new Map([[isNamed ? place : UNPRICED, unpriced]]));
  }

  if (!root) return NOTHING;
  const total = priceSelections(operation.selectionSet, root, { rows: 1, isFiltered: false, isAtRoot: false });
  return { ...total, cost: whole(total.cost) };
}

const NOTHING: Cost = { cost: 0, depth: 0, shares: NO_SHARES };

/** Rounds up, but for what tenths leave over. */
const whole = (cost: number): number => Math.ceil(Math.round(cost * 10) / 10);

function added(some: Shares, others: Shares): Shares {
  const sums = new Map(some);
  for (const [field, share] of others) sums.set(field, (sums.get(field) ?? 0) + share);
  return sums;
}

/** The price that stands at a field, or else at the type that it answers; none means that it costs 1. */
export function priceOf(field: GraphQLField<unknown, unknown>): Price {
  const own: unknown = field.extensions.price ?? getNamedType(field.type).extensions.price;
  return typeof own === 'object' && own !== null ? own : NO_PRICE;
}

type Sized = Required<Pick<Pricing, 'variables' | 'mostRecords'>>;

function rowsOf({ rows = 1, eachRow }: Price, node: FieldNode, { variables, mostRecords }: Sized): number {
  if (typeof rows === 'number') return rows;
  const given = rows.arguments.map((name) => argument(node, name, variables)).find((value) => value !== undefined);
  const size = given ?? rows.default;
  const count = typeof size === 'number' ? Math.min(Math.max(size, 1), rows.max) : rows.max;
  // What each row costs is said of hours, and not of records.
  return eachRow === undefined ? Math.min(count, mostRecords) : count;
}

/** The arguments of a list that decide which page of it is answered, and in which order. Any other is a filter. */
const PAGE_ARGUMENTS = new Set(['first', 'after', 'last', 'before', 'offset', 'orderBy', 'sortBy']);

const isFiltered = ({ arguments: given = [] }: FieldNode, variables: Variables): boolean =>
  given.some(({ name, value }) => !PAGE_ARGUMENTS.has(name.value) && isGiven(value, variables));

function isGiven(value: ValueNode, variables: Variables): boolean {
  if (value.kind === Kind.OBJECT) return value.fields.length > 0;
  if (value.kind !== Kind.VARIABLE) return value.kind !== Kind.NULL;
  const given = variables.get(value.name.value) ?? null;
  return given !== null && (typeof given !== 'object' || Object.keys(given).length > 0);
}

/** What a field costs, without what is asked below it. */
function ownCost(
  price: Price,
  rows: number,
  above: List,
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variables: Variables,
): number {
  const { eachRow = 0, skipped, items } = price;
  const skip = skipped && argument(node, skipped.argument, variables);
  const skipCost = skipped && typeof skip === 'number' ? skipped.each * Math.max(skip, 0) : 0;
  const itemCost = items ? items.each * itemCount(node, items, variables) : 0;
  const { ownWithFilter: withFilter } = price;
  const own =
    withFilter !== undefined && isFiltered(node, variables)
      ? withFilter
      : ownIn(above, { own: isValue(field) ? VALUE_COST : FIELD_COST, ...price });
  return own + Math.ceil(eachRow * rows) + skipCost + itemCost;
}

/** Whether a field is a value of its record. It is there already: one that has to be read has a price. */
const isValue = ({ type }: GraphQLField<unknown, unknown>): boolean => isLeafType(getNamedType(type));

function ownIn({ isFiltered, isAtRoot }: List, { own = 0, ownAtRoot = own, ownIfFiltered = own }: Price): number {
  if (isFiltered) return ownIfFiltered;
  return isAtRoot ? ownAtRoot : own;
}

/** How often what is asked below a field counts. */
function timesOf({ times = 1 }: Price, rowsAbove: number, node: FieldNode, { variables, mostRecords }: Sized): number {
  if (times === 'ROWS') return rowsAbove;
  if (typeof times === 'number') return times;
  const list = argument(node, times.lengthOf, variables);
  return Array.isArray(list) ? Math.min(list.length, mostRecords) : 1;
}

type Items = NonNullable<Price['items']>;

function itemCount(node: FieldNode, { argument: name, list }: Items, variables: Variables): number {
  const input = node.arguments?.find((given) => given.name.value === name)?.value;
  return input === undefined ? 0 : itemsIn(input, list, variables);
}

/** How many items the list of this name has in an object, or in all objects of a list together. */
function itemsIn(input: ValueNode, list: string, variables: Variables): number {
  if (input.kind === Kind.LIST) {
    return input.values.reduce((count, value) => count + itemsIn(value, list, variables), 0);
  }
  if (input.kind === Kind.VARIABLE) {
    const value = variables.get(input.name.value);
    const objects: unknown[] = Array.isArray(value) ? value : [value];
    return objects.reduce<number>((count, object) => count + lengthOf(memberOf(object, list)), 0);
  }
  if (input.kind !== Kind.OBJECT) return 0;
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
