import { type SQL, sql } from 'drizzle-orm';
import { customerInReach } from '../access/reach.ts';
import { type Change, command, type Plan } from '../commands/command.ts';
import { creation, uniqueValues } from '../commands/entity.ts';
import { happened } from '../commands/event-recording.ts';
import { holdsPermissions, permissionsOfRole } from '../commands/grant-guard.ts';
import { isCustomer } from '../commands/identifiers.ts';
import { allExist, missingUnless, pathOf, tenantNamed } from '../commands/references.ts';
import { AlreadyExistsError, ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { customerIdentifier, flag, newRecord, roleIdentifier, tenantIdentifier } from '../kernel/input.ts';
import { requestLinks } from '../mail/mailed-links.ts';
import { handover } from '../mail/shareable-invitations.ts';
import { noRole, roleNamed } from '../roles/queries.ts';
import type { InvitedResult } from './columns.ts';
import { newUser, newUserDetails, USER } from './columns.ts';
import { type UserRecord, userRows } from './queries.ts';
import { recordAssignments, writeAssignments } from './tenant-roles.ts';

interface Creation {
  userId: string;
  values: Parameters<typeof creation<typeof USER.table>>[3];
  roleId: SQL;
  missing: readonly SQL[];
  along?: readonly SQL[];
  handOutLink: boolean | undefined;
}

/** A new user with a role that holds no more than the viewer, who is invited by mail. */
function planCreation(
  change: Change,
  { userId, values, roleId, missing, along = [], handOutLink }: Creation,
): Plan<InvitedResult, UserRecord> {
  const creating = creation(change, USER, userId, values);
  const handing = handover(change, handOutLink);
  return {
    checks: [allExist(missing), holdsPermissions(change.viewer, permissionsOfRole(roleId))],
    writes: (allowed) => [
      creating.recorded(allowed),
      ...creating.writes,
      requestLinks(
        'INVITATION',
        change.at,
        sql`FROM user WHERE user.id = ${userId} AND ${happened(change, 'user.created')}`,
      ),
      ...along,
      ...handing.writes(sql`user.id = ${userId} AND ${happened(change, 'user.created')}`),
    ],
    mails: true,
    unique: uniqueValues(USER, change.viewer, values, sql`FALSE`),
    answer: userRows(sql`WHERE user.id = ${userId}`),
    result: (user, recorded) => ({ user, linkToken: handing.token(recorded) }),
  };
}

const invitedUser = { ...newUserDetails, handOutLink: flag.optional() };

export const createOrganizationUser = command({
  name: 'createOrganizationUser',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION'],
  input: newRecord({ ...invitedUser, roleIdentifier }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(change, { roleIdentifier, handOutLink, ...details }): Plan<InvitedResult, UserRecord> {
    const roleId = roleNamed(roleIdentifier, sql`'ORGANIZATION'`);
    const values = newUser(details, { kind: 'ORGANIZATION', roleId });
    return planCreation(change, {
      userId: newId(),
      values,
      roleId,
      missing: [noRole(roleId, roleIdentifier)],
      handOutLink,
    });
  },
});

/** A user of one customer. Who reaches some tenants reaches no customer as a whole, and makes none. */
export const createCustomerUser = command({
  name: 'createCustomerUser',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION', 'CUSTOMER'],
  input: newRecord({ ...invitedUser, roleIdentifier, customerIdentifier }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(change, { roleIdentifier, customerIdentifier, handOutLink, ...details }): Plan<InvitedResult, UserRecord> {
    const roleId = roleNamed(roleIdentifier, sql`'CUSTOMER'`);
    const inReach = customerInReach(change.viewer.reach, sql`customer.id`);
    const customerId = sql`(SELECT customer.id FROM customer WHERE ${isCustomer(customerIdentifier)} AND ${inReach})`;
    const values = newUser(details, { kind: 'CUSTOMER', roleId, customerId });
    const noCustomer = missingUnless(
      sql`${customerId} IS NOT NULL`,
      pathOf('customerIdentifier', customerIdentifier),
      'customer',
    );
    return planCreation(change, {
      userId: newId(),
      values,
      roleId,
      missing: [noCustomer, noRole(roleId, roleIdentifier)],
      handOutLink,
    });
  },
});

/** A user with a role in one tenant, to begin with, and none in the organization or a customer. */
export const createTenantUser = command({
  name: 'createTenantUser',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: newRecord({ ...invitedUser, roleIdentifier, tenantIdentifier }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(change, { roleIdentifier, tenantIdentifier, handOutLink, ...details }): Plan<InvitedResult, UserRecord> {
    const userId = newId();
    const roleId = roleNamed(roleIdentifier, sql`'TENANT'`);
    const tenantId = tenantNamed(change.viewer.reach, tenantIdentifier);
    const noTenant = missingUnless(
      sql`${tenantId} IS NOT NULL`,
      pathOf('tenantIdentifier', tenantIdentifier),
      'tenant',
    );
    const assigned = sql`(SELECT ${userId} AS user_id, ${tenantId} AS tenant_id, ${roleId} AS role_id)`;
    return planCreation(change, {
      userId,
      values: { ...newUser(details, { kind: 'TENANT' }), defaultTenantId: tenantId },
      roleId,
      missing: [noTenant, noRole(roleId, roleIdentifier)],
      handOutLink,
      along: [recordAssignments(change, assigned, happened(change, 'user.created')), ...writeAssignments(change)],
    });
  },
});
