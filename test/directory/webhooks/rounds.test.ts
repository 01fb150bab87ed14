import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { MIN_TRYING_MILLISECONDS } from '../../../src/directory/webhooks/schedule.ts';
import { newCustomer, newTeamMember, newWebhook, rawId, succeed, unique } from '../../shared/fixtures.ts';
import { ask, cron, send } from '../../shared/gateway.ts';
import { enter, PASSWORD } from '../../shared/people.ts';
import { hasten, hear, type Received, receivers } from './receivers.ts';

const { received, state } = receivers();

const CREATED = { eventTypes: ['customer.created'], permissions: ['customer:read'] } as const;
const namesIn = (all: readonly Received[]) => all.map(({ body }) => JSON.parse(body).data.after?.name);
const deliveriesOf = async (id: string) => {
  const { data } = await ask(
    'query($id: ID!) { node(id: $id) { ... on Webhook { isEnabled deliveries { nodes { id tries responseStatus nextTryAt } } } } }',
    { id },
  );
  return data.node;
};
const newCustomers = async (count: number): Promise<string[]> => {
  const names: string[] = [];
  for (let made = 0; made < count; made += 1) names.push((await newCustomer({ name: unique('Of many') })).name);
  return names;
};
const failing = () => new Response(null, { status: 500 });

describe('a round', () => {
  it('makes fewer requests than an invocation may, and tries what is new beside what failed', async () => {
    const { id } = await newWebhook(CREATED);
    const [failed, fresh] = [await newCustomers(20), await newCustomers(20)];
    state.answer = failing;
    await hear(id);
    expect(namesIn(received)).toEqual([...failed, ...fresh]);
    received.length = 0;
    await hasten(id);
    const more = await newCustomers(15);
    await hear(id);
    expect(received.length).toBeLessThanOrEqual(40);
    expect(namesIn(received)).toEqual(expect.arrayContaining(more));
  });

  it('sends six at a time, in order, and leaves to the next what there was no time for', async () => {
    const { id } = await newWebhook(CREATED);
    const names = await newCustomers(14);
    let [now, open, most] = [Date.now(), 0, 0];
    vi.spyOn(Date, 'now').mockImplementation(() => now);
    state.answer = async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open -= 1;
      now += 3000;
      return failing();
    };
    await hear(id);
    expect(most).toBe(6);
    expect(namesIn(received).slice(0, names.length)).toEqual(names);
    expect(new Set(namesIn(received)).size).toBe(names.length);
    expect(received).toHaveLength(names.length);
  });

  it('does not take back what was asked for meanwhile', async () => {
    const { id } = await newWebhook(CREATED);
    await newCustomer();
    state.answer = failing;
    await hear(id);
    await hasten(id);
    const [{ id: deliveryId }] = (await deliveriesOf(id)).deliveries.nodes;
    state.answer = async () => {
      await succeed('redeliverWebhook', 'webhook { id }', { deliveryId });
      return new Response('thanks');
    };
    await hear(id);
    expect(received).toHaveLength(3);
    state.answer = () => new Response('thanks');
    await hear(id);
    expect((await deliveriesOf(id)).deliveries.nodes).toMatchObject([{ tries: 1, nextTryAt: null }]);
  });
});

describe('a webhook that is disabled', () => {
  it('by 410 is sent what was answered so, once it is enabled', async () => {
    const { id } = await newWebhook(CREATED);
    const names = await newCustomers(2);
    state.answer = () => new Response(null, { status: 410 });
    await hear(id);
    expect(await deliveriesOf(id)).toMatchObject({ isEnabled: false });
    received.length = 0;
    state.answer = () => new Response('thanks');
    await succeed('updateWebhook', 'webhook { id }', { id, isEnabled: true });
    await hasten(id);
    await hear(id);
    expect(namesIn(received)).toEqual(names);
  });

  it('is not, where it was sent elsewhere meanwhile; nobody is told of that, nor of one that was deleted', async () => {
    await enter(await newTeamMember({ roleIdentifier: { name: 'owner' } }));
    const mail = vi.fn(async () => undefined);
    const mailing = { EMAIL: { send: mail }, MAIL_FROM: 'no-reply@tenantry.test' };
    const gone = new Response(null, { status: 410 });
    const [moved, deleted] = [await newWebhook(CREATED), await newWebhook(CREATED)];
    await newCustomer();
    state.answer = async () => {
      await succeed('updateWebhook', 'webhook { id }', { id: moved.id, url: `https://${unique('moved')}.example/` });
      return gone;
    };
    await hear(moved.id, mailing);
    expect(await deliveriesOf(moved.id)).toMatchObject({ isEnabled: true });
    state.answer = async () => {
      await succeed('deleteWebhook', 'webhook { id }', { id: deleted.id });
      return gone;
    };
    await hear(deleted.id, mailing);
    expect(mail).not.toHaveBeenCalled();
  });

  it('wakes those who hear of that', async () => {
    const { id } = await newWebhook(CREATED);
    await newCustomer();
    state.answer = () => new Response(null, { status: 410 });
    const wake = vi.fn(async () => undefined);
    await hear(id, { WEBHOOK_HUB: { getByName: () => ({ wake }) } });
    expect(wake).toHaveBeenCalledTimes(1);
  });

  it('is so after the last try of an event, if nothing was delivered since the first', async () => {
    const { id } = await newWebhook(CREATED);
    await newCustomer();
    state.answer = failing;
    await hear(id);
    const began = Date.now() - MIN_TRYING_MILLISECONDS;
    await env.DB.batch([
      env.DB.prepare('UPDATE webhook SET failing_since = ?2 WHERE id = ?1').bind(rawId(id), began),
      env.DB.prepare('UPDATE webhook_delivery SET tries = 12 WHERE webhook_id = ?1').bind(rawId(id)),
    ]);
    await hasten(id);
    await hear(id);
    expect(await deliveriesOf(id)).toMatchObject({ isEnabled: false, deliveries: { nodes: [{ nextTryAt: null }] } });
  });
});

describe('a replay', () => {
  const replayed = async (id: string, after: string) => {
    const { data } = await ask(
      'mutation($input: ReplayWebhookInput!) { replayWebhook(input: $input) { __typename ... on ValidationError { issues { path message } } } }',
      { input: { id, after } },
    );
    return data.replayWebhook;
  };
  const cursorAt = (position: unknown) =>
    Buffer.from(JSON.stringify(['events', 'CREATED_AT', null, position])).toString('base64url');

  it('begins nowhere but in the feed', async () => {
    const { id } = await newWebhook(CREATED);
    const { data } = await ask('{ events(last: 1) { edges { cursor } } }');
    const [, , , newest] = JSON.parse(Buffer.from(data.events.edges[0].cursor, 'base64url').toString());
    expect(await replayed(id, cursorAt(newest + 2))).toMatchObject({ issues: [{ path: 'after' }] });
    expect(await replayed(id, cursorAt(newest))).toMatchObject({ __typename: 'ReplayWebhookPayload' });
  });

  it('begins at nothing that is older than what is kept', async () => {
    const { id } = await newWebhook(CREATED);
    await newCustomer();
    await env.DB.prepare('UPDATE event SET created_at = 1 WHERE id < (SELECT max(id) FROM event)').run();
    await cron({ EVENTS_KEPT_DAYS: '2' });
    const { first } = (await env.DB.prepare('SELECT min(id) AS first FROM event').first<{ first: number }>()) ?? {};
    expect(first).toBeGreaterThan(2);
    expect(await replayed(id, cursorAt(Number(first) - 2))).toMatchObject({
      issues: [{ path: 'after', message: expect.stringContaining('older than what is kept') }],
    });
    expect(await replayed(id, cursorAt(Number(first) - 1))).toMatchObject({ __typename: 'ReplayWebhookPayload' });
  });
});

describe('signing in', () => {
  it('wakes the hub, and nothing where no webhook is enabled', async () => {
    const user = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    await enter(user);
    const signIn = async () => {
      const wake = vi.fn(async () => undefined);
      const body = JSON.stringify({ email: user.email, password: PASSWORD });
      const headers = { 'content-type': 'application/json' };
      const request = new Request('https://tenantry.test/auth/sign-in', { method: 'POST', headers, body });
      const { status } = await send(request, { WEBHOOK_HUB: { getByName: () => ({ wake }) } as never });
      expect(status).toBe(200);
      return wake.mock.calls.length;
    };
    const { id } = await newWebhook();
    expect(await signIn()).toBe(1);
    await succeed('deleteWebhook', 'webhook { id }', { id });
    await env.DB.prepare('UPDATE webhook SET enabled = 0').run();
    expect(await signIn()).toBe(0);
  });
});
