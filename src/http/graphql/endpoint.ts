import { initContextCache } from '@pothos/core';
import {
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
} from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { ChangedRecord } from '../../directory/access/repeatable.ts';
import type { Caller } from '../../directory/access/viewer.ts';
import { IdempotencyKeyReusedError } from '../../directory/kernel/repetition-errors.ts';
import { asJsonObject, isJson } from '../shared/body.ts';
import type { Failure, ShownError } from '../shared/failures.ts';
import { hashOfRequest, KEY_PROBLEM, keyOf } from '../shared/idempotency-key.ts';
import { type Asked, answerOf, shownOf } from './answer.ts';
import { compiledExecution, type Execute } from './compiled/execution.ts';
import { documentCaches, documentValidation, parseDocument, requireShort } from './documents.ts';
import { withFailedPayloads } from './failed-payloads.ts';
import { costError, withinLength } from './limits.ts';
import { nothingMutated, tellMutationsTheirField } from './mutation-fields.ts';
import { preflight } from './mutation-preflight.ts';
import { variableErrors } from './variables.ts';

/** The context of resolvers: the caller, and the id of the request. */
export interface GraphQLContext extends Caller {
  /** The id under which failures of this request are logged. */
  requestId: string;
}

/** A GraphQL API: that of Tenantry itself, or a dialect. */
export interface GraphQLApi {
  /** Builds the schema. It is called once, at the first request. */
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

function guard(schema: GraphQLSchema, api: GraphQLApi): Plugin<Context, Context> {
  const { maxCost, allOrNothing = [], failedPayload } = api;
  const validate = documentValidation();
  const executeCompiled = compiledExecution();
  tellMutationsTheirField(schema);
  return {
    onParams: ({ params }) => requireShort(params.query),
    onParse: ({ setParseFn }) => {
      setParseFn(parseDocument);
    },
    onValidate: ({ params: { documentAST }, context, extendContext, setResult }) => {
      extendContext({ document: documentAST });
      setResult(validate(schema, documentAST, context.params?.query ?? ''));
    },
    onExecute: ({ args, executeFn, setExecuteFn, setResultAndStopExecution }) => {
      const error = costError(schema, args, maxCost);
      const errors = error ? [error] : variableErrors(schema, args);
      if (errors.length > 0) return setResultAndStopExecution({ errors });
      const { viewer } = args.contextValue;
      const asked = getOperationAST(args.document, args.operationName);
      const operation = asked?.operation;
      const isWhole = allOrNothing.some((name) => name === operation);
      const forbidden = operation === 'mutation' ? preflight(schema, args, { viewer, isWhole }) : null;
      if (forbidden) {
        const shown = new GraphQLError(forbidden.message, { originalError: forbidden });
        return setResultAndStopExecution({ data: null, errors: [shown] });
      }
      if (asked?.operation === 'mutation') {
        const problem = prepareMutation(args.contextValue, asked);
        if (problem) return setResultAndStopExecution({ errors: [problem] });
      }
      const { mutated, requestId } = args.contextValue;
      const execute: Execute = async (given) => withinLength(await executeCompiled(given, executeFn), mutated);
      setExecuteFn(execute);
      if (operation === 'mutation' && failedPayload) {
        const shown = (error: GraphQLError) => shownOf(error, { mutated, requestId }, api);
        setExecuteFn((given) => withFailedPayloads(execute, given, mutated, { shown, payloadOf: failedPayload }));
      }
      return {
        onExecuteDone: ({ result, setResult }) => {
          const { errors } = result as ExecutionResult;
          const reused = errors?.find(({ originalError }) => originalError instanceof IdempotencyKeyReusedError);
          if (reused) return setResult({ errors: [reused] });
          if (errors && isWhole) setResult({ data: null, errors });
        },
      };
    },
    onResultProcess: ({ request, serverContext, setResultProcessor }) => {
      const accepted = request.headers.get('accept') ?? JSON_TYPE;
      setResultProcessor((result) => answerOf(result as ExecutionResult, serverContext, api, accepted), accepted);
    },
  };
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

const PATH = '/graphql';

function yogaFor(schema: GraphQLSchema, api: GraphQLApi) {
  return createYoga<Context>({
    schema,
    graphqlEndpoint: PATH,
    landingPage: false,
    graphiql: false,
    cors: false,
    logging: false,
    batching: false,
    multipart: false,
    parserAndValidationCache: documentCaches(),
    plugins: [guard(schema, api)],
    // All errors are shown by `answerOf`, which masks what nobody may see.
    maskedErrors: false,
  });
}

const JSON_TYPE = 'application/json';
const GRAPHQL_RESPONSE_TYPE = 'application/graphql-response+json';

/**
 * Returns a function that serves an API as GraphQL over HTTP, by GET or by POST of JSON. It always answers JSON. Make
 * it once per isolate, because it keeps the schema and the caches of parsed and validated documents.
 */
export function graphQLEndpoint(api: GraphQLApi): AnswerGraphQL {
  const { failure } = api;
  let yoga: Promise<YogaServerInstance<Context, object>> | undefined;
  return async (request, body, context) => {
    const { url, method, headers } = request;
    const problem = body === null ? parameterProblem(new URL(url).searchParams) : undefined;
    if (problem) return failure(400, 'BAD_REQUEST', problem);
    if (body !== null && !isJson(request)) {
      return failure(415, 'BAD_REQUEST', 'GraphQL is posted as application/json.');
    }
    const accept = headers.get('accept')?.includes(GRAPHQL_RESPONSE_TYPE) ? GRAPHQL_RESPONSE_TYPE : JSON_TYPE;
    const at = Object.assign(new URL(url), { pathname: PATH });
    const asked = new Request(at, { method, headers: { 'content-type': JSON_TYPE, accept }, body });
    yoga ??= api.schema().then((schema) => yogaFor(schema, api));
    const { fetch } = await yoga;
    const { pathname } = new URL(url);
    return fetch(asked, {
      ...context,
      // What is cached for a request is shared by all of its mutations, each of which has a context of its own.
      ...initContextCache(),
      path: pathname,
      key: keyOf(headers),
      mutated: nothingMutated(),
    });
  };
}

/** Returns what is wrong with the parameters of a GET that must be JSON objects. */
function parameterProblem(parameters: URLSearchParams): string | undefined {
  const wrong = ['variables', 'extensions'].find((name) => {
    const text = parameters.get(name)?.trim() || 'null';
    return text !== 'null' && asJsonObject(text) === null;
  });
  return wrong && `The parameter ${wrong} is not a JSON object.`;
}
