import { AuthenticationError } from '../../directory/kernel/authentication-errors.ts';
import { ForbiddenError } from '../../directory/kernel/errors.ts';
import { signInEmbedded } from '../../directory/trusted-issuers/embedded.ts';
import { type Answered, answered, BEARER_ONLY, bearerOf, CHALLENGE } from '../auth/credentials.ts';
import { exchangeKey, noTokens, oauthFailure, revokeKey } from '../auth/key-exchange.ts';
import { anonymousCaller } from '../auth/sign-in-endpoints.ts';
import { OUTSIDE } from '../auth/trusted-issuers.ts';
import { readJson } from '../shared/body.ts';
import { publicUrl } from '../shared/environment.ts';
import { readForm } from '../shared/form.ts';
import type { Dialect, OpenAnswerer, OpenDialectRequest } from './dialect.ts';

const refused = (...reason: Parameters<typeof oauthFailure>): Answered => answered(oauthFailure(...reason));

/** Where a program gets a token: it asks by https, whatever it was asked by itself. */
async function answerMeta({ request, env }: OpenDialectRequest): Promise<Answered> {
  const url = publicUrl(env, request);
  if (url === null) return noTokens();
  return answered(Response.json({ domain: new URL(url).host, clientId: 'tenantry', audience: `${url}/api` }));
}

async function answerToken(asked: OpenDialectRequest): Promise<Answered> {
  const form = await readForm(asked.request, oauthFailure, asked.readBody);
  if (form instanceof Response) return answered(form);
  if (form.get('grant_type') !== 'refresh_token') {
    return refused(400, 'BAD_USER_INPUT', 'The grant_type must be refresh_token. Nobody signs in by a browser here.');
  }
  return exchangeKey(asked, Object.fromEntries(form));
}

async function answerRevoke(asked: OpenDialectRequest): Promise<Answered> {
  const given = await readJson(asked.request, oauthFailure, asked.readBody);
  return given instanceof Response ? answered(given) : revokeKey(asked, given);
}

const NOT_GOOD =
  'The token is not valid: no embedded issuer for this organization and customer signed it, or it has expired or is good too long.';

/** The token is the credential of the request, or else stands in its body. */
async function givenToken({ request, readBody }: OpenDialectRequest): Promise<string | Response> {
  const presented = bearerOf(request);
  if (presented) return presented.token;
  const given = await readJson(request, oauthFailure, readBody);
  if (given instanceof Response) return given;
  if (typeof given.token === 'string') return given.token;
  return oauthFailure(400, 'BAD_USER_INPUT', 'The token is required: Authorization: Bearer <JWT>.');
}

async function answerEmbedded(asked: OpenDialectRequest): Promise<Answered> {
  const { request, env } = asked;
  const token = await givenToken(asked);
  if (token instanceof Response) return answered(token);
  try {
    let eventsAreDue = false;
    const caller = anonymousCaller(request, env, () => {
      eventsAreDue = true;
    });
    await signInEmbedded(caller, token, OUTSIDE);
    return { ...answered(Response.json({})), eventsAreDue };
  } catch (error) {
    if (error instanceof AuthenticationError) return refused(401, 'UNAUTHENTICATED', NOT_GOOD, CHALLENGE);
    if (error instanceof ForbiddenError) return refused(403, 'FORBIDDEN', error.message);
    throw error;
  }
}

/** A path by which programs sign in, and the one method that it is asked by. */
const PATHS: readonly { path: RegExp; method: string; answer: OpenAnswerer }[] = [
  { path: /^\/auth\/meta\/?$/, method: 'GET', answer: answerMeta },
  { path: /^\/auth\/revoke\/?$/, method: 'POST', answer: answerRevoke },
  { path: /^\/oauth\/token\/?$/, method: 'POST', answer: answerToken },
  { path: /^\/embedded\/authenticate\/?$/, method: 'POST', answer: answerEmbedded },
];

function openAt(asked: string): OpenAnswerer | null {
  const found = PATHS.find(({ path }) => path.test(asked));
  if (!found) return null;
  const { method, answer } = found;
  return async (exchange) =>
    exchange.request.method === method
      ? answer(exchange)
      : refused(405, 'METHOD_NOT_ALLOWED', `This is asked by ${method}.`, { allow: method });
}

/** How the programs of Prismatic sign in, in the envelope of OAuth 2.0. What they are signed in for is in prismatic.ts. */
export const prismaticSignIn: Dialect = {
  ...BEARER_ONLY,
  methods: 'GET, POST',
  failure: oauthFailure,
  at: () => null,
  openAt,
};
