import type { Following } from '../../graphql/events/following.ts';
import { isJson } from '../shared/body.ts';
import { urlOf } from '../shared/url.ts';
import type { GraphQLApi, GraphQLContext } from './api.ts';
import { acceptedType } from './content-type.ts';
import type { Engine } from './engine.ts';
import { searchProblem } from './parameters.ts';

/** A function that answers a GraphQL request; a subscription with its next payload, for who is following it. The body is null for a GET. */
export type AnswerGraphQL = (
  request: Request,
  body: Uint8Array<ArrayBuffer> | null,
  context: GraphQLContext,
  following?: Following,
) => Promise<Response>;

/**
 * Returns a function that serves an API as GraphQL over HTTP, by GET or by POST of JSON. It always answers JSON. Make
 * it once per isolate, because it keeps the engine, with what has been parsed.
 */
export function graphQLEndpoint(api: GraphQLApi): AnswerGraphQL {
  const { failure } = api;
  let engine: Engine | undefined;
  return async (request, body, context, following) => {
    const problem = body === null ? searchProblem(urlOf(request).searchParams) : undefined;
    if (problem) return failure(400, 'BAD_REQUEST', problem);
    if (body !== null && !isJson(request)) {
      return failure(415, 'BAD_REQUEST', 'GraphQL is posted as application/json.');
    }
    if (!engine) {
      const { engineOf } = await import('./engine.ts');
      // Another request may have made it meanwhile, which is not waited for: the runtime forbids that.
      engine ??= engineOf(api);
    }
    return engine(request, body, context, acceptedType(request.headers.get('accept')), following);
  };
}
