import type { Environment } from './environment.ts';

const ONE_DAY_SECONDS = 24 * 60 * 60;

/** Returns the origin of the page that calls, or null if it is not allowed to call or the request has none. */
export function allowedOrigin(request: Request, { ALLOWED_ORIGINS }: Environment): string | null {
  const origin = request.headers.get('origin');
  // An empty header would be among the origins where none is named.
  if (!origin) return null;
  const allowed = (ALLOWED_ORIGINS ?? '').split(',').map((entry) => entry.trim());
  return allowed.includes(origin) ? origin : null;
}

/** Returns whether a browser asks, before the actual request, if a page may make it. */
export const isPreflight = (request: Request): boolean =>
  request.method === 'OPTIONS' && request.headers.has('access-control-request-method');

/**
 * Returns the answer to a CORS preflight. Without an allowed origin it allows nothing. Cookies are never allowed: a
 * page has to send the credential itself.
 */
export function preflight(origin: string | null, methods = 'GET, POST'): Response {
  if (origin === null) return new Response(null, { status: 204 });
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': methods,
      'access-control-allow-headers': 'authorization, content-type, accept, idempotency-key, graphql-cost',
      'access-control-max-age': String(ONE_DAY_SECONDS),
    },
  });
}
