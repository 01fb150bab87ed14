import { env } from 'cloudflare:workers';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formerKey } from '../../src/directory/kernel/keys.ts';
import { changes, countChanges } from '../shared/changes.ts';
import {
  globalId,
  mutationDocument,
  newCustomer,
  newKey,
  newRole,
  newTenant,
  rawId,
  unique,
} from '../shared/fixtures.ts';
import { ask, graphqlRequest, send, under, type Variables } from '../shared/gateway.ts';
import { rememberAll, rewind } from '../shared/rewind.ts';
import { newOperationWorld, type OperationWorld } from './operations.ts';

/*
 * What changes or deletes one record takes its id, or an identifier as reads do: exactly one of them. Each of these mutations, by
 * each way to name a record, right and wrong.
 */

type Type = 'Tenant' | 'Customer' | 'User' | 'Role';

/** A record by each identifier that it has, without its id, and what else the input needs to name it so. */
interface Named {
  id: string;
  ways: readonly Variables[];
}

let world: OperationWorld;
/** Deleted ones, and one that was made when external ids and names were compared by other rules. */
let hidden: Record<Exclude<Type, 'Role'>, Named>;
let former: Record<Type, Named>;
let role: { id: string; name: string };
/** Reaches nothing but another tenant, in which there is nobody. */
let stranger: string;
const NOBODY = '01900000-0000-7000-8000-000000000000';

const byAll = ({ id, externalId, email }: { id: string; externalId: string; email?: string }): Named => ({
  id,
  ways: [{ externalId }, ...(email === undefined ? [] : [{ email: email.toUpperCase() }])].map((identifier) => ({
    identifier,
  })),
});

const live = (type: Type): Named => {
  if (type === 'Tenant') return byAll(world.tenant);
  if (type === 'Customer') return byAll(world.customer);
  if (type === 'User') return byAll(world.customerUser);
  return { id: role.id, ways: [{ identifier: { name: ` ${role.name.toUpperCase()}` }, scope: 'TENANT' }] };
};

/** The names of records that are there no more, or never were. */
const namesNobody = (type: Type): Variables[] => {
  if (type === 'Role') {
    return [
      { identifier: { name: 'nobody' }, scope: 'TENANT' },
      { identifier: { name: role.name }, scope: 'CUSTOMER' },
      { identifier: { id: role.id }, scope: 'ORGANIZATION' },
      { id: role.id, scope: 'CUSTOMER' },
    ];
  }
  const { id, ways } = hidden[type];
  const byEmail = type === 'Tenant' ? [] : [{ identifier: { email: 'nobody@x.example' } }];
  return [...ways, { identifier: { id } }, { identifier: { externalId: 'nobody' } }, ...byEmail];
};

/** Records that were made by the version before are found by its rules, in which case made no difference. */
async function asBefore(table: string, id: string, keys: Record<string, string>): Promise<void> {
  const set = Object.entries(keys).map(([column, text]) => `${column} = '${formerKey(text)}'`);
  await env.DB.prepare(`UPDATE ${table} SET key_version = 1, ${set.join(', ')} WHERE id = ?`)
    .bind(rawId(id))
    .run();
}

/** An input with something wrong, where, and what is said of it. */
type Wrong = [input: Variables, path: string, message: string];

/** What is changed or deleted, and with what else in the input. */
const CHANGES: readonly [verb: string, types: readonly Type[], more: () => Variables][] = [
  ['update', ['Tenant', 'Customer', 'User', 'Role'], () => ({ name: unique('Renamed') })],
  ['delete', ['Tenant', 'Customer', 'User', 'Role'], () => ({})],
  ['delete', ['Tenant', 'Customer', 'User'], () => ({ permanently: true })],
];

const MUTATIONS = CHANGES.flatMap(([verb, types, others]) =>
  types.map((type) => ({ name: `${verb}${type}`, type, payload: `${type.toLowerCase()} { id name }`, others })),
);

beforeAll(async () => {
  world = await newOperationWorld();
  const made = await newRole({ name: unique('Reviewer') });
  role = { id: made.id, name: made.name };
  const tenant = await newTenant({ externalId: unique('Ünchanged') });
  const email = { address: `${unique('Long')}@x.example` };
  const customer = await newCustomer({ externalId: unique('Ünchanged'), email });
  const old = await newRole({ name: unique('Old²') });
  former = {
    Tenant: { id: tenant.id, ways: [{ identifier: { externalId: tenant.externalId.toUpperCase() } }] },
    Customer: { id: customer.id, ways: [{ identifier: { externalId: customer.externalId.toUpperCase() } }] },
    User: {
      id: world.tenantUser.id,
      ways: [{ identifier: { externalId: world.tenantUser.externalId.toUpperCase() } }],
    },
    Role: { id: old.id, ways: [{ identifier: { name: old.name.normalize('NFKC') }, scope: 'TENANT' }] },
  };
  await asBefore('tenant', tenant.id, { external_id_key: tenant.externalId });
  await asBefore('customer', customer.id, { external_id_key: customer.externalId });
  await asBefore('user', world.tenantUser.id, { external_id_key: world.tenantUser.externalId });
  await asBefore('role', old.id, { name_key: old.name });
  hidden = {
    Tenant: { id: world.deletedTenantId, ways: [] },
    Customer: { id: world.deletedCustomerId, ways: [] },
    User: { id: world.deletedUserId, ways: [] },
  };
  for (const [type, table] of [
    ['Tenant', 'tenant'],
    ['Customer', 'customer'],
    ['User', 'user'],
  ] as const) {
    const { id } = hidden[type];
    const hiddenEmail = `${unique('hidden')}@x.example`;
    const externalId = unique('hidden');
    const values = type === 'Tenant' ? '' : `, email = '${hiddenEmail}', email_key = '${hiddenEmail}'`;
    await env.DB.prepare(
      `UPDATE ${table} SET external_id = '${externalId}', external_id_key = '${externalId}'${values} WHERE id = ?`,
    )
      .bind(rawId(id))
      .run();
    hidden[type] = byAll({ id, externalId, ...(type !== 'Tenant' && { email: hiddenEmail }) });
  }
  stranger = (await newKey({ tenants: [world.otherTenant.id] })).secret;
  await ask('{ viewer { type } }', {}, stranger);
  await rememberAll();
  await countChanges();
});
beforeEach(() => rewind().run());

const resultOf = async (name: string, payload: string, input: Variables, key?: string) => {
  const answer = await ask(mutationDocument(name, payload), { input }, key);
  return { ...answer, result: answer.data?.[name] };
};

for (const { name, type, payload, others } of MUTATIONS) {
  describe(`${name} ${JSON.stringify(others()).slice(0, 9)}`, () => {
    const field = type.toLowerCase();

    it('takes an id or an identifier, and costs one D1 call and no rows to speak of more', async () => {
      const { id, ways } = live(type);
      const byId = await resultOf(name, payload, { id, ...others() });
      expect(byId.result[field]?.id, byId.text).toBe(id);
      for (const way of [...ways, { identifier: { id } }]) {
        await rewind().run();
        const named = await resultOf(name, payload, { ...way, ...others() });
        expect(named.result[field]?.id, named.text).toBe(id);
        expect(named.calls).toBe(byId.calls);
        expect(named.rowsRead, JSON.stringify(way)).toBeLessThan(byId.rowsRead + 60);
      }
    });

    it('is found by what the version before compared, until it has new keys', async () => {
      for (const way of former[type].ways) {
        const { result, text } = await resultOf(name, payload, { ...way, ...others() });
        expect(result[field]?.id, text).toBe(former[type].id);
      }
    });

    it('answers a repetition, whatever the identifier names by then', async () => {
      for (const way of live(type).ways) {
        await rewind().run();
        const [key, input] = [unique('key'), { ...way, ...others() }];
        const request = () => under(graphqlRequest(mutationDocument(name, payload), { input }), key);
        const [first, before] = [await send(request()), await changes()];
        const again = await send(request());
        expect(await changes()).toBe(before);
        expect(first.data[name].__typename).toMatch(/Payload$/);
        if (again.errors.length === 0) expect(again.data).toEqual(first.data);
        else expect(again.errors[0].extensions, again.text).toMatchObject({ code: 'NOT_FOUND', committed: true });
      }
    });

    it('names the path of what is missing, given twice, or of another kind', async () => {
      const { id, ways } = live(type);
      const [way] = ways;
      const other = globalId(type === 'User' ? 'Tenant' : 'User', rawId(id));
      const nameWithoutScope: Wrong = [{ identifier: { name: role.name } }, 'scope', 'is required beside a name'];
      const wrong: Wrong[] = [
        [{}, 'id', 'is required, unless there is an identifier'],
        [{ id: null, identifier: null }, 'id', 'is required, unless there is an identifier'],
        [{ id, ...way }, 'identifier', 'must not be given beside an id'],
        [{ id, identifier: { id } }, 'identifier', 'must not be given beside an id'],
        [{ id: other }, 'id', 'is not an id of this kind'],
        [{ identifier: { id: other } }, 'identifier.id', 'is not an id of this kind'],
        ...(type === 'Role' ? [nameWithoutScope] : []),
      ];
      const before = await changes();
      for (const [input, path, message] of wrong) {
        const { result, text } = await resultOf(name, payload, { ...input, ...others() });
        expect(result, text).toMatchObject({ code: 'validation_failed', issues: [{ path, message }] });
      }
      for (const identifier of [{ id, ...(way?.identifier as Variables) }, {}]) {
        const { data, errors } = await resultOf(name, payload, { identifier, ...others() });
        expect([data ?? null, errors[0].extensions.code]).toEqual([null, 'BAD_USER_INPUT']);
      }
      expect(await changes()).toBe(before);
    });

    it('finds nothing by an identifier of what is deleted, or was never there', async () => {
      const before = await changes();
      for (const way of namesNobody(type)) {
        const { result, text } = await resultOf(name, payload, { ...way, ...others() });
        const given = Object.keys((way.identifier as Variables | undefined) ?? {})[0];
        const path = given === undefined ? 'id' : `identifier.${given}`;
        expect(result, text).toMatchObject({ code: 'not_found', references: [{ path }] });
      }
      expect(await changes()).toBe(before);
    });

    it('tells who is out of reach from nobody by not a byte', async () => {
      const before = await changes();
      for (const way of live(type).ways) {
        const identifier = way.identifier as Record<string, string>;
        const [by] = Object.keys(identifier) as ['email' | 'externalId' | 'name'];
        const nobody = by === 'email' ? 'nobody@x.example' : 'nobody';
        const [there, absent] = [
          await resultOf(name, payload, { ...way, ...others() }, stranger),
          await resultOf(name, payload, { ...way, identifier: { [by]: nobody }, ...others() }, stranger),
        ];
        expect(there.result.code).toMatch(/not_found|out_of_reach/);
        expect(there.text).toBe(absent.text);
        expect(there.calls).toBe(absent.calls);
      }
      expect(await changes()).toBe(before);
    });
  });
}

describe('a change of what names the record', () => {
  it('is made to the one that had the name before, all of it, and is shown', async () => {
    const { result } = await resultOf('updateRole', 'role { id name permissions { nodes { name } } }', {
      identifier: { name: role.name },
      scope: 'TENANT',
      name: unique('Other'),
      permissions: ['user:read', 'customer:read'],
    });
    expect(result.role.id).toBe(role.id);
    expect(result.role.permissions.nodes.map((one: { name: string }) => one.name)).toEqual([
      'customer:read',
      'user:read',
    ]);

    const { id, email, externalId } = world.customerUser;
    const moved = `${unique('moved')}@x.example`;
    const byEmail = await resultOf('updateUser', 'user { id email }', { identifier: { email }, email: moved });
    expect(byEmail.result.user).toEqual({ id, email: moved });
    const cleared = await resultOf('updateUser', 'user { id externalId }', {
      identifier: { externalId },
      externalId: null,
    });
    expect(cleared.result.user).toEqual({ id, externalId: null });
    const customer = await resultOf('updateCustomer', 'customer { id email { address } }', {
      identifier: { email: world.customer.email },
      email: null,
    });
    expect(customer.result.customer).toEqual({ id: world.customer.id, email: null });
  });

  it('gives the name to whom it is taken from in the same request', async () => {
    const { externalId } = world.tenant;
    const { data } = await ask(
      `mutation($a: UpdateTenantInput!, $b: UpdateTenantInput!, $c: UpdateTenantInput!) {
        a: updateTenant(input: $a) { ... on UpdateTenantPayload { tenant { id } } }
        b: updateTenant(input: $b) { ... on UpdateTenantPayload { tenant { id } } }
        c: updateTenant(input: $c) { ... on UpdateTenantPayload { tenant { id name } } } }`,
      {
        a: { identifier: { externalId }, externalId: unique('free') },
        b: { identifier: { externalId: world.otherTenant.externalId }, externalId },
        c: { identifier: { externalId }, name: 'The other' },
      },
    );
    expect(data).toEqual({
      a: { tenant: { id: world.tenant.id } },
      b: { tenant: { id: world.otherTenant.id } },
      c: { tenant: { id: world.otherTenant.id, name: 'The other' } },
    });
  });

  it('takes ids that nobody has for nobody', async () => {
    for (const { name, type, payload, others } of MUTATIONS) {
      const { result } = await resultOf(name, payload, { identifier: { id: globalId(type, NOBODY) }, ...others() });
      expect(result).toMatchObject({ code: 'not_found', references: [{ path: 'identifier.id' }] });
    }
  });
});
