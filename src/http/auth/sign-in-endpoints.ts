import { Database } from '../../db/client.ts';
import { ACCESS_TOKEN_SECONDS, type AccessTokens } from '../../directory/access/access-tokens.ts';
import type { AnonymousCaller } from '../../directory/access/anonymous-caller.ts';
import {
  AuthenticationError,
  KeysUnavailableError,
  RateLimitError,
} from '../../directory/kernel/authentication-errors.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../../directory/kernel/errors.ts';
import { acceptInvitation, requestPasswordReset, resetPassword } from '../../directory/sign-in/passwords.ts';
import { type Admission, refreshSession } from '../../directory/sign-in/sessions.ts';
import { signIn } from '../../directory/sign-in/sign-in.ts';
import { signInByToken } from '../../directory/trusted-issuers/sign-in.ts';
import type { UserRecord } from '../../directory/users/queries.ts';
import { localId, toGlobalId } from '../../graphql/shared/ids.ts';
import { readJson } from '../shared/body.ts';
import { type Environment, isServed } from '../shared/environment.ts';
import { failure, keysUnavailable, tooOften } from '../shared/failures.ts';
import { type Answered, answered } from './credentials.ts';
import { exchangeKey } from './key-exchange.ts';
import { accessTokensOf } from './signing.ts';
import { OUTSIDE } from './trusted-issuers.ts';

type Given = Record<string, unknown>;

/** One of the endpoints by which people sign in, which need no credential. */
export interface SignInEndpoint {
  answer(caller: AnonymousCaller, given: Given, tokens: AccessTokens): Promise<Response>;
  /** The message of every 401, whatever the reason. Absent if the step has none. */
  unauthenticated?: string;
  /** Whether the outbox may have a mail to send afterwards. */
  mails?: boolean;
  /** Whether programs of Prismatic send an API key here, as their `refresh_token`. */
  takesKeys?: boolean;
}

const BAD_LINK = 'The link is not valid: it was used, replaced or has expired, or it never was.';

/** The endpoints without a credential, by their path. None of them reveals who is in the directory. */
export const SIGN_IN_ENDPOINTS: Record<string, SignInEndpoint> = {
  '/auth/sign-in': {
    answer: async (caller, given, tokens) =>
      admissionResponse(await signIn(caller, { ...given, tenantId: asLocalTenant(given.tenantId) }), tokens),
    unauthenticated: 'The e-mail address or the password is wrong, or the user may not sign in.',
  },
  '/auth/token': {
    answer: async (caller, given, tokens) => admissionResponse(await signInByToken(caller, given, OUTSIDE), tokens),
    unauthenticated:
      'The token is not valid: no trusted issuer signed it for this audience, or it has expired or is good too long.',
  },
  '/auth/refresh': {
    answer: async (caller, given, tokens) => admissionResponse(await refreshSession(caller, given, tokens), tokens),
    unauthenticated: 'The refresh token is not valid: it was used, or its session has ended.',
    takesKeys: true,
  },
  '/auth/accept-invitation': {
    answer: async (caller, given) => userResponse(await acceptInvitation(caller, given)),
    unauthenticated: BAD_LINK,
  },
  '/auth/request-password-reset': {
    answer: async (caller, given) => {
      await requestPasswordReset(caller, given);
      return Response.json({}, { status: 202 });
    },
    mails: true,
  },
  '/auth/reset-password': {
    answer: async (caller, given) => userResponse(await resetPassword(caller, given)),
    unauthenticated: BAD_LINK,
  },
};

const asLocalTenant = (given: unknown): unknown => (typeof given === 'string' ? localId('Tenant', given) : given);

/**
 * Returns the tokens of a new or refreshed session. Fields are named as in OAuth 2.0 (RFC 6749) where it has a word.
 */
async function admissionResponse(
  { content, refreshToken, sessionExpiresAt }: Admission,
  tokens: AccessTokens,
): Promise<Response> {
  const { userId, reach, tenantId, customerId } = content;
  return Response.json({
    accessToken: await tokens.issue(content),
    tokenType: 'Bearer',
    expiresIn: ACCESS_TOKEN_SECONDS,
    refreshToken,
    sessionExpiresAt: sessionExpiresAt.toISOString(),
    userId: toGlobalId('User', userId),
    reach: {
      kind: reach,
      tenantId: tenantId && toGlobalId('Tenant', tenantId),
      customerId: customerId && toGlobalId('Customer', customerId),
    },
  });
}

/** Returns the user who was let in, or has another password. */
export const userResponse = ({ id, email, name, status }: UserRecord): Response =>
  Response.json({ user: { id: toGlobalId('User', id), email, name, status } });

/** Returns the caller of a request that needs no credential. */
export const anonymousCaller = (
  request: Request,
  env: Environment,
  eventsAreDue: AnonymousCaller['eventsAreDue'],
): AnonymousCaller => ({
  db: new Database(env.DB),
  address: request.headers.get('cf-connecting-ip'),
  userAgent: request.headers.get('user-agent'),
  now: new Date(),
  eventsAreDue,
});

/** Programs of Prismatic refresh at our own path for it, and name what they send otherwise. */
const isKeyExchange = (env: Environment, { takesKeys }: SignInEndpoint, given: Given): boolean =>
  takesKeys === true && isServed(env, 'prismatic') && 'refresh_token' in given && !('refreshToken' in given);

/** Answers a request to one of the endpoints by which people sign in. */
export async function answerSignIn(request: Request, env: Environment, endpoint: SignInEndpoint): Promise<Answered> {
  if (request.method !== 'POST') {
    return answered(failure(405, 'METHOD_NOT_ALLOWED', 'This is asked by POST.', { allow: 'POST' }));
  }
  const tokens = accessTokensOf(env, request);
  if (!tokens) {
    return answered(
      failure(503, 'MISCONFIGURED', 'Nobody can sign in here: SIGNING_KEYS and PUBLIC_URL have to be set.'),
    );
  }
  const given = await readJson(request);
  if (given instanceof Response) return answered(given);
  if (isKeyExchange(env, endpoint, given)) return exchangeKey({ request, env }, given);
  let eventsAreDue = false;
  const caller = anonymousCaller(request, env, () => {
    eventsAreDue = true;
  });
  const response = await endpoint.answer(caller, given, tokens).catch((error) => failureOf(error, endpoint));
  return { ...answered(response), mailIsDue: endpoint.mails ?? false, eventsAreDue };
}

/** Returns the answer to an error of the directory, and throws any other error. */
export function failureOf(error: unknown, { unauthenticated }: Pick<SignInEndpoint, 'unauthenticated'>): Response {
  if (error instanceof AuthenticationError && unauthenticated !== undefined) {
    return failure(401, 'UNAUTHENTICATED', unauthenticated);
  }
  if (error instanceof ValidationError)
    return failure(400, 'BAD_USER_INPUT', error.message, {}, { issues: error.issues });
  if (error instanceof NotFoundError) {
    const references = error.references.map(({ path, message }) => ({ path, message }));
    return failure(404, 'NOT_FOUND', error.message, {}, { references });
  }
  if (error instanceof ForbiddenError) return failure(403, 'FORBIDDEN', error.message);
  if (error instanceof RateLimitError) return tooOften(failure, error);
  if (error instanceof KeysUnavailableError) return keysUnavailable(failure, error);
  throw error;
}

/**
 * Returns the public keys that verify access tokens, for services that are shown one. The set is empty without keys.
 */
export function publicKeys(request: Request, env: Environment): Response {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return failure(405, 'METHOD_NOT_ALLOWED', 'Keys are asked by GET.', { allow: 'GET, HEAD' });
  }
  const { keys } = accessTokensOf(env, request)?.publicKeys ?? { keys: [] };
  return Response.json({ keys }, { headers: { 'cache-control': 'public, max-age=300' } });
}
