import { setTimeout as pause } from 'node:timers/promises';
import pRetry from 'p-retry';
import * as z from 'zod';
import { type Gateway, post } from '../shared/gateway.ts';

/** Thrown when the gateway rejects a whole request, and would reject it again. */
export class RequestRejectedError extends Error {}

/** Thrown for a failure that may be over in a moment, so that the request is tried again. */
class TransientError extends Error {
  /** How long the gateway asks to wait before that. */
  readonly waitMilliseconds: number;

  constructor(message: string, waitMilliseconds = 0) {
    super(message);
    this.waitMilliseconds = waitMilliseconds;
  }
}

const RETRIES = { retries: 5, minTimeout: 1000, maxTimeout: 10_000 };
const REQUEST_MILLISECONDS = 120_000;
/** Limits of requests are over in a minute; whoever is told to wait longer has to know why. */
const LONGEST_WAIT_MILLISECONDS = 60_000;

const answers = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }).optional().catch(undefined) }))
    .default([]),
});

/** How a request is repeated that fails in passing. */
export interface Patience {
  /** Once it aborts, no request is tried again. */
  signal: AbortSignal;
  note: (text: string) => void;
}

/**
 * Runs an operation, and returns its data, in the given shape. A transient failure is retried, under the same
 * key if one is given.
 * @throws RequestRejectedError if the gateway rejects it, or answers in another shape
 */
export async function request<T>(
  gateway: Gateway,
  operation: Operation,
  shape: z.ZodType<T>,
  { signal, note }: Patience,
): Promise<T> {
  return pRetry(() => attempt(gateway, operation, shape), {
    ...RETRIES,
    shouldRetry: ({ error }) => error instanceof TransientError && !signal.aborted,
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (!(error instanceof TransientError) || retriesLeft === 0) return;
      note(`${error.message} Trying again.`);
      await pause(error.waitMilliseconds, undefined, { signal }).catch(() => undefined);
    },
  });
}

interface Operation {
  query: string;
  variables: Record<string, unknown>;
  idempotencyKey?: string;
  /** The code of errors that leave their own part of the data null, and the rest as it is: they reject nothing. */
  passesOver?: string;
}

async function attempt<T>(gateway: Gateway, operation: Operation, shape: z.ZodType<T>): Promise<T> {
  const { status, text, retryAfter } = await exchange(gateway, operation);
  if (status === 401)
    throw new RequestRejectedError('The gateway does not take the key: it may be mistyped, revoked or expired.');
  const { data, errors } = read(text);
  const said = errors
    .filter(({ extensions }) => extensions === undefined || extensions.code !== operation.passesOver)
    .map(({ message }) => message)
    .join(' ');
  if (status >= 500 || (status === 429 && retryAfter <= LONGEST_WAIT_MILLISECONDS)) {
    throw new TransientError(`The gateway answers ${status}. ${said}`.trim(), retryAfter);
  }
  const answer = shape.safeParse(data);
  if (said || !answer.success)
    throw new RequestRejectedError(said || `This does not answer as a gateway does: ${gateway.url}/graphql`);
  return answer.data;
}

async function exchange(gateway: Gateway, { query, variables, idempotencyKey }: Operation) {
  try {
    const posting = {
      withinMilliseconds: REQUEST_MILLISECONDS,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    };
    const response = await post(gateway, query, variables, posting);
    const retryAfter = Number(response.headers.get('retry-after')) * 1000;
    return { status: response.status, text: await response.text(), retryAfter };
  } catch (error) {
    throw new TransientError(`${gateway.url} does not answer: ${reasonOf(error)}.`);
  }
}

/**
 * Returns why a fetch failed. The message of the error itself says nothing, and that of its cause is empty if several
 * addresses were tried.
 */
function reasonOf(error: unknown): string {
  const { cause, message } = error instanceof Error ? error : new Error(String(error));
  if (!(cause instanceof Error)) return message;
  return cause.message || ('code' in cause ? String(cause.code) : message);
}

function read(text: string): z.output<typeof answers> {
  try {
    return answers.parse(JSON.parse(text));
  } catch {
    // A proxy before the gateway answered, or the URL is not that of a gateway.
    return { data: null, errors: [] };
  }
}
