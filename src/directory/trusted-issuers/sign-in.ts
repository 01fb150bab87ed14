import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { violatedUniqueColumn } from '../../db/constraint.ts';
import { issuedIdentities } from '../../db/schema/trusted-issuers.ts';
import { users } from '../../db/schema/users.ts';
import { allOf, insertWhen, update, write } from '../../db/statement.ts';
import type { Visitor } from '../access/anonymous-caller.ts';
import { RefusedError } from '../access/authentication-errors.ts';
import { countAttempt, type Limit, requireFew, tokenLimits, uncount } from '../access/rate-limits.ts';
import { creation, snapshotOfSubject } from '../commands/entity.ts';
import {
  eventsOf,
  happened,
  nameTenants,
  type Occasion,
  occasionOf,
  recordAfter,
  recordEvent,
} from '../commands/event-recording.ts';
import { otherwise, parse } from '../kernel/input.ts';
import { isListedBy } from '../sign-in/effective-role.ts';
import { type Admission, opening } from '../sign-in/sessions.ts';
import { newUser, USER } from '../users/columns.ts';
import type { PublicKey } from './json-web-keys.ts';
import {
  type Arrival,
  arrivalOf,
  claimedCustomer,
  claimedRole,
  identifiedUser,
  identityOf,
  type Meant,
  namesake,
} from './just-in-time-users.ts';
import { trustedIssuerRows } from './queries.ts';
import { readTrusted, readUnverified } from './tokens.ts';

/** What lies outside the directory: the web, and how those who use the API write ids. */
export interface Outside {
  /** The keys at a URL, read anew if one with this id may be there by now. Throws a KeysUnavailableError. */
  keysAt(issuerId: string, url: string, keyId: string | null): Promise<readonly PublicKey[]>;
  /** The id of a customer from a global one. Anything else is handed on. */
  customerId(given: string): string;
}

const tokenInput = z.object({ token: z.string({ error: otherwise('must be a string') }) });

/**
 * Opens a session for the user whom a trusted issuer means by its token; at first sight that is one whom the directory
 * knows by the external id, or a new one. Every token that is not good is refused alike. If a good one asks for what it
 * must not have, a ForbiddenError says so.
 */
export async function signInByToken(visitor: Visitor, input: unknown, outside: Outside): Promise<Admission> {
  const { db, address, now } = visitor;
  const { token } = parse(tokenInput, input);
  const unverified = readUnverified(token);
  if (unverified === null) throw new RefusedError();
  const limits = tokenLimits(address);
  const [[issuer], ...counted] = await db.batch([
    trustedIssuerRows(sql`WHERE trusted_issuer.issuer = ${unverified.issuer}`),
    ...limits.map((limit) => countAttempt(limit, now)),
  ]);
  requireFew(limits, counted, now);
  if (!issuer?.algorithms.includes(unverified.algorithm)) throw new RefusedError();
  const { id, jwksUrl } = issuer;
  const keys = jwksUrl === null ? (issuer.keys ?? []) : await outside.keysAt(id, jwksUrl, unverified.keyId);
  const claims = await readTrusted(token, issuer, keys, now);
  if (claims === null) throw new RefusedError();

  const customerId = claims.customer === undefined ? null : outside.customerId(claims.customer);
  const meant: Meant = { issuer, claims, customerId };
  // Of two who arrive for the first time at once, one finds that the other was faster.
  const admission = (await admit(visitor, meant, limits)) ?? (await admit(visitor, meant, limits));
  if (admission === null) throw new RefusedError();
  return admission;
}

/** Null if what was read was not so any more when it was to be written: then nothing was. */
async function admit({ db, userAgent, now }: Visitor, meant: Meant, limits: readonly Limit[]) {
  const arrival = await arrivalOf(db, meant);
  const { userId, customerId, roleId } = arrival;
  const occasion = occasionOf(userId, now);
  const mayEnter = isStillListed(meant, arrival);
  const isIdentified = sql`${identifiedUser(meant)} = ${userId}`;
  const mayBeLinked = arrival.newcomer ? mayEnter : sql`${mayEnter} AND ${namesake(meant)} = ${userId}`;
  const opened = opening(occasion, {
    userAgent,
    standing: { userId, kind: 'CUSTOMER', customerId, tenantId: null, roleId },
    condition: sql`${mayEnter} AND ${isIdentified}`,
    columns: { issuerId: meant.issuer.id },
  });
  if (opened === null) throw new Error('A user with a role in a customer reaches nothing');
  const writes = [
    ...(arrival.newcomer ? create(occasion, meant, arrival, arrival.newcomer) : []),
    ...(arrival.isLinked ? [] : link(occasion, meant, userId, mayBeLinked)),
    ...(arrival.isInvited ? join(occasion, userId, sql`${mayEnter} AND ${isIdentified}`) : []),
    ...opened.writes,
    nameTenants(occasion),
    uncount(limits),
  ];
  try {
    const results = await db.batch([...writes.map(write), eventsOf(occasion)]);
    const isOpen = results.at(-1)?.some(({ type }) => type === 'session.created');
    return isOpen ? opened.admission : null;
  } catch (error) {
    if (violatedUniqueColumn(error) === null) throw error;
    return null;
  }
}

const isUnchanged = ({ issuer }: Meant): SQL =>
  sql`EXISTS (SELECT 1 FROM trusted_issuer
    WHERE trusted_issuer.id = ${issuer.id} AND trusted_issuer.updated_at = ${issuer.updatedAt.getTime()})`;

/** The issuer is as it was when the token was found good, and may sign in the user. */
const isStillListed = (meant: Meant, { userId, customerId }: Arrival): SQL =>
  allOf([
    isUnchanged(meant),
    sql`EXISTS (SELECT 1 FROM user WHERE user.id = ${userId} AND user.customer_id = ${customerId} AND user.deleted = 0
      AND user.status <> 'DEACTIVATED' AND ${isListedBy(sql`${meant.issuer.id}`)})`,
  ]);

/** Whoever comes with a token needs no invitation. The directory's own external id stays free: this one is the issuer's. */
function create(
  occasion: Occasion,
  meant: Meant,
  { userId, customerId, roleId }: Arrival,
  newcomer: NonNullable<Arrival['newcomer']>,
): SQL[] {
  const home = { kind: 'CUSTOMER', roleId: sql`${roleId}`, customerId: sql`${customerId}` } as const;
  const { recorded, writes } = creation(occasion, USER, userId, { ...newUser(newcomer, home), status: 'ACTIVE' });
  const condition = allOf([
    isUnchanged(meant),
    sql`${claimedCustomer(meant)} = ${customerId}`,
    sql`${claimedRole(meant)} = ${roleId}`,
  ]);
  return [recorded(condition), ...writes];
}

function link(occasion: Occasion, meant: Meant, userId: string, condition: SQL): SQL[] {
  const type = 'user.linked';
  const after = sql`json_object('trustedIssuerId', ${meant.issuer.id}, 'externalId', ${meant.claims.subject})`;
  return [
    recordEvent(
      occasion,
      { type, subjectType: 'User', subjectId: sql`${userId}`, after },
      sql`WHERE ${condition} AND ${identifiedUser(meant)} IS NULL`,
    ),
    insertWhen(issuedIdentities, { ...identityOf(meant), userId }, happened(occasion, type)),
  ];
}

/** What was invited has come. */
function join(occasion: Occasion, userId: string, condition: SQL): SQL[] {
  const type = 'user.joined';
  const joined = happened(occasion, type);
  return [
    recordEvent(
      occasion,
      { type, subjectType: 'User', subjectId: sql`user.id`, before: USER.snapshot },
      sql`FROM user WHERE user.id = ${userId} AND user.status = 'INVITED' AND ${condition}`,
    ),
    update(
      users,
      { status: 'ACTIVE', updatedAt: occasion.at, version: sql`version + 1` },
      sql`user.id = ${userId} AND ${joined}`,
    ),
    sql`DELETE FROM mailed_link WHERE user_id = ${userId} AND purpose = 'INVITATION' AND ${joined}`,
    recordAfter(occasion, type, snapshotOfSubject(USER)),
  ];
}
