import { Webhook } from 'standardwebhooks';
import type { Database } from '../../db/client.ts';
import { PAUSES } from '../../directory/webhooks/schedule.ts';
import type { SendingWebhook } from '../../directory/webhooks/sending.ts';
import type { FeedEvent } from './feed.ts';
import type { Wire } from './wire.ts';

/** Returns how these events are sent to a webhook. */
export async function wireOf(db: Database, webhook: SendingWebhook, events: readonly FeedEvent[]): Promise<Wire> {
  if (webhook.wire === 'STANDARD') return standardWire(webhook);
  const { plainWire } = await import('./plain-wire.ts');
  return plainWire(db, webhook, events);
}

/** As Standard Webhooks describes it: an event has one id, whoever it is sent to and however often, and each try its own time. */
const standardWire = ({ secrets }: SendingWebhook): Wire => ({
  pauses: PAUSES,
  write({ event, cursor }, _tryNumber, at) {
    const body = JSON.stringify({ type: event.type, timestamp: event.createdAt, data: { ...event, cursor } });
    return {
      body,
      headers: {
        'webhook-id': event.id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(event.id, at, body)).join(' '),
      },
    };
  },
});
