import { initContextCache } from '@pothos/core';
import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
} from 'graphql';
import { createYoga, type GraphQLParams, type Plugin } from 'graphql-yoga';
import type { Following } from '../../graphql/events/following.ts';
import { keyOf } from '../shared/idempotency-key.ts';
import { urlOf } from '../shared/url.ts';
import { answerOf } from './answer.ts';
import type { GraphQLApi, GraphQLContext } from './api.ts';
import { asGraphQLError, type Execute } from './compiled/execution.ts';
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
import { type Context, type OperationArgs, operationsOf } from './operations.ts';
import { postedParameters, requireDocument, searchedParameters } from './parameters.ts';

/** Where a request asks, by a 1, what its operation costs. */
const COST_HEADER = 'graphql-cost';

/**
 * Holds what is asked to the rules of the API, each at its step: Yoga parses and validates, and operations are executed. Where a
 * document was executed before, only the last is left to do.
 */
function guard(schema: GraphQLSchema, api: GraphQLApi, documents: DocumentCache): Plugin<Context, Context> {
  const validate = documentValidation();
  const operations = operationsOf(schema, api);
  /** The documents that were executed before, with what executes that of them which is not compiled. */
  const executed = new WeakMap<DocumentNode, Execute>();

  /** Returns what executes a request whose document was executed before: Yoga would set up all of its steps once more. */
  const shortcut = (request: Request, params: GraphQLParams) => {
    const { query, operationName, variables: variableValues } = params;
    const document = request.method === 'POST' && query ? documents.get(query) : undefined;
    const otherwise = document && executed.get(document);
    if (!otherwise || !isExecuted(getOperationAST(document, operationName))) return null;
    return ({ context }: { context: Context }): Promise<ExecutionResult> => {
      const contextValue = Object.assign(context, { request, params, document, isValid: true });
      const args = { schema, document, contextValue, variableValues, operationName };
      // As Yoga does with what nobody foresaw.
      return operations.execute(args, otherwise).catch((error) => ({ errors: [asGraphQLError(error)] }));
    };
  };

  return {
    onParams: ({ params, request, setParamsHandler }) => {
      if (api.followsGraphQLOverHttp) requireDocument(params);
      requireShort(params.query);
      const short = shortcut(request, params);
      if (short) setParamsHandler(short);
    },
    onParse: ({ setParseFn }) => {
      setParseFn(parseDocument);
    },
    onValidate: ({ params: { documentAST }, context, extendContext, setResult }) => {
      const errors = validate(schema, documentAST, context.params?.query ?? '');
      extendContext({ document: documentAST, isValid: errors.length === 0 });
      setResult(errors);
    },
    onSubscribe: ({ args: { contextValue }, setSubscribeFn, setResultAndStopExecution }) => {
      const { following } = contextValue;
      if (!following) return setResultAndStopExecution({ errors: [new GraphQLError(...NOT_STREAMED)] });
      following.isSubscription = true;
      setSubscribeFn((args) => operations.executePayload({ ...(args as OperationArgs), rootValue: following }));
    },
    onExecute: ({ args: { document }, executeFn, setExecuteFn }) => {
      executed.set(document, executeFn);
      setExecuteFn((args) => operations.execute(args as OperationArgs, executeFn));
    },
  };
}

/** Whether an operation is there, and is no subscription. */
const isExecuted = (node: OperationDefinitionNode | null | undefined): boolean =>
  node?.operation === 'query' || node?.operation === 'mutation';

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
