import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { fromPlainId } from '../../../src/dialects/plain/ids.ts';
import { sendRounds } from '../../../src/http/webhooks/rounds.ts';
import { globalId, type Result, unique } from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';
import { change, read } from './asked.ts';

export interface Received {
  url: string;
  headers: Record<string, string>;
  body: string;
  redirect: unknown;
}

/** What was posted to receivers, and what they answer. */
export interface Receivers {
  received: Received[];
  answer: () => Response;
}

/** Puts receivers in the place of the internet, anew for each test. The targets of a test go with it. */
export function useReceivers(): Receivers {
  const receivers: Receivers = { received: [], answer: () => new Response('thanks') };
  beforeEach(() => {
    receivers.received.length = 0;
    receivers.answer = () => new Response('thanks');
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const headers = Object.fromEntries(new Headers(init?.headers));
      receivers.received.push({ url: String(input), headers, body: String(init?.body), redirect: init?.redirect });
      return receivers.answer();
    });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    const { webhookTargets } = await read('{ webhookTargets(first: 100) { edges { node { id } } } }');
    for (const { node } of webhookTargets.edges) await change('deleteWebhookTarget', '', { webhookTargetId: node.id });
  });
  return receivers;
}

export const TARGET = `id url description eventSubscriptions { eventType } version isEnabled
  createdAt { iso8601 } createdBy { __typename } updatedAt { iso8601 } updatedBy { __typename }`;
export const TYPES = ['customer.customer_created', 'customer.customer_updated', 'customer.customer_deleted'];
export const subscriptions = (types: readonly string[]) => types.map((eventType) => ({ eventType }));
export const details = () => ({
  url: `https://${unique('receiver')}.example/hook`,
  description: 'For tests',
  isEnabled: true,
  eventSubscriptions: subscriptions(TYPES),
});

export async function newTarget(input: object = {}): Promise<Result> {
  const { webhookTarget, error } = await change('createWebhookTarget', `webhookTarget { ${TARGET} }`, {
    ...details(),
    ...input,
  });
  expect(error).toBeNull();
  return webhookTarget;
}

export const uuidOf = ({ id }: Result): string => fromPlainId('Webhook', id) ?? '';

/** Sends a target all that it is to hear by now. */
export const hear = (target: Result) => sendRounds({ DB: env.DB }, uuidOf(target));

/** Has a target hear what waits for its next try, as if that time had come. */
export async function hearAgain(target: Result) {
  await env.DB.prepare('UPDATE webhook_delivery SET next_try_at = 0 WHERE next_try_at IS NOT NULL').run();
  return hear(target);
}

export const secretOf = async (): Promise<string> =>
  (await read('{ workspaceHmac { hmacSecret } }')).workspaceHmac.hmacSecret;

/** What became of what was sent to a target, as /graphql shows it. */
export async function deliveriesTo(target: Result): Promise<Result[]> {
  const { data } = await ask(
    `query($id: ID!) { node(id: $id) { ... on Webhook { deliveries {
      nodes { id tries responseStatus problem deliveredAt nextTryAt triedAt } } } } }`,
    { id: globalId('Webhook', uuidOf(target)) },
  );
  return data.node.deliveries.nodes;
}
