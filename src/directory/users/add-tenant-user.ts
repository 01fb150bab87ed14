import { sql } from '../../db/sql.ts';
import { userInReach } from '../access/reach.ts';
import { command, type Plan } from '../commands/command.ts';
import { creation, exists, subjectOf, uniqueValues } from '../commands/entity.ts';
import { wasRecorded } from '../commands/event-recording.ts';
import { isUser } from '../commands/identifiers.ts';
import { allExist, missingUnless, pathOf, tenantNamed } from '../commands/references.ts';
import { writtenOf } from '../commands/unique-values.ts';
import { isNotDeactivated } from '../guards/deactivated-guard.ts';
import { outlastsBy } from '../guards/expiry-guard.ts';
import { holdsPermissions, permissionsOfRole } from '../guards/grant-guard.ts';
import { AlreadyExistsError, ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { emailAddress, flag, newRecord, roleIdentifier, tenantIdentifier } from '../kernel/input.ts';
import { requestInvitations, waitsForInvitation } from '../mail/mailed-links.ts';
import { shareableInvitation } from '../mail/shareable-invitations.ts';
import { noRole, roleNamed } from '../roles/queries.ts';
import { newUser } from './columns.ts';
import type { InvitedResult } from './entity.ts';
import { USER } from './entity.ts';
import { type UserRecord, userRows } from './queries.ts';
import { recordTenantRoles, writeTenantRoles } from './tenant-roles.ts';

/** The user who was given a tenant role. */
export interface AddedUserResult extends InvitedResult {
  /** Whether the user was created for it. */
  isNew: boolean;
}

const HAS_ROLE = 'The user with the address given at email has a role in the tenant already.';

/**
 * Gives a tenant role to the user with this e-mail address, who is created and invited if there is none. It fails for a
 * user who has a role in the tenant already. It fails, too, for a user out of reach, of whom it tells nothing but that
 * the address is taken.
 */
export const addTenantUser = command({
  name: 'addTenantUser',
  permissions: ['user:create', 'user:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  input: () =>
    newRecord({
      email: emailAddress(),
      roleIdentifier: roleIdentifier(),
      tenantIdentifier: tenantIdentifier(),
      handOutLink: flag().optional(),
    }),
  errors: [ValidationError, NotFoundError, AlreadyExistsError, ForbiddenError],
  plan(context, { email, roleIdentifier, tenantIdentifier, handOutLink }): Plan<AddedUserResult, UserRecord> {
    const { viewer } = context;
    const roleId = roleNamed(roleIdentifier, sql`'TENANT'`);
    const tenantId = tenantNamed(viewer.reach, tenantIdentifier);
    const newUserId = newId();
    const named = isUser({ email });
    const inReach = userInReach(viewer.reach, sql`user.id`);
    const values = { ...newUser({ email }, { kind: 'TENANT' }), defaultTenantId: tenantId };
    const creating = creation(context, USER, newUserId, values);
    const given = sql`(SELECT COALESCE((SELECT user.id FROM user WHERE ${named}), ${newUserId}) AS user_id,
      ${tenantId} AS tenant_id, ${roleId} AS role_id)`;
    const added = sql`${named} AND ${wasRecorded(context, 'tenantRole.assigned')}`;
    // A team member whom the viewer may not let in gets the role, and no invitation.
    const mayBeInvited = sql`${waitsForInvitation(context.at)} AND NOT ${outlastsBy(viewer, sql`user.role_id`)}`;
    const shareable = shareableInvitation(context, handOutLink);
    return {
      checks: [
        allExist([
          missingUnless(sql`${tenantId} IS NOT NULL`, pathOf('tenantIdentifier', tenantIdentifier), 'tenant'),
          noRole(roleId, roleIdentifier),
        ]),
        holdsPermissions(viewer, permissionsOfRole(roleId)),
        {
          problem: sql`(SELECT 'taken' FROM user WHERE ${named} AND (NOT ${inReach} OR EXISTS (
            SELECT 1 FROM assignment WHERE assignment.user_id = user.id AND assignment.tenant_id = ${tenantId})))`,
          error: (_, user) => {
            const isReadable = user !== undefined && viewer.permissions.has(USER.readPermission);
            return isReadable
              ? new AlreadyExistsError('email', USER.named(user), 0, HAS_ROLE)
              : new AlreadyExistsError('email', null);
          },
        },
        isNotDeactivated(named, 'email'),
      ],
      writes: (allowed) => [
        creating.recorded(sql`${allowed} AND NOT ${exists(USER, named)}`),
        // Comes before the user is written: one without a role there yet would be out of reach, and not `allowed`.
        recordTenantRoles(context, given, allowed),
        ...creating.writes,
        ...writeTenantRoles(context),
        requestInvitations(context, sql`FROM user WHERE ${added} AND ${mayBeInvited}`),
        ...shareable.writes(added),
      ],
      mails: sql`(NOT ${exists(USER, named)} OR ${exists(USER, sql`${named} AND ${mayBeInvited}`)})`,
      unique: uniqueValues(USER, viewer, writtenOf(values), sql`FALSE`).flatMap((value) =>
        value.path === 'email' ? [{ ...value, heldFormerly: null }] : [],
      ),
      answer: userRows(sql`WHERE ${named} AND ${inReach}`),
      subject: subjectOf(USER, viewer, sql`coalesce((SELECT user.id FROM user WHERE ${named}), ${newUserId})`),
      result: (user, recorded) => ({
        user,
        isNew: recorded.has('user.created'),
        linkToken: shareable.token(recorded),
      }),
    };
  },
});
