import { columnsAs } from '../../db/alias.ts';
import { mailedLinks } from '../../db/schema/sign-in.ts';
import { tenantRoles } from '../../db/schema/tenant-roles.ts';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { inList, type RowOf, type Several, selection } from '../../db/statement.ts';
import { type Reach, userInReach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import type { Connection } from '../lists/connection.ts';
import { type Found, foundWhere } from '../lists/found.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { connectionOfList, type SimpleScan } from '../lists/simple-list.ts';

const fields = {
  /** The id of the user: nobody has two invitations at once. */
  id: mailedLinks.userId,
  invitedByType: mailedLinks.invitedByType,
  invitedById: mailedLinks.invitedById,
  createdAt: mailedLinks.createdAt,
  sentAt: mailedLinks.sentAt,
  expiresAt: mailedLinks.expiresAt,
  dueAt: mailedLinks.dueAt,
  lastError: mailedLinks.lastError,
};

/** An invitation that has not been accepted yet. It stays after it has expired. */
export interface InvitationRecord extends RowOf<typeof fields> {}

const RECORDS = {
  selection: selection(fields),
  fields,
  from: sql`(SELECT * FROM mailed_link WHERE purpose = 'INVITATION') mailed_link`,
  id: mailedLinks.userId,
};

/** Returns whether no link of an invitation is good any more, and no mail with another one is on its way. */
export const hasExpired = ({ dueAt, expiresAt }: Pick<InvitationRecord, 'dueAt' | 'expiresAt'>): boolean =>
  dueAt === null && expiresAt.getTime() <= Date.now();

/**
 * Returns the open invitations of these users, as far as they are in reach. The id of an invitation is that of its user.
 * @throws ForbiddenError without the permission `user:read`.
 */
export function invitationsByIds({ db, viewer }: Caller, userIds: Several): Found<InvitationRecord> {
  requirePermissions(viewer, ['user:read']);
  return foundWhere(
    db,
    RECORDS,
    sql`${inList(mailedLinks.userId, userIds)} AND ${userInReach(viewer.reach, mailedLinks.userId)}`,
  );
}

const invitation = columnsAs(mailedLinks, 'scanned');
const tenantRole = columnsAs(tenantRoles, 'scanned');
const user = columnsAs(users, 'scanned');

/** Whoever is deactivated has no invitation. */
const INVITED_STATUSES = ['INVITED', 'ACTIVE'];

/**
 * Returns where the invitations in reach are scanned: all of them, or those of the users who have a role in a tenant in reach
 * or belong to the customer in reach. These users are all looked through, by their status.
 */
function invitationsInReach(reach: Reach): SimpleScan {
  if (reach.kind === 'ORGANIZATION') {
    return { from: sql`mailed_link scanned`, id: invitation.userId, where: [sql`scanned.purpose = 'INVITATION'`] };
  }
  if (reach.kind === 'CUSTOMER') {
    return {
      from: sql`user scanned CROSS JOIN mailed_link open ON open.user_id = scanned.id AND open.purpose = 'INVITATION'`,
      id: user.id,
      partitions: [
        { column: user.customerId, values: [reach.customerId] },
        { column: user.deleted, values: [0] },
        { column: user.status, values: INVITED_STATUSES },
      ],
      where: [],
    };
  }
  return {
    from: sql`assignment scanned CROSS JOIN mailed_link open ON open.user_id = scanned.user_id
      AND open.purpose = 'INVITATION'`,
    id: tenantRole.userId,
    partitions: [
      { column: tenantRole.tenantId, values: reach.tenantIds, overlapping: true },
      { column: tenantRole.userDeleted, values: [0] },
      { column: tenantRole.userStatus, values: INVITED_STATUSES },
    ],
    where: [],
  };
}

/**
 * Lists the open invitations of users in reach, in the order in which the users were created.
 *
 * @throws ForbiddenError without the permission `user:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listInvitations({ db, viewer }: Caller, page: PageArguments): Connection<InvitationRecord> {
  requirePermissions(viewer, ['user:read']);
  return connectionOfList(db, page, {
    name: 'invitations',
    records: RECORDS,
    scan: invitationsInReach(viewer.reach),
  });
}
