import { createHmac } from 'node:crypto';
import type { Database } from '../../db/client.ts';
import { type HeardEvent, payloadOf, plainEventId } from '../../dialects/plain/deliveries.ts';
import { toPlainId } from '../../dialects/plain/ids.ts';
import type { Actor } from '../../directory/access/actor.ts';
import { newId } from '../../directory/kernel/ids.ts';
import { customerAuthors } from '../../directory/webhooks/customer-authors.ts';
import { PLAIN_PAUSES } from '../../directory/webhooks/schedule.ts';
import type { SendingWebhook } from '../../directory/webhooks/sending.ts';
import { fromGlobalId } from '../../graphql/shared/ids.ts';
import type { FeedEvent } from './feed.ts';
import type { Wire } from './wire.ts';

const localOf = (globalId: string): string => fromGlobalId(globalId)?.id ?? globalId;

/** An event of the feed with its ids as tables have them. */
function heard({ eventId, event }: FeedEvent): HeardEvent {
  const { type, id } = event.actor;
  return {
    eventId,
    type: event.type,
    customerId: localOf(event.subjectId),
    actor: { type, id: id === null ? null : localOf(id) } as Actor,
    at: new Date(event.createdAt),
    before: event.before,
    after: event.after,
  };
}

const NOBODY = { createdBy: null, before: null };

/** As Plain describes it. What is signed has the time of the try in it, and so each try is written anew. */
export async function plainWire(db: Database, webhook: SendingWebhook, events: readonly FeedEvent[]): Promise<Wire> {
  const { viewer, secrets, wireVersion } = webhook;
  const ids = events.map(({ eventId }) => eventId);
  const { authors, organizationId } = await customerAuthors({ db, viewer }, ids);
  const workspaceId = toPlainId('Organization', organizationId);
  const targetId = toPlainId('Webhook', webhook.id);
  return {
    pauses: PLAIN_PAUSES,
    write(feedEvent, tryNumber, at) {
      const event = heard(feedEvent);
      const payload = payloadOf(event, authors.get(event.eventId) ?? NOBODY);
      if (payload === null) return null;
      const id = plainEventId(event);
      const metadata = {
        webhookTargetId: targetId,
        webhookTargetVersion: wireVersion,
        webhookDeliveryAttemptId: toPlainId('Attempt', newId()),
        webhookDeliveryAttemptNumber: tryNumber,
        webhookDeliveryAttemptTimestamp: at.toISOString(),
      };
      const body = JSON.stringify({
        timestamp: event.at.toISOString(),
        workspaceId,
        id,
        type: payload.eventType,
        payload,
        webhookMetadata: metadata,
      });
      const [secret = ''] = secrets;
      return {
        body,
        headers: {
          'Plain-Workspace-Id': workspaceId,
          'Plain-Event-Type': payload.eventType,
          'Plain-Event-Id': id,
          'Plain-Webhook-Target-Id': targetId,
          'Plain-Webhook-Target-Version': wireVersion ?? '',
          'Plain-Webhook-Delivery-Attempt-Id': metadata.webhookDeliveryAttemptId,
          'Plain-Webhook-Delivery-Attempt-Number': String(tryNumber),
          'Plain-Webhook-Delivery-Attempt-Timestamp': metadata.webhookDeliveryAttemptTimestamp,
          'Plain-Request-Signature': createHmac('sha256', secret).update(body).digest('hex'),
        },
      };
    },
  };
}
