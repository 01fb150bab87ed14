import { Database } from '../../db/client.ts';
import { failureOf, refusedAs } from '../../dialects/capig/errors.ts';
import { exchangeClientCredentials } from '../../directory/api-keys/client-credentials.ts';
import { localId } from '../../graphql/shared/ids.ts';
import { type Answered, answered, bearerOf, CHALLENGE } from '../auth/credentials.ts';
import { signedBy } from '../auth/signing.ts';
import type { Failure } from '../shared/failures.ts';
import { readForm } from '../shared/form.ts';
import type { Dialect, OpenDialectRequest } from './dialect.ts';
import { graphQLAnswerer } from './graphql-answerer.ts';

const failure: Failure = (status, code, message, headers = {}) =>
  Response.json(failureOf(status, code, message), { status, headers });

const GRAPHQL = /^\/hub\/graphql\/?$/;
const TOKEN = /^\/clients\/token\/?$/;

/** The credentials of a client for a token, in the words of OAuth 2.0 (RFC 6749). */
async function answerToken({ request, env, readBody }: OpenDialectRequest): Promise<Answered> {
  const refused = (...reason: Parameters<Failure>): Answered => answered(failure(...reason));
  if (request.method !== 'POST') return refused(405, 'METHOD_NOT_ALLOWED', 'This is asked by POST.', { allow: 'POST' });
  const signed = signedBy(env, request);
  if (!signed) {
    return refused(503, 'MISCONFIGURED', 'There are no tokens here: SIGNING_KEYS and PUBLIC_URL have to be set.');
  }
  const form = await readForm(request, failure, readBody);
  if (form instanceof Response) return answered(form);
  if (form.get('grant_type') !== 'client_credentials') {
    return refused(400, 'BAD_USER_INPUT', 'The grant_type must be client_credentials.');
  }
  const clientId = form.get('client_id');
  const clientSecret = form.get('client_secret');
  if (typeof clientId !== 'string' || typeof clientSecret !== 'string') {
    return refused(400, 'BAD_USER_INPUT', 'The client_id and the client_secret are required.');
  }
  const client = { apiKeyId: localId('ApiKey', clientId), secret: clientSecret, organizationId: null };
  const tokens = signed.clientTokens.HUB_TOKEN;
  const admission = await exchangeClientCredentials(new Database(env.DB), tokens, client, new Date());
  if (admission === null)
    return refused(401, 'UNAUTHENTICATED', 'The client_id or the client_secret is wrong.', CHALLENGE);
  return { ...answered(Response.json({ token: admission.token })), noteUse: admission.noteUse };
}

const answerGraphQL = graphQLAnswerer({
  schema: async () => (await import('../../dialects/capig/schema.ts')).schema,
  failure,
  spelled: refusedAs,
  allOrNothing: ['query', 'mutation'],
  idOf: ({ id }) => id,
});

/** Its requests and answers. What they say is in src/dialects/capig. */
export const capig: Dialect = {
  methods: 'POST',
  tokens: ['API_KEY', 'HUB_TOKEN', 'ACCESS_TOKEN'],
  credentialOf: bearerOf,
  failure,
  unauthenticated: () =>
    failure(
      401,
      'UNAUTHENTICATED',
      'A valid credential is required: Authorization: Bearer <token of /clients/token, key or access token>.',
      CHALLENGE,
    ),
  at: (path) => (GRAPHQL.test(path) ? answerGraphQL : null),
  openAt: (path) => (TOKEN.test(path) ? answerToken : null),
};
