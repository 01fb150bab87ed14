import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import { MAX_ALIASES, MAX_DIRECTIVES } from '../../src/http/graphql/limits.ts';
import type { Dice } from '../shared/dice.ts';
import type { Known } from './attackers.ts';
import { SHORT_TEXTS } from './nonsense.ts';

/** What is posted to a GraphQL API. */
export interface Posted {
  query: string;
  variables: Record<string, unknown>;
}

const MAX_LEVELS = 6;
const MAX_INPUT_LEVELS = 4;

/** In how many percent of all cases an argument is given that need not be: no page has a place that is made up. */
const OFTEN: Readonly<Record<string, number>> = { first: 50, last: 5, after: 3, before: 3 };

type Field = GraphQLField<unknown, unknown>;

/** A document that is valid by this schema, with values that mostly make sense, and about records that there are. */
export function randomDocument(schema: GraphQLSchema, dice: Dice, known: Known): Posted {
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];
  const fragments: string[] = [];
  /** Of each name in an answer: the type behind it, which must be the same wherever fields may be merged. */
  const answered = new Map<string, string>();
  let aliases = 0;
  let directives = 0;

  const values = valuesOf(dice, known);

  function given(argument: GraphQLArgument, field: string): string {
    const value = values(argument.type, `${field}.${argument.name}`);
    if (dice.happens(40)) return `${argument.name}: ${literal(argument.type, value)}`;
    const name = `v${declared.length}`;
    declared.push(`$${name}: ${argument.type}`);
    variables[name] = value;
    return `${argument.name}: $${name}`;
  }

  function directive(): string {
    if (directives === MAX_DIRECTIVES || !dice.happens(5)) return '';
    directives += 1;
    return dice.one([' @include(if: true)', ' @skip(if: false)', ' @skip(if: true)']);
  }

  function fieldOf(field: Field, levels: number): string {
    const args = field.args
      .filter((argument) => isRequiredArgument(argument) || dice.happens(OFTEN[argument.name] ?? 30))
      .map((argument) => given(argument, field.name));
    const type = String(field.type);
    const isTaken = (answered.get(field.name) ?? type) !== type;
    const needsAlias = args.length > 0 || isTaken;
    if (needsAlias && aliases === MAX_ALIASES) return '__typename';
    const isAliased = needsAlias || (aliases < MAX_ALIASES && dice.happens(5));
    if (isAliased) aliases += 1;
    else answered.set(field.name, type);
    const name = isAliased ? `a${aliases}: ${field.name}` : field.name;
    const below = isCompositeType(getNamedType(field.type)) ? ` ${selectionOf(getNamedType(field.type), levels)}` : '';
    return `${name}${args.length > 0 ? `(${args.join(', ')})` : ''}${directive()}${below}`;
  }

  function selectionOf(type: GraphQLNamedType, levels: number): string {
    const parts = isAbstractType(type) ? ['__typename', ...narrowed(type, levels)] : [];
    if (isObjectType(type) || isInterfaceType(type)) parts.push(...fieldsOf(type, levels));
    const selection = `{ ${parts.length > 0 ? parts.join(' ') : '__typename'} }`;
    if (!isObjectType(type) || !dice.happens(10)) return selection;
    const name = `F${fragments.length}`;
    fragments.push(`fragment ${name} on ${type.name} ${selection}`);
    return `{ ...${name} }`;
  }

  function narrowed(type: GraphQLNamedType, levels: number): string[] {
    if (!isAbstractType(type) || levels === 0) return [];
    return dice
      .some(schema.getPossibleTypes(type), 2)
      .map((possible) => `... on ${possible.name}${directive()} ${selectionOf(possible, levels - 1)}`);
  }

  function fieldsOf(type: GraphQLNamedType, levels: number): string[] {
    if (!isObjectType(type) && !isInterfaceType(type)) return [];
    const fields = Object.values(type.getFields());
    const isLeaf = ({ type: answer }: Field) => isLeafType(getNamedType(answer));
    const leaves = dice.some(fields.filter(isLeaf), 5);
    const composites =
      levels === 0
        ? []
        : dice.some(
            fields.filter((field) => !isLeaf(field)),
            2,
          );
    return [...leaves, ...composites].map((field) => fieldOf(field, levels - 1));
  }

  const isMutation = dice.happens(25);
  const root = isMutation ? schema.getMutationType() : schema.getQueryType();
  if (!root) throw new Error('Every API has queries and mutations');
  const count = isMutation ? 1 : 1 + dice.below(3);
  const fields = Array.from({ length: count }, () => fieldOf(dice.one(Object.values(root.getFields())), MAX_LEVELS));
  const head = declared.length > 0 ? `(${declared.join(', ')})` : '';
  const operation = `${isMutation ? 'mutation' : 'query'} Random${head} { ${fields.join(' ')} }`;
  return { query: [operation, ...fragments].join('\n'), variables };
}

const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Makes values of an input type as JSON, which make sense but for a few. */
function valuesOf(dice: Dice, { tenants, customers, users }: Known) {
  const everything = [...tenants, ...customers, ...users];
  /** A name of what the input is about, by the last word in its path that says so. */
  const named = (path: string): string => {
    const [about] =
      path
        .toLowerCase()
        .match(/tenant|customer|user/g)
        ?.slice(-1) ?? [];
    if (about === undefined || dice.happens(10)) return dice.one(everything);
    return dice.one(about === 'tenant' ? tenants : about === 'customer' ? customers : users);
  };
  const text = (path: string): string => {
    if (dice.happens(10)) return dice.one(SHORT_TEXTS);
    if (/id$|name$/i.test(path) && dice.happens(60)) return named(path);
    if (/email/i.test(path)) return `${dice.below(2 ** 30).toString(36)}@x.example`;
    if (/url/i.test(path)) return `https://x.example/${dice.below(100)}`;
    return dice.happens(50) ? named(path) : `Word ${dice.below(1000)}`;
  };
  const moment = () => new Date(Date.now() + (dice.below(2000) - 1000) * DAY_MILLISECONDS).toISOString();
  const SCALARS: Record<string, (path: string) => unknown> = {
    ID: (path) => (dice.happens(10) ? dice.one(SHORT_TEXTS) : named(path)),
    String: text,
    Int: () => (dice.happens(10) ? dice.one([-1, 0, 101, 2 ** 31 - 1, -(2 ** 31)]) : 1 + dice.below(5)),
    Float: () => dice.one([0, -1.5, 1e21, 3]),
    Boolean: () => dice.happens(50),
    DateTime: moment,
    JSONObject: () => ({ a: [1, { b: null }], 'c d': 'e' }),
  };

  return function value(type: GraphQLInputType, path: string, levels = MAX_INPUT_LEVELS): unknown {
    if (!isNonNullType(type) && dice.happens(5)) return null;
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      return Array.from({ length: dice.below(4) }, () => value(nullable.ofType, path, levels));
    }
    if (isEnumType(nullable)) return dice.one(nullable.getValues()).name;
    if (!isInputObjectType(nullable)) return (SCALARS[nullable.name] ?? text)(path);
    const fields = Object.values(nullable.getFields());
    if (nullable.isOneOf) {
      const field = dice.one(fields);
      const given = value(field.type, `${path}.${field.name}`, levels - 1);
      return { [field.name]: given ?? named(path) };
    }
    const some = fields.filter((field) => isRequiredInputField(field) || (levels > 0 && dice.happens(30)));
    return Object.fromEntries(
      some.map((field) => [field.name, value(field.type, `${path}.${field.name}`, levels - 1)]),
    );
  };
}

/** A value as it stands in a document. */
function literal(type: GraphQLInputType, value: unknown): string {
  const nullable = getNullableType(type);
  if (value === null) return 'null';
  if (isListType(nullable) && Array.isArray(value)) {
    return `[${value.map((item) => literal(nullable.ofType, item)).join(', ')}]`;
  }
  if (isEnumType(nullable)) return String(value);
  if (isInputObjectType(nullable) && typeof value === 'object' && value !== null) {
    const fields = nullable.getFields();
    const parts = Object.entries(value).map(([name, part]) => {
      const field = fields[name];
      return `${name}: ${field ? literal(field.type, part) : JSON.stringify(part)}`;
    });
    return `{ ${parts.join(', ')} }`;
  }
  return scalarLiteral(value);
}

function scalarLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(scalarLiteral).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // What is no name cannot be one of a literal.
  const named = Object.entries(value).filter(([name]) => /^\w+$/.test(name));
  return `{ ${named.map(([name, part]) => `${name}: ${scalarLiteral(part)}`).join(', ')} }`;
}

const TOKEN = /[A-Za-z_]\w*|"(?:[^"\\]|\\.)*"|\.\.\.|-?\d+(?:\.\d+)?|\S/gu;
/** What may come to stand anywhere. */
const STRANGERS = [
  '{',
  '}',
  '(',
  ')',
  '...',
  '@',
  '$',
  ':',
  '!',
  '[',
  '"',
  '"""',
  '#',
  '\u0000',
  '€',
  'on',
  'null',
  '1e9',
];

type Mutation = (tokens: string[], at: number, dice: Dice) => void;

const MUTATIONS: readonly Mutation[] = [
  (tokens, at) => void tokens.splice(at, 1),
  (tokens, at) => void tokens.splice(at, 0, tokens[at] ?? ''),
  (tokens, at) => void tokens.splice(at, 2, tokens[at + 1] ?? '', tokens[at] ?? ''),
  (tokens, at, dice) => void tokens.splice(at, 1, dice.one(tokens)),
  (tokens, at, dice) => void tokens.splice(at, 1, `${tokens[at]}${dice.one(['x', '_', '1', 's', 'é'])}`),
  (tokens, at, dice) => void tokens.splice(at, 0, dice.one(STRANGERS)),
  (tokens, at, dice) => void tokens.splice(at, 1, JSON.stringify(dice.one(SHORT_TEXTS))),
  (tokens, at) => void tokens.splice(at),
];

/** Values of every type, of which at least all but one are wrong. */
const WRONG: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  '',
  [],
  {},
  [[[]]],
  { a: { b: [] } },
  Number.MAX_SAFE_INTEGER,
];

/** The same with one to three things wrong: a token deleted, doubled, swapped, renamed, or a variable of another type. */
export function broken({ query, variables }: Posted, dice: Dice): Posted {
  const tokens = query.match(TOKEN) ?? [];
  const changed = { ...variables };
  for (let left = 1 + dice.below(3); left > 0 && tokens.length > 0; left -= 1) {
    const names = Object.keys(changed);
    if (names.length === 0 || dice.happens(70)) dice.one(MUTATIONS)(tokens, dice.below(tokens.length), dice);
    else changed[dice.one(names)] = dice.one([...WRONG, ...SHORT_TEXTS]);
  }
  return { query: tokens.join(' '), variables: changed };
}
