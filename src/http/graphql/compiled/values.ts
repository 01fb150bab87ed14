import {
  defaultFieldResolver,
  defaultTypeResolver,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql';
import { type AskedField, askedFields } from '../../../graphql/shared/selections.ts';
import { executeFields } from './fields.ts';
import { listOf } from './lists.ts';
import { type CompiledField, isPromiseLike, type Run, type Slot } from './run.ts';

type Complete = Slot['complete'];

/** Compiles the fields that selections ask of an object of a type. Those below them are compiled when they are first met. */
export function compileFields(
  { operation, variables }: Run,
  type: GraphQLObjectType,
  selections: readonly SelectionSetNode[],
): CompiledField[] {
  const asked = askedFields(operation, variables, type, selections);
  operation.compiledFields += asked.length;
  return asked.map((field) => {
    const { type, resolve = defaultFieldResolver } = field.definition;
    return { ...field, type, resolve, complete: completerOf(type, field), isLeaf: isLeafType(getNullableType(type)) };
  });
}

/*
 * The messages are GraphQL's, but that none quotes the value that it is about: it may be anybody's.
 */

/** Returns how the values of a field are completed, whose type, or a part of it, this is. */
function completerOf(type: GraphQLOutputType, field: AskedField): Complete {
  if (isNonNullType(type)) return required(completerOf(type.ofType, field));
  const present = presentOf(type, field);
  return (run, info, path, value) => {
    if (value instanceof Error) throw value;
    return value === null || value === undefined ? null : present(run, info, path, value);
  };
}

function required(nullable: Complete): Complete {
  return (run, info, path, value) => {
    const completed = nullable(run, info, path, value);
    if (completed !== null) return completed;
    throw new Error(`Cannot return null for non-nullable field ${info.parentType}.${info.fieldName}.`);
  };
}

function presentOf(type: GraphQLOutputType, field: AskedField): Complete {
  if (isListType(type)) {
    return listOf({ nodes: field.nodes, type: type.ofType, complete: completerOf(type.ofType, field) });
  }
  if (isLeafType(type)) return leafOf(type);
  if (isAbstractType(type)) return abstractOf(type, field);
  if (isObjectType(type)) return objectOf(type, field);
  throw new Error(`Nothing of the type ${type} can be answered.`);
}

function leafOf(type: GraphQLLeafType): Complete {
  return (_run, _info, _path, value) => {
    const answered = type.coerceOutputValue(value);
    if (answered === null || answered === undefined) throw new Error(`${type} cannot represent a value.`);
    return answered;
  };
}

function objectOf(type: GraphQLObjectType, { nodes }: AskedField): Complete {
  let fields: CompiledField[] | undefined;

  const complete: Complete = (run, _info, path, value) => {
    fields ??= compileFields(
      run,
      type,
      nodes.flatMap(({ selectionSet = [] }) => selectionSet),
    );
    return executeFields(run, fields, value, path);
  };
  const isTypeOf = type.isTypeOf?.bind(type);
  if (!isTypeOf) return complete;

  function requireType(is: boolean): void {
    if (!is) throw new GraphQLError(`Expected value of type "${type}".`, { nodes });
  }
  return (run, info, path, value) => {
    const is = isTypeOf(value, run.context, info);
    if (!isPromiseLike(is)) {
      requireType(is);
      return complete(run, info, path, value);
    }
    return is.then((resolved) => {
      run.requireUnfinished();
      requireType(resolved);
      return complete(run, info, path, value);
    });
  };
}

function abstractOf(type: GraphQLAbstractType, field: AskedField): Complete {
  const completers = new Map<unknown, Complete>();
  const resolveType = type.resolveType ?? defaultTypeResolver;

  function completerFor(name: unknown, info: GraphQLResolveInfo): Complete {
    const known = completers.get(name);
    if (known) return known;
    const complete = objectOf(objectTypeOf(type, name, field, info), field);
    completers.set(name, complete);
    return complete;
  }
  return (run, info, path, value) => {
    const name = resolveType(value, run.context, info, type);
    if (!isPromiseLike(name)) return completerFor(name, info)(run, info, path, value);
    return name.then((resolved) => {
      run.requireUnfinished();
      return completerFor(resolved, info)(run, info, path, value);
    });
  };
}

/** Returns the object type that a value of an abstract type was said to be of. */
function objectTypeOf(
  abstract: GraphQLAbstractType,
  name: unknown,
  { nodes }: AskedField,
  { schema, parentType, fieldName }: GraphQLResolveInfo,
): GraphQLObjectType {
  if (name === null || name === undefined) {
    throw new GraphQLError(
      `Abstract type "${abstract}" must resolve to an Object type at runtime for field "${parentType}.${fieldName}". Either the "${abstract}" type should provide a "resolveType" function or each possible type should provide an "isTypeOf" function.`,
      { nodes },
    );
  }
  if (typeof name !== 'string') {
    throw new GraphQLError(
      `Abstract type "${abstract}" must resolve to an Object type at runtime for field "${parentType}.${fieldName}".`,
    );
  }
  const type = schema.getType(name);
  if (!type) {
    throw new GraphQLError(
      `Abstract type "${abstract}" was resolved to a type "${name}" that does not exist inside the schema.`,
      { nodes },
    );
  }
  if (!isObjectType(type)) {
    throw new GraphQLError(`Abstract type "${abstract}" was resolved to a non-object type "${name}".`, { nodes });
  }
  if (!schema.isSubType(abstract, type)) {
    throw new GraphQLError(`Runtime Object type "${type}" is not a possible type for "${abstract}".`, { nodes });
  }
  return type;
}
