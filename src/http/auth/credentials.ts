import { Database, type Tally } from '../../db/client.ts';
import { RevalidationError } from '../../db/errors.ts';
import { credentialName } from '../../directory/access/actor.ts';
import type { Authenticated, CacheUse } from '../../directory/access/credential-cache.ts';
import type { Caller, Viewer } from '../../directory/access/viewer.ts';
import { type ApiKeyClaims, authenticateApiKey, authenticateClient } from '../../directory/api-keys/credentials.ts';
import { KeysUnavailableError, RateLimitError } from '../../directory/kernel/authentication-errors.ts';
import { PERMISSIONS } from '../../directory/kernel/permission-names.ts';
import { equalHashes, Token } from '../../directory/kernel/secrets.ts';
import { authenticateUser } from '../../directory/sign-in/credentials.ts';
import { linksOf } from '../mail/links.ts';
import { type Environment, neighbourhoodOf, publicUrl } from '../shared/environment.ts';
import { failure } from '../shared/failures.ts';
import { RATE_LIMIT_PERIOD_SECONDS, type RequestLimit } from '../shared/rate-limits.ts';
import { type ClientTokenKind, type Signed, signedBy } from './signing.ts';

const ROOT: Viewer = {
  actor: { type: 'ROOT', id: null },
  permissions: new Set(PERMISSIONS),
  access: 'WRITE',
  reach: { kind: 'ORGANIZATION' },
  rateLimitTier: 'DEFAULT',
  countsAs: credentialName({ type: 'ROOT', id: null }),
  expiresAt: null,
  session: null,
};

/**
 * The kinds of tokens that an API can take: an API key, what a client of one API was given for one, what a user was given on
 * signing in, and what an embedded issuer has signed. The root key is taken everywhere.
 */
export type TokenKind = 'API_KEY' | ClientTokenKind | 'ACCESS_TOKEN' | 'EMBEDDED_TOKEN';

const CLIENT_TOKEN_KINDS: readonly ClientTokenKind[] = ['HUB_TOKEN', 'API_TOKEN'];

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

/** Returns the credential in `Authorization: Bearer <key or access token>`, or null if there is none. */
export function bearerOf({ headers }: Request): PresentedCredential | null {
  const [, token] = BEARER.exec(headers.get('authorization') ?? '') ?? [];
  return token === undefined ? null : { token, claims: null };
}

/** The header of a 401 that tells clients to authenticate with a bearer token (RFC 6750). */
export const CHALLENGE = { 'www-authenticate': 'Bearer realm="tenantry"' };

/** A request, with what it takes to find out who makes it. */
export interface Asked {
  request: Request;
  env: Environment;
  limit: RequestLimit;
  /** Counts the queries that are made of D1, where somebody wants to know. */
  tally?: Tally;
}

type Answer = (caller: Caller) => Promise<Response>;

/**
 * How often a request is made before it is given up, because its credential has changed each time: as when a key that rotates
 * itself is asked to several times at once, of which as many succeed as it may have secrets beside the first.
 */
const MAX_ATTEMPTS = 5;

/** An answer, with the work to be done after it was sent. */
export interface Answered {
  response: Response;
  /** Records which credentials were used; null if there is nothing to record. */
  noteUse: Authenticated['noteUse'];
  /** Whether the outbox has a mail to send. */
  mailIsDue: boolean;
  /** Whether events were committed of which webhooks are to hear. */
  eventsAreDue: boolean;
}

/** Returns an answer that needs no work after it was sent. */
export const answered = (response: Response): Answered => ({
  response,
  noteUse: null,
  mailIsDue: false,
  eventsAreDue: false,
});

/**
 * Runs `answer` for the viewer who owns the request's credential, or answers 401 without running it. A viewer with too
 * many requests is refused before that, and so without asking the database if the credential is cached. A cached
 * credential is revalidated with the first read, and any credential in the batch of each write. If it has changed, `answer`
 * runs again with a fresh one, as long as nothing was written.
 */
export async function asViewer(
  asked: Asked,
  answer: Answer,
  scheme: AuthenticationScheme = BEARER_ONLY,
): Promise<Answered> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt(asked, answer, scheme, { afresh: attempts > 1 });
    } catch (error) {
      if (!(error instanceof RevalidationError) || attempts === MAX_ATTEMPTS) throw error;
    }
  }
}

async function attempt(
  { request, env, limit, tally }: Asked,
  answer: Answer,
  scheme: AuthenticationScheme,
  how: CacheUse,
): Promise<Answered> {
  const db = new Database(env.DB, tally);
  const signed = signedBy(env, request);
  const presented = scheme.credentialOf(request);
  const authenticated =
    presented && (await authenticate(presented, env, { db, signed, scheme }, how).catch(counted(limit)));
  if (authenticated instanceof Response) return answered(authenticated);
  const refused = authenticated ? await limit.ofViewer(authenticated.viewer) : await limit.ofStranger();
  if (refused) return answered(refused);
  if (!authenticated) return answered(scheme.unauthenticated());
  const due = { mail: false, events: false };
  const { noteUse } = authenticated;
  const notes = noteUse ? [noteUse] : [];
  const response = await answer({
    viewer: authenticated.viewer,
    db,
    tokens: signed?.tokens ?? null,
    mailIsDue: () => {
      due.mail = true;
    },
    eventsAreDue: () => {
      due.events = true;
    },
    countWrong: async (credentials) => {
      if (await limit.ofWrong(credentials)) throw new RateLimitError(RATE_LIMIT_PERIOD_SECONDS, TOO_MANY_WRONG);
    },
    noteLater: (note) => {
      notes.push(note);
    },
    neighbourhood: neighbourhoodOf(env, request),
    linkTo: (purpose, token) => linksOf(env, publicUrl(env, request))(purpose, token),
    repeatable: null,
    tookEffect: () => {},
    readAlong: () => () => {},
  });
  await db.settle();
  return { response, noteUse: allOf(notes), mailIsDue: due.mail, eventsAreDue: due.events };
}

const TOO_MANY_WRONG = 'There were too many wrong credentials. Try again in a minute.';

/** Returns what notes one after the other; null if there is nothing to note. */
function allOf(notes: readonly (() => Promise<void>)[]): Authenticated['noteUse'] {
  if (notes.length === 0) return null;
  return async () => {
    for (const note of notes) await note();
  };
}

/**
 * Returns a function that counts a request for a stranger's whose credential nobody can check, because the keys of its issuer
 * cannot be read: anybody can send one. It answers one request too many, and throws the error of any other.
 */
const counted =
  (limit: RequestLimit) =>
  async (error: unknown): Promise<Response> => {
    const refused = error instanceof KeysUnavailableError ? await limit.ofStranger() : null;
    if (refused) return refused;
    throw error;
  };

/** The root keys that have been asked for, which is one, with their hashes. */
const rootKeys = new Map<string, Token>();

function isRootKey(token: Token, { ROOT_KEY }: Environment): boolean {
  if (!ROOT_KEY || ROOT_KEY.length !== token.text.length) return false;
  const root = rootKeys.get(ROOT_KEY) ?? new Token(ROOT_KEY);
  rootKeys.set(ROOT_KEY, root);
  return equalHashes(token.hash, root.hash);
}

/** Loads what reads the tokens of embedded issuers. Most isolates never need it. */
const embedding = () => import('./trusted-issuers.ts');

/** Three parts of base64url. API keys have no dots. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Returns the owner of the credential, or null without saying what is wrong with it. */
async function authenticate(
  { token: text, claims }: PresentedCredential,
  env: Environment,
  { db, signed, scheme }: { db: Database; signed: Signed | null; scheme: AuthenticationScheme },
  how: CacheUse,
): Promise<Authenticated | null> {
  const now = new Date();
  const token = new Token(text);
  if (claims !== null) return authenticateApiKey(db, token, now, how, claims);
  if (isRootKey(token, env)) return { viewer: ROOT, noteUse: null };
  const takes = (kind: TokenKind) => scheme.tokens.includes(kind);
  if (!JWT.test(text)) return takes('API_KEY') ? authenticateApiKey(db, token, now, how) : null;
  if (signed !== null) {
    for (const kind of CLIENT_TOKEN_KINDS.filter(takes)) {
      const client = await authenticateClient(db, signed.clientTokens[kind], token, now, how);
      if (client !== null) return client;
    }
    const user = takes('ACCESS_TOKEN') ? await authenticateUser(db, signed.tokens, token, now, how) : null;
    if (user !== null) return user;
  }
  return takes('EMBEDDED_TOKEN') ? (await embedding()).authenticateEmbeddedToken(db, token, now, how) : null;
}

/** The authentication of an API whose clients send a bearer token, and that has GraphQL's format of errors. */
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
