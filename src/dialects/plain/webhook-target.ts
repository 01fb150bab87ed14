import { onlyRow } from '../../directory/lists/found.ts';
import type { WebhookRecord } from '../../directory/webhooks/queries.ts';
import { listTargets, targetsByIds } from '../../directory/webhooks/targets.ts';
import { resolveConnection } from '../../graphql/shared/connection.ts';
import { COVERED, price } from '../../graphql/shared/prices.ts';
import { InternalActor, shownActor } from './actors.ts';
import { builder, DateTime } from './builder.ts';
import { localId, toPlainId } from './ids.ts';
import { type PlainEventType, plainEventTypesOf } from './subscriptions.ts';

const WebhookTargetEventSubscription = builder
  .objectRef<{ eventType: PlainEventType }>('WebhookTargetEventSubscription')
  .implement({
    description: 'Of what a webhook target hears.',
    fields: (t) => ({
      eventType: t.exposeString('eventType', { description: 'Such as `customer.customer_created`.' }),
    }),
  });

export const WebhookTarget = builder.objectRef<WebhookRecord>('WebhookTarget').implement({
  description: 'An address that changes of customers are sent to, all of the organization’s.',
  fields: (t) => ({
    id: t.id({ description: 'Begins with `whTarget_`.', resolve: ({ id }) => toPlainId('Webhook', id) }),
    url: t.exposeString('url', { description: 'Where deliveries are posted to.' }),
    description: t.string({
      description: 'What it is for; empty if that was not said.',
      resolve: ({ description }) => description ?? '',
    }),
    eventSubscriptions: t.field({
      type: [WebhookTargetEventSubscription],
      ...price(COVERED),
      description: 'Of what it hears.',
      resolve: ({ eventTypes }) => plainEventTypesOf(eventTypes ?? []).map((eventType) => ({ eventType })),
    }),
    version: t.string({
      description: 'The version of what deliveries look like: a date.',
      resolve: ({ wireVersion }) => wireVersion ?? '',
    }),
    isEnabled: t.exposeBoolean('isEnabled', {
      description:
        'Whether anything is sent. It is disabled by itself where its address answers 410, or takes nothing for five days.',
    }),
    createdAt: t.expose('createdAt', { type: DateTime, description: 'When it was created.' }),
    createdBy: t.field({
      type: InternalActor,
      description: 'Who created it.',
      resolve: ({ createdByType, createdById }) => shownActor(createdByType, createdById),
    }),
    updatedAt: t.expose('updatedAt', { type: DateTime, description: 'When it was last changed.' }),
    updatedBy: t.field({
      type: InternalActor,
      description: 'Who changed it last, or created it.',
      resolve: ({ updatedByType, updatedById }) => shownActor(updatedByType, updatedById),
    }),
  }),
});

const WebhookTargetConnection = builder.connectionObject(
  { type: WebhookTarget, name: 'WebhookTargetConnection', description: 'One page of webhook targets.' },
  { name: 'WebhookTargetEdge', description: 'A webhook target at its place in a list.' },
);

const NEEDS = 'Needs `webhook:read`, and a reach of the whole organization.';

builder.queryFields((t) => ({
  webhookTarget: t.field({
    type: WebhookTarget,
    nullable: true,
    description: `The webhook target with this id; null when there is none. ${NEEDS}`,
    args: { webhookTargetId: t.arg.id({ required: true, description: 'Begins with `whTarget_`, or is a UUID.' }) },
    resolve: (_, { webhookTargetId }, caller) => onlyRow(targetsByIds(caller, [localId('Webhook', webhookTargetId)])),
  }),
  webhookTargets: t.connection(
    {
      type: WebhookTarget,
      description: `The webhook targets, the oldest first. ${NEEDS}`,
      resolve: (_, page, caller, info) => resolveConnection(listTargets(caller, page), caller, info),
    },
    WebhookTargetConnection,
  ),
}));
