import type { Database } from '../../db/client.ts';
import { violatedUniqueColumns } from '../../db/constraint.ts';
import { trustedIssuers } from '../../db/schema/trusted-issuers.ts';
import { sql } from '../../db/sql.ts';
import { type Statement, select, write } from '../../db/statement.ts';
import { watched } from '../../db/watched.ts';
import { credentialName } from '../access/actor.ts';
import type { AnonymousCaller } from '../access/anonymous-caller.ts';
import { type Authenticated, type CacheUse, credentialCache, remember } from '../access/credential-cache.ts';
import { countAttempt, type RateLimit, refund, requireWithinLimits, tokenLimits } from '../access/rate-limits.ts';
import { eventContextOf, eventsOf, nameTenants, tell } from '../commands/event-recording.ts';
import { AuthenticationError, KeysUnavailableError } from '../kernel/authentication-errors.ts';
import { ForbiddenError } from '../kernel/errors.ts';
import { sha256, type Token } from '../kernel/secrets.ts';
import { hasKey, sought, soughtExternalId } from '../kernel/sought-keys.ts';
import { effectiveRoleIn, isListedBy, MAY_SIGN_IN, permissionsIn } from '../sign-in/effective-role.ts';
import { keepSignIn } from '../sign-in/sessions.ts';
import { isEmbedded } from './entity.ts';
import {
  type ClaimedIdentity,
  claimedCustomer,
  identityOf,
  tokenUserOf,
  type VerifiedIdentity,
} from './just-in-time-users.ts';
import { type TrustedIssuerRecord, trustedIssuerRows } from './queries.ts';
import { keysOf, type Outside } from './sign-in.ts';
import { readEmbedded, readUnverifiedEmbedded, type UnverifiedEmbedded } from './tokens.ts';
import { userWrites } from './user-writes.ts';

/*
 * A product signs tokens for the users of its customers, and its pages use such a token as it is: first to sign in, which
 * makes the user, and then as the credential of each request. There is no session: the token is good until it expires, and
 * everything else that decides about it is read from the directory each time.
 */

/** Returns a statement that reads the embedded issuers of the organization and the customer that a token names, the oldest first. */
function issuersNamed(unverified: UnverifiedEmbedded, outside: Outside): Statement<TrustedIssuerRecord> {
  const organizationId = outside.organizationId(unverified.organization).toLowerCase();
  const customerId = outside.customerId(unverified.customer);
  return trustedIssuerRows(sql`WHERE ${isEmbedded}
      AND ${organizationId} = (SELECT organization.id FROM organization)
      AND EXISTS (SELECT 1 FROM trusted_issuer_customer
        JOIN customer ON customer.id = trusted_issuer_customer.customer_id AND customer.deleted_at IS NULL
        WHERE trusted_issuer_customer.issuer_id = trusted_issuer.id
          AND (${hasKey('customer', 'external_id_key', sought(soughtExternalId(unverified.customer)))} OR customer.id = ${customerId}))
    ORDER BY trusted_issuer.id`);
}

/**
 * Returns what a token says by the first of these issuers that has signed it; null if none has.
 * @throws KeysUnavailableError if none has, but one might have, whose keys cannot be read
 */
async function verifyAmong(
  issuers: readonly TrustedIssuerRecord[],
  token: string,
  unverified: UnverifiedEmbedded,
  outside: Outside,
  now: Date,
): Promise<ClaimedIdentity | null> {
  let unavailable: KeysUnavailableError | null = null;
  for (const issuer of issuers) {
    if (!issuer.algorithms.includes(unverified.algorithm)) continue;
    const keys = await keysOf(issuer, unverified, outside).catch((error) => {
      if (!(error instanceof KeysUnavailableError)) throw error;
      unavailable ??= error;
      return [];
    });
    const claims = await readEmbedded(token, issuer, keys, now);
    if (claims) return { issuer, claims, customerId: outside.customerId(claims.customer ?? '') };
  }
  if (unavailable) throw unavailable;
  return null;
}

/**
 * Signs in the user of a token that an embedded issuer signed: the first token for a user links the issuer's id to a user
 * with that external id, or creates a user if the issuer may. From then on the token is a credential (`authenticateEmbedded`).
 * @throws AuthenticationError for a token that is not good, without saying why.
 * @throws ForbiddenError for a good token that asks for what the issuer or the user may not have.
 * @throws RateLimitError after too many attempts, KeysUnavailableError when the keys of the issuer cannot be read.
 */
export async function signInEmbedded(caller: AnonymousCaller, token: string, outside: Outside): Promise<void> {
  const { db, address, now } = caller;
  const unverified = readUnverifiedEmbedded(token);
  if (unverified === null) throw new AuthenticationError();
  const limits = tokenLimits(address);
  const { issuers, counted } = await db.batch({
    issuers: issuersNamed(unverified, outside),
    counted: countAttempt(limits, now),
  });
  requireWithinLimits(limits, counted, now);
  const claimed = await verifyAmong(issuers, token, unverified, outside, now);
  if (claimed === null) throw new AuthenticationError();
  // Of two first sign-ins of one user at once, one fails to write. By then the user is linked, and it succeeds.
  const isIn = (await admit(caller, claimed, limits)) || (await admit(caller, claimed, limits));
  if (!isIn) throw new AuthenticationError();
  rememberVerified(token, claimed, now);
}

/** Sees to it in one batch that the user is there; false if what was read has changed before it was written. */
async function admit(caller: AnonymousCaller, claimed: ClaimedIdentity, limits: readonly RateLimit[]) {
  const { db, now } = caller;
  const tokenUser = await tokenUserOf(db, claimed);
  const context = eventContextOf(tokenUser.userId, now);
  const { writes, isIn } = userWrites(context, claimed, tokenUser);
  try {
    const { left, recorded } = await db.batch({
      writes: [...writes, keepSignIn(tokenUser.userId, now, isIn), nameTenants(context)].map(write),
      left: select({ isIn: sql<number>`${isIn}` }, sql``),
      refunded: write(refund(limits)),
      recorded: eventsOf(context),
    });
    tell(recorded, caller);
    return left.some((row) => row.isIn === 1);
  } catch (error) {
    if (violatedUniqueColumns(error) === null) throw error;
    return false;
  }
}

/** A token that this isolate has verified. */
interface Verified {
  identity: VerifiedIdentity;
  /** When it has to be verified again, in milliseconds since 1970. */
  goodUntil: number;
}

/** How many tokens an isolate knows to be verified. */
const MAX_VERIFIED = 1000;
/** For how long it counts that a key at a URL has verified a token: the key may be taken away there. */
const KEY_MILLISECONDS = 10 * 60 * 1000;

/** The tokens verified last, by the hash of the whole token: a signature does not change, and reading its issuer is a D1 call. */
const verifiedTokens = new Map<string, Verified>();

function rememberVerified(token: string, { issuer, claims, customerId }: ClaimedIdentity, now: Date): void {
  const { id, updatedAt, jwksUrl } = issuer;
  const end = claims.expiresAt.getTime();
  const goodUntil = jwksUrl === null ? end : Math.min(end, now.getTime() + KEY_MILLISECONDS);
  const identity = { issuer: { id, updatedAt }, claims, customerId };
  remember(verifiedTokens, sha256(token), { identity, goodUntil }, MAX_VERIFIED);
}

const credentialIn = watched({ ...effectiveRoleIn(sql`NULL`), issuerUpdatedAt: trustedIssuers.updatedAt }, []);

/** Reads everything that decides about a token of an embedded issuer, beside the token itself. */
const credentialOf = (identity: VerifiedIdentity) => {
  const { issuerId, externalIdHash } = identityOf(identity);
  return credentialIn(
    sql`FROM issued_identity
      JOIN trusted_issuer ON trusted_issuer.id = issued_identity.issuer_id AND ${isEmbedded}
      JOIN user ON user.id = issued_identity.user_id
      WHERE issued_identity.issuer_id = ${issuerId} AND issued_identity.external_id_hash = ${externalIdHash}
        AND ${MAY_SIGN_IN} AND ${isListedBy(sql`trusted_issuer.id`)} AND user.customer_id = ${claimedCustomer(identity)}`,
  );
};

type Credential = ReturnType<ReturnType<typeof credentialOf>['decode']>;

const authenticate = credentialCache<Credential>();

/**
 * Returns who holds a token that an embedded issuer signed; null when it is not good, or its user has never signed in with
 * one. It stops with the next request once its user, customer, role or issuer is not what it was good for.
 * @throws KeysUnavailableError when the keys of the issuer cannot be read.
 */
export async function authenticateEmbedded(
  db: Database,
  token: Token,
  now: Date,
  how: CacheUse,
  outside: Outside,
): Promise<Authenticated | null> {
  const { hash, text } = token;
  const verified = how.afresh ? undefined : verifiedTokens.get(hash);
  if (verified && verified.goodUntil > now.getTime()) {
    const found = await authenticateAs(db, token, verified.identity, now, how);
    if (found) return found;
  }
  // The issuer may have changed, and the token still be good.
  verifiedTokens.delete(hash);
  const unverified = readUnverifiedEmbedded(text);
  if (unverified === null) return null;
  const { issuers } = await db.reads({ issuers: issuersNamed(unverified, outside) });
  const claimed = await verifyAmong(issuers, text, unverified, outside, now).catch(nullIfForbidden);
  if (claimed === null) return null;
  const found = await authenticateAs(db, token, claimed, now, { afresh: true });
  if (found) rememberVerified(text, claimed, now);
  return found;
}

/** A token with a claim of the wrong shape is no credential. */
function nullIfForbidden(error: unknown): null {
  if (error instanceof ForbiddenError) return null;
  throw error;
}

const authenticateAs = (db: Database, token: Token, identity: VerifiedIdentity, now: Date, how: CacheUse) =>
  authenticate(
    db,
    token,
    () => ({ statement: credentialOf(identity), admit: (row) => admitAs(identity, row, now) }),
    how,
  );

/** Returns the user, unless the token has expired, or its issuer has changed since the token was verified. */
function admitAs({ issuer, claims }: VerifiedIdentity, credential: Credential, now: Date): Authenticated | null {
  const { userId, customerId, roleId, issuerUpdatedAt } = credential;
  if (claims.expiresAt <= now || issuerUpdatedAt.getTime() !== issuer.updatedAt.getTime()) return null;
  if (customerId === null || roleId === null) return null;
  return {
    viewer: {
      actor: { type: 'USER', id: userId },
      permissions: permissionsIn(credential),
      access: 'WRITE',
      reach: { kind: 'CUSTOMER', customerId },
      rateLimitTier: 'DEFAULT',
      countsAs: credentialName({ type: 'USER', id: userId }),
      expiresAt: null,
      session: null,
    },
    noteUse: null,
  };
}
