import { webhooks } from '../../db/schema/webhooks.ts';
import { sql } from '../../db/sql.ts';
import { webhookInReach } from '../access/reach.ts';
import type { UnversionedEntity } from '../commands/unversioned-entity.ts';
import { type WebhookRecord, webhookRows } from './queries.ts';

/** Webhooks, as commands change them. */
export const WEBHOOK: UnversionedEntity<typeof webhooks, WebhookRecord> = {
  name: 'Webhook',
  word: 'webhook',
  table: webhooks,
  snapshot: sql`json_object(
    'wire', webhook.wire, 'url', webhook.url, 'description', webhook.description, 'eventTypes', json(webhook.event_types),
    'permissions', (SELECT json_group_array(permission) FROM webhook_permission WHERE webhook_id = webhook.id),
    'reach', webhook.reach,
    'tenantIds', (SELECT json_group_array(tenant_id) FROM webhook_tenant WHERE webhook_id = webhook.id),
    'isEnabled', json(iif(webhook.enabled, 'true', 'false')), 'disabledBecause', webhook.disabled_because)`,
  rows: webhookRows,
  inReach: ({ reach }) => webhookInReach(reach, webhooks.id),
};
