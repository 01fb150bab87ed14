import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { inList } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import { ForbiddenError } from '../kernel/errors.ts';
import type { Permission } from '../kernel/permission-names.ts';

/*
 * What an API key with an expiry makes that lets somebody in ends no later than the key does, or is refused: else whoever
 * got hold of the key would stay. Keys and shareable invitations end with it. Trusted issuers have no end, nor have
 * webhooks, nor team members who could make such things themselves: those are refused. Other people it creates and invites as any key does.
 */

/**
 * With one of these in the organization, a team member lets others in: with keys, roles, invitations or trusted issuers, or
 * has events sent out. */
export const ADMITTING_PERMISSIONS: readonly Permission[] = [
  'apiKey:edit',
  'role:edit',
  'user:create',
  'organization:edit',
  'webhook:edit',
];

/**
 * Requires that the viewer has no end, because a webhook has none: whoever got hold of a key would go on hearing of everything.
 * @throws ForbiddenError
 */
export function requireNoEnd({ expiresAt }: Viewer): void {
  if (expiresAt === null) return;
  throw ForbiddenError.outOfReach(
    'This API key expires: it cannot say where events are sent to, or how they are signed.',
  );
}

/** Returns an expression: whoever has the role with this id is a team member who lets others in. For NULL it is false. */
const admitsOthers = (roleId: SQL): SQL =>
  sql`EXISTS (SELECT 1 FROM role admitting
    JOIN role_permission ON role_permission.role_id = admitting.id
      AND ${inList(sql`role_permission.permission`, ADMITTING_PERMISSIONS)}
    WHERE admitting.id = ${roleId} AND admitting.scope = 'ORGANIZATION')`;

/**
 * Returns an expression: the viewer ends, and whoever has the role with this id could let others in afterwards. It is
 * false for a viewer without an end.
 */
export const outlastsBy = ({ expiresAt }: Viewer, roleId: SQL): SQL =>
  expiresAt === null ? sql`FALSE` : admitsOthers(roleId);

/** Returns the error for a key that would let in a team member who can let in others. */
export const outlastsError = (): ForbiddenError =>
  ForbiddenError.outOfReach('This API key expires: it lets nobody into the team who could let in others.');

/**
 * Checks, for a viewer who ends, that nobody is let in with a role by which they could let in others. `condition` says
 * whether somebody is let in at all.
 * @throws ForbiddenError
 */
export function outlastsNobody(viewer: Viewer, roleId: SQL, condition: SQL = sql`TRUE`): Check<unknown>[] {
  if (viewer.expiresAt === null) return [];
  return [{ problem: sql`iif(${condition} AND ${outlastsBy(viewer, roleId)}, 'lasting', NULL)`, error: outlastsError }];
}

/** Returns the role that a user has in the organization or a customer, as an expression; NULL without one. */
export const ownRoleOf = (userId: SQL): SQL =>
  sql`(SELECT standing.role_id FROM user standing WHERE standing.id = ${userId})`;
