import type { ExecutionResult, GraphQLError } from 'graphql';
import type { ShownError } from '../shared/failures.ts';
import { effectAbove, type Mutated } from './mutation-fields.ts';

/** How an API says in the payload of a mutation that it, or the answer to it, has failed. */
export interface FailedPayloads {
  /** Returns what is shown of an error, wherever it is said. */
  shown(error: GraphQLError): ShownError;
  /** Returns the payload that says so. */
  payloadOf(error: Pick<ShownError, 'message' | 'extensions'>): unknown;
}

/** The answer is read anew at most so often. What has failed by then is only said, and nothing else is read for any payload. */
const MAX_EXECUTIONS = 3;

const NOT_RUN = 'This was not done, because another mutation of the request failed before it.';
const NOT_READ = 'This was done. Its answer could not be read.';

const said = (message: string) => ({ message, extensions: { code: 'INTERNAL_SERVER_ERROR' } });

/**
 * Executes a mutation for an API whose clients take an answer with any error for one that was not done. If a part of it took
 * effect, what failed is said in its payload, and nothing is run again: the operation is executed over the payloads alone.
 */
export async function withFailedPayloads(
  execute: () => Promise<ExecutionResult>,
  mutated: Mutated,
  { shown, payloadOf }: FailedPayloads,
): Promise<ExecutionResult> {
  let result = await execute();
  const { effects, payloads } = mutated;
  const failed = new Map<string, unknown>();
  for (let executions = 2; executions <= MAX_EXECUTIONS && result.errors && effects.size > 0; executions += 1) {
    for (const error of result.errors) {
      const path = error.path ?? [];
      failed.set(effectAbove(path, mutated) ?? String(path[0]), payloadOf(shown(error)));
    }
    const isLast = executions === MAX_EXECUTIONS;
    mutated.settled = (path) => {
      if (failed.has(path)) return failed.get(path);
      if (!payloads.has(path)) return payloadOf(said(NOT_RUN));
      return isLast && effects.has(path) ? payloadOf(said(NOT_READ)) : payloads.get(path);
    };
    result = await execute();
  }
  return result;
}
