const parsed = new WeakMap<Request, URL>();

/** Returns the URL of a request. It is parsed once: that takes longer than most of what is asked of it. */
export function urlOf(request: Request): URL {
  const known = parsed.get(request);
  if (known) return known;
  const url = new URL(request.url);
  parsed.set(request, url);
  return url;
}

/** The path in a URL as a request has it, which has been parsed and written anew by then. */
const PATH = /^[^:]+:\/\/[^/]+([^?#]*)/;

/** Returns the path of a request, without parsing its URL. */
export const pathOf = ({ url }: Request): string => PATH.exec(url)?.[1] || '/';
