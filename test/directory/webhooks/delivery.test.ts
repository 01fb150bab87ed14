import { env } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { MAX_TRIES, nextTry, retryAfterOf } from '../../../src/directory/webhooks/schedule.ts';
import {
  mutate,
  newCustomer,
  newKey,
  newTeamMember,
  newTenant,
  newWebhook,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, cron, graphqlRequest, send } from '../../shared/gateway.ts';
import { enter } from '../../shared/people.ts';
import { hasten, hear, receivers } from './receivers.ts';

const { received, state } = receivers();

const DELIVERY = 'id eventId tries responseStatus response problem deliveredAt nextTryAt';
const read = async (id: string) => {
  const { data } = await ask(
    `query($id: ID!) { node(id: $id) { ... on Webhook { isEnabled disabledBecause failingSince deliveries { nodes { ${DELIVERY} } } } } }`,
    { id },
  );
  return data.node;
};
const eventsAbout = async (id: string, key?: string) => {
  const { data } = await ask(
    `query($s: ID!) { events(filter: { subjectId: $s }) { edges { cursor node {
      id type subjectId subjectVersion tenantIds hasMoreTenantIds commandId actor { type id } before after createdAt } } } }`,
    { s: id },
    key,
  );
  return data.events.edges;
};
const bodies = () => received.map(({ body }) => JSON.parse(body));
const typesHeard = () => bodies().map(({ type }) => type);

describe('what a webhook is sent', () => {
  it('is what was committed, as Standard Webhooks describes it, each event once while it answers', async () => {
    const { id, secret } = await newWebhook({ permissions: ['customer:read'] });
    const customer = await newCustomer({ name: unique('Heard') });
    await hear(id);
    await hear(id);
    const [one, ...others] = received;
    expect(others).toEqual([]);
    const [{ cursor, node }] = await eventsAbout(customer.id);
    expect(new Webhook(secret).verify(one?.body ?? '', one?.headers ?? {})).toEqual({
      type: 'customer.created',
      timestamp: node.createdAt,
      data: { ...node, cursor },
    });
    expect(one?.headers['webhook-id']).toBe(node.id);
    expect(one?.redirect).toBe('manual');
  });

  it('is sent soon: whoever commits it wakes the hub once, cron does, and who reads does not', async () => {
    let woken = 0;
    const wake = async () => {
      woken += 1;
    };
    const WEBHOOK_HUB = { getByName: () => ({ wake }) } as never;
    const wakes = async (document: string) => {
      woken = 0;
      const { errors } = await send(graphqlRequest(document), { WEBHOOK_HUB });
      expect(errors).toEqual([]);
      return woken;
    };
    const change = 'mutation { createCustomer(input: { name: "Woken", kind: PERSON }) { __typename } }';
    const twoChanges = change.replace(
      '{ ',
      '{ one: createCustomer(input: { name: "W", kind: PERSON }) { __typename } ',
    );
    const { data } = await ask('{ webhooks(first: 100) { nodes { id } } }');
    for (const { id } of data.webhooks.nodes) await succeed('deleteWebhook', 'webhook { id }', { id });
    expect(await wakes(change)).toBe(0);
    await newWebhook();
    expect(await wakes(change)).toBe(1);
    expect(await wakes(twoChanges)).toBe(1);
    const imported = 'mutation { importTenants(input: { rows: [{ name: "W", externalId: "woken" }] }) { __typename } }';
    expect(await wakes(imported)).toBe(1);
    expect(await wakes('{ customers(first: 1) { nodes { id } } }')).toBe(0);
    await cron({ WEBHOOK_HUB });
    expect(woken).toBe(1);
  });

  it('is what a key of its reach and permissions is shown, and nothing of other tenants', async () => {
    const [own, other] = [await newTenant(), await newTenant()];
    const eventTypes = ['customer.created', 'membership.created'];
    const seeing = await newWebhook({ eventTypes, tenants: [own.id], permissions: ['customer:read'] });
    const blind = await newWebhook({ eventTypes, tenants: [own.id] });
    const customer = await newCustomer({ tenantIdentifiers: [{ id: own.id }, { id: other.id }] });
    await newCustomer({ tenantIdentifiers: [{ id: other.id }] });
    const permissions = ['event:read', 'customer:read'] as const;
    const { secret } = await newKey({ tenants: [own.id], permissions });
    await hear(seeing.id);
    const shown = await eventsAbout(customer.id, secret);
    const heard = () => bodies().filter(({ data }) => data.subjectId === customer.id);
    expect(shown.length).toBe(2);
    expect(heard().map(({ data: { cursor: _, ...node } }) => node)).toEqual(
      shown.map(({ node }: { node: object }) => node),
    );
    expect(heard()).toHaveLength(bodies().length);
    received.length = 0;
    await hear(blind.id);
    expect(typesHeard()).toEqual(['customer.created', 'membership.created']);
    for (const { data } of bodies()) expect(data).toMatchObject({ before: null, after: null });
  });

  it('is nothing that was erased in the meantime', async () => {
    const { id } = await newWebhook({ permissions: ['customer:read'] });
    state.answer = () => new Response(null, { status: 500 });
    const customer = await newCustomer({ name: unique('Secret') });
    await hear(id);
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id, permanently: true });
    received.length = 0;
    await hasten(id);
    await hear(id);
    expect(typesHeard()).toContain('customer.erased');
    for (const { body } of received) expect(body).not.toContain(customer.name);
  });

  it('is signed with both secrets while they overlap, and with the newest alone afterwards', async () => {
    const { id, secret } = await newWebhook();
    const rotated = await succeed('rotateWebhookSecret', 'secret webhook { previousSecretExpiresAt }', { id });
    expect(rotated.webhook.previousSecretExpiresAt).not.toBeNull();
    await newCustomer();
    await hear(id);
    const one = received.find(({ body }) => body.includes('customer.created'));
    for (const good of [secret, rotated.secret]) new Webhook(good).verify(one?.body ?? '', one?.headers ?? {});
    const { secret: last } = await succeed('rotateWebhookSecret', 'secret', { id, overlapSeconds: 0 });
    received.length = 0;
    await hear(id);
    const [next] = received;
    new Webhook(last).verify(next?.body ?? '', next?.headers ?? {});
    expect(() => new Webhook(rotated.secret).verify(next?.body ?? '', next?.headers ?? {})).toThrow();
  });
});

describe('a delivery that fails', () => {
  const FAILURES: [string, () => Response | Promise<Response>, object][] = [
    ['a status of 500', () => new Response('no', { status: 500 }), { responseStatus: 500, response: 'no' }],
    ['a redirect', () => Response.redirect('https://elsewhere.example/', 302), { responseStatus: 302 }],
    [
      'no answer',
      () => Promise.reject(new TypeError('refused')),
      { responseStatus: null, problem: expect.any(String) },
    ],
  ];
  for (const [what, answer, expected] of FAILURES) {
    it(`is tried again with the same id: ${what}`, async () => {
      const { id } = await newWebhook();
      await newCustomer();
      state.answer = answer;
      await hear(id);
      const failed = await read(id);
      expect(failed.deliveries.nodes).toMatchObject([{ ...expected, tries: 1, deliveredAt: null }]);
      expect(Date.parse(failed.deliveries.nodes[0].nextTryAt)).toBeGreaterThan(Date.now());
      expect(failed.failingSince).not.toBeNull();
      await hear(id);
      expect(received).toHaveLength(1);
      state.answer = () => new Response('thanks');
      await hasten(id);
      await hear(id);
      expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
      expect(await read(id)).toMatchObject({
        failingSince: null,
        deliveries: { nodes: [{ tries: 2, responseStatus: 200, nextTryAt: null, problem: null }] },
      });
    });
  }

  it('keeps a kilobyte of the answer, and waits for as long as that asks', async () => {
    const { id } = await newWebhook();
    await newCustomer();
    state.answer = () => new Response('x'.repeat(5000), { status: 429, headers: { 'retry-after': '7200' } });
    await hear(id);
    const [one] = (await read(id)).deliveries.nodes;
    expect(one.response).toHaveLength(1024);
    expect(Date.parse(one.nextTryAt) - Date.now()).toBeGreaterThan(7_000_000);
  });

  it('holds up nothing that comes after it', async () => {
    const { id } = await newWebhook({ permissions: ['customer:read'] });
    const [bad, good] = [await newCustomer(), await newCustomer()];
    state.answer = ({ body }) => new Response(null, { status: body.includes(bad.name) ? 500 : 200 });
    await hear(id);
    expect(bodies().map(({ data }) => data.after.name)).toEqual([bad.name, good.name]);
    expect(
      (await read(id)).deliveries.nodes.map(({ responseStatus }: { responseStatus: number }) => responseStatus),
    ).toEqual([500, 200]);
  });

  it('is given up after five days', () => {
    const now = new Date(0);
    let waited = 0;
    for (let tries = 1; tries < MAX_TRIES; tries += 1) {
      const [soonest, mean, latest] = [0, 0.5, 1].map((random) => nextTry(tries, now, null, random)?.getTime() ?? 0);
      expect(soonest).toBeLessThan(mean ?? 0);
      expect(latest).toBeGreaterThan(mean ?? 0);
      waited += mean ?? 0;
    }
    expect(nextTry(MAX_TRIES, now, null)).toBeNull();
    expect(waited / 86_400_000).toBeCloseTo(5, 1);
    expect(retryAfterOf('120', now)).toBe(120_000);
    expect(retryAfterOf(new Date(5000).toUTCString(), now)).toBe(5000);
    expect(retryAfterOf('soon', now)).toBeNull();
  });
});

describe('a webhook that nobody answers at', () => {
  it('is disabled by 410, which the feed and those who may mend it are told, and hears what it missed once enabled', async () => {
    const { id } = await newWebhook({ permissions: ['webhook:read'] });
    const owner = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    await enter(owner);
    const mails: { to: string; text: string }[] = [];
    const EMAIL = { send: async (mail: { to: string; text: string }) => void mails.push(mail) };
    state.answer = () => new Response(null, { status: 410 });
    await hear(id, { EMAIL, MAIL_FROM: 'no-reply@tenantry.test' });
    expect(await read(id)).toMatchObject({ isEnabled: false, disabledBecause: 'GONE' });
    const types = (await eventsAbout(id)).map(({ node }: { node: { type: string } }) => node.type);
    expect(types).toEqual(['webhook.created', 'webhook.disabled']);
    expect(mails.map(({ to }) => to)).toContain(owner.email);
    expect(mails[0]?.text).toContain(id);
    expect(mails.length).toBeLessThanOrEqual(10);
    received.length = 0;
    await newCustomer();
    await hear(id);
    expect(received).toEqual([]);
    state.answer = () => new Response('thanks');
    await succeed('updateWebhook', 'webhook { disabledBecause }', { id, isEnabled: true });
    await hear(id);
    expect(typesHeard()).toEqual(expect.arrayContaining(['webhook.disabled', 'customer.created', 'webhook.updated']));
  });

  it('is disabled after five days of failures', async () => {
    const { id } = await newWebhook();
    state.answer = () => new Response(null, { status: 503 });
    await newCustomer();
    await hear(id);
    const fiveDaysAgo = Date.now() - 5 * 86_400_000;
    await env.DB.prepare('UPDATE webhook SET failing_since = ?2 WHERE id = ?1').bind(rawId(id), fiveDaysAgo).run();
    await hasten(id);
    await hear(id);
    expect(await read(id)).toMatchObject({ isEnabled: false, disabledBecause: 'FAILING' });
  });
});

describe('events are sent again', () => {
  it('as a test, one by one, and from a cursor or a time on', async () => {
    const { id } = await newWebhook({ eventTypes: ['customer.created'] });
    const started = new Date().toISOString();
    await succeed('testWebhook', 'webhook { id }', { id });
    const [first, second] = [await newCustomer(), await newCustomer()];
    await hear(id);
    expect(typesHeard()).toEqual(['webhook.tested', 'customer.created', 'customer.created']);
    const { deliveries } = await read(id);
    const cursors = bodies().map(({ data }) => data.cursor);
    const heardAfter = async (name: string, input: object) => {
      received.length = 0;
      await succeed(name, 'webhook { id }', input as Record<string, unknown>);
      await hear(id);
      return bodies().map(({ data }) => data.subjectId);
    };
    expect(await heardAfter('redeliverWebhook', { deliveryId: deliveries.nodes[1].id })).toEqual([first.id]);
    expect(await heardAfter('replayWebhook', { id, after: cursors[1] })).toEqual([second.id]);
    expect(await heardAfter('replayWebhook', { id, from: started })).toEqual([first.id, second.id]);
    const ofEvent = await ask('query($e: ID!) { webhookDeliveries(eventId: $e) { nodes { tries webhook { id } } } }', {
      e: deliveries.nodes[1].eventId,
    });
    expect(ofEvent.data.webhookDeliveries.nodes).toContainEqual({ tries: 1, webhook: { id } });
  });

  it('of a webhook that is not enabled, none', async () => {
    const { id } = await newWebhook();
    await succeed('updateWebhook', 'webhook { id }', { id, isEnabled: false });
    expect(await mutate('testWebhook', 'webhook { id }', { id })).toMatchObject({ __typename: 'ValidationError' });
  });
});

describe('what is known of deliveries', () => {
  it('goes after thirty days, unless it is still tried', async () => {
    const { id } = await newWebhook();
    await newCustomer();
    await hear(id);
    const old = '00000000-0000-7000-8000-000000000001';
    await env.DB.prepare('UPDATE webhook_delivery SET id = ?2 WHERE webhook_id = ?1').bind(rawId(id), old).run();
    await cron();
    expect((await read(id)).deliveries.nodes).toEqual([]);
  });
});
