import type { z } from 'zod';
import type { EventType } from './event-types.ts';

/** What an upsert did. NOOP: the record existed and nothing differed, so nothing was written. */
export const OUTCOMES = ['CREATED', 'UPDATED', 'NOOP'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export function outcomeOf(happened: ReadonlySet<EventType>, word: 'customer' | 'tenant'): Outcome {
  if (happened.has(`${word}.created`)) return 'CREATED';
  return happened.has(`${word}.updated`) ? 'UPDATED' : 'NOOP';
}

interface UpsertInput {
  identifier: Record<string, unknown>;
  [field: string]: unknown;
}

/**
 * Refuses to clear the very value that the record is looked up by: the same call would find nothing the next time, and
 * create a second record.
 */
export const keepsIdentifier = (fields: readonly string[]) => (input: UpsertInput, context: z.RefinementCtx) => {
  for (const field of fields) {
    if (input.identifier[field] == null || input[field] !== null) continue;
    context.addIssue({ code: 'custom', path: [field], message: 'cannot be cleared where it is the identifier', input });
  }
};
