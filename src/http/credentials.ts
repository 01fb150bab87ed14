import { BrokenPremise, Database } from '../db/client.ts';
import { authenticateApiKey } from '../directory/api-key-credentials.ts';
import type { Authenticated, Trust } from '../directory/authentication.ts';
import { PERMISSIONS } from '../directory/permission-names.ts';
import { equalHashes, sha256 } from '../directory/secrets.ts';
import { authenticateUser } from '../directory/user-credentials.ts';
import type { Caller, Viewer } from '../directory/viewer.ts';
import type { Environment } from './environment.ts';
import { failure } from './failures.ts';
import { accessTokensOf } from './signing.ts';

const ROOT: Viewer = {
  actor: { type: 'ROOT', id: null },
  permissions: new Set(PERMISSIONS),
  access: 'WRITE',
  reach: { kind: 'ORGANIZATION' },
  expiresAt: null,
  session: null,
};

const BEARER = /^Bearer +([^\s]+)$/i;

type Answer = (caller: Caller) => Promise<Response>;

interface Answered {
  response: Response;
  noteUse: Authenticated['noteUse'];
  /** Whether a mail waits to be sent. */
  mailIsDue: boolean;
}

/**
 * Answers as the holder of the request's credential, or 401 without asking. What is known of a credential from requests
 * before is relied on and checked on the way; if it has changed, the answer is thrown away and made again, afresh.
 * Nothing has been written by then: a write is not begun before the check.
 */
export async function asViewer(request: Request, env: Environment, answer: Answer): Promise<Answered> {
  try {
    return await attempt(request, env, answer, { afresh: false });
  } catch (error) {
    if (!(error instanceof BrokenPremise)) throw error;
    return attempt(request, env, answer, { afresh: true });
  }
}

async function attempt(request: Request, env: Environment, answer: Answer, how: Trust): Promise<Answered> {
  const db = new Database(env.DB);
  const tokens = accessTokensOf(env, request);
  const authenticated = await authenticate(request, env, { db, tokens }, how);
  if (authenticated instanceof Response) return { response: authenticated, noteUse: null, mailIsDue: false };
  let isDue = false;
  const mailIsDue = () => {
    isDue = true;
  };
  const response = await answer({ viewer: authenticated.viewer, db, tokens, mailIsDue });
  await db.settle();
  return { response, noteUse: authenticated.noteUse, mailIsDue: isDue };
}

/** Three parts of base64url, and no key of ours. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** The holder of the credential, or a 401 that does not say what is wrong with it. */
async function authenticate(
  request: Request,
  env: Environment,
  { db, tokens }: Pick<Caller, 'db' | 'tokens'>,
  how: Trust,
): Promise<Authenticated | Response> {
  const [, token] = BEARER.exec(request.headers.get('authorization') ?? '') ?? [];
  if (token === undefined) return unauthenticated();
  if (env.ROOT_KEY && equalHashes(sha256(token), sha256(env.ROOT_KEY))) return { viewer: ROOT, noteUse: null };
  const now = new Date();
  if (!JWT.test(token)) return (await authenticateApiKey(db, token, now, how)) ?? unauthenticated();
  return (tokens && (await authenticateUser(db, tokens, token, now, how))) ?? unauthenticated();
}

const unauthenticated = (): Response =>
  failure(401, 'UNAUTHENTICATED', 'A valid credential is required: Authorization: Bearer <key or access token>.', {
    'www-authenticate': 'Bearer realm="tenantry"',
  });
