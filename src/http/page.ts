import type { Environment } from './environment.ts';

/** Where the built page stands among the assets. Anywhere below `/graphql`, it would take the place of the API. */
export const PAGE_PATH = '/graphiql/';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // GraphiQL and its editor write styles as they go.
  "style-src 'self' 'unsafe-inline'",
  'img-src data:',
  'font-src data:',
  "worker-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

/** What every file of the page is answered with: a key is typed into it. */
export const PAGE_HEADERS = {
  'content-security-policy': POLICY.join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** GraphiQL, for a browser that was pointed at the API; null for everybody else, and where the page was not built. */
export async function graphiql(request: Request, { ASSETS }: Environment): Promise<Response | null> {
  const url = new URL(request.url);
  const wanted = request.headers.get('accept')?.toLowerCase().includes('text/html') && !url.searchParams.has('query');
  if (request.method !== 'GET' || !wanted || !ASSETS) return null;
  const { ok, body } = await ASSETS.fetch(new URL(PAGE_PATH, url));
  if (!ok) return null;
  return new Response(body, { headers: { 'content-type': 'text/html; charset=utf-8', ...PAGE_HEADERS } });
}
