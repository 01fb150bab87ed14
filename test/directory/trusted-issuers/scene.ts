import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect } from 'vitest';
import type { Environment } from '../../../src/http/shared/environment.ts';
import { newCustomer, type Result, succeed, unique } from '../../shared/fixtures.ts';
import { type Answer, ask, PUBLIC_URL, send, type Variables } from '../../shared/gateway.ts';
import { step } from '../../shared/people.ts';
import { posted } from '../../walks/dialects/table.ts';

export const AUDIENCE = 'https://tenantry.test/customers';
const FIELDS =
  'id kind name issuer audience algorithms keys jwksUrl createsUsers roleIds customerIds createdAt updatedAt';
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

export interface Scene {
  issuer: Result;
  customer: Result;
  /** A token about somebody new. */
  claims: Claims;
}

export const seconds = () => Math.floor(Date.now() / 1000);

/** Good for a minute, unless the claims say otherwise; those that are undefined are left out, and so is no name of a key. */
export const sign = (
  claims: Claims,
  { algorithm, kid, privateKey }: Omit<Pair, 'kid'> & { kid?: string | undefined } = rsa,
): Promise<string> =>
  new SignJWT(JSON.parse(JSON.stringify({ iat: seconds(), exp: seconds() + 60, ...claims })))
    .setProtectedHeader({ alg: algorithm, ...(kid !== undefined && { kid }) })
    .sign(privateKey);

export const ME = '{ viewer { permissions reach { kind customerId tenantIds } } customers { nodes { id } } }';

let organization: Promise<string> | undefined;

/** The global id of the organization, as tokens of embedded issuers name it. */
export function organizationId(): Promise<string> {
  organization ??= ask('{ organization { id } }').then(({ data }) => data.organization.id);
  return organization;
}

// biome-ignore lint/suspicious/noExplicitAny: what somebody is let in with depends on the kind of issuer
type Admitted = any;

/** A kind of issuer: how it is registered, and where its tokens are taken. */
interface Kind {
  /** What it is registered with. */
  names(): Variables;
  /** What its tokens say, to be found by. */
  claims(issuer: Result): Claims | Promise<Claims>;
  come(token: string, headers?: Record<string, string>, overrides?: Partial<Environment>): Promise<Answer>;
  /** What an answer says that is wrong. */
  reasonOf(answer: Answer): string;
  /** What a user who came with a token goes on with. */
  admitted(token: string, answer: Answer): Admitted | Promise<Admitted>;
  statusWith(credential: string): Promise<number>;
}

const STANDARD: Kind = {
  names: () => ({ issuer: `https://${unique('issuer')}.example`, audience: AUDIENCE }),
  claims: ({ issuer }) => ({ iss: issuer, aud: AUDIENCE }),
  come: (token, headers, overrides) => step('token', { token }, headers, overrides),
  reasonOf: ({ errors }) => errors[0]?.message,
  admitted: (_token, { text }) => JSON.parse(text),
  statusWith: async (token) => (await ask(ME, {}, token)).status,
};

const authenticatedUser = (token: string) =>
  send(posted('/api', '{ authenticatedUser { id customer { id } } }', {}, token));

const EMBEDDED: Kind = {
  names: () => ({ kind: 'EMBEDDED' }),
  claims: async () => ({ organization: await organizationId() }),
  come(token, headers, overrides) {
    const authorization = `Bearer ${token}`;
    const request = { method: 'POST', headers: { authorization, ...headers } };
    return send(new Request(`${PUBLIC_URL}/embedded/authenticate`, request), overrides);
  },
  reasonOf: ({ text }) => JSON.parse(text).error_description,
  async admitted(token) {
    const { data, text } = await authenticatedUser(token);
    expect(data, text).not.toBeNull();
    const { id, customer } = data.authenticatedUser;
    return { userId: id, accessToken: token, reach: { kind: 'CUSTOMER', tenantId: null, customerId: customer.id } };
  },
  statusWith: async (token) => (await authenticatedUser(token)).status,
};

export type Tools = ReturnType<typeof toolsOf>;

/** What may be done with one kind of issuer. */
function toolsOf(kind: Kind) {
  /** An issuer for one customer, whose users are members. */
  async function newScene(input: Variables = {}): Promise<Scene> {
    const customer = await newCustomer();
    const { trustedIssuer: issuer } = await succeed('createTrustedIssuer', `trustedIssuer { ${FIELDS} }`, {
      name: 'The portal',
      ...kind.names(),
      ...('jwksUrl' in input ? {} : { keys: [rsa.jwk] }),
      roleIdentifiers: [{ name: 'member' }],
      customerIdentifiers: [{ id: customer.id }],
      createsUsers: true,
      ...input,
    });
    const sub = unique('Subject');
    const own = await kind.claims(issuer);
    return { issuer, customer, claims: { ...own, sub, customer: customer.externalId, email: `${sub}@x.example` } };
  }

  async function arrive(claims: Claims, pair?: Pair): Promise<Admitted> {
    const token = await sign(claims, pair);
    const answer = await kind.come(token);
    expect(answer.status, answer.text).toBe(200);
    return kind.admitted(token, answer);
  }

  /** A good token that is refused for what it asks, and is no credential either. */
  async function refuse(claims: Claims, message: RegExp | string, pair?: Pair): Promise<void> {
    const token = await sign(claims, pair);
    const answer = await kind.come(token);
    expect(kind.reasonOf(answer)).toMatch(message);
    expect(answer.status).toBe(403);
    expect(answer.text).toMatch(/"(FORBIDDEN|access_denied)"/);
    expect(await kind.statusWith(token)).toBe(401);
  }

  /** A token that is not good, and is no credential either. */
  async function expectRefusal(token: string): Promise<void> {
    const answer = await kind.come(token);
    expect(answer.status, answer.text).toBe(401);
    expect(kind.reasonOf(answer)).toMatch(REFUSAL);
    expect(await kind.statusWith(token)).toBe(401);
  }

  return { ...kind, newScene, arrive, refuse, expectRefusal };
}

/** The kinds of issuers, whose tokens are held to the same. */
export const KINDS = { STANDARD: toolsOf(STANDARD), EMBEDDED: toolsOf(EMBEDDED) };

export const { newScene, come, arrive, refuse, expectRefusal, statusWith } = KINDS.STANDARD;

export const userOf = async (id: string) => {
  const document =
    'query($id: ID!) { user(id: $id) { id email name externalId status version role { name } customer { id } } }';
  return (await ask(document, { id })).data.user;
};

export const update = (issuer: Result, input: Variables): Promise<Result> =>
  succeed('updateTrustedIssuer', `trustedIssuer { ${FIELDS} }`, { id: issuer.id, ...input });

export const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
