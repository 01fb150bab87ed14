import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect } from 'vitest';
import { newCustomer, type Result, succeed, unique } from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { step } from '../../shared/people.ts';

export const AUDIENCE = 'https://tenantry.test/customers';
const FIELDS = 'id name issuer audience algorithms keys jwksUrl createsUsers roleIds customerIds createdAt updatedAt';
const REFUSAL = /^The token is not valid/;

type Pair = Awaited<ReturnType<typeof newPair>>;

export async function newPair(algorithm = 'RS256', kid = unique('key')) {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { algorithm, kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid } };
}

export const rsa = await newPair();
export const ec = await newPair('ES256');

/** What a token says. */
export type Claims = Record<string, unknown>;

interface Scene {
  issuer: Result;
  customer: Result;
  /** A token about somebody new. */
  claims: Claims;
}

/** An issuer for one customer, whose users are members. */
export async function newScene(input: Variables = {}): Promise<Scene> {
  const customer = await newCustomer();
  const { trustedIssuer: issuer } = await succeed('createTrustedIssuer', `trustedIssuer { ${FIELDS} }`, {
    name: 'The portal',
    issuer: `https://${unique('issuer')}.example`,
    audience: AUDIENCE,
    ...('jwksUrl' in input ? {} : { keys: [rsa.jwk] }),
    roleIdentifiers: [{ name: 'member' }],
    customerIdentifiers: [{ id: customer.id }],
    createsUsers: true,
    ...input,
  });
  const sub = unique('Subject');
  const claims = { iss: issuer.issuer, aud: AUDIENCE, sub, customer: customer.externalId, email: `${sub}@x.example` };
  return { issuer, customer, claims };
}

export const seconds = () => Math.floor(Date.now() / 1000);

/** Good for a minute, unless the claims say otherwise; those that are undefined are left out. */
export const sign = (claims: Claims, { algorithm, kid, privateKey }: Pair = rsa): Promise<string> =>
  new SignJWT(JSON.parse(JSON.stringify({ iat: seconds(), exp: seconds() + 60, ...claims })))
    .setProtectedHeader({ alg: algorithm, kid })
    .sign(privateKey);

export const come = (token: string) => step('token', { token });

export async function arrive(claims: Claims, pair?: Pair) {
  const { status, text, body } = await come(await sign(claims, pair));
  expect(status, text).toBe(200);
  return body;
}

export async function refuse(claims: Claims, message: RegExp | string, pair?: Pair): Promise<void> {
  const { status, errors } = await come(await sign(claims, pair));
  expect(errors[0].message).toMatch(message);
  expect(status).toBe(403);
  expect(errors[0].extensions.code).toBe('FORBIDDEN');
}

export async function expectRefusal(token: string): Promise<void> {
  const { status, errors } = await come(token);
  expect(status).toBe(401);
  expect(errors[0].message).toMatch(REFUSAL);
}

export const ME = '{ viewer { permissions reach { kind customerId tenantIds } } customers { nodes { id } } }';
export const statusWith = async (token: string): Promise<number> => (await ask(ME, {}, token)).status;

export const userOf = async (id: string) => {
  const document =
    'query($id: ID!) { user(id: $id) { id email name externalId status version role { name } customer { id } } }';
  return (await ask(document, { id })).data.user;
};

export const update = (issuer: Result, input: Variables): Promise<Result> =>
  succeed('updateTrustedIssuer', `trustedIssuer { ${FIELDS} }`, { id: issuer.id, ...input });

export const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
