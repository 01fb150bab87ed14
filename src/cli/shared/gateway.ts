import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';

/** A gateway, with the key to call it with. */
export interface Gateway {
  /** The URL, without a slash at the end. */
  url: string;
  /** The root key, or an API key. */
  key: string;
}

const REQUEST_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 500;

const answers = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string() })).default([]),
});

interface Posting {
  withinMilliseconds?: number;
  /** Names the request, so that it can be sent again and is done once. */
  idempotencyKey?: string;
}

/** Posts an operation to the gateway, and returns its HTTP response. Rejects when there is none in time. */
export const post = (
  { url, key }: Gateway,
  query: string,
  variables: Record<string, unknown>,
  { withinMilliseconds = REQUEST_MILLISECONDS, idempotencyKey }: Posting = {},
): Promise<Response> =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(withinMilliseconds),
  });

/**
 * Runs an operation, and returns its data in the given shape.
 * @throws Error if the gateway answers any error or another shape.
 */
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

/** Resolves once the gateway and its database are ready. Rejects with the last answer if they are not ready in time. */
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
