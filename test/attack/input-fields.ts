import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import type { Variables } from '../shared/gateway.ts';
import type { Taken } from './nonsense.ts';

/*
 * The fields of a GraphQL API that take arguments, and the places in those arguments where a value stands, from its
 * schema: what is added to an API is found without anybody remembering it.
 */

/** A field with arguments, and how a document gets to it. */
export interface Asked {
  /** Its type and name: `Tenant.customers`. */
  name: string;
  operation: 'query' | 'mutation';
  /** What comes before it in a document, with the braces left open, and how many there are. */
  before: string;
  braces: number;
  /** The arguments of what comes before it, by their names in the document. */
  needed: readonly GraphQLArgument[];
  field: GraphQLField<unknown, unknown>;
}

const argumentsOf = (args: readonly GraphQLArgument[]): string =>
  args.length === 0 ? '' : `(${args.map(({ name }) => `${name}: $${name}`).join(', ')})`;

/** Every field with arguments that can be reached, each once and by the shortest way. */
export function askedOf(schema: GraphQLSchema): Asked[] {
  const found = new Map<string, Asked>();
  const seen = new Set<string>();
  type Step = Pick<Asked, 'operation' | 'before' | 'braces' | 'needed'> & { type: GraphQLObjectType };
  const steps: Step[] = [];
  const root = (operation: Asked['operation'], type: GraphQLObjectType | null | undefined) => {
    if (type) steps.push({ operation, before: `{ `, braces: 1, needed: [], type });
  };
  root('query', schema.getQueryType());
  root('mutation', schema.getMutationType());
  for (const step of steps) {
    const { type, operation, before, braces, needed } = step;
    for (const field of Object.values(type.getFields())) {
      const name = `${type.name}.${field.name}`;
      if (field.args.length > 0 && !found.has(name))
        found.set(name, { name, operation, before, braces, needed, field });
      const required = field.args.filter(isRequiredArgument);
      // Two arguments of one name would need two variables.
      if (required.some((arg) => needed.some((other) => other.name === arg.name))) continue;
      if (operation === 'mutation' && required.length > 0) continue;
      const below = getNamedType(field.type);
      const opened = `${before}${field.name}${argumentsOf(required)} { `;
      const next = { operation, needed: [...needed, ...required] };
      for (const one of objectsOf(schema, below)) {
        if (seen.has(one.name)) continue;
        seen.add(one.name);
        const isInline = isAbstractType(below);
        steps.push({
          ...next,
          before: isInline ? `${opened}... on ${one.name} { ` : opened,
          braces: braces + (isInline ? 2 : 1),
          type: one,
        });
      }
    }
  }
  return [...found.values()];
}

function objectsOf(schema: GraphQLSchema, type: GraphQLNamedType): readonly GraphQLObjectType[] {
  if (isObjectType(type)) return [type];
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [];
}

const SELECTED_LEVELS = 3;

/** A selection of what needs no arguments, without going round in circles: lists are read, and not only promised. */
function selectionOf(schema: GraphQLSchema, type: GraphQLNamedType, levels = SELECTED_LEVELS): string {
  if (isAbstractType(type)) {
    const parts = schema.getPossibleTypes(type).map((one) => `... on ${one.name} ${selectionOf(schema, one, 1)}`);
    return `{ __typename ${levels > 1 ? parts.filter((part) => !part.endsWith('{ __typename }')).slice(0, 1) : ''} }`;
  }
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const below = getNamedType(field.type);
    if (field.args.some(isRequiredArgument)) return [];
    if (!isObjectType(below)) return isAbstractType(below) ? [] : [field.name];
    const isOfList = /^(nodes|edges|node|pageInfo|error|errors|fields)$/.test(field.name);
    return levels > 1 && isOfList ? [`${field.name} ${selectionOf(schema, below, levels - 1)}`] : [];
  });
  return `{ ${['__typename', ...fields.slice(0, 12)].join(' ')} }`;
}

/** A document that asks for a field, and for all of what it answers. Without values its arguments are variables. */
export function documentOf(schema: GraphQLSchema, asked: Asked, values?: Variables): string {
  const { operation, before, braces, needed, field } = asked;
  const declared = values ? needed : [...needed, ...field.args];
  const variables =
    declared.length === 0 ? '' : `(${declared.map(({ name, type }) => `$${name}: ${type}`).join(', ')})`;
  const inline = Object.entries(values ?? {}).map(([name, value]) => {
    const type = field.args.find((arg) => arg.name === name)?.type;
    return `${name}: ${literal(value, type)}`;
  });
  const given = values ? (inline.length === 0 ? '' : `(${inline.join(', ')})`) : argumentsOf(field.args);
  const selection = selectionOf(schema, getNamedType(field.type));
  return `${operation}${variables} ${before}${field.name}${given} ${selection}${' }'.repeat(braces)}`;
}

/** A value as it is written in a document, where the names of enums and of fields have no quotes. */
function literal(value: unknown, type: GraphQLInputType | undefined): string {
  const bare = isNonNullType(type) ? type.ofType : type;
  if (Array.isArray(value)) {
    return `[${value.map((item) => literal(item, isListType(bare) ? bare.ofType : undefined)).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = isInputObjectType(bare) ? bare.getFields() : {};
    const parts = Object.entries(value).map(([name, part]) => `${name}: ${literal(part, fields[name]?.type)}`);
    return `{${parts.join(', ')}}`;
  }
  const named = bare && getNamedType(bare);
  if (isEnumType(named) && named.getValue(String(value))) return String(value);
  return JSON.stringify(value) ?? 'null';
}

/** A place in the arguments of a field where a value stands. */
export interface Place {
  path: readonly string[];
  taken: Taken;
}

const RECURRENCES = 2;

/** Every place in the arguments of a field: those of lists and objects, and those within them. */
export function placesIn(asked: Asked): Place[] {
  const places: Place[] = [];
  const visit = (type: GraphQLInputType, path: readonly string[], within: readonly string[]) => {
    const bare = isNonNullType(type) ? type.ofType : type;
    if (isListType(bare)) {
      places.push({ path, taken: 'other' });
      visit(bare.ofType, [...path, '0'], within);
      return;
    }
    places.push({ path, taken: takenBy(bare) });
    if (!isInputObjectType(bare) || within.filter((name) => name === bare.name).length >= RECURRENCES) return;
    for (const field of Object.values(bare.getFields())) {
      visit(field.type, [...path, field.name], [...within, bare.name]);
    }
  };
  for (const arg of asked.field.args) visit(arg.type, [arg.name], []);
  return places;
}

function takenBy(type: GraphQLInputType): Taken {
  const { name } = getNamedType(type);
  if (['String', 'ID', 'DateTime'].includes(name)) return 'text';
  return ['Int', 'Float'].includes(name) ? 'number' : 'other';
}

/** A value that a type could take, of which a test knows no better one. */
export function sampleOf(type: GraphQLInputType, name: string): unknown {
  const bare = isNonNullType(type) ? type.ofType : type;
  if (isListType(bare)) return [sampleOf(bare.ofType, name)];
  if (isEnumType(bare)) return bare.getValues()[0]?.name;
  if (isInputObjectType(bare)) {
    const fields = Object.values(bare.getFields());
    const given = bare.isOneOf ? fields.slice(0, 1) : fields.filter(isRequiredInputField);
    return Object.fromEntries(given.map((field) => [field.name, sampleOf(field.type, field.name)]));
  }
  switch (getNamedType(bare).name) {
    case 'Int':
    case 'Float':
      return 1;
    case 'Boolean':
      return true;
    case 'DateTime':
      return '2026-01-01T00:00:00.000Z';
    case 'JSONObject':
      return {};
    default:
      return /email/i.test(name) ? 'somebody@x.example' : 'abc';
  }
}

/** The arguments of a field, with another value in one place. What is missing on the way there is made up. */
export function withValueAt({ field }: Asked, base: Variables, { path }: Place, value: unknown): Variables {
  const args = Object.fromEntries(field.args.map((arg) => [arg.name, arg.type]));
  const put = (type: GraphQLInputType | undefined, present: unknown, rest: readonly string[]): unknown => {
    const [step, ...further] = rest;
    if (step === undefined) return value;
    const bare = isNonNullType(type) ? type.ofType : type;
    if (isListType(bare)) {
      const [first, ...others] = Array.isArray(present) ? present : [];
      return [put(bare.ofType, first, further), ...others];
    }
    const fields = isInputObjectType(bare) ? bare.getFields() : {};
    const isChoice = isInputObjectType(bare) && (bare.isOneOf || /Identifier(Input)?$/.test(bare.name));
    const isObject = typeof present === 'object' && present !== null && !Array.isArray(present);
    const others = isChoice ? {} : isObject ? present : bare ? (sampleOf(bare, step) as object) : {};
    const before = isObject ? (present as Variables)[step] : undefined;
    return { ...others, [step]: put(fields[step]?.type, before, further) };
  };
  const [first = '', ...rest] = path;
  return { ...base, [first]: put(args[first], base[first], rest) };
}
