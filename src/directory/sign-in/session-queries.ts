import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { sessions } from '../../db/schema/sign-in.ts';
import { allOf, inList, type RowOf, type Statement, select, selection } from '../../db/statement.ts';
import { userInReach, userWhollyInReach } from '../access/reach.ts';
import { type Caller, requirePermissions, type Viewer } from '../access/viewer.ts';
import { type Connection, connectionOf } from '../lists/connection.ts';
import { BY_CREATION } from '../lists/entity-filter.ts';
import type { IndexScan } from '../lists/index-scan.ts';
import { type PageArguments, parsePageArguments } from '../lists/page-arguments.ts';

const { familyHash: _familyHash, refreshHash: _refreshHash, ...fields } = getTableColumns(sessions);

/** A session, without the hashes of its tokens. */
export interface SessionRecord extends RowOf<typeof fields> {}

/** Reads sessions; `rest` are the clauses after `FROM session`. */
export const sessionRows = (rest: SQL): Statement<SessionRecord> => select(fields, sql`FROM session ${rest}`);

const isLive = (expiresAt: SQL): SQL => sql`${expiresAt} > ${Date.now()}`;

/** An expression: the viewer is the user with this id. A key never is. */
export const isOwn = ({ actor }: Viewer, userId: SQL): SQL =>
  actor.type === 'USER' ? sql`${userId} = ${actor.id}` : sql`FALSE`;

/**
 * Whether a session of this user is in reach. That is the viewer's own or, with `user:edit`, that of a user who reaches
 * nothing beyond the viewer's reach.
 */
export function sessionInReach(viewer: Viewer, userId: SQL): SQL {
  const { reach, permissions } = viewer;
  const isOther = permissions.has('user:edit')
    ? sql`(${userInReach(reach, userId)} AND ${userWhollyInReach(reach, userId)})`
    : sql`FALSE`;
  return sql`(${isOwn(viewer, userId)} OR ${isOther})`;
}

const inReach = (viewer: Viewer): SQL =>
  allOf([sessionInReach(viewer, sql`session.user_id`), isLive(sql`session.expires_at`)]);

/** A condition over `session`: the session has this id, has not expired, and is in reach. */
export const sessionWithId = (viewer: Viewer, id: string): SQL => sql`session.id = ${id} AND ${inReach(viewer)}`;

/** Returns the sessions with these ids that are in reach and have not expired, in no particular order. */
export const sessionsByIds = async ({ db, viewer }: Caller, ids: readonly string[]): Promise<SessionRecord[]> =>
  db.read(sessionRows(sql`WHERE ${inList(sessions.id, ids)} AND ${inReach(viewer)}`));

const scanned = alias(sessions, 'scanned');

/**
 * Lists the sessions of a user, the oldest first; of the viewer, if `userId` is null.
 * @throws ForbiddenError for another user's sessions without `user:edit`, ValidationError for a wrong page.
 */
export function listSessions(
  { db, viewer }: Caller,
  userId: string | null,
  page: PageArguments,
): Connection<SessionRecord> {
  const own = viewer.actor.type === 'USER' ? viewer.actor.id : null;
  if (userId !== null && userId !== own) requirePermissions(viewer, ['user:edit']);
  const scan: IndexScan = {
    from: sql`session scanned`,
    id: scanned.id,
    sort: null,
    partitions: [{ column: scanned.userId, values: [userId ?? own] }],
    where: [sessionInReach(viewer, sql`scanned.user_id`), isLive(sql`scanned.expires_at`)],
  };
  const target = { selection: selection(fields), from: sql`session`, id: sessions.id, sort: null };
  return connectionOf(db, target, scan, parsePageArguments(page, BY_CREATION, 'sessions'), () => null);
}
