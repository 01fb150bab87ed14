import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { apiKeys } from '../../db/schema/api-keys.ts';
import { inList, jsonList, update } from '../../db/statement.ts';
import { apiKeyInReach } from '../access/reach.ts';
import { requirePermissions, requireReach, type Viewer } from '../access/viewer.ts';
import { type Check, command, type Plan } from '../commands/command.ts';
import { isCustomer } from '../commands/identifiers.ts';
import { allExist, missingTenants, missingUnless, pathOf, resolveTenants } from '../commands/references.ts';
import { planInsert, planUpdate } from '../commands/unversioned-entity.ts';
import { holdsPermissions } from '../guards/grant-guard.ts';
import { ForbiddenError, type Issue, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { creationTime, newId } from '../kernel/ids.ts';
import {
  type CustomerIdentifier,
  choice,
  customerIdentifier,
  id,
  instant,
  type TenantIdentifier,
  tenantIdentifiers,
  text,
} from '../kernel/input.ts';
import { PERMISSIONS } from '../kernel/permission-names.ts';
import { RATE_LIMIT_TIERS, type RateLimitTier } from '../kernel/rate-limit-tiers.ts';
import { REACH_KINDS } from '../kernel/reach-kinds.ts';
import { sha256 } from '../kernel/secrets.ts';
import { API_KEY } from './entity.ts';
import { API_KEY_ACCESSES, type ApiKeyRecord } from './queries.ts';
import { newToken } from './token.ts';

export interface ApiKeyResult {
  apiKey: ApiKeyRecord;
}

export interface ApiKeySecretResult extends ApiKeyResult {
  /** The whole key, to be used as it is. It is stored nowhere. */
  secret: string;
}

/** API keys that can still be used, under the name by which messages miss one. */
const ACTIVE_API_KEY = { ...API_KEY, word: 'active API key' };

/** Whoever takes over or ends a key must hold all that it holds. That its reach lies inside is part of finding it. */
const holdsPermissionsOf = (viewer: Viewer, apiKeyId: string): Check<unknown> =>
  holdsPermissions(viewer, sql`SELECT permission FROM api_key_permission WHERE api_key_id = ${apiKeyId}`);

/** For who ends at some time: nobody hands on what they hold to a key that ends later, or never. */
function endsInTime({ expiresAt }: Viewer, apiKeyId: string): Check<unknown>[] {
  if (expiresAt === null) return [];
  return [
    {
      problem: sql`(SELECT 'later' FROM api_key
        WHERE id = ${apiKeyId} AND (expires_at IS NULL OR expires_at > ${expiresAt.getTime()}))`,
      error: outlivesError,
    },
  ];
}

const outlivesError = () => ForbiddenError.outOfReach('The key ends later than your own.');

/**
 * Returns when a new key ends: as it is asked for, and without being asked when its maker does.
 * @throws ValidationError for a time behind the end of its maker
 */
function endOf({ expiresAt: end }: Viewer, given: Date | null | undefined): Date | null {
  if (end === null || given == null) return given ?? end;
  if (given > end) throw ValidationError.at('expiresAt', 'must not lie behind the expiry of your own key');
  return given;
}

/**
 * The tiers that the viewer holds: of a key, its own and the lower one; of anybody else, the high one only for who reaches
 * the whole organization.
 */
function tiersOf({ actor, reach, rateLimitTier }: Viewer): readonly RateLimitTier[] {
  const holdsAll = actor.type === 'API_KEY' ? rateLimitTier === 'HIGH' : reach.kind === 'ORGANIZATION';
  return holdsAll ? RATE_LIMIT_TIERS : ['DEFAULT'];
}

/** The tiers that the viewer may give to a new key. Within some tenants there is only the default one to give. */
const tiersToGive = (viewer: Viewer): readonly RateLimitTier[] =>
  viewer.reach.kind === 'ORGANIZATION' ? tiersOf(viewer) : ['DEFAULT'];

/** Whoever takes over a key must hold its tier. To end one, nobody needs to. */
const holdsTierOf = (viewer: Viewer, apiKeyId: string): Check<unknown> => ({
  problem: sql`(SELECT 'higher' FROM api_key
    WHERE id = ${apiKeyId} AND NOT ${inList(sql`rate_limit_tier`, tiersOf(viewer))})`,
  error: higherTierError,
});

const higherTierError = () => ForbiddenError.outOfReach('The rate limit tier is higher than you may give.');

interface GivenReach {
  reach: ApiKeyRecord['reach']['kind'];
  tenantIdentifiers?: readonly TenantIdentifier[] | null | undefined;
  customerIdentifier?: CustomerIdentifier | null | undefined;
}

/** Tenants go with a reach of tenants, at least one; a customer goes with a reach of a customer; and neither with another. */
function requireMatchingReach({ reach, tenantIdentifiers, customerIdentifier }: GivenReach): void {
  const given = [
    { kind: 'TENANTS', path: 'tenantIdentifiers', isGiven: (tenantIdentifiers ?? []).length > 0 },
    { kind: 'CUSTOMER', path: 'customerIdentifier', isGiven: customerIdentifier != null },
  ];
  const issues = given.flatMap(({ kind, path, isGiven }): Issue[] => {
    if (kind === reach && !isGiven) return [{ path, message: `is required for a reach of ${kind}`, kind: 'REQUIRED' }];
    return kind !== reach && isGiven
      ? [{ path, message: `does not go with a reach of ${reach}`, kind: 'INVALID' }]
      : [];
  });
  if (issues.length > 0) throw new ValidationError(issues);
}

/**
 * Creates an API key, whose secret is answered once and stored nowhere. A key grants no permission, no reach, no time and
 * no rate limit tier that its creator lacks.
 */
export const createApiKey = command({
  name: 'createApiKey',
  permissions: ['apiKey:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: z.object({
    name: text,
    permissions: z.array(choice(PERMISSIONS)).min(1, 'must name at least one permission'),
    access: choice(API_KEY_ACCESSES).nullish(),
    reach: choice(REACH_KINDS),
    tenantIdentifiers: tenantIdentifiers.nullish(),
    customerIdentifier: customerIdentifier.nullish(),
    rateLimitTier: choice(RATE_LIMIT_TIERS).nullish(),
    expiresAt: instant.refine((time) => time > new Date(), 'must lie in the future').nullish(),
  }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, input): Plan<ApiKeySecretResult, ApiKeyRecord> {
    const { viewer } = context;
    requireMatchingReach(input);
    requirePermissions(viewer, input.permissions);
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
        secretHash: sha256(secret),
        expiresAt,
        createdAt: creationTime(apiKeyId),
        updatedAt: creationTime(apiKeyId),
      },
      writes: (created) => [
        sql`INSERT INTO api_key_permission (api_key_id, permission)
          SELECT DISTINCT ${apiKeyId}, value FROM json_each(${jsonList(input.permissions)}) WHERE ${created}`,
        sql`INSERT INTO api_key_tenant (api_key_id, tenant_id)
          SELECT DISTINCT ${apiKeyId}, tenant_id FROM ${tenants} WHERE ${created}`,
      ],
      result: (apiKey) => ({ apiKey, secret }),
    });
  },
});

const DEFAULT_OVERLAP_SECONDS = 24 * 60 * 60;
const MAX_OVERLAP_SECONDS = 7 * DEFAULT_OVERLAP_SECONDS;

/**
 * Gives an API key another secret, which is answered once. The previous one stays good for the overlap, 24 hours unless
 * said otherwise; one that was rotated before stops at once.
 */
export const rotateApiKey = command({
  name: 'rotateApiKey',
  permissions: ['apiKey:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: z.object({
    id,
    overlapSeconds: z
      .int()
      .min(0, 'must not be negative')
      .max(MAX_OVERLAP_SECONDS, `must be at most ${MAX_OVERLAP_SECONDS}`)
      .nullish(),
  }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id, overlapSeconds }): Plan<ApiKeySecretResult, ApiKeyRecord> {
    const { viewer, at } = context;
    const secret = newToken(id);
    const target = sql`api_key.id = ${id} AND ${apiKeyInReach(viewer, sql`api_key.id`)}
      AND api_key.revoked_at IS NULL AND (api_key.expires_at IS NULL OR api_key.expires_at > ${at.getTime()})`;
    const overlap = overlapSeconds ?? DEFAULT_OVERLAP_SECONDS;
    const keepsPrevious = overlap > 0;
    return planUpdate(context, ACTIVE_API_KEY, {
      type: 'apiKey.rotated',
      target,
      checks: [holdsPermissionsOf(viewer, id), ...endsInTime(viewer, id), holdsTierOf(viewer, id)],
      changes: sql`TRUE`,
      writes: (rotated) => [
        update(
          apiKeys,
          {
            secretHash: sha256(secret),
            previousSecretHash: keepsPrevious ? sql`secret_hash` : null,
            previousSecretExpiresAt: keepsPrevious ? new Date(at.getTime() + overlap * 1000) : null,
            updatedAt: at,
          },
          sql`api_key.id = ${id} AND ${rotated}`,
        ),
      ],
      result: (apiKey) => ({ apiKey, secret }),
    });
  },
});

/** Ends an API key with all of its secrets, from the next request on (`authenticateApiKey`). A key that is revoked already stays so. */
export const revokeApiKey = command({
  name: 'revokeApiKey',
  permissions: ['apiKey:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: z.object({ id }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id }): Plan<ApiKeyResult, ApiKeyRecord> {
    const { viewer, at } = context;
    const target = sql`api_key.id = ${id} AND ${apiKeyInReach(viewer, sql`api_key.id`)}`;
    return planUpdate(context, API_KEY, {
      type: 'apiKey.revoked',
      target,
      checks: [holdsPermissionsOf(viewer, id)],
      changes: sql`api_key.revoked_at IS NULL`,
      writes: (revoked) => [
        update(
          apiKeys,
          { revokedAt: at, updatedAt: at, previousSecretHash: null, previousSecretExpiresAt: null },
          sql`api_key.id = ${id} AND ${revoked}`,
        ),
      ],
      result: (apiKey) => ({ apiKey }),
    });
  },
});
