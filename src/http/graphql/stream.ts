import type { Tally } from '../../db/client.ts';
import { Following } from '../../graphql/events/following.ts';
import { d1Queries, type Environment } from '../shared/environment.ts';
import { failure } from '../shared/failures.ts';
import { acceptsOnlyStream, STREAM_TYPE } from './content-type.ts';

/*
 * Subscriptions as Server-Sent Events, in the "distinct connections mode" of the protocol of graphql-sse: a stream for each
 * operation. Each stream asks the feed by itself, again and again, as if each time were a request of its own: the credential, what
 * it reaches and how often it may ask are looked at anew. Requests share nothing, because the runtime cancels what one of them
 * resolves for another.
 */

/** A stream ends after so long, and whoever follows it asks for the next one. */
const MAX_MILLISECONDS = 10 * 60 * 1000;
/** How long it waits before it asks again: longer each time that there is nothing new. */
const MIN_PAUSE_MILLISECONDS = 1000;
const MAX_PAUSE_MILLISECONDS = 5000;
const PAUSE_GROWTH = 1.5;
/** What says nothing for longer may be taken for dead, by what lies between. */
const MAX_SILENCE_MILLISECONDS = 12_000;

const COMPLETE = 'event: complete\ndata:\n\n';
/** A comment, which readers skip. */
const COMMENT = ':\n\n';

/** JSON is one line. */
const next = (json: string): string => `event: next\ndata: ${json}\n\n`;

/** Asks for what a request asks for, once more, with the credential as it is by then. */
export type Ask = (following: Following, tally: Tally) => Promise<Response>;

/**
 * Answers a request that takes a stream. What is refused before GraphQL is asked, and what is no subscription for who takes JSON as
 * well, is answered as it always is.
 */
export async function streamed(request: Request, env: Environment, ask: Ask): Promise<Response> {
  const tally = { queries: 0 };
  const following = new Following();
  const first = await ask(following, tally);
  if (!following.isAsked) return first;
  if (!following.isSubscription) {
    return acceptsOnlyStream(request) ? inStream(next(await first.text()) + COMPLETE, first.headers) : first;
  }
  const isSpent = spending(tally, d1Queries(env));
  return inStream(read({ first, following, isSpent, askAgain: () => ask(following, tally) }));
}

const inStream = (body: ReadableStream | string, headers = new Headers()): Response =>
  new Response(body, { headers: { ...Object.fromEntries(headers), 'content-type': `${STREAM_TYPE}; charset=utf-8` } });

/** Returns a function that says whether to ask twice as much again as ever before would be more than may be asked. */
function spending(tally: Tally, max: number): () => boolean {
  let before = 0;
  let most = 0;
  return () => {
    most = Math.max(most, tally.queries - before);
    before = tally.queries;
    return tally.queries + 2 * most > max;
  };
}

interface Reading {
  /** The answer with the first page. */
  first: Response;
  following: Following;
  askAgain: () => Promise<Response>;
  /** To be asked once after each answer. */
  isSpent: () => boolean;
}

/** Is read on only as the reader takes what there is: who takes nothing costs nothing, and who has gone neither. */
function read(reading: Reading): ReadableStream {
  const gone = new AbortController();
  const parts = partsOf(reading, gone.signal);
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await parts.next().catch((error) => {
          if (gone.signal.aborted) return { value: undefined, done: true };
          throw error;
        });
        if (gone.signal.aborted) return;
        if (value !== undefined) controller.enqueue(encoder.encode(value));
        if (done) controller.close();
      },
      cancel: () => gone.abort(),
    },
    { highWaterMark: 0 },
  );
}

async function* partsOf(
  { first, following, askAgain, isSpent }: Reading,
  gone: AbortSignal,
): AsyncGenerator<string, string> {
  const begun = Date.now();
  let pause = MIN_PAUSE_MILLISECONDS;
  // The head of the answer is on its way at once, whatever the first page has.
  yield COMMENT;
  let said = Date.now();
  for (let answer = first; ; answer = await askAgain()) {
    const { page, isReachChanged } = following;
    if (isReachChanged) return next(await failure(403, 'FORBIDDEN', REACH_CHANGED).text()) + COMPLETE;
    if (page === null) return next(await answer.text()) + COMPLETE;
    if (!page.isEmpty) pause = MIN_PAUSE_MILLISECONDS;
    const isSilent = Date.now() - said >= MAX_SILENCE_MILLISECONDS;
    if (!page.isEmpty || isSilent) {
      yield page.isEmpty ? COMMENT : next(await answer.text());
      said = Date.now();
    }
    if (isSpent() || Date.now() - begun >= MAX_MILLISECONDS) return COMPLETE;
    if (!page.hasNextPage) {
      await scheduler.wait(pause, { signal: gone });
      pause = Math.min(pause * PAUSE_GROWTH, MAX_PAUSE_MILLISECONDS);
    }
    following.page = null;
  }
}

const REACH_CHANGED = 'What this credential reaches has changed. Subscribe again, from the last cursor.';
