/** Whose status says whether GraphQL refused the request: GraphQL over HTTP demands it. */
export const GRAPHQL_RESPONSE_TYPE = 'application/graphql-response+json';
/** Whose readers look for errors in the body, whatever the status. */
export const JSON_TYPE = 'application/json';
/** In which subscriptions are answered, as Server-Sent Events. */
export const STREAM_TYPE = 'text/event-stream';

/** The type of content of an answer. */
export type ContentType = typeof GRAPHQL_RESPONSE_TYPE | typeof JSON_TYPE;

/**
 * Returns the type in which a request is answered, from its `accept`: GraphQL's own for whoever names it and does not prefer
 * plain JSON, and plain JSON for everybody else, whatever they accept.
 */
export function acceptedType(accept: string | null): ContentType {
  const own = qualityOf(accept, GRAPHQL_RESPONSE_TYPE);
  return own > 0 && own >= qualityOf(accept, JSON_TYPE) ? GRAPHQL_RESPONSE_TYPE : JSON_TYPE;
}

/** Whether a request takes a stream. Only who names it is meant, and not who takes anything. */
export const acceptsStream = ({ headers }: Request): boolean => qualityOf(headers.get('accept'), STREAM_TYPE) > 0;

/** Whether it takes nothing else in which GraphQL is answered. */
export const acceptsOnlyStream = (request: Request): boolean =>
  acceptsStream(request) &&
  [GRAPHQL_RESPONSE_TYPE, JSON_TYPE, 'application/*', '*/*'].every(
    (type) => qualityOf(request.headers.get('accept'), type) === 0,
  );

/** Returns how much a type is wanted, from 0 to 1, by the first range that names it; 0 if none does. */
function qualityOf(accept: string | null, type: string): number {
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [name, ...parameters] = range.split(';').map((part) => part.trim());
    if (name !== type) continue;
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    return quality === undefined ? 1 : Number(quality) || 0;
  }
  return 0;
}
