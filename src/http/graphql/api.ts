import type { GraphQLSchema, OperationTypeNode } from 'graphql';
import type { ChangedRecord } from '../../directory/access/repeatable.ts';
import type { Caller } from '../../directory/access/viewer.ts';
import type { Failure, ShownError } from '../shared/failures.ts';
import type { Trace } from '../shared/tracing.ts';

/** The context of resolvers: the caller, the id of the request, and what traces it. */
export interface GraphQLContext extends Caller {
  /** The id under which failures of this request are logged. */
  requestId: string;
  trace: Trace;
}

/** A GraphQL API: that of Tenantry itself, or a dialect. */
export interface GraphQLApi {
  /**
   * Returns the schema, which it builds at the first call. For documents that only read it may be a part of the schema: one in which
   * whatever is valid means the same as in the whole.
   */
  schema: (asked: { onlyReads: boolean }) => Promise<GraphQLSchema>;
  /** Answers a request that fails before GraphQL is asked. */
  failure: Failure;
  /** Rewrites each error of GraphQL's answer in the format of the API. */
  spelled: (error: ShownError) => ShownError;
  /**
   * Whether it follows GraphQL over HTTP to the letter: what GraphQL refuses is answered with 200 to whoever takes plain JSON
   * only, data never comes with a status of 4xx, and clients that try a hash in place of a document are told to send that.
   */
  followsGraphQLOverHttp?: true;
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
