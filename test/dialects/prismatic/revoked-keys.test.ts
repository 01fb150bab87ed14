import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  dump,
  eventsAbout,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  rawId,
  succeed,
} from '../../shared/fixtures.ts';
import { ask, meddled, ROOT_KEY } from '../../shared/gateway.ts';
import { enter, signIn, tokenOf } from '../../shared/people.ts';
import { expectRefusal, json, statusWith, tokenFor, WAYS } from './sign-in.ts';

afterEach(() => vi.restoreAllMocks());

describe('POST /auth/revoke', () => {
  const revoke = (secret: string) => json('/auth/revoke', { refresh_token: secret });
  const isGood = async (secret: string) => (await statusWith(secret)) === 200;

  it('ends the key, whatever it may do, with an event by the key itself', async () => {
    const tenant = await newTenant();
    const key = await newKey({ permissions: ['tenant:read'], access: 'READ', tenants: [tenant.id] });
    const other = await newKey();
    const answer = await revoke(key.secret);
    expect([answer.status, answer.text, answer.calls]).toEqual([200, '{}', 1]);
    expect([await isGood(key.secret), await isGood(other.secret)]).toEqual([false, true]);
    expect(await eventsAbout(key.id)).toEqual(['apiKey.created', 'apiKey.revoked']);
    const { secret } = await newKey({ permissions: ['event:read', 'apiKey:read'], tenants: [tenant.id] });
    const document =
      'query($id: ID!) { events(filter: { subjectId: $id, types: ["apiKey.revoked"] }) { nodes { actor { type id } before after } } }';
    const { data } = await ask(document, { id: key.id }, secret);
    const [{ actor, before, after }] = data.events.nodes;
    expect(actor).toEqual({ type: 'API_KEY', id: key.id });
    expect([before.revokedAt, after.revokedAt, after.secrets]).toEqual([null, expect.any(String), []]);
  });

  it('ends no more than an older secret, with that one', async () => {
    const { id, secret: before } = await newKey();
    await isGood(before);
    const { secret: now } = await succeed('rotateApiKey', 'secret', { id });
    const [oldToken, newToken] = [await tokenFor(before), await tokenFor(now)];
    expect((await revoke(before)).status).toBe(200);
    expect([await statusWith(oldToken), await statusWith(newToken)]).toEqual([401, 200]);
    expect([await isGood(before), await isGood(now)]).toEqual([false, true]);
    expect((await eventsAbout(id)).at(-1)).toBe('apiKey.secretRevoked');
    expect((await revoke(before)).status).toBe(401);
    expect(await isGood(now)).toBe(true);
  });

  it('ends nothing with anything else, and says so', async () => {
    const [key, revoked, expired] = [await newKey(), await newKey(), await newKey()];
    await revoke(revoked.secret);
    await env.DB.prepare('UPDATE api_key SET expires_at = 1 WHERE id = ?').bind(rawId(expired.id)).run();
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id);
    const member = await newTeamMember();
    await enter(member);
    const { refreshToken } = await signIn(member.email);
    for (const secret of [
      revoked.secret,
      expired.secret,
      refreshToken,
      ROOT_KEY,
      await tokenFor(key.secret),
      await tokenOf(user.id, tenant.id),
      `${key.secret.slice(0, -1)}x`,
      key.id,
      '',
    ]) {
      const kept = await dump();
      expectRefusal(await revoke(secret), [401, 'access_denied']);
      expect(await dump()).toBe(kept);
    }
    expect((await json('/auth/refresh', { refreshToken })).status).toBe(200);
    expect(await isGood(key.secret)).toBe(true);
  });

  it('says that nobody knows, if D1 has failed, and another time that there is no such key', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { secret } = await newKey();
    const lost = meddled(async (_, run) => {
      await run();
      throw new Error('D1_ERROR: Network connection lost.');
    });
    const fields = { refresh_token: secret };
    const answer = await json('/auth/revoke', fields, { DB: lost });
    expect(expectRefusal(answer, [503, 'temporarily_unavailable'])).toMatch(/not known whether this was done/);
    expectRefusal(await revoke(secret), [401, 'access_denied']);
    const down = meddled(async () => {
      throw new Error('D1_ERROR: D1 DB is overloaded. Requests queued for too long.');
    });
    const exchange = await WAYS['POST /oauth/token']?.(fields, { DB: down });
    if (!exchange) throw new Error('There is such a way');
    expectRefusal(exchange, [503, 'temporarily_unavailable']);
    expect(Number(exchange.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
