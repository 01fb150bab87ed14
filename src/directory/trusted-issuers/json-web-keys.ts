import { createPublicKey } from 'node:crypto';
import * as z from 'zod';
import { choice, otherwise } from '../kernel/input.ts';

/** What a token of a trusted issuer may be signed with: by two keys, one of them public. */
export const SIGNING_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

export const MAX_KEYS = 10;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
const ALGORITHM_OF_CURVE = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' } as const;

/** What of a key is nobody's business but the issuer's. `k` is a key that is not public at all. */
const PRIVATE_PARTS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const number = (maxLength: number) =>
  z
    .string({ error: otherwise('must be a string') })
    .regex(/^[\w-]+$/, 'must be base64url')
    .max(maxLength, 'is too long');

function bitsOf(modulus: string): number {
  const digits = Buffer.from(modulus, 'base64url').toString('hex').replace(/^0+/, '');
  return digits.length * 4 - (Math.clz32(Number.parseInt(digits.charAt(0), 16)) - 28);
}

const modulus = number(Math.ceil((MAX_RSA_BITS / 8 + 1) * (4 / 3))).refine((n) => bitsOf(n) >= MIN_RSA_BITS, {
  error: `must have at least ${MIN_RSA_BITS} bits`,
});

const common = {
  kid: z.string({ error: 'must be a string' }).min(1, 'must not be empty').max(256, 'is too long').exactOptional(),
  use: z.literal('sig', { error: 'must be sig' }).exactOptional(),
  alg: choice(SIGNING_ALGORITHMS).exactOptional(),
};

const key = z.discriminatedUnion(
  'kty',
  [
    // With another exponent than the usual ones, 1 among them, signatures may be worth nothing.
    z.object({ ...common, kty: z.literal('RSA'), n: modulus, e: choice(['AQAB', 'Aw']) }),
    z.object({
      ...common,
      kty: z.literal('EC'),
      crv: choice(['P-256', 'P-384', 'P-521']),
      x: number(100),
      y: number(100),
    }),
    z.object({ ...common, kty: z.literal('OKP'), crv: choice(['Ed25519']), x: number(100) }),
  ],
  { error: otherwise('must have a kty of RSA, EC or OKP') },
);

function isKey(jwk: z.output<typeof key>): boolean {
  try {
    createPublicKey({ key: jwk, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

/** A public key to verify signatures with (RFC 7517); of its members those that this takes. */
export const publicKey = z
  .looseObject({}, { error: otherwise('must be a JSON Web Key') })
  .refine((jwk) => PRIVATE_PARTS.every((part) => !(part in jwk)), {
    error: 'must be a public key: this one is private or symmetric, and should not be used any more',
  })
  .pipe(key)
  .refine(isKey, { error: 'is no key' })
  .refine((jwk) => jwk.alg === undefined || algorithmsFor(jwk).includes(jwk.alg), {
    path: ['alg'],
    error: 'does not go with the key',
  });

export type PublicKey = z.output<typeof key>;

/** Keys that are named apart, as soon as there are several. */
export const publicKeys = z
  .array(publicKey, { error: otherwise('must be a list') })
  .min(1, 'must be at least one')
  .max(MAX_KEYS, `must be at most ${MAX_KEYS}`)
  .refine((keys) => keys.length < 2 || new Set(keys.map(({ kid }) => kid ?? '').filter(Boolean)).size === keys.length, {
    error: 'must each have a kid of its own',
  });

/** What a key can be used for. */
export function algorithmsFor(jwk: PublicKey): SigningAlgorithm[] {
  if (jwk.kty === 'EC') return [ALGORITHM_OF_CURVE[jwk.crv]];
  if (jwk.kty === 'OKP') return ['EdDSA'];
  return SIGNING_ALGORITHMS.filter((name) => /^[RP]S/.test(name));
}

/** What is expected of keys unless something else is said. Of those at a URL nothing is known. */
export function usualAlgorithms(keys: readonly PublicKey[] | null): SigningAlgorithm[] {
  if (keys === null) return ['RS256', 'PS256', 'ES256', 'EdDSA'];
  const used = keys.flatMap((jwk) => jwk.alg ?? algorithmsFor(jwk)[0] ?? []);
  return SIGNING_ALGORITHMS.filter((name) => used.includes(name));
}
