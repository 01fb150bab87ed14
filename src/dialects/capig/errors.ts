import { GraphQLError } from 'graphql';
import { DirectoryError, ValidationError } from '../../directory/kernel/errors.ts';
import { type AnswersByCode, answerTo, failsRequest } from '../shared/errors.ts';
import { whatFailed } from '../shared/failed.ts';
import { type Fields, pathGiven } from '../shared/fields.ts';

/** Returns the body of the answer to a failed request, whoever refused it. */
export const failureOf = (status: number, code: string, message: string) => ({
  data: null,
  errors: [{ message, extensions: { code, status } }],
});

/** By code. The document has 400, 401 and 500 for the calls that it shows, the user pages of its vendor 404 and 409. It has no 429. */
const STATUSES: Record<string, number> = {
  BAD_REQUEST: 400,
  BAD_USER_INPUT: 400,
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
  OPERATION_RESOLUTION_FAILURE: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 401,
  NOT_FOUND: 404,
  CONFLICT: 409,
  IDEMPOTENCY_KEY_REUSED: 422,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
  OUTCOME_UNKNOWN: 503,
};

/** An error as GraphQL's answers have it, and the status of the answer. */
interface Refused {
  message: string;
  extensions: Record<string, unknown>;
  http?: { status: number } | undefined;
}

/** Returns an error as the caller sees it: with its status, which is that of the answer, too. */
export function refusedAs<Error extends Refused>(error: Error): Error {
  const { code, ...details } = error.extensions;
  const status = STATUSES[String(code)] ?? 500;
  return {
    ...error,
    message: status === 401 ? `Not authorized: ${error.message}` : whatFailed(error),
    extensions: { code, status, ...details },
    http: { ...error.http, status },
  };
}

const errorWith = (code: string, message: string) => new GraphQLError(message, { extensions: { code } });

/** What a name looks like, of what is named by a composed one. */
const SPELLINGS: Record<string, string> = {
  role: ': names are agency-<role> in the organization, and advertiser-<role>-<tenant id> in a tenant',
};

export const notFound = (entity: string) =>
  errorWith('NOT_FOUND', `There is no such ${entity}${SPELLINGS[entity] ?? ''}.`);

export const conflict = (message: string) => errorWith('CONFLICT', message);

/** What is thrown for each error of the directory, about an input of these fields. Who may not is told so as everywhere. */
const answersAbout = (fields: Fields): AnswersByCode<Error> => ({
  validation_failed: ({ issues }) =>
    new ValidationError(issues.map((issue) => ({ ...issue, path: pathGiven(fields, issue.path) }))),
  not_found: ({ references }) => notFound(references[0]?.entity ?? 'record'),
  already_exists: ({ ofDeletedCustomer }) =>
    conflict(ofDeletedCustomer ? 'There is such a user of a deleted customer.' : 'There is such a user already.'),
  insufficient_permissions: failsRequest,
  read_only_key: failsRequest,
  out_of_reach: failsRequest,
  not_signed_in: failsRequest,
  version_conflict: inConflict,
  import_rejected: inConflict,
  last_owner: inConflict,
  last_admin: inConflict,
  built_in_role: inConflict,
  role_in_use: inConflict,
  too_many_roles: inConflict,
  too_many_data_sources: inConflict,
  too_many_secrets: inConflict,
  too_many_webhooks: inConflict,
  too_many_permissions: inConflict,
  permission_in_use: inConflict,
});

function inConflict({ message }: DirectoryError): GraphQLError {
  return conflict(message);
}

/**
 * Answers what the directory does with an input of these fields.
 *
 * @throws its error in the document's words, with the code of one of its statuses.
 */
export async function orRefused<Answer>(answer: Promise<Answer>, fields: Fields = {}): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof DirectoryError ? answerTo(error, answersAbout(fields)) : error;
  }
}
