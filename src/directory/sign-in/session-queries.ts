import { getTableColumns, type SQL } from 'drizzle-orm';
import { columnsAs } from '../../db/alias.ts';
import { sessions } from '../../db/schema/sign-in.ts';
import { type RecordStatement, selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { allOf, inList, type RowOf, type Several, selection } from '../../db/statement.ts';
import { userInReach, userWhollyInReach } from '../access/reach.ts';
import { type Caller, requirePermissions, type Viewer } from '../access/viewer.ts';
import { ForbiddenError } from '../kernel/errors.ts';
import type { Connection, NestedConnection } from '../lists/connection.ts';
import { type Found, foundWhere } from '../lists/found.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { connectionOfList, nestedConnectionOfList } from '../lists/simple-list.ts';

const { familyHash: _familyHash, refreshHash: _refreshHash, ...fields } = getTableColumns(sessions);

/** A session as every API shows it: never its tokens. */
export interface SessionRecord extends RowOf<typeof fields> {}

const SELECTION = selection(fields);

const RECORDS = { selection: SELECTION, fields, from: sql`session`, id: sessions.id };

/** Returns a statement that reads sessions: those that `rest` asks for, which follows FROM. */
export const sessionRows = (rest: SQL): RecordStatement<SessionRecord> => selectingRecords(RECORDS, rest);

const isLive = (expiresAt: SQL): SQL => sql`${expiresAt} > ${Date.now()}`;

/** Returns the condition that a user is the viewer. A key is no user, and has no session of its own. */
export const isOwn = ({ actor }: Viewer, userId: SQL): SQL =>
  actor.type === 'USER' ? sql`${userId} = ${actor.id}` : sql`FALSE`;

/**
 * Returns the viewer's own session.
 * @throws ForbiddenError for a key, which has none.
 */
export function ownSession({ actor, session }: Viewer) {
  if (actor.type !== 'USER' || session === null) throw ForbiddenError.notSignedIn();
  return { userId: actor.id, sessionId: session.id, tokenExpiresAt: session.tokenExpiresAt };
}

/**
 * Returns the condition that a user's sessions are in reach. Those of the viewer are. So are, with `user:edit`, those
 * of a user who reaches nothing that the viewer does not.
 */
function sessionInReach(viewer: Viewer, userId: SQL): SQL {
  const { reach, permissions } = viewer;
  const isOther = permissions.has('user:edit')
    ? sql`(${userInReach(reach, userId)} AND ${userWhollyInReach(reach, userId)})`
    : sql`FALSE`;
  return sql`(${isOwn(viewer, userId)} OR ${isOther})`;
}

const inReach = (viewer: Viewer): SQL =>
  allOf([sessionInReach(viewer, sql`session.user_id`), isLive(sql`session.expires_at`)]);

/** Returns the condition that a session has this id, goes on and is in reach. */
export const sessionWithId = (viewer: Viewer, id: string | SQL): SQL => sql`session.id = ${id} AND ${inReach(viewer)}`;

/** Returns the sessions in reach among these that go on, in no particular order. */
export const sessionsByIds = ({ db, viewer }: Caller, ids: Several): Found<SessionRecord> =>
  foundWhere(db, RECORDS, sql`${inList(sessions.id, ids)} AND ${inReach(viewer)}`);

const scanned = columnsAs(sessions, 'scanned');

/**
 * Lists the sessions of a user that go on, the oldest first; those of the viewer if no user is given.
 *
 * @throws ForbiddenError if the user is not the viewer, who lacks `user:edit`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listSessions(
  { db, viewer }: Caller,
  userId: string | null,
  page: PageArguments,
): Connection<SessionRecord> {
  const own = viewer.actor.type === 'USER' ? viewer.actor.id : null;
  if (userId !== null && userId !== own) requirePermissions(viewer, ['user:edit']);
  return connectionOfList(db, page, {
    name: 'sessions',
    records: RECORDS,
    scan: {
      from: sql`session scanned`,
      id: scanned.id,
      partitions: [{ column: scanned.userId, values: [userId ?? own] }],
      where: [sessionInReach(viewer, sql`scanned.user_id`), isLive(sql`scanned.expires_at`)],
    },
  });
}

/**
 * Lists the sessions of each of these users that go on, the oldest first: the viewer's own, and those of users who reach
 * nothing that the viewer does not. Without `user:edit` it has the viewer's own only, and whoever shows it refuses the rest
 * by `requireUnlessOwn`.
 *
 * @throws ForbiddenError if the viewer is a key and lacks `user:edit`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listSessionsOfUsers(
  { db, viewer }: Caller,
  userIds: Several,
  page: PageArguments,
): NestedConnection<SessionRecord> {
  if (viewer.actor.type !== 'USER') requirePermissions(viewer, ['user:edit']);
  return nestedConnectionOfList(db, page, {
    name: 'User.sessions',
    records: RECORDS,
    parents: { column: scanned.userId, values: userIds },
    scan: {
      from: sql`session scanned`,
      id: scanned.id,
      where: [sessionInReach(viewer, sql`scanned.user_id`), isLive(sql`scanned.expires_at`)],
    },
  });
}
