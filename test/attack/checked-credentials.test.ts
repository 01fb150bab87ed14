import { env } from 'cloudflare:workers';
import { exportJWK, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { accessTokens } from '../../src/directory/access/access-tokens.ts';
import { parseSigningKeys, signerWith } from '../../src/directory/access/signer.ts';
import { newToken } from '../../src/directory/api-keys/token.ts';
import { newId } from '../../src/directory/kernel/ids.ts';
import { PERMISSIONS } from '../../src/directory/kernel/permission-names.ts';
import { withChecksum } from '../../src/directory/kernel/secrets.ts';
import { RATE_LIMIT_PERIOD_SECONDS } from '../../src/http/shared/rate-limits.ts';
import { CHECK_FIELDS } from '../shared/checks.ts';
import {
  assign,
  type Key,
  newCustomer,
  newCustomerUser,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  rawId,
  succeed,
} from '../shared/fixtures.ts';
import {
  type Answer,
  graphqlRequest,
  meddled,
  PUBLIC_URL,
  ROOT_KEY,
  SIGNING_KEYS,
  send,
  type Variables,
} from '../shared/gateway.ts';
import { sessionOf, TOKENS, tokenOf } from '../shared/people.ts';
import { printTried } from './counts.ts';

/* What somebody learns by checkAccess who has a credential for it, and how often they may guess. */

const DOCUMENT = `query($checks: [AccessCheckInput!]!) { checkAccess(checks: $checks) { ${CHECK_FIELDS} } }`;
const HERE = '192.0.2.1';

interface Asking {
  by: string;
  address?: string;
  document?: string;
}

function asking(checks: readonly Variables[], { by, address, document = DOCUMENT }: Asking): Request {
  const request = graphqlRequest(document, { checks }, by);
  if (address) request.headers.set('cf-connecting-ip', address);
  return request;
}

let own: Result;
let foreign: Result;
/** Who asks, in the order of how far they reach. */
const callers: Record<string, string> = {};
/** What there is and is out of the reach of each of the callers below. */
const hidden: Record<string, string> = {};

beforeAll(async () => {
  [own, foreign] = [await newTenant(), await newTenant()];
  const here = { tenantIdentifiers: [{ id: own.id }] };
  const [customer, other] = [await newCustomer(here), await newCustomer(here)];
  const role = await newRole({ permissions: PERMISSIONS });
  const user = await newTenantUser(own.id, { roleIdentifier: { id: role.id } });
  await assign(user.id, foreign.id, role.name);
  const member = await newTeamMember({ roleIdentifier: { name: 'owner' } });
  await assign(member.id, own.id, role.name);
  callers['a key of a tenant'] = (await newKey({ tenants: [own.id], permissions: ['access:check'] })).secret;
  callers['a user of the tenant'] = await tokenOf(user.id, own.id);
  callers['a key of a customer'] = (await newKey({ customer: customer.id, permissions: ['access:check'] })).secret;
  hidden['a key of the organization'] = (await newKey()).secret;
  hidden['a key of another tenant'] = (await newKey({ tenants: [foreign.id] })).secret;
  hidden['a key of this tenant and another'] = (await newKey({ tenants: [own.id, foreign.id] })).secret;
  hidden['a key of another customer'] = (await newKey({ customer: other.id })).secret;
  hidden['a member of the team, who has a role in the tenant'] = await tokenOf(member.id);
  hidden['a user of the tenant, signed in to another'] = await tokenOf(user.id, foreign.id);
  hidden['a user of another customer'] = await tokenOf((await newCustomerUser(other.id)).id);
});

const permissions = () => [
  { permission: 'tenant:read' },
  { permission: 'tenant:read', tenantIdentifier: { id: own.id } },
  { permission: 'tenant:read', tenantIdentifier: { externalId: foreign.externalId } },
];

describe('a credential out of reach', () => {
  it('is answered like one that somebody invented: the same bytes, status, headers, D1 calls and statements', async () => {
    let tried = 0;
    for (const [who, by] of Object.entries(callers)) {
      const look = async (credential: string) => {
        const sent: string[] = [];
        const d1 = {
          prepare: (sql: string) => {
            sent.push(sql);
            return env.DB.prepare(sql);
          },
          batch: (statements: D1PreparedStatement[]) => {
            sent.push('batch');
            return env.DB.batch(statements);
          },
        } as unknown as D1Database;
        const { text, status, headers } = await send(asking([{ credential, permissions: permissions() }], { by }), {
          DB: d1,
        });
        const kept = [...headers].filter(([name]) => name !== 'x-request-id').sort();
        return JSON.stringify({ text, status, kept, sent });
      };
      // So that the isolate knows who asks, and that it was noted that they do.
      for (const _ of [1, 2]) await look('invented');
      const invented = await look('invented');
      expect(JSON.parse(invented).status).toBe(200);
      expect(invented).toContain('\\"isGood\\":false');
      for (const [what, credential] of Object.entries(hidden)) {
        expect(await look(credential), `${what}, shown to ${who}`).toBe(invented);
        tried += 1;
      }
      for (const guess of [newToken(newId()), `${hidden['a key of another tenant']}0`, '', 'a.b.c', ROOT_KEY]) {
        expect(await look(guess), who).toBe(invented);
        tried += 1;
      }
    }
    printTried(tried, 'credentials out of reach');
  });

  it('is no use of its key, and no event', async () => {
    const key = await newKey({ tenants: [foreign.id] });
    await send(asking([{ credential: key.secret }], { by: callers['a key of a tenant'] ?? '' }));
    const row = await env.DB.prepare('SELECT last_used_at FROM api_key WHERE id = ?').bind(rawId(key.id)).first();
    expect(row).toEqual({ last_used_at: null });
  });

  it('does not come back in between: what is taken from the caller while it asks is out of reach in the answer', async () => {
    const [a, b] = [await newTenant(), await newTenant()];
    const key = await newKey({ tenants: [b.id] });
    const caller = await newKey({ tenants: [a.id, b.id], permissions: ['access:check'] });
    const check = (DB?: D1Database) => send(asking([{ credential: key.secret }], { by: caller.secret }), DB && { DB });
    expect((await check()).data.checkAccess[0].isGood).toBe(true);
    const answer = await check(
      meddled(async (call, run) => {
        if (call === 1)
          await env.DB.prepare('DELETE FROM api_key_tenant WHERE api_key_id = ? AND tenant_id = ?')
            .bind(rawId(caller.id), rawId(b.id))
            .run();
        return run();
      }),
    );
    expect(answer.data.checkAccess[0].isGood, answer.text).toBe(false);
  });
});

describe('guessing', () => {
  it('another secret of a key, by one digit and with a checksum that is right, finds none', async () => {
    const { secret } = await newKey();
    const body = secret.slice(0, secret.lastIndexOf('_'));
    const guesses = Array.from({ length: 100 }, (_, index) => {
      const at = body.length - 64 + (index % 64);
      const digit = ((Number.parseInt(body[at] ?? '', 16) + 1 + Math.floor(index / 64)) % 16).toString(16);
      return withChecksum(body.slice(0, at) + digit + body.slice(at + 1));
    });
    const { data } = await send(
      asking(
        guesses.map((credential) => ({ credential })),
        { by: ROOT_KEY },
      ),
    );
    expect(data.checkAccess.filter(({ isGood }: { isGood: boolean }) => isGood)).toEqual([]);
    expect(new Set(data.checkAccess.map((answer: unknown) => JSON.stringify(answer))).size).toBe(1);
  });

  it('tokens of another deployment, with its keys or with ours, finds none', async () => {
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const theirs = parseSigningKeys(
      JSON.stringify({ keys: [{ ...(await exportJWK(privateKey)), kid: 'of-the-tests' }] }),
    );
    const grant = await sessionOf((await newTeamMember({ roleIdentifier: { name: 'owner' } })).id);
    const foreigners = [
      accessTokens(signerWith(theirs, PUBLIC_URL)),
      accessTokens(signerWith(theirs, 'https://elsewhere.example')),
      accessTokens(signerWith(parseSigningKeys(SIGNING_KEYS), 'https://elsewhere.example')),
    ];
    const tokens = await Promise.all(foreigners.map((signed) => signed.issue(grant)));
    const checks = [...tokens, await TOKENS.issue(grant)].map((credential) => ({ credential }));
    const { data } = await send(asking(checks, { by: ROOT_KEY }));
    expect(data.checkAccess.map(({ isGood }: { isGood: boolean }) => isGood)).toEqual([false, false, false, true]);
    const unsigned = { SIGNING_KEYS: undefined } as object;
    const none = await send(asking(checks, { by: ROOT_KEY }), unsigned);
    expect(
      none.data.checkAccess.some(({ isGood }: { isGood: boolean }) => isGood),
      none.text,
    ).toBe(false);
  });
});

/** A limit of strangers that lets so many pass, and tells what was counted. */
function strangers(max: number) {
  const counted: string[] = [];
  const RATE_LIMIT_STRANGERS = {
    limit: async ({ key }: { key: string }) => {
      counted.push(key);
      return { success: counted.filter((other) => other === key).length <= max };
    },
  };
  return { counted, overrides: { RATE_LIMIT_STRANGERS } };
}

describe('each wrong credential counts for the limit of strangers,', () => {
  let good: Key;
  beforeAll(async () => {
    good = await newKey();
  });
  const isRefused = ({ status, headers, errors }: Answer) =>
    status === 429 &&
    Number(headers.get('retry-after')) === RATE_LIMIT_PERIOD_SECONDS &&
    errors[0].extensions.code === 'TOO_MANY_REQUESTS';
  const wrong = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ credential: `wrong ${from + index}` }));
  const ask = (checks: readonly Variables[], overrides: object, more: Partial<Asking> = {}) =>
    send(asking(checks, { by: ROOT_KEY, address: HERE, ...more }), overrides);

  it('once for the address that asks, and past it requests with one fail, and those without do not', async () => {
    const { counted, overrides } = strangers(10);
    const checks = [
      { credential: good.secret },
      ...wrong(4),
      { credential: ` ${good.secret}` },
      { credential: 'wrong 0' },
    ];
    expect((await ask(checks, overrides)).status).toBe(200);
    expect(counted).toEqual([HERE, HERE, HERE, HERE]);
    expect((await ask(wrong(6, 4), overrides)).status).toBe(200);
    expect(counted).toHaveLength(10);
    const refused = await ask([{ credential: good.secret }, ...wrong(100 - 1, 10)], overrides);
    expect(isRefused(refused), refused.text).toBe(true);
    expect(refused.data).toBeNull();
    expect(refused.text).not.toContain('wrong 1');
    // Nothing more is asked of what counts, once it has refused.
    expect(counted).toHaveLength(11);
    const passed = await ask([{ credential: good.secret }], overrides);
    expect(passed.data.checkAccess[0].isGood, passed.text).toBe(true);
    expect(counted).toHaveLength(11);
    expect((await ask(wrong(1), overrides, { address: '192.0.2.2' })).status).toBe(200);
  });

  it('also one out of reach, one that was revoked and one that has expired, as one that was invented', async () => {
    const revoked = await newKey();
    await succeed('revokeApiKey', 'apiKey { id }', { id: revoked.id });
    const grant = await sessionOf((await newTeamMember()).id);
    const expired = await TOKENS.issue(grant, new Date(Date.now() - 1000));
    const by = callers['a key of a tenant'] ?? '';
    for (const credential of [...Object.values(hidden), revoked.secret, expired, 'invented']) {
      const { counted, overrides } = strangers(0);
      expect(isRefused(await ask([{ credential }], overrides, { by }))).toBe(true);
      expect(counted).toEqual([HERE]);
    }
  });

  it('once, also under another name in the same request, and if the request is answered anew', async () => {
    const { counted, overrides } = strangers(100);
    const document = `query($checks: [AccessCheckInput!]!) {
      a: checkAccess(checks: $checks) { isGood } b: checkAccess(checks: $checks) { isGood } }`;
    await ask(wrong(3), overrides, { document });
    expect(counted).toHaveLength(3);
    const { id, secret: by } = await newKey({ permissions: ['access:check', 'tenant:read'] });
    await ask([], overrides, { by });
    await env.DB.prepare("DELETE FROM api_key_permission WHERE api_key_id = ? AND permission = 'tenant:read'")
      .bind(rawId(id))
      .run();
    const anew = await ask(wrong(3, 3), overrides, { by });
    expect([anew.status, anew.calls, counted.length]).toEqual([200, 3, 6]);
  });

  it('and the one of who asks counts as ever: for the holder, if it is good', async () => {
    const { counted, overrides } = strangers(0);
    expect((await ask([{ credential: good.secret }], overrides)).status).toBe(200);
    expect(counted).toEqual([]);
    const stranger = await ask([{ credential: good.secret }], overrides, { by: 'invented' });
    expect([stranger.status, counted]).toEqual([429, [HERE]]);
  });

  it('and no guess passes by being one of many in a request', async () => {
    const max = 20;
    const { counted, overrides } = strangers(max);
    const document = `query(${Array.from({ length: 4 }, (_, index) => `$c${index}: [AccessCheckInput!]!`).join()}) {
      ${Array.from({ length: 4 }, (_, index) => `a${index}: checkAccess(checks: $c${index}) { isGood }`).join(' ')} }`;
    const variables = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`c${index}`, wrong(10, index * 10)]));
    const request = graphqlRequest(document, variables);
    request.headers.set('cf-connecting-ip', HERE);
    const { errors, headers } = await send(request, overrides);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.every(({ extensions }) => extensions.code === 'TOO_MANY_REQUESTS')).toBe(true);
    expect(headers.get('retry-after')).toBe(String(RATE_LIMIT_PERIOD_SECONDS));
    expect(counted.length).toBeLessThanOrEqual(max + 4);
  });
});
