import { tracing } from 'cloudflare:workers';

/** What is noted of a span. Nothing in it says who asked, or what was asked for: names of routes and operations, and counts. */
type Attributes = Record<string, string | number>;

/** Notes something of the span that is open. */
type Note = (attributes: Attributes) => void;

/** Runs something in a span of this name, which ends with it. Where the request is not traced, it is only run. */
export type Trace = <T>(name: string, run: (note: Note) => T) => T;

/** Runs what is not traced. */
export const untraced: Trace = (_name, run) => run(() => {});

/**
 * Returns what traces the request that is being answered: the runtime decides which ones are, and shows the spans beside its
 * own, such as those of D1 (`observability.traces` in wrangler.toml).
 */
export function traceOfRequest(): Trace {
  // Not that of the context of a request, which makes a new object of many functions each time it is read.
  if (!tracing.getActiveSpan()?.isTraced) return untraced;
  return (name, run) => tracing.enterSpan(name, (span) => run((attributes) => void span.setAttributes(attributes)));
}
