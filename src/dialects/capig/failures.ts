import { GraphQLError } from 'graphql';
import {
  AlreadyExistsError,
  DirectoryError,
  ForbiddenError,
  NotFoundError,
  ValidationError,
} from '../../directory/kernel/errors.ts';

/** What a failed request is answered with, whoever refused it. */
export const failureOf = (status: number, code: string, message: string) => ({
  data: null,
  errors: [{ message, extensions: { code, status } }],
});

/** By code. The document has 400, 401 and 500 for the calls that it shows, the user pages of its vendor 404 and 409. */
const STATUSES: Record<string, number> = {
  BAD_REQUEST: 400,
  BAD_USER_INPUT: 400,
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
  OPERATION_RESOLUTION_FAILURE: 400,
  FORBIDDEN: 401,
  NOT_FOUND: 404,
  CONFLICT: 409,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
};

/** An error as the caller sees it: its status stands in it, and is that of the answer. */
export function refusedAs(error: GraphQLError): GraphQLError {
  const { message, nodes, source, positions, path, extensions } = error;
  const { http: _http, code, ...details } = extensions;
  const status = STATUSES[String(code)] ?? 500;
  return new GraphQLError(status === 401 ? `Not authorized: ${message}` : message, {
    nodes,
    source,
    positions,
    path,
    extensions: { code, status, ...details, http: { status, spec: false } },
  });
}

const refusal = (code: string, message: string) => new GraphQLError(message, { extensions: { code } });

/** What a name looks like, of what is named by a composed one. */
const SPELLINGS: Record<string, string> = {
  role: ': names are agency-<role> in the organization, and advertiser-<role>-<tenant id> in a tenant',
};

export const notFound = (entity: string) =>
  refusal('NOT_FOUND', `There is no such ${entity}${SPELLINGS[entity] ?? ''}.`);

export const conflict = (message: string) => refusal('CONFLICT', message);

/** Where in the document's inputs stands what the directory calls so. */
const PATHS: Record<string, string> = { assign: 'roleToAdd', revoke: 'roleToRevoke', roleIdentifier: 'roleName' };

const spelledPath = (path: string): string => PATHS[path.split('.')[0] ?? ''] ?? path;

/** The outcomes of a command that are no bugs. Who may not is told so as everywhere. */
function inWords(error: unknown): unknown {
  if (error instanceof ForbiddenError) return error;
  if (error instanceof ValidationError) {
    return new ValidationError(error.issues.map((issue) => ({ ...issue, path: spelledPath(issue.path) })));
  }
  if (error instanceof NotFoundError) return notFound(error.references[0]?.entity ?? 'record');
  if (error instanceof AlreadyExistsError) return conflict('There is such a user already.');
  return error instanceof DirectoryError ? conflict(error.message) : error;
}

export const orRefused = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
  answer.catch((error) => {
    throw inWords(error);
  });
