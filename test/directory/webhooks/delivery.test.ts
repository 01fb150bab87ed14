import { env } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sendRounds } from '../../../src/http/webhooks/rounds.ts';
import { newCustomer, rawId, succeed, unique } from '../../shared/fixtures.ts';
import { ask, graphqlRequest, send } from '../../shared/gateway.ts';

interface Received {
  url: string;
  headers: Record<string, string>;
  body: string;
}

const received: Received[] = [];
/** What the receivers answer. */
let answer: (request: Received) => Response | Promise<Response>;

beforeEach(() => {
  received.length = 0;
  answer = () => new Response('thanks');
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = {
      url: String(input),
      headers: Object.fromEntries(new Headers(init?.headers)),
      body: String(init?.body),
    };
    received.push(request);
    return answer(request);
  });
});
afterEach(() => vi.restoreAllMocks());

const PAYLOAD = 'secret webhook { id }';
async function newWebhook(input: object = {}) {
  const { webhook, secret } = await succeed('createWebhook', PAYLOAD, {
    url: `https://${unique('receiver')}.example/hook`,
    reach: 'ORGANIZATION',
    permissions: ['customer:read', 'tenant:read'],
    ...input,
  });
  return { id: webhook.id as string, secret: secret as string };
}

const hear = (id: string) => sendRounds({ DB: env.DB }, rawId(id));

describe('a webhook', () => {
  it('is sent what is committed, as Standard Webhooks describes it, each event once while it answers', async () => {
    const { id, secret } = await newWebhook();
    const customer = await newCustomer({ name: unique('Heard') });
    await hear(id);
    await hear(id);
    const [one, ...others] = received;
    expect(others).toEqual([]);
    const verified = new Webhook(secret).verify(one?.body ?? '', one?.headers ?? {});
    const { data } = await ask(
      `query($s: ID!) { events(filter: { subjectId: $s }) { edges { cursor node {
        id type subjectId subjectVersion tenantIds hasMoreTenantIds commandId actor { type id } before after createdAt } } } }`,
      { s: customer.id },
    );
    const [{ cursor, node }] = data.events.edges;
    expect(verified).toEqual({ type: 'customer.created', timestamp: node.createdAt, data: { ...node, cursor } });
    expect(one?.headers['webhook-id']).toBe(node.id);
  });

  it('hears through its durable objects soon after a commit', async () => {
    const url = `https://${unique('soon')}.example/hook`;
    const { id } = await newWebhook({ url, eventTypes: ['customer.created'] });
    const input = { name: unique('Soon') };
    const document = 'mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { __typename } }';
    await send(graphqlRequest(document, { input }), { WEBHOOK_HUB: env.WEBHOOK_HUB });
    const names = () =>
      received.filter(({ url: to }) => to === url).map(({ body }) => JSON.parse(body).data.after.name);
    await vi.waitFor(() => expect(names()).toEqual([input.name]), 5000);
    const { data } = await ask(
      'query($id: ID!) { node(id: $id) { ... on Webhook { deliveries { nodes { tries responseStatus response deliveredAt nextTryAt } } } } }',
      { id },
    );
    expect(data.node.deliveries.nodes).toMatchObject([
      { tries: 1, responseStatus: 200, response: 'thanks', nextTryAt: null },
    ]);
  });
});
