import { type Answered, type Asked, answered, asViewer } from '../auth/credentials.ts';
import { bodyOf } from '../shared/body.ts';
import { type DialectName, type Environment, isServed } from '../shared/environment.ts';
import type { Trace } from '../shared/tracing.ts';
import type { Dialect } from './dialect.ts';

/** Where a dialect is asked, or a part of it, and what loads that: what nobody asks is not loaded. */
interface Registered {
  name: DialectName;
  /** The paths that belong to it. */
  paths: RegExp;
  load: () => Promise<Dialect>;
}

const REGISTRY: readonly Registered[] = [
  { name: 'plain', paths: /^\/plain(\/|$)/, load: async () => (await import('./plain.ts')).plain },
  { name: 'prismatic', paths: /^\/api(\/|$)/, load: async () => (await import('./prismatic.ts')).prismatic },
  {
    name: 'prismatic',
    paths: /^\/(oauth|embedded)(\/|$)|^\/auth\/(meta|revoke)\/?$/,
    load: async () => (await import('./prismatic-sign-in.ts')).prismaticSignIn,
  },
  { name: 'capig', paths: /^\/(hub|clients)(\/|$)/, load: async () => (await import('./capig.ts')).capig },
  { name: 'userdocks', paths: /^\/v1(\/|$)/, load: async () => (await import('./userdocks.ts')).userdocks },
];

/** Returns the first segment of the paths of a dialect, for a path that belongs to one; undefined for any other. */
export const dialectRoute = (path: string): string | undefined =>
  REGISTRY.some(({ paths }) => paths.test(path)) ? /^\/\w+/.exec(path)?.[0] : undefined;

/** Returns the dialect that a path belongs to; null where there is none, or it is not served. */
export async function dialectAt(env: Environment, path: string): Promise<Dialect | null> {
  const found = REGISTRY.find(({ paths }) => paths.test(path));
  return found !== undefined && isServed(env, found.name) ? found.load() : null;
}

interface Exchange extends Asked {
  path: string;
  requestId: string;
  trace: Trace;
}

/** Answers a request to the dialect in its envelope. Whatever is thrown, the routes answer in that envelope, too. */
export async function answerDialect(dialect: Dialect, exchange: Exchange): Promise<Answered> {
  const { request, path, env, requestId, trace, limit } = exchange;
  const { failure } = dialect;
  const readBody = bodyOf(request, failure);
  const open = dialect.openAt?.(path);
  const answer = dialect.at(path);
  const refused = open || answer === null ? await limit.ofStranger() : null;
  if (refused) return answered(refused);
  if (open) return open({ request, env, readBody });
  if (answer === null) return answered(failure(404, 'NOT_FOUND', 'There is nothing at this path.'));
  return asViewer(exchange, (caller) => answer({ request, requestId, trace, caller, readBody }), dialect);
}
