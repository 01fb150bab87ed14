import { Database, type Tally } from '../db/client.ts';
import { checkReadiness } from '../directory/organization/readiness.ts';
import type { Following } from '../graphql/events/following.ts';
import { schemaFor } from '../graphql/schemas.ts';
import { type Answered, asViewer } from './auth/credentials.ts';
import type { SignInEndpoint } from './auth/sign-in-endpoints.ts';
import type { Dialect } from './dialects/dialect.ts';
import { answerDialect, dialectAt, dialectRoute } from './dialects/registry.ts';
import { acceptsStream } from './graphql/content-type.ts';
import { graphQLEndpoint } from './graphql/endpoint.ts';
import { home } from './home.ts';
import { bodyOf } from './shared/body.ts';
import { allowedOrigin, isPreflight, preflight } from './shared/cors.ts';
import { type Environment, misconfiguration, publicUrl } from './shared/environment.ts';
import { documented, failure, log, unexpected, unexpectedBy } from './shared/failures.ts';
import { pageFor, STRICT_TRANSPORT_SECURITY, wantsPage } from './shared/page.ts';
import { type RequestLimit, requestLimit } from './shared/rate-limits.ts';
import { type Trace, traceOfRequest } from './shared/tracing.ts';
import { pathOf } from './shared/url.ts';
import { wakeWebhooks } from './webhooks/waking.ts';

/** A request, with what is needed to answer it. */
interface Exchange {
  request: Request;
  /** That of its URL. */
  path: string;
  env: Environment;
  requestId: string;
  /** Refuses the request if there were too many. */
  limit: RequestLimit;
  trace: Trace;
  /** Counts the queries that are made of D1, where somebody wants to know. */
  tally?: Tally;
  /** Runs a task after the answer was returned. Its failure is logged. */
  later: (task: () => Promise<unknown>) => void;
}

type Handler = (exchange: Exchange) => Promise<Response>;

const ROUTES: Record<string, Handler> = {
  '/': open(async ({ request }) => home(request)),
  '/graphql': graphql,
  '/health': open(health),
  '/auth/change-password': changePassword,
  '/.well-known/jwks.json': open(async ({ request, env }) => (await signingIn()).publicKeys(request, env)),
};

/** Below it, people sign in. */
const SIGN_IN = '/auth/';

/** Loads what people sign in by. Most isolates never need it. */
const signingIn = () => import('./auth/sign-in-endpoints.ts');

/** Returns what answers at a path that belongs to no dialect; undefined if nothing does. */
async function handlerAt(path: string): Promise<Handler | undefined> {
  if (!path.startsWith(SIGN_IN) || path in ROUTES) return ROUTES[path];
  const endpoint = (await signingIn()).SIGN_IN_ENDPOINTS[path];
  return endpoint && open(signInHandler(endpoint));
}

/**
 * Answers every request, also when something fails. Every answer has a request id; an unexpected failure is logged and
 * masked.
 */
export async function handle(request: Request, env: Environment, context: ExecutionContext): Promise<Response> {
  const requestId = crypto.randomUUID();
  const path = pathOf(request);
  const dialect = await dialectAt(env, path);
  const origin = allowedOrigin(request, env);
  const later: Exchange['later'] = (task) => {
    const report = (error: unknown) => log(requestId, error);
    context.waitUntil(scheduler.wait(0).then(task).catch(report));
  };
  const limit = requestLimit(request, env, { requestId, fail: dialect?.failure ?? failure });
  const trace = traceOfRequest();
  const response = await trace(`${request.method} ${routeOf(path)}`, async (note) => {
    const answer = await route({ request, path, env, requestId, limit, trace, later }, dialect, origin).catch(
      (error) => (dialect ? unexpectedBy(dialect.failure, error, requestId) : unexpected(error, requestId)),
    );
    note({ 'http.response.status_code': answer.status, 'tenantry.request_id': requestId });
    return answer;
  });
  addHeaders(response.headers, { request, requestId, origin, otherIdHeader: dialect?.requestIdHeader });
  return response;
}

/** Returns a path as traces may show it: of one that leads nowhere, nobody knows what stands in it. */
function routeOf(path: string): string {
  return path in ROUTES ? path : path.startsWith(SIGN_IN) ? SIGN_IN : (dialectRoute(path) ?? '(nothing)');
}

async function route(exchange: Exchange, dialect: Dialect | null, origin: string | null): Promise<Response> {
  const { request, path, env, limit } = exchange;
  const problem = misconfiguration(env);
  if (problem !== null) return (dialect?.failure ?? failure)(503, 'MISCONFIGURED', problem);
  const handler = dialect ? dialectHandler(dialect) : await handlerAt(path);
  if (!handler) return (await limit.ofStranger()) ?? failure(404, 'NOT_FOUND', 'There is nothing at this path.');
  if (isPreflight(request)) return preflight(origin, dialect?.methods);
  const page = wantsPage(request, env) ? await pageFor(request, env) : null;
  return page === null ? handler(exchange) : ((await limit.ofStranger()) ?? page);
}

const answerGraphQL = graphQLEndpoint({
  schema: schemaFor,
  failure,
  spelled: documented,
  followsGraphQLOverHttp: true,
});

async function graphql(exchange: Exchange): Promise<Response> {
  const { request, env, requestId, trace } = exchange;
  const { method } = request;
  const body = bodyOf(request);
  const ask = async (asking: Exchange, following?: Following): Promise<Response> => {
    const answered = await asViewer(asking, async (caller) => {
      if (method !== 'GET' && method !== 'POST') {
        return failure(405, 'METHOD_NOT_ALLOWED', 'GraphQL is asked by GET or POST.', { allow: 'GET, POST' });
      }
      const bytes = method === 'GET' ? null : await body();
      return bytes instanceof Response
        ? bytes
        : answerGraphQL(request, bytes, { ...caller, requestId, trace }, following);
    });
    return settled(asking, answered);
  };
  if (!acceptsStream(request)) return ask(exchange);
  const { streamed } = await import('./graphql/stream.ts');
  return streamed(request, env, (following, tally) => {
    const limit = requestLimit(request, env, { requestId, fail: failure });
    return ask({ ...exchange, limit, tally }, following).catch((error) => unexpected(error, requestId));
  });
}

const dialectHandler =
  (dialect: Dialect): Handler =>
  async (exchange) =>
    settled(exchange, await answerDialect(dialect, exchange));

/** Returns the answer, and schedules the work to be done after it. */
function settled(
  { request, env, later }: Exchange,
  { response, noteUse, mailIsDue, eventsAreDue }: Answered,
): Response {
  if (noteUse) later(noteUse);
  if (mailIsDue) later(async () => (await import('./mail/mailer.ts')).sendMail(env, publicUrl(env, request)));
  if (eventsAreDue) later(() => wakeWebhooks(env));
  return response;
}

/** Returns the handler of what needs no credential: whose network asks too often is refused before anything is done. */
function open(handler: Handler): Handler {
  return async (exchange) => (await exchange.limit.ofStranger()) ?? handler(exchange);
}

/** Returns the handler of an endpoint by which people sign in. */
function signInHandler(endpoint: SignInEndpoint): Handler {
  return async (exchange) => {
    const { answerSignIn } = await signingIn();
    return settled(exchange, await answerSignIn(exchange.request, exchange.env, endpoint));
  };
}

/** Changes the password of a user who is signed in: of what is at `/auth`, this alone needs a credential. */
async function changePassword(exchange: Exchange): Promise<Response> {
  const { answerPasswordChange } = await import('./auth/password-change.ts');
  return settled(exchange, await answerPasswordChange(exchange));
}

async function health({ request, env }: Exchange): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return failure(405, 'METHOD_NOT_ALLOWED', 'Health is asked by GET.', { allow: 'GET, HEAD' });
  }
  const { isFillingKeys } = await checkReadiness({ db: new Database(env.DB) });
  return Response.json({ status: 'ok', ...(isFillingKeys && { keys: 'filling' }) });
}

interface HeaderFacts {
  request: Request;
  requestId: string;
  /** The origin of the page that asks, if it may. */
  origin: string | null;
  /** A second header for the request id. */
  otherIdHeader: string | undefined;
}

/** Adds the headers that every answer has. A copy of the answer, with other headers, would cost more than all of them. */
function addHeaders(headers: Headers, { request, requestId, origin, otherIdHeader }: HeaderFacts): void {
  const idHeaders = ['x-request-id', ...(otherIdHeader ? [otherIdHeader] : [])];
  for (const name of idHeaders) headers.set(name, requestId);
  headers.set('x-content-type-options', 'nosniff');
  if (request.url.startsWith('https:')) headers.set('strict-transport-security', STRICT_TRANSPORT_SECURITY);
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
  headers.append('vary', 'origin');
  if (origin !== null) {
    headers.set('access-control-allow-origin', origin);
    headers.set(
      'access-control-expose-headers',
      [...idHeaders, 'retry-after', 'ratelimit-policy', 'idempotency-key'].join(', '),
    );
  }
}
