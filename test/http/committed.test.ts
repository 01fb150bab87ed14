import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toPlainId } from '../../src/dialects/plain/ids.ts';
import {
  allBut,
  newCustomer,
  newKey,
  newRole,
  newTenant,
  newTenantUser,
  rawId,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import { ask, graphqlRequest, meddled, ROOT_KEY, send } from '../shared/gateway.ts';
import { tokenOf } from '../shared/people.ts';
import { posted } from '../walks/dialects/table.ts';

/** D1 that fails from this call on, as if it were lost. */
const lostFrom = (first: number) =>
  meddled(async (call, run) => {
    if (call >= first) throw new Error('D1_ERROR: Network connection lost.');
    return run();
  });

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

/** More than is read along with a change: a few of these are read in a call of their own. */
const manyOf = (field: string) => Array.from({ length: 20 }, (_, index) => `l${index}: ${field}`).join(' ');
const MANY_TENANTS = manyOf('tenants(first: 1) { nodes { customers(first: 1) { nodes { id } } } }');

const customersNamed = async (name: string): Promise<string[]> => {
  const { data } = await ask('query($s: String!) { customers(filter: { search: $s }) { nodes { id } } }', { s: name });
  return data.customers.nodes.map(({ id }: { id: string }) => id);
};

describe('a mutation that took effect, at /graphql', () => {
  const document = `mutation($input: UpsertCustomerInput!) { upsertCustomer(input: $input) {
    ... on UpsertCustomerPayload { outcome customer { id ${MANY_TENANTS} } } } }`;

  it('says so, where a part of its answer cannot be read, and does not ask to be tried again', async () => {
    const name = unique('C');
    const request = graphqlRequest(document, { input: { identifier: { externalId: name }, name } });
    const answer = await send(request, { DB: lostFrom(2) });
    const [id] = await customersNamed(name);
    expect([answer.status, answer.headers.has('retry-after')]).toEqual([200, false]);
    expect(answer.data).toMatchObject({ upsertCustomer: { outcome: 'CREATED', customer: { id, l19: null } } });
    expect(answer.errors.length).toBeGreaterThan(0);
    for (const { path, extensions } of answer.errors) {
      expect(path).toEqual(['upsertCustomer', 'customer', expect.stringMatching(/^l1\d$/), 'nodes']);
      expect(extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', committed: true, id });
    }
    expect(answer.errors[0].message).toMatch(/^This was done\./);
    expect(answer.text).not.toMatch(/again/i);
  });

  it('keeps its answer where another mutation of the request fails', async () => {
    const [name, other] = [unique('C'), unique('C')];
    const both = `mutation { a: createCustomer(input: { name: "${name}" }) { ... on CreateCustomerPayload { customer { name } } }
      b: createCustomer(input: { name: "${other}" }) { __typename } }`;
    for (const message of ['D1_ERROR: D1 DB is overloaded.', 'D1_ERROR: Network connection lost.']) {
      const DB = meddled(async (call, run) => {
        if (call === 2) throw new Error(message);
        return run();
      });
      const answer = await send(graphqlRequest(both.replaceAll(name, `${name} ${message.length}`)), { DB });
      expect([answer.status, answer.headers.has('retry-after')]).toEqual([200, false]);
      expect(answer.data).toMatchObject({ a: { customer: { name: `${name} ${message.length}` } }, b: null });
      expect(answer.errors).toMatchObject([{ path: ['b'] }]);
      expect(answer.errors[0].extensions.committed).toBeUndefined();
    }
    expect(await customersNamed(other)).toEqual([]);
  });

  it('has an error with its id, however many others have theirs', async () => {
    const [one, other] = [unique('C'), unique('C')];
    const create = (field: string, name: string) =>
      `${field}: createCustomer(input: { name: "${name}" }) { ... on CreateCustomerPayload { customer { ...Many } } }`;
    const many = `fragment Many on Customer { ${MANY_TENANTS} }`;
    const document2 = `mutation { ${create('a', one)} ${create('b', other)} } ${many}`;
    const DB = meddled(async (call, run) => {
      if (call === 2 || call > 3) throw new Error('D1_ERROR: no such table: x: SQLITE_ERROR');
      return run();
    });
    const { errors } = await send(graphqlRequest(document2), { DB });
    const ids = new Set(errors.map(({ extensions }: { extensions: { id: string } }) => extensions.id));
    expect([...ids].sort()).toEqual([...(await customersNamed(one)), ...(await customersNamed(other))].sort());
  });

  it('says so beside what the caller may not read of it', async () => {
    const name = unique('C');
    const { secret } = await newKey({ permissions: allBut('tenant:read') });
    const request = graphqlRequest(document, { input: { identifier: { externalId: name }, name } }, secret);
    const { errors, status } = await send(request);
    expect(status).toBe(200);
    expect(errors[0]).toMatchObject({
      extensions: { code: 'FORBIDDEN', committed: true, id: (await customersNamed(name))[0] },
    });
  });
});

describe('a mutation that took effect, at Plain', () => {
  const upsert = (fields: string) => `mutation($input: UpsertCustomerInput!) { ${fields} }`;
  const input = (name: string) => ({
    identifier: { externalId: name },
    onCreate: {
      fullName: name,
      externalId: name,
      email: { email: `${name.toLowerCase()}@example.com`, isVerified: true },
    },
    onUpdate: {},
  });

  it('says so in its own error, which is where its clients look', async () => {
    const [{ id }, tenant] = [await newCustomer(), await newTenant()];
    const document = `mutation($input: SetCustomerTenantsInput!) { done: setCustomerTenants(input: $input) {
      customer { id tenantMemberships(first: 1) { edges { cursor } } } error { message type code fields { field } } } }`;
    const named = {
      customerIdentifier: { customerId: toPlainId('Customer', rawId(id)) },
      tenantIdentifiers: [{ tenantId: toPlainId('Tenant', rawId(tenant.id)) }],
    };
    // Its customer is read before it is changed, and so the tenants after that.
    const answer = await send(posted('/plain/graphql/v1', document, { input: named }, ROOT_KEY), { DB: lostFrom(2) });
    expect([answer.status, answer.errors], answer.text).toEqual([200, []]);
    expect(answer.data.done).toMatchObject({
      customer: null,
      error: { type: 'INTERNAL', code: 'internal', fields: [] },
    });
    expect(answer.data.done.error.message).toMatch(/^This was done\./);
    expect(answer.data.done.error.message).toContain(toPlainId('Customer', rawId(id)));
    const { data } = await ask('query($id: ID!) { customer(id: $id) { tenants { totalCount } } }', { id });
    expect(data.customer.tenants.totalCount).toBe(1);
  });

  it('keeps its answer where another mutation of the request fails, which says what became of it', async () => {
    const name = unique('C');
    const document = upsert(`a: upsertCustomer(input: $input) { result error { message } }
      b: upsertCustomer(input: $input) { result error { message type } }`);
    const DB = meddled(async (call, run) => {
      if (call === 2) throw new Error('D1_ERROR: D1 DB is overloaded.');
      return run();
    });
    const answer = await send(posted('/plain/graphql/v1', document, { input: input(name) }, ROOT_KEY), { DB });
    expect([answer.status, answer.errors], answer.text).toEqual([200, []]);
    expect(answer.data.a).toEqual({ result: 'CREATED', error: null });
    expect(answer.data.b).toMatchObject({ result: null, error: { type: 'INTERNAL' } });
    expect(answer.data.b.error.message).not.toMatch(/was done/);
  });
});

describe('mutations behind one that failed, at Plain', () => {
  it('say that they were not done', async () => {
    const name = unique('C');
    const tenant = (field: string) => `${field}: upsertTenant(input: {
      identifier: { externalId: "${name}-${field}" }, name: "T", externalId: "${name}-${field}" }) { result error { message } }`;
    const DB = meddled(async (call, run) => {
      if (call === 2) throw new Error('D1_ERROR: D1 DB is overloaded.');
      return run();
    });
    const document = `mutation { ${['a', 'b', 'c'].map(tenant).join(' ')} }`;
    const { data, errors, text } = await send(posted('/plain/graphql/v1', document, {}, ROOT_KEY), { DB });
    expect(errors, text).toEqual([]);
    expect([data.a.result, data.b.result, data.c.result]).toEqual(['CREATED', null, null]);
    expect(data.b.error.message).toMatch(/this was not done/);
    expect(data.c.error.message).toMatch(/^This was not done/);
  });
});

describe('a PUT that took effect, at Userdocks', () => {
  const put = (id: string, name: string, key: string, token = ROOT_KEY) =>
    new Request(`https://tenantry.test/v1/tenants/${rawId(id)}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ kind: 'tenant', name }),
    });

  it('says so to who may not ask for it any more', async () => {
    const tenant = await newTenant();
    const { id: roleId } = await newRole({ scope: 'TENANT', permissions: ['tenant:read', 'tenant:edit'] });
    const user = await newTenantUser(tenant.id, { roleIdentifier: { id: roleId } });
    const token = await tokenOf(user.id, tenant.id);
    const [key, name] = [unique('key'), unique('T')];
    const first = await send(put(tenant.id, name, key, token));
    expect([first.status, first.headers.get('idempotency-key')], first.text).toEqual([200, key]);
    await succeed('updateRole', 'role { id }', { id: roleId, permissions: ['tenant:read'] });
    const again = await send(put(tenant.id, name, key, await tokenOf(user.id, tenant.id)));
    expect([again.status, JSON.parse(again.text).error]).toEqual([
      403,
      'This was done. You may not ask for it any more.',
    ]);
    expect((await send(put(tenant.id, unique('T'), key, await tokenOf(user.id, tenant.id)))).status).toBe(422);
  });

  it('answers that it was done where the connection was lost behind it', async () => {
    const tenant = await newTenant();
    const DB = meddled(async (call, run) => {
      const results = await run();
      if (call === 1) throw new Error('D1_ERROR: Network connection lost.');
      return results;
    });
    expect((await send(put(tenant.id, unique('T'), unique('key')), { DB })).status).toBe(200);
  });
});

describe('a mutation that took effect, at Prismatic', () => {
  it('says so in its errors', async () => {
    const name = unique('C');
    const document = `mutation { createCustomer(input: { name: "${name}", clientMutationId: "mine" }) {
      customer { id ${manyOf('users(first: 1) { nodes { role { id } } }')} } errors { field messages } clientMutationId } }`;
    const answer = await send(posted('/api', document, {}, ROOT_KEY), { DB: lostFrom(2) });
    const [id = ''] = await customersNamed(name);
    expect([answer.status, answer.errors], answer.text).toEqual([200, []]);
    expect(answer.data.createCustomer).toMatchObject({
      customer: null,
      errors: [{ field: '__all__' }],
      clientMutationId: 'mine',
    });
    expect(answer.data.createCustomer.errors[0].messages[0]).toBe(
      `This was done. Only this part of the answer could not be read. The id is ${id}.`,
    );
  });
});

describe('a mutation that took effect, at the hub', () => {
  it('says so in the message of the error that its answer is', async () => {
    const tenant = await newTenant();
    const document = `mutation($id: String!) { tenantMutations { updateTenant(input: { tenantId: $id, name: "${unique('T')}" }) {
      tenant { id ${manyOf('users { id roles { name } }')} } } } }`;
    const answer = await send(posted('/hub/graphql', document, { id: rawId(tenant.id) }, ROOT_KEY), {
      DB: lostFrom(2),
    });
    expect(answer.data, answer.text).toBeNull();
    expect(answer.errors).toMatchObject([{ extensions: { committed: true, id: rawId(tenant.id) } }]);
    expect(answer.errors[0].message).toMatch(/^This was done\..*The id is /);
    expect([answer.status, answer.headers.has('retry-after')]).toEqual([500, false]);
  });
});

describe('what changed nothing', () => {
  it('is not said to have been done', async () => {
    const { name } = await newCustomer();
    const document = `mutation($input: CreateCustomerInput!) { createCustomer(input: $input) {
      ... on AlreadyExistsError { existing { ... on Customer { tenants { nodes { id } } } } } } }`;
    const answer = await send(graphqlRequest(document, { input: { name } }), { DB: lostFrom(3) });
    expect(answer.errors.length, answer.text).toBe(1);
    expect(answer.errors[0].extensions.committed).toBeUndefined();
    await succeed('createCustomer', 'customer { id }', { name: unique('C') });
  });
});
