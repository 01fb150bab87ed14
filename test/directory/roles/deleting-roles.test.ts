import { beforeAll, describe, expect, it } from 'vitest';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import {
  allBut,
  assign,
  dump,
  eventsAbout,
  globalId,
  mutate,
  mutationDocument,
  newCustomer,
  newCustomerUser,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  newTrustedIssuer,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';

const IN_USE = `__typename ... on RoleInUseError { userCount liveUserCount deletedUserCount deletedTenantUserCount
  deletedTenantCount deletedTenants { id name } issuerCount message }`;

async function refusal(id: string, key?: string): Promise<Result> {
  const document = `mutation ($input: DeleteRoleInput!) { deleteRole(input: $input) { ${IN_USE} } }`;
  const { data, text } = await ask(document, { input: { id } }, key);
  expect(data?.deleteRole.__typename, text).toBe('RoleInUseError');
  return data.deleteRole;
}

const WITH_ROLE = `query ($roleId: ID!, $deleted: DeletedFilter) {
  users(first: 100, filter: { roleId: $roleId, deleted: $deleted }) { nodes { id } totalCount } }`;

/** Who has a role, as a list says. */
async function holders(roleId: string, deleted: string, key?: string): Promise<string[]> {
  const { data, text } = await ask(WITH_ROLE, { roleId, deleted }, key);
  expect(data?.users, text).toBeTruthy();
  const ids = data.users.nodes.map(({ id }: { id: string }) => id);
  expect(data.users.totalCount).toBe(ids.length);
  return ids.sort();
}

const roleOf = async (userId: string): Promise<Result> => {
  const { data } = await ask(
    `query ($id: ID!) { user(id: $id) { version role { id } tenantRoles { nodes { tenant { id } role { id } } } } }`,
    { id: userId },
  );
  return data.user;
};

const remove = (name: string, id: string) => succeed(`delete${name}`, '__typename', { id });
const restore = (name: string, id: string) => succeed(`restore${name}`, '__typename', { id });

/** Where somebody has a role in tenants, and whether the user is deleted. */
interface Placed {
  live: boolean;
  gone: boolean;
  deleted: boolean;
}

/** Every way to have a role in tenants. */
const PLACES: Placed[] = [false, true].flatMap((deleted) => [
  { live: true, gone: false, deleted },
  { live: false, gone: true, deleted },
  { live: true, gone: true, deleted },
]);

interface Scene {
  role: Result;
  live: Result;
  gone: Result;
  users: (Placed & { id: string })[];
}

/** A role that users have in a live tenant, in one that is deleted, or in both; some of them are deleted as well. */
async function newScene(permissions: readonly Permission[] = ['tenant:read']): Promise<Scene> {
  const role = await newRole({ permissions });
  const [live, gone] = [await newTenant(), await newTenant()];
  const users: Scene['users'] = [];
  for (const placed of PLACES) {
    const user = await newTenantUser((placed.live ? live : gone).id, { roleIdentifier: { id: role.id } });
    if (placed.live && placed.gone) await assign(user.id, gone.id, role.name);
    if (placed.deleted) await remove('User', user.id);
    users.push({ ...placed, id: user.id });
  }
  await remove('Tenant', gone.id);
  return { role, live, gone, users };
}

const idsOf = (users: Scene['users'], has: (placed: Placed) => boolean) =>
  users
    .filter(has)
    .map(({ id }) => id)
    .sort();

describe('a role that is in use', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await newScene();
  });

  it('says how many of each kind have it, and in which deleted tenants', async () => {
    const { role, gone, users } = scene;
    const { message, ...counts } = await refusal(role.id);
    expect(counts).toEqual({
      __typename: 'RoleInUseError',
      userCount: users.length,
      liveUserCount: idsOf(users, ({ deleted, live }) => !deleted && live).length,
      deletedUserCount: idsOf(users, ({ deleted }) => deleted).length,
      deletedTenantUserCount: idsOf(users, ({ deleted, live }) => !deleted && !live).length,
      deletedTenantCount: 1,
      deletedTenants: [{ id: gone.id, name: gone.name }],
      issuerCount: 0,
    });
    expect(message).toBe(
      'The role belongs to 2 live users, 3 deleted users, 1 user in deleted tenants only, and 0 trusted issuers may give it.',
    );
    const { secret } = await newKey({ permissions: ['role:edit', 'user:edit', 'customer:read', 'role:read'] });
    // Who lacks what the role grants is told nothing of it.
    expect(await mutate('deleteRole', '__typename', { id: role.id }, secret)).toMatchObject({
      missingPermissions: ['tenant:read'],
    });
  });

  it('names no tenant to who may not read tenants', async () => {
    const role = await newRole({ permissions: [] });
    const tenants = [await newTenant({ name: 'Zulu' }), await newTenant({ name: 'alfa' })];
    for (const { id } of tenants) {
      await newTenantUser(id, { roleIdentifier: { id: role.id } });
      await remove('Tenant', id);
    }
    const { secret } = await newKey({ permissions: allBut('tenant:read') });
    const counts = { userCount: 2, deletedTenantUserCount: 2, deletedTenantCount: 2 };
    expect(await refusal(role.id, secret)).toMatchObject({ ...counts, deletedTenants: [] });
    const seen = await refusal(role.id);
    expect(seen).toMatchObject(counts);
    expect(seen.deletedTenants.map(({ name }: { name: string }) => name)).toEqual(['alfa', 'Zulu']);
  });

  it('lists who has it, deleted ones where these are asked for', async () => {
    const { role, live, users } = scene;
    expect(await holders(role.id, 'EXCLUDE')).toEqual(idsOf(users, ({ deleted }) => !deleted));
    expect(await holders(role.id, 'ONLY')).toEqual(idsOf(users, ({ deleted }) => deleted));
    expect(await holders(role.id, 'INCLUDE')).toEqual(idsOf(users, () => true));
    const inTenant = (await newKey({ tenants: [live.id] })).secret;
    const here = (deleted: boolean) => idsOf(users, (placed) => placed.live && placed.deleted === deleted);
    expect(await holders(role.id, 'EXCLUDE', inTenant)).toEqual(here(false));
    expect(await holders(role.id, 'ONLY', inTenant)).toEqual(here(true));
    expect(await holders(globalId('Role', crypto.randomUUID()), 'INCLUDE')).toEqual([]);
  });

  it('is no answer to who may not read roles, or names none', async () => {
    const { secret } = await newKey({ permissions: allBut('role:read') });
    const { errors } = await ask(WITH_ROLE, { roleId: scene.role.id }, secret);
    expect(errors[0].extensions).toMatchObject({ code: 'FORBIDDEN', missingPermissions: ['role:read'] });
    for (const roleId of ['', 'admin', globalId('User', crypto.randomUUID())])
      expect((await ask(WITH_ROLE, { roleId })).errors[0].extensions, roleId).toMatchObject({
        code: 'BAD_USER_INPUT',
        issues: [{ path: 'filter.roleId' }],
      });
  });

  it('says so of roles of the organization and of customers, whose users are deleted with them', async () => {
    const customer = await newCustomer();
    const role = await newRole({ scope: 'CUSTOMER' });
    const given = { roleIdentifier: { id: role.id } };
    const [here, deleted] = [await newCustomerUser(customer.id, given), await newCustomerUser(customer.id, given)];
    const other = await newCustomer();
    const along = await newCustomerUser(other.id, given);
    await remove('User', deleted.id);
    await remove('Customer', other.id);
    expect(await refusal(role.id)).toMatchObject({ liveUserCount: 1, deletedUserCount: 2, deletedTenantCount: 0 });
    expect(await holders(role.id, 'EXCLUDE')).toEqual([here.id]);
    expect(await holders(role.id, 'ONLY')).toEqual([deleted.id, along.id].sort());
    const ofCustomer = (await newKey({ customer: customer.id })).secret;
    expect(await holders(role.id, 'INCLUDE', ofCustomer)).toEqual([here.id, deleted.id].sort());

    const team = await newRole({ scope: 'ORGANIZATION' });
    const member = await newTeamMember({ roleIdentifier: { id: team.id } });
    const tenant = await newTenant();
    await assign(member.id, tenant.id, 'view');
    expect(await refusal(team.id)).toMatchObject({ userCount: 1, liveUserCount: 1 });
    // Only the role in the tenant shows there.
    const inTenant = (await newKey({ tenants: [tenant.id] })).secret;
    expect(await holders(team.id, 'EXCLUDE', inTenant)).toEqual([]);
    expect(await holders(team.id, 'EXCLUDE')).toEqual([member.id]);
  });
});

describe('a role that is put in the place of one that is deleted', () => {
  it('is what all have from then on in tenants, hidden ones included, with an event for each', async () => {
    const { role, live, gone, users } = await newScene();
    const other = await newRole({ permissions: ['customer:read'] });
    const input = { id: role.id, replacement: { name: other.name.toUpperCase() } };
    const answer = await ask(mutationDocument('deleteRole', 'role { id name }'), { input });
    expect(answer.data.deleteRole).toMatchObject({ role: { id: role.id, name: role.name } });
    expect(answer.calls).toBe(1);
    expect(await eventsAbout(role.id)).toEqual(['role.created', 'role.deleted']);
    await restore('Tenant', gone.id);
    for (const { id, deleted, ...has } of users) {
      if (deleted) await restore('User', id);
      const { tenantRoles } = await roleOf(id);
      const places = [...(has.live ? [live.id] : []), ...(has.gone ? [gone.id] : [])];
      expect(tenantRoles.nodes).toHaveLength(places.length);
      for (const { tenant, role: given } of tenantRoles.nodes) {
        expect(places).toContain(tenant.id);
        expect(given.id).toBe(other.id);
      }
      const changes = (await eventsAbout(id)).filter((type) => type === 'tenantRole.assigned');
      expect(changes).toHaveLength(places.length * 2);
    }
    expect(await holders(other.id, 'INCLUDE')).toEqual(idsOf(users, () => true));
  });

  it('is what all have in the organization or a customer, each in another version', async () => {
    const customer = await newCustomer();
    for (const scope of ['ORGANIZATION', 'CUSTOMER']) {
      const [role, other] = [await newRole({ scope }), await newRole({ scope })];
      const given = { roleIdentifier: { id: role.id } };
      const make = () => (scope === 'CUSTOMER' ? newCustomerUser(customer.id, given) : newTeamMember(given));
      const [here, deleted, bystander] = [await make(), await make(), await newTeamMember()];
      await remove('User', deleted.id);
      await succeed('deleteRole', 'role { id }', { id: role.id, replacement: { id: other.id } });
      await restore('User', deleted.id);
      expect(await roleOf(here.id)).toMatchObject({ version: 2, role: { id: other.id } });
      expect(await roleOf(deleted.id)).toMatchObject({ version: 4, role: { id: other.id } });
      expect(await roleOf(bystander.id)).toMatchObject({ version: 1 });
      expect(await eventsAbout(here.id)).toEqual(['user.created', 'user.updated']);
      const { data } = await ask(
        'query ($id: ID!) { events(last: 1, filter: { subjectId: $id }) { nodes { before after } } }',
        { id: here.id },
      );
      const [{ before, after }] = data.events.nodes;
      expect([before.roleId, after.roleId]).toEqual([role.id, other.id]);
    }
  });

  it('changes nobody if nobody has it, and may be null', async () => {
    for (const replacement of [null, { name: 'view' }]) {
      const role = await newRole();
      await succeed('deleteRole', 'role { id }', { id: role.id, replacement });
    }
  });

  it('is refused where it is none, or more than the caller may give, and nothing is changed', async () => {
    const { role } = await newScene();
    const strong = await newRole({ permissions: ['tenant:read', 'tenant:delete'] });
    const ofCustomers = await newRole({ scope: 'CUSTOMER' });
    const weak = (await newKey({ permissions: ['role:edit', 'user:edit', 'tenant:read', 'role:read'] })).secret;
    const without = (await newKey({ permissions: allBut('user:edit') })).secret;
    const none = globalId('Role', crypto.randomUUID());
    const id = { id: role.id };
    const missing = (...paths: string[]) => ({ references: paths.map((path) => expect.objectContaining({ path })) });
    const cases: [input: Variables, answer: object, key?: string][] = [
      [{ ...id, replacement: id }, { issues: [{ path: 'replacement', message: 'must be another role' }] }],
      [
        { ...id, replacement: { name: ` ${role.name.toUpperCase()} ` } },
        { issues: [{ path: 'replacement', message: 'must be another role' }] },
      ],
      [{ ...id, replacement: { id: none } }, missing('replacement.id')],
      [{ ...id, replacement: { id: ofCustomers.id } }, missing('replacement.id')],
      [{ ...id, replacement: { name: 'owner' } }, missing('replacement.name')],
      [{ ...id, replacement: { name: unique('nobody') } }, missing('replacement.name')],
      // There is no scope to look in.
      [{ id: none, replacement: { name: 'view' } }, missing('id')],
      [{ ...id, replacement: { id: 'junk' } }, { issues: [{ path: 'replacement.id' }] }],
      [{ ...id, replacement: { name: '' } }, { issues: [{ path: 'replacement.name' }] }],
      [{ ...id, replacement: { id: strong.id } }, { missingPermissions: ['tenant:delete'] }, weak],
      [{ ...id, replacement: { name: 'view' } }, { missingPermissions: ['user:edit'] }, without],
      [{ id: strong.id, replacement: id }, { missingPermissions: ['tenant:delete'] }, weak],
    ];
    const before = await dump();
    for (const [input, answer, key] of cases)
      expect(await mutate('deleteRole', '__typename', input, key), JSON.stringify(input)).toMatchObject(answer);
    expect(await dump()).toBe(before);
  });

  it('is not one by which a key that ends lets in who could let in others', async () => {
    const role = await newRole({ scope: 'ORGANIZATION' });
    await newTeamMember({ roleIdentifier: { id: role.id } });
    const { secret } = await newKey({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    const before = await dump();
    for (const name of ['owner', 'admin'])
      expect(
        await mutate('deleteRole', '__typename', { id: role.id, replacement: { name } }, secret),
        name,
      ).toMatchObject({ code: 'out_of_reach' });
    expect(await dump()).toBe(before);
    await succeed('deleteRole', '__typename', { id: role.id, replacement: { name: 'viewer' } }, secret);
  });

  it('does not take it from trusted issuers, which stay a reason', async () => {
    const role = await newRole({ scope: 'CUSTOMER' });
    const customer = await newCustomer();
    await newCustomerUser(customer.id, { roleIdentifier: { id: role.id } });
    const issuer = await newTrustedIssuer(customer.id, { roleIdentifiers: [{ id: role.id }] });
    const input = { id: role.id, replacement: { name: 'member' } };
    expect(await mutate('deleteRole', '__typename', input)).toMatchObject({ __typename: 'RoleInUseError' });
    expect(await refusal(role.id)).toMatchObject({ issuerCount: 1, liveUserCount: 1 });
    await succeed('updateTrustedIssuer', '__typename', { id: issuer.id, roleIdentifiers: [{ name: 'member' }] });
    await succeed('deleteRole', '__typename', input);
  });
});
