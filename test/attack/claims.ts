import type { Answer } from '../shared/gateway.ts';

/** What a refusal has at most, however much was sent. */
export const MAX_REFUSAL_BYTES = 16 * 1024;

/** What no answer has in it: each would tell how the gateway is made. */
const LEAKS: Record<string, RegExp> = {
  SQL: /SQLITE_|D1_ERROR|\b(SELECT|INSERT INTO|DELETE FROM|UPDATE) .{1,80}\b(FROM|VALUES|WHERE|SET)\b|no such (table|column)|constraint failed/i,
  'a stack': /^\s+at \S+ \(|\.[cm]?[jt]s:\d+/m,
  'the path of a file': /node_modules|\/src\/|\/home\/|\/tmp\/|\/bundle\//,
};

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

function jsonOf({ headers, text }: Answer): unknown {
  if (!headers.get('content-type')?.includes('json')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether an answer has the form that every answer of an API has. */
export type Envelope = (answer: Answer) => boolean;

/** A stream of one answer: whoever takes nothing but a stream is answered so. */
const STREAMED = /^event: next\ndata: (.*)\n\nevent: complete\ndata:\s*$/;

/** GraphQL's: data, errors with a message and a code, or both. */
export const graphQLEnvelope: Envelope = (answer) => {
  const [, streamed] = STREAMED.exec(answer.text) ?? [];
  if (streamed !== undefined && answer.headers.get('content-type')?.startsWith('text/event-stream')) {
    return graphQLEnvelope({ ...answer, text: streamed, headers: new Headers({ 'content-type': 'application/json' }) });
  }

  const body = jsonOf(answer);
  if (!isObject(body) || Object.keys(body).some((name) => name !== 'data' && name !== 'errors')) return false;
  const { data, errors } = body;
  if (errors === undefined) return isObject(data) && answer.status === 200;
  if (!Array.isArray(errors) || errors.length === 0) return false;
  return errors.every((error) => typeof error?.message === 'string' && typeof error.extensions?.code === 'string');
};

/** That of `/v1`: the same four members always, and an error exactly if it failed. */
export const userDocksEnvelope: Envelope = (answer) => {
  const body = jsonOf(answer);
  if (!isObject(body) || Object.keys(body).sort().join() !== 'data,error,message,success') return false;
  const failed = answer.status >= 400;
  return body.success === !failed && (typeof body.error === 'string') === failed;
};

/** OAuth's: some JSON object, which has a word and a sentence, and nothing else, if it failed. */
export const oauthEnvelope: Envelope = (answer) => {
  const body = jsonOf(answer);
  if (!isObject(body)) return false;
  if (answer.status < 400) return true;
  const isString = (value: unknown) => typeof value === 'string';
  return Object.keys(body).sort().join() === 'error,error_description' && Object.values(body).every(isString);
};

/** That of the steps of signing in and of what has no API: some JSON object, which has GraphQL's errors if it failed. */
export const endpointEnvelope: Envelope = (answer) =>
  answer.status >= 400 ? graphQLEnvelope(answer) : isObject(jsonOf(answer));

const bytesOf = (text: string): number => new TextEncoder().encode(text).byteLength;

/**
 * What is wrong with an answer whatever was asked; null when nothing is. It is never a failure of ours, it has the
 * envelope of its API, it tells nothing of how the gateway is made, and a refusal is short.
 */
export function faultOf(answer: Answer, envelope: Envelope): string | null {
  const { status, text, headers } = answer;
  const shown = text.slice(0, 300);
  if (status >= 500) return `answers ${status}: ${shown}`;
  if (!envelope(answer)) return `has not the envelope of its API (${status}): ${shown}`;
  if (!headers.get('x-request-id')) return 'has no request id';
  for (const [what, pattern] of Object.entries(LEAKS)) {
    const [leak] = pattern.exec(text) ?? [];
    if (leak !== undefined) return `tells ${what} (${status}): ${leak}`;
  }
  const length = bytesOf(text);
  if (status >= 400 && length > MAX_REFUSAL_BYTES) return `refuses (${status}) in ${length} bytes`;
  return null;
}
