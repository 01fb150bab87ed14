import { run } from '../../directory/commands/command.ts';
import { createWebhook, deleteWebhook, updateWebhook } from '../../directory/webhooks/commands.ts';
import { redeliverWebhook, replayWebhook, testWebhook } from '../../directory/webhooks/delivery-commands.ts';
import type { WebhookRecord } from '../../directory/webhooks/queries.ts';
import { rotateWebhookSecret } from '../../directory/webhooks/secret-commands.ts';
import { builder } from '../shared/builder.ts';
import { entityMutation } from '../shared/entity-mutations.ts';
import { localId, localTenants } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { ReachKind } from '../shared/reach.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { Webhook } from './webhook.ts';

const TARGET = {
  type: 'Webhook',
  ref: Webhook,
  record: ({ webhook }: { webhook: WebhookRecord | null }) => webhook,
} as const;

const URL = 'Where events are posted to: an https URL of a public host, without a user and a password.';
const EVENT_TYPES = 'The types of events to hear of, at least one; all if null or not given.';
const PERMISSIONS = 'What it may see of records, as `permissions` lists them. You must hold them yourself.';
const SECRET =
  'What deliveries are signed with, for any library of Standard Webhooks. It is shown only now: null for a repetition under the same `Idempotency-Key`. If the answer was lost, rotate it.';
const ID = 'The global id of the webhook.';

builder.relayMutationField(
  createWebhook.name,
  {
    description: 'A new webhook. It can hold no more than you hold yourself.',
    inputFields: (t) => ({
      url: t.string({ required: true, description: URL }),
      description: t.string({ description: 'What it is for, up to 4,096 characters.' }),
      eventTypes: t.stringList({ description: EVENT_TYPES }),
      permissions: t.stringList({ description: `${PERMISSIONS} None if not given.` }),
      reach: t.field({ type: ReachKind, required: true, description: 'Of which events it hears: not CUSTOMER.' }),
      tenantIdentifiers: t.field({
        type: [TenantIdentifier],
        description: 'For a reach of TENANTS: which ones, 1 to 100. Not for another reach.',
      }),
      isEnabled: t.boolean({ description: 'Whether anything is sent; true if not given.' }),
    }),
  },
  {
    ...commandField(
      createWebhook,
      'Creates a webhook, which hears of what is committed from then on, and shows its secret this once. Needs `event:read` besides.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, createWebhook, {
        ...input,
        tenantIdentifiers: input.tenantIdentifiers && localTenants(input.tenantIdentifiers),
      }),
  },
  {
    description: 'The webhook was created.',
    outputFields: (t) => ({
      webhook: t.field({ type: Webhook, description: 'The new webhook.', ...recordLeft('webhook') }),
      secret: t.exposeString('secret', { nullable: true, description: SECRET }),
    }),
  },
);

entityMutation(
  updateWebhook,
  TARGET,
  {
    input: 'What to change of which webhook. What is left out stays as it is.',
    id: ID,
    field:
      'Changes a webhook. You must hold all that it holds. One that is enabled again is sent what it missed; its reach stays.',
    payload: 'The webhook is as asked for.',
    record: 'The webhook as it is now.',
  },
  (t) => ({
    url: t.string({ description: URL }),
    description: t.string({ description: 'What it is for; null takes it away.' }),
    eventTypes: t.stringList({ description: 'The types of events to hear of, at least one; null for all.' }),
    permissions: t.stringList({ description: PERMISSIONS }),
    isEnabled: t.boolean({ description: 'Whether anything is sent.' }),
  }),
);

builder.relayMutationField(
  rotateWebhookSecret.name,
  {
    description: 'Which webhook gets a new secret.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: ID }),
      overlapSeconds: t.int({
        description:
          'For how many seconds deliveries are signed with the secret so far, too: 0 to 604800; 86400 if not given.',
      }),
    }),
  },
  {
    ...commandField(rotateWebhookSecret, 'Gives a webhook a new secret. You must hold all that it holds.'),
    resolve: (_, { input }, caller) => run(caller, rotateWebhookSecret, { ...input, id: localId('Webhook', input.id) }),
  },
  {
    description: 'The webhook has a new secret.',
    outputFields: (t) => ({
      webhook: t.field({ type: Webhook, description: 'The webhook as it is now.', ...recordLeft('webhook') }),
      secret: t.exposeString('secret', { nullable: true, description: SECRET }),
    }),
  },
);

entityMutation(testWebhook, TARGET, {
  input: 'Which webhook to send a test to.',
  id: ID,
  field: 'Sends a webhook an event `webhook.tested`, whatever types it hears of. You must hold all that it holds.',
  payload: 'The event is on its way.',
  record: 'The webhook, whose deliveries say what became of it.',
});

entityMutation(
  replayWebhook,
  TARGET,
  {
    input: 'From where on to send which webhook everything again.',
    id: ID,
    field:
      'Sends a webhook again what was committed behind a cursor, or from a time on. You must hold all that it holds. The ids of events stay, so that a receiver can drop what it has.',
    payload: 'The webhook begins again there.',
    record: 'The webhook, whose deliveries say what became of them.',
  },
  (t) => ({
    after: t.string({ description: 'A cursor of `events`, or of a delivery. This, or `from`.' }),
    from: t.field({ type: 'DateTime', description: 'A time. A few events of just before may be among them.' }),
  }),
);

builder.relayMutationField(
  redeliverWebhook.name,
  {
    description: 'Which delivery to make again.',
    inputFields: (t) => ({
      deliveryId: t.id({ required: true, description: 'The global id of the delivery.' }),
    }),
  },
  {
    ...commandField(
      redeliverWebhook,
      'Sends an event again to the webhook of a delivery, as it is in the feed by now. You must hold all that the webhook holds.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, redeliverWebhook, { deliveryId: localId('WebhookDelivery', input.deliveryId) }),
  },
  {
    description: 'The event is on its way.',
    outputFields: (t) => ({
      webhook: t.field({
        type: Webhook,
        description: 'The webhook, whose deliveries say what became of it.',
        ...recordLeft('webhook'),
      }),
    }),
  },
);

entityMutation(deleteWebhook, TARGET, {
  input: 'Which webhook to delete.',
  id: ID,
  field: 'Deletes a webhook for good, with what is known of its deliveries. You must hold all that it holds.',
  payload: 'The webhook is gone. A try that was under way may still arrive.',
  record: 'The webhook as it was.',
});
