import { type Failure, failure } from './failures.ts';

/** The largest request body that is read. It is enough for an import of 500 rows. */
export const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Returns the body, or the Response that says it is too large. It is never read beyond the limit: where its length is
 * announced, HTTP itself ends it there, so that it can be had in one piece, and else it is read chunk by chunk.
 */
async function readBody(request: Request, fail: Failure = failure): Promise<Uint8Array<ArrayBuffer> | Response> {
  const tooLarge = () => fail(413, 'PAYLOAD_TOO_LARGE', `A body may have at most ${MAX_BODY_BYTES} bytes.`);
  const announced = request.headers.get('content-length');
  if (Number(announced) > MAX_BODY_BYTES) return tooLarge();
  if (announced === null) return (await readAtMost(request.body, MAX_BODY_BYTES)) ?? tooLarge();
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.byteLength > MAX_BODY_BYTES ? tooLarge() : bytes;
}

/**
 * Returns a function that reads the body of the request once, and returns it at every call. An answer may have to be
 * made twice: see `asViewer`.
 */
export function bodyOf(request: Request, fail: Failure = failure): () => ReturnType<typeof readBody> {
  let body: ReturnType<typeof readBody> | undefined;
  return async () => {
    body ??= readBody(request, fail);
    const bytes = await body;
    return bytes instanceof Response ? bytes.clone() : bytes;
  };
}

/** Returns all bytes of a stream, or null if it has more than `maxBytes`. It is never read beyond the limit. */
export async function readAtMost(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Uint8Array[] = [];
  let lengthBytes = 0;
  for await (const chunk of stream ?? []) {
    lengthBytes += chunk.byteLength;
    if (lengthBytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

const JSON_TYPE = /^application\/json\b/i;

/** Returns whether the request says that its body is JSON. An HTML form, which any page may post, cannot say so. */
export const isJson = ({ headers }: Request): boolean => JSON_TYPE.test(headers.get('content-type') ?? '');

/** Returns the JSON object in the body, or the Response that says why there is none. */
export async function readJson(
  request: Request,
  fail: Failure = failure,
  read = () => readBody(request, fail),
): Promise<Record<string, unknown> | Response> {
  return isJson(request) ? readAnyJson(fail, read) : fail(415, 'BAD_REQUEST', 'This is sent as application/json.');
}

/**
 * Returns the JSON object in a body, whatever the request says it is, or the Response that says why there is none. It is for
 * requests whose credential no browser sends by itself: an HTML form, which any page may post, has none.
 */
export async function readAnyJson(
  fail: Failure,
  read: () => ReturnType<typeof readBody>,
): Promise<Record<string, unknown> | Response> {
  const body = await read();
  if (body instanceof Response) return body;
  const value = asJsonObject(new TextDecoder().decode(body));
  return value ?? fail(400, 'BAD_REQUEST', 'The body is not a JSON object.');
}

/** Returns the JSON object in the text, or null if the text is anything else. */
export function asJsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
