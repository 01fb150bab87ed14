import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { passwords } from '../../db/schema/sign-in.ts';
import { sql } from '../../db/sql.ts';
import { select, write } from '../../db/statement.ts';
import type { AnonymousCaller } from '../access/anonymous-caller.ts';
import {
  countAttempt,
  refund,
  requireWithinLimits,
  resetLimit,
  signInLimitFrom,
  signInLimits,
} from '../access/rate-limits.ts';
import { eventContextOf, eventsOf, tell } from '../commands/event-recording.ts';
import { isUser } from '../commands/identifiers.ts';
import { notFoundAt } from '../commands/references.ts';
import { AuthenticationError } from '../kernel/authentication-errors.ts';
import { keyOfEmail } from '../kernel/email-address.ts';
import { ForbiddenError, NotFoundError } from '../kernel/errors.ts';
import { emailAddress, id, parse } from '../kernel/input.ts';
import { lazily } from '../kernel/lazily.ts';
import { MAY_SIGN_IN, roleForTokenIn, STARTING_TENANT } from './effective-role.ts';
import { givenPassword, hashPassword, isOutdated, isPassword } from './password-hashing.ts';
import { hasPassword } from './passwords.ts';
import { type Admission, admissionOf, opening } from './sessions.ts';

const signInInput = lazily(() =>
  z.object({ email: emailAddress(), password: givenPassword(), tenantId: id().nullish() }),
);

/** Reads the user with this e-mail address, and the effective role in the tenant asked for or where the user starts. */
function userToSignIn(email: string, tenantId: string | null) {
  const target = tenantId === null ? STARTING_TENANT : sql`${tenantId}`;
  return select(
    { ...roleForTokenIn(target), hash: passwords.hash },
    sql`FROM user JOIN password ON password.user_id = user.id WHERE ${isUser({ email })} AND ${MAY_SIGN_IN}`,
  );
}

/**
 * Opens a session for a user with the right password. Only such a user learns of a missing role; all others get the
 * same error after the same time.
 * @throws AuthenticationError for an unknown e-mail address, a wrong password, or a user who may not sign in.
 * @throws NotFoundError for a tenant where the user has no role, ForbiddenError for a user without any role.
 * @throws ValidationError for input of the wrong shape, RateLimitError after too many attempts.
 */
export async function signIn(caller: AnonymousCaller, input: unknown): Promise<Admission> {
  const { db, address, userAgent, now } = caller;
  const { email, password, tenantId = null } = parse(signInInput, input);
  const limits = signInLimits(keyOfEmail(email), address);
  const { users, counted } = await db.batch({
    users: userToSignIn(email, tenantId),
    counted: countAttempt(limits, now),
  });
  requireWithinLimits(limits, counted, now);
  const [user] = users;
  const isRight = await isPassword(password, user?.hash ?? null);
  if (!user || !isRight) throw new AuthenticationError();

  const context = eventContextOf(user.userId, now);
  const condition = hasPassword(user.userId, user.hash);
  const opened = opening(context, { userAgent, effectiveRole: user, condition });
  if (opened === null) throw noRoleError(tenantId);
  const { recorded } = await db.batch({
    opened: opened.writes.map(write),
    reset: write(resetLimit(signInLimitFrom(keyOfEmail(email), address))),
    refunded: write(refund(limits)),
    rehashed: isOutdated(user.hash) ? [write(rehash(user.userId, user.hash, await hashPassword(password)))] : [],
    recorded: eventsOf(context),
  });
  if (recorded.length === 0) throw new AuthenticationError();
  tell(recorded, caller);
  return admissionOf(opened, user.productPermissions);
}

const rehash = (userId: string, hash: string, next: string): SQL =>
  sql`UPDATE password SET hash = ${next} WHERE user_id = ${userId} AND hash = ${hash}`;

function noRoleError(tenantId: string | null): Error {
  if (tenantId !== null) return new NotFoundError([notFoundAt('tenantId', 'tenant')]);
  return ForbiddenError.outOfReach('The user has no role in any tenant, and none elsewhere.');
}
