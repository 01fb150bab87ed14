import type { Environment } from './environment.ts';

const ONE_DAY_SECONDS = 24 * 60 * 60;

/** The origin of the page that calls, if it is allowed to. Credentials are never sent along by browsers themselves. */
export function allowedOrigin(request: Request, { ALLOWED_ORIGINS }: Environment): string | null {
  const origin = request.headers.get('origin');
  if (origin === null) return null;
  const allowed = (ALLOWED_ORIGINS ?? '').split(',').map((entry) => entry.trim());
  return allowed.includes(origin) ? origin : null;
}

export const isPreflight = (request: Request): boolean =>
  request.method === 'OPTIONS' && request.headers.has('access-control-request-method');

/** The answer to a preflight; without an allowed origin it allows nothing. */
export function preflight(origin: string | null, methods = 'GET, POST'): Response {
  if (origin === null) return new Response(null, { status: 204 });
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': methods,
      'access-control-allow-headers': 'authorization, content-type, accept',
      'access-control-max-age': String(ONE_DAY_SECONDS),
    },
  });
}
