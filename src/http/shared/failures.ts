import { GraphQLError, type GraphQLFormattedError } from 'graphql/error';
import { OutcomeUnknownError, RevalidationError, RevokedMeanwhileError, UnavailableError } from '../../db/errors.ts';
import {
  KEYS_RETRY_SECONDS,
  KeysUnavailableError,
  RateLimitError,
} from '../../directory/kernel/authentication-errors.ts';
import { documentationOf } from '../../directory/kernel/documentation.ts';
import { ForbiddenError, ValidationError } from '../../directory/kernel/errors.ts';
import { IdempotencyKeyReusedError, RecordGoneError } from '../../directory/kernel/repetition-errors.ts';

/**
 * The codes of failed requests, in `errors[].extensions.code`. A mutation that fails by a rule of the directory has its
 * code in `MutationError.code` instead.
 */
export const FAILURE_CODES = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'BAD_REQUEST',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'PAYLOAD_TOO_LARGE',
  'IDEMPOTENCY_KEY_REUSED',
  'TOO_MANY_REQUESTS',
  'MISCONFIGURED',
  'SERVICE_UNAVAILABLE',
  'OUTCOME_UNKNOWN',
  'INTERNAL_SERVER_ERROR',
] as const;
/** The code of a failed request. */
export type FailureCode = (typeof FAILURE_CODES)[number];

/** A function that answers a failed request in the format of an API. */
export type Failure = (status: number, code: FailureCode, message: string, headers?: HeadersInit) => Response;

/**
 * Returns the answer to a failed request, in the format of GraphQL's errors. APIs with their own format do not use it.
 */
export function failure(
  status: number,
  code: FailureCode,
  message: string,
  headers: HeadersInit = {},
  details: Record<string, unknown> = {},
): Response {
  const extensions = { code, documentation: documentationOf(code), ...details };
  return Response.json({ errors: [{ message, extensions }] }, { status, headers });
}

/**
 * Logs an unexpected error and returns its answer in GraphQL's format. The answer has the request id, never the reason.
 */
export function unexpected(error: unknown, requestId: string): Response {
  const { status, code, message, headers } = logged(error, requestId);
  return failure(status, code, message, headers, { requestId });
}

/** Returns an error that also says where its code is documented. */
export function documented({ extensions: { code, ...others }, ...error }: ShownError): ShownError {
  return { ...error, extensions: { code, documentation: documentationOf(String(code)), ...others } };
}

/** Returns the header of a refusal that says when to try again. */
const retryAfter = ({ retryAfterSeconds }: RateLimitError) => ({ 'retry-after': String(retryAfterSeconds) });

/** Returns the answer, in the format of an API, to a caller who did something too often. */
export const tooOften = (fail: Failure, error: RateLimitError): Response =>
  fail(429, 'TOO_MANY_REQUESTS', error.message, retryAfter(error));

/** Returns the answer, in the format of an API, to a token whose issuer publishes keys that cannot be read. */
export const keysUnavailable = (fail: Failure, error: KeysUnavailableError): Response =>
  fail(503, 'SERVICE_UNAVAILABLE', error.message, { 'retry-after': String(KEYS_RETRY_SECONDS) });

/** When to try again what failed in passing: most of what is wrong with the database is over by then. */
export const UNAVAILABLE_RETRY_SECONDS = 2;

interface Masked {
  status: number;
  code: FailureCode;
  message: string;
  headers: Record<string, string>;
}

const NOT_KNOWN = 'The database failed, and it is not known whether this was done.';
const REPEAT_TO_KNOW = 'Repeat it with the same Idempotency-Key to find out.';
const LOOK_FIRST = 'Look before you repeat it.';

/** Returns what the caller may know of an unexpected error: only whether, and when, to try again. */
function masked(error: unknown): Masked {
  if (error instanceof OutcomeUnknownError) {
    const { isRepeatable } = error;
    const message = `${NOT_KNOWN} ${isRepeatable ? REPEAT_TO_KNOW : LOOK_FIRST}`;
    const headers: Record<string, string> = isRepeatable ? { 'retry-after': String(UNAVAILABLE_RETRY_SECONDS) } : {};
    return { status: 503, code: 'OUTCOME_UNKNOWN', message, headers };
  }
  const isChanging = error instanceof RevalidationError;
  if (isChanging || error instanceof UnavailableError) {
    const headers = { 'retry-after': String(UNAVAILABLE_RETRY_SECONDS) };
    const what = isChanging ? 'The credential is being changed' : 'The database is not available';
    const message = `${what} for the moment. Try again.`;
    return { status: 503, code: 'SERVICE_UNAVAILABLE', message, headers };
  }
  return { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong on our side.', headers: {} };
}

/**
 * Returns the answer to a thrown error in the format of an API: whoever did something too often is told so, or that the keys
 * of an issuer cannot be read, and all else is unexpected, and logged. The request id is in a header of the answer only, because formats of others have no place for it.
 */
export function unexpectedBy(fail: Failure, error: unknown, requestId: string): Response {
  if (error instanceof RateLimitError) return tooOften(fail, error);
  if (error instanceof KeysUnavailableError) return keysUnavailable(fail, error);
  if (error instanceof IdempotencyKeyReusedError) return fail(422, 'IDEMPOTENCY_KEY_REUSED', error.message);
  if (error instanceof RevokedMeanwhileError) return fail(401, 'UNAUTHENTICATED', error.message);
  const { status, code, message, headers } = logged(error, requestId);
  return fail(status, code, message, headers);
}

function logged(error: unknown, requestId: string): Masked {
  log(requestId, error instanceof OutcomeUnknownError ? error.cause : error);
  return masked(error);
}

/** D1 reports SQL and names of columns, but no values; any other message may quote what the caller sent. */
const isSafe = (error: Error): boolean => error instanceof UnavailableError || error.message.startsWith('D1_ERROR: ');

/** What names an error in the log: a word that a program chose, and no text. */
const SAFE_WORD = /^[\w-]{1,64}$/;

/** Returns the code of an error, as of one that a service answered; undefined if it has none, or one that is no word. */
function codeOf(error: object): string | undefined {
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && SAFE_WORD.test(code) ? code : undefined;
}

/** Returns where an error was thrown, without its message, which the stack begins with. */
function framesOf({ message, stack = '' }: Error): string[] {
  const lines = stack.replace(message, '').split('\n');
  return lines.filter((line) => /^\s+at /.test(line)).map((line) => line.trim());
}

/** Errors that were logged: an error that several fields of an answer share is logged once. */
const loggedErrors = new WeakSet<object>();

/**
 * Logs an unexpected error as one line of JSON. A message that may quote the caller is withheld, so that no variable,
 * secret or e-mail address is logged; its code, if it has one, stays. A RevalidationError is skipped, because the request is
 * then answered again.
 */
export function log(requestId: string, error: unknown): void {
  if (error instanceof Error) {
    if (error instanceof RevalidationError || loggedErrors.has(error)) return;
    loggedErrors.add(error);
  }
  const known = error instanceof Error ? error : new Error('Not an Error');
  const { name, message } = known;
  console.error(
    JSON.stringify({
      level: 'error',
      requestId,
      name: SAFE_WORD.test(name) ? name : 'Error',
      code: codeOf(known),
      message: isSafe(known) ? message : 'withheld',
      stack: framesOf(known),
    }),
  );
}

/** An error as an answer shows it, in GraphQL's format, and what it makes of the answer over HTTP. */
export interface ShownError extends Pick<GraphQLFormattedError, 'message' | 'locations' | 'path'> {
  extensions: Record<string, unknown>;
  http?: { status: number; headers?: Record<string, string> } | undefined;
}

/** Returns whether GraphQL itself rejected the input during execution, such as a variable that violates `@oneOf`. */
const isInvalidInput = ({ message, originalError }: GraphQLError): boolean =>
  (originalError === undefined || originalError instanceof GraphQLError) && /^(Variable|Argument) "/.test(message);

/**
 * Returns a GraphQL error as the caller may see it. ForbiddenError, ValidationError, RateLimitError,
 * RevokedMeanwhileError, IdempotencyKeyReusedError, RecordGoneError and invalid input keep their message; any other error without a code is logged and masked.
 */
export function presentable(error: GraphQLError, requestId: string): ShownError {
  const { message, path, originalError: cause } = error;
  const { http, unexpected, ...extensions } = error.extensions;
  const place = path && { path };
  if (extensions.code !== undefined && !unexpected) {
    return { message, ...place, extensions, http: http as ShownError['http'] };
  }
  if (cause instanceof ForbiddenError) {
    const { missingPermissions } = cause;
    return { message: cause.message, ...place, extensions: { code: 'FORBIDDEN', missingPermissions } };
  }
  if (cause instanceof ValidationError) {
    return { message: cause.message, ...place, extensions: { code: 'BAD_USER_INPUT', issues: cause.issues } };
  }
  if (cause instanceof RateLimitError) {
    const http = { status: 429, headers: retryAfter(cause) };
    return { message: cause.message, ...place, extensions: { code: 'TOO_MANY_REQUESTS' }, http };
  }
  // A status of 401 would have clients sign in and send all of it again, though it is done up to here.
  if (cause instanceof RevokedMeanwhileError) {
    return { message: cause.message, ...place, extensions: { code: 'UNAUTHENTICATED' } };
  }
  if (cause instanceof IdempotencyKeyReusedError) {
    return { message: cause.message, ...place, extensions: { code: 'IDEMPOTENCY_KEY_REUSED' }, http: { status: 422 } };
  }
  if (cause instanceof RecordGoneError) {
    return { message: cause.message, ...place, extensions: { code: 'NOT_FOUND' } };
  }
  if (isInvalidInput(error))
    return { message, ...place, extensions: { code: 'BAD_USER_INPUT' }, http: { status: 400 } };
  return { ...hidden(cause ?? error, requestId), ...place };
}

/** Logs an unexpected error, and returns a masked one that has only the request id. */
function hidden(error: unknown, requestId: string): ShownError {
  const { code, message, status, headers } = logged(error, requestId);
  return { message, extensions: { code, requestId }, http: { status, headers } };
}
