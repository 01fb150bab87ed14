import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import type { Actor } from '../access/actor.ts';
import type { EventContext } from '../commands/event-recording.ts';
import type { LinkPurpose } from '../kernel/link-purposes.ts';
import { newSecret, sha256, verifyChecksum, withChecksum } from '../kernel/secrets.ts';

const HOUR_MILLISECONDS = 60 * 60 * 1000;
/**
 * How long a link is good after it was mailed: an invitation for seven days, a link to a new password for one hour. The
 * trigger `access_follows_email` repeats the seven days, and a test compares the two.
 */
export const LIFETIME_MILLISECONDS: Record<LinkPurpose, number> = {
  INVITATION: 7 * 24 * HOUR_MILLISECONDS,
  PASSWORD_RESET: HOUR_MILLISECONDS,
};

/** For how long after it was mailed a link to a new password is fresh: another request ends only older ones. */
export const FRESH_MILLISECONDS = 15 * 60 * 1000;

const PREFIX = 'tenantry-link';

/** Returns a new token for a link. Only its hash is kept. */
export const newLinkToken = (): string => withChecksum(`${PREFIX}_${newSecret()}`);

/** Returns the hash that the token of a link is kept as; null for a text that cannot be such a token. */
export const hashOfLinkToken = (token: string): string | null =>
  verifyChecksum(token)?.startsWith(`${PREFIX}_`) ? sha256(token) : null;

/**
 * Gives each user in `from` a link of this purpose, which is due to be mailed at once, in the place of the last one. `by` is
 * who invites; nobody for a link that anybody may ask for.
 * `rest` follows what becomes of that, as a list of columns that are set.
 */
function requestLinks(purpose: LinkPurpose, now: Date, by: Partial<Actor>, from: SQL, rest: SQL): SQL {
  const at = now.getTime();
  return sql`INSERT INTO mailed_link (user_id, purpose, created_at, expires_at, due_at, invited_by_type, invited_by_id)
    SELECT user.id, ${purpose}, ${at}, ${at + LIFETIME_MILLISECONDS[purpose]}, ${at}, ${by.type ?? null}, ${by.id ?? null} ${from}
    ON CONFLICT (user_id, purpose) DO UPDATE SET token_hash = NULL, created_at = excluded.created_at,
      expires_at = excluded.expires_at, due_at = excluded.due_at, attempts = 0, sent_at = NULL, last_error = NULL,
      invited_by_type = excluded.invited_by_type, invited_by_id = excluded.invited_by_id, ${rest}`;
}

/**
 * Invites each user in `from` by a link, which is due to be mailed at once, and keeps who invited. The invitation that the
 * user got before, by mail or shared, stops working.
 */
export const requestInvitations = ({ at, viewer }: EventContext, from: SQL): SQL =>
  requestLinks(
    'INVITATION',
    at,
    viewer.actor,
    from,
    sql`handed_hash = NULL, handed_standing = NULL, handed_expires_at = NULL`,
  );

/**
 * Gives the user in `from` a link to a new password, which is due to be mailed at once. Anybody may ask for it, so it
 * ends no link that is still fresh. Nothing happens while two are, or while the last one has yet to be mailed: so
 * nobody is flooded, either.
 */
export function requestPasswordLink(now: Date, from: SQL): SQL {
  // Since when a link lasts is since when it was mailed.
  const isFresh = (expiresAt: SQL) =>
    sql`COALESCE(${expiresAt}, 0) > ${now.getTime() - FRESH_MILLISECONDS + LIFETIME_MILLISECONDS.PASSWORD_RESET}`;
  const [lastIsFresh, earlierIsFresh] = [isFresh(sql`expires_at`), isFresh(sql`earlier_expires_at`)];
  return requestLinks(
    'PASSWORD_RESET',
    now,
    {},
    from,
    sql`earlier_hash = iif(${lastIsFresh}, token_hash, NULL), earlier_expires_at = iif(${lastIsFresh}, expires_at, NULL)
      WHERE token_hash IS NOT NULL AND NOT (${lastIsFresh} AND ${earlierIsFresh})`,
  );
}

/** Over the columns of `user`: may be invited, because the user has no password yet and is not deactivated. */
export const MAY_BE_INVITED = sql`(user.deleted = 0 AND user.status <> 'DEACTIVATED'
  AND NOT EXISTS (SELECT 1 FROM password WHERE password.user_id = user.id))`;

/** Over the columns of `user`: may be invited, and has no invitation that is about to be mailed or still good. */
export const waitsForInvitation = (now: Date): SQL => sql`(${MAY_BE_INVITED} AND NOT EXISTS (SELECT 1 FROM mailed_link
  WHERE mailed_link.user_id = user.id AND mailed_link.purpose = 'INVITATION'
    AND (mailed_link.due_at IS NOT NULL OR mailed_link.expires_at > ${now.getTime()})))`;

/**
 * Over the columns of `user`, who gets this status: another e-mail address is sent an invitation, because the one before had an
 * invitation or a password (trigger `access_follows_email`).
 */
export const isInvitedAnew = (status: SQL): SQL => sql`(EXISTS (SELECT 1 FROM mailed_link
    WHERE mailed_link.user_id = user.id AND mailed_link.purpose = 'INVITATION' AND ${status} <> 'DEACTIVATED')
  OR ${status} <> 'DEACTIVATED' AND EXISTS (SELECT 1 FROM password WHERE password.user_id = user.id))`;
