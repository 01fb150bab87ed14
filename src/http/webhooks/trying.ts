import { nextTry, retryAfterOf } from '../../directory/webhooks/schedule.ts';
import type { SendingWebhook, Try } from '../../directory/webhooks/sending.ts';
import type { FeedEvent } from './feed.ts';
import type { Wire } from './wire.ts';

/** A receiver has so long to answer. */
const TIMEOUT_MILLISECONDS = 15_000;
/** So much of an answer is kept. */
const MAX_ANSWER_BYTES = 1024;

/** Whoever answers so wants to hear nothing any more. */
const GONE = 410;

/** What became of one try. */
export interface Tried {
  tried: Try;
  isGone: boolean;
}

/** An event that is not sent, and why: it is not tried again. */
export const givenUp = (eventId: number, tries: number, problem: string): Try => ({
  eventId,
  tries,
  responseStatus: null,
  responseMilliseconds: null,
  response: null,
  problem,
  isDelivered: false,
  nextTryAt: null,
  wasSent: false,
});

/** The runtime has so many requests of one invocation answered at a time: others would wait, and their time would run. */
const TRIES_AT_ONCE = 6;

/**
 * Sends events, a few at a time and in their order, and returns what became of those that there was time for: none is begun after
 * as long as one may take, because what is sent was read before.
 */
export async function sendSome(
  events: readonly FeedEvent[],
  send: (event: FeedEvent) => Promise<Tried>,
): Promise<Tried[]> {
  const end = Date.now() + TIMEOUT_MILLISECONDS;
  const waiting = events.entries();
  const tried: Tried[] = [];
  const sendOnAndOn = async (): Promise<void> => {
    for (const [index, event] of waiting) {
      tried[index] = await send(event);
      if (Date.now() >= end) return;
    }
  };
  await Promise.all(Array.from({ length: TRIES_AT_ONCE }, sendOnAndOn));
  return tried;
}

/** Sends an event to a webhook, once, and returns what became of it. `tries` is how often that was done before. */
export async function trySending({ url }: SendingWebhook, wire: Wire, event: FeedEvent, tries: number): Promise<Tried> {
  const { eventId } = event;
  const count = tries + 1;
  const letter = wire.write(event, count, new Date());
  if (letter === null) return { isGone: false, tried: givenUp(eventId, tries, 'What the event was about is erased.') };
  const begun = Date.now();
  const answered = await post(url, letter.headers, letter.body);
  const now = new Date();
  const isDelivered = answered.status !== null && answered.status >= 200 && answered.status < 300;
  return {
    isGone: answered.status === GONE,
    tried: {
      eventId,
      tries: count,
      responseStatus: answered.status,
      responseMilliseconds: answered.status === null ? null : now.getTime() - begun,
      response: answered.text,
      problem: answered.problem,
      isDelivered,
      nextTryAt: isDelivered
        ? null
        : nextTry(count, now, retryAfterOf(answered.retryAfter, now), Math.random(), wire.pauses),
      wasSent: true,
    },
  };
}

interface Answered {
  status: number | null;
  text: string | null;
  problem: string | null;
  retryAfter: string | null;
}

async function post(url: string, headers: Record<string, string>, body: string): Promise<Answered> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Tenantry-Webhooks/1', ...headers },
      body,
      // Nobody has agreed to what is behind a redirect.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
    return {
      status: response.status,
      text: await beginningOf(response).catch(() => null),
      problem: null,
      retryAfter: response.headers.get('retry-after'),
    };
  } catch (error) {
    return { status: null, text: null, problem: problemOf(error), retryAfter: null };
  }
}

const problemOf = (error: unknown): string =>
  error instanceof DOMException && error.name === 'TimeoutError'
    ? `There was no answer within ${TIMEOUT_MILLISECONDS / 1000} seconds.`
    : 'There was no answer: the address could not be reached.';

/** Reads no more of an answer than is kept. */
async function beginningOf({ body }: Response): Promise<string> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body.getReader();
  while (length < MAX_ANSWER_BYTES) {
    const { value, done } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  await reader.cancel().catch(() => {});
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES));
}
