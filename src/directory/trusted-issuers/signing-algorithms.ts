/** The algorithms that a trusted issuer may sign tokens with. All are asymmetric, so we never hold a key that signs. */
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
/** An algorithm that a trusted issuer may sign tokens with. */
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];
