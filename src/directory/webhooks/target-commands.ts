import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { webhooks } from '../../db/schema/webhooks.ts';
import { sql } from '../../db/sql.ts';
import { allOf, differs, update, type Values } from '../../db/statement.ts';
import { type CommandContext, command, type Plan } from '../commands/command.ts';
import { recordEvent, wasRecorded } from '../commands/event-recording.ts';
import { planDelete, planInsert, planUpdate } from '../commands/unversioned-entity.ts';
import { requireNoEnd } from '../guards/expiry-guard.ts';
import { ForbiddenError, NotFoundError, TooManyWebhooksError, ValidationError } from '../kernel/errors.ts';
import { EVENT_TYPES } from '../kernel/event-types.ts';
import { creationTime, newId } from '../kernel/ids.ts';
import { choice, flag, id, longText, text, webAddress } from '../kernel/input.ts';
import { lazily } from '../kernel/lazily.ts';
import type { Permission } from '../kernel/permission-names.ts';
import { shown } from '../kernel/repetition-errors.ts';
import {
  asWebhookResult,
  changedBy,
  enabling,
  fewerThan,
  HEARS,
  madeBy,
  NOW_IN_FEED,
  requireAddress,
  type WebhookResult,
  writePermissions,
} from './commands.ts';
import { WEBHOOK } from './entity.ts';
import type { WebhookRecord } from './queries.ts';
import { newHmacSecret } from './secrets.ts';
import { type WorkspaceHmacRecord, workspaceHmacFor } from './targets.ts';

/** How many webhook targets of Plain there may be. */
export const MAX_TARGETS = 25;

/** What a target of Plain may see of records: it hears of customers, all of them, and of nothing else. */
const SEES: Permission = 'customer:read';

/** Nobody has sent to a target what they may not read themselves. */
const RULES = { permissions: ['webhook:edit', HEARS, SEES], reaches: ['ORGANIZATION'] } as const;

const isTarget = (webhookId: string): SQL => sql`webhook.id = ${webhookId} AND webhook.wire = 'PLAIN'`;

const details = lazily(() => ({
  url: webAddress(),
  description: longText().nullish(),
  eventTypes: z.array(choice(EVENT_TYPES)).min(1, 'must name at least one type'),
  isEnabled: flag(),
  version: text(),
}));

/** Writes the secret of the workspace, if there is none, or to replace the one that there is. */
function writeHmac({ viewer, at }: CommandContext, condition: SQL, isReplacing: boolean): SQL {
  const { actor } = viewer;
  const author = sql`${at.getTime()}, ${actor.type}, ${actor.id}`;
  const replacing = sql`DO UPDATE SET secret = excluded.secret, updated_at = excluded.updated_at,
    updated_by_type = excluded.updated_by_type, updated_by_id = excluded.updated_by_id`;
  return sql`INSERT INTO workspace_hmac (id, secret, created_at, created_by_type, created_by_id, updated_at, updated_by_type, updated_by_id)
    SELECT organization.id, ${newHmacSecret()}, ${author}, ${author} FROM organization WHERE ${condition}
    ON CONFLICT (id) ${isReplacing ? replacing : sql`DO NOTHING`}`;
}

/** Creates a webhook target of Plain, which hears of what is committed from then on. With the first comes the secret of all. */
export const createWebhookTarget = command({
  ...RULES,
  name: 'createWebhookTarget',
  input: () => z.object(details()),
  errors: [ValidationError, TooManyWebhooksError, ForbiddenError],
  plan(context, { url, description, eventTypes, isEnabled, version }): Plan<WebhookResult, WebhookRecord> {
    requireNoEnd(context.viewer);
    requireAddress(context, url);
    const webhookId = newId();
    return planInsert(context, WEBHOOK, {
      type: 'webhook.created',
      checks: [fewerThan(MAX_TARGETS, 'PLAIN')],
      values: {
        id: webhookId,
        url,
        description,
        eventTypes,
        reach: 'ORGANIZATION',
        enabled: isEnabled,
        secret: '',
        position: NOW_IN_FEED,
        wire: 'PLAIN',
        wireVersion: version,
        createdAt: creationTime(webhookId),
        updatedAt: creationTime(webhookId),
        ...madeBy(context),
      },
      writes: (created) => [...writePermissions(webhookId, [SEES], created), writeHmac(context, created, false)],
      result: asWebhookResult,
    });
  },
});

/** Changes a webhook target of Plain. One that is enabled again hears what it missed. */
export const updateWebhookTarget = command({
  ...RULES,
  name: 'updateWebhookTarget',
  input: () =>
    z
      .object({ id: id(), ...details() })
      .partial()
      .required({ id: true }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id, isEnabled, version, ...input }): Plan<WebhookResult, WebhookRecord> {
    requireNoEnd(context.viewer);
    requireAddress(context, input.url);
    const values: Values<typeof webhooks> = { ...input, wireVersion: version, ...enabling(isEnabled) };
    return planUpdate(context, WEBHOOK, {
      type: 'webhook.updated',
      target: isTarget(id),
      before: WEBHOOK.snapshot,
      checks: [],
      changes: differs(webhooks, values),
      writes: (updated) => [
        update(
          webhooks,
          { ...values, ...changedBy(context), updatedAt: context.at },
          allOf([sql`webhook.id = ${id}`, updated]),
        ),
      ],
      result: asWebhookResult,
    });
  },
});

/** Deletes a webhook target of Plain for good, with what is known of its deliveries. A try that is under way may still arrive. */
export const deleteWebhookTarget = command({
  ...RULES,
  name: 'deleteWebhookTarget',
  input: () => z.object({ id: id() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id }): Plan<WebhookResult, WebhookRecord> {
    return planDelete(context, WEBHOOK, {
      type: 'webhook.deleted',
      target: isTarget(id),
      checks: [],
      result: asWebhookResult,
    });
  },
});

/** The secret of the workspace, as the command left it. */
export interface WorkspaceHmacResult {
  hmac: WorkspaceHmacRecord;
}

/** Gives all webhook targets of Plain another secret. From the next try on they are signed with it, and with no other. */
export const regenerateWorkspaceHmac = command({
  ...RULES,
  name: 'regenerateWorkspaceHmac',
  input: () => z.object({}),
  errors: [ValidationError, ForbiddenError],
  plan(context): Plan<WorkspaceHmacResult, WorkspaceHmacRecord> {
    requireNoEnd(context.viewer);
    const type = 'organization.webhookSecretRegenerated';
    const theHmac = workspaceHmacFor(context.viewer);
    return {
      checks: [],
      writes: (allowed) => [
        recordEvent(
          context,
          { type, subjectType: 'Organization', subjectId: sql`organization.id` },
          sql`FROM organization WHERE ${allowed}`,
        ),
        writeHmac(context, wasRecorded(context, type), true),
      ],
      answer: theHmac,
      subject: {
        type: 'Organization',
        id: sql`(SELECT organization.id FROM organization)`,
        find: () => theHmac,
      },
      result: (hmac) => ({ hmac: shown(hmac) }),
    };
  },
});
