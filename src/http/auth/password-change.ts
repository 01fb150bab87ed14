import { RevokedMeanwhileError } from '../../db/errors.ts';
import { changePassword } from '../../directory/sign-in/passwords.ts';
import { bodyOf, readJson } from '../shared/body.ts';
import { failure } from '../shared/failures.ts';
import { type Answered, type Asked, asViewer } from './credentials.ts';
import { anonymousCaller, failureOf, userResponse } from './sign-in-endpoints.ts';

/** Answers a user who is signed in and wants another password. */
export function answerPasswordChange(asked: Asked): Promise<Answered> {
  const { request, env } = asked;
  const body = bodyOf(request);
  return asViewer(asked, async (caller) => {
    if (request.method !== 'POST') {
      return failure(405, 'METHOD_NOT_ALLOWED', 'This is asked by POST.', { allow: 'POST' });
    }
    const given = await readJson(request, failure, body);
    if (given instanceof Response) return given;
    const changing = changePassword(caller, anonymousCaller(request, env, caller.eventsAreDue), given);
    return changing.then(userResponse).catch(failureToChange);
  });
}

function failureToChange(error: unknown): Response {
  if (error instanceof RevokedMeanwhileError) return failure(401, 'UNAUTHENTICATED', error.message);
  return failureOf(error, {});
}
