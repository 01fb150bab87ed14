import { AsyncLocalStorage } from 'node:async_hooks';
import { type ExecutionResult, GraphQLError, parse } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Caller } from '../directory/viewer.ts';
import { schema } from '../graphql/schema.ts';
import { type FailureCode, failure, hidden, presentable } from './failures.ts';
import { asJsonObject, costError, documentLimits, isJson, MAX_TOKENS } from './limits.ts';

/** What resolvers are given, and the id under which this request's failures are logged. */
export interface GraphQLContext extends Caller {
  requestId: string;
}

/**
 * A request that is refused before anything is executed: with HTTP 400, unless GraphQL over HTTP has a better status,
 * whatever the caller accepts. Yoga would answer 200 to who accepts application/json.
 */
function refused({ message, nodes, source, positions, extensions }: GraphQLError, code: FailureCode): GraphQLError {
  const { http, originalError: _originalError, ...own } = extensions;
  const answered = { status: 400, ...(http as object | undefined), spec: false };
  return new GraphQLError(message, { nodes, source, positions, extensions: { code, ...own, http: answered } });
}

const guard: Plugin<GraphQLContext> = {
  onParse: ({ setParseFn }) => {
    setParseFn((source) => parse(source, { maxTokens: MAX_TOKENS }));
  },
  onValidate: ({ addValidationRule }) => {
    addValidationRule(documentLimits);
    return ({ valid, result, setResult }) => {
      if (!valid) setResult(result.map((error) => refused(error, 'GRAPHQL_VALIDATION_FAILED')));
    };
  },
  onExecute: ({ args, setResultAndStopExecution }) => {
    const error = costError(schema, args);
    if (error) setResultAndStopExecution({ errors: [refused(error, 'BAD_USER_INPUT')] });
    const { requestId } = args.contextValue;
    return {
      onExecuteDone: ({ result, setResult }) => {
        const { errors, ...rest } = result as ExecutionResult;
        if (errors) setResult({ ...rest, errors: errors.map((error) => presentable(error, requestId)) });
      },
    };
  },
};

/** The id of the request in hand, for what Yoga reports without its context. */
const requestIds = new AsyncLocalStorage<string>();

/** Built once for each isolate: the schema and the caches of parsed and validated documents outlive a request. */
const yoga = createYoga<GraphQLContext>({
  schema,
  graphqlEndpoint: '/graphql',
  landingPage: false,
  graphiql: false,
  cors: false,
  logging: false,
  batching: false,
  multipart: false,
  plugins: [guard],
  maskedErrors: {
    maskError: (error) => {
      if (!(error instanceof GraphQLError)) return hidden(error, requestIds.getStore() ?? 'unknown');
      return error.path === undefined ? refused(error, 'BAD_REQUEST') : error;
    },
  },
});

const GRAPHQL_RESPONSE_TYPE = 'application/graphql-response+json';

/** GraphQL over HTTP, by GET or by POST of JSON, and answered as JSON whatever else is accepted. */
export async function answerGraphQL(request: Request, body: Uint8Array<ArrayBuffer> | null, context: GraphQLContext) {
  const { url, method, headers } = request;
  const problem = body === null ? unreadable(new URL(url).searchParams) : undefined;
  if (problem) return failure(400, 'BAD_REQUEST', problem);
  if (body !== null && !isJson(request)) {
    return failure(415, 'BAD_REQUEST', 'GraphQL is posted as application/json.');
  }
  const accept = headers.get('accept')?.includes(GRAPHQL_RESPONSE_TYPE) ? GRAPHQL_RESPONSE_TYPE : 'application/json';
  const asked = new Request(url, { method, headers: { 'content-type': 'application/json', accept }, body });
  return requestIds.run(context.requestId, async () => yoga.fetch(asked, context));
}

/** Which of the parameters that must be JSON objects is none. */
function unreadable(parameters: URLSearchParams): string | undefined {
  const wrong = ['variables', 'extensions'].find((name) => {
    const text = parameters.get(name)?.trim() || 'null';
    return text !== 'null' && asJsonObject(text) === null;
  });
  return wrong && `The parameter ${wrong} is not a JSON object.`;
}
