import { env } from 'cloudflare:workers';
import {
  base64url,
  CompactSign,
  type CryptoKey,
  generateKeyPair,
  importJWK,
  type JWTHeaderParameters,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Grant } from '../../src/directory/access/access-tokens.ts';
import { parseSigningKeys } from '../../src/directory/access/signer.ts';
import { PERMISSIONS } from '../../src/directory/kernel/permission-names.ts';
import { changes, countChanges } from '../shared/changes.ts';
import { askChecks } from '../shared/checks.ts';
import {
  assign,
  globalId,
  mutationDocument,
  newCustomer,
  newCustomerUser,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  rawId,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import {
  type Answer,
  ask,
  graphqlRequest,
  overtaken,
  PUBLIC_URL,
  SIGNING_KEYS,
  send,
  type Variables,
} from '../shared/gateway.ts';
import { sessionOf, TOKENS } from '../shared/people.ts';
import { MUTATIONS } from './mutations.ts';
import { newOperationWorld, type OperationWorld } from './operations.ts';
import { QUERIES } from './queries.ts';

/*
 * Access tokens that are not good, or not any more. Whatever is wrong with one, and whatever is asked with it, the
 * answer is the same, and nothing is written.
 */

function ourKey() {
  const [key] = parseSigningKeys(SIGNING_KEYS);
  if (!key) throw new Error('There is no key to sign with');
  return key;
}

const OURS = ourKey();

type Claims = Record<string, unknown>;

const now = () => Math.floor(Date.now() / 1000);

/** What our own tokens say. A claim that is undefined is left out. */
const payloadOf = ({ userId, sessionId, reach, tenantId, customerId }: Grant): Claims => ({
  iss: PUBLIC_URL,
  aud: PUBLIC_URL,
  sub: userId,
  sid: sessionId,
  reach,
  iat: now(),
  exp: now() + 900,
  ...(tenantId !== null && { tenant_id: tenantId }),
  ...(customerId !== null && { customer_id: customerId }),
});

const HEADER = { alg: 'EdDSA', kid: OURS.kid, typ: 'at+jwt' };

/** A token that says this of the holder of a session, signed by us, if nothing else is given. */
async function forge(
  grant: Grant,
  claims: Claims = {},
  header: Partial<JWTHeaderParameters> = {},
  key?: Key,
): Promise<string> {
  return new SignJWT({ ...payloadOf(grant), ...claims })
    .setProtectedHeader({ ...HEADER, ...header })
    .sign(key ?? (await importJWK(OURS, HEADER.alg)));
}

type Key = CryptoKey | Uint8Array;

const bytes = (text: string) => new TextEncoder().encode(text);

const encoded = (value: unknown) => base64url.encode(JSON.stringify(value));

/** With another part in place of the first, the second or the third. */
const withPart = (token: string, place: 0 | 1 | 2, part: string) => token.split('.').with(place, part).join('.');

const documentOf = ({ document, variables }: Asked, world: OperationWorld): [string, Variables | undefined] => [
  document,
  variables?.(world),
];

type Asked = (typeof QUERIES)[number] | (typeof MUTATIONS)[number];
const ALL: readonly Asked[] = [...QUERIES, ...MUTATIONS];
/** One that asks the database for nothing, one that reads, one that writes, and one about the session itself. */
const FEW: readonly Asked[] = [
  { field: 'viewer', document: '{ viewer { type permissions } }', needs: [] },
  ...QUERIES.filter(({ field }) => field === 'customers').slice(0, 1),
  ...MUTATIONS.filter(({ name }) => ['createTenant', 'signOut'].includes(name)).slice(0, 2),
];

let world: OperationWorld;
const places = { a: '', b: '' };
const customers = { own: '', other: '' };
const roles = { ORGANIZATION: '', CUSTOMER: '', TENANT: '' };

beforeAll(async () => {
  world = await newOperationWorld();
  for (const place of ['a', 'b'] as const) places[place] = (await newTenant()).id;
  for (const name of ['own', 'other'] as const) {
    customers[name] = (await newCustomer({ tenantIdentifiers: [{ id: places.a }] })).id;
  }
  for (const scope of ['ORGANIZATION', 'CUSTOMER', 'TENANT'] as const) {
    roles[scope] = (await newRole({ scope, permissions: PERMISSIONS })).id;
  }
  await countChanges();
});

const role = (scope: keyof typeof roles) => ({ roleIdentifier: { id: roles[scope] } });

// Each of them may do everything, as far as the role reaches.
const ofTeam = async (): Promise<Grant> => sessionOf((await newTeamMember(role('ORGANIZATION'))).id);
const ofCustomer = async (): Promise<Grant> => sessionOf((await newCustomerUser(customers.own, role('CUSTOMER'))).id);
const inTenant = async (tenant = places.a): Promise<Grant> =>
  sessionOf((await newTenantUser(tenant, role('TENANT'))).id, tenant);

/** The same user, signed in to tenant b as well, and asking with a token for tenant a. */
async function inBoth(): Promise<{ grant: Grant; userId: string }> {
  const user = await newTenantUser(places.a, role('TENANT'));
  await assign(user.id, places.b, 'view');
  const inB = await sessionOf(user.id, places.b);
  return { grant: { ...inB, tenantId: (await sessionOf(user.id, places.a)).tenantId }, userId: user.id };
}

let expected: Answer | undefined;

const headersOf = ({ headers }: Answer) => [...headers].filter(([name]) => name !== 'x-request-id').sort();

/** Refused as a stranger is who has no credential, and without a trace. */
async function isRefused(token: string, asked: readonly Asked[], before?: () => Promise<unknown>): Promise<void> {
  expected ??= await ask('{ viewer { type } }', {}, null);
  const { text, status } = expected;
  expect(status).toBe(401);
  for (const one of asked) {
    await before?.();
    const count = await changes();
    const answer = await ask(...documentOf(one, world), token);
    expect(answer.text, one.document).toBe(text);
    expect(answer.status).toBe(401);
    expect(headersOf(answer)).toEqual(headersOf(expected));
    expect(await changes(), `${one.document} writes nothing`).toBe(count);
  }
  await before?.();
  invented ??= await shown('invented');
  expect(await shown(token), 'a service learns no more of it').toBe(invented);
}

/** What a service is answered that was shown such a token. */
const shown = async (token: string): Promise<string> => (await askChecks([{ credential: token }])).text;
let invented: string | undefined;

async function isGood(token: string): Promise<void> {
  expect(JSON.parse(await shown(token)).data.checkAccess[0].isGood).toBe(true);
  const { status, data, text } = await ask('{ viewer { type } }', {}, token);
  expect(status, text).toBe(200);
  expect(data.viewer.type).toBe('USER');
}

/** By what a token stops being good that was, a moment ago: each signs somebody in, and can end it. */
const ENDS: Record<string, () => Promise<{ token: string; end: () => Promise<unknown> }>> = {
  'a session that was revoked': async () => {
    const grant = await ofTeam();
    const id = globalId('Session', grant.sessionId);
    return { token: await TOKENS.issue(grant), end: () => succeed('revokeSession', 'session { id }', { id }) };
  },
  'a user who signed out': async () => {
    const token = await TOKENS.issue(await ofTeam());
    return { token, end: () => succeed('signOut', 'sessionCount', {}, token) };
  },
  'a user who signed out everywhere, elsewhere': async () => {
    const user = await newTeamMember(role('ORGANIZATION'));
    const token = await TOKENS.issue(await sessionOf(user.id));
    const other = await TOKENS.issue(await sessionOf(user.id));
    return { token, end: () => succeed('signOut', 'sessionCount', { everywhere: true }, other) };
  },
  'a session that was not refreshed for too long': async () => {
    const grant = await ofTeam();
    const expiresAt = Date.now() + 60_000;
    await env.DB.prepare('UPDATE session SET expires_at = ? WHERE id = ?').bind(expiresAt, grant.sessionId).run();
    return { token: await TOKENS.issue(grant), end: async () => vi.setSystemTime(expiresAt) };
  },
  'a user who was deactivated': async () => {
    const grant = await inTenant();
    const input = { id: globalId('User', grant.userId), status: 'DEACTIVATED' };
    return { token: await TOKENS.issue(grant), end: () => succeed('updateUser', 'user { id }', input) };
  },
  'a user who may not sign in, even if a session were left': async () => {
    const grant = await ofTeam();
    const end = () => env.DB.prepare("UPDATE user SET status = 'INVITED' WHERE id = ?").bind(grant.userId).run();
    return { token: await TOKENS.issue(grant), end };
  },
  'a user who was deleted': async () => {
    const grant = await ofTeam();
    const input = { id: globalId('User', grant.userId) };
    return { token: await TOKENS.issue(grant), end: () => succeed('deleteUser', 'user { id }', input) };
  },
  'a user who was erased': async () => {
    const grant = await ofCustomer();
    const input = { id: globalId('User', grant.userId), permanently: true };
    return { token: await TOKENS.issue(grant), end: () => succeed('deleteUser', 'user { id }', input) };
  },
  'a user whose customer was deleted': async () => {
    const customer = await newCustomer();
    const user = await newCustomerUser(customer.id, role('CUSTOMER'));
    const end = () => succeed('deleteCustomer', 'customer { id }', { id: customer.id });
    return { token: await TOKENS.issue(await sessionOf(user.id)), end };
  },
  'a tenant where the role was taken away': async () => {
    const grant = await inTenant();
    const input = { userIdentifier: { id: globalId('User', grant.userId) }, tenantIdentifier: { id: places.a } };
    return { token: await TOKENS.issue(grant), end: () => succeed('revokeTenantRole', 'user { id }', input) };
  },
  'a tenant where the role was taken away, while the session goes on in another': async () => {
    const { grant, userId } = await inBoth();
    const input = { userIdentifier: { id: userId }, tenantIdentifier: { id: places.a } };
    return { token: await TOKENS.issue(grant), end: () => succeed('revokeTenantRole', 'user { id }', input) };
  },
  'a tenant that was deleted': async () => {
    const tenant = await newTenant();
    const token = await TOKENS.issue(await inTenant(tenant.id));
    return { token, end: () => succeed('deleteTenant', 'tenant { id }', { id: tenant.id }) };
  },
  'a tenant that was erased': async () => {
    const tenant = await newTenant();
    const token = await TOKENS.issue(await inTenant(tenant.id));
    return { token, end: () => succeed('deleteTenant', 'tenant { id }', { id: tenant.id, permanently: true }) };
  },
};

describe('an access token is refused from the next request on, of', () => {
  afterEach(() => void vi.useRealTimers());

  for (const [what, begin] of Object.entries(ENDS)) {
    it(what, async () => {
      const { token, end } = await begin();
      await isGood(token);
      await end();
      await isRefused(token, FEW);
    });
  }
});

describe('an access token is refused with a write that waits, and nothing is written, of', () => {
  let member: Result;
  beforeAll(async () => {
    member = await newCustomerUser(customers.own);
  });
  const document = mutationDocument('updateUser', 'user { id }');

  for (const [what, begin] of Object.entries(ENDS)) {
    // It was good when it was sent, and nobody took it away.
    if (what === 'a session that was not refreshed for too long') continue;
    it(what, async () => {
      for (const isKnown of [true, false]) {
        const { token, end } = await begin();
        if (isKnown) await isGood(token);
        let before = 0;
        const ended = async () => {
          await end();
          before = await changes();
        };
        const request = graphqlRequest(document, { input: { id: member.id, phone: unique('1') } }, token);
        const { status, text } = await send(request, { DB: overtaken(isKnown ? 1 : 2, ended) });
        expect(status, text).toBe(401);
        expect(before).toBeGreaterThan(0);
        expect(await changes()).toBe(before);
      }
    });
  }
});

const publicKey = JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x: OURS.x });
const { privateKey: STRANGER } = await generateKeyPair('EdDSA');
const { privateKey: STRANGER_OF_P256 } = await generateKeyPair('ES256');

type Forgery = (grant: Grant) => Promise<string> | string;

/** All of these hold the session of a team member, which is good. */
const FORGERIES: Record<string, Forgery> = {
  'has expired': (grant) => forge(grant, { iat: now() - 901, exp: now() - 1 }),
  'never expires': (grant) => forge(grant, { exp: undefined }),
  'expires at no time': (grant) => forge(grant, { exp: 'never' }),
  'does not say when it was made': (grant) => forge(grant, { iat: undefined }),
  'is not valid yet': (grant) => forge(grant, { nbf: now() + 600 }),
  'is signed by a stranger’s key, in the name of ours': (grant) => forge(grant, {}, {}, STRANGER),
  'is signed by a stranger’s key of another kind': (grant) => forge(grant, {}, { alg: 'ES256' }, STRANGER_OF_P256),
  'names a key that we do not have': (grant) => forge(grant, {}, { kid: 'of-nobody' }),
  'brings its own key': (grant) => forge(grant, {}, { jwk: { kty: 'OKP', crv: 'Ed25519', x: OURS.x } }, STRANGER),
  'is not signed': (grant) =>
    withPart(new UnsecuredJWT(payloadOf(grant)).encode(), 0, encoded({ ...HEADER, alg: 'none' })),
  'is not signed, and keeps the signature of another': async (grant) =>
    withPart(await forge(grant), 0, encoded({ ...HEADER, alg: 'none' })),
  'is signed with our public key as a secret': (grant) => forge(grant, {}, { alg: 'HS256' }, bytes(publicKey)),
  'is signed with the bytes of our public key as a secret': (grant) =>
    forge(grant, {}, { alg: 'HS256' }, base64url.decode(OURS.x)),
  'is for another deployment': (grant) => forge(grant, { aud: 'https://elsewhere.example' }),
  'is for nobody': (grant) => forge(grant, { aud: undefined }),
  'is from another deployment': (grant) => forge(grant, { iss: 'https://elsewhere.example' }),
  'is from nobody': (grant) => forge(grant, { iss: undefined }),
  'is of another type': (grant) => forge(grant, {}, { typ: 'JWT' }),
  'is of no type': async (grant) =>
    new SignJWT(payloadOf(grant))
      .setProtectedHeader({ alg: HEADER.alg, kid: HEADER.kid })
      .sign(await importJWK(OURS, HEADER.alg)),
  'had its payload changed': async (grant) =>
    withPart(await forge(grant), 1, encoded({ ...payloadOf(grant), reach: 'ORGANIZATION', exp: now() + 9000 })),
  'had its payload garbled': async (grant) => withPart(await forge(grant), 1, 'e30x'),
  'has no signature': async (grant) => withPart(await forge(grant), 2, ''),
  'is signed by us, and not JSON': async () =>
    new CompactSign(bytes('junk')).setProtectedHeader(HEADER).sign(await importJWK(OURS, HEADER.alg)),
  'names no session': (grant) => forge(grant, { sid: undefined }),
  'names no user': (grant) => forge(grant, { sub: undefined }),
  'names a user in other words': (grant) => forge(grant, { sub: `${grant.userId}' OR '1'='1` }),
  'names a reach that there is not': (grant) => forge(grant, { reach: 'EVERYTHING' }),
  'names another’s session': async (grant) => forge(grant, { sid: (await ofTeam()).sessionId }),
  'names another user': async (grant) => forge(grant, { sub: (await ofTeam()).userId }),
  'names no user that there is': (grant) => forge(grant, { sub: crypto.randomUUID() }),
  'names a session as the user': (grant) => forge(grant, { sub: grant.sessionId }),
};

describe('an access token is refused that', () => {
  let grant: Grant;
  beforeAll(async () => {
    grant = await ofTeam();
  });

  it('is refused for that alone: made the same way, with nothing wrong, it is good', async () => {
    await isGood(await forge(grant));
  });

  for (const [what, make] of Object.entries(FORGERIES)) {
    it(what, async () => {
      await isRefused(await make(grant), FEW);
    });
  }
});

/** Claims of a reach that the user does not have. */
const MISFITS: Record<string, [whose: () => Promise<Grant>, claims: () => Claims]> = {
  'the organization, of a user of a tenant': [inTenant, () => ({ reach: 'ORGANIZATION', tenant_id: undefined })],
  'the organization by way of a tenant': [inTenant, () => ({ reach: 'ORGANIZATION' })],
  'another tenant': [inTenant, () => ({ tenant_id: rawId(places.b) })],
  'no tenant in particular': [inTenant, () => ({ tenant_id: undefined })],
  'a customer, of a user of a tenant': [inTenant, () => ({ reach: 'CUSTOMER', customer_id: rawId(customers.own) })],
  'a customer on top of a tenant': [inTenant, () => ({ customer_id: rawId(customers.own) })],
  'the organization, of a user of a customer': [ofCustomer, () => ({ reach: 'ORGANIZATION', customer_id: undefined })],
  'another customer': [ofCustomer, () => ({ customer_id: rawId(customers.other) })],
  'no customer in particular': [ofCustomer, () => ({ customer_id: undefined })],
  'a tenant of the customer’s, without a role there': [
    ofCustomer,
    () => ({ reach: 'TENANTS', tenant_id: rawId(places.a), customer_id: undefined }),
  ],
  'a tenant, of a team member without a role there': [ofTeam, () => ({ reach: 'TENANTS', tenant_id: rawId(places.a) })],
  'a customer, of a team member': [ofTeam, () => ({ reach: 'CUSTOMER', customer_id: rawId(customers.own) })],
};

describe('an access token is refused that we signed for a reach of', () => {
  for (const [what, [whose, claims]] of Object.entries(MISFITS)) {
    it(what, async () => {
      const grant = await whose();
      await isGood(await forge(grant));
      await isRefused(await forge(grant, claims()), FEW);
    });
  }
});

describe('whatever is asked, nothing is told and nothing done with', () => {
  it('a token that has expired', { timeout: 60_000 }, async () => {
    await isRefused(await forge(await ofTeam(), { iat: now() - 901, exp: now() - 1 }), ALL);
  });

  it('a token that was good a moment ago', { timeout: 60_000 }, async () => {
    const grant = await ofTeam();
    const token = await TOKENS.issue(grant);
    await env.DB.prepare('CREATE TABLE saved_session AS SELECT * FROM session').run();
    // Each time it is known to be good, and relied on, until the database says otherwise.
    await isRefused(token, ALL, async () => {
      await env.DB.prepare('INSERT OR IGNORE INTO session SELECT * FROM saved_session').run();
      await isGood(token);
      await env.DB.prepare('DELETE FROM session WHERE id = ?').bind(grant.sessionId).run();
    });
  });
});
