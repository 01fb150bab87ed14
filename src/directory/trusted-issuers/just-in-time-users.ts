import type { SQL } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { type RowOf, select } from '../../db/statement.ts';
import { countHiddenTaken, mayGuess } from '../commands/credential-limits.ts';
import { ForbiddenError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { sha256 } from '../kernel/secrets.ts';
import {
  hasKey,
  holderOf,
  isHolder,
  meantFirst,
  type SoughtKeys,
  sought,
  soughtEmail,
  soughtExternalId,
  soughtName,
} from '../kernel/sought-keys.ts';
import { isListedBy } from '../sign-in/effective-role.ts';
import type { TrustedIssuerRecord } from './queries.ts';
import type { TrustedClaims } from './tokens.ts';

/** The claims of a verified token, and which trusted issuer made them. */
export interface VerifiedIdentity {
  issuer: Pick<TrustedIssuerRecord, 'id' | 'updatedAt'>;
  claims: TrustedClaims;
  /** What the token says about the customer, read as the id of one. */
  customerId: string | null;
}

/** The claims of a verified token, with all that is known of the trusted issuer that made them. */
export interface ClaimedIdentity extends VerifiedIdentity {
  issuer: TrustedIssuerRecord;
}

/** The user whom a token signs in, and what has to be written for that. */
export interface TokenUser {
  userId: string;
  customerId: string;
  roleId: string;
  /** The user to create; null if there is one already. */
  newcomer: { email: string; name: string | undefined; externalId: string | undefined } | null;
  /** Whether the issuer's id for the user is stored already. */
  isLinked: boolean;
  /** Whether the user is invited and becomes active by this sign-in. */
  isInvited: boolean;
}

/** Returns the key by which the user of a token is stored: the issuer, and a hash of the issuer's id for the user. */
export const identityOf = ({ issuer, claims }: VerifiedIdentity) => ({
  issuerId: issuer.id,
  externalIdHash: sha256(claims.subject),
});

/** An expression: the id of the user whom an earlier token linked to this subject; NULL if none did. */
export function identifiedUser(claimed: ClaimedIdentity): SQL {
  const { issuerId, externalIdHash } = identityOf(claimed);
  return sql`(SELECT issued_identity.user_id FROM issued_identity
    WHERE issued_identity.issuer_id = ${issuerId} AND issued_identity.external_id_hash = ${externalIdHash})`;
}

/**
 * An expression: the id of the live customer that the token names, if the issuer lists it. An id wins over an equal
 * external id of another customer, because anybody who edits a customer can choose its external id.
 */
export function claimedCustomer({ issuer, claims, customerId }: VerifiedIdentity): SQL {
  const keys = sought(soughtExternalId(claims.customer ?? ''));
  return sql`(SELECT customer.id FROM trusted_issuer_customer
    JOIN customer ON customer.id = trusted_issuer_customer.customer_id AND customer.deleted_at IS NULL
    WHERE trusted_issuer_customer.issuer_id = ${issuer.id} AND (${hasKey('customer', 'external_id_key', keys)} OR customer.id = ${customerId})
    ORDER BY customer.id IS ${customerId} DESC, customer.key_version DESC LIMIT 1)`;
}

/**
 * An expression: the id of the role that the token names, if the issuer lists it. Without a name, it is the only one
 * listed.
 */
export function claimedRole({ issuer, claims: { role } }: ClaimedIdentity): SQL {
  const ofIssuer = sql`trusted_issuer_role.issuer_id = ${issuer.id}`;
  if (role === undefined) {
    return sql`(SELECT max(trusted_issuer_role.role_id) FROM trusted_issuer_role WHERE ${ofIssuer} HAVING count(*) = 1)`;
  }
  const keys = sought(soughtName(role));
  return sql`(SELECT role.id FROM trusted_issuer_role JOIN role ON role.id = trusted_issuer_role.role_id
    WHERE ${ofIssuer} AND ${hasKey('role', 'name_key', keys)} ${meantFirst('role', 'name_key', keys)})`;
}

/**
 * An expression: the id of the claimed customer's user whose external id the token names, or else has as its subject, if no
 * issuer is linked to that user yet. Upper and lower case count, also where the key is of version 1 and does not tell: the issuer
 * may tell two such subjects apart. A deactivated user is found as well, to be turned away later.
 */
export const unlinkedUser = (claimed: ClaimedIdentity): SQL => {
  const { externalId = claimed.claims.subject } = claimed.claims;
  return sql`(SELECT user.id FROM user
    WHERE ${isHolder('user', 'external_id_key', sought(soughtExternalId(externalId)))} AND (user.key_version <> 1 OR user.external_id = ${externalId})
      AND user.customer_id = ${claimedCustomer(claimed)}
      AND NOT EXISTS (SELECT 1 FROM issued_identity WHERE issued_identity.user_id = user.id))`;
};

/** What is read of a user whom the directory knows already. */
const fields = (claimed: ClaimedIdentity) => ({
  id: users.id,
  customerId: users.customerId,
  roleId: users.roleId,
  status: users.status,
  deleted: users.deleted,
  isLinked: sql<number>`${identifiedUser(claimed)} IS NOT NULL`,
  isListed: sql<number>`${isListedBy(sql`${claimed.issuer.id}`)}`,
});
type KnownUser = RowOf<ReturnType<typeof fields>>;

/** An expression: the id of the user who has this e-mail address, or this external id, by its key; NULL if nobody has. */
const holder = (column: 'email_key' | 'external_id_key', keys: SoughtKeys | undefined): SQL<string | null> =>
  keys === undefined ? sql`NULL` : (holderOf('user', column, sought(keys)) as SQL<string | null>);

/** Whom the limit on guesses counts: the issuer, which chooses what its tokens say. */
const guesser = ({ issuer }: ClaimedIdentity) => ({ at: new Date(), viewer: { countsAs: `ISSUER ${issuer.id}` } });

/** What the token asks for, looked up in the directory. */
const asked = (claimed: ClaimedIdentity) => ({
  customerId: sql<string | null>`${claimedCustomer(claimed)}`,
  roleId: sql<string | null>`${claimedRole(claimed)}`,
  emailHolder: holder('email_key', claimed.claims.email === undefined ? undefined : soughtEmail(claimed.claims.email)),
  externalIdHolder: holder(
    'external_id_key',
    claimed.claims.externalId === undefined ? undefined : soughtExternalId(claimed.claims.externalId),
  ),
  /** Since when the issuer has been told too often of what belongs to others; null if it has not. */
  guessedSince: mayGuess(guesser(claimed)).problem as SQL<string | null>,
});
type Asked = RowOf<ReturnType<typeof asked>>;

const forbidden = (message: string): ForbiddenError => ForbiddenError.outOfReach(message);

/**
 * Returns the user whom a verified token signs in: one whom the directory knows, or one to be created just in time.
 * @throws ForbiddenError that says why the token signs in nobody.
 * @throws RateLimitError if the issuer has named too much that is of others for new users
 */
export async function tokenUserOf(db: Database, claimed: ClaimedIdentity): Promise<TokenUser> {
  const { known, asks } = await db.reads({
    known: select(
      fields(claimed),
      sql`FROM user WHERE user.id = COALESCE(${identifiedUser(claimed)}, ${unlinkedUser(claimed)})`,
    ),
    asks: select(asked(claimed), sql``),
  });
  const [found] = known;
  const [given] = asks;
  if (!given) throw new Error('A SELECT without FROM answered no row');
  if (found) return existingUser(claimed, found, given);
  const newcomer = justInTimeUser(claimed, given);
  // Behind all else: whoever may not create a user does not learn who is there.
  const { viewer, at } = guesser(claimed);
  if (given.guessedSince !== null) throw mayGuess({ viewer, at }).error(given.guessedSince);
  const taken = given.emailHolder === null ? given.externalIdHolder && 'external id' : 'e-mail address';
  if (taken === null) return newcomer;
  await countHiddenTaken(db, viewer, 1);
  throw forbidden(`The ${taken} that the token names belongs to another user.`);
}

function existingUser({ claims }: ClaimedIdentity, user: KnownUser, given: Asked): TokenUser {
  const { id, customerId, roleId, status, deleted, isLinked, isListed } = user;
  if (deleted || status === 'DEACTIVATED') throw forbidden('The user may not sign in.');
  if (claims.customer !== undefined && given.customerId !== customerId) {
    throw forbidden('The token names another customer than the user’s.');
  }
  if (customerId === null || roleId === null || !isListed) {
    throw forbidden('The issuer may not sign in users of this customer with the role that the user has.');
  }
  return {
    userId: id,
    customerId,
    roleId,
    newcomer: null,
    isLinked: Boolean(isLinked),
    isInvited: status === 'INVITED',
  };
}

/**
 * Returns an address for a user whom an embedded issuer names without one. The domain is nobody's (RFC 2606), and no mail
 * arrives there.
 */
const addressOf = (userId: string): string => `${userId}@embedded.invalid`;

function justInTimeUser({ issuer, claims }: ClaimedIdentity, { customerId, roleId }: Asked): TokenUser {
  const userId = newId();
  const { customer, role, name, externalId } = claims;
  const { email = issuer.kind === 'EMBEDDED' ? addressOf(userId) : undefined } = claims;
  if (customer === undefined) throw forbidden('The token names no customer, which it has to at first sight.');
  if (customerId === null) throw forbidden('The issuer may not sign in users of the customer that the token names.');
  if (!issuer.createsUsers) throw forbidden('There is no such user, and the issuer may not create any.');
  if (role === undefined && roleId === null) throw forbidden('The token names no role, and the issuer lists several.');
  if (roleId === null) throw forbidden('The issuer may not sign in users with the role that the token names.');
  if (email === undefined) throw forbidden('The token names no e-mail address, which a new user needs.');
  return { userId, customerId, roleId, newcomer: { email, name, externalId }, isLinked: false, isInvited: false };
}
