import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { sessions } from '../../db/schema/sign-in.ts';
import { allOf, inList, type RowOf, type Statement, select, selection } from '../../db/statement.ts';
import { userInReach, userWhollyInReach } from '../access/reach.ts';
import { type Caller, requirePermissions, type Viewer } from '../access/viewer.ts';
import type { Connection } from '../lists/connection.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { connectionOfList } from '../lists/simple-list.ts';

const { familyHash: _familyHash, refreshHash: _refreshHash, ...fields } = getTableColumns(sessions);

export interface SessionRecord extends RowOf<typeof fields> {}

export const sessionRows = (rest: SQL): Statement<SessionRecord> => select(fields, sql`FROM session ${rest}`);

const isLive = (expiresAt: SQL): SQL => sql`${expiresAt} > ${Date.now()}`;

/** Whether these are the viewer's own. A key has none. */
export const isOwn = ({ actor }: Viewer, userId: SQL): SQL =>
  actor.type === 'USER' ? sql`${userId} = ${actor.id}` : sql`FALSE`;

/** A session is in reach when it is the viewer's own, or that of a user who reaches nothing that the viewer does not. */
export function sessionInReach(viewer: Viewer, userId: SQL): SQL {
  const { reach, permissions } = viewer;
  const isOther = permissions.has('user:edit')
    ? sql`(${userInReach(reach, userId)} AND ${userWhollyInReach(reach, userId)})`
    : sql`FALSE`;
  return sql`(${isOwn(viewer, userId)} OR ${isOther})`;
}

const inReach = (viewer: Viewer): SQL =>
  allOf([sessionInReach(viewer, sql`session.user_id`), isLive(sql`session.expires_at`)]);

/** The session with this id, as long as it goes on and is in reach: a condition. */
export const sessionWithId = (viewer: Viewer, id: string): SQL => sql`session.id = ${id} AND ${inReach(viewer)}`;

/** The sessions in reach among these that go on, in no particular order. */
export const sessionsByIds = async ({ db, viewer }: Caller, ids: readonly string[]): Promise<SessionRecord[]> =>
  db.read(sessionRows(sql`WHERE ${inList(sessions.id, ids)} AND ${inReach(viewer)}`));

const scanned = alias(sessions, 'scanned');

/** Where a user is signed in, the oldest first: the viewer, or, with `user:edit`, another. */
export function listSessions(
  { db, viewer }: Caller,
  userId: string | null,
  page: PageArguments,
): Connection<SessionRecord> {
  const own = viewer.actor.type === 'USER' ? viewer.actor.id : null;
  if (userId !== null && userId !== own) requirePermissions(viewer, ['user:edit']);
  return connectionOfList(db, page, {
    name: 'sessions',
    records: { selection: selection(fields), from: sql`session`, id: sessions.id },
    scan: {
      from: sql`session scanned`,
      id: scanned.id,
      partitions: [{ column: scanned.userId, values: [userId ?? own] }],
      where: [sessionInReach(viewer, sql`scanned.user_id`), isLive(sql`scanned.expires_at`)],
    },
  });
}
