import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import * as z from 'zod';
import { ForbiddenError } from '../kernel/errors.ts';
import { emailAddress, newRecord, text } from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import type { TrustedIssuerRecord } from './queries.ts';

/** How many characters a token of a trusted issuer has at most. */
export const MAX_TOKEN_LENGTH = 8192;
/** How much our clock and the issuer's may differ. */
const TOLERANCE_SECONDS = 5;
/** How long a token may be good at most: it is for signing in once, and not for keeping. */
const MAX_LIFETIME_SECONDS = 24 * 60 * 60;

/** What a token says of its key before its signature is verified. */
export interface UnverifiedKey {
  algorithm: string;
  keyId: string | null;
}

/** What a token says before its signature is verified. It serves only to find the issuer and the key. */
export interface Unverified extends UnverifiedKey {
  issuer: string;
}

/** What a token of an embedded issuer says before its signature is verified. */
export interface UnverifiedEmbedded extends UnverifiedKey {
  organization: string;
  customer: string;
}

const header = lazily(() => z.object({ alg: z.string(), kid: z.string().optional() }));
const name = lazily(() => z.string().max(256));
const standard = lazily(() => z.object({ iss: name() }));
/** A token that says who made it, or for whom, is none of an embedded issuer: it is meant for somebody else. */
const embedded = lazily(() =>
  z.object({ organization: name(), customer: name(), iss: z.never().optional(), aud: z.never().optional() }),
);

/** Returns what a token says, without verifying it; null for a text that cannot be a token. */
export function readUnverified(token: string): Unverified | null {
  const read = readParts(token, standard);
  return read && { ...read.key, issuer: read.payload.iss };
}

/** Returns what a token of an embedded issuer says, without verifying it; null for a text that cannot be one. */
export function readUnverifiedEmbedded(token: string): UnverifiedEmbedded | null {
  const read = readParts(token, embedded);
  return read && { ...read.key, organization: read.payload.organization, customer: read.payload.customer };
}

function readParts<S extends z.ZodType>(
  token: string,
  payload: () => S,
): { key: UnverifiedKey; payload: z.output<S> } | null {
  if (token.length > MAX_TOKEN_LENGTH) return null;
  const parts = decoded(token);
  const [head, body] = [header().safeParse(parts?.header), payload().safeParse(parts?.payload)];
  if (!head.success || !body.success) return null;
  return { key: { algorithm: head.data.alg, keyId: head.data.kid ?? null }, payload: body.data };
}

function decoded(token: string) {
  try {
    return { header: decodeProtectedHeader(token), payload: decodeJwt(token) };
  } catch {
    return null;
  }
}

/** The issuer's id for a user, compared to the letter. What `text` would trim or reject is no such id. */
const subject = lazily(() => z.string().refine((given) => text().safeParse(given).data === given));

const userClaims = lazily(() => ({
  role: text().optional(),
  email: emailAddress().optional(),
  name: text().optional(),
}));
const claims = lazily(() => newRecord({ ...userClaims(), customer: text().optional() }));

/** Programs send an empty string for what they do not have. */
const embeddedClaims = lazily(() =>
  z.preprocess(
    (given) => Object.fromEntries(Object.entries(Object(given)).filter(([, value]) => value !== '')),
    newRecord({ ...userClaims(), customer: text(), external_id: text().optional() }),
  ),
);

/** What a verified token says about its user. */
export interface TrustedClaims extends OutputOf<typeof claims> {
  subject: string;
  /** The id of the user in the directory, which tokens of embedded issuers can name beside the issuer's own. */
  externalId: string | undefined;
  /** When it is not good any more by any clock that may differ from its issuer's. */
  expiresAt: Date;
}

type TokenRules = Pick<TrustedIssuerRecord, 'issuer' | 'audience' | 'algorithms'>;

/**
 * Returns the claims of a token that one of these keys signed for this audience. Returns null for any other, and for
 * one that is not good now or is good for more than a day.
 * @throws ForbiddenError for a verified token with a claim of the wrong shape.
 */
export async function readTrusted(
  token: string,
  { issuer, audience, algorithms }: TokenRules,
  keys: readonly JWK[],
  now: Date,
): Promise<TrustedClaims | null> {
  // Without them, nothing would be compared.
  if (!issuer || !audience) return null;
  const requiredClaims = ['iss', 'aud', 'exp', 'sub'];
  const verified = await verify(token, keys, now, { algorithms, issuer, audience, requiredClaims });
  return verified && { ...verified.of, ...claimsIn(verified.payload, claims), externalId: undefined };
}

/**
 * Returns the claims of a token that one of these keys of an embedded issuer signed. Which organization it names is for the
 * caller to compare. Returns null for a token that is not good, as `readTrusted` does.
 * @throws ForbiddenError for a verified token with a claim of the wrong shape.
 */
export async function readEmbedded(
  token: string,
  { algorithms }: Pick<TokenRules, 'algorithms'>,
  keys: readonly JWK[],
  now: Date,
): Promise<TrustedClaims | null> {
  const requiredClaims = ['organization', 'customer', 'exp', 'sub'];
  const verified = await verify(token, keys, now, { algorithms, requiredClaims });
  if (verified === null || !embedded().safeParse(verified.payload).success) return null;
  const { external_id: externalId, ...said } = claimsIn(verified.payload, embeddedClaims);
  return { ...verified.of, ...said, externalId };
}

/** A verified token: whom it is of, until when, and all that it says. */
interface Verified {
  of: Pick<TrustedClaims, 'subject' | 'expiresAt'>;
  payload: JWTPayload;
}

/** Returns what a verified token says, by a schema. */
function claimsIn<S extends z.ZodType>(payload: JWTPayload, schema: () => S): z.output<S> {
  const { success, data, error } = schema().safeParse(payload);
  if (success) return data;
  const [issue] = error.issues;
  throw ForbiddenError.outOfReach(`The claim ${issue?.path.join('.')} ${issue?.message}.`);
}

/** Whether a token is good for at most a day from when it was made or, if it does not say when, from now. */
function isShort({ iat, exp }: { iat?: number | undefined; exp?: number | undefined }, now: Date): boolean {
  const seconds = now.getTime() / 1000;
  if (exp === undefined || (iat !== undefined && iat > seconds + TOLERANCE_SECONDS)) return false;
  return exp - Math.min(iat ?? seconds, seconds) <= MAX_LIFETIME_SECONDS + TOLERANCE_SECONDS;
}

/** Returns a token that one of these keys signed and that is good now, and for no longer than it may be; null for another. */
async function verify(
  token: string,
  keys: readonly JWK[],
  now: Date,
  rules: JWTVerifyOptions,
): Promise<Verified | null> {
  const options = { ...rules, currentDate: now, clockTolerance: TOLERANCE_SECONDS };
  const payload = await payloadSignedBy(keys, token, options);
  const { success, data: named } = subject().safeParse(payload?.sub);
  if (payload?.exp === undefined || !success || !isShort(payload, now)) return null;
  return { of: { subject: named, expiresAt: new Date((payload.exp + TOLERANCE_SECONDS) * 1000) }, payload };
}

/** Returns what a token says that one of these keys signed. One that names no key may be signed with any that fits. */
async function payloadSignedBy(keys: readonly JWK[], token: string, options: JWTVerifyOptions) {
  const verified = await orError(jwtVerify(token, findAmong(keys), options));
  if (!(verified instanceof errors.JWKSMultipleMatchingKeys)) return payloadOf(verified);
  for await (const key of verified) {
    const payload = payloadOf(await orError(jwtVerify(token, key, options)));
    if (payload !== null) return payload;
  }
  return null;
}

const payloadOf = (verified: { payload: JWTPayload } | errors.JOSEError): JWTPayload | null =>
  verified instanceof errors.JOSEError ? null : verified.payload;

/** Returns the error of a token that is not good, in place of throwing it. */
const orError = <Result>(verifying: Promise<Result>): Promise<Result | errors.JOSEError> =>
  verifying.catch((error) => {
    if (error instanceof errors.JOSEError) return error;
    throw error;
  });

/**
 * Finds the key of a token. A broken key counts as missing, so that it makes a token invalid and is no failure of ours.
 */
function findAmong(keys: readonly JWK[]): JWTVerifyGetKey {
  const find = createLocalJWKSet({ keys: [...keys] });
  return async (header, token) => {
    try {
      return await find(header, token);
    } catch (error) {
      throw error instanceof errors.JOSEError ? error : new errors.JWKSInvalid();
    }
  };
}
