import { failure } from './shared/failures.ts';
import { DOCS_FILES } from './shared/page.ts';
import { urlOf } from './shared/url.ts';

/** Says, to programs, what this is and where to go on. People get a page that says it (`page.ts`). */
export function home(request: Request): Response {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return failure(405, 'METHOD_NOT_ALLOWED', 'This page is asked by GET.', { allow: 'GET, HEAD' });
  }
  const at = (path: string) => new URL(path, urlOf(request)).href;
  return Response.json({
    name: 'Tenantry',
    description: 'The directory of a B2B product: tenants, customers and users, who may do what, and what changed.',
    graphql: at('/graphql'),
    docs: at(DOCS_FILES),
    health: at('/health'),
  });
}
