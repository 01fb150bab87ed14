import type { Failure } from './failures.ts';

/** The largest form that is read. Anybody may send one, and taking a form apart costs more than reading it. */
export const MAX_FORM_BYTES = 16 * 1024;

const FORM = /^(multipart\/form-data|application\/x-www-form-urlencoded)\b/i;

/** Returns the form in the body, or the Response that says why there is none. */
export async function readForm(
  request: Request,
  fail: Failure,
  read: () => Promise<Uint8Array<ArrayBuffer> | Response>,
): Promise<FormData | Response> {
  const type = request.headers.get('content-type') ?? '';
  if (!FORM.test(type)) return fail(415, 'BAD_REQUEST', 'This is sent as a form, multipart or urlencoded.');
  const body = await read();
  if (body instanceof Response) return body;
  if (body.byteLength > MAX_FORM_BYTES) {
    return fail(413, 'PAYLOAD_TOO_LARGE', `This form may have at most ${MAX_FORM_BYTES} bytes.`);
  }
  try {
    return await new Response(body, { headers: { 'content-type': type } }).formData();
  } catch {
    return fail(400, 'BAD_REQUEST', 'The body is not the form that it is announced as.');
  }
}
