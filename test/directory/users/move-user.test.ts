import { env } from 'cloudflare:workers';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  assign,
  mutate,
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
import { ask, cron, type Variables } from '../../shared/gateway.ts';
import { enter, mailedToken, PASSWORD, sessionOf, step, TOKENS } from '../../shared/people.ts';
import { rememberAll, rewind } from '../../shared/rewind.ts';

const move = (input: Variables, key?: string) =>
  mutate(
    'moveUser',
    'user { id email status version role { name } customer { id } tenantRoles { nodes { tenant { id } } } }',
    input,
    key,
  );

let tenant: Result;
let from: Result;
let to: Result;
let ada: Result;
/** Keys of the customers, and of the tenant. */
const keys: Record<string, string> = {};
const there = (name = 'member'): Variables => ({
  userIdentifier: { email: ada.email },
  customerIdentifier: { externalId: to.externalId },
  roleIdentifier: { name },
});

beforeAll(async () => {
  tenant = await newTenant();
  [from, to] = [await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] }), await newCustomer()];
  ada = await newCustomerUser(from.id, { externalId: unique('ada') });
  await assign(ada.id, tenant.id, 'view');
  keys.from = (await newKey({ customer: from.id })).secret;
  keys.to = (await newKey({ customer: to.id })).secret;
  keys.tenant = (await newKey({ tenants: [tenant.id] })).secret;
  keys.weak = (await newKey({ permissions: ['user:edit', 'user:read', 'customer:read', 'tenant:read'] })).secret;
  await rememberAll();
  await countChanges();
});
beforeEach(() => rewind().run());

describe('moveUser', () => {
  it('moves a user with a role there, ends the sessions, and tells so in one event', async () => {
    await enter(ada);
    const tokens = [await sessionOf(ada.id), await sessionOf(ada.id, tenant.id)];
    const issued = await Promise.all(tokens.map((grant) => TOKENS.issue(grant)));
    for (const token of issued) expect((await ask('{ viewer { type } }', {}, token)).status).toBe(200);
    const { user } = await move(there('admin'));
    expect(user).toMatchObject({
      id: ada.id,
      status: 'ACTIVE',
      version: 2,
      role: { name: 'admin' },
      customer: { id: to.id },
    });
    expect(user.tenantRoles.nodes).toEqual([{ tenant: { id: tenant.id } }]);
    for (const token of issued) expect((await ask('{ viewer { type } }', {}, token)).status).toBe(401);
    const again = await step('sign-in', { email: ada.email, password: PASSWORD });
    expect(again.status, again.text).toBe(200);
    const { data } = await ask(
      'query($id: ID!) { events(last: 1, filter: { subjectId: $id, types: ["user.updated"] }) { nodes { before after } } }',
      { id: ada.id },
    );
    const [{ before, after }] = data.events.nodes;
    expect([before.customerId, after.customerId]).toEqual([from.id, to.id]);
  });

  it('is found and seen from the new customer only, by whoever reaches one of them or the tenant', async () => {
    const list = '{ users(first: 100) { nodes { id } } }';
    const seenBy = async (key: string | undefined) => {
      const [all, searched, one, node] = await Promise.all([
        ask(list, {}, key),
        ask(`query($s: String) { users(filter: { search: $s }) { nodes { id } } }`, { s: ada.email }, key),
        ask('query($e: String) { userBy(identifier: { email: $e }) { id } }', { e: ada.email }, key),
        ask('query($id: ID!) { node(id: $id) { id } }', { id: ada.id }, key),
      ]);
      const has = ({ data }: typeof all) => data.users.nodes.some(({ id }: Result) => id === ada.id);
      return [has(all), has(searched), one.data.userBy?.id === ada.id, node.data.node?.id === ada.id];
    };
    const usersOf = async (customerId: string, key?: string) => {
      const filtered = await ask(
        'query($c: ID!) { users(filter: { customerId: $c }) { nodes { id } } customer(id: $c) { users { nodes { id } } } }',
        { c: customerId },
        key,
      );
      return [filtered.data.users, filtered.data.customer?.users].map((page) =>
        (page?.nodes ?? []).some(({ id }: Result) => id === ada.id),
      );
    };
    const [ALL, NONE] = [Array(4).fill(true), Array(4).fill(false)];
    expect([await seenBy(keys.from), await seenBy(keys.to)]).toEqual([ALL, NONE]);
    expect(await usersOf(from.id, keys.tenant)).toEqual([true, true]);
    await move(there());
    expect([await seenBy(keys.from), await seenBy(keys.to), await seenBy(keys.tenant)]).toEqual([NONE, ALL, ALL]);
    expect([await usersOf(from.id), await usersOf(to.id)]).toEqual([
      [false, false],
      [true, true],
    ]);
    // The tenant does not reach the other customer.
    expect([await usersOf(from.id, keys.tenant), await usersOf(to.id, keys.tenant)]).toEqual([
      [false, false],
      [false, false],
    ]);
    const outOfReach = await mutate('updateUser', 'user { id }', { id: ada.id, phone: '1' }, keys.from);
    expect(outOfReach).toMatchObject({ code: 'not_found' });
  });

  it('goes with the new customer when that is deleted, and not with the old one', async () => {
    await move(there());
    await succeed('deleteCustomer', 'customer { id }', { id: from.id, permanently: true });
    const shown = async () => (await ask('query($id: ID!) { user(id: $id) { id } }', { id: ada.id })).data.user;
    expect(await shown()).toEqual({ id: ada.id });
    await succeed('deleteCustomer', 'customer { id }', { id: to.id });
    expect(await shown()).toBeNull();
  });

  it('ends a link that the admin of the old customer was handed, and leaves the one that was mailed', async () => {
    const user = await newCustomerUser(from.id);
    const { invitationLink } = await succeed(
      'inviteUser',
      'invitationLink',
      { userIdentifier: { id: user.id }, handOutLink: true },
      keys.from,
    );
    await cron();
    await succeed('moveUser', 'user { id }', { ...there(), userIdentifier: { id: user.id } });
    const accept = (token: string) => step('accept-invitation', { token, password: PASSWORD });
    expect((await accept(invitationLink.split('#token=')[1])).status).toBe(401);
    expect((await accept(mailedToken(user.email))).status).toBe(200);
  });

  it('does nothing where the user is there already, and only gives another role', async () => {
    const here = { ...there(), customerIdentifier: { id: from.id } };
    await sessionOf(ada.id);
    const before = await changes();
    expect((await move(here)).user.version).toBe(1);
    expect(await changes()).toBe(before);
    expect((await move({ ...here, roleIdentifier: { name: 'admin' } })).user).toMatchObject({
      version: 2,
      role: { name: 'admin' },
    });
    const { results } = await env.DB.prepare('SELECT id FROM session WHERE user_id = ?').bind(rawId(ada.id)).all();
    expect(results).toHaveLength(1);
  });

  it('leaves whoever is deactivated so', async () => {
    await succeed('updateUser', 'user { id }', { id: ada.id, status: 'DEACTIVATED' });
    expect((await move(there())).user).toMatchObject({ status: 'DEACTIVATED', customer: { id: to.id } });
  });

  it('answers what is wrong with its path, and changes nothing', async () => {
    const [team, guest] = [await newTeamMember(), await newTenantUser(tenant.id)];
    const gone = await newCustomer();
    await succeed('deleteCustomer', 'customer { id }', { id: gone.id });
    const wrong: [Variables, Variables, key?: string | undefined][] = [
      [{ userIdentifier: { id: team.id } }, { issues: [{ path: 'userIdentifier.id' }] }],
      [{ userIdentifier: { email: guest.email } }, { issues: [{ path: 'userIdentifier.email' }] }],
      [{ userIdentifier: { externalId: 'nobody' } }, { references: [{ path: 'userIdentifier.externalId' }] }],
      [{ customerIdentifier: { id: gone.id } }, { references: [{ path: 'customerIdentifier.id' }] }],
      [{ customerIdentifier: { id: tenant.id } }, { issues: [{ path: 'customerIdentifier.id' }] }],
      [{ roleIdentifier: { name: 'viewer' } }, { references: [{ path: 'roleIdentifier.name' }] }],
      [
        {
          userIdentifier: { email: 'no@x.example' },
          customerIdentifier: { email: 'no@x.example' },
          roleIdentifier: { name: 'no' },
        },
        {
          references: ['userIdentifier.email', 'customerIdentifier.email', 'roleIdentifier.name'].map((path) => ({
            path,
          })),
        },
      ],
      [{ roleIdentifier: { name: 'admin' } }, { code: 'insufficient_permissions' }, keys.weak],
      [{}, { code: 'insufficient_permissions', missingPermissions: ['usage:read'] }, keys.weak],
      [{}, { code: 'out_of_reach' }, keys.from],
      [{}, { code: 'out_of_reach' }, keys.to],
      [{}, { code: 'out_of_reach' }, keys.tenant],
    ];
    const before = await changes();
    for (const [input, error, key] of wrong) {
      const result = await move({ ...there(), ...input }, key);
      expect(result, JSON.stringify([input, result])).toMatchObject(error);
    }
    expect(await changes()).toBe(before);
  });
});
