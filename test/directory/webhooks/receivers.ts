import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, vi } from 'vitest';
import { sendRounds } from '../../../src/http/webhooks/rounds.ts';
import { rawId } from '../../shared/fixtures.ts';

/** A delivery, as a receiver gets it. */
export interface Received {
  url: string;
  headers: Record<string, string>;
  body: string;
  redirect: string | undefined;
}

/** Stands in for the servers of others: what they received, and what they answer. */
export function receivers() {
  const received: Received[] = [];
  const state = { answer: (_: Received): Response | Promise<Response> => new Response('thanks') };
  beforeEach(() => {
    received.length = 0;
    state.answer = () => new Response('thanks');
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const request = {
        url: String(input),
        headers: Object.fromEntries(new Headers(init?.headers)),
        body: String(init?.body),
        redirect: init?.redirect,
      };
      received.push(request);
      return state.answer(request);
    });
  });
  afterEach(() => vi.restoreAllMocks());
  return { received, state };
}

/** Has a webhook hear all that it is to hear by now. */
export const hear = (id: string, overrides: object = {}) => sendRounds({ DB: env.DB, ...overrides }, rawId(id));

/** Lets the time of the next tries come. */
export const hasten = (id: string) =>
  env.DB.prepare('UPDATE webhook_delivery SET next_try_at = 1 WHERE webhook_id = ? AND next_try_at IS NOT NULL')
    .bind(rawId(id))
    .run();
