import { Database, RevalidationError } from '../../db/client.ts';
import type { Authenticated, CacheUse } from '../../directory/access/credential-cache.ts';
import type { Caller, Viewer } from '../../directory/access/viewer.ts';
import { type ApiKeyClaims, authenticateApiKey, authenticateClient } from '../../directory/api-keys/credentials.ts';
import { PERMISSIONS } from '../../directory/kernel/permission-names.ts';
import { equalHashes, sha256 } from '../../directory/kernel/secrets.ts';
import { authenticateUser } from '../../directory/sign-in/credentials.ts';
import { linksOf } from '../mail/mailer.ts';
import { type Environment, publicUrl } from '../shared/environment.ts';
import { failure } from '../shared/failures.ts';
import { type Signed, signedBy } from './signing.ts';

const ROOT: Viewer = {
  actor: { type: 'ROOT', id: null },
  permissions: new Set(PERMISSIONS),
  access: 'WRITE',
  reach: { kind: 'ORGANIZATION' },
  expiresAt: null,
  session: null,
};

/** A credential as a request carries it. */
export interface PresentedCredential {
  token: string;
  /** For an API whose clients say more of a key than the key. Then it is an API key, and no other credential. */
  claims: ApiKeyClaims | null;
}

/** Where an API finds the credential, and how it says that there is no valid one. */
export interface AuthenticationScheme {
  credentialOf(request: Request): PresentedCredential | null;
  /** Whether it takes client tokens as well, which no other API does. */
  takesClientTokens?: boolean;
  unauthenticated(): Response;
}

const BEARER = /^Bearer +([^\s]+)$/i;

/** `Authorization: Bearer <key or access token>`, which every API takes. */
export function bearerOf({ headers }: Request): PresentedCredential | null {
  const [, token] = BEARER.exec(headers.get('authorization') ?? '') ?? [];
  return token === undefined ? null : { token, claims: null };
}

export const CHALLENGE = { 'www-authenticate': 'Bearer realm="tenantry"' };

type Answer = (caller: Caller) => Promise<Response>;

export interface Answered {
  response: Response;
  noteUse: Authenticated['noteUse'];
  /** Whether a mail waits to be sent. */
  mailIsDue: boolean;
}

/** An answer that leaves nothing to do behind it. */
export const answered = (response: Response): Answered => ({ response, noteUse: null, mailIsDue: false });

/**
 * Answers as the holder of the request's credential, or 401 without asking. What is known of a credential from requests
 * before is relied on and checked on the way; if it has changed, the answer is thrown away and made again, afresh.
 * Nothing has been written by then: a write is not begun before the check.
 */
export async function asViewer(
  request: Request,
  env: Environment,
  answer: Answer,
  scheme: AuthenticationScheme = BEARER_ONLY,
): Promise<Answered> {
  try {
    return await attempt(request, env, answer, scheme, { afresh: false });
  } catch (error) {
    if (!(error instanceof RevalidationError)) throw error;
    return attempt(request, env, answer, scheme, { afresh: true });
  }
}

async function attempt(
  request: Request,
  env: Environment,
  answer: Answer,
  scheme: AuthenticationScheme,
  how: CacheUse,
): Promise<Answered> {
  const db = new Database(env.DB);
  const signed = signedBy(env, request);
  const presented = scheme.credentialOf(request);
  const authenticated = presented && (await authenticate(presented, env, { db, signed, scheme }, how));
  if (!authenticated) return answered(scheme.unauthenticated());
  let isDue = false;
  const mailIsDue = () => {
    isDue = true;
  };
  const response = await answer({
    viewer: authenticated.viewer,
    db,
    tokens: signed?.tokens ?? null,
    mailIsDue,
    linkTo: linksOf(env, publicUrl(env, request)),
  });
  await db.settle();
  return { response, noteUse: authenticated.noteUse, mailIsDue: isDue };
}

/** Three parts of base64url, and no key of ours. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** The holder of the credential, or null, which does not say what is wrong with it. */
async function authenticate(
  { token, claims }: PresentedCredential,
  env: Environment,
  { db, signed, scheme }: { db: Database; signed: Signed | null; scheme: AuthenticationScheme },
  how: CacheUse,
): Promise<Authenticated | null> {
  const now = new Date();
  if (claims !== null) return authenticateApiKey(db, token, now, how, claims);
  if (env.ROOT_KEY && equalHashes(sha256(token), sha256(env.ROOT_KEY))) return { viewer: ROOT, noteUse: null };
  if (!JWT.test(token)) return authenticateApiKey(db, token, now, how);
  if (signed === null) return null;
  const client = scheme.takesClientTokens ? await authenticateClient(db, signed.clientTokens, token, now, how) : null;
  return client ?? authenticateUser(db, signed.tokens, token, now, how);
}

/** The entrance of an API whose clients carry a bearer token, and say nothing else of themselves. */
export const BEARER_ONLY: AuthenticationScheme = {
  credentialOf: bearerOf,
  unauthenticated: () =>
    failure(
      401,
      'UNAUTHENTICATED',
      'A valid credential is required: Authorization: Bearer <key or access token>.',
      CHALLENGE,
    ),
};
