import { expect, it } from 'vitest';
import { pathOf } from '../../src/http/shared/url.ts';

const PATHS = [
  '',
  '/',
  '/?a',
  '/graphql',
  '//graphql',
  '/graphql;x',
  '/graph%71l',
  '/x/../graphql',
  '/x/%2e%2e/graphql',
  '/x/.%2E/graphql',
  '/./graphql',
  '/graphql/.',
  '/.well-known/x',
  '/x\\..\\graphql',
  '/a/..?b=/../c',
  '/a#/../b',
];

/** A request that somebody made themselves has a URL that was parsed. One that came over the network has what was sent. */
it.each(PATHS)('the path of %j is that of its URL', (path) => {
  const url = `https://tenantry.test${path}`;
  expect(pathOf({ url } as Request)).toBe(new URL(url).pathname);
});
