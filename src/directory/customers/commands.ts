import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { inAdvance } from '../../db/rendered.ts';
import { sql } from '../../db/sql.ts';
import { customerInReach, customerWhollyInReach, tenantRoleInReach } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import { reachesCustomer, revocation } from '../api-keys/revocation.ts';
import { type Check, NO_PROBLEM } from '../commands/checks.ts';
import { type CommandContext, command, type Plan } from '../commands/command.ts';
import { creation, hasVersion, missing, planAlteration, subjectOf, uniqueValues } from '../commands/entity.ts';
import { erasure, planErasure } from '../commands/erasure.ts';
import { allRecordedSubjects, wasRecorded } from '../commands/event-recording.ts';
import { customerTarget, isCustomer } from '../commands/identifiers.ts';
import { allExist, missingTenants, pathOf, resolveTenants } from '../commands/references.ts';
import { writtenOf } from '../commands/unique-values.ts';
import {
  isNamed,
  isNotTaken,
  keepsIdentifier,
  type UpsertOutcome,
  uniqueValuesOfUpsert,
  upserting,
  upsertOutcome,
} from '../commands/upsert.ts';
import { holdsPermissions, permissionsOfUsersOf } from '../guards/grant-guard.ts';
import { keepsAdminsWithout } from '../guards/last-admin-guard.ts';
import {
  AlreadyExistsError,
  ForbiddenError,
  LastAdminError,
  NotFoundError,
  ValidationError,
  VersionConflictError,
} from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import {
  ALTHOUGH_OTHERS_ARE_WRONG,
  customerIdentifier,
  expectedVersion,
  flag,
  id,
  isNamedOnce,
  namedBy,
  newRecord,
  type TenantIdentifier,
  tenantIdentifiers,
  text,
} from '../kernel/input.ts';
import { USER } from '../users/entity.ts';
import { customerDetails, customerPatch, newCustomer, patchedCustomer, withIdentifier } from './columns.ts';
import { CUSTOMER } from './entity.ts';
import { beginMemberships, recordJoining } from './memberships.ts';
import { type CustomerRecord, customerRows } from './queries.ts';

/** The customer, as the command left it; null where a repetition cannot show it any more. */
export interface CustomerResult {
  customer: CustomerRecord | null;
}

const asResult = (customer: CustomerRecord | null): CustomerResult => ({ customer });

/** Checks that the customer belongs to no tenant out of reach. Else a change would touch data of others. */
function whollyInReach({ reach }: Viewer, target: SQL): Check<unknown> {
  const shared = sql`NOT ${customerWhollyInReach(reach, sql`customer.id`)}`;
  return {
    problem:
      reach.kind === 'ORGANIZATION' ? NO_PROBLEM : sql`(SELECT 'shared' FROM customer WHERE ${target} AND ${shared})`,
    error: () => ForbiddenError.outOfReach('The customer also belongs to tenants that are out of reach.'),
  };
}

/**
 * Requires a tenant for a new customer. Without one, the customer would be out of reach of a viewer of some tenants.
 * @throws ForbiddenError if there is none and the viewer's reach is limited to tenants.
 */
function requireTenants({ reach }: Viewer, identifiers: readonly TenantIdentifier[]): void {
  if (reach.kind === 'ORGANIZATION' || identifiers.length > 0) return;
  throw ForbiddenError.outOfReach('Your reach is limited to tenants: name at least one of them in tenantIdentifiers.');
}

/**
 * Returns the writes of the first memberships of a customer, if this command creates it, and what of them is missing: a
 * part of `allExist`. Without a tenant, there is nothing to look up and nothing to write.
 */
function firstMemberships(context: CommandContext, customerId: string, identifiers: readonly TenantIdentifier[]) {
  if (identifiers.length === 0) return { missing: [], writes: [] };
  const tenants = resolveTenants(context.viewer.reach, identifiers, 'tenantIdentifiers');
  const isNew = wasRecorded(context, 'customer.created');
  return {
    missing: [missingTenants(tenants)],
    writes: [recordJoining(context, sql`${customerId}`, tenants, isNew), beginMemberships(context)],
  };
}

/**
 * Creates a customer that belongs to all of the tenants named. The trigger `customer_labelled` lists its labels, and the trigger
 * `label_count_up` counts it among those who carry each.
 */
export const createCustomer = command({
  name: 'createCustomer',
  permissions: ['customer:create'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () => newRecord({ ...customerDetails(), name: text(), tenantIdentifiers: tenantIdentifiers().nullish() }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, { tenantIdentifiers, ...input }): Plan<CustomerResult, CustomerRecord> {
    const { viewer } = context;
    requireTenants(viewer, tenantIdentifiers ?? []);
    const customerId = newId();
    const memberships = firstMemberships(context, customerId, tenantIdentifiers ?? []);
    const values = newCustomer(input);
    const creating = creation(context, CUSTOMER, customerId, values);
    return {
      checks: [allExist(memberships.missing)],
      writes: (allowed) => [creating.recorded(allowed), ...creating.writes, ...memberships.writes],
      unique: uniqueValues(CUSTOMER, viewer, writtenOf(values), sql`FALSE`),
      answer: customerRows(sql`WHERE customer.id = ${customerId}`),
      subject: subjectOf(CUSTOMER, viewer, sql`${customerId}`),
      result: asResult,
    };
  },
});

/**
 * Changes a customer, all of whose live tenants the viewer must reach. Fields left out stay as they are, and null
 * clears. The copies of its columns in memberships are kept up to date (trigger `membership_follows_customer`), and so
 * is the list of its labels (trigger `customer_relabelled`), which repeats what it is sorted by (trigger `label_follows_customer`).
 * How many carry a label is counted anew (triggers `label_count_down` and `label_count_up`, or `label_count_moved` with its kind).
 */
export const updateCustomer = command({
  name: 'updateCustomer',
  permissions: ['customer:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () =>
    z
      .object({
        ...customerDetails(),
        ...namedBy(customerIdentifier()),
        name: text().optional(),
        expectedVersion: expectedVersion(),
      })
      .superRefine(isNamedOnce, ALTHOUGH_OTHERS_ARE_WRONG),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError, VersionConflictError],
  plan(context, { id, identifier, expectedVersion, ...patch }): Plan<CustomerResult, CustomerRecord> {
    const { viewer } = context;
    const named = customerTarget({ id, identifier });
    const checks = (target: SQL) => [
      whollyInReach(viewer, target),
      ...hasVersion(CUSTOMER, viewer, target, expectedVersion),
    ];
    return planAlteration(
      context,
      CUSTOMER,
      { ...named, verb: 'updated', values: patchedCustomer(patch) },
      checks,
      asResult,
    );
  },
});

/** The customer, and whether it was created, changed or left as it was. */
export interface CustomerUpsertResult extends CustomerResult {
  outcome: UpsertOutcome;
}

/**
 * Changes the customer that an identifier names, or creates it. Only a new customer joins the tenants.
 * The other fields are for both cases. `onCreate` overrides them for a new customer, `onUpdate` for one that exists.
 */
export const upsertCustomer = command({
  name: 'upsertCustomer',
  permissions: ['customer:create', 'customer:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () =>
    z
      .object({
        ...customerDetails(),
        identifier: customerIdentifier(),
        name: text().optional(),
        tenantIdentifiers: tenantIdentifiers().nullish(),
        /** Fields for a new customer only, and for an existing one only. Both override the others. */
        onCreate: customerPatch().optional(),
        onUpdate: customerPatch().optional(),
      })
      .superRefine(keepsIdentifier(['email', 'externalId']), ALTHOUGH_OTHERS_ARE_WRONG),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(
    context,
    { identifier, tenantIdentifiers, onCreate, onUpdate, ...patch },
  ): Plan<CustomerUpsertResult, CustomerRecord> {
    const { viewer } = context;
    requireTenants(viewer, tenantIdentifiers ?? []);
    const customerId = newId();
    const memberships = firstMemberships(context, customerId, tenantIdentifiers ?? []);
    // It stands in the statements a dozen times.
    const target = inAdvance(isCustomer(identifier)).part;
    const reached = sql`${target} AND ${customerInReach(viewer.reach, sql`customer.id`)}`;
    const path = pathOf('identifier', identifier);

    const created = { ...patch, ...onCreate };
    const newValues = newCustomer(withIdentifier(identifier, created));
    const otherValues = patchedCustomer({ ...patch, ...onUpdate });
    const values = { newId: customerId, created: newValues, changed: otherValues };
    const { recorded, writes } = upserting(context, CUSTOMER, target, values);
    return {
      checks: [
        allExist([...memberships.missing, ...(identifier.id == null ? [] : [missing(CUSTOMER, reached, path)])]),
        isNotTaken(viewer, CUSTOMER, target, reached, path),
        whollyInReach(viewer, target),
        isNamed(CUSTOMER, target, created.name),
      ],
      writes: (allowed) => [recorded(allowed), ...writes, ...memberships.writes],
      unique: uniqueValuesOfUpsert(CUSTOMER, viewer, reached, newValues, otherValues),
      answer: customerRows(sql`WHERE customer.id IN (
        ${allRecordedSubjects(context)} UNION ALL SELECT customer.id FROM customer WHERE ${target})`),
      subject: subjectOf(
        CUSTOMER,
        viewer,
        sql`coalesce((SELECT customer.id FROM customer WHERE ${target}), ${customerId})`,
      ),
      result: (customer, recorded) => ({ customer, outcome: upsertOutcome(recorded, 'customer') }),
    };
  },
});

/** Checks that no user of the customer has a tenant role out of reach, because its users are hidden with it. */
function usersWithinReach({ reach }: Viewer, target: SQL): Check<unknown> {
  const reached = tenantRoleInReach(reach, sql`assignment.tenant_id`);
  const isElsewhere = sql`(SELECT 'elsewhere' FROM customer WHERE ${target} AND EXISTS (
    SELECT 1 FROM assignment WHERE assignment.user_customer_id = customer.id AND NOT ${reached}))`;
  return {
    problem: reach.kind === 'ORGANIZATION' ? NO_PROBLEM : isElsewhere,
    error: () => ForbiddenError.outOfReach('The customer has users with roles in tenants that are out of reach.'),
  };
}

/**
 * Checks that the viewer holds all permissions of the customer's users, who are hidden, erased and restored with it.
 */
const holdsUsers = (viewer: Viewer, customerId: SQL): Check<unknown> =>
  holdsPermissions(viewer, permissionsOfUsersOf(customerId));

/** Checks the same for a customer that is erased, and that the viewer may erase users, if it has any. */
const mayErase = (viewer: Viewer, customerId: SQL, users: SQL): Check<unknown> =>
  holdsPermissions(
    viewer,
    sql`${permissionsOfUsersOf(customerId)} UNION SELECT 'user:delete' AS permission FROM user WHERE ${users}`,
  );

/**
 * Hides a customer, or erases it and its users for good, and revokes the keys that reach it. Memberships and tenant roles survive hiding. Its users are
 * hidden with it (trigger `user_follows_customer`). Their sessions and links end, and restoring the customer does not
 * bring these back (trigger `access_ends_with_user`).
 */
export const deleteCustomer = command({
  name: 'deleteCustomer',
  permissions: ['customer:delete'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () =>
    z
      .object({ ...namedBy(customerIdentifier()), permanently: flag().nullish() })
      .superRefine(isNamedOnce, ALTHOUGH_OTHERS_ARE_WRONG),
  errors: [ValidationError, NotFoundError, LastAdminError, ForbiddenError],
  plan(context, { permanently, ...given }): Plan<CustomerResult, CustomerRecord> {
    const { viewer } = context;
    const named = customerTarget(given);
    const { id } = named;
    const keepsAdmins = keepsAdminsWithout(viewer.reach, id);
    if (permanently) {
      const users = sql`user.customer_id = ${id}`;
      const checks = [mayErase(viewer, id, users), keepsAdmins];
      const along = [erasure(context, USER, users), revocation(context, reachesCustomer(id))];
      return planErasure(context, CUSTOMER, named, checks, asResult, along);
    }
    const checks = (target: SQL) => [
      whollyInReach(viewer, target),
      usersWithinReach(viewer, target),
      holdsUsers(viewer, id),
      keepsAdmins,
    ];
    return planAlteration(
      context,
      CUSTOMER,
      { ...named, verb: 'deleted', values: { deletedAt: context.at } },
      checks,
      asResult,
    );
  },
});

/**
 * Restores a hidden customer and its users (trigger `user_follows_customer`), who have to sign in again.
 * A customer that is not hidden stays as it is. The command fails if another customer has taken a unique value since.
 */
export const restoreCustomer = command({
  name: 'restoreCustomer',
  permissions: ['customer:delete'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () => z.object({ id: id() }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, { id }): Plan<CustomerResult, CustomerRecord> {
    const { viewer } = context;
    const checks = (target: SQL) => [
      whollyInReach(viewer, target),
      usersWithinReach(viewer, target),
      holdsUsers(viewer, sql`${id}`),
    ];
    return planAlteration(context, CUSTOMER, { id, verb: 'restored', values: { deletedAt: null } }, checks, asResult);
  },
});
