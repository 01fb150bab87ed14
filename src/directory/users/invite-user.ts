import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { userInReach } from '../access/reach.ts';
import { requireReach, type Viewer } from '../access/viewer.ts';
import { command, type Plan } from '../commands/command.ts';
import { subjectOf } from '../commands/entity.ts';
import { recordEvent, wasRecorded } from '../commands/event-recording.ts';
import { isUser } from '../commands/identifiers.ts';
import { allExist, missingUnless, pathOf, tenantNamed } from '../commands/references.ts';
import { isNotDeactivated } from '../guards/deactivated-guard.ts';
import { outlastsNobody, ownRoleOf } from '../guards/expiry-guard.ts';
import { holdsUser } from '../guards/grant-guard.ts';
import { ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { flag, type TenantIdentifier, tenantIdentifier, userIdentifier } from '../kernel/input.ts';
import { MAY_BE_INVITED, requestInvitations } from '../mail/mailed-links.ts';
import { shareableInvitation } from '../mail/shareable-invitations.ts';
import { type InvitedResult, USER } from './entity.ts';
import { type UserRecord, userRows } from './queries.ts';

/**
 * Mails another invitation to a user who has no password yet. It lasts seven days (`LIFETIME_MILLISECONDS`), and the
 * one before it stops working.
 */
export const inviteUser = command({
  name: 'inviteUser',
  permissions: ['user:create'],
  reaches: ['ORGANIZATION', 'TENANTS', 'CUSTOMER'],
  input: z.object({
    userIdentifier,
    /** If given, the user must have a role in this tenant. It is for callers who know only an e-mail address. */
    tenantIdentifier: tenantIdentifier.nullish(),
    /** If true, the user must have a role in the organization. */
    teamMember: flag.nullish(),
    handOutLink: flag.nullish(),
  }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { userIdentifier: identifier, ...given }): Plan<InvitedResult, UserRecord> {
    const { viewer } = context;
    const type = 'user.invited';
    // A viewer who sees users in part must not find out who is in the team.
    if (given.teamMember) requireReach(viewer, ['ORGANIZATION']);
    const hasRoles = hasRolesIn(viewer, given);
    const target = sql`${isUser(identifier)} AND ${userInReach(viewer.reach, sql`user.id`)} AND ${hasRoles}`;
    const userId = sql`(SELECT user.id FROM user WHERE ${target})`;
    const shareable = shareableInvitation(context, given.handOutLink);
    const path = pathOf('userIdentifier', identifier);
    return {
      checks: [
        allExist([missingUnless(sql`EXISTS (SELECT 1 FROM user WHERE ${target})`, path, 'user')]),
        ...holdsUser(viewer, userId),
        ...outlastsNobody(viewer, ownRoleOf(userId)),
        isNotDeactivated(target, path),
        {
          problem: sql`(SELECT 'accepted' FROM user WHERE ${target} AND NOT ${MAY_BE_INVITED})`,
          error: () => ValidationError.at(path, 'has a password already'),
        },
      ],
      writes: (allowed) => [
        recordEvent(
          context,
          { type, subjectType: 'User', subjectId: sql`user.id` },
          sql`FROM user WHERE ${target} AND ${allowed}`,
        ),
        requestInvitations(context.at, sql`FROM user WHERE ${target} AND ${wasRecorded(context, type)}`),
        ...shareable.writes(sql`${target} AND ${wasRecorded(context, type)}`),
      ],
      mails: sql`1`,
      answer: userRows(sql`WHERE ${target}`),
      subject: subjectOf(USER, viewer, userId),
      result: (user, recorded) => ({ user, linkToken: shareable.token(recorded) }),
    };
  },
});

interface Places {
  tenantIdentifier?: TenantIdentifier | null | undefined;
  teamMember?: boolean | null | undefined;
}

/** Over the columns of `user`: the user has a role in the tenant, if one is given, and in the team, if asked for. */
function hasRolesIn({ reach }: Viewer, { tenantIdentifier, teamMember }: Places): SQL {
  const inTenant = tenantIdentifier
    ? sql`EXISTS (SELECT 1 FROM assignment
        WHERE assignment.user_id = user.id AND assignment.tenant_id = ${tenantNamed(reach, tenantIdentifier)})`
    : sql`TRUE`;
  return teamMember ? sql`${inTenant} AND user.kind = 'ORGANIZATION'` : inTenant;
}
