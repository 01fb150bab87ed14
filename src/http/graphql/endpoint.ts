import type { GraphQLSchema, OperationTypeNode } from 'graphql';
import type { ChangedRecord } from '../../directory/access/repeatable.ts';
import type { Caller } from '../../directory/access/viewer.ts';
import { isJson } from '../shared/body.ts';
import type { Failure, ShownError } from '../shared/failures.ts';
import type { Engine } from './engine.ts';
import { searchProblem } from './parameters.ts';

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

const JSON_TYPE = 'application/json';
const GRAPHQL_RESPONSE_TYPE = 'application/graphql-response+json';

/**
 * Returns a function that serves an API as GraphQL over HTTP, by GET or by POST of JSON. It always answers JSON. Make
 * it once per isolate, because it keeps the engine, with the schema and what has been parsed.
 */
export function graphQLEndpoint(api: GraphQLApi): AnswerGraphQL {
  const { failure } = api;
  let engine: Engine | undefined;
  return async (request, body, context) => {
    const { headers } = request;
    const problem = body === null ? searchProblem(new URL(request.url).searchParams) : undefined;
    if (problem) return failure(400, 'BAD_REQUEST', problem);
    if (body !== null && !isJson(request)) {
      return failure(415, 'BAD_REQUEST', 'GraphQL is posted as application/json.');
    }
    const type = headers.get('accept')?.includes(GRAPHQL_RESPONSE_TYPE) ? GRAPHQL_RESPONSE_TYPE : JSON_TYPE;
    if (!engine) {
      const [schema, { engineOf }] = await Promise.all([api.schema(), import('./engine.ts')]);
      // Another request may have made it meanwhile, which is not waited for: the runtime forbids that.
      engine ??= engineOf(schema, api);
    }
    return engine(request, body, context, type);
  };
}
