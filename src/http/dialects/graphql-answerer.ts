import type { GraphQLApi } from '../graphql/api.ts';
import { graphQLEndpoint } from '../graphql/endpoint.ts';
import type { Answerer } from './dialect.ts';

/** Returns what answers at the path of a dialect in GraphQL, which is asked by POST alone. */
export function graphQLAnswerer(api: GraphQLApi): Answerer {
  const answer = graphQLEndpoint(api);
  return async ({ request, requestId, trace, caller, readBody }) => {
    if (request.method !== 'POST') {
      return api.failure(405, 'METHOD_NOT_ALLOWED', 'This is asked by POST.', { allow: 'POST' });
    }
    const body = await readBody();
    return body instanceof Response ? body : answer(request, body, { ...caller, requestId, trace });
  };
}
