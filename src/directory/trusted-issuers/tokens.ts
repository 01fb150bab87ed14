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

export const MAX_TOKEN_LENGTH = 8192;
/** What clocks may differ by. */
const TOLERANCE_SECONDS = 5;
/** A token is for coming in, and not for keeping. */
const MAX_LIFETIME_SECONDS = 24 * 60 * 60;

/** What a token says of itself before anybody has looked at its signature: it tells where to look, and nothing else. */
export interface Unverified {
  issuer: string;
  algorithm: string;
  keyId: string | null;
}

const header = z.object({ alg: z.string(), kid: z.string().optional() });
const payload = z.object({ iss: z.string().max(256) });

/** Null for what cannot be a token. */
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

/** Compared as it is given, to the letter: what `text` would trim, or refuse, is nobody's id. */
const subject = z.string().refine((given) => text.safeParse(given).data === given);

const claims = newRecord({
  customer: text.optional(),
  role: text.optional(),
  email: emailAddress.optional(),
  name: text.optional(),
});

/** Whom a token is about. */
export interface TrustedClaims extends z.output<typeof claims> {
  subject: string;
}

type Trust = Pick<TrustedIssuerRecord, 'issuer' | 'audience' | 'algorithms'>;

/**
 * What a token says that the issuer has signed with one of these keys, for this audience, and that is good now; null for
 * any other. A ForbiddenError for one that is good, and says something that cannot be.
 */
export async function readTrusted(
  token: string,
  { issuer, audience, algorithms }: Trust,
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

/** Counted from when it was made, if it says so, and else from now. */
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

/** A key that looks like one and is none is as good as none. */
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
