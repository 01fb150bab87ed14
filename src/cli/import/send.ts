import pRetry from 'p-retry';
import * as z from 'zod';
import { type Gateway, post } from '../shared/gateway.ts';
import type { ImportType, Row } from './columns.ts';

/** The gateway takes nothing of what it is asked, and would not the next time either. */
class Refusal extends Error {}

/** It may be over in a moment. */
class Passing extends Error {}

const RETRIES = { retries: 5, minTimeout: 1000, maxTimeout: 10_000 };
const REQUEST_MILLISECONDS = 120_000;

const problem = z.object({ code: z.string(), message: z.string() });
const results = z.object({
  rows: z.array(
    z.object({
      path: z.string(),
      outcome: z.enum(['CREATED', 'UPDATED', 'NOOP', 'FAILED']),
      error: problem.nullish(),
    }),
  ),
});
const answers = z.object({
  data: z.object({ answer: z.union([results, problem]).nullish() }).nullish(),
  errors: z.array(z.object({ message: z.string() })).default([]),
});

export type Outcome = z.output<typeof results>['rows'][number]['outcome'];

export interface Result {
  outcome: Outcome;
  /** Why it failed. */
  error: string | null;
}

function operation(type: ImportType): string {
  const name = `${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  return `mutation ($input: Import${name}Input!) {
    answer: import${name}(input: $input) {
      ... on Import${name}Payload { rows { path outcome error { code message } } }
      ... on MutationError { code message }
    }
  }`;
}

/** How it went for each of the rows, in their order. Tries again what may pass, as no import does harm twice. */
export async function send(
  gateway: Gateway,
  type: ImportType,
  rows: readonly Row[],
  { signal, note }: { signal: AbortSignal; note: (text: string) => void },
): Promise<Result[]> {
  const variables = { input: { rows, errorPolicy: 'SKIP_FAILED' } };
  const answer = await pRetry(() => attempt(gateway, operation(type), variables), {
    ...RETRIES,
    shouldRetry: ({ error }) => error instanceof Passing && !signal.aborted,
    onFailedAttempt: ({ error, retriesLeft }) => {
      if (error instanceof Passing && retriesLeft > 0) note(`${error.message} Trying again.`);
    },
  });
  if (!('rows' in answer)) throw new Refusal(describe(answer));
  if (answer.rows.length !== rows.length) throw new Refusal('The gateway did not answer for each row.');
  return answer.rows.map(({ path, outcome, error }) => ({
    outcome,
    error: outcome === 'FAILED' ? (error ? describe(error, path) : 'The gateway does not say why.') : null,
  }));
}

async function attempt(gateway: Gateway, query: string, variables: Record<string, unknown>) {
  const { status, text } = await exchange(gateway, query, variables);
  if (status === 401) throw new Refusal('The gateway does not take the key: it may be mistyped, revoked or expired.');
  const { data, errors } = read(text);
  const said = errors.map(({ message }) => message).join(' ');
  if (status >= 500 || status === 429) throw new Passing(`The gateway answers ${status}. ${said}`.trim());
  if (said || !data?.answer)
    throw new Refusal(said || `This does not answer as a gateway does: ${gateway.url}/graphql`);
  return data.answer;
}

async function exchange(gateway: Gateway, query: string, variables: Record<string, unknown>) {
  try {
    const response = await post(gateway, query, variables, REQUEST_MILLISECONDS);
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new Passing(`${gateway.url} does not answer: ${reasonOf(error)}.`);
  }
}

/** As fetch has it: its own message says nothing, and that of its cause is empty where it tried several addresses. */
function reasonOf(error: unknown): string {
  const { cause, message } = error instanceof Error ? error : new Error(String(error));
  if (!(cause instanceof Error)) return message;
  return cause.message || ('code' in cause ? String(cause.code) : message);
}

function read(text: string): z.output<typeof answers> {
  try {
    return answers.parse(JSON.parse(text));
  } catch {
    // Something before the gateway answered, or something else than a gateway.
    return { data: null, errors: [] };
  }
}

/** In one line. Where the row stood in its request means nothing to who reads this. */
function describe({ code, message }: z.output<typeof problem>, row?: string): string {
  return `${row === undefined ? message : message.replaceAll(`${row}.`, '')} (${code})`;
}
