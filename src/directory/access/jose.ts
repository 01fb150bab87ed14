/** What is needed of the library that signs and verifies, to be loaded where tokens are. */
export { createLocalJWKSet, errors, importJWK, jwtVerify, SignJWT } from 'jose';
