import { failedPayload } from '../../dialects/plain/failed-payload.ts';
import { spelledId } from '../../dialects/plain/ids.ts';
import { bearerOf, CHALLENGE } from '../auth/credentials.ts';
import type { Failure, ShownError } from '../shared/failures.ts';
import type { Dialect } from './dialect.ts';
import { graphQLAnswerer } from './graphql-answerer.ts';

const PATH = /^\/plain\/graphql\/v1\/?$/;

/** A page of 100 customers with all that the newest client asks of each, filtered and counted: it asks for no less. */
export const MAX_PLAIN_COST = 20_000;

/**
 * Plain's clients tell by the status alone whether a request failed, and know these: 200 with errors is a success to them.
 */
const statusOf = (status: number): number => (status === 401 || status === 403 ? status : status >= 500 ? 500 : 400);

/** They also pass on no message of errors of which one has no place in the document. */
const BEGINNING = [{ line: 1, column: 1 }];

const failure: Failure = (status, code, message, headers = {}) => {
  const error = { message, locations: BEGINNING, extensions: { code } };
  return Response.json({ errors: [error] }, { status: statusOf(status), headers });
};

const STATUSES: Record<string, number> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 500,
  OUTCOME_UNKNOWN: 500,
};

const spelled = ({ locations = BEGINNING, http, ...error }: ShownError): ShownError => ({
  ...error,
  locations,
  http: { ...http, status: STATUSES[String(error.extensions.code)] ?? 400 },
});

/** Its requests and answers. What they say is in src/dialects/plain. */
export const plain: Dialect = {
  methods: 'POST',
  requestIdHeader: 'apigw-requestid',
  tokens: ['API_KEY', 'ACCESS_TOKEN'],
  credentialOf: bearerOf,
  failure,
  unauthenticated: () =>
    failure(401, 'UNAUTHENTICATED', 'A valid credential is required: Authorization: Bearer <API key>.', CHALLENGE),
  at: (path) => (PATH.test(path) ? answerGraphQL : null),
};

const answerGraphQL = graphQLAnswerer({
  schema: async () => (await import('../../dialects/plain/schema.ts')).schema,
  failure,
  spelled,
  maxCost: MAX_PLAIN_COST,
  failedPayload,
  idOf: ({ type, id }) => spelledId(type, id),
});
