import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/directory/kernel/ids.ts';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  allBut,
  mutationDocument,
  newCustomer,
  newCustomerUser,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, ROOT_KEY } from '../../shared/gateway.ts';
import { tokenOf } from '../../shared/people.ts';
import { bearer, byGraphQL, byKey, call, DONE, FAILED, get, type Headers, organizationId, put, ROOT } from './calls.ts';

beforeAll(countChanges);

describe('a credential', () => {
  it('is the same 401, whatever is wrong with it', async () => {
    const id = rawId((await newTenant()).id);
    const { secret } = await newKey();
    const revoked = await newKey();
    await succeed('revokeApiKey', 'apiKey { id }', { id: revoked.id });
    const good = byKey(secret);
    const { 'X-CLIENT-ID': _client, ...withoutClient } = good;
    const { 'X-API-KEY-TYPE': _type, ...withoutType } = good;
    const wrong: Record<string, Headers> = {
      nothing: {},
      'a wrong key': byKey('tenantry_wrong'),
      'an empty key': byKey(''),
      'a revoked key': byKey(revoked.secret),
      'the root key as an API key': byKey(ROOT_KEY),
      'no client': withoutClient,
      'an empty client': { ...good, 'X-CLIENT-ID': '' },
      'another client': { ...good, 'X-CLIENT-ID': newId() },
      'no type': withoutType,
      'another type': byKey(secret, 'admin'),
      'a property of every object as type': byKey(secret, 'constructor'),
      'a wrong token': bearer('wrong'),
      'a wrong key beside a good token': { ...ROOT, ...byKey('tenantry_wrong') },
    };
    const before = await changes();
    const first = await get(id, {});
    expect(first.status).toBe(401);
    expect(first.json).toEqual(FAILED);
    expect(first.headers.get('www-authenticate')).toContain('Bearer');
    // Before and after this isolate knows the key.
    for (const round of [1, 2]) {
      for (const [what, headers] of Object.entries(wrong)) {
        for (const answer of [await get(id, headers), await put(id, headers, { name: 'Mallory' })]) {
          expect({ status: answer.status, text: answer.text }, `${what}, ${round}`).toEqual({
            status: 401,
            text: first.text,
          });
        }
      }
      expect((await get(id, good)).status).toBe(200);
      expect((await get(id, { ...good, 'X-CLIENT-ID': organizationId.toUpperCase() })).status).toBe(200);
    }
    expect(await changes()).toBe(before);
  });

  it('is good as any bearer token, too', async () => {
    const tenant = await newTenant();
    const id = rawId(tenant.id);
    const { secret } = await newKey();
    const { id: user } = await newTenantUser(tenant.id);
    for (const token of [ROOT_KEY, secret, await tokenOf(user, tenant.id)]) {
      expect((await get(id, bearer(token))).status).toBe(200);
    }
  });

  it('only reads as X-API-KEY-TYPE: read, and a READ key writes by no type', async () => {
    const id = rawId((await newTenant()).id);
    const { secret } = await newKey();
    const reader = await newKey({ access: 'READ' });
    const before = await changes();
    for (const headers of [byKey(secret, 'read'), byKey(reader.secret), byKey(reader.secret, 'read')]) {
      expect((await get(id, headers)).status).toBe(200);
      const answer = await put(id, headers, { name: 'Mallory' });
      expect(answer).toMatchObject({ status: 403, json: FAILED });
    }
    expect(await changes()).toBe(before);
    expect((await put(id, byKey(secret), { name: 'Ada' })).status).toBe(200);
  });

  it('whose reach has changed since is read again, and the request with it', async () => {
    const [kept, gone] = [await newTenant(), await newTenant()];
    const headers = byKey((await newKey({ tenants: [kept.id, gone.id] })).secret);
    expect((await get(rawId(gone.id), headers)).status).toBe(200);
    await succeed('deleteTenant', 'tenant { id }', { id: gone.id });
    expect((await put(rawId(kept.id), headers, { name: 'Kept' })).json).toEqual(DONE);
    expect((await byGraphQL(kept.id)).name).toBe('Kept');
    expect((await get(rawId(gone.id), headers)).status).toBe(403);
  });

  it('is none any more when the tenant that it was for is deleted', async () => {
    const tenant = await newTenant();
    const { id } = await newTenantUser(tenant.id);
    const headers = bearer(await tokenOf(id, tenant.id));
    expect((await get('me', headers)).status).toBe(200);
    await succeed('deleteTenant', 'tenant { id }', { id: tenant.id });
    for (const path of ['me', rawId(tenant.id)])
      expect(await get(path, headers)).toMatchObject({ status: 401, json: FAILED });
  });

  it('is asked for as little as at /graphql: as many D1 calls, or fewer', async () => {
    const tenant = await newTenant();
    const id = rawId(tenant.id);
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    const [one, other] = [(await newKey()).secret, (await newKey()).secret];
    const [first, second] = [await tokenOf(user.id, tenant.id), await tokenOf(user.id, tenant.id)];
    const read = 'query($id: ID!) { tenant(id: $id) { id name billing { vatId } } }';
    const write = mutationDocument('updateTenant', 'tenant { id }');
    const pairs: [Headers, string][] = [
      [ROOT, ROOT_KEY],
      [byKey(one), other],
      [bearer(first), second],
    ];
    for (const [headers, key] of pairs) {
      for (const round of ['unknown', 'known']) {
        const reads = [await get(id, headers), await ask(read, { id: tenant.id }, key)];
        const writes = [
          await put(id, headers, { name: unique('a') }),
          await ask(write, { input: { id: tenant.id, name: unique('b') } }, key),
        ];
        for (const [ours, theirs] of [reads, writes]) {
          expect(ours?.status, ours?.text).toBe(200);
          expect(theirs?.errors).toEqual([]);
          expect(ours?.calls, round).toBeLessThanOrEqual(theirs?.calls ?? 0);
        }
      }
    }
  });
});

describe('a tenant out of reach', () => {
  const ids = { a: '', b: '', deleted: '', absent: newId() };
  type State = keyof typeof ids;
  const viewers: { name: string; headers: Headers; reads: State[]; writes: State[]; own?: State }[] = [];

  beforeAll(async () => {
    const [a, b, deleted] = [await newTenant(), await newTenant(), await newTenant()];
    Object.assign(ids, { a: rawId(a.id), b: rawId(b.id), deleted: rawId(deleted.id) });
    const customer = await newCustomer({ tenantIdentifiers: [{ id: a.id }] });
    const keys = {
      'a key of the organization': [{}, ['a', 'b'], ['a', 'b']],
      'a READ key': [{ access: 'READ' }, ['a', 'b'], []],
      'a key of a': [{ tenants: [a.id] }, ['a'], ['a']],
      'a key of a and b': [{ tenants: [a.id, b.id] }, ['a', 'b'], ['a', 'b']],
      'a READ key of a': [{ access: 'READ', tenants: [a.id] }, ['a'], []],
      'a key of the deleted': [{ tenants: [deleted.id] }, [], []],
      'a key of a customer in a': [{ customer: customer.id }, [], []],
    } satisfies Record<string, [Parameters<typeof newKey>[0], State[], State[]]>;
    for (const [name, [options, reads, writes]] of Object.entries(keys)) {
      viewers.push({ name, headers: byKey((await newKey(options)).secret), reads, writes });
    }
    const role = (name: string) => ({ roleIdentifier: { name } });
    const signedIn = async (name: string, user: Result, tenant: Result | null, reads: State[], writes: State[]) => {
      const headers = bearer(await tokenOf(user.id, tenant?.id));
      viewers.push({ name, headers, reads, writes, ...(tenant && { own: reads[0] ?? 'deleted' }) });
    };
    viewers.push({ name: 'root', headers: ROOT, reads: ['a', 'b'], writes: ['a', 'b'] });
    await signedIn('an admin of a', await newTenantUser(a.id, role('admin')), a, ['a'], ['a']);
    await signedIn('who views a', await newTenantUser(a.id), a, ['a'], []);
    await signedIn('an owner', await newTeamMember(role('owner')), null, ['a', 'b'], ['a', 'b']);
    await signedIn('a viewer of the organization', await newTeamMember(), null, ['a', 'b'], []);
    const ofCustomer = await newCustomerUser(customer.id, role('admin'));
    await signedIn('an admin of a customer in a', ofCustomer, null, [], []);
    await succeed('deleteTenant', 'tenant { id }', { id: deleted.id });
  });

  it('is the same 403 as one that does not exist, for everyone, and nothing changes', async () => {
    expect(viewers).toHaveLength(13);
    for (const { name, headers, reads, writes } of viewers) {
      const absent = [await get(ids.absent, headers), await put(ids.absent, headers, { name: 'x' })];
      for (const state of Object.keys(ids) as State[]) {
        const where = `${name}, ${state}`;
        const read = await get(ids[state], headers);
        if (reads.includes(state)) {
          expect(read.json, where).toMatchObject({ success: true, data: { kind: 'tenant', id: ids[state] } });
        } else {
          expect([read.status, read.text], where).toEqual([403, absent[0]?.text]);
          expect(read.json, where).toEqual(FAILED);
        }
        const before = await changes();
        const written = await put(ids[state], headers, { name: unique('n') });
        if (writes.includes(state)) {
          expect([written.status, written.json], where).toEqual([200, DONE]);
          expect(await changes(), where).toBeGreaterThan(before);
        } else {
          expect([written.status, written.text], where).toEqual([403, absent[1]?.text]);
          expect(await changes(), where).toBe(before);
        }
      }
    }
  });

  it('is never `me`, which is where a user is signed in', async () => {
    for (const { name, headers, own } of viewers) {
      const { status, json } = await get('me', headers);
      expect(status, name).toBe(own ? 200 : 403);
      expect(json, name).toEqual(
        own ? expect.objectContaining({ data: expect.objectContaining({ id: ids[own] }) }) : FAILED,
      );
    }
    expect(viewers.filter(({ own }) => own)).toHaveLength(2);
  });
});

describe('without the permission', () => {
  const cases: [string, Permission][] = [
    ['GET', 'tenant:read'],
    ['PUT', 'tenant:edit'],
  ];
  for (const [method, permission] of cases) {
    it(`${permission}, ${method} is 403, and nothing changes`, async () => {
      const tenant = await newTenant();
      const body = method === 'PUT' ? { name: 'x' } : undefined;
      const [lacking, enough] = [
        (await newKey({ permissions: allBut(permission) })).secret,
        (await newKey({ permissions: [permission] })).secret,
      ];
      const before = await changes();
      const answer = await call(method, `/tenants/${rawId(tenant.id)}`, byKey(lacking), body);
      expect(answer).toMatchObject({ status: 403, json: FAILED });
      expect(answer.json.error).toContain(permission);
      expect(await changes()).toBe(before);
      expect((await call(method, `/tenants/${rawId(tenant.id)}`, byKey(enough), body)).status).toBe(200);
    });
  }
});

describe('the user who signed in', () => {
  const me = async (token: string) => {
    const { status, json } = await call('GET', '/users/me', bearer(token));
    return status === 200 ? json.data : status;
  };

  it('is shown with those tenants alone that the token reaches', async () => {
    const [one, other, gone] = [await newTenant(), await newTenant(), await newTenant()];
    const user = await newTenantUser(one.id, { name: 'Ada' });
    const member = await newTeamMember();
    const ofCustomer = await newCustomerUser((await newCustomer({ tenantIdentifiers: [{ id: one.id }] })).id);
    for (const { id } of [user, member])
      for (const tenant of [other, gone])
        await succeed('assignTenantRole', 'user { id }', {
          userIdentifier: { id },
          tenantIdentifier: { id: tenant.id },
          roleIdentifier: { name: 'view' },
        });
    await succeed('deleteTenant', 'tenant { id }', { id: gone.id });
    const shown = ({ id, email, name }: Result, ...tenants: Result[]) => ({
      id: rawId(id),
      email,
      name,
      tenantIds: tenants.map((tenant) => rawId(tenant.id)),
    });
    for (const tenant of [one, other]) expect(await me(await tokenOf(user.id, tenant.id))).toEqual(shown(user, tenant));
    expect(await me(await tokenOf(member.id))).toEqual(shown(member, other));
    expect(await me(await tokenOf(ofCustomer.id))).toEqual(shown(ofCustomer));
  });

  it('is nobody where a key asks: 403, with the reason', async () => {
    const { secret } = await newKey();
    for (const headers of [ROOT, byKey(secret), bearer(secret)]) {
      const { status, json } = await call('GET', '/users/me', headers);
      expect([status, json]).toEqual([403, FAILED]);
      expect(json.error).toContain('Only for users who signed in');
    }
  });
});
