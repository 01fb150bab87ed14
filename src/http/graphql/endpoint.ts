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

/** What resolvers are given, and the id under which this request's failures are logged. */
export interface GraphQLContext extends Caller {
  requestId: string;
}

/** An API in GraphQL: our own, or somebody else's that is documented. */
export interface GraphQLApi {
  /** Asked for at the first request, and never again. */
  schema: () => Promise<GraphQLSchema>;
  /** How it says that a request failed before GraphQL was asked. */
  failure: Failure;
  /** How it says the same of what GraphQL answers: the error as the caller sees it, with its HTTP status in `extensions.http`. */
  spelled: (error: GraphQLError) => GraphQLError;
  /** What an operation may cost: as much as at our own API, if not given. */
  maxCost?: number;
  /** The operations whose answer has no data if it has any error: never a part of it. None, if not given. */
  allOrNothing?: readonly `${OperationTypeNode}`[];
}

export type AnswerGraphQL = (
  request: Request,
  body: Uint8Array<ArrayBuffer> | null,
  context: GraphQLContext,
) => Promise<Response>;

/**
 * A request that is refused before anything is executed: with HTTP 400, unless GraphQL over HTTP has a better status,
 * whatever the caller accepts. Yoga would answer 200 to who accepts application/json.
 */
function refused({ message, nodes, source, positions, extensions }: GraphQLError, code: FailureCode): GraphQLError {
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
      if (!valid) setResult(result.map((error) => spelled(refused(error, 'GRAPHQL_VALIDATION_FAILED'))));
    };
  },
  onExecute: ({ args, setResultAndStopExecution }) => {
    const error = costError(schema, args, maxCost);
    if (error) return setResultAndStopExecution({ errors: [spelled(refused(error, 'BAD_USER_INPUT'))] });
    const { requestId, viewer } = args.contextValue;
    const operation = getOperationAST(args.document, args.operationName)?.operation;
    const isWhole = allOrNothing.some((name) => name === operation);
    const refusal = operation === 'mutation' ? preflight(schema, args, { viewer, isWhole }) : null;
    if (refusal) {
      const told = presentable(new GraphQLError(refusal.message, { originalError: refusal }), requestId);
      return setResultAndStopExecution({ data: null, errors: [spelled(told)] });
    }
    return {
      onExecuteDone: ({ result, setResult }) => {
        const { errors, ...rest } = result as ExecutionResult;
        const tooLong = lengthError(args, rest.data);
        if (tooLong) {
          setResult({ ...(isWhole && { data: null }), errors: [spelled(refused(tooLong, 'BAD_USER_INPUT'))] });
          return;
        }
        if (!errors) return;
        const shown = errors.slice(0, MAX_ERRORS).map((error) => spelled(presentable(error, requestId)));
        setResult({ ...rest, ...(isWhole && { data: null }), errors: shown });
      },
    };
  },
});

/** The id of the request in hand, for what Yoga reports without its context. */
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
        return error.path === undefined ? spelled(refused(error, 'BAD_REQUEST')) : error;
      },
    },
  });
}

const GRAPHQL_RESPONSE_TYPE = 'application/graphql-response+json';

/**
 * GraphQL over HTTP, by GET or by POST of JSON, and answered as JSON whatever else is accepted. Built once for each
 * isolate: the schema and the caches of parsed and validated documents outlive a request.
 */
export function graphQLEndpoint(api: GraphQLApi): AnswerGraphQL {
  const { failure } = api;
  let yoga: Promise<YogaServerInstance<GraphQLContext, object>> | undefined;
  return async (request, body, context) => {
    const { url, method, headers } = request;
    const problem = body === null ? unreadable(new URL(url).searchParams) : undefined;
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

/** Which of the parameters that must be JSON objects is none. */
function unreadable(parameters: URLSearchParams): string | undefined {
  const wrong = ['variables', 'extensions'].find((name) => {
    const text = parameters.get(name)?.trim() || 'null';
    return text !== 'null' && asJsonObject(text) === null;
  });
  return wrong && `The parameter ${wrong} is not a JSON object.`;
}
