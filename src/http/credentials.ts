import type { Database } from '../db/client.ts';
import { equalHashes, sha256 } from '../directory/api-key-token.ts';
import { type Authenticated, authenticateApiKey } from '../directory/api-keys.ts';
import { PERMISSIONS } from '../directory/permission-names.ts';
import type { Viewer } from '../directory/viewer.ts';
import type { Environment } from './environment.ts';
import { failure } from './failures.ts';

const ROOT: Viewer = {
  actor: { type: 'ROOT', id: null },
  permissions: new Set(PERMISSIONS),
  access: 'WRITE',
  reach: { kind: 'ORGANIZATION' },
};

const BEARER = /^Bearer +([^\s]+)$/i;

/** The holder of the request's credential, or a 401 that does not say what is wrong with it. */
export async function authenticate(
  request: Request,
  env: Environment,
  db: Database,
): Promise<Authenticated | Response> {
  const [, token] = BEARER.exec(request.headers.get('authorization') ?? '') ?? [];
  if (token === undefined) return unauthenticated();
  if (env.ROOT_KEY && equalHashes(sha256(token), sha256(env.ROOT_KEY))) return { viewer: ROOT, noteUse: null };
  return (await authenticateApiKey(db, token, new Date())) ?? unauthenticated();
}

const unauthenticated = (): Response =>
  failure(401, 'UNAUTHENTICATED', 'A valid credential is required: Authorization: Bearer <key>.', {
    'www-authenticate': 'Bearer realm="tenantry"',
  });
