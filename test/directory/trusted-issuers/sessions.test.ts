import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import {
  assign,
  eventsAbout,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newTenant,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';
import { join, step, tokenOf } from '../../shared/people.ts';
import { AUDIENCE, arrive, ec, expectRefusal, newScene, refuse, rsa, sign, statusWith, update } from './scene.ts';

describe('a session that a trusted issuer began', () => {
  const expectEnd = async (session: { accessToken: string; refreshToken: string }) => {
    expect(await statusWith(session.accessToken)).toBe(401);
    expect((await step('refresh', { refreshToken: session.refreshToken })).status).toBe(401);
  };

  it('reaches no tenant, whatever role its user has there', async () => {
    const { customer, claims } = await newScene();
    const tenant = await newTenant();
    const user = await newCustomerUser(customer.id, { externalId: claims.sub });
    await assign(user.id, tenant.id, 'admin');
    const defaultTenantIdentifier = { id: tenant.id };
    await succeed('updateUser', 'user { id }', { id: user.id, defaultTenantIdentifier });
    const session = await arrive(claims);
    expect(session.reach).toMatchObject({ kind: 'CUSTOMER', tenantId: null });
    const input = { tenantIdentifier: { id: tenant.id } };
    expect(await mutate('switchTenant', 'accessToken', input, session.accessToken)).toMatchObject({
      __typename: 'ForbiddenError',
      code: 'out_of_reach',
      message: 'A session that a trusted issuer began reaches no tenant.',
    });
    await succeed('switchTenant', 'accessToken', {}, session.accessToken);
    const raw = rawId(tenant.id);
    const forced = env.DB.prepare('UPDATE session SET tenant_id = ? WHERE issuer_id IS NOT NULL').bind(raw).run();
    await expect(forced).rejects.toThrow('CHECK');
    // Signed in otherwise, the same user may.
    await succeed('switchTenant', 'accessToken', input, await tokenOf(user.id));
    // Whoever reaches the tenant learns nothing of it.
    const { secret } = await newKey({ tenants: [tenant.id] });
    const { data } = await ask('{ events(first: 100) { nodes { type } } }', {}, secret);
    const types = data.events.nodes.map(({ type }: { type: string }) => type);
    expect(types).toContain('user.joined');
    expect(types).not.toContain('user.linked');
  });

  it('ends as soon as the issuer lists the customer no more, or is deleted', async () => {
    const { issuer, customer, claims } = await newScene();
    const session = await arrive(claims);
    expect(await statusWith(session.accessToken)).toBe(200);
    const other = await newCustomer();
    await update(issuer, { customerIdentifiers: [{ id: other.id }] });
    await expectEnd(session);
    await refuse({ ...claims, customer: undefined }, /users of this customer/);
    await update(issuer, { customerIdentifiers: [{ id: customer.id }] });
    await expectEnd(session);
    const again = await arrive(claims);
    await succeed('deleteTrustedIssuer', 'trustedIssuer { name }', { id: issuer.id });
    await expectEnd(again);
    await expectRefusal(await sign(claims));
  });

  it('ends as soon as its user has a role that the issuer does not list', async () => {
    const { issuer, claims } = await newScene();
    const session = await arrive(claims);
    const roleOf = (name: string) =>
      succeed('updateUser', 'user { id }', { id: session.userId, roleIdentifier: { name } });
    await roleOf('admin');
    await expectEnd(session);
    await refuse(claims, /with the role that the user has/);
    await update(issuer, { roleIdentifiers: [{ name: 'admin' }, { name: 'member' }] });
    const asAdmin = await arrive(claims);
    await update(issuer, { roleIdentifiers: [{ name: 'member' }] });
    await expectEnd(asAdmin);
    await roleOf('member');
    expect(await statusWith((await arrive(claims)).accessToken)).toBe(200);
  });

  it('is not taken for stolen when its refresh token was refused for the role that its user had meanwhile', async () => {
    const { claims } = await newScene();
    const { userId, refreshToken } = await arrive(claims);
    const roleOf = (name: string) => succeed('updateUser', 'user { id }', { id: userId, roleIdentifier: { name } });
    await roleOf('admin');
    for (const _ of [1, 2]) expect((await step('refresh', { refreshToken })).status).toBe(401);
    expect(await eventsAbout(userId)).not.toContain('session.ended');
    await roleOf('member');
    for (const _ of [1, 2]) expect((await step('refresh', { refreshToken })).status).toBe(200);
    await env.DB.prepare('UPDATE session SET refreshed_at = refreshed_at - 31000').run();
    expect((await step('refresh', { refreshToken })).status).toBe(401);
    expect((await eventsAbout(userId)).at(-1)).toBe('session.ended');
  });

  it('ends when what its token was checked by is changed, and not for less', async () => {
    for (const input of [
      { keys: [ec.jwk] },
      { audience: 'other' },
      { issuer: unique('other') },
      { algorithms: ['PS256'] },
    ]) {
      const { issuer, claims } = await newScene();
      const session = await arrive(claims);
      await update(issuer, { name: 'Renamed', createsUsers: false });
      await update(issuer, { keys: [rsa.jwk], audience: AUDIENCE, issuer: issuer.issuer, algorithms: ['RS256'] });
      expect(await statusWith(session.accessToken)).toBe(200);
      await update(issuer, input);
      await expectEnd(session);
      await expectRefusal(await sign(claims));
    }
  });

  it('does not touch those that its user began with a password', async () => {
    const { issuer, customer, claims } = await newScene();
    const user = await newCustomerUser(customer.id, { externalId: claims.sub });
    await join(user);
    const own = await tokenOf(user.id);
    await arrive(claims);
    await succeed('deleteTrustedIssuer', 'trustedIssuer { name }', { id: issuer.id });
    expect(await statusWith(own)).toBe(200);
  });
});
