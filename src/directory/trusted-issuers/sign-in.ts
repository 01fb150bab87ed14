import type { JWK } from 'jose';
import * as z from 'zod';
import { violatedUniqueColumns } from '../../db/constraint.ts';
import { sql } from '../../db/sql.ts';
import { select, write } from '../../db/statement.ts';
import type { AnonymousCaller } from '../access/anonymous-caller.ts';
import { countAttempt, type RateLimit, refund, requireWithinLimits, tokenLimits } from '../access/rate-limits.ts';
import { eventContextOf, eventsOf, nameTenants, tell } from '../commands/event-recording.ts';
import { AuthenticationError } from '../kernel/authentication-errors.ts';
import { otherwise, parse } from '../kernel/input.ts';
import { lazily } from '../kernel/lazily.ts';
import { productPermissionsOf } from '../sign-in/effective-role.ts';
import { type Admission, admissionOf, opening } from '../sign-in/sessions.ts';
import { isEmbedded } from './entity.ts';
import type { PublicKey } from './json-web-keys.ts';
import { type ClaimedIdentity, tokenUserOf } from './just-in-time-users.ts';
import { type TrustedIssuerRecord, trustedIssuerRows } from './queries.ts';
import { readTrusted, readUnverified, type UnverifiedKey } from './tokens.ts';
import { userWrites } from './user-writes.ts';

/** What signing in with a token needs from outside the directory. */
export interface Outside {
  /**
   * Returns the keys at a URL. They are read anew if none that is known has this id, because it may be there by now.
   * @throws KeysUnavailableError if they cannot be read.
   */
  keysAt(issuerId: string, url: string, keyId: string | null): Promise<readonly PublicKey[]>;
  /** Returns the id of a customer from a global id. Any other text is returned as it is. */
  customerId(given: string): string;
  /** Returns the id of the organization from a global id. Any other text is returned as it is. */
  organizationId(given: string): string;
}

const tokenInput = lazily(() => z.object({ token: z.string({ error: otherwise('must be a string') }) }));

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
    issuers: trustedIssuerRows(sql`WHERE trusted_issuer.issuer = ${unverified.issuer} AND NOT ${isEmbedded}`),
    counted: countAttempt(limits, now),
  });
  requireWithinLimits(limits, counted, now);
  const [issuer] = issuers;
  if (!issuer?.algorithms.includes(unverified.algorithm)) throw new AuthenticationError();
  const claims = await readTrusted(token, issuer, await keysOf(issuer, unverified, outside), now);
  if (claims === null) throw new AuthenticationError();

  const customerId = claims.customer === undefined ? null : outside.customerId(claims.customer);
  const claimed: ClaimedIdentity = { issuer, claims, customerId };
  // Of two first sign-ins of one user at once, one fails to write. By then the user is linked, and it succeeds.
  const admission = (await admit(caller, claimed, limits)) ?? (await admit(caller, claimed, limits));
  if (admission === null) throw new AuthenticationError();
  return admission;
}

/** Returns the keys of an issuer, from wherever it publishes them. */
export const keysOf = async (
  { id, keys, jwksUrl }: TrustedIssuerRecord,
  { keyId }: UnverifiedKey,
  outside: Pick<Outside, 'keysAt'>,
): Promise<readonly JWK[]> => (jwksUrl === null ? (keys ?? []) : outside.keysAt(id, jwksUrl, keyId));

/** Opens the session in one batch; null if what was read has changed before it was written. */
async function admit(caller: AnonymousCaller, claimed: ClaimedIdentity, limits: readonly RateLimit[]) {
  const { db, userAgent, now } = caller;
  const tokenUser = await tokenUserOf(db, claimed);
  const { userId, customerId, roleId } = tokenUser;
  const context = eventContextOf(userId, now);
  const ofUser = userWrites(context, claimed, tokenUser);
  const opened = opening(context, {
    userAgent,
    effectiveRole: { userId, kind: 'CUSTOMER', customerId, tenantId: null, roleId },
    condition: ofUser.isIn,
    columns: { issuerId: claimed.issuer.id },
  });
  if (opened === null) throw new Error('A user with a role in a customer reaches nothing');
  const writes = [...ofUser.writes, ...opened.writes, nameTenants(context), refund(limits)];
  try {
    const { recorded, product } = await db.batch({
      writes: writes.map(write),
      recorded: eventsOf(context),
      product: select({ permissions: productPermissionsOf(sql`${roleId}`) }, sql``),
    });
    tell(recorded, caller);
    const isOpen = recorded.some(({ type }) => type === 'session.created');
    return isOpen ? admissionOf(opened, product[0]?.permissions ?? '[]') : null;
  } catch (error) {
    if (violatedUniqueColumns(error) === null) throw error;
    return null;
  }
}
