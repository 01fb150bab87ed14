import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { passwords } from '../../db/schema/sign-in.ts';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { select, update, write } from '../../db/statement.ts';
import type { AnonymousCaller } from '../access/anonymous-caller.ts';
import {
  countAttempt,
  isWithinLimits,
  linkLimits,
  passwordChangeLimits,
  passwordRequestLimits,
  refund,
  requireWithinLimits,
  resetSignInLimits,
} from '../access/rate-limits.ts';
import type { Caller } from '../access/viewer.ts';
import { snapshotOfSubject } from '../commands/entity.ts';
import {
  type EventContext,
  eventContextOf,
  eventsOf,
  nameTenants,
  recordAfter,
  recordEvent,
  tell,
  wasRecorded,
} from '../commands/event-recording.ts';
import { isUser } from '../commands/identifiers.ts';
import { AuthenticationError } from '../kernel/authentication-errors.ts';
import { namedAs } from '../kernel/derived-columns.ts';
import { keyOfEmail } from '../kernel/email-address.ts';
import { ForbiddenError, ValidationError } from '../kernel/errors.ts';
import { emailAddress, otherwise, parse, text } from '../kernel/input.ts';
import { lazily } from '../kernel/lazily.ts';
import type { LinkPurpose } from '../kernel/link-purposes.ts';
import { hashOfLinkToken, requestPasswordLink } from '../mail/mailed-links.ts';
import { userOfLink, useUpLink } from '../mail/shareable-invitations.ts';
import { USER } from '../users/entity.ts';
import { type UserRecord, userRows } from '../users/queries.ts';
import { MAY_SIGN_IN } from './effective-role.ts';
import { givenPassword, hashPassword, isPassword, newPassword, requireUnlikeEmail } from './password-hashing.ts';
import { ownSession } from './session-queries.ts';
import { recordEnd } from './sessions.ts';

const requestInput = lazily(() => z.object({ email: emailAddress() }));

/**
 * Has a link to a new password mailed to the user with this e-mail address, if there is one who signs in with a
 * password. Neither the answer nor its time tells whether there is, or whether two links are good already and nothing
 * is mailed: one batch writes something in any case, and the mail is sent after the answer.
 * @throws ValidationError for what is no e-mail address, RateLimitError after too many requests.
 */
export async function requestPasswordReset({ db, address, now }: AnonymousCaller, input: unknown): Promise<void> {
  const { email } = parse(requestInput, input);
  const limits = passwordRequestLimits(keyOfEmail(email), address);
  const hasPassword = sql`EXISTS (SELECT 1 FROM password WHERE password.user_id = user.id)`;
  const addressee = sql`FROM user WHERE ${isUser({ email })} AND ${MAY_SIGN_IN} AND ${hasPassword} AND ${isWithinLimits(limits)}`;
  const { counted } = await db.batch({
    counted: countAttempt(limits, now),
    requested: write(requestPasswordLink(now, addressee)),
  });
  requireWithinLimits(limits, counted, now);
}

const linkToken = lazily(() => z.string({ error: otherwise('must be a string') }));
const acceptInput = lazily(() => z.object({ token: linkToken(), password: newPassword(), name: text().nullish() }));
const resetInput = lazily(() => z.object({ token: linkToken(), password: newPassword() }));

/**
 * Sets the password of an invited user, who is ACTIVE from then on (trigger `active_with_password`) and can sign in.
 * @throws AuthenticationError for a link that is unknown, used, replaced or expired, without saying which.
 * @throws ValidationError for a password that is too weak, RateLimitError after too many attempts.
 */
export async function acceptInvitation(caller: AnonymousCaller, input: unknown): Promise<UserRecord> {
  const { token, password, name } = parse(acceptInput, input);
  const { tokenHash, user, hash, context, limits } = await openLink(caller, 'INVITATION', token, password);
  const type = 'user.joined';
  const joined = wasRecorded(context, type);
  return writeUnlessUsed(caller, context, user.id, [
    recordEvent(
      context,
      { type, subjectType: 'User', subjectId: sql`user.id`, before: USER.snapshot },
      userOfLink('INVITATION', tokenHash, caller.now),
    ),
    useUpLink(tokenHash, joined),
    sql`INSERT INTO password (user_id, hash, changed_at) SELECT ${user.id}, ${hash}, ${caller.now.getTime()} WHERE ${joined}`,
    update(
      users,
      {
        ...(name != null && namedAs(name)),
        updatedAt: caller.now,
        version: sql`version + 1`,
      },
      sql`user.id = ${user.id} AND ${joined}`,
    ),
    recordAfter(context, [type], snapshotOfSubject(USER)),
    resetSignInLimits(keyOfEmail(user.email)),
    refund(limits),
  ]);
}

/**
 * Changes the password and ends all sessions of the user, so that nobody who knew the old password stays signed in.
 * @throws AuthenticationError for a link that is unknown, used, replaced or expired, without saying which.
 * @throws ValidationError for a password that is too weak, RateLimitError after too many attempts.
 */
export async function resetPassword(caller: AnonymousCaller, input: unknown): Promise<UserRecord> {
  const { token, password } = parse(resetInput, input);
  const { tokenHash, user, hash, context, limits } = await openLink(caller, 'PASSWORD_RESET', token, password);
  const type = 'user.passwordReset';
  const done = wasRecorded(context, type);
  return writeUnlessUsed(caller, context, user.id, [
    recordEvent(
      context,
      { type, subjectType: 'User', subjectId: sql`user.id` },
      userOfLink('PASSWORD_RESET', tokenHash, caller.now),
    ),
    useUpLink(tokenHash, done),
    update(passwords, { hash, changedAt: caller.now }, sql`user_id = ${user.id} AND ${done}`),
    recordEnd(context, 'PASSWORD_RESET', sql`FROM session WHERE session.user_id = ${user.id} AND ${done}`),
    sql`DELETE FROM session WHERE user_id = ${user.id} AND ${done}`,
    resetSignInLimits(keyOfEmail(user.email)),
    refund(limits),
  ]);
}

/** An expression: the user still has the password with this hash, which was found to be right. */
export const hasPassword = (userId: string, hash: string): SQL =>
  sql`EXISTS (SELECT 1 FROM password WHERE password.user_id = ${userId} AND password.hash = ${hash})`;

const changeInput = lazily(() => z.object({ currentPassword: givenPassword(), newPassword: newPassword() }));

/**
 * Changes the password of the user who is signed in, who has to know the present one. All other sessions of the user end,
 * and so does a link to a new password; the session that asks goes on.
 * @throws ForbiddenError for a key, and for a user who has no password.
 * @throws ValidationError for another password than the present one, and for a new one that is too weak.
 * @throws RateLimitError after too many attempts.
 */
export async function changePassword(
  caller: Pick<Caller, 'db' | 'viewer' | 'eventsAreDue'>,
  { address, now }: Pick<AnonymousCaller, 'address' | 'now'>,
  input: unknown,
): Promise<UserRecord> {
  const { db, viewer } = caller;
  const { userId, sessionId } = ownSession(viewer);
  const { currentPassword, newPassword } = parse(changeInput, input);
  const limits = passwordChangeLimits(userId, address);
  const { found, counted } = await db.batch({
    found: select(
      { email: users.email, hash: passwords.hash },
      sql`FROM user JOIN password ON password.user_id = user.id WHERE user.id = ${userId}`,
    ),
    counted: countAttempt(limits, now),
  });
  requireWithinLimits(limits, counted, now);
  const [user] = found;
  if (!user) throw ForbiddenError.outOfReach('You sign in without a password, and so have none to change.');
  requireUnlikeEmail(newPassword, user.email, 'newPassword');
  if (!(await isPassword(currentPassword, user.hash))) throw notThePassword();

  const context = eventContextOf(userId, now);
  const type = 'user.passwordChanged';
  const done = wasRecorded(context, type);
  const others = sql`session.user_id = ${userId} AND session.id <> ${sessionId} AND ${done}`;
  const hash = await hashPassword(newPassword);
  const changed = await writeUnlessOvertaken(caller, context, userId, [
    recordEvent(
      context,
      { type, subjectType: 'User', subjectId: sql`user.id` },
      sql`FROM user WHERE user.id = ${userId} AND ${hasPassword(userId, user.hash)}`,
    ),
    update(passwords, { hash, changedAt: now }, sql`user_id = ${userId} AND ${done}`),
    recordEnd(context, 'PASSWORD_CHANGED', sql`FROM session WHERE ${others}`),
    sql`DELETE FROM session WHERE ${others}`,
    sql`DELETE FROM mailed_link WHERE user_id = ${userId} AND purpose = 'PASSWORD_RESET' AND ${done}`,
    resetSignInLimits(keyOfEmail(user.email)),
    refund(limits),
  ]);
  if (changed === null) throw notThePassword();
  return changed;
}

const notThePassword = () => ValidationError.at('currentPassword', 'is not your password');

/**
 * Finds the user of a link, and hashes the new password. That takes long, so it is done before the batch that writes.
 * @throws AuthenticationError for a link that is not good, ValidationError for a password made of the e-mail address,
 * RateLimitError after too many attempts.
 */
async function openLink({ db, address, now }: AnonymousCaller, purpose: LinkPurpose, token: string, password: string) {
  const limits = linkLimits(address);
  // No link has an empty hash. So a text that cannot be a token takes as long as a token that is not good.
  const tokenHash = hashOfLinkToken(token) ?? '';
  const { found, counted } = await db.batch({
    found: select({ id: users.id, email: users.email }, userOfLink(purpose, tokenHash, now)),
    counted: countAttempt(limits, now),
  });
  requireWithinLimits(limits, counted, now);
  const [user] = found;
  if (!user) throw new AuthenticationError();
  requireUnlikeEmail(password, user.email, 'password');
  return { tokenHash, user, hash: await hashPassword(password), context: eventContextOf(user.id, now), limits };
}

/** Who writes, with a credential or without one. */
type Writer = Pick<AnonymousCaller, 'db' | 'eventsAreDue'>;

/** Runs the writes in one batch, and returns the user; null, with nothing written, if what they rely on has changed. */
async function writeUnlessOvertaken(caller: Writer, context: EventContext, userId: string, writes: readonly SQL[]) {
  const { recorded, answer } = await caller.db.batch({
    writes: [...writes, nameTenants(context)].map(write),
    recorded: eventsOf(context),
    answer: userRows(sql`WHERE user.id = ${userId}`),
  });
  tell(recorded, caller);
  const [user] = answer;
  return recorded.length > 0 && user ? user : null;
}

/**
 * Runs the writes in one batch.
 * @throws AuthenticationError if the link was used in the meantime: then nothing was written.
 */
async function writeUnlessUsed(caller: AnonymousCaller, context: EventContext, userId: string, writes: readonly SQL[]) {
  const user = await writeUnlessOvertaken(caller, context, userId, writes);
  if (user === null) throw new AuthenticationError();
  return user;
}
