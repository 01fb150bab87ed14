import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { ShownError } from '../shared/failures.ts';
import { effectAbove, type Mutated } from './mutation-fields.ts';

type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

/** How an API says in the payload of a mutation that it, or the answer to it, has failed. */
export interface FailedPayloads {
  /** Returns what is shown of an error, wherever it is said. */
  shown(error: NonNullable<ExecutionResult['errors']>[number]): ShownError;
  /** Returns the payload that says so. */
  payloadOf(error: ShownError): unknown;
}

/** The answer is read anew at most so often: what has failed again by then is only said. */
const MAX_EXECUTIONS = 3;

/**
 * Executes a mutation for an API whose clients take an answer with any error for one that was not done. If a part of it took
 * effect, what failed is said in its payload, and nothing is run again: the operation is executed over the payloads alone.
 */
export async function withFailedPayloads(
  execute: Execute,
  args: ExecutionArgs,
  mutated: Mutated,
  { shown, payloadOf }: FailedPayloads,
): Promise<ExecutionResult> {
  let result = await execute(args);
  for (let executions = 1; executions < MAX_EXECUTIONS && result.errors && mutated.effects.size > 0; executions += 1) {
    const settled = new Map(mutated.settled ?? mutated.payloads);
    for (const error of result.errors) {
      const path = error.path ?? [];
      const field = effectAbove(path, mutated) ?? String(path[0]);
      settled.set(field, payloadOf(shown(error)));
    }
    mutated.settled = settled;
    result = await execute(args);
  }
  return result;
}
