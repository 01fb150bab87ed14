import { createLocalJWKSet, errors, importJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';

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

/** What tells tokens of one kind from all others that the same keys sign. */
export interface TokenKind {
  /** In the header, as RFC 9068 has `at+jwt`. */
  type: string;
  audience: string;
  /** What every one of them says, beside when it was made and when it ends. */
  claims: readonly string[];
}

/** The keys of a deployment, which signs with the first of them and verifies with all. */
export interface Signer {
  /** Where the deployment is: whoever signs, and, but for what is there for a part of it only, whom it is for. */
  readonly url: string;
  sign(kind: TokenKind, claims: JWTPayload & { sub: string }, until: Date | string, at?: Date): Promise<string>;
  /** What a token of this kind says that is ours and has not expired; null for any other. */
  verify(kind: TokenKind, token: string): Promise<JWTPayload | null>;
  /** The public halves of the keys, as a JSON Web Key Set (RFC 7517). */
  readonly publicKeys: { keys: JWK[] };
}

/** Signs and verifies for the deployment with this URL. */
export function signerWith(keys: readonly SigningKey[], url: string): Signer {
  const [signer] = keys;
  if (!signer) throw new Error('There is no key to sign with');
  const alg = algorithmOf(signer);
  const publicKeys = { keys: keys.map(({ d: _d, ...key }) => ({ ...key, alg: algorithmOf(key), use: 'sig' })) };
  const findKey = createLocalJWKSet(publicKeys);
  let privateKey: ReturnType<typeof importJWK> | undefined;
  return {
    url,
    publicKeys,
    async sign({ type, audience }, claims, until, at = new Date()) {
      privateKey ??= importJWK(signer, alg);
      return new SignJWT(claims)
        .setProtectedHeader({ alg, kid: signer.kid, typ: type })
        .setIssuer(url)
        .setAudience(audience)
        .setIssuedAt(at)
        .setExpirationTime(until)
        .sign(await privateKey);
    },
    async verify({ type, audience, claims }, token) {
      try {
        const { payload } = await jwtVerify(token, findKey, {
          algorithms: ['EdDSA', 'ES256'],
          issuer: url,
          audience,
          typ: type,
          requiredClaims: ['exp', 'iat', ...claims],
        });
        return payload;
      } catch (error) {
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}
