import { Database } from '../db/client.ts';
import { checkReadiness } from '../directory/organization.ts';
import { allowedOrigin, isPreflight, preflight } from './cors.ts';
import { authenticate } from './credentials.ts';
import { type Environment, misconfiguration } from './environment.ts';
import { failure, log, masked } from './failures.ts';
import { answerGraphQL } from './graphql.ts';
import { readBody } from './limits.ts';

interface Exchange {
  request: Request;
  env: Environment;
  db: Database;
  requestId: string;
  /** Runs behind the answer. */
  later: (task: Promise<unknown>) => void;
}

type Handler = (exchange: Exchange) => Promise<Response>;

const ROUTES: Record<string, Handler> = {
  '/graphql': graphql,
  '/health': health,
};

/** Answers a request, whatever happens: no failure leaves without a request id, and none of ours with its reason. */
export async function handle(request: Request, env: Environment, context: ExecutionContext): Promise<Response> {
  const requestId = crypto.randomUUID();
  const origin = allowedOrigin(request, env);
  const exchange: Exchange = {
    request,
    env,
    db: new Database(env.DB),
    requestId,
    later: (task) => context.waitUntil(task.catch((error) => log(requestId, error))),
  };
  const response = await route(exchange, origin).catch((error) => {
    log(requestId, error);
    const { status, code, message } = masked(error);
    return failure(status, code, message);
  });
  return withHeaders(response, requestId, origin);
}

async function route(exchange: Exchange, origin: string | null): Promise<Response> {
  const { request, env } = exchange;
  const problem = misconfiguration(env);
  if (problem !== null) return failure(503, 'MISCONFIGURED', problem);
  const handler = ROUTES[new URL(request.url).pathname];
  if (!handler) return failure(404, 'NOT_FOUND', 'There is nothing at this path.');
  if (isPreflight(request)) return preflight(origin);
  return handler(exchange);
}

async function graphql({ request, env, db, requestId, later }: Exchange): Promise<Response> {
  const authenticated = await authenticate(request, env, db);
  if (authenticated instanceof Response) return authenticated;
  if (authenticated.noteUse) later(authenticated.noteUse());
  if (request.method !== 'GET' && request.method !== 'POST') {
    return failure(405, 'METHOD_NOT_ALLOWED', 'GraphQL is asked by GET or POST.', { allow: 'GET, POST' });
  }
  const body = request.method === 'POST' ? await readBody(request) : null;
  if (body instanceof Response) return body;
  const { url, method, headers } = request;
  return answerGraphQL(new Request(url, { method, headers, body }), { viewer: authenticated.viewer, db, requestId });
}

async function health({ db }: Exchange): Promise<Response> {
  await checkReadiness({ db });
  return Response.json({ status: 'ok' });
}

function withHeaders(response: Response, requestId: string, origin: string | null): Response {
  const headers = new Headers(response.headers);
  headers.set('x-request-id', requestId);
  headers.set('x-content-type-options', 'nosniff');
  headers.set('cache-control', 'no-store');
  headers.append('vary', 'origin');
  if (origin !== null) {
    headers.set('access-control-allow-origin', origin);
    headers.set('access-control-expose-headers', 'x-request-id');
  }
  return new Response(response.body, { status: response.status, headers });
}
