import { GraphQLError, type GraphQLErrorOptions } from 'graphql';
import { RevalidationError } from '../../db/client.ts';
import { ForbiddenError, ValidationError } from '../../directory/kernel/errors.ts';

/** Codes of failed requests, in `errors[].extensions.code`. Those of failed mutations are in `MutationError.code`. */
export const FAILURE_CODES = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'BAD_REQUEST',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'PAYLOAD_TOO_LARGE',
  'TOO_MANY_REQUESTS',
  'MISCONFIGURED',
  'SERVICE_UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** How an API says that a request failed. */
export type Failure = (status: number, code: FailureCode, message: string, headers?: HeadersInit) => Response;

/** A failed request as every API without an envelope of its own answers it: the shape of GraphQL's errors. */
export function failure(
  status: number,
  code: FailureCode,
  message: string,
  headers: HeadersInit = {},
  details: Record<string, unknown> = {},
): Response {
  return Response.json({ errors: [{ message, extensions: { code, ...details } }] }, { status, headers });
}

/** The same for a failure that nobody expected: it is logged, and the answer has only the id that stands in the log. */
export function unexpected(error: unknown, requestId: string): Response {
  const { status, code, message } = logged(error, requestId);
  return Response.json({ errors: [{ message, extensions: { code, requestId } }] }, { status });
}

/** D1 asks to be left alone for a moment: the caller may try again, we must not. */
const OVERLOADED = /D1 DB is overloaded|Requests queued for too long|D1 DB storage operation exceeded timeout/;

interface Masked {
  status: number;
  code: FailureCode;
  message: string;
}

/** What the caller learns of a failure that is not theirs: nothing but whether to try again. */
function masked(error: unknown): Masked {
  if (error instanceof Error && OVERLOADED.test(error.message)) {
    return { status: 503, code: 'SERVICE_UNAVAILABLE', message: 'The database is busy. Try again in a moment.' };
  }
  return { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong on our side.' };
}

/** The same as an API with an envelope of its own answers it; the id is in the header of the answer alone. */
export function unexpectedBy(fail: Failure, error: unknown, requestId: string): Response {
  const { status, code, message } = logged(error, requestId);
  return fail(status, code, message);
}

function logged(error: unknown, requestId: string): Masked {
  log(requestId, error);
  return masked(error);
}

/** D1 reports SQL and names of columns, but no values; any other message may quote what the caller sent. */
const SAFE_MESSAGE = /^D1_ERROR: /;

/** One failure can reach the answer by several fields, and the log but once. */
const inTheLog = new WeakSet<object>();

/** One line for an error that nobody expected. Neither variables nor secrets nor e-mail addresses may stand in it. */
export function log(requestId: string, error: unknown): void {
  if (error instanceof Error) {
    if (error instanceof RevalidationError || inTheLog.has(error)) return;
    inTheLog.add(error);
  }
  const { name, message, stack } = error instanceof Error ? error : new Error('Not an Error');
  const frames = stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  console.error(
    JSON.stringify({
      level: 'error',
      requestId,
      name,
      message: SAFE_MESSAGE.test(message) ? message : 'withheld',
      stack: frames.map((line) => line.trim()),
    }),
  );
}

/** Input that GraphQL itself refuses while it executes, such as a variable that breaks a `@oneOf`. */
const isRefusedInput = ({ message, originalError }: GraphQLError): boolean =>
  (originalError === undefined || originalError instanceof GraphQLError) && /^(Variable|Argument) "/.test(message);

/** A GraphQL error as the caller may see it: rules of the directory and of GraphQL itself as they are, the rest masked. */
export function presentable(error: GraphQLError, requestId: string): GraphQLError {
  if (error.extensions.code !== undefined) return error;
  const { originalError: cause } = error;
  const { nodes, source, positions, path } = error;
  const place = { nodes, source, positions, path };
  if (cause instanceof ForbiddenError) {
    const { message, missingPermissions } = cause;
    return new GraphQLError(message, { ...place, extensions: { code: 'FORBIDDEN', missingPermissions } });
  }
  if (cause instanceof ValidationError) {
    return new GraphQLError(cause.message, { ...place, extensions: { code: 'BAD_USER_INPUT', issues: cause.issues } });
  }
  if (isRefusedInput(error)) {
    return new GraphQLError(error.message, { ...place, extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } });
  }
  return hidden(cause ?? error, requestId, place);
}

/** Nothing of the error but where it happened, and the id under which it is logged. */
export function hidden(error: unknown, requestId: string, place: GraphQLErrorOptions = {}): GraphQLError {
  log(requestId, error);
  const { code, message, status } = masked(error);
  return new GraphQLError(message, { ...place, extensions: { code, requestId, http: { status } } });
}
