import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Gateway } from '../shared/gateway.ts';
import type { Row } from './cells.ts';
import type { ImportType } from './columns.ts';
import { type Patience, RequestRejectedError, request } from './requests.ts';

/** The code of a value that another record has. */
const TAKEN = 'already_exists';

const problem = z.object({ code: z.string(), message: z.string() });
const results = z.object({
  rows: z.array(
    z.object({
      path: z.string(),
      id: z.string().nullish(),
      outcome: z.enum(['CREATED', 'UPDATED', 'NOOP', 'FAILED']),
      changes: z.array(z.string()).default([]),
      errors: z.array(problem).default([]),
    }),
  ),
});
const answers = z.object({ answer: z.union([results, problem]) });

/** What an import did with a row. */
export type Outcome = z.output<typeof results>['rows'][number]['outcome'];

/** The result of one row. */
export interface Result {
  outcome: Outcome;
  /** The id of the record; null of a row that failed. */
  id: string | null;
  /** Why the row failed; null unless the outcome is FAILED. */
  error: string | null;
  /** Whether it failed, and by nothing else than values that other records have: it may not once those have others. */
  isTaken: boolean;
  /** The fields that it changed; of a record that is new, none. */
  changes: string[];
}

function operation(type: ImportType): string {
  const name = `${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  return `mutation ($input: Import${name}Input!) {
    answer: import${name}(input: $input) {
      ... on Import${name}Payload { rows { path outcome id changes errors { code message } } }
      ... on MutationError { code message }
    }
  }`;
}

interface Sending extends Patience {
  /** Returns what people call a row that an error names, such as `line 7`. */
  rowName?: (index: number) => string;
  /** Whether only to say what would happen. */
  dryRun?: boolean;
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
  { signal, note, rowName, dryRun = false }: Sending,
): Promise<Result[]> {
  const input = { rows, errorPolicy: 'SKIP_FAILED', ...(dryRun && { dryRun }) };
  const sent = { query: operation(type), variables: { input }, idempotencyKey: randomUUID() };
  const { answer } = await request(gateway, sent, answers, { signal, note });
  if (!('rows' in answer)) throw new RequestRejectedError(describe(answer));
  if (answer.rows.length !== rows.length) throw new RequestRejectedError('The gateway did not answer for each row.');
  return answer.rows.map(({ path, outcome, id, changes, errors }) => {
    const hasFailed = outcome === 'FAILED';
    const said = errors.map((error) => describe(error, path, rowName)).join('; ');
    return {
      outcome,
      id: id ?? null,
      error: hasFailed ? said || 'The gateway does not say why.' : null,
      isTaken: hasFailed && errors.length > 0 && errors.every(({ code }) => code === TAKEN),
      changes,
    };
  });
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
