import { initContextCache } from '@pothos/core';
import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema, getOperationAST } from 'graphql';
import { createYoga, type GraphQLParams, type Plugin } from 'graphql-yoga';
import type { Following } from '../../graphql/events/following.ts';
import { keyOf } from '../shared/idempotency-key.ts';
import { urlOf } from '../shared/url.ts';
import { answerOf } from './answer.ts';
import type { GraphQLApi, GraphQLContext } from './api.ts';
import type { Execute } from './compiled/execution.ts';
import type { ContentType } from './content-type.ts';
import {
  asksOnlyToRead,
  type DocumentCache,
  documentCaches,
  documentValidation,
  parseDocument,
  requireShort,
} from './documents.ts';
import { nothingMutated } from './mutation-fields.ts';
import { type AskedOperation, type Context, operationsOf } from './operations.ts';
import { postedParameters, requireDocument, searchedParameters } from './parameters.ts';

/** Where a request asks, by a 1, what its operation costs. */
const COST_HEADER = 'graphql-cost';

/**
 * Holds what is asked to the rules of the API, each at its step: Yoga parses and validates, and operations are executed. Where a
 * document is known, only the last is left to do.
 */
function guard(schema: GraphQLSchema, api: GraphQLApi, documents: DocumentCache): Plugin<Context, Context> {
  const validation = documentValidation();
  const operations = operationsOf(schema, api);

  /** Returns the document of a request that was found valid before: Yoga would set up all of its steps for it once more. */
  const readyDocument = (request: Request, { query, operationName }: GraphQLParams): DocumentNode | undefined => {
    const document = request.method === 'POST' && query ? documents.get(query) : undefined;
    if (!document || !validation.isKnownGood(document)) return undefined;
    const operation = getOperationAST(document, operationName)?.operation;
    return operation === 'query' || operation === 'mutation' ? document : undefined;
  };

  return {
    onParams: ({ params, request, paramsHandler, setParamsHandler }) => {
      if (api.followsGraphQLOverHttp) requireDocument(params);
      requireShort(params.query);
      const document = readyDocument(request, params);
      if (!document) return;
      setParamsHandler((given) => {
        const contextValue = Object.assign(given.context, { request, params, document, isValid: true });
        const { variables: variableValues, operationName } = params;
        const asked = { schema, document, contextValue, variableValues, operationName };
        return operations.execute(asked, () => paramsHandler(given) as ReturnType<Execute>);
      });
    },
    onParse: ({ setParseFn }) => {
      setParseFn(parseDocument);
    },
    onValidate: ({ params: { documentAST }, context, extendContext, setResult }) => {
      const errors = validation.validate(schema, documentAST, context.params?.query ?? '');
      extendContext({ document: documentAST, isValid: errors.length === 0 });
      setResult(errors);
    },
    onSubscribe: ({ args: { contextValue }, setSubscribeFn, setResultAndStopExecution }) => {
      const { following } = contextValue;
      if (!following) return setResultAndStopExecution({ errors: [new GraphQLError(...NOT_STREAMED)] });
      following.isSubscription = true;
      setSubscribeFn((asked) => operations.executePayload({ ...(asked as AskedOperation), rootValue: following }));
    },
    onExecute: ({ executeFn, setExecuteFn }) => {
      setExecuteFn((asked) => operations.execute(asked as AskedOperation, executeFn));
    },
  };
}

const NOT_STREAMED = [
  'A subscription is answered as a stream: ask for it with Accept: text/event-stream.',
  { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } },
] as const;

/**
 * A function that answers a GraphQL request in a type of content. The body is null for a GET. A subscription is answered with its next
 * payload, for who is following it.
 */
export type Engine = (
  request: Request,
  body: Uint8Array | null,
  context: GraphQLContext,
  contentType: ContentType,
  following?: Following,
) => Promise<Response>;

/** Returns a function that makes the Yoga of each schema of an API once. */
function yogasOf(api: GraphQLApi) {
  const caches = documentCaches();
  const makeYoga = (schema: GraphQLSchema) =>
    createYoga<Context>({
      schema,
      logging: false,
      parserAndValidationCache: caches,
      plugins: [guard(schema, api, caches.documentCache)],
      // All errors are shown by `answerOf`, which masks what nobody may see.
      maskedErrors: false,
    });
  const yogas = new Map<GraphQLSchema, ReturnType<typeof makeYoga>>();
  return (schema: GraphQLSchema) => {
    const yoga = yogas.get(schema) ?? makeYoga(schema);
    yogas.set(schema, yoga);
    return yoga;
  };
}

/**
 * Returns what answers the requests of an API, which is Yoga without its HTTP. Make it once per isolate, because it keeps the
 * documents that it has parsed.
 */
export function engineOf(api: GraphQLApi): Engine {
  const { followsGraphQLOverHttp } = api;
  const yogaOf = yogasOf(api);
  const resultOf = async (request: Request, body: Uint8Array | null, context: Context): Promise<ExecutionResult> => {
    try {
      const params = body === null ? searchedParameters(urlOf(request).searchParams) : postedParameters(body);
      const resultIn = async (schema: GraphQLSchema) =>
        (await yogaOf(schema).getResultForParams({ request, params }, context)) as ExecutionResult;
      const onlyReads = asksOnlyToRead(params.query);
      const schema = await api.schema({ onlyReads });
      const result = await resultIn(schema);
      if (!onlyReads || context.isValid !== false) return result;
      // What is wrong with a document is said as the whole schema has it, which knows more names.
      const whole = await api.schema({ onlyReads: false });
      return whole === schema ? result : await resultIn(whole);
    } catch (error) {
      if (error instanceof GraphQLError) return { errors: [error] };
      throw error;
    }
  };
  return async (request, body, caller, contentType, following) => {
    following?.begin(caller.viewer);
    const context = {
      ...caller,
      // What is cached for a request is shared by all of its mutations, each of which has a context of its own.
      ...initContextCache(),
      key: keyOf(request.headers),
      mutated: nothingMutated(),
      following,
      showsCost: followsGraphQLOverHttp === true && request.headers.get(COST_HEADER) === '1',
    };
    return answerOf(await resultOf(request, body, context), context, api, contentType);
  };
}
