import {
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import { IdempotencyKeyReusedError } from '../../directory/kernel/repetition-errors.ts';
import { hashOfRequest, KEY_PROBLEM } from '../shared/idempotency-key.ts';
import { pathOf } from '../shared/url.ts';
import { type Asked, shownOf } from './answer.ts';
import type { GraphQLApi, GraphQLContext } from './api.ts';
import { compiledExecution, type Execute } from './compiled/execution.ts';
import { withFailedPayloads } from './failed-payloads.ts';
import { judgeCost, withinLength } from './limits.ts';
import { tellMutationsTheirField } from './mutation-fields.ts';
import { mutationPreflight } from './mutation-preflight.ts';
import { refusedByGet } from './post-only.ts';
import { variableErrors } from './variables.ts';

/** What GraphQL knows of a request: the caller, the document once it is parsed, and what its mutations have done. */
export type Context = GraphQLContext & Asked;

/** What an operation of a valid document is executed with. */
export interface OperationArgs extends ExecutionArgs {
  contextValue: Context & { request: Request };
}

/** How the operations of a schema are executed. */
export interface Operations {
  /** Executes a query or a mutation. What is not compiled is left to the other function. */
  execute(args: OperationArgs, otherwise: Execute): Promise<ExecutionResult>;
  /** Answers the next payload of a subscription. */
  executePayload(args: OperationArgs): Promise<ExecutionResult>;
}

/** Returns what executes the operations of a schema, each held to the rules of the API. To be called once for a schema. */
export function operationsOf(schema: GraphQLSchema, api: GraphQLApi): Operations {
  const { maxCost, allOrNothing = [], failedPayload } = api;
  const executeCompiled = compiledExecution();
  const preflight = mutationPreflight(schema);
  tellMutationsTheirField(schema);

  /** Returns what is wrong with an operation; nothing if it may be executed. Its cost is noted. */
  const judge = (args: OperationArgs): readonly GraphQLError[] => {
    const { cost, error } = judgeCost(schema, args, maxCost);
    args.contextValue.cost = cost;
    return error ? [error] : variableErrors(schema, args);
  };

  return {
    async execute(args, otherwise) {
      const { request, viewer, mutated, requestId, trace } = args.contextValue;
      const refused = request.method === 'GET' ? refusedByGet(schema, args) : null;
      const errors = refused ? [refused] : judge(args);
      if (errors.length > 0) return { errors };
      const operation = getOperationAST(args.document, args.operationName);
      const isWhole = allOrNothing.some((type) => type === operation?.operation);
      const execute = () =>
        trace(nameOfSpan(operation), async (note) => {
          const result = withinLength(await executeCompiled(args, otherwise), mutated);
          const { cost } = args.contextValue;
          note({ 'graphql.cost': cost?.requested ?? 0, 'graphql.errors': result.errors?.length ?? 0 });
          return result;
        });
      if (operation?.operation !== 'mutation') return whole(await execute(), isWhole);
      const forbidden = preflight(operation, args, { viewer, isWhole });
      if (forbidden) {
        return { data: null, errors: [new GraphQLError(forbidden.message, { originalError: forbidden })] };
      }
      const problem = prepareMutation(args.contextValue, operation);
      if (problem) return { errors: [problem] };
      const shown = (error: GraphQLError) => shownOf(error, { mutated, requestId }, api);
      const result = failedPayload
        ? await withFailedPayloads(execute, mutated, { shown, payloadOf: failedPayload })
        : await execute();
      const reused = result.errors?.find(({ originalError }) => originalError instanceof IdempotencyKeyReusedError);
      return reused ? { errors: [reused] } : whole(result, isWhole);
    },
    async executePayload(args) {
      const errors = judge(args);
      if (errors.length > 0) return { errors };
      return withinLength(
        await executeCompiled(args, executeUncompiled, { isPayload: true }),
        args.contextValue.mutated,
      );
    },
  };
}

/** Returns an answer, without its data where one with any error is to have none. */
const whole = (result: ExecutionResult, isWhole: boolean): ExecutionResult =>
  isWhole && result.errors ? { data: null, errors: result.errors } : result;

/** Returns the name of an operation as traces show it, such as `query Customers`. */
const nameOfSpan = (operation: OperationDefinitionNode | null | undefined): string =>
  [operation?.operation, operation?.name?.value.slice(0, MAX_NAME_CHARACTERS)].filter(Boolean).join(' ');

/** Longer names are nobody's who reads traces. */
const MAX_NAME_CHARACTERS = 100;

/** Executes what is not compiled, by what Yoga executes by. Payloads of subscriptions it leaves to us. */
const executeUncompiled: Execute = async (args) =>
  (await import('@graphql-tools/executor')).execute(args) as Promise<ExecutionResult>;

/**
 * Prepares a request for a mutation: by its key it may be repeated, and what it may do more than once is foreseen. Returns
 * what is wrong with the key, if anything.
 */
function prepareMutation(
  context: OperationArgs['contextValue'],
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
