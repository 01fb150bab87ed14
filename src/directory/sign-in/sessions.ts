import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sessions } from '../../db/schema/sign-in.ts';
import { sql } from '../../db/sql.ts';
import { insertWhen, parseJsonList, select, write } from '../../db/statement.ts';
import type { AccessTokens, Content, Grant } from '../access/access-tokens.ts';
import type { AnonymousCaller } from '../access/anonymous-caller.ts';
import { type EventContext, recordEvent, wasRecorded } from '../commands/event-recording.ts';
import { AuthenticationError } from '../kernel/authentication-errors.ts';
import type { EventType } from '../kernel/event-types.ts';
import { creationTime, newId } from '../kernel/ids.ts';
import { otherwise, parse } from '../kernel/input.ts';
import { lazily } from '../kernel/lazily.ts';
import {
  contentOf,
  type EffectiveRoleReach,
  effectiveRoleIn,
  grantOf,
  MAY_GO_ON,
  MAY_SIGN_IN,
  roleForTokenIn,
} from './effective-role.ts';
import { firstRefreshToken, parseRefreshToken, type RefreshToken, successorOf } from './refresh-token.ts';

const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;
/** How long a session lasts without being refreshed: 30 days. */
export const MAX_IDLE_MILLISECONDS = 30 * DAY_MILLISECONDS;
/** How long a session lasts at most after the user signed in: 90 days, however often it is refreshed. */
export const MAX_AGE_MILLISECONDS = 90 * DAY_MILLISECONDS;

/**
 * For how long after it was replaced a refresh token is answered the one in its place again: an answer may be lost on the
 * way, and two tabs of a browser may send it at once.
 */
export const REPLACED_MILLISECONDS = 30 * 1000;

/** How many sessions a user has at most. One more ends the oldest. */
export const MAX_SESSIONS_OF_USER = 50;

/** How many characters are kept of a client's User-Agent header. */
export const MAX_USER_AGENT_LENGTH = 256;

/** What a client gets when a session is opened or refreshed: `content` is what its access token will say. */
export interface Admission {
  content: Content;
  refreshToken: string;
  sessionExpiresAt: Date;
}

/** Records an event for each session in `from`. Its subject is the user, and it names the session. */
export const recordSession = (
  context: EventContext,
  type: EventType & `session.${string}`,
  from: SQL,
  after = sql`json_object('sessionId', session.id)`,
): SQL => recordEvent(context, { type, subjectType: 'User', subjectId: sql`session.user_id`, after }, from);

/**
 * Why a session ends. PASSWORD_RESET: `resetPassword` in passwords.ts ends all sessions of the user. PASSWORD_CHANGED:
 * `changePassword` there ends all but the one that asks. TOO_MANY_SESSIONS: it was the oldest when one more was opened.
 */
type EndReason =
  | 'SIGNED_OUT'
  | 'REVOKED'
  | 'PASSWORD_RESET'
  | 'PASSWORD_CHANGED'
  | 'REFRESH_TOKEN_REUSED'
  | 'TOO_MANY_SESSIONS';

/**
 * Records that the sessions in `from` end. Sessions that end with something else, such as a role, have no event of
 * their own.
 */
export const recordEnd = (context: EventContext, reason: EndReason, from: SQL): SQL =>
  recordSession(context, 'session.ended', from, sql`json_object('sessionId', session.id, 'reason', ${reason})`);

/** Returns the write that keeps when a user last signed in. It changes no version, and is no event of its own. */
export const keepSignIn = (userId: string, at: Date, condition: SQL): SQL =>
  sql`UPDATE user SET last_signed_in_at = ${at.getTime()} WHERE id = ${userId} AND ${condition}`;

/** What a session is opened with. */
interface Opening {
  userAgent: string | null;
  effectiveRole: EffectiveRoleReach;
  /** Checks again, in the batch that opens the session, what was found before and may have changed since. */
  condition: SQL;
  /** More columns of the session, such as the issuer that began it. */
  columns?: Partial<typeof sessions.$inferInsert>;
}

interface Opened {
  writes: readonly SQL[];
  grant: Grant;
  refreshToken: string;
  sessionExpiresAt: Date;
}

/**
 * Returns the writes that open a session for a user who has proved who they are; null for a user without a role there.
 * They write nothing if the user has lost the role, or the right to sign in, by then. If the user has too many sessions
 * with it, the oldest ends.
 */
export function opening(
  context: EventContext,
  { userAgent, effectiveRole, condition, columns }: Opening,
): Opened | null {
  const id = newId();
  const grant = grantOf(id, effectiveRole);
  if (grant === null) return null;
  const { token, familyHash, hash } = firstRefreshToken(id);
  const createdAt = creationTime(id);
  const expiresAt = new Date(createdAt.getTime() + MAX_IDLE_MILLISECONDS);
  const { roleId } = effectiveRoleIn(sql`${grant.tenantId}`);
  const stillMay = sql`EXISTS (SELECT 1 FROM user
    WHERE user.id = ${grant.userId} AND ${MAY_SIGN_IN} AND ${roleId} IS NOT NULL)`;
  const type = 'session.created';
  return {
    writes: [
      recordEvent(
        context,
        {
          type,
          subjectType: 'User',
          subjectId: sql`${grant.userId}`,
          after: sql`json_object('sessionId', ${id})`,
        },
        sql`WHERE ${stillMay} AND ${condition}`,
      ),
      insertWhen(
        sessions,
        {
          ...columns,
          id,
          userId: grant.userId,
          tenantId: grant.tenantId,
          familyHash,
          refreshHash: hash,
          userAgent: userAgent?.slice(0, MAX_USER_AGENT_LENGTH) ?? null,
          createdAt,
          refreshedAt: createdAt,
          expiresAt,
        },
        wasRecorded(context, type),
      ),
      keepSignIn(grant.userId, createdAt, wasRecorded(context, type)),
      ...endOldest(context, grant, wasRecorded(context, type)),
    ],
    grant,
    refreshToken: token,
    sessionExpiresAt: expiresAt,
  };
}

/** Returns what a client gets whose session was opened. Its permissions of the product are a JSON array of names. */
export const admissionOf = (
  { grant, refreshToken, sessionExpiresAt }: Opened,
  productPermissions: string,
): Admission => ({
  content: { ...grant, productPermissions: parseJsonList(productPermissions) },
  refreshToken,
  sessionExpiresAt,
});

/** Ends the oldest of a user's sessions, beside the one given, if the user has more than may be. Ids sort by age. */
function endOldest(context: EventContext, { userId, sessionId }: Grant, condition: SQL): SQL[] {
  const tooOld = sql`session.id IN (SELECT id FROM session
    WHERE user_id = ${userId} AND id <> ${sessionId} AND expires_at > ${context.at.getTime()}
    ORDER BY id DESC LIMIT -1 OFFSET ${MAX_SESSIONS_OF_USER - 1}) AND ${condition}`;
  return [
    recordEnd(context, 'TOO_MANY_SESSIONS', sql`FROM session WHERE ${tooOld}`),
    sql`DELETE FROM session WHERE ${tooOld}`,
  ];
}

const refreshInput = lazily(() => z.object({ refreshToken: z.string({ error: otherwise('must be a string') }) }));

/** Over the columns of `session`: its user may go on and has a role there. If not, the refresh token is not used up. */
const GOES_ON = sql`EXISTS (SELECT 1 FROM user
  WHERE user.id = session.user_id AND ${MAY_GO_ON} AND ${effectiveRoleIn(sql`session.tenant_id`).roleId} IS NOT NULL)`;

/** Reads the session with this refresh token and its effective role, as long as the session may go on. */
const sessionWith = ({ sessionId, hash }: RefreshToken, now: Date) =>
  select(
    { ...roleForTokenIn(sql`session.tenant_id`), expiresAt: sessions.expiresAt },
    sql`FROM session JOIN user ON user.id = session.user_id AND ${MAY_GO_ON}
      WHERE session.id = ${sessionId} AND session.refresh_hash = ${hash} AND session.expires_at > ${now.getTime()}`,
  );

/**
 * Exchanges a refresh token for the next one. Whoever shows the token that was replaced last, and within 30 seconds, gets the
 * one in its place again. If it is shown later, or one that is older still, one of two users of the session is a thief, and
 * the session ends for both.
 * @throws AuthenticationError for a token that is not good, ValidationError for what is no string.
 */
export async function refreshSession(
  { db, now }: Pick<AnonymousCaller, 'db' | 'now'>,
  input: unknown,
  { keyedHash }: Pick<AccessTokens, 'keyedHash'>,
): Promise<Admission> {
  const { refreshToken } = parse(refreshInput, input);
  const used = parseRefreshToken(refreshToken);
  if (used === null) throw new AuthenticationError();
  const next = successorOf(used, keyedHash);
  const context: EventContext = { id: newId(), at: now, viewer: { actor: { type: 'SYSTEM', id: null } } };
  const ofFamily = sql`session.id = ${used.sessionId} AND session.family_hash = ${used.familyHash}`;
  const wasJustReplaced = sql`(session.refresh_hash = ${next.hash}
    AND session.refreshed_at >= ${now.getTime() - REPLACED_MILLISECONDS})`;
  const isReused = sql`${ofFamily} AND session.refresh_hash <> ${used.hash} AND NOT ${wasJustReplaced}`;
  const { session } = await db.batch({
    refreshed: write(sql`UPDATE session SET refresh_hash = ${next.hash}, refreshed_at = ${now.getTime()},
        expires_at = min(${now.getTime() + MAX_IDLE_MILLISECONDS}, created_at + ${MAX_AGE_MILLISECONDS})
      WHERE ${ofFamily} AND refresh_hash = ${used.hash} AND expires_at > ${now.getTime()} AND ${GOES_ON}`),
    reuse: write(recordEnd(context, 'REFRESH_TOKEN_REUSED', sql`FROM session WHERE ${isReused}`)),
    ended: write(sql`DELETE FROM session WHERE ${isReused}`),
    session: sessionWith(next, now),
  });
  const [effectiveRole] = session;
  const content = effectiveRole && contentOf(used.sessionId, effectiveRole);
  if (!effectiveRole || !content) throw new AuthenticationError();
  return { content, refreshToken: next.token, sessionExpiresAt: effectiveRole.expiresAt };
}
