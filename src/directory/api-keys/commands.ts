import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { jsonList } from '../../db/statement.ts';
import { apiKeyInReach } from '../access/reach.ts';
import { requireReach } from '../access/viewer.ts';
import { command, type Plan } from '../commands/command.ts';
import { isCustomer } from '../commands/identifiers.ts';
import { allExist, missingTenants, missingUnless, pathOf, resolveTenants } from '../commands/references.ts';
import { planInsert, planUpdate } from '../commands/unversioned-entity.ts';
import { mayGive } from '../guards/given-permissions.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { creationTime, newId } from '../kernel/ids.ts';
import {
  ALTHOUGH_OTHERS_ARE_WRONG,
  type CustomerIdentifier,
  choice,
  customerIdentifier,
  id,
  instant,
  otherwise,
  type TenantIdentifier,
  tenantIdentifiers,
  text,
} from '../kernel/input.ts';
import { lazily } from '../kernel/lazily.ts';
import { permissionName } from '../kernel/permission-input.ts';
import { RATE_LIMIT_TIERS } from '../kernel/rate-limit-tiers.ts';
import { REACH_KINDS } from '../kernel/reach-kinds.ts';
import { API_KEY } from './entity.ts';
import { endOf, higherTierError, holdsPermissionsOf, liesAhead, tiersToGive } from './guards.ts';
import { API_KEY_ACCESSES, type ApiKeyRecord } from './queries.ts';
import { endKeys } from './revocation.ts';
import { insertSecret } from './secrets.ts';
import { newToken } from './token.ts';

/** The key, as the command left it; null where a repetition cannot show it any more. */
export interface ApiKeyResult {
  apiKey: ApiKeyRecord | null;
}

export interface ApiKeySecretResult extends ApiKeyResult {
  /** The whole key, to be used as it is. It is stored nowhere, and so null for a repetition. */
  secret: string | null;
}

interface GivenReach {
  reach: ApiKeyRecord['reach']['kind'];
  tenantIdentifiers?: readonly TenantIdentifier[] | null | undefined;
  customerIdentifier?: CustomerIdentifier | null | undefined;
}

/** Tenants go with a reach of tenants, at least one; a customer goes with a reach of a customer; and neither with another. */
function matchesReach({ reach, tenantIdentifiers, customerIdentifier }: GivenReach, context: z.RefinementCtx): void {
  const given = [
    { kind: 'TENANTS', path: 'tenantIdentifiers', isGiven: (tenantIdentifiers ?? []).length > 0 },
    { kind: 'CUSTOMER', path: 'customerIdentifier', isGiven: customerIdentifier != null },
  ];
  if (!REACH_KINDS.includes(reach)) return;
  for (const { kind, path, isGiven } of given) {
    if ((kind === reach) === isGiven) continue;
    const message = isGiven ? `does not go with a reach of ${reach}` : `is required for a reach of ${kind}`;
    context.addIssue({ code: 'custom', path: [path], message, input: isGiven ? path : undefined });
  }
}

/** The permissions of a key, which has at least one. */
export const permissionsOfKey = lazily(() =>
  z.array(permissionName(), { error: otherwise('must be a list') }).min(1, 'must name at least one permission'),
);

/**
 * Creates an API key, whose secret is answered once and stored nowhere. A key grants no permission, no reach, no time and
 * no rate limit tier that its creator lacks.
 */
export const createApiKey = command({
  name: 'createApiKey',
  permissions: ['apiKey:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () =>
    z
      .object({
        name: text(),
        permissions: permissionsOfKey(),
        access: choice(API_KEY_ACCESSES).nullish(),
        reach: choice(REACH_KINDS),
        tenantIdentifiers: tenantIdentifiers().nullish(),
        customerIdentifier: customerIdentifier().nullish(),
        rateLimitTier: choice(RATE_LIMIT_TIERS).nullish(),
        expiresAt: instant().nullish(),
      })
      .superRefine(matchesReach, ALTHOUGH_OTHERS_ARE_WRONG),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, input): Plan<ApiKeySecretResult, ApiKeyRecord> {
    const { viewer } = context;
    const given = mayGive(viewer, input.permissions);
    if (input.reach !== 'TENANTS') requireReach(viewer, ['ORGANIZATION']);
    const rateLimitTier = input.rateLimitTier ?? 'DEFAULT';
    if (!tiersToGive(viewer).includes(rateLimitTier)) throw higherTierError();
    const expiresAt = endOf(viewer, input.expiresAt);
    const apiKeyId = newId();
    const secret = newToken(apiKeyId);
    const tenants = resolveTenants(viewer.reach, input.tenantIdentifiers ?? [], 'tenantIdentifiers');
    const { customerIdentifier: customer } = input;
    const customerId = customer && sql`(SELECT customer.id FROM customer WHERE ${isCustomer(customer)})`;
    return planInsert(context, API_KEY, {
      type: 'apiKey.created',
      checks: [
        ...given,
        ...(input.expiresAt == null ? [] : [liesAhead(context, input.expiresAt)]),
        allExist([
          missingTenants(tenants),
          ...(customer && customerId
            ? [missingUnless(sql`${customerId} IS NOT NULL`, pathOf('customerIdentifier', customer), 'customer')]
            : []),
        ]),
      ],
      values: {
        id: apiKeyId,
        name: input.name,
        access: input.access ?? 'WRITE',
        reach: input.reach,
        customerId,
        rateLimitTier,
        // What root makes belongs to nobody else, and counts for itself.
        countsAs: viewer.actor.type === 'ROOT' ? null : viewer.countsAs,
        expiresAt,
        createdByType: viewer.actor.type,
        createdById: viewer.actor.id,
        createdAt: creationTime(apiKeyId),
        updatedAt: creationTime(apiKeyId),
      },
      writes: (created) => [
        insertSecret(apiKeyId, secret, creationTime(apiKeyId), created),
        sql`INSERT INTO api_key_permission (api_key_id, permission)
          SELECT DISTINCT ${apiKeyId}, value FROM json_each(${jsonList(input.permissions)}) WHERE ${created}`,
        sql`INSERT INTO api_key_tenant (api_key_id, tenant_id)
          SELECT DISTINCT ${apiKeyId}, tenant_id FROM ${tenants} WHERE ${created}`,
      ],
      result: (apiKey) => ({ apiKey, secret: context.isRepetition ? null : secret }),
    });
  },
});

/** Ends an API key with all of its secrets, from the next request on (`authenticateApiKey`). A key that is revoked already stays so. */
export const revokeApiKey = command({
  name: 'revokeApiKey',
  permissions: ['apiKey:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () => z.object({ id: id() }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id }): Plan<ApiKeyResult, ApiKeyRecord> {
    const { viewer, at } = context;
    const target = sql`api_key.id = ${id} AND ${apiKeyInReach(viewer, sql`api_key.id`)}`;
    return planUpdate(context, API_KEY, {
      type: 'apiKey.revoked',
      target,
      before: API_KEY.snapshot,
      checks: [holdsPermissionsOf(viewer, id)],
      changes: sql`api_key.revoked_at IS NULL`,
      writes: (revoked) => endKeys(at, sql`api_key.id = ${id} AND ${revoked}`),
      result: (apiKey) => ({ apiKey }),
    });
  },
});
