/** Returns the URL of a request, which takes longer to parse than most of what is asked of it. */
export const urlOf = ({ url }: Request): URL => new URL(url);

/** The path in a URL as a request has it. Of one that a client sent, workerd tells what was sent. */
const PATH = /^[^:]+:\/\/[^/]+([^?#]*)/;
/** What is resolved where a URL is parsed: a segment of dots, however they are written. Hardly any path has one. */
const MAY_HAVE_DOTS = /\/(?:\.|%2e)|\\/i;

/** Returns the path of a request, as its URL has it when it is parsed. It is not parsed for that, if it need not be. */
export function pathOf(request: Request): string {
  const sent = PATH.exec(request.url)?.[1] || '/';
  return MAY_HAVE_DOTS.test(sent) ? urlOf(request).pathname : sent;
}
