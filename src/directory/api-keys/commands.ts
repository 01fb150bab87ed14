import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { apiKeys } from '../../db/schema/api-keys.ts';
import { insertWhen, jsonList, update } from '../../db/statement.ts';
import { apiKeyInReach } from '../access/reach.ts';
import { requirePermissions, requireReach, type Viewer } from '../access/viewer.ts';
import { type Check, command, type Plan } from '../commands/command.ts';
import { recordAfter, recordEvent, wasRecorded } from '../commands/event-recording.ts';
import { holdsPermissions } from '../commands/grant-guard.ts';
import { isCustomer } from '../commands/identifiers.ts';
import { allExist, missingTenants, missingUnless, pathOf, resolveTenants } from '../commands/references.ts';
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
import { REACH_KINDS } from '../kernel/reach-kinds.ts';
import { sha256 } from '../kernel/secrets.ts';
import { API_KEY_ACCESSES, type ApiKeyRecord, apiKeyRows } from './queries.ts';
import { newToken } from './token.ts';

export interface ApiKeyResult {
  apiKey: ApiKeyRecord;
}

export interface ApiKeySecretResult extends ApiKeyResult {
  /** The whole key, to be used as it is. It is stored nowhere. */
  secret: string;
}

const time = (column: SQL): SQL => sql`strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch')`;

/** What the API shows of a key, as events keep it. */
const SNAPSHOT = sql`(SELECT json_object(
  'name', api_key.name, 'access', api_key.access, 'reach', api_key.reach,
  'permissions', (SELECT json_group_array(permission) FROM api_key_permission WHERE api_key_id = api_key.id),
  'tenantIds', (SELECT json_group_array(tenant_id) FROM api_key_tenant WHERE api_key_id = api_key.id),
  'customerId', api_key.customer_id,
  'expiresAt', ${time(sql`api_key.expires_at`)}, 'revokedAt', ${time(sql`api_key.revoked_at`)},
  'previousSecretExpiresAt', ${time(sql`api_key.previous_secret_expires_at`)}
) FROM api_key WHERE api_key.id = event.subject_id)`;

const SUBJECT = { subjectType: 'ApiKey', subjectId: sql`api_key.id` } as const;

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
    expiresAt: instant.refine((time) => time > new Date(), 'must lie in the future').nullish(),
  }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, input): Plan<ApiKeySecretResult, ApiKeyRecord> {
    const { viewer } = context;
    requireMatchingReach(input);
    requirePermissions(viewer, input.permissions);
    if (input.reach !== 'TENANTS') requireReach(viewer, ['ORGANIZATION']);
    const { expiresAt } = viewer;
    if (expiresAt !== null && (input.expiresAt == null || input.expiresAt > expiresAt)) throw outlivesError();
    const apiKeyId = newId();
    const secret = newToken(apiKeyId);
    const tenants = resolveTenants(viewer.reach, input.tenantIdentifiers ?? [], 'tenantIdentifiers');
    const { customerIdentifier: customer } = input;
    const customerId = customer && sql`(SELECT customer.id FROM customer WHERE ${isCustomer(customer)})`;
    const created = wasRecorded(context, 'apiKey.created');
    return {
      checks: [
        allExist([
          missingTenants(tenants),
          ...(customer && customerId
            ? [missingUnless(sql`${customerId} IS NOT NULL`, pathOf('customerIdentifier', customer), 'customer')]
            : []),
        ]),
      ],
      writes: (allowed) => [
        recordEvent(
          context,
          { ...SUBJECT, type: 'apiKey.created', subjectId: sql`${apiKeyId}` },
          sql`WHERE ${allowed}`,
        ),
        insertWhen(
          apiKeys,
          {
            id: apiKeyId,
            name: input.name,
            access: input.access ?? 'WRITE',
            reach: input.reach,
            customerId,
            secretHash: sha256(secret),
            expiresAt: input.expiresAt,
            createdAt: creationTime(apiKeyId),
            updatedAt: creationTime(apiKeyId),
          },
          created,
        ),
        sql`INSERT INTO api_key_permission (api_key_id, permission)
          SELECT DISTINCT ${apiKeyId}, value FROM json_each(${jsonList(input.permissions)}) WHERE ${created}`,
        sql`INSERT INTO api_key_tenant (api_key_id, tenant_id)
          SELECT DISTINCT ${apiKeyId}, tenant_id FROM ${tenants} WHERE ${created}`,
        recordAfter(context, 'apiKey.created', SNAPSHOT),
      ],
      answer: apiKeyRows(sql`WHERE api_key.id = ${apiKeyId}`),
      result: (apiKey) => ({ apiKey, secret }),
    };
  },
});

const DEFAULT_OVERLAP_SECONDS = 24 * 60 * 60;
const MAX_OVERLAP_SECONDS = 7 * DEFAULT_OVERLAP_SECONDS;

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
    return {
      checks: [
        allExist([missingUnless(sql`EXISTS (SELECT 1 FROM api_key WHERE ${target})`, 'id', 'active API key')]),
        holdsPermissionsOf(viewer, id),
        ...endsInTime(viewer, id),
      ],
      writes: (allowed) => [
        recordEvent(context, { ...SUBJECT, type: 'apiKey.rotated' }, sql`FROM api_key WHERE ${target} AND ${allowed}`),
        update(
          apiKeys,
          {
            secretHash: sha256(secret),
            previousSecretHash: keepsPrevious ? sql`secret_hash` : null,
            previousSecretExpiresAt: keepsPrevious ? new Date(at.getTime() + overlap * 1000) : null,
            updatedAt: at,
          },
          sql`api_key.id = ${id} AND ${wasRecorded(context, 'apiKey.rotated')}`,
        ),
        recordAfter(context, 'apiKey.rotated', SNAPSHOT),
      ],
      answer: apiKeyRows(sql`WHERE ${target}`),
      result: (apiKey) => ({ apiKey, secret }),
    };
  },
});

export const revokeApiKey = command({
  name: 'revokeApiKey',
  permissions: ['apiKey:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: z.object({ id }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { id }): Plan<ApiKeyResult, ApiKeyRecord> {
    const { viewer, at } = context;
    const target = sql`api_key.id = ${id} AND ${apiKeyInReach(viewer, sql`api_key.id`)}`;
    const isActive = sql`api_key.revoked_at IS NULL`;
    return {
      checks: [
        allExist([missingUnless(sql`EXISTS (SELECT 1 FROM api_key WHERE ${target})`, 'id', 'API key')]),
        holdsPermissionsOf(viewer, id),
      ],
      writes: (allowed) => [
        recordEvent(
          context,
          { ...SUBJECT, type: 'apiKey.revoked' },
          sql`FROM api_key WHERE ${target} AND ${isActive} AND ${allowed}`,
        ),
        update(
          apiKeys,
          { revokedAt: at, updatedAt: at, previousSecretHash: null, previousSecretExpiresAt: null },
          sql`api_key.id = ${id} AND ${wasRecorded(context, 'apiKey.revoked')}`,
        ),
        recordAfter(context, 'apiKey.revoked', SNAPSHOT),
      ],
      answer: apiKeyRows(sql`WHERE ${target}`),
      result: (apiKey) => ({ apiKey }),
    };
  },
});
