import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { allOf } from '../../db/statement.ts';
import { userInReach } from '../access/reach.ts';
import { requireReach, type Viewer } from '../access/viewer.ts';
import { command, type Plan } from '../commands/command.ts';
import { exists, subjectOf } from '../commands/entity.ts';
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
  input: () =>
    z.object({
      userIdentifier: userIdentifier(),
      /** If given, the user must have a role in this tenant. It is for callers who know only an e-mail address. */
      tenantIdentifier: tenantIdentifier().nullish(),
      /** If true, the user must have a role in the organization. */
      teamMember: flag().nullish(),
      handOutLink: flag().nullish(),
    }),
  errors: [ValidationError, NotFoundError, ForbiddenError],
  plan(context, { userIdentifier: identifier, ...given }): Plan<InvitedResult, UserRecord> {
    const { viewer } = context;
    const type = 'user.invited';
    // A viewer who sees users in part must not find out who is in the team.
    if (given.teamMember) requireReach(viewer, ['ORGANIZATION']);
    const known = sql`${isUser(identifier)} AND ${userInReach(viewer.reach, sql`user.id`)}`;
    const places = placesOf(viewer, known, given);
    const target = allOf([known, ...places.map(({ isThere }) => isThere)]);
    const userId = sql`(SELECT user.id FROM user WHERE ${target})`;
    const shareable = shareableInvitation(context, given.handOutLink);
    const path = pathOf('userIdentifier', identifier);
    return {
      checks: [
        allExist(
          [missingUnless(exists(USER, known), path, 'user'), ...places.flatMap(({ missing }) => missing)],
          NOT_THERE,
        ),
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
        requestInvitations(context, sql`FROM user WHERE ${target} AND ${wasRecorded(context, type)}`),
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

/** What is wrong with a place where the user has no role, by its path. */
const NOT_THERE = {
  tenantIdentifier: 'The user has no role in this tenant.',
  teamMember: 'The user is not in the team.',
};

/** A place where the user has to have a role. */
interface Place {
  /** A condition over the columns of `user`: the user has a role there. */
  isThere: SQL;
  /** Rows (path, entity) of what is not there: the place, or the role of a user whom the viewer knows. */
  missing: readonly SQL[];
}

/** Returns the places that the input names. `known` is a condition over the columns of `user`. */
function placesOf({ reach }: Viewer, known: SQL, { tenantIdentifier, teamMember }: Places): Place[] {
  const places: Place[] = [];
  const noRole = (path: keyof typeof NOT_THERE, condition: SQL) =>
    sql`SELECT ${path} AS path, 'user' AS entity FROM user WHERE ${known} AND ${condition}`;
  if (tenantIdentifier) {
    const tenantId = tenantNamed(reach, tenantIdentifier);
    const isNamed = sql`${tenantId} IS NOT NULL`;
    const isThere = sql`EXISTS (SELECT 1 FROM assignment
      WHERE assignment.user_id = user.id AND assignment.tenant_id = ${tenantId})`;
    const noTenant = missingUnless(isNamed, pathOf('tenantIdentifier', tenantIdentifier), 'tenant');
    places.push({ isThere, missing: [noTenant, noRole('tenantIdentifier', sql`${isNamed} AND NOT ${isThere}`)] });
  }
  if (teamMember) {
    const isThere = sql`user.kind = 'ORGANIZATION'`;
    places.push({ isThere, missing: [noRole('teamMember', sql`NOT ${isThere}`)] });
  }
  return places;
}
