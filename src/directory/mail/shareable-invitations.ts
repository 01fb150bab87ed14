import { type SQL, sql } from 'drizzle-orm';
import { type CommandContext, isAllowed } from '../commands/command.ts';
import { recordEvent, recordedSubjects } from '../commands/event-recording.ts';
import { holdsUser, permissionsOfUser } from '../commands/grant-guard.ts';
import type { EventType } from '../kernel/event-types.ts';
import type { LinkPurpose } from '../kernel/link-purposes.ts';
import { sha256 } from '../kernel/secrets.ts';
import { MAY_BE_INVITED, newLinkToken } from './mailed-links.ts';

/** Over the columns of `user`: all that the user may do, and where. Whoever holds as much gains nothing by the account. */
const STANDING = sql`(SELECT json_group_array(part) FROM (
  SELECT user.kind AS part
  UNION ALL SELECT permission FROM (SELECT DISTINCT permission FROM (${permissionsOfUser(sql`user.id`)}) ORDER BY 1)
  UNION ALL SELECT tenant_id FROM (SELECT tenant_id FROM assignment WHERE assignment.user_id = user.id ORDER BY 1)))`;

/** Over the columns of `mailed_link` and `user`: this is the link that was handed out, and the user is as it was then. */
const isHandedLink = (tokenHash: string): SQL =>
  sql`(mailed_link.handed_hash = ${tokenHash} AND mailed_link.handed_standing = ${STANDING})`;

const TYPE: EventType = 'user.linkHandedOut';

/** A link to hand out to the caller of a command, beside the mail that it leaves to be sent. */
export interface ShareableInvitation {
  /** Comes last: the user has by then what the command gives. `invited` is a condition over the columns of `user`. */
  writes(invited: SQL): SQL[];
  /** The token, if it was handed out. */
  token(recorded: ReadonlySet<EventType>): string | null;
}

/**
 * Hands out a link by which the user with an open invitation joins, as by the one that is mailed. It lets the caller in as
 * the user: only who holds all that the user does gets any, and nobody if there is something to sign in with already.
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
        sql`FROM user WHERE ${invited} AND ${MAY_BE_INVITED} AND ${mayHave}`,
      ),
      sql`UPDATE mailed_link SET handed_hash = ${sha256(token)},
          handed_standing = (SELECT ${STANDING} FROM user WHERE user.id = mailed_link.user_id)
        WHERE purpose = 'INVITATION' AND user_id IN ${recordedSubjects(context, TYPE)}`,
    ],
    token: (recorded) => (recorded.has(TYPE) ? token : null),
  };
}

/** The user whom an unused link of this purpose is for, as a FROM clause over `user`. */
export const userOfLink = (purpose: LinkPurpose, tokenHash: string, now: Date): SQL =>
  sql`FROM mailed_link JOIN user ON user.id = mailed_link.user_id AND user.deleted = 0 AND user.status <> 'DEACTIVATED'
    WHERE (mailed_link.token_hash = ${tokenHash} OR ${isHandedLink(tokenHash)}) AND mailed_link.purpose = ${purpose}
      AND mailed_link.expires_at > ${now.getTime()}`;

/** Ends it, and the other that may be there beside it. */
export const useUpLink = (tokenHash: string, condition: SQL): SQL =>
  sql`DELETE FROM mailed_link WHERE (token_hash = ${tokenHash} OR handed_hash = ${tokenHash}) AND ${condition}`;
