import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { command, type Plan } from '../commands/command.ts';
import { planUpdate } from '../commands/unversioned-entity.ts';
import { requireNoEnd } from '../guards/expiry-guard.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { id } from '../kernel/input.ts';
import { DEFAULT_OVERLAP_SECONDS, overlap } from '../kernel/overlap.ts';
import { holdsPermissionsOfWebhook, isStandard, isWebhook, RULES, type WebhookSecretResult } from './commands.ts';
import { WEBHOOK } from './entity.ts';
import type { WebhookRecord } from './queries.ts';
import { newWebhookSecret } from './secrets.ts';

/**
 * Gives a webhook another secret. During the overlap deliveries are signed with both. A rotation during the overlap ends the older
 * of the two.
 */
export const rotateWebhookSecret = command({
  ...RULES,
  name: 'rotateWebhookSecret',
  input: () => z.object({ id: id(), overlapSeconds: overlap() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id, overlapSeconds }): Plan<WebhookSecretResult, WebhookRecord> {
    const { viewer, at } = context;
    requireNoEnd(viewer);
    const secret = newWebhookSecret();
    const seconds = overlapSeconds ?? DEFAULT_OVERLAP_SECONDS;
    const end = seconds === 0 ? null : at.getTime() + seconds * 1000;
    return planUpdate(context, WEBHOOK, {
      type: 'webhook.secretRotated',
      target: isWebhook(viewer, id),
      before: WEBHOOK.snapshot,
      checks: [isStandard(isWebhook(viewer, id)), holdsPermissionsOfWebhook(viewer, id)],
      changes: sql`TRUE`,
      writes: (rotated) => [
        sql`UPDATE webhook SET previous_secret = ${end === null ? sql`NULL` : sql`secret`},
            previous_secret_expires_at = ${end}, secret = ${secret}, updated_at = ${at.getTime()}
          WHERE webhook.id = ${id} AND ${rotated}`,
      ],
      result: (webhook) => ({ webhook, secret: context.isRepetition ? null : secret }),
    });
  },
});
