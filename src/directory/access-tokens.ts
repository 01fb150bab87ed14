import { createLocalJWKSet, errors, importJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { API_KEY_REACHES } from './api-keys.ts';

/** How long an access token is good, unless what it stands for ends sooner: it is asked for anew at every request. */
export const ACCESS_TOKEN_SECONDS = 15 * 60;

/** The types of access tokens (RFC 9068): no other token that the same keys have signed is taken for one. */
const TYPE = 'at+jwt';

/** What an access token says. Not what its holder may do: that is read from the directory. */
export interface Grant {
  userId: string;
  sessionId: string;
  reach: 'ORGANIZATION' | 'TENANTS' | 'CUSTOMER';
  /** The one tenant that it reaches, for a reach of TENANTS; null for another. */
  tenantId: string | null;
  /** For a reach of CUSTOMER. */
  customerId: string | null;
}

export interface Granted extends Grant {
  expiresAt: Date;
}

export interface AccessTokens {
  /** Good for 15 minutes, or until then. */
  issue(grant: Grant, until?: Date): Promise<string>;
  /** What a token says that is ours and has not expired; null for any other. */
  read(token: string): Promise<Granted | null>;
  /** The public halves of the keys, as a JSON Web Key Set (RFC 7517). */
  readonly publicKeys: { keys: JWK[] };
}

const uuid = z.guid();
const claims = z.object({
  sub: uuid,
  sid: uuid,
  reach: z.enum(API_KEY_REACHES),
  tenant_id: uuid.nullish(),
  customer_id: uuid.nullish(),
  exp: z.number(),
});

const common = { kid: z.string().min(1), d: z.string().exactOptional(), x: z.string() };
/** A key of Ed25519 or of P-256, named by `kid`. Those that only verify need no private half. */
const signingKey = z.union([
  z.object({ ...common, kty: z.literal('OKP'), crv: z.literal('Ed25519') }),
  z.object({ ...common, kty: z.literal('EC'), crv: z.literal('P-256'), y: z.string() }),
]);
export type SigningKey = z.output<typeof signingKey>;

const keySet = z
  .object({ keys: z.array(signingKey).min(1) })
  .refine(({ keys }) => keys[0]?.d !== undefined, 'the first key signs, and needs its private half, `d`')
  .refine(({ keys }) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'two keys have the same `kid`');

/** The keys of a JSON Web Key Set, the first of which signs. Throws when it is none. */
export const parseSigningKeys = (text: string): SigningKey[] => keySet.parse(JSON.parse(text)).keys;

const algorithmOf = ({ kty }: SigningKey): string => (kty === 'OKP' ? 'EdDSA' : 'ES256');

/** Access tokens that these keys sign, from and for the deployment with this URL. */
export function accessTokens(keys: readonly SigningKey[], url: string): AccessTokens {
  const [signer] = keys;
  if (!signer) throw new Error('There is no key to sign with');
  const alg = algorithmOf(signer);
  const publicKeys = { keys: keys.map(({ d: _d, ...key }) => ({ ...key, alg: algorithmOf(key), use: 'sig' })) };
  const findKey = createLocalJWKSet(publicKeys);
  let privateKey: ReturnType<typeof importJWK> | undefined;
  return {
    publicKeys,
    async issue({ userId, sessionId, reach, tenantId, customerId }, until) {
      privateKey ??= importJWK(signer, alg);
      return new SignJWT({
        sid: sessionId,
        reach,
        ...(tenantId !== null && { tenant_id: tenantId }),
        ...(customerId !== null && { customer_id: customerId }),
      })
        .setProtectedHeader({ alg, kid: signer.kid, typ: TYPE })
        .setIssuer(url)
        .setAudience(url)
        .setSubject(userId)
        .setIssuedAt()
        .setExpirationTime(until ?? `${ACCESS_TOKEN_SECONDS}s`)
        .sign(await privateKey);
    },
    async read(token) {
      const payload = await verified(token);
      return payload && asGrant(payload);
    },
  };

  async function verified(token: string): Promise<JWTPayload | null> {
    try {
      const { payload } = await jwtVerify(token, findKey, {
        algorithms: ['EdDSA', 'ES256'],
        issuer: url,
        audience: url,
        typ: TYPE,
        requiredClaims: ['exp', 'iat', 'sub', 'sid'],
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }
}

function asGrant(payload: JWTPayload): Granted | null {
  const { success, data } = claims.safeParse(payload);
  if (!success) return null;
  const { sub, sid, reach, tenant_id, customer_id, exp } = data;
  return {
    userId: sub,
    sessionId: sid,
    reach,
    tenantId: tenant_id ?? null,
    customerId: customer_id ?? null,
    expiresAt: new Date(exp * 1000),
  };
}
