import type { Database } from '../../db/client.ts';
import { organizations } from '../../db/schema/organization.ts';
import { mailedLinks } from '../../db/schema/sign-in.ts';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { type Statement, select, write } from '../../db/statement.ts';
import { countAgainst, endOfWindow, isWithinLimits, mailLimitTo } from '../access/rate-limits.ts';
import { deliverable, keyOfEmail } from '../kernel/email-address.ts';
import type { LinkPurpose } from '../kernel/link-purposes.ts';
import { sha256 } from '../kernel/secrets.ts';
import { LIFETIME_MILLISECONDS, newLinkToken } from './mailed-links.ts';
import { MAIL_TEXTS } from './texts.ts';

/** A mail in plain text. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Sends mails for Tenantry, by whatever service the deployment has for it. */
export interface Mailer {
  /** Rejects when the service did not take the mail, and logs why. Null where there is no way out for mails. */
  send: ((mail: Mail) => Promise<void>) | null;
  /** Returns the URL of a link with this purpose and token; null when no page for it is known. */
  link(purpose: LinkPurpose, token: string): string | null;
}

/*
 * Why a mail was not sent, as who reads invitations may see it. What the mail service said about it may quote the mail,
 * so it is not kept.
 */
const NO_SENDER = 'No mail can be sent: EMAIL or MAIL_FROM is not set.';
const NO_PAGE = 'No mail can be sent: PUBLIC_URL is not set.';
/** What is kept of an error of the mail service, whatever it said. */
export const NOT_TAKEN = 'The mail service did not take the mail.';

const MAX_AT_ONCE = 20;
const MINUTE_MILLISECONDS = 60 * 1000;
const FIRST_BACKOFF_MINUTES = 5;
const MAX_BACKOFF_MINUTES = 6 * 60;

/** The mails that are due, to users who are not hidden, the longest due first. */
const due = (now: Date) =>
  select(
    {
      userId: mailedLinks.userId,
      purpose: mailedLinks.purpose,
      attempts: mailedLinks.attempts,
      email: users.email,
      name: users.name,
      organization: organizations.name,
    },
    sql`FROM mailed_link JOIN user ON user.id = mailed_link.user_id AND user.deleted = 0 JOIN organization
      WHERE mailed_link.due_at <= ${now.getTime()} ORDER BY mailed_link.due_at LIMIT ${MAX_AT_ONCE}`,
  );

type Due = ReturnType<ReturnType<typeof due>['decode']>;
/** One attempt to send a mail, with the token of its link. */
interface Attempt extends Due {
  token: string;
}

/**
 * Sends the mails that are due, at most 20 at a time. A mail that could not be sent is tried again after 5 minutes,
 * then after 10, 20 and so on, at most 6 hours apart. That ends when a link of its purpose would have expired.
 *
 * Each mail is claimed before it is sent, so that two runs at once do not send it twice. The claim fails if the
 * address has changed since it was read, or has got ten mails in 15 minutes. Then the mail is due when it may get one again.
 */
export async function sendDueMail(db: Database, mailer: Mailer, now: Date): Promise<void> {
  const { found } = await db.reads({ found: due(now) });
  if (found.length === 0) return;
  const attempts = found.map((row) => ({ ...row, token: newLinkToken() }));
  const { claims } = await db.batch({
    counts: attempts.map(({ email }) => countAgainst(mailLimitTo(keyOfEmail(email)), now)),
    claims: attempts.map((attempt) => claim(attempt, now)),
    postponed: attempts.map((attempt) => postpone(attempt, now)),
  });
  const claimed = attempts.filter((_, index) => (claims[index]?.length ?? 0) > 0);
  const outcomes = await Promise.all(claimed.map((attempt) => send(attempt, mailer)));
  if (outcomes.length > 0) await db.batch({ notes: outcomes.map((outcome) => note(outcome, now)) });
}

/**
 * Takes a mail for this run, unless another run was faster. It sets when the next attempt is due before this one is
 * made, so that no mail is lost with the process that sends it. The mail gets a new token, because only hashes are
 * kept.
 */
function claim({ userId, purpose, attempts, email, token }: Attempt, now: Date): Statement<{ userId: string }> {
  const backoffMinutes = Math.min(FIRST_BACKOFF_MINUTES * 2 ** attempts, MAX_BACKOFF_MINUTES);
  const lifetime = LIFETIME_MILLISECONDS[purpose];
  const nextAttemptAt = now.getTime() + backoffMinutes * MINUTE_MILLISECONDS;
  return {
    sql: sql`UPDATE mailed_link SET token_hash = ${sha256(token)}, attempts = attempts + 1,
        due_at = iif(${nextAttemptAt} < created_at + ${lifetime}, ${nextAttemptAt}, NULL), expires_at = ${now.getTime() + lifetime}
      WHERE user_id = ${userId} AND purpose = ${purpose} AND due_at <= ${now.getTime()} AND attempts = ${attempts}
        AND EXISTS (SELECT 1 FROM user WHERE user.id = user_id AND user.email = ${email})
        AND ${isWithinLimits([mailLimitTo(keyOfEmail(email))])}
      RETURNING user_id AS "userId"`,
    decode: ({ userId: found }) => ({ userId: String(found) }),
  };
}

/**
 * Puts off a mail to an address that has got too many, until it may get another: otherwise such mails would be the longest
 * due, and keep all others waiting.
 */
function postpone({ userId, purpose, attempts, email }: Attempt, now: Date): Statement {
  const limit = mailLimitTo(keyOfEmail(email));
  return write(sql`UPDATE mailed_link SET due_at = ${endOfWindow(limit)}
    WHERE user_id = ${userId} AND purpose = ${purpose} AND due_at <= ${now.getTime()} AND attempts = ${attempts}
      AND NOT ${isWithinLimits([limit])}`);
}

interface DeliveryOutcome {
  tokenHash: string;
  /** Why the mail could not be sent; null when it was. */
  error: string | null;
}

async function send({ email, purpose, name, organization, token }: Attempt, mailer: Mailer): Promise<DeliveryOutcome> {
  const tokenHash = sha256(token);
  const link = mailer.link(purpose, token);
  if (mailer.send === null) return { tokenHash, error: NO_SENDER };
  if (link === null) return { tokenHash, error: NO_PAGE };
  try {
    await mailer.send({ to: deliverable(email), ...MAIL_TEXTS[purpose]({ name, organization, link }) });
    return { tokenHash, error: null };
  } catch {
    return { tokenHash, error: NOT_TAKEN };
  }
}

/** Notes whether a mail was sent. It is found by its token, because the user may have a newer link by now. */
function note({ tokenHash, error }: DeliveryOutcome, now: Date): Statement {
  return write(
    error === null
      ? sql`UPDATE mailed_link SET sent_at = ${now.getTime()}, due_at = NULL, last_error = NULL WHERE token_hash = ${tokenHash}`
      : sql`UPDATE mailed_link SET last_error = ${error} WHERE token_hash = ${tokenHash}`,
  );
}
