import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationTypeNode,
  parse,
} from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Caller } from '../../directory/access/viewer.ts';
import { asJsonObject, isJson } from '../shared/body.ts';
import { type Failure, type FailureCode, hidden, presentable } from '../shared/failures.ts';
import { costError, documentLimits, lengthError, MAX_ERRORS, MAX_TOKENS } from './limits.ts';
import { preflight } from './mutation-preflight.ts';

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
  /** Rewrites each error of GraphQL's answer in the format of the API. The HTTP status is in `extensions.http`. */
  spelled: (error: GraphQLError) => GraphQLError;
  /** What an operation may cost: as much as at Tenantry's own API, if not given. */
  maxCost?: number;
  /** The types of operations whose answer has no data if it has any error. By default every answer may be partial. */
  allOrNothing?: readonly `${OperationTypeNode}`[];
}

/** A function that answers a GraphQL request. The body is null for a GET. */
export type AnswerGraphQL = (
  request: Request,
  body: Uint8Array<ArrayBuffer> | null,
  context: GraphQLContext,
) => Promise<Response>;

/**
 * Returns an error that fails the whole request: with HTTP 400, unless the error has its own status. Without this, Yoga
 * would answer 200 to clients that accept application/json.
 */
function requestError(
  { message, nodes, source, positions, extensions }: GraphQLError,
  code: FailureCode,
): GraphQLError {
  const { http, originalError: _originalError, ...own } = extensions;
  const answered = { status: 400, ...(http as object | undefined), spec: false };
  return new GraphQLError(message, { nodes, source, positions, extensions: { code, ...own, http: answered } });
}

const guard = (schema: GraphQLSchema, { spelled, maxCost, allOrNothing = [] }: GraphQLApi): Plugin<GraphQLContext> => ({
  onParse: ({ setParseFn }) => {
    setParseFn((source) => parse(source, { maxTokens: MAX_TOKENS }));
  },
  onValidate: ({ addValidationRule }) => {
    addValidationRule(documentLimits);
    return ({ valid, result, setResult }) => {
      if (!valid) setResult(result.map((error) => spelled(requestError(error, 'GRAPHQL_VALIDATION_FAILED'))));
    };
  },
  onExecute: ({ args, setResultAndStopExecution }) => {
    const error = costError(schema, args, maxCost);
    if (error) return setResultAndStopExecution({ errors: [spelled(requestError(error, 'BAD_USER_INPUT'))] });
    const { requestId, viewer } = args.contextValue;
    const operation = getOperationAST(args.document, args.operationName)?.operation;
    const isWhole = allOrNothing.some((name) => name === operation);
    const forbidden = operation === 'mutation' ? preflight(schema, args, { viewer, isWhole }) : null;
    if (forbidden) {
      const shown = presentable(new GraphQLError(forbidden.message, { originalError: forbidden }), requestId);
      return setResultAndStopExecution({ data: null, errors: [spelled(shown)] });
    }
    return {
      onExecuteDone: ({ result, setResult }) => {
        const { errors, ...rest } = result as ExecutionResult;
        const tooLong = lengthError(args, rest.data);
        if (tooLong) {
          setResult({ ...(isWhole && { data: null }), errors: [spelled(requestError(tooLong, 'BAD_USER_INPUT'))] });
          return;
        }
        if (!errors) return;
        const shown = errors.slice(0, MAX_ERRORS).map((error) => spelled(presentable(error, requestId)));
        setResult({ ...rest, ...(isWhole && { data: null }), errors: shown });
      },
    };
  },
});

/** The id of the current request, for errors that Yoga reports without the context. */
const requestIds = new AsyncLocalStorage<string>();

const PATH = '/graphql';

function yogaFor(schema: GraphQLSchema, api: GraphQLApi) {
  const { spelled } = api;
  return createYoga<GraphQLContext>({
    schema,
    graphqlEndpoint: PATH,
    landingPage: false,
    graphiql: false,
    cors: false,
    logging: false,
    batching: false,
    multipart: false,
    plugins: [guard(schema, api)],
    maskedErrors: {
      maskError: (error) => {
        if (!(error instanceof GraphQLError)) return spelled(hidden(error, requestIds.getStore() ?? 'unknown'));
        return error.path === undefined ? spelled(requestError(error, 'BAD_REQUEST')) : error;
      },
    },
  });
}

const GRAPHQL_RESPONSE_TYPE = 'application/graphql-response+json';

/**
 * Returns a function that serves an API as GraphQL over HTTP, by GET or by POST of JSON. It always answers JSON. Make
 * it once per isolate, because it keeps the schema and the caches of parsed and validated documents.
 */
export function graphQLEndpoint(api: GraphQLApi): AnswerGraphQL {
  const { failure } = api;
  let yoga: Promise<YogaServerInstance<GraphQLContext, object>> | undefined;
  return async (request, body, context) => {
    const { url, method, headers } = request;
    const problem = body === null ? parameterProblem(new URL(url).searchParams) : undefined;
    if (problem) return failure(400, 'BAD_REQUEST', problem);
    if (body !== null && !isJson(request)) {
      return failure(415, 'BAD_REQUEST', 'GraphQL is posted as application/json.');
    }
    const accept = headers.get('accept')?.includes(GRAPHQL_RESPONSE_TYPE) ? GRAPHQL_RESPONSE_TYPE : 'application/json';
    const at = Object.assign(new URL(url), { pathname: PATH });
    const asked = new Request(at, { method, headers: { 'content-type': 'application/json', accept }, body });
    yoga ??= api.schema().then((schema) => yogaFor(schema, api));
    const { fetch } = await yoga;
    return requestIds.run(context.requestId, async () => fetch(asked, context));
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
