import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pRetry from 'p-retry';
import * as z from 'zod';
import { type Gateway, post } from '../shared/gateway.ts';
import type { Row } from './cells.ts';
import type { ImportType } from './columns.ts';

/** Thrown when the gateway rejects a whole request, and would reject it again. */
class RequestRejectedError extends Error {}

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

const problem = z.object({ code: z.string(), message: z.string() });
const results = z.object({
  rows: z.array(
    z.object({
      path: z.string(),
      id: z.string().nullish(),
      outcome: z.enum(['CREATED', 'UPDATED', 'NOOP', 'FAILED']),
      errors: z.array(problem),
    }),
  ),
});
const answers = z.object({
  data: z.object({ answer: z.union([results, problem]).nullish() }).nullish(),
  errors: z.array(z.object({ message: z.string() })).default([]),
});

/** What an import did with a row. */
export type Outcome = z.output<typeof results>['rows'][number]['outcome'];

/** The result of one row. */
export interface Result {
  outcome: Outcome;
  /** The id of the record; null of a row that failed. */
  id: string | null;
  /** Why the row failed; null unless the outcome is FAILED. */
  error: string | null;
}

function operation(type: ImportType): string {
  const name = `${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  return `mutation ($input: Import${name}Input!) {
    answer: import${name}(input: $input) {
      ... on Import${name}Payload { rows { path outcome id errors { code message } } }
      ... on MutationError { code message }
    }
  }`;
}

interface Sending {
  /** Once it aborts, no request is tried again. */
  signal: AbortSignal;
  note: (text: string) => void;
  /** Returns what people call a row that an error names, such as `line 7`. */
  rowName?: (index: number) => string;
}

/**
 * Imports the rows, and returns the result of each, in their order. A transient failure is retried under the same key, and
 * answers what was done by the first attempt that got through.
 * @throws RequestRejectedError if the gateway rejects the request as a whole.
 */
export async function send(
  gateway: Gateway,
  type: ImportType,
  rows: readonly Row[],
  { signal, note, rowName }: Sending,
): Promise<Result[]> {
  const variables = { input: { rows, errorPolicy: 'SKIP_FAILED' } };
  const idempotencyKey = randomUUID();
  const answer = await pRetry(() => attempt(gateway, operation(type), variables, idempotencyKey), {
    ...RETRIES,
    shouldRetry: ({ error }) => error instanceof TransientError && !signal.aborted,
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (!(error instanceof TransientError) || retriesLeft === 0) return;
      note(`${error.message} Trying again.`);
      await pause(error.waitMilliseconds, undefined, { signal }).catch(() => undefined);
    },
  });
  if (!('rows' in answer)) throw new RequestRejectedError(describe(answer));
  if (answer.rows.length !== rows.length) throw new RequestRejectedError('The gateway did not answer for each row.');
  return answer.rows.map(({ path, outcome, id, errors }) => ({
    outcome,
    id: id ?? null,
    error: outcome === 'FAILED' ? allOf(errors.map((error) => describe(error, path, rowName))) : null,
  }));
}

const allOf = (problems: readonly string[]): string => problems.join(' ') || 'The gateway does not say why.';

async function attempt(gateway: Gateway, query: string, variables: Record<string, unknown>, idempotencyKey: string) {
  const { status, text, retryAfter } = await exchange(gateway, query, variables, idempotencyKey);
  if (status === 401)
    throw new RequestRejectedError('The gateway does not take the key: it may be mistyped, revoked or expired.');
  const { data, errors } = read(text);
  const said = errors.map(({ message }) => message).join(' ');
  if (status >= 500 || (status === 429 && retryAfter <= LONGEST_WAIT_MILLISECONDS)) {
    throw new TransientError(`The gateway answers ${status}. ${said}`.trim(), retryAfter);
  }
  if (said || !data?.answer)
    throw new RequestRejectedError(said || `This does not answer as a gateway does: ${gateway.url}/graphql`);
  return data.answer;
}

async function exchange(gateway: Gateway, query: string, variables: Record<string, unknown>, idempotencyKey: string) {
  try {
    const posting = { withinMilliseconds: REQUEST_MILLISECONDS, idempotencyKey };
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

/**
 * Describes a problem in one line. The place of the row in its request is left out, because the file has other lines. Other
 * rows of the request are called what they are called there.
 */
function describe({ code, message }: z.output<typeof problem>, row?: string, rowName?: Sending['rowName']): string {
  const own = row === undefined ? message : message.replaceAll(`${row}.`, '');
  const named = rowName ? own.replace(/\brows\.(\d+)\b(\.\w+)*/g, (_, index) => rowName(Number(index))) : own;
  return `${named} (${code})`;
}
