import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWK,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import * as z from 'zod';
import { ForbiddenError } from '../kernel/errors.ts';
import { emailAddress, newRecord, text } from '../kernel/input.ts';
import type { TrustedIssuerRecord } from './queries.ts';

/** How many characters a token of a trusted issuer has at most. */
export const MAX_TOKEN_LENGTH = 8192;
/** How much our clock and the issuer's may differ. */
const TOLERANCE_SECONDS = 5;
/** How long a token may be good at most: it is for signing in once, and not for keeping. */
const MAX_LIFETIME_SECONDS = 24 * 60 * 60;

/** What a token says before its signature is verified. It serves only to find the issuer and the key. */
export interface Unverified {
  issuer: string;
  algorithm: string;
  keyId: string | null;
}

const header = z.object({ alg: z.string(), kid: z.string().optional() });
const payload = z.object({ iss: z.string().max(256) });

/** Returns what a token says, without verifying it; null for a text that cannot be a token. */
export function readUnverified(token: string): Unverified | null {
  if (token.length > MAX_TOKEN_LENGTH) return null;
  const parts = decoded(token);
  const [head, body] = [header.safeParse(parts?.header), payload.safeParse(parts?.payload)];
  if (!head.success || !body.success) return null;
  return { issuer: body.data.iss, algorithm: head.data.alg, keyId: head.data.kid ?? null };
}

function decoded(token: string) {
  try {
    return { header: decodeProtectedHeader(token), payload: decodeJwt(token) };
  } catch {
    return null;
  }
}

/** The issuer's id for a user, compared to the letter. What `text` would trim or reject is no such id. */
const subject = z.string().refine((given) => text.safeParse(given).data === given);

const claims = newRecord({
  customer: text.optional(),
  role: text.optional(),
  email: emailAddress.optional(),
  name: text.optional(),
});

/** What a verified token says about its user. */
export interface TrustedClaims extends z.output<typeof claims> {
  subject: string;
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
  const verified = await verify(token, keys, {
    algorithms,
    issuer,
    audience,
    currentDate: now,
    clockTolerance: TOLERANCE_SECONDS,
    requiredClaims: ['iss', 'aud', 'exp', 'sub'],
  });
  if (verified === null || !isShort(verified, now)) return null;
  const named = subject.safeParse(verified.sub);
  if (!named.success) return null;
  const said = claims.safeParse(verified);
  if (said.success) return { ...said.data, subject: named.data };
  const [issue] = said.error.issues;
  throw ForbiddenError.outOfReach(`The claim ${issue?.path.join('.')} ${issue?.message}.`);
}

/** Whether a token is good for at most a day from when it was made or, if it does not say when, from now. */
function isShort({ iat, exp }: { iat?: number | undefined; exp?: number | undefined }, now: Date): boolean {
  const seconds = now.getTime() / 1000;
  if (exp === undefined || (iat !== undefined && iat > seconds + TOLERANCE_SECONDS)) return false;
  return exp - Math.min(iat ?? seconds, seconds) <= MAX_LIFETIME_SECONDS + TOLERANCE_SECONDS;
}

async function verify(token: string, keys: readonly JWK[], options: JWTVerifyOptions) {
  try {
    return (await jwtVerify(token, findAmong(keys), options)).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

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
