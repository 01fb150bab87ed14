import { DirectoryError } from '../../directory/kernel/errors.ts';
import { type AnswersByCode, answerTo, failsRequest } from '../shared/errors.ts';
import type { Answer, Operation } from '../shared/rest.ts';

/** Returns the body of the answer to a failed call, whoever refused it. */
export const failed = (error: string) => ({ success: false, error, message: null, data: null });

/** The document has no 404: what does not exist is forbidden like what is out of reach, in the same words. */
export const notReached = (): Answer => ({
  status: 403,
  body: failed('You do not reach this tenant, or there is none.'),
});

/** Of a user who was deleted since the request was let in. */
export const notSignedInAnyMore = (): Answer => ({ status: 401, body: failed('There is no such user any more.') });

const refusedWith =
  (status: number) =>
  ({ message }: DirectoryError): Answer => ({ status, body: failed(message) });

/** The answer to each error of the directory. What the document has no status for, fails the request. */
const ANSWERS: AnswersByCode<Answer> = {
  validation_failed: refusedWith(400),
  not_found: notReached,
  insufficient_permissions: refusedWith(403),
  read_only_key: refusedWith(403),
  out_of_reach: refusedWith(403),
  not_signed_in: refusedWith(403),
  already_exists: failsRequest,
  version_conflict: failsRequest,
  import_rejected: failsRequest,
  last_owner: failsRequest,
  last_admin: failsRequest,
  built_in_role: failsRequest,
  role_in_use: failsRequest,
  too_many_roles: failsRequest,
  too_many_data_sources: failsRequest,
  too_many_secrets: failsRequest,
  too_many_webhooks: failsRequest,
  too_many_permissions: failsRequest,
  permission_in_use: failsRequest,
};

/** An operation that answers errors of the directory in the document's envelope. */
export const orRefused =
  (answer: Operation['answer']): Operation['answer'] =>
  async (call) => {
    try {
      return await answer(call);
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      return answerTo(error, ANSWERS);
    }
  };
