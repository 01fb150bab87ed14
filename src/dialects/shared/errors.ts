import type { DirectoryError, ErrorClass, ErrorCode, ImportRejectedError } from '../../directory/kernel/errors.ts';

/** Every error of the directory, as the class that it is of. */
type AnyError = InstanceType<ErrorClass> | ImportRejectedError;

type WithCode<Code extends ErrorCode, Candidate> = Candidate extends { code: ErrorCode }
  ? Code extends Candidate['code']
    ? Candidate
    : never
  : never;

/**
 * What a dialect answers to each error of the directory, by its code. A code that the directory gains does not compile until
 * every dialect says what becomes of it.
 */
export type AnswersByCode<Answer> = { readonly [Code in ErrorCode]: (error: WithCode<Code, AnyError>) => Answer };

/**
 * Returns what the dialect answers to the error.
 *
 * @throws the error itself, where the dialect's answer is {@link failsRequest}.
 */
export function answerTo<Answer>(error: DirectoryError, answers: AnswersByCode<Answer>): Answer {
  const answer = answers[error.code] as (error: DirectoryError) => Answer;
  return answer(error);
}

/** The answer to an error that fails the whole request, which http says in the envelope of the dialect. */
export function failsRequest(error: DirectoryError): never {
  throw error;
}
