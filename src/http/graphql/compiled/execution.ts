import {
  assertValidSchema,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  getOperationAST,
  getVariableValues,
  OperationTypeNode,
} from 'graphql';
import { executeFields, executeFieldsSerially } from './fields.ts';
import { type Operation, Run } from './run.ts';
import { type DocumentParts, fragmentsOf, partsOf } from './selections.ts';
import { compileFields } from './values.ts';

/*
 * Executes operations as `execute` of GraphQL does, and with the same answers. What is the same for all values of a field is
 * done once: an operation is compiled into functions, which are kept with its document.
 */

/** Whether operations are compiled. If not, all of them are left to the other function. */
const IS_COMPILING = true;

/** A function that executes an operation, such as `execute` of GraphQL. */
export type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

/** What is kept with a document. */
interface Kept {
  parts: DocumentParts;
  /** The operation of the document that was executed last, as far as it has been compiled. */
  last?: Operation | undefined;
}

/**
 * How many fields are kept compiled for each node of a document: what is asked of many types, or by a fragment in many places,
 * is compiled for each of them. What has more is compiled anew every time, so that nobody can fill the memory.
 */
const MAX_FIELDS_PER_NODE = 0.5;

const KNOWN_ARGUMENTS = ['schema', 'document', 'rootValue', 'contextValue', 'variableValues', 'operationName'];

const isKnown = (args: ExecutionArgs): boolean =>
  Object.entries(args).every(([name, value]) => KNOWN_ARGUMENTS.includes(name) || value === undefined);

/** How operations are executed. */
interface Executing {
  /** Whether a subscription is executed as a query is, once for each of its payloads. */
  isPayload?: true;
}

/**
 * Returns a function that executes operations in a compiled form. It leaves to another function, such as `execute`, what it
 * does not know: subscriptions but for their payloads, directives other than `@skip` and `@include`, arguments of `execute` that no API of ours
 * gives, and operations or variables that are wrong. What it compiles is kept as long as the document is.
 */
export function compiledExecution(): (args: ExecutionArgs, otherwise: Execute, how?: Executing) => ReturnType<Execute> {
  const documents = new WeakMap<DocumentNode, Kept>();

  return (args, otherwise, how = {}) => {
    if (!IS_COMPILING || !isKnown(args)) return otherwise(args);
    const { document } = args;
    const kept = documents.get(document) ?? { parts: partsOf(document) };
    documents.set(document, kept);
    const run = kept.parts.isForeign ? null : runOf(args, kept, how);
    return run ? execute(run, kept) : otherwise(args);
  };
}

/** Returns a run of the operation, or null if the operation or its variables are not good. */
function runOf(args: ExecutionArgs, { parts, last }: Kept, { isPayload }: Executing): Run | null {
  const { schema, document, operationName, variableValues } = args;
  assertValidSchema(schema);
  const node = getOperationAST(document, operationName);
  const rootType = node && schema.getRootType(node.operation);
  if (!rootType || (node.operation === OperationTypeNode.SUBSCRIPTION && !isPayload)) return null;
  const { variableValues: variables } = getVariableValues(schema, node.variableDefinitions ?? [], variableValues ?? {});
  if (!variables) return null;
  const conditions = parts.conditions.map((name) => variables.coerced[name]).join();
  const isLast = last?.schema === schema && last.node === node && last.conditions === conditions;
  const fragments = last?.fragments ?? fragmentsOf(document);
  const operation = isLast ? last : { schema, node, rootType, fragments, conditions, compiledFields: 0 };
  return new Run(operation, variables, args);
}

function execute(run: Run, kept: Kept): ReturnType<Execute> {
  const { operation, root } = run;
  try {
    operation.fields ??= compileFields(run, operation.rootType, [operation.node.selectionSet]);
    const isMutation = operation.node.operation === OperationTypeNode.MUTATION;
    const data = isMutation
      ? executeFieldsSerially(run, operation.fields, root)
      : executeFields(run, operation.fields, root, undefined);
    if (!(data instanceof Promise)) return answerOf(run, kept, data);
    return data.then(
      (answered) => answerOf(run, kept, answered),
      (error) => failedAnswerOf(run, kept, error),
    );
  } catch (error) {
    return failedAnswerOf(run, kept, error);
  }
}

function answerOf(run: Run, kept: Kept, data: Record<string, unknown> | null): ExecutionResult {
  const { errors, operation } = run;
  run.finish();
  // Fields are compiled when they are first met, so it shows only now how many there are.
  const isSmall = operation.compiledFields <= MAX_FIELDS_PER_NODE * kept.parts.nodeCount;
  kept.last = isSmall ? operation : undefined;
  return errors.length > 0 ? { errors, data } : { data };
}

function failedAnswerOf(run: Run, kept: Kept, error: unknown): ExecutionResult {
  run.note(asGraphQLError(error), undefined);
  return answerOf(run, kept, null);
}

/** Returns an error of an answer that has failed as a whole. */
export function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const { message } = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(message, { originalError: error as Error });
}
