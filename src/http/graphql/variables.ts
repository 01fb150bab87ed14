import {
  coerceInputValue,
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  type GraphQLType,
  getNullableType,
  getOperationAST,
  getVariableValues,
  isInputObjectType,
  isInputType,
  isListType,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql';
import { MAX_ERRORS_OF_A_KIND } from './limits.ts';

/*
 * GraphQL quotes the whole value in every message about a part of it, and looks for similar names of whatever is sent. So
 * it is asked for messages only about a value cut down to what can show in them.
 */

/** How much of a text or a name can show in a message. */
const MAX_SHOWN_CHARACTERS = 100;
/** How many items of a list, and how many fields that a type does not have, are looked at for messages. */
const MAX_SHOWN_PARTS = MAX_ERRORS_OF_A_KIND + 1;
/** GraphQL shows what stands in three objects or lists, and no further. */
const MAX_SHOWN_DEPTH = 3;

/** Returns the first errors of the variables of an operation; none if all of them are as it declares them. */
export function variableErrors(
  schema: GraphQLSchema,
  { document, operationName, variableValues }: ExecutionArgs,
): readonly GraphQLError[] {
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  const given = variableValues ?? {};
  const wrong = definitions.filter((definition) => !isGood(schema, definition, given));
  if (wrong.length === 0) return [];
  const shown = Object.fromEntries(
    wrong
      .filter(({ variable: { name } }) => Object.hasOwn(given, name.value))
      .map(({ variable: { name }, type }) => [name.value, cut(given[name.value], typeFromAST(schema, type))]),
  );
  const { errors = [] } = getVariableValues(schema, wrong, shown, { maxErrors: MAX_ERRORS_OF_A_KIND });
  const found = errors.length > 0 ? errors : wrong.map(badValue);
  return found.map(
    ({ message, nodes }) => new GraphQLError(message, { nodes, extensions: { code: 'BAD_USER_INPUT' } }),
  );
}

/** Whether a variable has a value of its type, or may be left out and is. */
function isGood(schema: GraphQLSchema, definition: VariableDefinitionNode, given: Record<string, unknown>): boolean {
  const name = definition.variable.name.value;
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  if (value === undefined && definition.defaultValue) return true;
  const type = typeFromAST(schema, definition.type);
  return isInputType(type) && coerceInputValue(value, type) !== undefined;
}

const badValue = (definition: VariableDefinitionNode) =>
  new GraphQLError(`Variable "$${definition.variable.name.value}" has an invalid value.`, { nodes: definition });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns a value of a type with nothing but what can show in messages. What is wrong with it stays so. */
function cut(value: unknown, type: GraphQLType | undefined): unknown {
  if (type === undefined) return cutAny(value);
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    return Array.isArray(value) ? value.map((item) => cut(item, nullable.ofType)) : cut(value, nullable.ofType);
  }
  if (!isInputObjectType(nullable) || !isObject(value)) return cutAny(value);
  const fields = nullable.getFields();
  const shown: [string, unknown][] = [];
  let unknownFields = 0;
  for (const [name, part] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field) shown.push([name, cut(part, field.type)]);
    else if (++unknownFields <= MAX_SHOWN_PARTS) shown.push([cutText(name), cutAny(part)]);
  }
  return Object.fromEntries(shown);
}

const cutText = (text: string): string => text.slice(0, MAX_SHOWN_CHARACTERS);

function cutAny(value: unknown, depth = MAX_SHOWN_DEPTH): unknown {
  if (typeof value === 'string') return cutText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return Array.isArray(value) ? [] : {};
  if (Array.isArray(value)) return value.slice(0, MAX_SHOWN_PARTS).map((item) => cutAny(item, depth - 1));
  const parts = Object.entries(value).slice(0, MAX_SHOWN_PARTS);
  return Object.fromEntries(parts.map(([name, part]) => [cutText(name), cutAny(part, depth - 1)]));
}
