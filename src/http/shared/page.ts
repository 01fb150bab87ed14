import type { LinkPurpose } from '../../directory/kernel/link-purposes.ts';
import type { Environment } from './environment.ts';

/** Where the built files stand among the assets. At the path of a page itself, they would take the place of the API. */
export const GRAPHIQL_FILES = '/graphiql/';
export const PAGE_FILES = '/pages/';

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

/** What every file of a page is answered with: keys, passwords and what a mailed link stands for are typed into it. */
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

/** The headers of the built files, by the folder that they stand in. */
export const FILE_HEADERS = { [GRAPHIQL_FILES]: GRAPHIQL_HEADERS, [PAGE_FILES]: PAGE_HEADERS };

/** Where the page stands that a mailed link of this purpose leads to. */
export const LINK_PATHS: Record<LinkPurpose, string> = {
  INVITATION: '/auth/accept-invitation',
  PASSWORD_RESET: '/auth/reset-password',
};

interface Page {
  file: string;
  headers: Record<string, string>;
}

const form = (name: string): Page => ({ file: `${PAGE_FILES}${name}`, headers: PAGE_HEADERS });

/** The pages for people. Each stands where a browser that is pointed at the API finds it. */
const PAGES: Record<string, Page> = {
  '/graphql': { file: GRAPHIQL_FILES, headers: GRAPHIQL_HEADERS },
  [LINK_PATHS.INVITATION]: form('accept-invitation'),
  '/auth/request-password-reset': form('request-password-reset'),
  [LINK_PATHS.PASSWORD_RESET]: form('reset-password'),
};

/** The page at this path, for a browser; null for everybody else, where there is none, and where it was not built. */
export async function pageFor(request: Request, { ASSETS }: Environment): Promise<Response | null> {
  const url = new URL(request.url);
  const page = PAGES[url.pathname];
  const wanted = request.headers.get('accept')?.toLowerCase().includes('text/html') && !url.searchParams.has('query');
  if (!page || request.method !== 'GET' || !wanted || !ASSETS) return null;
  const { ok, body } = await ASSETS.fetch(new URL(page.file, url));
  if (!ok) return null;
  return new Response(body, { headers: { 'content-type': 'text/html; charset=utf-8', ...page.headers } });
}
