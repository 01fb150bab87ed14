import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { inAdvance } from '../../db/rendered.ts';
import { sql } from '../../db/sql.ts';
import type { Several } from '../../db/statement.ts';
import { tenantInReach } from '../access/reach.ts';
import type { Caller } from '../access/viewer.ts';
import { reachesOnlyTenant, revocation } from '../api-keys/revocation.ts';
import { NO_PROBLEM } from '../commands/checks.ts';
import { command, type Plan } from '../commands/command.ts';
import {
  changeable,
  creation,
  exists,
  hasVersion,
  missing,
  planAlteration,
  subjectOf,
  uniqueValues,
} from '../commands/entity.ts';
import { planErasure } from '../commands/erasure.ts';
import { allRecordedSubjects } from '../commands/event-recording.ts';
import { isTenant, type NamedTarget, tenantTarget } from '../commands/identifiers.ts';
import { allExist, pathOf } from '../commands/references.ts';
import { writtenOf } from '../commands/unique-values.ts';
import { isNamed, keepsIdentifier, type UpsertOutcome, upserting, upsertOutcome } from '../commands/upsert.ts';
import { holdsPermissions, permissionsOfAllIn } from '../guards/grant-guard.ts';
import {
  AlreadyExistsError,
  ForbiddenError,
  NotFoundError,
  ValidationError,
  VersionConflictError,
} from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import {
  ALTHOUGH_OTHERS_ARE_WRONG,
  emailAddress,
  expectedVersion,
  flag,
  id,
  isNamedOnce,
  namedBy,
  newRecord,
  tenantIdentifier,
  text,
} from '../kernel/input.ts';
import { hasKey, sought, soughtExternalId } from '../kernel/sought-keys.ts';
import { newTenant, patchedTenant, tenantDetails } from './columns.ts';
import { TENANT } from './entity.ts';
import { type FirstAdminShown, firstAdmin } from './first-admin.ts';
import { type TenantRecord, tenantRows } from './queries.ts';

/** The tenant, as the command left it; null where a repetition cannot show it any more. */
export interface TenantResult {
  tenant: TenantRecord | null;
}

const asResult = (tenant: TenantRecord | null): TenantResult => ({ tenant });

/** The new tenant, and what is shown of its first admin. */
export interface TenantCreationResult extends TenantResult, FirstAdminShown {}

/**
 * Creates a tenant. One that no partner manages needs an admin, who is created and invited if there is no such user.
 */
export const createTenant = command({
  name: 'createTenant',
  permissions: ['tenant:create'],
  reaches: ['ORGANIZATION'],
  input: () =>
    newRecord({
      ...tenantDetails(),
      name: text(),
      adminEmail: emailAddress().optional(),
      handOutLink: flag().optional(),
    }),
  errors: [ValidationError, AlreadyExistsError, ForbiddenError],
  plan(context, { adminEmail, handOutLink, ...input }): Plan<TenantCreationResult, TenantRecord> {
    const { viewer } = context;
    const tenantId = newId();
    const values = newTenant(input);
    const creating = creation(context, TENANT, tenantId, values);
    const { partnerManaged } = input;
    const admin = firstAdmin(context, { tenantId, adminEmail, partnerManaged, handOutLink, isNew: sql`TRUE` });
    return {
      checks: admin.checks,
      writes: (allowed) => [creating.recorded(allowed), ...creating.writes, ...admin.writes],
      unique: [...uniqueValues(TENANT, viewer, writtenOf(values), sql`FALSE`), ...admin.unique],
      ...(admin.mails && { mails: admin.mails }),
      answer: tenantRows(sql`WHERE tenant.id = ${tenantId}`),
      subject: subjectOf(TENANT, viewer, sql`${tenantId}`),
      result: (tenant, recorded) => ({ tenant, ...admin.shown(recorded) }),
    };
  },
});

/** Changes a tenant. Fields and parts of addresses left out stay as they are, and null clears. */
export const updateTenant = command({
  name: 'updateTenant',
  permissions: ['tenant:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () =>
    z
      .object({
        ...tenantDetails(),
        ...namedBy(tenantIdentifier()),
        name: text().optional(),
        expectedVersion: expectedVersion(),
      })
      .superRefine(isNamedOnce, ALTHOUGH_OTHERS_ARE_WRONG),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError, VersionConflictError],
  plan(context, { id, identifier, expectedVersion, ...patch }): Plan<TenantResult, TenantRecord> {
    const checks = (target: SQL) => hasVersion(TENANT, context.viewer, target, expectedVersion);
    const named = tenantTarget({ id, identifier });
    return planAlteration(
      context,
      TENANT,
      { ...named, verb: 'updated', values: patchedTenant(patch) },
      checks,
      asResult,
    );
  },
});

/** Returns the ids of those of the given tenants that the viewer could change with `updateTenant` now. */
export const editableTenants = (caller: Caller, ids: Several): Promise<Set<string>> =>
  changeable(caller, TENANT, updateTenant, ids);

/** The tenant, and whether it was created, changed or left as it was; if it was created, what is shown of its first admin. */
export interface TenantUpsertResult extends TenantCreationResult {
  outcome: UpsertOutcome;
}

/**
 * Changes the tenant that an identifier names, or creates it. Only a viewer who reaches the organization can create
 * one. `adminEmail` is for a new tenant: the admins of an existing one stay.
 */
export const upsertTenant = command({
  name: 'upsertTenant',
  permissions: ['tenant:create', 'tenant:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () =>
    z
      .object({
        ...tenantDetails(),
        identifier: tenantIdentifier(),
        name: text().optional(),
        adminEmail: emailAddress().nullish(),
        handOutLink: flag().nullish(),
      })
      .superRefine(keepsIdentifier(['externalId']), ALTHOUGH_OTHERS_ARE_WRONG),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, { identifier, adminEmail, handOutLink, ...patch }): Plan<TenantUpsertResult, TenantRecord> {
    const { viewer } = context;
    // It stands in the statements a dozen times.
    const target = inAdvance(isTenant(identifier)).part;
    const reached = sql`${target} AND ${tenantInReach(viewer.reach, sql`tenant.id`)}`;
    const path = pathOf('identifier', identifier);
    const mayCreate = viewer.reach.kind === 'ORGANIZATION';

    const newValues = newTenant({ ...patch, externalId: patch.externalId ?? identifier.externalId });
    const tenantId = newId();
    const values = { newId: tenantId, created: newValues, changed: patchedTenant(patch) };
    const { recorded, writes } = upserting(context, TENANT, target, values);
    const isNew = sql`NOT ${exists(TENANT, target)}`;
    const { partnerManaged } = patch;
    const admin = firstAdmin(context, {
      tenantId,
      adminEmail: adminEmail ?? undefined,
      partnerManaged,
      handOutLink,
      isNew,
    });
    return {
      checks: [
        ...(identifier.id == null ? [] : [allExist([missing(TENANT, reached, path)])]),
        // Who may not create a tenant does not learn either whether there is one out of reach.
        {
          problem: mayCreate ? NO_PROBLEM : sql`iif(${exists(TENANT, reached)}, NULL, 'new')`,
          error: () => ForbiddenError.outOfReach('Only callers who reach the whole organization may create tenants.'),
        },
        isNamed(TENANT, target, patch.name),
        ...admin.checks,
      ],
      writes: (allowed) => [recorded(allowed), ...writes, ...admin.writes],
      unique: [...uniqueValues(TENANT, viewer, writtenOf(newValues), target), ...admin.unique],
      ...(admin.mails && { mails: admin.mails }),
      answer: tenantRows(sql`WHERE tenant.id IN (
        ${allRecordedSubjects(context)} UNION ALL SELECT tenant.id FROM tenant WHERE ${target})`),
      subject: subjectOf(TENANT, viewer, sql`coalesce((SELECT tenant.id FROM tenant WHERE ${target}), ${tenantId})`),
      result: (tenant, recorded) => ({
        tenant,
        outcome: upsertOutcome(recorded, 'tenant'),
        ...admin.shown(recorded),
      }),
    };
  },
});

/**
 * The live tenant with this external id or, if there is none, the one hidden last. So hiding
 * it again names the same tenant.
 */
function latestNamed(externalId: string): SQL {
  const keys = sought(soughtExternalId(externalId));
  return sql`(SELECT named.id FROM tenant named WHERE ${hasKey('named', 'external_id_key', keys)}
    ORDER BY named.deleted_at IS NOT NULL, named.deleted_at DESC, named.key_version DESC LIMIT 1)`;
}

/**
 * Hides a tenant, or erases it for good. Memberships and tenant roles survive hiding. The sessions that reach the
 * tenant end, and restoring it does not bring these back (trigger `session_ends_with_tenant`). Its users without a role elsewhere have no place
 * until it is restored (trigger `place_follows_tenant`). Erasing it revokes the
 * keys that reach nothing else. An external id that is given as such, and not as an identifier, names the
 * live tenant or, if there is none, the one hidden last.
 */
export const deleteTenant = command({
  name: 'deleteTenant',
  permissions: ['tenant:delete'],
  reaches: ['ORGANIZATION'],
  input: () =>
    z
      .object({ ...namedBy(tenantIdentifier()), externalId: text().nullish(), permanently: flag().nullish() })
      .superRefine((given, context) => {
        if (given.externalId == null) isNamedOnce(given, context);
      }, ALTHOUGH_OTHERS_ARE_WRONG)
      .refine(({ externalId, permanently }) => !permanently || externalId == null, {
        ...ALTHOUGH_OTHERS_ARE_WRONG,
        path: ['permanently'],
        error: 'needs an id',
      }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { externalId, permanently, ...given }): Plan<TenantResult, TenantRecord> {
    const named: NamedTarget =
      externalId == null ? tenantTarget(given) : { id: latestNamed(externalId), path: 'externalId' };
    if (permanently) {
      return planErasure(context, TENANT, named, [], asResult, [revocation(context, reachesOnlyTenant(named.id))]);
    }
    const values = { deletedAt: context.at };
    return planAlteration(context, TENANT, { ...named, verb: 'deleted', values }, () => [], asResult);
  },
});

/**
 * Restores a hidden tenant. Its users get their tenant roles back, and its keys their reach. So the viewer must hold
 * all of the permissions of these users and keys.
 */
export const restoreTenant = command({
  name: 'restoreTenant',
  permissions: ['tenant:delete'],
  reaches: ['ORGANIZATION'],
  input: () => z.object({ id: id() }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, { id }): Plan<TenantResult, TenantRecord> {
    const checks = () => [holdsPermissions(context.viewer, permissionsOfAllIn(sql`${id}`))];
    return planAlteration(context, TENANT, { id, verb: 'restored', values: { deletedAt: null } }, checks, asResult);
  },
});
