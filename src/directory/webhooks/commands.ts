import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { webhooks } from '../../db/schema/webhooks.ts';
import { sql } from '../../db/sql.ts';
import { allOf, differs, jsonList, update, type Values } from '../../db/statement.ts';
import { webhookInReach } from '../access/reach.ts';
import { requirePermissions, requireReach, type Viewer } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import { type CommandContext, command, type Plan } from '../commands/command.ts';
import { allExist, missingTenants, resolveTenants } from '../commands/references.ts';
import { planDelete, planInsert, planUpdate } from '../commands/unversioned-entity.ts';
import { requireNoEnd } from '../guards/expiry-guard.ts';
import { holdsPermissions } from '../guards/grant-guard.ts';
import { ForbiddenError, NotFoundError, TooManyWebhooksError, ValidationError } from '../kernel/errors.ts';
import { EVENT_TYPES } from '../kernel/event-types.ts';
import { creationTime, newId } from '../kernel/ids.ts';
import {
  ALTHOUGH_OTHERS_ARE_WRONG,
  choice,
  flag,
  id,
  longText,
  newRecord,
  otherwise,
  tenantIdentifiers,
  webAddress,
} from '../kernel/input.ts';
import { lazily } from '../kernel/lazily.ts';
import { PERMISSIONS, type Permission } from '../kernel/permission-names.ts';
import { problemOfAddress } from '../kernel/webhook-addresses.ts';
import { WEBHOOK } from './entity.ts';
import type { WebhookRecord } from './queries.ts';
import { newWebhookSecret } from './secrets.ts';

/** How many webhooks there may be. Each hears of a change by itself. */
export const MAX_WEBHOOKS = 100;

/** The webhook, as the command left it; null where a repetition cannot show it any more. */
export interface WebhookResult {
  webhook: WebhookRecord | null;
}

export interface WebhookSecretResult extends WebhookResult {
  /** What deliveries are signed with. It is shown this once, and so null for a repetition. */
  secret: string | null;
}

export const asWebhookResult = (webhook: WebhookRecord | null): WebhookResult => ({ webhook });

/** What a webhook hears of must be heard by who makes it. */
export const HEARS: Permission = 'event:read';

/** The position of a webhook that hears of what is committed from now on. */
export const NOW_IN_FEED = sql`(SELECT max(event.id) FROM event)`;

const REACHES = webhooks.reach.enumValues;

const details = lazily(() => ({
  url: webAddress(),
  description: longText().nullish(),
  eventTypes: z.array(choice(EVENT_TYPES)).min(1, 'must name at least one type').nullish(),
  permissions: z.array(choice(PERMISSIONS), { error: otherwise('must be a list') }),
  isEnabled: flag(),
}));

/** The rules of every command about one webhook. */
export const RULES = { permissions: ['webhook:edit'], reaches: ['ORGANIZATION', 'TENANTS'] } as const;

/** Over the columns of `webhook`: it is the one with this id, if that is in reach. */
export const isWebhook = ({ reach }: Viewer, webhookId: string) =>
  sql`webhook.id = ${webhookId} AND ${webhookInReach(reach, sql`webhook.id`)}`;

/** Checks that a webhook is no target of Plain, of which only Plain's own API knows what it may be like. */
export const isStandard = (of: SQL): Check<unknown> => ({
  problem: sql`(SELECT webhook.wire FROM webhook WHERE ${of} AND webhook.wire <> 'STANDARD')`,
  error: () => ValidationError.at('id', 'is a webhook target of Plain, whose own API changes it'),
});

/** Who made a webhook, and so changed it last. */
export const madeBy = ({ viewer }: CommandContext) => ({
  createdByType: viewer.actor.type,
  createdById: viewer.actor.id,
  ...changedBy({ viewer }),
});

/** Who changes a webhook. A change of this alone is no change. */
export const changedBy = ({ viewer: { actor } }: Pick<CommandContext, 'viewer'>) => ({
  updatedByType: actor.type,
  updatedById: actor.id,
});

/** Checks that there are fewer webhooks of a kind than there may be. */
export const fewerThan = (max: number, wire: WebhookRecord['wire']): Check<unknown> => ({
  problem: sql`(SELECT count(*) FROM webhook WHERE webhook.wire = ${wire} HAVING count(*) >= ${max})`,
  error: () => new TooManyWebhooksError(max),
});

/** Checks that whoever changes a webhook, or has events sent to it, holds all that it holds, and hears of events. */
export const holdsPermissionsOfWebhook = (viewer: Viewer, webhookId: string | SQL): Check<unknown> =>
  holdsPermissions(
    viewer,
    sql`SELECT permission FROM webhook_permission WHERE webhook_id = ${webhookId} UNION ALL SELECT ${HEARS}`,
  );

/**
 * Requires that events may be sent to a URL, if there is one.
 * @throws ValidationError at `url`
 */
export function requireAddress({ neighbourhood }: CommandContext, url: string | undefined): void {
  const problem = url === undefined ? null : problemOfAddress(url, neighbourhood);
  if (problem !== null) throw ValidationError.at('url', problem);
}

/** The columns that change where a webhook is enabled or disabled by somebody; none where nobody says so. */
export const enabling = (isEnabled: boolean | undefined): Values<typeof webhooks> => ({
  enabled: isEnabled,
  ...(isEnabled === true && {
    disabledBecause: null,
    failingSince: sql`iif(webhook.enabled, webhook.failing_since, NULL)`,
  }),
});

/** Writes what a webhook may see of records, and nothing else. */
export const writePermissions = (webhookId: string, permissions: readonly Permission[], condition: SQL) => [
  sql`DELETE FROM webhook_permission WHERE webhook_id = ${webhookId} AND ${condition}`,
  sql`INSERT INTO webhook_permission (webhook_id, permission)
    SELECT DISTINCT ${webhookId}, value FROM json_each(${jsonList(permissions)}) WHERE ${condition}`,
];

/** Creates a webhook, which hears of what is committed from then on. It holds no permission and no reach that its creator lacks. */
export const createWebhook = command({
  ...RULES,
  name: 'createWebhook',
  input: () =>
    newRecord({
      ...details(),
      permissions: details().permissions.optional(),
      isEnabled: flag().optional(),
      reach: choice(REACHES),
      tenantIdentifiers: tenantIdentifiers().optional(),
    }).superRefine(({ reach, tenantIdentifiers }, refinement) => {
      const isGiven = (tenantIdentifiers ?? []).length > 0;
      if (!REACHES.includes(reach) || (reach === 'TENANTS') === isGiven) return;
      const message = isGiven ? `does not go with a reach of ${reach}` : 'is required for a reach of TENANTS';
      refinement.addIssue({ code: 'custom', path: ['tenantIdentifiers'], message });
    }, ALTHOUGH_OTHERS_ARE_WRONG),
  errors: [ValidationError, NotFoundError, TooManyWebhooksError, ForbiddenError],
  plan(context, input): Plan<WebhookSecretResult, WebhookRecord> {
    const { viewer } = context;
    const { url, description, eventTypes, reach, isEnabled = true, permissions = [] } = input;
    requireNoEnd(viewer);
    requireAddress(context, url);
    requirePermissions(viewer, [HEARS, ...permissions]);
    if (reach === 'ORGANIZATION') requireReach(viewer, ['ORGANIZATION']);
    const webhookId = newId();
    const secret = newWebhookSecret();
    const tenants = resolveTenants(viewer.reach, input.tenantIdentifiers ?? [], 'tenantIdentifiers');
    return planInsert(context, WEBHOOK, {
      type: 'webhook.created',
      checks: [allExist([missingTenants(tenants)]), fewerThan(MAX_WEBHOOKS, 'STANDARD')],
      values: {
        id: webhookId,
        url,
        description,
        eventTypes: eventTypes ?? null,
        reach,
        enabled: isEnabled,
        secret,
        position: NOW_IN_FEED,
        wire: 'STANDARD',
        ...madeBy(context),
        createdAt: creationTime(webhookId),
        updatedAt: creationTime(webhookId),
      },
      writes: (created) => [
        ...writePermissions(webhookId, permissions, created),
        sql`INSERT INTO webhook_tenant (webhook_id, tenant_id)
          SELECT DISTINCT ${webhookId}, tenant_id FROM ${tenants} WHERE ${created}`,
      ],
      result: (webhook) => ({ webhook, secret: context.isRepetition ? null : secret }),
    });
  },
});

/** Changes a webhook. One that is enabled again hears what it missed. Its reach stays as it is. */
export const updateWebhook = command({
  ...RULES,
  name: 'updateWebhook',
  input: () =>
    z
      .object({ id: id(), ...details() })
      .partial()
      .required({ id: true }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id, permissions, isEnabled, url, description, eventTypes }): Plan<WebhookResult, WebhookRecord> {
    const { viewer, at } = context;
    requireNoEnd(viewer);
    requireAddress(context, url);
    requirePermissions(viewer, permissions ?? []);
    const values: Values<typeof webhooks> = {
      url,
      description,
      eventTypes,
      ...enabling(isEnabled),
    };
    const given = JSON.stringify([...new Set(permissions ?? [])].sort());
    const held = sql`(SELECT json_group_array(permission) FROM
      (SELECT permission FROM webhook_permission WHERE webhook_id = webhook.id ORDER BY permission))`;
    const changesPermissions = permissions === undefined ? sql`FALSE` : sql`${held} <> ${given}`;
    return planUpdate(context, WEBHOOK, {
      type: 'webhook.updated',
      target: isWebhook(viewer, id),
      before: WEBHOOK.snapshot,
      checks: [isStandard(isWebhook(viewer, id)), holdsPermissionsOfWebhook(viewer, id)],
      changes: sql`${differs(webhooks, values)} OR ${changesPermissions}`,
      writes: (updated) => [
        update(
          webhooks,
          { ...values, ...changedBy(context), updatedAt: at },
          allOf([sql`webhook.id = ${id}`, updated]),
        ),
        ...(permissions === undefined ? [] : writePermissions(id, permissions, updated)),
      ],
      result: asWebhookResult,
    });
  },
});

/** Deletes a webhook for good, with what is known of its deliveries. A try that is under way may still arrive. */
export const deleteWebhook = command({
  ...RULES,
  name: 'deleteWebhook',
  input: () => z.object({ id: id() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id }): Plan<WebhookResult, WebhookRecord> {
    const { viewer } = context;
    return planDelete(context, WEBHOOK, {
      type: 'webhook.deleted',
      target: isWebhook(viewer, id),
      checks: [holdsPermissionsOfWebhook(viewer, id)],
      result: asWebhookResult,
    });
  },
});
