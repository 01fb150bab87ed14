import { initContextCache } from '@pothos/core';
import {
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { IdempotencyKeyReusedError } from '../../directory/kernel/repetition-errors.ts';
import type { Following } from '../../graphql/events/following.ts';
import { hashOfRequest, KEY_PROBLEM, keyOf } from '../shared/idempotency-key.ts';
import { pathOf, urlOf } from '../shared/url.ts';
import { type Asked, answerOf, shownOf } from './answer.ts';
import type { GraphQLApi, GraphQLContext } from './api.ts';
import { compiledExecution, type Execute } from './compiled/execution.ts';
import type { ContentType } from './content-type.ts';
import { asksOnlyToRead, documentCaches, documentValidation, parseDocument, requireShort } from './documents.ts';
import { withFailedPayloads } from './failed-payloads.ts';
import { judgeCost, withinLength } from './limits.ts';
import { nothingMutated, tellMutationsTheirField } from './mutation-fields.ts';
import { mutationPreflight } from './mutation-preflight.ts';
import { postedParameters, requireDocument, searchedParameters } from './parameters.ts';
import { refusedByGet } from './post-only.ts';
import { variableErrors } from './variables.ts';

/** Where a request asks, by a 1, what its operation costs. */
const COST_HEADER = 'graphql-cost';

/** What GraphQL knows of a request: the caller, the document once it is parsed, and what its mutations have done. */
type Context = GraphQLContext & Asked;

/** Holds what is asked to the rules of the API, each at its step: Yoga parses, validates and executes. */
function guard(schema: GraphQLSchema, api: GraphQLApi): Plugin<Context, Context> {
  const { maxCost, allOrNothing = [], failedPayload, followsGraphQLOverHttp } = api;
  const validate = documentValidation();
  const executeCompiled = compiledExecution();
  const preflight = mutationPreflight(schema);
  tellMutationsTheirField(schema);
  return {
    onParams: ({ params }) => {
      if (followsGraphQLOverHttp) requireDocument(params);
      requireShort(params.query);
    },
    onParse: ({ setParseFn }) => {
      setParseFn(parseDocument);
    },
    onValidate: ({ params: { documentAST }, context, extendContext, setResult }) => {
      const errors = validate(schema, documentAST, context.params?.query ?? '');
      extendContext({ document: documentAST, isValid: errors.length === 0 });
      setResult(errors);
    },
    onSubscribe: ({ args, setSubscribeFn, setResultAndStopExecution, extendContext }) => {
      const { following } = args.contextValue;
      if (!following) return setResultAndStopExecution({ errors: [new GraphQLError(...NOT_STREAMED)] });
      following.isSubscription = true;
      const { cost, error } = judgeCost(schema, args, maxCost);
      extendContext({ cost });
      const errors = error ? [error] : variableErrors(schema, args);
      if (errors.length > 0) return setResultAndStopExecution({ errors });
      const { mutated } = args.contextValue;
      setSubscribeFn(async (given) =>
        withinLength(
          await executeCompiled({ ...given, rootValue: following }, notCompiled, { isPayload: true }),
          mutated,
        ),
      );
    },
    onExecute: ({ args, executeFn, setExecuteFn, setResultAndStopExecution, extendContext }) => {
      const refused = args.contextValue.request.method === 'GET' ? refusedByGet(schema, args) : null;
      if (refused) return setResultAndStopExecution({ errors: [refused] });
      const { cost, error } = judgeCost(schema, args, maxCost);
      extendContext({ cost });
      const errors = error ? [error] : variableErrors(schema, args);
      if (errors.length > 0) return setResultAndStopExecution({ errors });
      const { viewer } = args.contextValue;
      const asked = getOperationAST(args.document, args.operationName);
      const operation = asked?.operation;
      const isWhole = allOrNothing.some((name) => name === operation);
      if (asked?.operation === 'mutation') {
        const forbidden = preflight(asked, args, { viewer, isWhole });
        if (forbidden) {
          const shown = new GraphQLError(forbidden.message, { originalError: forbidden });
          return setResultAndStopExecution({ data: null, errors: [shown] });
        }
        const problem = prepareMutation(args.contextValue, asked);
        if (problem) return setResultAndStopExecution({ errors: [problem] });
      }
      const { mutated, requestId, trace } = args.contextValue;
      const execute: Execute = (given) =>
        trace(nameOfSpan(asked), async (note) => {
          const result = withinLength(await executeCompiled(given, executeFn), mutated);
          note({ 'graphql.cost': cost.requested, 'graphql.errors': result.errors?.length ?? 0 });
          return result;
        });
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
  };
}

/** Returns the name of an operation as traces show it, such as `query Customers`. */
const nameOfSpan = (operation: OperationDefinitionNode | null | undefined): string =>
  [operation?.operation, operation?.name?.value.slice(0, MAX_NAME_CHARACTERS)].filter(Boolean).join(' ');

/** Longer names are nobody's who reads traces. */
const MAX_NAME_CHARACTERS = 100;

const NOT_STREAMED = [
  'A subscription is answered as a stream: ask for it with Accept: text/event-stream.',
  { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } },
] as const;

const notCompiled: Execute = () => {
  throw new Error('Payloads of subscriptions are compiled');
};

/**
 * Prepares a request for a mutation: by its key it may be repeated, and what it may do more than once is foreseen. Returns
 * what is wrong with the key, if anything.
 */
function prepareMutation(
  context: Context & { request: Request },
  operation: OperationDefinitionNode,
): GraphQLError | null {
  if (mayHaveSeveralFields(operation)) context.db.writesAgain();
  const { key, params, mutated, request } = context;
  if (key === null) return null;
  if (key === undefined) return new GraphQLError(KEY_PROBLEM, { extensions: { code: 'BAD_REQUEST' } });
  const { query, operationName, variables } = params ?? {};
  mutated.repeatable = { key, requestHash: hashOfRequest(pathOf(request), query, operationName, variables) };
  return null;
}

/** Whether an operation may ask for more than one field: a fragment may have any number. */
const mayHaveSeveralFields = (operation: OperationDefinitionNode): boolean =>
  operation.selectionSet.selections.length > 1 ||
  operation.selectionSet.selections.some(({ kind }) => kind !== Kind.FIELD);

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
      plugins: [guard(schema, api)],
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
