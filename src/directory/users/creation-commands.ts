import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { type CommandContext, command, type Plan } from '../commands/command.ts';
import { creation, subjectOf, uniqueValues } from '../commands/entity.ts';
import { wasRecorded } from '../commands/event-recording.ts';
import { customerNamed, noCustomer } from '../commands/identifiers.ts';
import { allExist, missingUnless, pathOf, tenantNamed } from '../commands/references.ts';
import { writtenOf } from '../commands/unique-values.ts';
import { outlastsNobody } from '../guards/expiry-guard.ts';
import { holdsPermissions, permissionsOfRole } from '../guards/grant-guard.ts';
import { AlreadyExistsError, ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { customerIdentifier, flag, newRecord, roleIdentifier, tenantIdentifier } from '../kernel/input.ts';
import { lazily } from '../kernel/lazily.ts';
import { requestInvitations } from '../mail/mailed-links.ts';
import { shareableInvitation } from '../mail/shareable-invitations.ts';
import { noRole, roleNamed } from '../roles/queries.ts';
import { newUser, newUserDetails } from './columns.ts';
import type { InvitedResult } from './entity.ts';
import { USER } from './entity.ts';
import { type UserRecord, userRows } from './queries.ts';
import { recordTenantRoles, writeTenantRoles } from './tenant-roles.ts';

interface UserCreation {
  userId: string;
  values: Parameters<typeof creation<typeof USER.table>>[3];
  roleId: SQL;
  missing: readonly SQL[];
  /** More writes, such as that of a tenant role. */
  along?: readonly SQL[];
  /** Whether the caller wants a shareable invitation. */
  handOutLink: boolean | undefined;
}

/** Plans a new user, who is invited by mail. The viewer must hold all permissions of the user's role. */
function planCreation(
  context: CommandContext,
  { userId, values, roleId, missing, along = [], handOutLink }: UserCreation,
): Plan<InvitedResult, UserRecord> {
  const creating = creation(context, USER, userId, values);
  const shareable = shareableInvitation(context, handOutLink);
  return {
    checks: [
      allExist(missing),
      holdsPermissions(context.viewer, permissionsOfRole(roleId)),
      ...outlastsNobody(context.viewer, roleId),
    ],
    writes: (allowed) => [
      creating.recorded(allowed),
      ...creating.writes,
      requestInvitations(context, sql`FROM user WHERE user.id = ${userId} AND ${wasRecorded(context, 'user.created')}`),
      ...along,
      ...shareable.writes(sql`user.id = ${userId} AND ${wasRecorded(context, 'user.created')}`),
    ],
    mails: sql`1`,
    unique: uniqueValues(USER, context.viewer, writtenOf(values), sql`FALSE`),
    answer: userRows(sql`WHERE user.id = ${userId}`),
    subject: subjectOf(USER, context.viewer, sql`${userId}`),
    result: (user, recorded) => ({ user, linkToken: shareable.token(recorded) }),
  };
}

const invitedUser = lazily(() => ({ ...newUserDetails(), handOutLink: flag().optional() }));

/** Creates and invites a user with a role in the organization, that is, a member of the team. */
export const createOrganizationUser = command({
  name: 'createOrganizationUser',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION'],
  input: () => newRecord({ ...invitedUser(), roleIdentifier: roleIdentifier() }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, { roleIdentifier, handOutLink, ...details }): Plan<InvitedResult, UserRecord> {
    const roleId = roleNamed(roleIdentifier, sql`'ORGANIZATION'`);
    const values = newUser(details, { kind: 'ORGANIZATION', roleId });
    return planCreation(context, {
      userId: newId(),
      values,
      roleId,
      missing: [noRole(roleId, roleIdentifier)],
      handOutLink,
    });
  },
});

/**
 * Creates and invites a user of one customer. No viewer whose reach is limited to tenants can, because they reach no
 * customer as a whole.
 */
export const createCustomerUser = command({
  name: 'createCustomerUser',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION', 'CUSTOMER'],
  input: () =>
    newRecord({ ...invitedUser(), roleIdentifier: roleIdentifier(), customerIdentifier: customerIdentifier() }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, { roleIdentifier, customerIdentifier, handOutLink, ...details }): Plan<InvitedResult, UserRecord> {
    const roleId = roleNamed(roleIdentifier, sql`'CUSTOMER'`);
    const customerId = customerNamed(context.viewer.reach, customerIdentifier);
    const values = newUser(details, { kind: 'CUSTOMER', roleId, customerId });
    return planCreation(context, {
      userId: newId(),
      values,
      roleId,
      missing: [noCustomer(customerId, customerIdentifier), noRole(roleId, roleIdentifier)],
      handOutLink,
    });
  },
});

/** Creates and invites a user with one tenant role, and without a role in the organization or a customer. */
export const createTenantUser = command({
  name: 'createTenantUser',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () => newRecord({ ...invitedUser(), roleIdentifier: roleIdentifier(), tenantIdentifier: tenantIdentifier() }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, { roleIdentifier, tenantIdentifier, handOutLink, ...details }): Plan<InvitedResult, UserRecord> {
    const userId = newId();
    const roleId = roleNamed(roleIdentifier, sql`'TENANT'`);
    const tenantId = tenantNamed(context.viewer.reach, tenantIdentifier);
    const noTenant = missingUnless(
      sql`${tenantId} IS NOT NULL`,
      pathOf('tenantIdentifier', tenantIdentifier),
      'tenant',
    );
    const assigned = sql`(SELECT ${userId} AS user_id, ${tenantId} AS tenant_id, ${roleId} AS role_id)`;
    return planCreation(context, {
      userId,
      values: { ...newUser(details, { kind: 'TENANT' }), defaultTenantId: tenantId },
      roleId,
      missing: [noTenant, noRole(roleId, roleIdentifier)],
      handOutLink,
      along: [recordTenantRoles(context, assigned, wasRecorded(context, 'user.created')), ...writeTenantRoles(context)],
    });
  },
});
