import type { LinkPurpose } from '../../directory/kernel/link-purposes.ts';
import type { Environment } from './environment.ts';
import { pathOf, urlOf } from './url.ts';

/**
 * The folder of GraphiQL's files among the assets. It differs from the path of the page, because an asset at `/graphql`
 * would hide the API.
 */
export const GRAPHIQL_FILES = '/graphiql/';
/**
 * The folder of the files of the sign-in pages among the assets. It differs from their paths, where the API answers.
 */
export const PAGE_FILES = '/pages/';
/** The folder of the documentation among the assets, which are served there as they are. */
export const DOCS_FILES = '/docs/';

const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': 'data:',
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/** Returns strict security headers, because people type keys and passwords into these pages. */
const headers = (policy: Record<string, string>) => ({
  'content-security-policy': Object.entries(policy)
    .map((directive) => directive.join(' '))
    .join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
});

const GRAPHIQL_HEADERS = headers({
  ...POLICY,
  // GraphiQL and its editor write styles as they go.
  'style-src': "'self' 'unsafe-inline'",
  'font-src': 'data:',
  'worker-src': "'self'",
});
const PAGE_HEADERS = headers(POLICY);
const DOCS_HEADERS = headers({ ...POLICY, 'script-src': "'none'", 'connect-src': "'none'" });

/**
 * For how long browsers come by https only: a year. Sub-domains are left out, because they may belong to something else;
 * and so are answers by http, as on one's own machine, from where browsers would not take it.
 */
export const STRICT_TRANSPORT_SECURITY = 'max-age=31536000';

const BY_HTTPS = { 'strict-transport-security': STRICT_TRANSPORT_SECURITY };

/** The security headers of the built files, by their folder. By http, browsers overlook the last. */
export const FILE_HEADERS = {
  [GRAPHIQL_FILES]: { ...GRAPHIQL_HEADERS, ...BY_HTTPS },
  [PAGE_FILES]: { ...PAGE_HEADERS, ...BY_HTTPS },
  [DOCS_FILES]: { ...DOCS_HEADERS, ...BY_HTTPS },
};

/** The path of the page that a mailed link leads to, by the purpose of the link. */
export const LINK_PATHS: Record<LinkPurpose, string> = {
  INVITATION: '/auth/accept-invitation',
  PASSWORD_RESET: '/auth/reset-password',
};

interface Page {
  file: string;
  headers: Record<string, string>;
}

const page = (name: string): Page => ({ file: `${PAGE_FILES}${name}`, headers: PAGE_HEADERS });

/** The HTML pages by their path. A page has the path of the API endpoint that it is made for. */
const PAGES: Record<string, Page> = {
  '/': page('home'),
  '/graphql': { file: GRAPHIQL_FILES, headers: GRAPHIQL_HEADERS },
  [LINK_PATHS.INVITATION]: page('accept-invitation'),
  '/auth/request-password-reset': page('request-password-reset'),
  [LINK_PATHS.PASSWORD_RESET]: page('reset-password'),
};

/** Returns whether the client asks for HTML at a path that has a page. */
export function wantsPage(request: Request, { ASSETS }: Environment): boolean {
  if (request.method !== 'GET' || ASSETS === undefined || !(pathOf(request) in PAGES)) return false;
  const isHtml = request.headers.get('accept')?.toLowerCase().includes('text/html') ?? false;
  return isHtml && !urlOf(request).searchParams.has('query');
}

/** Returns the page that is wanted at the path of the request. Null if there is none, or if the pages were not built. */
export async function pageFor(request: Request, { ASSETS }: Environment): Promise<Response | null> {
  const url = urlOf(request);
  const page = PAGES[url.pathname];
  if (!page || !ASSETS) return null;
  const { ok, body } = await ASSETS.fetch(new URL(page.file, url));
  if (!ok) return null;
  return new Response(body, { headers: { 'content-type': 'text/html; charset=utf-8', ...page.headers } });
}
