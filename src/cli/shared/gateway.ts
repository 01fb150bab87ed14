import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';

export interface Gateway {
  /** Without a slash at the end. */
  url: string;
  key: string;
}

const REQUEST_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 500;

const answers = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string() })).default([]),
});

export const post = (
  { url, key }: Gateway,
  query: string,
  variables: Record<string, unknown>,
  withinMilliseconds = REQUEST_MILLISECONDS,
): Promise<Response> =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(withinMilliseconds),
  });

/** What the gateway answers to an operation, in the given shape. Throws when it answers anything else. */
export async function ask<T>(
  gateway: Gateway,
  query: string,
  variables: Record<string, unknown>,
  shape: z.ZodType<T>,
): Promise<T> {
  const response = await post(gateway, query, variables);
  const { data, errors } = answers.parse(await response.json());
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join(' '));
  return shape.parse(data);
}

/** Resolves when the gateway and its database are ready; rejects with what it said last when they do not get so. */
export async function untilHealthy(url: string, withinMilliseconds: number): Promise<void> {
  const deadline = AbortSignal.timeout(withinMilliseconds);
  let last = 'nothing';
  while (!deadline.aborted) {
    try {
      const response = await fetch(`${url}/health`, { signal: deadline });
      if (response.ok) return;
      last = `${response.status} ${await response.text()}`;
    } catch (error) {
      if (!deadline.aborted) last = String(error);
    }
    await pause(POLL_MILLISECONDS);
  }
  throw new Error(`${url}/health did not get well within ${withinMilliseconds} ms. It answered last: ${last}`);
}
