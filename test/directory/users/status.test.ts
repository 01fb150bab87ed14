import { describe, expect, it } from 'vitest';
import { Dice } from '../../shared/dice.ts';
import {
  assign,
  eventsAbout,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { enter, join, signIn, step } from '../../shared/people.ts';
import { email, imported, outcomes } from '../imports/imported.ts';
import { arrive, newScene, sign } from '../trusted-issuers/scene.ts';

/* ACTIVE is who has a password or the identity of a trusted issuer. Nothing that is said of a status changes that. */

type Status = 'INVITED' | 'ACTIVE' | 'DEACTIVATED';
const STATUSES: readonly Status[] = ['INVITED', 'ACTIVE', 'DEACTIVATED'];

const userWith = async (id: string): Promise<Result> =>
  (await ask('query($id: ID!) { user(id: $id) { status version updatedAt } }', { id })).data.user;

const update = async (id: string, input: Variables): Promise<Status> =>
  (await succeed('updateUser', 'user { status }', { id, ...input })).user.status;

const importing = async (row: Record<string, unknown>) => {
  const { rows } = await imported('Users', [row]);
  expect(rows[0]?.error, JSON.stringify(rows)).toBeNull();
  return rows[0];
};

/** With which of the statuses a user is listed, and by whom: by the user's own columns, and by those of the tenant role. */
async function listedAs(externalId: string, keys: readonly (string | undefined)[]): Promise<string[]> {
  const lists = STATUSES.map(
    (status) =>
      `${status}: users(filter: { externalIds: ["${externalId}"], statuses: [${status}] }) { nodes { status } }`,
  );
  const sorted = STATUSES.map(
    (status) =>
      `SORTED_${status}: users(filter: { externalIds: ["${externalId}"], statuses: [${status}] }, orderBy: { field: EMAIL }) { nodes { status } }`,
  );
  const found = keys.map(async (key) => {
    const { data, text } = await ask(`{ ${[...lists, ...sorted].join(' ')} }`, {}, key);
    expect(data, text).not.toBeNull();
    return Object.entries(data as Record<string, Result>).flatMap(([name, { nodes }]) =>
      nodes.map(({ status }: Result) => `${name} ${status}`),
    );
  });
  return (await Promise.all(found)).flat();
}

/** What decides, as a person has it in their hands. */
interface Person {
  user: Result;
  hasPassword: boolean;
  hasIdentity: boolean;
  isOff: boolean;
}

const derived = ({ hasPassword, hasIdentity, isOff }: Person): Status =>
  isOff ? 'DEACTIVATED' : hasPassword || hasIdentity ? 'ACTIVE' : 'INVITED';

interface Scene {
  issuer: Result;
  claims: Record<string, unknown>;
  externalId: string;
}

/** Everything that touches a status, or what it is derived from. Each says what becomes of the person. */
const STEPS: Record<string, (person: Person, scene: Scene) => Promise<void>> = {
  async 'asks for ACTIVE'(person) {
    expect(await update(person.user.id, { status: 'ACTIVE' })).toBe(derived({ ...person, isOff: false }));
    person.isOff = false;
  },
  async 'asks for ACTIVE and another name'(person) {
    await update(person.user.id, { status: 'ACTIVE', name: unique('Name') });
    person.isOff = false;
  },
  async 'asks for DEACTIVATED'(person) {
    expect(await update(person.user.id, { status: 'DEACTIVATED' })).toBe('DEACTIVATED');
    person.isOff = true;
  },
  async 'deletes and restores'({ user: { id } }) {
    await succeed('deleteUser', 'user { id }', { id });
    await succeed('restoreUser', 'user { id }', { id });
  },
  async 'imports ACTIVE'(person, { externalId }) {
    await importing({ externalId, status: 'ACTIVE' });
    person.isOff = false;
  },
  async 'imports INVITED'(person, { externalId }) {
    await importing({ externalId, status: 'INVITED' });
    person.isOff = false;
  },
  async 'imports DEACTIVATED'(person, { externalId }) {
    await importing({ externalId, status: 'DEACTIVATED' });
    person.isOff = true;
  },
  async 'imports another address and ACTIVE'(person, { externalId }) {
    await importing({ externalId, email: email(), status: 'ACTIVE' });
    Object.assign(person, { isOff: false, hasPassword: false });
  },
  async 'changes the address'(person) {
    await update(person.user.id, { email: email() });
    person.hasPassword = false;
  },
  async 'changes the address and asks for ACTIVE'(person) {
    await update(person.user.id, { email: email(), status: 'ACTIVE' });
    Object.assign(person, { isOff: false, hasPassword: false });
  },
  async 'chooses a password'(person) {
    await enter(person.user);
    person.hasPassword = true;
  },
  async 'comes with a token'(person, { claims }) {
    const { status } = await step('token', { token: await sign(claims) });
    expect(status).toBe(person.isOff ? 403 : 200);
    person.hasIdentity ||= !person.isOff;
  },
  async 'repeats the role in the tenant'({ user }) {
    await assign(user.id, user.tenantId, 'view');
    await assign(user.id, user.tenantId, 'user');
  },
};

async function newPerson(): Promise<{ person: Person; scene: Scene; keys: (string | undefined)[] }> {
  const [{ issuer, customer, claims }, tenant] = [await newScene(), await newTenant()];
  const externalId = unique('person');
  const user = await newCustomerUser(customer.id, { externalId });
  await assign(user.id, tenant.id, 'user');
  const inTenant = (await newKey({ tenants: [tenant.id] })).secret;
  return {
    person: {
      user: { ...user, tenantId: tenant.id },
      ...{ hasPassword: false, hasIdentity: false, isOff: false },
    },
    scene: { issuer, claims: { ...claims, sub: externalId, email: undefined }, externalId },
    keys: [undefined, inTenant],
  };
}

describe('a status', () => {
  const steps = Object.keys(STEPS);

  it(`follows whether somebody can sign in, after whatever is done, in every list: ${steps.length} kinds of steps`, async () => {
    const dice = new Dice(17);
    // Each kind of step comes first once, and once after each of a few others.
    for (const first of steps) {
      const { person, scene, keys } = await newPerson();
      const taken: string[] = [];
      for (const name of [first, ...Array.from({ length: 4 }, () => dice.one(steps))]) {
        taken.push(name);
        await STEPS[name]?.(person, scene);
        const status = derived(person);
        const label = taken.join(', ');
        expect((await userWith(person.user.id)).status, label).toBe(status);
        const lists = keys.flatMap(() => [`${status} ${status}`, `SORTED_${status} ${status}`]);
        expect(await listedAs(scene.externalId, keys), label).toEqual(lists);
      }
    }
  });

  it('that is asked for and nothing else writes nothing: no version, no event, and a row of an import is a NOOP', async () => {
    const [invited, active] = [
      await newTeamMember({ externalId: unique('u') }),
      await newTeamMember({ externalId: unique('u') }),
    ];
    await enter(active);
    for (const user of [invited, active]) {
      const before = [await userWith(user.id), await eventsAbout(user.id)];
      await update(user.id, { status: 'ACTIVE' });
      for (const status of ['ACTIVE', 'INVITED']) {
        expect((await importing({ externalId: user.externalId, status }))?.outcome).toBe('NOOP');
      }
      expect([await userWith(user.id), await eventsAbout(user.id)]).toEqual(before);
    }
    expect(await mutate('updateUser', 'user { id }', { id: active.id, status: 'INVITED' })).toMatchObject({
      __typename: 'ValidationError',
      issues: [{ path: 'status' }],
    });
  });

  it('of an import makes nobody ACTIVE: they sign in only once they have accepted', async () => {
    const rows = STATUSES.map((status) => ({ email: email(), status, roleIdentifier: { name: 'viewer' } }));
    const { rows: answered } = await imported('Users', rows);
    expect(outcomes(answered)).toEqual(['CREATED', 'CREATED', 'CREATED']);
    const left = await Promise.all(answered.map(({ id }) => userWith(id ?? '')));
    expect(left.map(({ status }) => status)).toEqual(['INVITED', 'INVITED', 'DEACTIVATED']);
    const [, asked] = rows;
    const userIdentifier = { email: asked?.email };
    await succeed('inviteUser', 'user { status }', { userIdentifier });
    await join({ __typename: 'User', ...userIdentifier });
    await signIn(asked?.email ?? '');
    expect((await userWith(answered[1]?.id ?? '')).status).toBe('ACTIVE');
  });

  it('is INVITED again for whom only a deleted issuer knew, without a version or an event, and stays for others', async () => {
    const { issuer, customer, claims } = await newScene();
    const tenant = await newTenant();
    const people: Result[] = [];
    for (let count = 0; count < 3; count += 1) {
      const sub = unique('Subject');
      const { userId } = await arrive({ ...claims, sub, email: `${sub}@x.example` });
      await assign(userId, tenant.id, 'view');
      people.push({ __typename: 'User', id: userId });
    }
    const [alone, withPassword, off] = people as [Result, Result, Result];
    await enter(withPassword);
    await update(off.id, { status: 'DEACTIVATED' });
    const before = await Promise.all(people.map(({ id }) => userWith(id)));
    const events = await eventsAbout(alone.id);
    await succeed('deleteTrustedIssuer', 'trustedIssuer { id }', { id: issuer.id });
    const after = await Promise.all(people.map(({ id }) => userWith(id)));
    expect(after.map(({ status }) => status)).toEqual(['INVITED', 'ACTIVE', 'DEACTIVATED']);
    expect(after.map(({ version, updatedAt }) => [version, updatedAt])).toEqual(
      before.map(({ version, updatedAt }) => [version, updatedAt]),
    );
    expect(await eventsAbout(alone.id)).toEqual(events);
    expect(await update(off.id, { status: 'ACTIVE' })).toBe('INVITED');
    const { data } = await ask(
      `query($tenant: ID!, $customer: ID!) { tenant(id: $tenant) { users { nodes { status } } }
        customer(id: $customer) { users { nodes { status } } }
        users(filter: { customerId: $customer, statuses: [INVITED] }) { nodes { id } } }`,
      { tenant: tenant.id, customer: customer.id },
    );
    expect(data.tenant.users.nodes.map(({ status }: Result) => status)).toEqual(['INVITED', 'ACTIVE', 'INVITED']);
    expect(data.customer.users.nodes).toEqual(data.tenant.users.nodes);
    expect(data.users.nodes.map(({ id }: Result) => id)).toEqual([alone.id, off.id]);
  });
});

describe('whoever cannot sign in', () => {
  const IS_LAST_OWNER = { code: 'last_owner' };
  const IS_LAST_ADMIN = { code: 'last_admin' };

  it('is no owner who counts, whatever status was asked for', async () => {
    const owner = { roleIdentifier: { name: 'owner' } };
    const [ada, ...others] = [await newTeamMember(owner), await newTeamMember(owner), await newTeamMember(owner)];
    await enter(ada);
    const [asked, back] = others as [Result, Result];
    await update(asked.id, { status: 'ACTIVE' });
    for (const status of ['DEACTIVATED', 'ACTIVE']) await update(back.id, { status });
    await importing({ email: email(), status: 'ACTIVE', ...owner });
    const ways = [
      () => mutate('deleteUser', 'user { id }', { id: ada.id }),
      () => mutate('updateUser', 'user { id }', { id: ada.id, status: 'DEACTIVATED' }),
      () => mutate('updateUser', 'user { id }', { id: ada.id, roleIdentifier: { name: 'admin' } }),
    ];
    for (const way of ways) expect(await way()).toMatchObject(IS_LAST_OWNER);
    await enter(asked);
    await succeed('deleteUser', 'user { id }', { id: ada.id });
    await succeed('deleteUser', 'user { id }', { id: back.id });
    expect(await mutate('deleteUser', 'user { id }', { id: asked.id })).toMatchObject(IS_LAST_OWNER);
  });

  it('is no admin of a tenant who counts: the session of a trusted issuer does not reach it', async () => {
    const tenant = await newTenant();
    const { claims } = await newScene();
    const { userId: byToken } = await arrive(claims);
    await assign(byToken, tenant.id, 'admin');
    const admin = { roleIdentifier: { name: 'admin' } };
    const [byPassword, invited] = [await newTenantUser(tenant.id, admin), await newTenantUser(tenant.id, admin)];
    await enter(byPassword);
    await update(invited.id, { status: 'ACTIVE' });
    expect((await userWith(byToken)).status).toBe('ACTIVE');
    const revoke = (id: string) =>
      mutate('revokeTenantRole', 'user { id }', { userIdentifier: { id }, tenantIdentifier: { id: tenant.id } });
    const refused = [
      await revoke(byPassword.id),
      await mutate('deleteUser', 'user { id }', { id: byPassword.id }),
      await mutate('updateUser', 'user { id }', { id: byPassword.id, status: 'DEACTIVATED' }),
      await mutate('assignTenantRole', 'user { id }', {
        userIdentifier: { id: byPassword.id },
        tenantIdentifier: { id: tenant.id },
        roleIdentifier: { name: 'view' },
      }),
    ];
    for (const answer of refused) expect(answer).toMatchObject(IS_LAST_ADMIN);
    await enter({ __typename: 'User', id: byToken });
    expect((await revoke(byPassword.id)).__typename).toBe('RevokeTenantRolePayload');
    expect(await revoke(byToken)).toMatchObject(IS_LAST_ADMIN);
  });

  it('keeps no customer of an admin from being deleted, and its admin with a password does', async () => {
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    const ofCustomer = await newCustomerUser(customer.id);
    await assign(ofCustomer.id, tenant.id, 'admin');
    await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    await enter(ofCustomer);
    expect(await mutate('deleteCustomer', 'customer { id }', { id: customer.id })).toMatchObject(IS_LAST_ADMIN);
  });
});
