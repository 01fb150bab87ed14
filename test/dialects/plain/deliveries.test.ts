import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toPlainId } from '../../../src/dialects/plain/ids.ts';
import type { Environment } from '../../../src/http/shared/environment.ts';
import { newCustomer, newKey, newTenant, type Result, rawId, succeed, unique } from '../../shared/fixtures.ts';
import { call, change, customerId, newPerson, tenantId } from './asked.ts';
import { mutation } from './table.ts';
import { deliveriesTo, hear, hearAgain, newTarget, secretOf, subscriptions, TYPES, useReceivers } from './targets.ts';

const receivers = useReceivers();

const bodies = () => receivers.received.map(({ body }) => JSON.parse(body));
const told = () => bodies().map(({ type }) => type);
const signed = (body: string, secret: string) => createHmac('sha256', secret).update(body).digest('hex');

const ROOT = { actorType: 'system', system: 'root' };

/** What a customer looks like in a delivery who is new, as /graphql made it. */
const shown = (customer: Result, changed: object = {}) => ({
  id: customerId(customer),
  email: { email: customer.email.address, isVerified: customer.email.isVerified, verifiedAt: null },
  externalId: customer.externalId,
  fullName: customer.name,
  shortName: customer.shortName,
  markedAsSpamAt: null,
  markedAsSpamBy: null,
  customerGroupMemberships: [],
  createdAt: customer.createdAt,
  createdBy: ROOT,
  updatedAt: customer.createdAt,
  updatedBy: ROOT,
  ...changed,
});

const FIELDS = 'customer { id name shortName externalId email { address isVerified } createdAt updatedAt }';
const created = async (input: object = {}): Promise<Result> =>
  (
    await succeed('createCustomer', FIELDS, {
      kind: 'PERSON',
      name: unique('Jane'),
      shortName: 'Jane',
      externalId: unique('jane'),
      email: { address: `${unique('jane')}@aol.example`, isVerified: true },
      ...input,
    })
  ).customer;

describe('what a target is told', () => {
  it('is a customer created, changed, deleted, brought back and erased: never a membership', async () => {
    const target = await newTarget();
    const [customer, tenant] = [await created(), await newTenant()];
    const { id } = customer;
    const { secret, id: keyId } = await newKey();
    const input = { id, name: 'Jane Fargate' };
    const { customer: updated } = await succeed('updateCustomer', FIELDS, input, secret);
    await succeed('addCustomerToTenants', 'customer { id }', {
      customerIdentifier: { id },
      tenantIdentifiers: [{ id: tenant.id }],
    });
    await change('deleteCustomer', '', { customerId: customerId(customer) });
    const { customer: restored } = await succeed('restoreCustomer', FIELDS, { id });
    await hear(target);
    await succeed('deleteCustomer', 'customer { id }', { id, permanently: true });
    await hear(target);
    const byKey = { actorType: 'machineUser', machineUserId: toPlainId('ApiKey', rawId(keyId)) };
    const changedByKey = { fullName: 'Jane Fargate', updatedAt: updated.updatedAt, updatedBy: byKey };
    const at = { updatedAt: expect.any(String) };
    expect(bodies().map(({ payload }) => payload)).toEqual([
      { eventType: TYPES[0], customer: shown(customer) },
      { eventType: TYPES[1], customer: shown(customer, changedByKey), previousCustomer: shown(customer) },
      { eventType: TYPES[2], previousCustomer: shown(customer, changedByKey) },
      {
        eventType: TYPES[0],
        customer: shown(customer, { fullName: 'Jane Fargate', updatedAt: restored.updatedAt }),
      },
      {
        eventType: TYPES[2],
        previousCustomer: {
          ...shown(customer, at),
          email: {
            email: `${customerId(customer).toLowerCase()}@without-address.invalid`,
            isVerified: false,
            verifiedAt: null,
          },
          externalId: null,
          fullName: '',
          shortName: null,
          createdBy: { actorType: 'UNKNOWN' },
        },
      },
    ]);
    expect(told()).toEqual(bodies().map(({ payload }) => payload.eventType));
  });

  it('is what it subscribed to, from when it was created on', async () => {
    await created();
    const target = await newTarget({ eventSubscriptions: subscriptions(['customer.customer_updated']) });
    const { id } = await created();
    await succeed('updateCustomer', FIELDS, { id, shortName: null });
    await hear(target);
    expect(told()).toEqual(['customer.customer_updated']);
  });

  it('is what it missed, once it is enabled again; and nothing as long as it is disabled, or once it is deleted', async () => {
    const target = await newTarget({ isEnabled: false });
    const webhookTargetId = target.id;
    await created();
    await hear(target);
    expect(told()).toEqual([]);
    await change('updateWebhookTarget', '', { webhookTargetId, isEnabled: { value: true } });
    await hear(target);
    expect(told()).toEqual(['customer.customer_created']);
    receivers.answer = () => new Response('', { status: 500 });
    await created();
    await hear(target);
    await change('updateWebhookTarget', '', { webhookTargetId, isEnabled: { value: false } });
    await hearAgain(target);
    await change('deleteWebhookTarget', '', { webhookTargetId });
    await hearAgain(target);
    expect(told()).toHaveLength(2);
  });

  it('has its ids in the spelling of Plain: the workspace’s and the target’s the same, an event’s its own', async () => {
    const target = await newTarget();
    for (let count = 0; count < 3; count += 1) await created();
    await hear(target);
    const spelled = (prefix: string) => expect.stringMatching(new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`));
    for (const { id, workspaceId, webhookMetadata } of bodies()) {
      expect([id, workspaceId]).toEqual([spelled('pEv'), spelled('w')]);
      expect(webhookMetadata).toMatchObject({
        webhookTargetId: target.id,
        webhookDeliveryAttemptId: spelled('whAttempt'),
        webhookTargetVersion: '2026-02-27',
      });
    }
    expect(new Set(bodies().map(({ workspaceId }) => workspaceId)).size).toBe(1);
    const ids = bodies().map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  const addresses: [given: string | null, sent: string | null][] = [
    ['jane@aol.example', 'jane@aol.example'],
    ["Jane.O'Neil+x@AOL.example", "Jane.O'Neil+x@AOL.example"],
    ['jane@bücher.example', 'jane@xn--bcher-kva.example'],
    ['jane@пример.рф', null],
    ['jane@例え。テスト', null],
    ['jane@a.b1', null],
    [null, null],
  ];
  it.each(addresses)('has an e-mail address in ASCII: for %s, %s', async (given, sent) => {
    const target = await newTarget();
    const local = unique('x');
    const email = given && { address: given.replace('@', `${local}@`), isVerified: true };
    const customer = await newCustomer({ email });
    await hear(target);
    const [{ payload }] = bodies();
    const standIn = `${customerId(customer).toLowerCase()}@without-address.invalid`;
    expect(payload.customer.email).toEqual({
      email: sent?.replace('@', `${local}@`) ?? standIn,
      isVerified: given !== null,
      verifiedAt: null,
    });
  });
});

describe('a delivery', () => {
  it('says in its headers what it says in its body, and is signed by the secret of the workspace', async () => {
    const target = await newTarget();
    await created();
    await hear(target);
    const [one] = receivers.received;
    const [{ id, workspaceId, type, webhookMetadata }] = bodies();
    expect(one).toMatchObject({ url: target.url, redirect: 'manual' });
    expect(one?.headers).toMatchObject({
      'content-type': 'application/json',
      'plain-workspace-id': workspaceId,
      'plain-event-type': type,
      'plain-event-id': id,
      'plain-webhook-target-id': webhookMetadata.webhookTargetId,
      'plain-webhook-target-version': webhookMetadata.webhookTargetVersion,
      'plain-webhook-delivery-attempt-id': webhookMetadata.webhookDeliveryAttemptId,
      'plain-webhook-delivery-attempt-number': '1',
      'plain-webhook-delivery-attempt-timestamp': webhookMetadata.webhookDeliveryAttemptTimestamp,
      'plain-request-signature': signed(one?.body ?? '', await secretOf()),
    });
    expect(one?.headers).not.toHaveProperty('webhook-signature');
  });

  it('is tried anew after each failure, redirects among them, twelve times in five days', async () => {
    const answers = [302, 301, 307, 400, 404, 429, 500, 503].map((status) => () => new Response('no', { status }));
    receivers.answer = () => (answers[receivers.received.length % answers.length] as () => Response)();
    const target = await newTarget();
    const { id } = await created();
    let waited = 0;
    const secrets: string[] = [];
    for (let tries = 1; tries <= 12; tries += 1) {
      secrets.push(await secretOf());
      await hearAgain(target);
      const [delivery] = await deliveriesTo(target);
      expect(delivery).toMatchObject({ tries, deliveredAt: null });
      if (tries < 12) waited += Date.parse(delivery?.nextTryAt) - Date.parse(delivery?.triedAt);
      else expect(delivery?.nextTryAt).toBeNull();
      if (tries === 6) await call('mutation { regenerateWorkspaceHmac { error { message } } }');
    }
    await hearAgain(target);
    const days = waited / (24 * 60 * 60 * 1000);
    expect(days).toBeGreaterThan(4.5);
    expect(days).toBeLessThan(5.5);
    expect(bodies().map(({ webhookMetadata }) => webhookMetadata.webhookDeliveryAttemptNumber)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    expect(new Set(bodies().map((body) => body.webhookMetadata.webhookDeliveryAttemptId)).size).toBe(12);
    expect(new Set(bodies().map((body) => body.id)).size).toBe(1);
    expect(new Set(secrets).size).toBe(2);
    expect(receivers.received.map(({ headers }) => headers['plain-request-signature'])).toEqual(
      receivers.received.map(({ body }, index) => signed(body, secrets[index] ?? '')),
    );
    expect(id).toBeTruthy();
  });

  it('is made again from /graphql, with the same id', async () => {
    const target = await newTarget();
    await created();
    await hear(target);
    const [delivery] = await deliveriesTo(target);
    await succeed('redeliverWebhook', 'webhook { id }', { deliveryId: delivery?.id });
    await hear(target);
    expect(told()).toHaveLength(2);
    const [first, second] = bodies();
    expect(second.id).toBe(first.id);
    expect(second.webhookMetadata.webhookDeliveryAttemptId).not.toBe(first.webhookMetadata.webhookDeliveryAttemptId);
  });

  it('is given up, and says why, where what it was about was erased; no try carries any of that', async () => {
    receivers.answer = () => new Response('', { status: 500 });
    const target = await newTarget();
    const customer = await created();
    await succeed('updateCustomer', FIELDS, { id: customer.id, name: `${customer.name} too` });
    await hear(target);
    expect(told()).toEqual(TYPES.slice(0, 2));
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id, permanently: true });
    receivers.received.length = 0;
    receivers.answer = () => new Response('thanks');
    await hearAgain(target);
    expect(told()).toEqual(['customer.customer_deleted']);
    for (const trace of [customer.name, customer.email.address, customer.externalId])
      expect(receivers.received[0]?.body).not.toContain(trace);
    const deliveries = await deliveriesTo(target);
    const givenUp = { problem: 'What the event was about is erased.', nextTryAt: null, deliveredAt: null };
    expect(deliveries).toMatchObject([givenUp, givenUp, { problem: null, responseStatus: 200 }]);
  });

  it('is woken by a change at /plain as by one at /graphql', async () => {
    let woken = 0;
    const wake = async () => {
      woken += 1;
    };
    const hub = { getByName: () => ({ wake }) };
    const overrides = { WEBHOOK_HUB: hub } as unknown as Partial<Environment>;
    const tenant = await newTenant();
    const person = await newPerson();
    const input = {
      customerIdentifier: { customerId: customerId(person) },
      tenantIdentifiers: [{ tenantId: tenantId(tenant) }],
    };
    const join = () => call(mutation('addCustomerToTenants', ''), { input }, undefined, overrides);
    await newTarget();
    await join();
    expect(woken).toBe(1);
    // Nothing is committed by it.
    await join();
    expect(woken).toBe(1);
  });
});
