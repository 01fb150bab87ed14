const parsed = new WeakMap<Request, URL>();

/** Returns the URL of a request. It is parsed once, because that takes longer than most of what is asked of it. */
export function urlOf(request: Request): URL {
  const known = parsed.get(request);
  if (known) return known;
  const url = new URL(request.url);
  parsed.set(request, url);
  return url;
}
