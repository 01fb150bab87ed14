import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import type { Check } from '../commands/checks.ts';
import { command, type Plan } from '../commands/command.ts';
import { planUpdate } from '../commands/unversioned-entity.ts';
import { eventPosition, TOO_OLD } from '../events.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { newId, smallestIdAt } from '../kernel/ids.ts';
import { ALTHOUGH_OTHERS_ARE_WRONG, id, instant } from '../kernel/input.ts';
import {
  asWebhookResult,
  holdsPermissionsOfWebhook,
  isStandard,
  isWebhook,
  RULES,
  type WebhookResult,
} from './commands.ts';
import { deliveryInReach } from './deliveries.ts';
import { WEBHOOK } from './entity.ts';
import type { WebhookRecord } from './queries.ts';

/** Checks that the webhook is enabled: to another one nothing is sent. */
const isEnabled = (of: SQL, path: string): Check<unknown> => ({
  problem: sql`(SELECT 'disabled' FROM webhook WHERE ${of} AND webhook.enabled = 0)`,
  error: () => ValidationError.at(path, 'is of a webhook that is not enabled'),
});

/** Sends an event to a webhook that says nothing but that it was sent, whatever types of events it hears of. */
export const testWebhook = command({
  ...RULES,
  name: 'testWebhook',
  input: () => z.object({ id: id() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id }): Plan<WebhookResult, WebhookRecord> {
    const { viewer, at } = context;
    const target = isWebhook(viewer, id);
    return planUpdate(context, WEBHOOK, {
      type: 'webhook.tested',
      target,
      checks: [isStandard(target), holdsPermissionsOfWebhook(viewer, id), isEnabled(target, 'id')],
      changes: sql`TRUE`,
      writes: () => [
        sql`INSERT INTO webhook_delivery (webhook_id, event_id, id, tries, next_try_at)
          SELECT event.subject_id, event.id, ${newId()}, 0, ${at.getTime()}
          FROM event WHERE event.command_id = ${context.id} AND event.type = 'webhook.tested'`,
      ],
      result: asWebhookResult,
    });
  },
});

/** Sends an event to a webhook again, as it is in the feed by now, whether it was delivered before or not. */
export const redeliverWebhook = command({
  ...RULES,
  name: 'redeliverWebhook',
  input: () => z.object({ deliveryId: id() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { deliveryId }): Plan<WebhookResult, WebhookRecord> {
    const { viewer, at } = context;
    const webhookId = sql`(SELECT webhook_delivery.webhook_id FROM webhook_delivery
      WHERE webhook_delivery.id = ${deliveryId} AND ${deliveryInReach(viewer.reach)})`;
    const target = sql`webhook.id = ${webhookId}`;
    return planUpdate(context, WEBHOOK, {
      type: 'webhook.redelivered',
      target,
      named: { path: 'deliveryId', word: 'delivery' },
      checks: [holdsPermissionsOfWebhook(viewer, webhookId), isEnabled(target, 'deliveryId')],
      changes: sql`TRUE`,
      writes: (recorded) => [
        sql`UPDATE webhook_delivery SET tries = 0, delivered_at = NULL, next_try_at = ${at.getTime()}
          WHERE webhook_delivery.id = ${deliveryId} AND ${recorded}`,
      ],
      result: asWebhookResult,
    });
  },
});

/**
 * Has a webhook begin again at another place of the feed: behind a cursor of the list of events, or at a time. What it has heard
 * since then it hears again.
 */
export const replayWebhook = command({
  ...RULES,
  name: 'replayWebhook',
  input: () =>
    z
      .object({ id: id(), after: z.string().nullish(), from: instant().nullish() })
      .refine(({ after, from }) => (after == null) !== (from == null), {
        path: ['after'],
        error: 'is required, or from, and not both',
        ...ALTHOUGH_OTHERS_ARE_WRONG,
      }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id, after, from }): Plan<WebhookResult, WebhookRecord> {
    const { viewer, at } = context;
    const position = from == null ? eventPosition(after ?? '', 'after') : positionAt(from);
    return planUpdate(context, WEBHOOK, {
      type: 'webhook.replayed',
      target: isWebhook(viewer, id),
      checks: [holdsPermissionsOfWebhook(viewer, id), ...(typeof position === 'number' ? [isInFeed(position)] : [])],
      changes: sql`TRUE`,
      writes: (recorded) => [
        sql`UPDATE webhook SET position = ${position}, updated_at = ${at.getTime()}, updated_by_type = ${viewer.actor.type},
            updated_by_id = ${viewer.actor.id} WHERE webhook.id = ${id} AND ${recorded}`,
      ],
      result: asWebhookResult,
    });
  },
});

const IS_NO_PLACE = 'is not a place of the feed: there is no such event yet';

/** Checks that all that comes behind a place of the feed is kept, and that there is such a place. */
const isInFeed = (position: number): Check<unknown> => ({
  problem: sql`(SELECT CASE WHEN ${position} < min(event.id) - 1 THEN ${TOO_OLD}
    WHEN ${position} > max(event.id) THEN ${IS_NO_PLACE} END FROM event)`,
  error: (problem) => ValidationError.at('after', problem),
});

/** Commands that began at about the same time may have been committed in another order: of so many events the first counts. */
const AT_ABOUT_THE_SAME_TIME = sql.raw('200');

/** The position before the events of a time, as an expression. Ids of commands sort by time. */
const positionAt = (time: Date): SQL =>
  sql`coalesce((SELECT min(id) - 1 FROM (SELECT event.id FROM event WHERE event.command_id >= ${smallestIdAt(time)}
    ORDER BY event.command_id LIMIT ${AT_ABOUT_THE_SAME_TIME})), (SELECT max(event.id) FROM event))`;
