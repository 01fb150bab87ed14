import { initContextCache } from '@pothos/core';
import {
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
} from 'graphql';
import type { ChangedRecord } from '../../directory/access/repeatable.ts';
import type { Caller } from '../../directory/access/viewer.ts';
import { IdempotencyKeyReusedError } from '../../directory/kernel/repetition-errors.ts';
import { isJson } from '../shared/body.ts';
import type { Failure, ShownError } from '../shared/failures.ts';
import { hashOfRequest, KEY_PROBLEM, keyOf } from '../shared/idempotency-key.ts';
import { type Asked, answerOf, shownOf } from './answer.ts';
import { documentCache, documentValidation } from './documents.ts';
import { withFailedPayloads } from './failed-payloads.ts';
import { costError, lengthError } from './limits.ts';
import { nothingMutated, tellMutationsTheirField } from './mutation-fields.ts';
import { preflight } from './mutation-preflight.ts';
import { type Parameters, postedParameters, searchedParameters, searchProblem } from './parameters.ts';
import { variableErrors } from './variables.ts';

/** The context of resolvers: the caller, and the id of the request. */
export interface GraphQLContext extends Caller {
  /** The id under which failures of this request are logged. */
  requestId: string;
}

/** A GraphQL API: that of Tenantry itself, or a dialect. */
export interface GraphQLApi {
  /** Returns the schema, which it builds at the first call. */
  schema: () => Promise<GraphQLSchema>;
  /** Answers a request that fails before GraphQL is asked. */
  failure: Failure;
  /** Rewrites each error of GraphQL's answer in the format of the API. */
  spelled: (error: ShownError) => ShownError;
  /** What an operation may cost: as much as at Tenantry's own API, if not given. */
  maxCost?: number;
  /** The types of operations whose answer has no data if it has any error. By default every answer may be partial. */
  allOrNothing?: readonly `${OperationTypeNode}`[];
  /**
   * Returns the payload of a mutation that says that it, or the answer to it, has failed: for an API whose clients take an
   * answer with any error for one that was not done.
   */
  failedPayload?: (error: ShownError) => unknown;
  /** Spells the id of a record, as errors name it. Global ids, if not given. */
  idOf?: (record: ChangedRecord) => string;
}

/** A function that answers a GraphQL request. The body is null for a GET. */
export type AnswerGraphQL = (
  request: Request,
  body: Uint8Array<ArrayBuffer> | null,
  context: GraphQLContext,
) => Promise<Response>;

/** What GraphQL knows of a request: the caller, the document once it is parsed, and what its mutations have done. */
type Context = GraphQLContext & Asked;

/** Answers a request of one API. */
type Engine = (parameters: Parameters, context: Context, method: string) => Promise<ExecutionResult>;

/** Returns what answers the requests of an API. To be made once per isolate: it keeps the documents that it has parsed. */
function engineOf(schema: GraphQLSchema, api: GraphQLApi): Engine {
  const parseOnce = documentCache();
  const validate = documentValidation();
  tellMutationsTheirField(schema);
  return async (parameters, context, method) => {
    const { query, operationName, variables = {} } = parameters;
    context.params = parameters;
    const document = parseOnce(query);
    const operation = getOperationAST(document, operationName);
    if (!operation) throw NO_OPERATION;
    if (operation.operation === 'mutation' && method === 'GET') throw MUTATION_BY_GET;
    context.document = document;
    const invalid = validate(schema, document, query);
    if (invalid.length > 0) return { errors: invalid };
    const args = { schema, document, operationName, variableValues: variables, contextValue: context };
    const refusal = refusalOf(args, operation, api);
    if (refusal) return refusal;
    return settled(await run(args, operation, api), args, operation, api);
  };
}

const NO_OPERATION = new GraphQLError('Could not determine what operation to execute.', {
  extensions: { code: 'OPERATION_RESOLUTION_FAILURE', http: { status: 400 } },
});
const MUTATION_BY_GET = new GraphQLError('Can only perform a mutation operation from a POST request.', {
  extensions: { code: 'BAD_REQUEST', http: { status: 405, headers: { allow: 'POST' } } },
});

/** A valid document with its variables, and by whom it is asked. */
interface Execution extends ExecutionArgs {
  contextValue: Context;
}

/** Whether the answer to an operation has no data if it has any error. */
const isWhole = ({ allOrNothing = [] }: GraphQLApi, { operation }: OperationDefinitionNode): boolean =>
  allOrNothing.some((name) => name === operation);

/** Returns the answer to what is not executed at all: it costs too much, or may not be asked; null if it may go on. */
function refusalOf(args: Execution, operation: OperationDefinitionNode, api: GraphQLApi): ExecutionResult | null {
  const { schema, contextValue: context } = args;
  const error = costError(schema, args, api.maxCost);
  const errors = error ? [error] : variableErrors(schema, args);
  if (errors.length > 0) return { errors };
  if (operation.operation !== 'mutation') return null;
  const forbidden = preflight(schema, args, { viewer: context.viewer, isWhole: isWhole(api, operation) });
  if (forbidden) {
    return { data: null, errors: [new GraphQLError(forbidden.message, { originalError: forbidden })] };
  }
  const problem = prepareMutation(context, operation);
  return problem && { errors: [problem] };
}

/** Executes the operation. */
async function run(args: Execution, { operation }: OperationDefinitionNode, api: GraphQLApi): Promise<ExecutionResult> {
  const { failedPayload } = api;
  if (operation !== 'mutation' || !failedPayload) return execute(args);
  const { mutated, requestId } = args.contextValue;
  const shown = (error: GraphQLError) => shownOf(error, { mutated, requestId }, api);
  return withFailedPayloads(execute, args, mutated, { shown, payloadOf: failedPayload });
}

/** Returns what is answered of a result: nothing but the error of what makes the whole of it wrong. */
function settled(
  result: ExecutionResult,
  args: Execution,
  operation: OperationDefinitionNode,
  api: GraphQLApi,
): ExecutionResult {
  const { data, errors } = result;
  const reused = errors?.find(({ originalError }) => originalError instanceof IdempotencyKeyReusedError);
  if (reused) return { errors: [reused] };
  const tooLong = lengthError(args, data);
  if (tooLong) return { ...(isWhole(api, operation) && { data: null }), errors: [tooLong] };
  return errors && isWhole(api, operation) ? { data: null, errors } : result;
}

/**
 * Prepares a request for a mutation: by its key it may be repeated, and what it may do more than once is foreseen. Returns
 * what is wrong with the key, if anything.
 */
function prepareMutation(context: Context, operation: OperationDefinitionNode): GraphQLError | null {
  if (mayHaveSeveralFields(operation)) context.db.writesAgain();
  const { key, path, params, mutated } = context;
  if (key === null) return null;
  if (key === undefined) return new GraphQLError(KEY_PROBLEM, { extensions: { code: 'BAD_REQUEST' } });
  const { query, operationName, variables } = params ?? {};
  mutated.repeatable = { key, requestHash: hashOfRequest(path, query, operationName, variables) };
  return null;
}

/** Whether an operation may ask for more than one field: a fragment may have any number. */
const mayHaveSeveralFields = (operation: OperationDefinitionNode): boolean =>
  operation.selectionSet.selections.length > 1 ||
  operation.selectionSet.selections.some(({ kind }) => kind !== Kind.FIELD);

const JSON_TYPE = 'application/json';
const GRAPHQL_RESPONSE_TYPE = 'application/graphql-response+json';

/**
 * Returns a function that serves an API as GraphQL over HTTP, by GET or by POST of JSON. It always answers JSON. Make
 * it once per isolate, because it keeps the schema and the caches of parsed and validated documents.
 */
export function graphQLEndpoint(api: GraphQLApi): AnswerGraphQL {
  const { failure } = api;
  let engine: Engine | undefined;
  return async (request, body, context) => {
    const { method, headers } = request;
    const { pathname, searchParams } = new URL(request.url);
    const problem = body === null ? searchProblem(searchParams) : undefined;
    if (problem) return failure(400, 'BAD_REQUEST', problem);
    if (body !== null && !isJson(request)) {
      return failure(415, 'BAD_REQUEST', 'GraphQL is posted as application/json.');
    }
    const type = headers.get('accept')?.includes(GRAPHQL_RESPONSE_TYPE) ? GRAPHQL_RESPONSE_TYPE : JSON_TYPE;
    const asked: Context = {
      ...context,
      // What is cached for a request is shared by all of its mutations, each of which has a context of its own.
      ...initContextCache(),
      path: pathname,
      key: keyOf(headers),
      mutated: nothingMutated(),
    };
    if (!engine) {
      const schema = await api.schema();
      // Another request may have made it meanwhile, which is not waited for: the runtime forbids that.
      engine ??= engineOf(schema, api);
    }
    try {
      const parameters = body === null ? searchedParameters(searchParams) : postedParameters(body);
      return answerOf(await engine(parameters, asked, method), asked, api, type);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return answerOf({ errors: [error] }, asked, api, type);
    }
  };
}
