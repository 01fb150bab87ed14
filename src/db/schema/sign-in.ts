import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { ACTOR_TYPES, id, timestamp } from './columns.ts';

/**
 * The password hashes of users. The trigger `access_follows_email` deletes a password when the e-mail address changes.
 */
export const passwords = sqliteTable('password', {
  userId: text('user_id').primaryKey(),
  hash: text('hash').notNull(),
  changedAt: timestamp('changed_at').notNull(),
});

/**
 * The outbox of mails with a link, at most one of each purpose for a user. A link to a new password may be good beside
 * the one that was mailed before. The triggers `access_ends_with_user` and
 * `access_follows_email` delete or renew links.
 */
export const mailedLinks = sqliteTable(
  'mailed_link',
  {
    userId: text('user_id').notNull(),
    purpose: text('purpose', { enum: ['INVITATION', 'PASSWORD_RESET'] }).notNull(),
    /** The SHA-256 of the token in the last mail; null until the first attempt to send one. */
    tokenHash: text('token_hash'),
    createdAt: timestamp('created_at').notNull(),
    expiresAt: timestamp('expires_at').notNull(),
    /** When the mail is sent or tried again; null once it was sent, or will not be tried again. */
    dueAt: timestamp('due_at'),
    /** How many times the mail was tried. */
    attempts: integer('attempts').notNull(),
    sentAt: timestamp('sent_at'),
    lastError: text('last_error'),
    /** The SHA-256 of the token that was mailed before the last one and is still good; null if there is none. */
    earlierHash: text('earlier_hash'),
    earlierExpiresAt: timestamp('earlier_expires_at'),
    /** The SHA-256 of the token of the shareable invitation; null if there is none. */
    shareableHash: text('handed_hash'),
    /**
     * The permissions and tenants that the user had then, as JSON. The shareable invitation is valid only while they
     * stay.
     */
    shareableAccess: text('handed_standing'),
    /** When the API key that got the shareable invitation ends; null if it does not, or a user got it. */
    shareableExpiresAt: timestamp('handed_expires_at'),
    /** Who invited last; null where that is not known. */
    invitedByType: text('invited_by_type', { enum: ACTOR_TYPES }),
    invitedById: text('invited_by_id'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.purpose] })],
);

/**
 * Where users are signed in. A session that ends is deleted: by a command, by cron once it has expired, or by the
 * triggers `access_ends_with_user`, `access_follows_email`, `session_ends_with_assignment` and
 * `session_ends_with_tenant`.
 */
export const sessions = sqliteTable('session', {
  id: id(),
  userId: text('user_id').notNull(),
  /** The tenant that the session reaches; null if it reaches what the user's own role does. */
  tenantId: text('tenant_id'),
  /** The trusted issuer whose token began the session; null if the user signed in with a password. */
  issuerId: text('issuer_id'),
  /** The SHA-256 of what all refresh tokens of the session share: it tells a reused one from an invented one. */
  familyHash: text('family_hash').notNull(),
  /** The SHA-256 of the newest refresh token. */
  refreshHash: text('refresh_hash').notNull(),
  userAgent: text('user_agent'),
  createdAt: timestamp('created_at').notNull(),
  refreshedAt: timestamp('refreshed_at').notNull(),
  expiresAt: timestamp('expires_at').notNull(),
});

/**
 * The counters of rate limits: how many times something was tried since the window began. `key` is a SHA-256, or two:
 * of what is tried, and of the network that it is tried from.
 */
export const rateLimits = sqliteTable('attempt', {
  key: text('key').primaryKey(),
  count: integer('count').notNull(),
  since: timestamp('since').notNull(),
});
