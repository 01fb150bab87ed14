import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { violatedUniqueColumns } from '../../db/constraint.ts';
import { issuedIdentities } from '../../db/schema/trusted-issuers.ts';
import { users } from '../../db/schema/users.ts';
import { allOf, insertWhen, update, write } from '../../db/statement.ts';
import type { AnonymousCaller } from '../access/anonymous-caller.ts';
import { countAttempt, type RateLimit, refund, requireWithinLimits, tokenLimits } from '../access/rate-limits.ts';
import { creation, snapshotOfSubject } from '../commands/entity.ts';
import {
  type EventContext,
  eventContextOf,
  eventsOf,
  nameTenants,
  recordAfter,
  recordEvent,
  wasRecorded,
} from '../commands/event-recording.ts';
import { AuthenticationError } from '../kernel/authentication-errors.ts';
import { otherwise, parse } from '../kernel/input.ts';
import { isListedBy } from '../sign-in/effective-role.ts';
import { type Admission, opening } from '../sign-in/sessions.ts';
import { newUser } from '../users/columns.ts';
import { USER } from '../users/entity.ts';
import type { PublicKey } from './json-web-keys.ts';
import {
  type ClaimedIdentity,
  claimedCustomer,
  claimedRole,
  identifiedUser,
  identityOf,
  type TokenUser,
  tokenUserOf,
  unlinkedUser,
} from './just-in-time-users.ts';
import { trustedIssuerRows } from './queries.ts';
import { readTrusted, readUnverified } from './tokens.ts';

/** What signing in with a token needs from outside the directory. */
export interface Outside {
  /**
   * Returns the keys at a URL. They are read anew if none that is known has this id, because it may be there by now.
   * @throws KeysUnavailableError if they cannot be read.
   */
  keysAt(issuerId: string, url: string, keyId: string | null): Promise<readonly PublicKey[]>;
  /** Returns the id of a customer from a global id. Any other text is returned as it is. */
  customerId(given: string): string;
}

const tokenInput = z.object({ token: z.string({ error: otherwise('must be a string') }) });

/**
 * Opens a session for the user of a trusted issuer's token. The first token for a user links the issuer's id to a user
 * with that external id, or creates a user if the issuer may.
 * @throws AuthenticationError for a token that is not good, without saying why.
 * @throws ForbiddenError for a good token that asks for what the issuer or the user may not have.
 * @throws ValidationError for what is no string, RateLimitError after too many attempts, KeysUnavailableError when the
 * keys of the issuer cannot be read.
 */
export async function signInByToken(caller: AnonymousCaller, input: unknown, outside: Outside): Promise<Admission> {
  const { db, address, now } = caller;
  const { token } = parse(tokenInput, input);
  const unverified = readUnverified(token);
  if (unverified === null) throw new AuthenticationError();
  const limits = tokenLimits(address);
  const { issuers, counted } = await db.batch({
    issuers: trustedIssuerRows(sql`WHERE trusted_issuer.issuer = ${unverified.issuer}`),
    counted: countAttempt(limits, now),
  });
  requireWithinLimits(limits, counted, now);
  const [issuer] = issuers;
  if (!issuer?.algorithms.includes(unverified.algorithm)) throw new AuthenticationError();
  const { id, jwksUrl } = issuer;
  const keys = jwksUrl === null ? (issuer.keys ?? []) : await outside.keysAt(id, jwksUrl, unverified.keyId);
  const claims = await readTrusted(token, issuer, keys, now);
  if (claims === null) throw new AuthenticationError();

  const customerId = claims.customer === undefined ? null : outside.customerId(claims.customer);
  const claimed: ClaimedIdentity = { issuer, claims, customerId };
  // Of two first sign-ins of one user at once, one fails to write. By then the user is linked, and it succeeds.
  const admission = (await admit(caller, claimed, limits)) ?? (await admit(caller, claimed, limits));
  if (admission === null) throw new AuthenticationError();
  return admission;
}

/** Opens the session in one batch; null if what was read has changed before it was written. */
async function admit({ db, userAgent, now }: AnonymousCaller, claimed: ClaimedIdentity, limits: readonly RateLimit[]) {
  const tokenUser = await tokenUserOf(db, claimed);
  const { userId, customerId, roleId } = tokenUser;
  const context = eventContextOf(userId, now);
  const maySignIn = isStillListed(claimed, tokenUser);
  const isIdentified = sql`${identifiedUser(claimed)} = ${userId}`;
  const mayBeLinked = tokenUser.newcomer ? maySignIn : sql`${maySignIn} AND ${unlinkedUser(claimed)} = ${userId}`;
  const opened = opening(context, {
    userAgent,
    effectiveRole: { userId, kind: 'CUSTOMER', customerId, tenantId: null, roleId },
    condition: sql`${maySignIn} AND ${isIdentified}`,
    columns: { issuerId: claimed.issuer.id },
  });
  if (opened === null) throw new Error('A user with a role in a customer reaches nothing');
  const writes = [
    ...(tokenUser.newcomer ? create(context, claimed, tokenUser, tokenUser.newcomer) : []),
    ...(tokenUser.isLinked ? [] : link(context, claimed, userId, mayBeLinked)),
    ...(tokenUser.isInvited ? join(context, userId, sql`${maySignIn} AND ${isIdentified}`) : []),
    ...opened.writes,
    nameTenants(context),
    refund(limits),
  ];
  try {
    const { recorded } = await db.batch({ writes: writes.map(write), recorded: eventsOf(context) });
    const isOpen = recorded.some(({ type }) => type === 'session.created');
    return isOpen ? opened.admission : null;
  } catch (error) {
    if (violatedUniqueColumns(error) === null) throw error;
    return null;
  }
}

/** The issuer has not changed since its token was verified. */
const isUnchanged = ({ issuer }: ClaimedIdentity): SQL =>
  sql`EXISTS (SELECT 1 FROM trusted_issuer
    WHERE trusted_issuer.id = ${issuer.id} AND trusted_issuer.updated_at = ${issuer.updatedAt.getTime()})`;

/** The issuer has not changed since its token was verified, and may still sign in the user. */
const isStillListed = (claimed: ClaimedIdentity, { userId, customerId }: TokenUser): SQL =>
  allOf([
    isUnchanged(claimed),
    sql`EXISTS (SELECT 1 FROM user WHERE user.id = ${userId} AND user.customer_id = ${customerId} AND user.deleted = 0
      AND user.status <> 'DEACTIVATED' AND ${isListedBy(sql`${claimed.issuer.id}`)})`,
  ]);

/**
 * Creates an active user, who needs no invitation. The external id stays empty, because the subject is the issuer's own
 * id.
 */
function create(
  context: EventContext,
  claimed: ClaimedIdentity,
  { userId, customerId, roleId }: TokenUser,
  newcomer: NonNullable<TokenUser['newcomer']>,
): SQL[] {
  const home = { kind: 'CUSTOMER', roleId: sql`${roleId}`, customerId: sql`${customerId}` } as const;
  const { recorded, writes } = creation(context, USER, userId, { ...newUser(newcomer, home), status: 'ACTIVE' });
  const condition = allOf([
    isUnchanged(claimed),
    sql`${claimedCustomer(claimed)} = ${customerId}`,
    sql`${claimedRole(claimed)} = ${roleId}`,
  ]);
  return [recorded(condition), ...writes];
}

/** Links the issuer's id for the user to the user, unless it is linked already. */
function link(context: EventContext, claimed: ClaimedIdentity, userId: string, condition: SQL): SQL[] {
  const type = 'user.linked';
  const after = sql`json_object('trustedIssuerId', ${claimed.issuer.id}, 'externalId', ${claimed.claims.subject})`;
  return [
    recordEvent(
      context,
      { type, subjectType: 'User', subjectId: sql`${userId}`, after },
      sql`WHERE ${condition} AND ${identifiedUser(claimed)} IS NULL`,
    ),
    insertWhen(issuedIdentities, { ...identityOf(claimed), userId }, wasRecorded(context, type)),
  ];
}

/** Makes an invited user active, and ends the invitation. */
function join(context: EventContext, userId: string, condition: SQL): SQL[] {
  const type = 'user.joined';
  const joined = wasRecorded(context, type);
  return [
    recordEvent(
      context,
      { type, subjectType: 'User', subjectId: sql`user.id`, before: USER.snapshot },
      sql`FROM user WHERE user.id = ${userId} AND user.status = 'INVITED' AND ${condition}`,
    ),
    update(
      users,
      { status: 'ACTIVE', updatedAt: context.at, version: sql`version + 1` },
      sql`user.id = ${userId} AND ${joined}`,
    ),
    sql`DELETE FROM mailed_link WHERE user_id = ${userId} AND purpose = 'INVITATION' AND ${joined}`,
    recordAfter(context, type, snapshotOfSubject(USER)),
  ];
}
