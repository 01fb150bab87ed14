import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { Variables } from '../../shared/gateway.ts';

/** A place in the arguments of a field where nothing has to be given. */
export interface Place {
  /** As the table of the dialect names it, or a type and its field. */
  operation: string;
  /** From the argument on, such as `input.url.value`; of what stands in a list, with `0` for the first of it. */
  path: string;
  /** The type that it is a field of; null for an argument. */
  parent: string | null;
  /** What is sent there for nothing, beside null: an empty string, list or object; undefined where there is no such thing. */
  empty: unknown;
}

/** Of what is read: fields with arguments by the type that they stand at. Mutations stand at the types that only keep them together. */
export interface PlacedField {
  type: string;
  field: GraphQLField<unknown, unknown>;
  places: readonly Place[];
}

function emptyOf(type: GraphQLInputType): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [];
  if (isInputObjectType(nullable)) {
    return Object.values(nullable.getFields()).some((field) => isNonNullType(field.type)) ? undefined : {};
  }
  return ['String', 'ID'].includes(String(nullable)) ? '' : undefined;
}

function placesBelow(
  operation: string,
  path: string,
  given: GraphQLArgument | GraphQLInputField,
  parent: string | null,
): Place[] {
  const own: Place[] = isNonNullType(given.type) ? [] : [{ operation, path, parent, empty: emptyOf(given.type) }];
  const named = getNamedType(given.type);
  if (!isInputObjectType(named)) return own;
  const inside = isListType(getNullableType(given.type)) ? `${path}.0` : path;
  return [
    ...own,
    ...Object.values(named.getFields()).flatMap((field) =>
      placesBelow(operation, `${inside}.${field.name}`, field, named.name),
    ),
  ];
}

const NAMESPACE = /Mutations$/;

/** Every field of a schema that takes arguments, with the places in them where nothing has to be given. */
export function fieldsWithArguments(schema: GraphQLSchema): PlacedField[] {
  const namespaces = new Map(
    Object.values(schema.getMutationType()?.getFields() ?? {}).map((field) => [
      getNamedType(field.type).name,
      field.name,
    ]),
  );
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type) =>
      Object.values(type.getFields())
        .filter(({ args }) => args.length > 0)
        .map((field) => {
          const namespace = NAMESPACE.test(type.name) ? namespaces.get(type.name) : undefined;
          const isRoot = type === schema.getQueryType() || type === schema.getMutationType();
          const operation = isRoot ? field.name : `${namespace ?? type.name}.${field.name}`;
          const places = field.args.flatMap((argument) => placesBelow(operation, argument.name, argument, null));
          return { type: type.name, field, places };
        }),
    );
}

/** What stands for a place that is left out. */
export const LEFT_OUT = Symbol('left out');

/** The variables with a value at a path, and all that it stands in; lists are made for what is first in them. */
export const withValue = (variables: Variables, path: string, value: unknown): Variables =>
  valueAt(variables, path.split('.'), value) as Variables;

function valueAt(holder: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value;
  if (step === '0') {
    const [first, ...others] = Array.isArray(holder) ? holder : [];
    return [valueAt(first, rest, value), ...others];
  }
  const object = typeof holder === 'object' && holder !== null ? holder : {};
  const { [step]: old, ...others } = object as Variables;
  if (rest.length === 0 && value === LEFT_OUT) return others;
  return { ...others, [step]: valueAt(old, rest, value) };
}
