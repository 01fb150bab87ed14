import { createPublicKey } from 'node:crypto';
import * as z from 'zod';
import { choice, otherwise } from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from './signing-algorithms.ts';

/** How many keys a trusted issuer has at most. */
export const MAX_KEYS = 10;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
const ALGORITHM_OF_CURVE = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' } as const;

/** Members of a JSON Web Key that only its owner may know. `k` is a symmetric key, which has no public half. */
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

const modulus = lazily(() =>
  number(Math.ceil((MAX_RSA_BITS / 8 + 1) * (4 / 3))).refine((n) => bitsOf(n) >= MIN_RSA_BITS, {
    error: `must have at least ${MIN_RSA_BITS} bits`,
  }),
);

const common = lazily(() => ({
  kid: z.string({ error: 'must be a string' }).min(1, 'must not be empty').max(256, 'is too long').exactOptional(),
  use: z.literal('sig', { error: 'must be sig' }).exactOptional(),
  alg: choice(SIGNING_ALGORITHMS).exactOptional(),
}));

const key = lazily(() =>
  z.discriminatedUnion(
    'kty',
    [
      // With another exponent than these two, such as 1, anybody could forge signatures.
      z.object({ ...common(), kty: z.literal('RSA'), n: modulus(), e: choice(['AQAB', 'Aw']) }),
      z.object({
        ...common(),
        kty: z.literal('EC'),
        crv: choice(['P-256', 'P-384', 'P-521']),
        x: number(100),
        y: number(100),
      }),
      z.object({ ...common(), kty: z.literal('OKP'), crv: choice(['Ed25519']), x: number(100) }),
    ],
    { error: otherwise('must have a kty of RSA, EC or OKP') },
  ),
);

function isKey(jwk: OutputOf<typeof key>): boolean {
  try {
    createPublicKey({ key: jwk, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

/** A public key to verify signatures with (RFC 7517). Members that are not needed for that are dropped. */
export const publicKey = lazily(() =>
  z
    .looseObject({}, { error: otherwise('must be a JSON Web Key') })
    .refine((jwk) => PRIVATE_PARTS.every((part) => !(part in jwk)), {
      error: 'must be a public key: this one is private or symmetric, and should not be used any more',
    })
    .pipe(key())
    .refine(isKey, { error: 'is no key' })
    .refine((jwk) => jwk.alg === undefined || algorithmsFor(jwk).includes(jwk.alg), {
      path: ['alg'],
      error: 'does not go with the key',
    }),
);

/** A public key to verify the tokens of a trusted issuer with. */
export type PublicKey = OutputOf<typeof key>;

/** The public keys of a trusted issuer. If there are several, each has a `kid` of its own. */
export const publicKeys = lazily(() =>
  z
    .array(publicKey(), { error: otherwise('must be a list') })
    .min(1, 'must be at least one')
    .max(MAX_KEYS, `must be at most ${MAX_KEYS}`)
    .refine(
      (keys) => keys.length < 2 || new Set(keys.map(({ kid }) => kid ?? '').filter(Boolean)).size === keys.length,
      { error: 'must each have a kid of its own' },
    ),
);

/** Returns the algorithms that a key can be used with. */
function algorithmsFor(jwk: PublicKey): SigningAlgorithm[] {
  if (jwk.kty === 'EC') return [ALGORITHM_OF_CURVE[jwk.crv]];
  if (jwk.kty === 'OKP') return ['EdDSA'];
  return SIGNING_ALGORITHMS.filter((name) => /^[RP]S/.test(name));
}

/**
 * Returns the algorithms of an issuer that names none: those of its keys, or common ones if the keys are at a URL
 * (null).
 */
export function usualAlgorithms(keys: readonly PublicKey[] | null): SigningAlgorithm[] {
  if (keys === null) return ['RS256', 'PS256', 'ES256', 'EdDSA'];
  const used = keys.flatMap((jwk) => jwk.alg ?? algorithmsFor(jwk)[0] ?? []);
  return SIGNING_ALGORITHMS.filter((name) => used.includes(name));
}
