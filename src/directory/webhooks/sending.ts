import type { SQL } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { webhookDeliveries, webhooks } from '../../db/schema/webhooks.ts';
import { sql } from '../../db/sql.ts';
import { jsonList, parseJsonList, select, write } from '../../db/statement.ts';
import { reachOf } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import {
  type EventContext,
  eventsOf,
  nameTenants,
  recordAfter,
  recordEvent,
  wasRecorded,
} from '../commands/event-recording.ts';
import type { EventType } from '../kernel/event-types.ts';
import { newId } from '../kernel/ids.ts';
import type { Permission } from '../kernel/permission-names.ts';
import { WEBHOOK } from './entity.ts';
import { webhookPermissionList } from './queries.ts';
import { MAX_FAILING_MILLISECONDS, MIN_TRYING_MILLISECONDS } from './schedule.ts';

/** How many events are sent at a time. */
export const EVENTS_AT_ONCE = 20;

/** How many of them are tried again, so that there is room for what was never tried. */
const RETRIES_AT_ONCE = 10;

/** A delivery that is to be tried again. */
interface DueDelivery {
  eventId: number;
  tries: number;
}

/** A webhook that is enabled, as its sender sees it. */
export interface SendingWebhook {
  id: string;
  url: string;
  /** The newest first. Deliveries are signed with each. */
  secrets: readonly string[];
  eventTypes: readonly EventType[] | null;
  wire: 'STANDARD' | 'PLAIN';
  /** Which of Plain's versions a target of Plain hears; null for another webhook. */
  wireVersion: string | null;
  /** Who reads the feed for it: with its reach and its permissions, and no more. */
  viewer: Viewer;
  position: number;
  failingSince: Date | null;
}

/** What there is to send to a webhook. */
export interface Work {
  webhook: SendingWebhook;
  due: readonly DueDelivery[];
  /** The id of the newest event of the feed. */
  newest: number;
  /** Where the feed begins by now: what came up to there has been removed. */
  beginning: number;
  /** When the next delivery is due that is not due yet; null if none is waiting. */
  nextTryAt: Date | null;
}

const sendingFields = {
  id: webhooks.id,
  url: webhooks.url,
  secret: sql<string>`iif(${webhooks.wire} = 'PLAIN', (SELECT secret FROM workspace_hmac), ${webhooks.secret})`,
  previousSecret: webhooks.previousSecret,
  previousSecretExpiresAt: webhooks.previousSecretExpiresAt,
  eventTypes: sql<string | null>`${webhooks.eventTypes}`,
  reach: webhooks.reach,
  permissions: webhookPermissionList,
  liveTenantIds: sql<string>`(SELECT json_group_array(tenant.id) FROM webhook_tenant
    JOIN tenant ON tenant.id = webhook_tenant.tenant_id AND tenant.deleted_at IS NULL
    WHERE webhook_tenant.webhook_id = ${webhooks.id})`,
  position: webhooks.position,
  failingSince: webhooks.failingSince,
  wire: webhooks.wire,
  wireVersion: webhooks.wireVersion,
  newest: sql<number>`(SELECT coalesce(max(event.id), 0) FROM event)`,
  beginning: sql<number>`(SELECT coalesce(min(event.id) - 1, 0) FROM event)`,
};

/** Reads what there is to send to a webhook, in one D1 call; null if it is gone, or not enabled. */
export async function readWork(db: Database, webhookId: string, now: Date): Promise<Work | null> {
  const of = sql`webhook_delivery.webhook_id = ${webhookId}`;
  const { found, due, waiting } = await db.reads({
    found: select(sendingFields, sql`FROM webhook WHERE webhook.id = ${webhookId} AND webhook.enabled = 1`),
    due: select(
      { eventId: webhookDeliveries.eventId, tries: webhookDeliveries.tries },
      sql`FROM webhook_delivery WHERE ${of} AND next_try_at <= ${now.getTime()}
        ORDER BY next_try_at LIMIT ${RETRIES_AT_ONCE}`,
    ),
    waiting: select(
      { nextTryAt: webhookDeliveries.nextTryAt },
      sql`FROM webhook_delivery WHERE ${of} AND next_try_at > ${now.getTime()} ORDER BY next_try_at LIMIT 1`,
    ),
  });
  const [row] = found;
  if (row === undefined) return null;
  const { secret, previousSecret, previousSecretExpiresAt, newest, beginning } = row;
  const isPreviousGood = previousSecretExpiresAt !== null && previousSecretExpiresAt > now;
  return {
    webhook: {
      id: row.id,
      url: row.url,
      secrets: [secret, ...(previousSecret !== null && isPreviousGood ? [previousSecret] : [])],
      eventTypes: row.eventTypes === null ? null : parseJsonList<EventType>(row.eventTypes),
      viewer: {
        actor: { type: 'SYSTEM', id: null },
        permissions: new Set<Permission>(['event:read', ...parseJsonList<Permission>(row.permissions)]),
        access: 'READ',
        reach: reachOf(row.reach, parseJsonList(row.liveTenantIds), null),
        rateLimitTier: 'DEFAULT',
        countsAs: row.id,
        expiresAt: null,
        session: null,
      },
      position: row.position,
      failingSince: row.failingSince,
      wire: row.wire,
      wireVersion: row.wireVersion,
    },
    due,
    newest,
    beginning,
    nextTryAt: waiting[0]?.nextTryAt ?? null,
  };
}

/** What became of an event when it was tried. */
export interface Try {
  eventId: number;
  /** How often it has been tried by now. */
  tries: number;
  responseStatus: number | null;
  responseMilliseconds: number | null;
  response: string | null;
  problem: string | null;
  isDelivered: boolean;
  nextTryAt: Date | null;
  /** False where nothing was sent: the event could not be, and is given up. */
  wasSent: boolean;
}

/** What a round of tries leaves behind. */
export interface Round {
  tries: readonly Try[];
  /** Up to where the feed has been looked at. */
  position: number;
  /** Why the webhook is to be disabled; null if it is not. */
  disabledBecause: 'GONE' | 'FAILING' | null;
}

/**
 * Writes what became of a round of tries, and how far the feed was read, in one D1 call; returns why the webhook was disabled by
 * that, if it was. Whoever changed something in the meantime has the last word on that: where it begins, where it is sent to, and
 * what is to be sent again.
 */
export async function writeRound(
  db: Database,
  { webhook, due }: Pick<Work, 'webhook' | 'due'>,
  round: Round,
  now: Date,
): Promise<Round['disabledBecause']> {
  const { tries, position } = round;
  const failingSince = failingAfter(webhook, tries, now);
  const isGivenUp = tries.some(({ wasSent, isDelivered, nextTryAt }) => wasSent && !isDelivered && nextTryAt === null);
  const because = round.disabledBecause ?? (isFailingForLong(failingSince, isGivenUp, now) ? 'FAILING' : null);
  const triesBefore = new Map(due.map(({ eventId, tries }) => [eventId, tries]));
  const rows = tries.map(({ nextTryAt, isDelivered, wasSent: _wasSent, ...row }) => ({
    ...row,
    id: newId(),
    deliveredAt: isDelivered ? now.getTime() : null,
    nextTryAt: nextTryAt?.getTime() ?? null,
    triesBefore: triesBefore.get(row.eventId) ?? null,
  }));
  const of = sql`webhook.id = ${webhook.id}`;
  const context = { id: newId(), at: now, viewer: { actor: { type: 'SYSTEM', id: null } } } as const;
  const isSame = sql`${of} AND webhook.enabled = 1 AND webhook.url = ${webhook.url}`;
  const { recorded } = await db.batch({
    deliveries: write(sql`INSERT INTO webhook_delivery (webhook_id, event_id, id, tries, tried_at, response_status,
        response_milliseconds, response, problem, delivered_at, next_try_at)
      SELECT webhook.id, given.value ->> 'eventId', given.value ->> 'id', given.value ->> 'tries', ${now.getTime()},
        given.value ->> 'responseStatus', given.value ->> 'responseMilliseconds', given.value ->> 'response',
        given.value ->> 'problem', given.value ->> 'deliveredAt', given.value ->> 'nextTryAt'
      FROM json_each(${jsonList(rows)}) given JOIN webhook ON ${of}
        LEFT JOIN webhook_delivery known ON known.webhook_id = webhook.id AND known.event_id = given.value ->> 'eventId'
      WHERE coalesce(known.tries = given.value ->> 'triesBefore', TRUE)
      ON CONFLICT (webhook_id, event_id) DO UPDATE SET tries = excluded.tries, tried_at = excluded.tried_at,
        response_status = excluded.response_status, response_milliseconds = excluded.response_milliseconds,
        response = excluded.response, problem = excluded.problem, delivered_at = excluded.delivered_at,
        next_try_at = excluded.next_try_at`),
    webhook: write(sql`UPDATE webhook SET failing_since = ${failingSince?.getTime() ?? null},
        position = iif(position = ${webhook.position}, ${position}, position) WHERE ${of}`),
    disabled: because === null ? [] : disabling(context, isSame, because),
    recorded: because === null ? [] : [eventsOf(context)],
  });
  return recorded.flat().length > 0 ? because : null;
}

/** Since when nothing has been delivered, after these tries. Where nothing was sent, it is as it was. */
function failingAfter({ failingSince }: SendingWebhook, tries: readonly Try[], now: Date): Date | null {
  if (!tries.some(({ wasSent }) => wasSent)) return failingSince;
  return tries.some(({ isDelivered }) => isDelivered) ? null : (failingSince ?? now);
}

/** Whether nothing was delivered for five days, or for all tries of an event, of which the pauses may be shorter. */
const isFailingForLong = (failingSince: Date | null, isGivenUp: boolean, now: Date): boolean =>
  failingSince !== null &&
  now.getTime() - failingSince.getTime() >= (isGivenUp ? MIN_TRYING_MILLISECONDS : MAX_FAILING_MILLISECONDS);

/** Disables the webhook that satisfies a condition, which the feed records. */
function disabling(context: EventContext, condition: SQL, because: 'GONE' | 'FAILING') {
  const type = 'webhook.disabled';
  const event = { type, subjectType: 'Webhook', subjectId: sql`webhook.id`, before: WEBHOOK.snapshot } as const;
  return [
    recordEvent(context, event, sql`FROM webhook WHERE ${condition}`),
    sql`UPDATE webhook SET enabled = 0, disabled_because = ${because}, updated_at = ${context.at.getTime()},
        updated_by_type = 'SYSTEM', updated_by_id = NULL
      WHERE ${condition} AND ${wasRecorded(context, type)}`,
    recordAfter(context, [type], sql`(SELECT ${WEBHOOK.snapshot} FROM webhook WHERE webhook.id = event.subject_id)`),
    nameTenants(context),
  ].map(write);
}

/** Reads the ids of webhooks that have something to hear, or to hear again, by now. */
export const webhooksToWake = (now: Date) =>
  select(
    { id: webhooks.id },
    sql`FROM webhook WHERE webhook.enabled = 1 AND (webhook.position < (SELECT coalesce(max(event.id), 0) FROM event)
      OR EXISTS (SELECT 1 FROM webhook_delivery due
        WHERE due.webhook_id = webhook.id AND due.next_try_at <= ${now.getTime()}))`,
  );
