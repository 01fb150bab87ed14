import { type Failure, failure } from './failures.ts';

/** The largest body that is read: an import of 500 rows fits in. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** The body, read no further than it may be long; a Response when it is longer, whatever its headers say. */
export async function readBody(request: Request, fail: Failure = failure): Promise<Uint8Array<ArrayBuffer> | Response> {
  const tooLarge = () => fail(413, 'PAYLOAD_TOO_LARGE', `A body may have at most ${MAX_BODY_BYTES} bytes.`);
  if (Number(request.headers.get('content-length')) > MAX_BODY_BYTES) return tooLarge();
  return (await readAtMost(request.body, MAX_BODY_BYTES)) ?? tooLarge();
}

/** The same, to be asked for as often as the answer has to be made: it is read once. */
export function bodyOf(request: Request, fail: Failure = failure): () => ReturnType<typeof readBody> {
  let body: ReturnType<typeof readBody> | undefined;
  return async () => {
    body ??= readBody(request, fail);
    const bytes = await body;
    return bytes instanceof Response ? bytes.clone() : bytes;
  };
}

/** All of a stream, read no further than it may be long; null when it is longer. */
export async function readAtMost(
  stream: ReadableStream<Uint8Array> | null,
  max: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream ?? []) {
    length += chunk.byteLength;
    if (length > max) return null;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

const JSON_TYPE = /^application\/json\b/i;

/** Whether the body is announced as JSON: a form, which any page may post, never is. */
export const isJson = ({ headers }: Request): boolean => JSON_TYPE.test(headers.get('content-type') ?? '');

/** The JSON object in the body, or why there is none. */
export async function readJson(
  request: Request,
  fail: Failure = failure,
  read = () => readBody(request, fail),
): Promise<Record<string, unknown> | Response> {
  if (!isJson(request)) return fail(415, 'BAD_REQUEST', 'This is sent as application/json.');
  const body = await read();
  if (body instanceof Response) return body;
  const value = asJsonObject(new TextDecoder().decode(body));
  return value ?? fail(400, 'BAD_REQUEST', 'The body is not a JSON object.');
}

/** Null for what is no JSON, or no object. */
export function asJsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
