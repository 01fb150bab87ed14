import { type ExecutionResult, GraphQLError, parse } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Caller } from '../directory/viewer.ts';
import { schema } from '../graphql/schema.ts';
import { type FailureCode, masked, presentable } from './failures.ts';
import { costError, documentLimits, MAX_TOKENS } from './limits.ts';

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

/** Built once for each isolate: the schema and the caches of parsed and validated documents outlive a request. */
const yoga = createYoga<GraphQLContext>({
  schema,
  graphqlEndpoint: '/graphql',
  landingPage: false,
  graphiql: false,
  cors: false,
  logging: false,
  batching: false,
  plugins: [guard],
  maskedErrors: {
    maskError: (error) => {
      if (error instanceof GraphQLError) return error.path === undefined ? refused(error, 'BAD_REQUEST') : error;
      return new GraphQLError(masked(error).message, { extensions: { code: masked(error).code } });
    },
  },
});

export const answerGraphQL = async (request: Request, context: GraphQLContext): Promise<Response> =>
  yoga.fetch(request, context);
