import type { SQL } from 'drizzle-orm';
import { issuedIdentities } from '../../db/schema/trusted-issuers.ts';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { allOf, insertWhen, update } from '../../db/statement.ts';
import { creation, snapshotOfSubject } from '../commands/entity.ts';
import { type EventContext, recordAfter, recordEvent, wasRecorded } from '../commands/event-recording.ts';
import { isListedBy } from '../sign-in/effective-role.ts';
import { newUser } from '../users/columns.ts';
import { USER } from '../users/entity.ts';
import {
  type ClaimedIdentity,
  claimedCustomer,
  claimedRole,
  identifiedUser,
  identityOf,
  type TokenUser,
  unlinkedUser,
} from './just-in-time-users.ts';

/** What a batch writes of the user of a token, and what is so once it has. */
export interface UserWrites {
  /** Writes that create the user, link the issuer's id to the user, and make an invited one active, as far as is needed. */
  writes: readonly SQL[];
  /** A condition on what they have left: the issuer's id means this user, whom the issuer may sign in. */
  isIn: SQL;
}

/** Returns what a batch writes of the user whom a token signs in. They write nothing of what has changed by then. */
export function userWrites(context: EventContext, claimed: ClaimedIdentity, tokenUser: TokenUser): UserWrites {
  const { userId, newcomer, isLinked } = tokenUser;
  const maySignIn = isStillListed(claimed, tokenUser);
  const isIn = sql`${maySignIn} AND ${identifiedUser(claimed)} = ${userId}`;
  const mayBeLinked = newcomer ? maySignIn : sql`${maySignIn} AND ${unlinkedUser(claimed)} = ${userId}`;
  return {
    writes: [
      ...(newcomer ? create(context, claimed, tokenUser, newcomer) : []),
      ...(isLinked ? [] : link(context, claimed, tokenUser, mayBeLinked)),
    ],
    isIn,
  };
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
 * Creates an active user, who needs no invitation. The subject of the token is not the external id here, because it is the
 * issuer's own id.
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
    sql`${identifiedUser(claimed)} IS NULL`,
  ]);
  return [recorded(condition), ...writes];
}

/**
 * Links the issuer's id for the user to the user, unless it is linked already. One who was INVITED is ACTIVE from then on
 * (trigger `active_with_identity`), and has no invitation any more.
 */
function link(
  context: EventContext,
  claimed: ClaimedIdentity,
  { userId, isInvited }: TokenUser,
  condition: SQL,
): SQL[] {
  const type = 'user.linked';
  const after = sql`json_object('trustedIssuerId', ${claimed.issuer.id}, 'externalId', ${claimed.claims.subject})`;
  return [
    recordEvent(
      context,
      { type, subjectType: 'User', subjectId: sql`${userId}`, after },
      sql`WHERE ${condition} AND ${identifiedUser(claimed)} IS NULL`,
    ),
    ...(isInvited ? [recordJoining(context, userId, wasRecorded(context, type))] : []),
    insertWhen(issuedIdentities, { ...identityOf(claimed), userId }, wasRecorded(context, type)),
    ...(isInvited ? join(context, userId) : []),
  ];
}

/** Records that an invited user joins, as long as the user is INVITED. */
const recordJoining = (context: EventContext, userId: string, condition: SQL): SQL =>
  recordEvent(
    context,
    { type: 'user.joined', subjectType: 'User', subjectId: sql`user.id`, before: USER.snapshot },
    sql`FROM user WHERE user.id = ${userId} AND user.status = 'INVITED' AND ${condition}`,
  );

/** Ends the invitation of a user who has joined. */
function join(context: EventContext, userId: string): SQL[] {
  const type = 'user.joined';
  const joined = wasRecorded(context, type);
  return [
    update(users, { updatedAt: context.at, version: sql`version + 1` }, sql`user.id = ${userId} AND ${joined}`),
    sql`DELETE FROM mailed_link WHERE user_id = ${userId} AND purpose = 'INVITATION' AND ${joined}`,
    recordAfter(context, [type], snapshotOfSubject(USER)),
  ];
}
