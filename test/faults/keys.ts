/** Says under which idempotency key a request may be repeated; null for none. */
export function withKey(request: Request, key: string | null): Request {
  if (key !== null) request.headers.set('Idempotency-Key', key);
  return request;
}

/** Makes the same request again and again: its body can be read but once. */
export async function repeatable(request: Request): Promise<() => Request> {
  const { url, method, headers } = request;
  const body = await request.text();
  return () => new Request(url, { method, headers, body });
}
