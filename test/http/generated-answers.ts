import {
  buildSchema,
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNullableType,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isObjectType,
  printSchema,
  responsePathAsArray,
} from 'graphql';
import { Dice } from '../shared/dice.ts';

/** What is answered for one document, and noted about it. */
export interface Case {
  seed: number;
  /** In how many of a thousand places something fails, is missing or is of a wrong kind. */
  faults: number;
  /** The places that resolvers were asked about, in this order, and with which arguments. */
  calls: string[];
}

/** An object of an answer: it says where it stands. */
interface Generated {
  key: string;
  [name: string]: unknown;
}

const hashOf = (text: string, seed: number): number => {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
};

/** The same place of the same case throws the same. */
const diceAt = (key: string, { seed }: Case): Dice => {
  const dice = new Dice(hashOf(key, seed));
  for (let skipped = 0; skipped < 4; skipped += 1) dice.below(2);
  return dice;
};

const isFault = (dice: Dice, { faults }: Case): boolean => dice.below(1000) < faults;

async function later<Value>(value: Value, turns: number): Promise<Value> {
  for (let turn = 0; turn < turns; turn += 1) await null;
  return value;
}

/** A promise of another make, as some libraries have them. */
const thenable = (value: unknown): PromiseLike<unknown> => ({
  // biome-ignore lint/suspicious/noThenProperty: This is what it is about.
  then: (resolved, rejected) => Promise.resolve(value).then(resolved, rejected),
});

async function* asyncItems(items: readonly unknown[]): AsyncGenerator<unknown> {
  yield* items;
}

/** A value, at hand or not. */
function handedOver(value: unknown, dice: Dice): unknown {
  if (!dice.happens(25)) return value;
  return dice.happens(10) ? thenable(value) : later(value, dice.below(5));
}

/** What a resolver answers that fails, or that has nothing. */
function faulty(key: string, dice: Dice): unknown {
  const error = new Error(`Failed at ${key}`);
  return dice.one<() => unknown>([
    () => null,
    () => undefined,
    () => later(null, 2),
    () => error,
    () => later(error, dice.below(4)),
    () => later(null, dice.below(4)).then(() => Promise.reject(error)),
    () => {
      throw error;
    },
    () => {
      throw `A text at ${key}`;
    },
    // Of a kind that next to no type can be made of.
    () => Symbol.iterator,
  ])();
}

/**
 * Returns a schema with the types of another one, whose resolvers answer what chance has them: values, promises, nothing,
 * errors, lists with holes. The same is answered at the same place of the same case.
 */
export function generatedSchema(real: GraphQLSchema): GraphQLSchema {
  const schema = buildSchema(printSchema(real));

  function listOf(itemType: GraphQLOutputType, key: string, dice: Dice, context: Case): unknown {
    const items = Array.from({ length: dice.below(4) }, (_, index) => anyValue(itemType, `${key}.${index}`, context));
    // Nobody asks for those behind one with which the list has failed.
    for (const item of items) if (item instanceof Promise) item.catch(() => undefined);
    if (dice.happens(80)) return items;
    // GraphQL lets what fails in one of these go down as a rejection that nobody handles, when something else fails as well.
    const isAsync = context.faults === 0;
    return dice.one([() => new Set(items), () => items.values(), () => (isAsync ? asyncItems(items) : items)])();
  }

  /** A value that is good for a type. */
  function goodValue(type: GraphQLOutputType, key: string, dice: Dice, context: Case): unknown {
    const nullable = getNullableType(type);
    if (isListType(nullable)) return listOf(nullable.ofType, key, dice, context);
    if (isEnumType(nullable)) return dice.one(nullable.getValues()).name;
    if (isLeafType(nullable))
      return { Int: dice.below(9), Float: 0.5, Boolean: dice.happens(50) }[nullable.name] ?? key;
    return objectOf(isObjectType(nullable) ? [nullable] : schema.getPossibleTypes(nullable), key, dice, context);
  }

  /** An object, with what is asked of it where no resolver is. */
  function objectOf(types: readonly GraphQLObjectType[], key: string, dice: Dice, context: Case): Generated {
    const type = dice.one(types);
    const generated: Generated = { key, __typename: type.name };
    for (const field of Object.values(type.getFields())) {
      if (field.resolve) continue;
      const value = isLeafType(getNullableType(field.type)) && dice.happens(50);
      generated[field.name] = value
        ? goodValue(field.type, `${key}.${field.name}`, dice, context)
        : (args: unknown, given: Case, info: GraphQLResolveInfo) => answer(field)(generated, args, given, info);
    }
    return generated;
  }

  function anyValue(type: GraphQLOutputType, key: string, context: Case): unknown {
    const dice = diceAt(key, context);
    if (!isFault(dice, context)) return handedOver(goodValue(type, key, dice, context), dice);
    try {
      return faulty(key, dice);
    } catch (error) {
      return error;
    }
  }

  const answer =
    ({ type }: GraphQLField<unknown, unknown>): GraphQLFieldResolver<unknown, Case> =>
    (source, args, context, info) => {
      const { path, fieldName, parentType, fieldNodes, variableValues } = info;
      const key = responsePathAsArray(path).join('.');
      const about = `${parentType}.${fieldName} ${fieldNodes.length} ${Object.keys(variableValues.coerced).length}`;
      context.calls.push(`${key} ${about} of ${(source as Generated | undefined)?.key} ${JSON.stringify(args)}`);
      const dice = diceAt(key, context);
      return isFault(dice, context) ? faulty(key, dice) : handedOver(goodValue(type, key, dice, context), dice);
    };

  function typeNameOf(value: unknown, context: Case, { path }: GraphQLResolveInfo, type: GraphQLAbstractType): unknown {
    const { key = '', __typename } = (value ?? {}) as Partial<Generated>;
    const dice = diceAt(`${key} ${responsePathAsArray(path).join('.')} ${type}`, context);
    if (!isFault(dice, context)) return handedOver(__typename, dice);
    return dice.one([undefined, later(undefined, 1), 'Nobody', 'String', schema.getQueryType()?.name]);
  }

  const isRoot = (type: GraphQLObjectType) => type === schema.getQueryType() || type === schema.getMutationType();
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
  for (const [index, type] of types.entries()) {
    // Every third is left to what GraphQL does without being told.
    const isTold = index % 3 > 0;
    if (isAbstractType(type) && isTold) Object.assign(type, { resolveType: typeNameOf });
    if (!isObjectType(type)) continue;
    if (index % 4 === 0) {
      type.isTypeOf = (value, context: Case) => {
        const dice = diceAt(`${(value as Partial<Generated>).key} is ${type}`, context);
        return handedOver(!isFault(dice, context), dice) as boolean;
      };
    }
    for (const [at, field] of Object.values(type.getFields()).entries()) {
      if (isRoot(type) || (index + at) % 3 > 0) field.resolve = answer(field);
    }
  }
  return schema;
}
