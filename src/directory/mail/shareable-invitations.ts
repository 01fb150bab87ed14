import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { isAllowed } from '../commands/checks.ts';
import type { CommandContext } from '../commands/command.ts';
import { recordEvent, recordedSubjects } from '../commands/event-recording.ts';
import { outlastsBy } from '../guards/expiry-guard.ts';
import { holdsUser, permissionsOfUser } from '../guards/grant-guard.ts';
import type { EventType } from '../kernel/event-types.ts';
import type { LinkPurpose } from '../kernel/link-purposes.ts';
import { sha256 } from '../kernel/secrets.ts';
import { MAY_BE_INVITED, newLinkToken } from './mailed-links.ts';

/**
 * Over the columns of `user`: everything the user may do, and where, as a JSON array. It is stored with a shared
 * link, which ends when it changes: the caller who got the link must not gain what the user is given later.
 */
const ACCESS_OF_USER = sql`(SELECT json_group_array(part) FROM (
  SELECT user.kind AS part
  UNION ALL SELECT permission FROM (SELECT DISTINCT permission FROM (${permissionsOfUser(sql`user.id`)}) ORDER BY 1)
  UNION ALL SELECT tenant_id FROM (SELECT tenant_id FROM assignment WHERE assignment.user_id = user.id ORDER BY 1)))`;

/**
 * Over the columns of `mailed_link` and `user`: this link was shared, the caller who got it has not ended since, and the
 * user may do now what the user might then.
 */
const isShareableLink = (tokenHash: string, now: Date): SQL =>
  sql`(mailed_link.handed_hash = ${tokenHash} AND mailed_link.handed_standing = ${ACCESS_OF_USER}
    AND (mailed_link.handed_expires_at IS NULL OR mailed_link.handed_expires_at > ${now.getTime()}))`;

const TYPE: EventType = 'user.linkHandedOut';

/** A link that the caller of a command gets, to share with the user. The invitation is mailed all the same. */
export interface ShareableInvitation {
  /**
   * Returns the writes, which have to come last, when the user has everything that the command gives. `invited` is a
   * condition over the columns of `user`.
   */
  writes(invited: SQL): SQL[];
  /** Returns the token of the link, which is shown once; null if the caller did not get one. */
  token(recorded: ReadonlySet<EventType>): string | null;
}

/**
 * Gives the caller a link by which an invited user can join, beside the one that is mailed. With it the caller could
 * sign in as the user. So only a caller who holds everything that the user does gets one, and only while the user has
 * no password. For an API key with an expiry, the link ends with the key at the latest.
 */
export function shareableInvitation(
  context: CommandContext,
  isWanted: boolean | null | undefined,
): ShareableInvitation {
  if (!isWanted) return { writes: () => [], token: () => null };
  const token = newLinkToken();
  const mayHave = isAllowed(holdsUser(context.viewer, sql`user.id`));
  return {
    writes: (invited) => [
      recordEvent(
        context,
        { type: TYPE, subjectType: 'User', subjectId: sql`user.id` },
        sql`FROM user WHERE ${invited} AND ${MAY_BE_INVITED} AND ${mayHave}
          AND NOT ${outlastsBy(context.viewer, sql`user.role_id`)}`,
      ),
      sql`UPDATE mailed_link SET handed_hash = ${sha256(token)}, handed_expires_at = ${context.viewer.expiresAt?.getTime() ?? null},
          handed_standing = (SELECT ${ACCESS_OF_USER} FROM user WHERE user.id = mailed_link.user_id)
        WHERE purpose = 'INVITATION' AND user_id IN ${recordedSubjects(context, TYPE)}`,
    ],
    token: (recorded) => (recorded.has(TYPE) && !context.isRepetition ? token : null),
  };
}

/**
 * The user who may use the link with this token now, as a FROM clause over `user`: mailed last, mailed before it, or
 * shared, and not expired.
 */
export const userOfLink = (purpose: LinkPurpose, tokenHash: string, now: Date): SQL =>
  sql`FROM mailed_link JOIN user ON user.id = mailed_link.user_id AND user.deleted = 0 AND user.status <> 'DEACTIVATED'
    WHERE (mailed_link.token_hash = ${tokenHash} OR mailed_link.earlier_hash = ${tokenHash} OR ${isShareableLink(tokenHash, now)})
      AND mailed_link.purpose = ${purpose}
      AND iif(mailed_link.earlier_hash = ${tokenHash}, mailed_link.earlier_expires_at, mailed_link.expires_at) > ${now.getTime()}`;

/** Deletes a link that was used, and every other of its purpose that the user has: mailed before it, or shared. */
export const useUpLink = (tokenHash: string, condition: SQL): SQL =>
  sql`DELETE FROM mailed_link
    WHERE (token_hash = ${tokenHash} OR earlier_hash = ${tokenHash} OR handed_hash = ${tokenHash}) AND ${condition}`;
