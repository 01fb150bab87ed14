import { createHmac } from 'node:crypto';
import type { JWK, JWTPayload, JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import { lazily, type OutputOf } from '../kernel/lazily.ts';

const common = lazily(() => ({ kid: z.string().min(1), d: z.string().exactOptional(), x: z.string() }));
/** A key of Ed25519 or P-256, named by `kid`. A key that only verifies needs no private half. */
const signingKey = lazily(() =>
  z.union([
    z.object({ ...common(), kty: z.literal('OKP'), crv: z.literal('Ed25519') }),
    z.object({ ...common(), kty: z.literal('EC'), crv: z.literal('P-256'), y: z.string() }),
  ]),
);
/** A key to sign tokens with, or, without its private half `d`, to verify them with. */
export type SigningKey = OutputOf<typeof signingKey>;

const keySet = lazily(() =>
  z
    .object({ keys: z.array(signingKey()).min(1) })
    .refine(({ keys }) => keys[0]?.d !== undefined, 'the first key signs, and needs its private half, `d`')
    .refine(({ keys }) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'two keys have the same `kid`'),
);

/**
 * Returns the keys of a JSON Web Key Set, the first of which signs.
 * @throws a plain Error when the text is no such set: the deployment is misconfigured.
 */
export const parseSigningKeys = (text: string): SigningKey[] => keySet().parse(JSON.parse(text)).keys;

const algorithmOf = ({ kty }: SigningKey): string => (kty === 'OKP' ? 'EdDSA' : 'ES256');

/** What sets tokens of one kind apart from all others that are signed with the same keys. */
export interface TokenKind {
  /** The `typ` in the header, such as `at+jwt` (RFC 9068). */
  type: string;
  audience: string;
  /** The claims that every token of the kind must have, beside `iat` and `exp`. */
  claims: readonly string[];
}

/** Signs tokens with the first key of a deployment, and verifies them with any of its keys. */
export interface Signer {
  /** The URL of the deployment: the issuer of its tokens, and the audience of those that are good everywhere in it. */
  readonly url: string;
  sign(kind: TokenKind, claims: JWTPayload & { sub: string }, until: Date | string, at?: Date): Promise<string>;
  /** Returns the claims of a token of this kind; null unless one of the keys signed it and it has not expired. */
  verify(kind: TokenKind, token: string): Promise<JWTPayload | null>;
  /**
   * Returns 64 hex digits that stand for a text, always the same, and that nobody can make without the private half of the
   * first key. With another first key they are others.
   */
  keyedHash(text: string): string;
  /** The public halves of the keys, as a JSON Web Key Set (RFC 7517). */
  readonly publicKeys: { keys: JWK[] };
}

/** Loads what signs and verifies: who has API keys alone never needs it. */
const jose = () => import('./jose.ts');

const hmac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex');

function noPrivateHalf(): never {
  throw new Error('The first key has no private half');
}

/** Returns a signer for the deployment with this URL. Its first key needs a private half. */
export function signerWith(keys: readonly SigningKey[], url: string): Signer {
  const [signer] = keys;
  if (!signer) throw new Error('There is no key to sign with');
  const alg = algorithmOf(signer);
  const publicKeys = { keys: keys.map(({ d: _d, ...key }) => ({ ...key, alg: algorithmOf(key), use: 'sig' })) };
  let findKey: JWTVerifyGetKey | undefined;
  let privateKey: CryptoKey | Uint8Array | undefined;
  return {
    url,
    publicKeys,
    keyedHash: (text) => hmac(hmac(signer.d ?? noPrivateHalf(), 'tenantry keyed hash'), text),
    async sign({ type, audience }, claims, until, at = new Date()) {
      const { importJWK, SignJWT } = await jose();
      privateKey ??= await importJWK(signer, alg);
      return new SignJWT(claims)
        .setProtectedHeader({ alg, kid: signer.kid, typ: type })
        .setIssuer(url)
        .setAudience(audience)
        .setIssuedAt(at)
        .setExpirationTime(until)
        .sign(privateKey);
    },
    async verify({ type, audience, claims }, token) {
      const { createLocalJWKSet, errors, jwtVerify } = await jose();
      findKey ??= createLocalJWKSet(publicKeys);
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
