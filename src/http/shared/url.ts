const parsed = new WeakMap<Request, URL>();

/** Returns the URL of a request. It is parsed once: that takes longer than most of what is asked of it. */
export function urlOf(request: Request): URL {
  const known = parsed.get(request);
  if (known) return known;
  const url = new URL(request.url);
  parsed.set(request, url);
  return url;
}

/** The path in a URL as a request has it. Of one that a client sent, workerd tells what was sent. */
const PATH = /^[^:]+:\/\/[^/]+([^?#]*)/;
/** What is resolved where a URL is parsed: a segment of dots, however they are written. Hardly any path has one. */
const MAY_HAVE_DOTS = /\/(?:\.|%2e)|\\/i;

const paths = new WeakMap<Request, string>();

/** Returns the path of a request, as its URL has it when it is parsed. It is not parsed for that, if it need not be. */
export function pathOf(request: Request): string {
  const known = paths.get(request);
  if (known !== undefined) return known;
  const sent = PATH.exec(request.url)?.[1] || '/';
  const path = MAY_HAVE_DOTS.test(sent) ? urlOf(request).pathname : sent;
  paths.set(request, path);
  return path;
}
