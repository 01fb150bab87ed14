import type { Answer, Route } from '../../dialects/shared/rest.ts';
import { failed } from '../../dialects/userdocks/errors.ts';
import { ROUTES } from '../../dialects/userdocks/routes.ts';
import type { Repeatable } from '../../directory/access/repeatable.ts';
import type { Caller } from '../../directory/access/viewer.ts';
import { RecordGoneError } from '../../directory/kernel/repetition-errors.ts';
import { bearerOf, CHALLENGE, type PresentedCredential } from '../auth/credentials.ts';
import { readAnyJson } from '../shared/body.ts';
import { type Failure, log } from '../shared/failures.ts';
import { hashOfRequest, IDEMPOTENCY_KEY, KEY_PROBLEM, keyOf } from '../shared/idempotency-key.ts';
import { pathOf } from '../shared/url.ts';
import type { Answerer, Dialect } from './dialect.ts';

const failure: Failure = (status, _code, message, headers = {}) => Response.json(failed(message), { status, headers });

/** An API key, if there is one, is the credential, even beside another. */
function credentialOf(request: Request): PresentedCredential | null {
  const { headers } = request;
  const token = headers.get('x-api-key');
  if (token === null) return bearerOf(request);
  const type = headers.get('x-api-key-type');
  const organizationId = headers.get('x-client-id');
  if (organizationId === null || (type !== 'read' && type !== 'write')) return null;
  return { token, claims: { organizationId, access: type === 'read' ? 'READ' : 'WRITE' } };
}

const answererOf =
  ({ operations }: Route, parameters: Record<string, string>): Answerer =>
  async ({ request, requestId, caller, readBody }) => {
    const operation = operations.get(request.method);
    if (!operation) {
      const allow = [...operations.keys()].join(', ');
      return failure(405, 'METHOD_NOT_ALLOWED', `This is asked by ${allow}.`, { allow });
    }
    const body = operation.takesBody ? await readAnyJson(failure, readBody) : {};
    if (body instanceof Response) return body;
    const key = operation.takesBody ? keyOf(request.headers) : null;
    if (key === undefined) return failure(400, 'BAD_REQUEST', KEY_PROBLEM);
    const { method } = request;
    const requestHash = hashOfRequest(method, pathOf(request), body);
    const changing = changingCaller(caller, key === null ? null : { key, requestHash, field: method });
    const answer = await operation.answer({ caller: changing.caller, parameters, body }).catch((error) => {
      if (changing.isDone()) return doneAllTheSame(error, requestId);
      throw error;
    });
    const headers: HeadersInit = key === null ? {} : { [IDEMPOTENCY_KEY]: key };
    return Response.json(answer.body, { status: answer.status, headers });
  };

/** Returns the caller with what its change may be repeated under, and whether that has been made. */
function changingCaller(caller: Caller, repeatable: Repeatable | null): { caller: Caller; isDone: () => boolean } {
  let isDone = false;
  const tookEffect = () => {
    isDone = true;
  };
  return { caller: { ...caller, repeatable, tookEffect }, isDone: () => isDone };
}

/** What is answered for a change that was made, where its answer has failed. */
function doneAllTheSame(error: unknown, requestId: string): Answer {
  if (error instanceof RecordGoneError) return { status: 403, body: failed(`This was done. ${error.message}`) };
  log(requestId, error);
  return { status: 500, body: failed('This was done. Only its answer could not be read.') };
}

/** Its requests and answers. What they say is in src/dialects/userdocks. */
export const userdocks: Dialect = {
  methods: 'GET, PUT',
  tokens: ['API_KEY', 'ACCESS_TOKEN'],
  credentialOf,
  failure,
  unauthenticated: () =>
    failure(
      401,
      'UNAUTHENTICATED',
      'A valid credential is required: X-API-KEY with X-API-KEY-TYPE (read or write) and X-CLIENT-ID, or Authorization: Bearer.',
      CHALLENGE,
    ),
  at(path) {
    for (const route of ROUTES) {
      const match = route.path.exec(path);
      if (match) return answererOf(route, { ...match.groups });
    }
    return null;
  },
};
