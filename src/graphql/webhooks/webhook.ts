import { ValidationError } from '../../directory/kernel/errors.ts';
import {
  deliveriesByIds,
  listDeliveriesOfEvent,
  listDeliveriesOfWebhooks,
} from '../../directory/webhooks/deliveries.ts';
import { listWebhooks, webhooksByIds } from '../../directory/webhooks/queries.ts';
import { builder } from '../shared/builder.ts';
import { nestedList, resolveConnection } from '../shared/connection.ts';
import { fromGlobalId, toGlobalId } from '../shared/ids.ts';
import { entityNode } from '../shared/node.ts';
import { reference } from '../shared/per-record.ts';
import { Reach } from '../shared/reach.ts';

const DisabledBecause = builder.enumType('WebhookDisabledBecause', {
  description: 'Why a webhook was disabled by itself.',
  values: {
    GONE: { description: 'Its address answered 410: there is nobody any more.' },
    FAILING: { description: 'For five days, nothing that was sent was taken.' },
  } as const,
});

const WebhookWire = builder.enumType('WebhookWire', {
  description: 'In whose words events are sent.',
  values: {
    STANDARD: { description: 'As Standard Webhooks describes it.' },
    PLAIN: { description: 'As Plain does: a webhook target of `/plain`, where it is made and changed.' },
  } as const,
});

/** Webhooks as nodes. */
export const Webhook = entityNode('Webhook', webhooksByIds);

Webhook.implement({
  description:
    'An address that events are sent to, as Standard Webhooks describes it. Reading it needs `webhook:read`, and a reach that holds its own.',
  fields: (t) => ({
    wire: t.expose('wire', {
      type: WebhookWire,
      description:
        'In whose words events are sent. One of Plain can be neither changed nor tested here, and has no secret of its own.',
    }),
    url: t.exposeString('url', { description: 'Where events are posted to.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it is for, if it was said.' }),
    eventTypes: t.exposeStringList('eventTypes', {
      nullable: true,
      description: 'The types of events that it hears of; null for all, those of later versions included.',
    }),
    permissions: t.exposeStringList('permissions', {
      description: 'What it may see of records: `before` and `after` of others are null in what it is sent.',
    }),
    reach: t.expose('reach', {
      type: Reach,
      description: 'Of which events it hears: of tenants, all that it was given, deleted ones included.',
    }),
    isEnabled: t.exposeBoolean('isEnabled', {
      description: 'Whether anything is sent. What is committed meanwhile is sent once it is enabled again.',
    }),
    disabledBecause: t.expose('disabledBecause', {
      type: DisabledBecause,
      nullable: true,
      description: 'Why it was disabled by itself; null if it was not.',
    }),
    failingSince: t.expose('failingSince', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when nothing that was sent was taken; null if the last try was a success.',
    }),
    previousSecretExpiresAt: t.expose('previousSecretExpiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Until when deliveries are signed with the secret before the newest one, too; null if they are not.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it was last changed.' }),
  }),
});

const WebhookConnection = builder.connectionObject(
  { type: Webhook, name: 'WebhookConnection', description: 'One page of webhooks.' },
  { name: 'WebhookEdge', description: 'A webhook at its place in a list.' },
);

builder.queryField('webhooks', (t) =>
  t.connection(
    {
      type: Webhook,
      description: 'The webhooks in your reach, the oldest first. Needs `webhook:read`.',
      resolve: (_, args, caller, info) => resolveConnection(listWebhooks(caller, args), caller, info),
    },
    WebhookConnection,
  ),
);

const WebhookDelivery = entityNode('WebhookDelivery', deliveriesByIds);

WebhookDelivery.implement({
  description:
    'What became of an event at a webhook, as of the last try. It is kept for 30 days. Reading it needs `webhook:read`, and a reach that holds the webhook.',
  fields: (t) => ({
    webhook: t.field({
      type: Webhook,
      nullable: true,
      description: 'Whom it was sent to.',
      ...reference('webhookId', webhooksByIds),
    }),
    eventId: t.id({
      description: 'The global id of the event, which is what `webhook-id` says.',
      resolve: ({ eventId }) => toGlobalId('Event', String(eventId)),
    }),
    tries: t.exposeInt('tries', { description: 'How often it was tried, since it was last sent anew.' }),
    triedAt: t.expose('triedAt', { type: 'DateTime', nullable: true, description: 'When it was last tried.' }),
    responseStatus: t.exposeInt('responseStatus', {
      nullable: true,
      description: 'The HTTP status of the last answer; null if there was none. From 200 to 299 it was delivered.',
    }),
    responseMilliseconds: t.exposeInt('responseMilliseconds', {
      nullable: true,
      description: 'How long the last answer took; null if there was none.',
    }),
    response: t.exposeString('response', {
      nullable: true,
      description: 'The first kilobyte of the last answer; null if there was none.',
    }),
    problem: t.exposeString('problem', {
      nullable: true,
      description: 'Why there was no answer, or why it is not tried again; null if there was one.',
    }),
    deliveredAt: t.expose('deliveredAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was taken; null if it was not.',
    }),
    nextTryAt: t.expose('nextTryAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it is tried again; null if it was taken, or given up.',
    }),
  }),
});

const WebhookDeliveryConnection = builder.connectionObject(
  { type: WebhookDelivery, name: 'WebhookDeliveryConnection', description: 'One page of deliveries.' },
  { name: 'WebhookDeliveryEdge', description: 'A delivery at its place in a list.' },
);

builder.objectField(Webhook, 'deliveries', (t) =>
  t.connection(
    {
      type: WebhookDelivery,
      description: 'What was sent to it, in the order of the first tries. Needs `webhook:read`.',
      ...nestedList(listDeliveriesOfWebhooks),
    },
    WebhookDeliveryConnection,
  ),
);

builder.queryField('webhookDeliveries', (t) =>
  t.connection(
    {
      type: WebhookDelivery,
      description: 'What became of an event at the webhooks in your reach. Needs `webhook:read`.',
      args: { eventId: t.arg.id({ required: true, description: 'The global id of the event.' }) },
      resolve: (_, { eventId, ...page }, caller, info) =>
        resolveConnection(listDeliveriesOfEvent(caller, { eventId: numberOf(eventId) }, page), caller, info),
    },
    WebhookDeliveryConnection,
  ),
);

function numberOf(eventId: string): number {
  const given = fromGlobalId(eventId);
  const number = given?.type === 'Event' ? Number(given.id) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw ValidationError.at('eventId', 'is not the id of an event');
  return number;
}
