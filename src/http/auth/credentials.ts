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

/**
 * The kinds of tokens that an API can take: an API key, what a client was given for one (RFC 6749, client credentials), and
 * what a user was given on signing in. The root key is taken everywhere.
 */
export type TokenKind = 'API_KEY' | 'CLIENT_TOKEN' | 'ACCESS_TOKEN';

/** A credential as a request carries it. */
export interface PresentedCredential {
  token: string;
  /** What clients of some APIs say of a key beside the key. A token with claims is an API key, and nothing else. */
  claims: ApiKeyClaims | null;
}

/** The credentials that an API takes, where a request carries one, and what is answered to a request without a valid one. */
export interface AuthenticationScheme {
  tokens: readonly TokenKind[];
  /** Null where the request carries none. */
  credentialOf(request: Request): PresentedCredential | null;
  /** Has the header that tells clients how to authenticate. */
  unauthenticated(): Response;
}

const BEARER = /^Bearer +([^\s]+)$/i;

/** Returns what stands in `Authorization: Bearer <token>`, which every API takes. */
export function bearerOf({ headers }: Request): PresentedCredential | null {
  const [, token] = BEARER.exec(headers.get('authorization') ?? '') ?? [];
  return token === undefined ? null : { token, claims: null };
}

/** The header of every 401: a client may present a bearer token. */
export const CHALLENGE = { 'www-authenticate': 'Bearer realm="tenantry"' };

type Answer = (caller: Caller) => Promise<Response>;

/** A response, and what is left to be done behind it. */
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

/** Returns the holder of the credential; null if it is not valid, which does not say why. */
async function authenticate(
  { token, claims }: PresentedCredential,
  env: Environment,
  { db, signed, scheme }: { db: Database; signed: Signed | null; scheme: AuthenticationScheme },
  how: CacheUse,
): Promise<Authenticated | null> {
  const now = new Date();
  if (claims !== null) return authenticateApiKey(db, token, now, how, claims);
  if (env.ROOT_KEY && equalHashes(sha256(token), sha256(env.ROOT_KEY))) return { viewer: ROOT, noteUse: null };
  const takes = (kind: TokenKind) => scheme.tokens.includes(kind);
  if (!JWT.test(token)) return takes('API_KEY') ? authenticateApiKey(db, token, now, how) : null;
  if (signed === null) return null;
  const client = takes('CLIENT_TOKEN') ? await authenticateClient(db, signed.clientTokens, token, now, how) : null;
  if (client !== null) return client;
  return takes('ACCESS_TOKEN') ? authenticateUser(db, signed.tokens, token, now, how) : null;
}

/** The scheme of an API whose clients carry a bearer token, and say nothing else of themselves. */
export const BEARER_ONLY: AuthenticationScheme = {
  tokens: ['API_KEY', 'ACCESS_TOKEN'],
  credentialOf: bearerOf,
  unauthenticated: () =>
    failure(
      401,
      'UNAUTHENTICATED',
      'A valid credential is required: Authorization: Bearer <key or access token>.',
      CHALLENGE,
    ),
};
