import { globalId, mutationDocument } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import {
  type Operation,
  reachesAll,
  readOutcome,
  someNode,
  type TenantName,
  tenantIds,
  type ViewerKind,
  webhooksByReach,
  writeOutcome,
} from './world.ts';

export type WebhookState = 'organization' | 'a' | 'b' | 'ab' | 'none';

const UNKNOWN = '01900000-0000-7000-8000-00000000eeee';
const webhookId = (state: WebhookState) => webhooksByReach.get(state)?.id ?? globalId('Webhook', UNKNOWN);
const deliveryId = (state: WebhookState) =>
  webhooksByReach.get(state)?.delivery.id ?? globalId('WebhookDelivery', UNKNOWN);
const eventId = (state: WebhookState) => webhooksByReach.get(state)?.delivery.eventId ?? globalId('Event', '9999999');

const TENANTS: Record<WebhookState, readonly TenantName[] | null> = {
  organization: null,
  a: ['a'],
  b: ['b'],
  ab: ['a', 'b'],
  none: [],
};

/** Whether a viewer reaches all that a webhook reaches. */
export function holdsWebhook(viewer: ViewerKind, state: WebhookState): boolean {
  const tenants = TENANTS[state];
  if (state === 'none' || viewer.customer) return false;
  return tenants === null ? viewer.reach === null : reachesAll(viewer, tenants);
}

const operation = (
  covers: string,
  document: string,
  variables: (state: WebhookState) => Variables,
  outcome: Operation<WebhookState>['outcome'],
): Operation<WebhookState> => ({
  covers,
  name: `${covers} ${document.slice(0, 50)}`,
  ask: (state) => ({ document, variables: variables(state) }),
  outcome,
  expected: (viewer, state) => {
    if (viewer.customer && outcome === writeOutcome) return 'out_of_reach';
    if (holdsWebhook(viewer, state)) return outcome === writeOutcome ? 'done' : 'found';
    return outcome === writeOutcome ? 'not_found' : 'absent';
  },
});

const reading = (covers: string, document: string, variables: (state: WebhookState) => Variables, path: string) =>
  operation(covers, document, variables, (answer, state) =>
    readOutcome(answer, (data) =>
      path === 'node'
        ? data.node
        : someNode(data, path, path.startsWith('webhooks') ? webhookId(state) : deliveryId(state)),
    ),
  );

const writing = (name: string, input: (state: WebhookState) => Variables) =>
  operation(name, mutationDocument(name, 'webhook { id }'), (state) => ({ input: input(state) }), writeOutcome);

export const WEBHOOK_OPERATIONS: Operation<WebhookState>[] = [
  reading('node', 'query($id: ID!) { node(id: $id) { id } }', (state) => ({ id: webhookId(state) }), 'node'),
  reading(
    'node',
    'query($id: ID!) { node(id: $id) { id __typename } }',
    (state) => ({ id: deliveryId(state) }),
    'node',
  ),
  reading('webhooks', '{ webhooks(first: 100) { nodes { id } } }', () => ({}), 'webhooks.nodes'),
  reading(
    'webhookDeliveries',
    'query($e: ID!) { webhookDeliveries(eventId: $e) { nodes { id } } }',
    (state) => ({ e: eventId(state) }),
    'webhookDeliveries.nodes',
  ),
  operation(
    'events',
    'query($s: ID!) { events(filter: { subjectId: $s }) { nodes { id } } }',
    (state) => ({ s: webhookId(state) }),
    (answer) => readOutcome(answer, (data) => data.events.nodes.length > 0),
  ),
  {
    covers: 'createWebhook',
    name: 'createWebhook with the reach of the record',
    tellsApart: true,
    ask: (state) => {
      const tenants = TENANTS[state];
      const names = tenants?.length === 0 ? (['gone'] as const) : tenants;
      const reach = names
        ? { reach: 'TENANTS', tenantIdentifiers: names.map((name) => ({ id: tenantIds[name] })) }
        : { reach: 'ORGANIZATION' };
      return {
        document: mutationDocument('createWebhook', 'webhook { id }'),
        variables: { input: { url: 'https://receiver.example/', ...reach } },
      };
    },
    outcome: writeOutcome,
    expected: (viewer, state) => {
      if (viewer.customer) return 'out_of_reach';
      if (holdsWebhook(viewer, state)) return 'done';
      return TENANTS[state] === null ? 'out_of_reach' : 'not_found';
    },
  },
  writing('updateWebhook', (state) => ({ id: webhookId(state), description: 'Changed' })),
  writing('rotateWebhookSecret', (state) => ({ id: webhookId(state) })),
  writing('testWebhook', (state) => ({ id: webhookId(state) })),
  writing('replayWebhook', (state) => ({ id: webhookId(state), from: '2026-01-01T00:00:00Z' })),
  writing('redeliverWebhook', (state) => ({ deliveryId: deliveryId(state) })),
  writing('deleteWebhook', (state) => ({ id: webhookId(state) })),
];
