import { sql } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { organizations } from '../../db/schema/organization.ts';
import { mailedLinks } from '../../db/schema/sign-in.ts';
import { users } from '../../db/schema/users.ts';
import { type Statement, select, write } from '../../db/statement.ts';
import { countAgainst, isWithinLimits, mailLimitTo } from '../access/rate-limits.ts';
import { comparable } from '../kernel/input.ts';
import type { LinkPurpose } from '../kernel/link-purposes.ts';
import { sha256 } from '../kernel/secrets.ts';
import { LIFETIME_MILLISECONDS, newLinkToken } from './mailed-links.ts';
import { MAIL_TEXTS } from './texts.ts';

export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** The way out for mails: the one seam between Tenantry and whatever sends them. */
export interface Mailer {
  /** Rejects when the mail could not be handed over. */
  send(mail: Mail): Promise<void>;
  /** Where a link of this purpose leads, with its token. Throws when that is not known. */
  link(purpose: LinkPurpose, token: string): string;
}

const MAX_AT_ONCE = 20;
const MINUTE_MILLISECONDS = 60 * 1000;
const MAX_BACKOFF_MINUTES = 6 * 60;
const MAX_ERROR_LENGTH = 256;

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
interface Attempt extends Due {
  token: string;
}

/**
 * Sends the mails that are due, at most 20 of them. Each is claimed before, for the address
 * that was read: two that do this at once do not send the same, no link goes to an address that has changed since, and to
 * one that got ten in 15 minutes it goes later. It goes out with a new token, so that none has to be kept; the next attempt
 * is due before this one is known to have failed, so that no mail is lost with the process that sends it.
 */
export async function sendDueMail(db: Database, mailer: Mailer, now: Date): Promise<void> {
  const { found } = await db.reads({ found: due(now) });
  if (found.length === 0) return;
  const attempts = found.map((row) => ({ ...row, token: newLinkToken() }));
  const { claims } = await db.batch({
    counts: attempts.map(({ email }) => countAgainst(mailLimitTo(comparable(email)), now)),
    claims: attempts.map((attempt) => claim(attempt, now)),
  });
  const claimed = attempts.filter((_, index) => claims[index]?.length !== 0);
  const outcomes = await Promise.all(claimed.map((attempt) => send(attempt, mailer)));
  if (outcomes.length > 0) await db.batch({ notes: outcomes.map((outcome) => note(outcome, now)) });
}

function claim({ userId, purpose, attempts, email, token }: Attempt, now: Date): Statement<{ userId: string }> {
  const minutes = Math.min(2 ** attempts * 5, MAX_BACKOFF_MINUTES);
  const lifetime = LIFETIME_MILLISECONDS[purpose];
  const next = now.getTime() + minutes * MINUTE_MILLISECONDS;
  return {
    sql: sql`UPDATE mailed_link SET token_hash = ${sha256(token)}, attempts = attempts + 1,
        due_at = iif(${next} < created_at + ${lifetime}, ${next}, NULL), expires_at = ${now.getTime() + lifetime}
      WHERE user_id = ${userId} AND purpose = ${purpose} AND due_at <= ${now.getTime()} AND attempts = ${attempts}
        AND EXISTS (SELECT 1 FROM user WHERE user.id = user_id AND user.email = ${email})
        AND ${isWithinLimits([mailLimitTo(comparable(email))])}
      RETURNING user_id AS "userId"`,
    decode: ({ userId: found }) => ({ userId: String(found) }),
  };
}

interface DeliveryOutcome {
  tokenHash: string;
  /** Null when it was sent. */
  error: string | null;
}

async function send({ email, purpose, name, organization, token }: Attempt, mailer: Mailer): Promise<DeliveryOutcome> {
  const tokenHash = sha256(token);
  try {
    const { subject, text } = MAIL_TEXTS[purpose]({ name, organization, link: mailer.link(purpose, token) });
    await mailer.send({ to: email, subject: subject.replaceAll(/\s+/g, ' '), text });
    return { tokenHash, error: null };
  } catch (error) {
    return { tokenHash, error: error instanceof Error ? error.message : 'The mail could not be sent.' };
  }
}

/** By the token: a newer link of the same user has nothing to do with how this one fared. */
function note({ tokenHash, error }: DeliveryOutcome, now: Date): Statement {
  return write(
    error === null
      ? sql`UPDATE mailed_link SET sent_at = ${now.getTime()}, due_at = NULL, last_error = NULL WHERE token_hash = ${tokenHash}`
      : sql`UPDATE mailed_link SET last_error = ${error.slice(0, MAX_ERROR_LENGTH)} WHERE token_hash = ${tokenHash}`,
  );
}
