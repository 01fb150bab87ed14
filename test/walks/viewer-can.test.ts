import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  allBut,
  assign,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import { ask, CountingD1, graphqlRequest, send } from '../shared/gateway.ts';
import { enter, tokenOf } from '../shared/people.ts';

/*
 * What a record says that the caller can do to it is compared with what becomes of it when the caller tries, for every
 * kind of caller and every record that the caller sees.
 */

const NAMES = ['a', 'b', 'kept', 'gone'] as const;
const tenants = new Map<string, string>();
const users = new Map<string, string>();

/** For each tenant, somebody who has the role `view` there and is nobody's viewer. */
const peerIn = (tenant: string) => idOf(users, `view in ${tenant}`);

function idOf(ids: Map<string, string>, name: string): string {
  const id = ids.get(name);
  if (id === undefined) throw new Error(`There is no ${name}`);
  return id;
}

const nameOf = (ids: Map<string, string>, id: string) => [...ids].find(([, known]) => known === id)?.[0] ?? id;

/** How far each of them gets: all of the records, some, or none. */
const VIEWERS: Record<string, { deletes: 'some' | 'none'; edits: 'some' | 'none'; opens: 'some' | 'none' }> = {
  'the root key': { deletes: 'some', edits: 'some', opens: 'some' },
  'the owner': { deletes: 'some', edits: 'some', opens: 'some' },
  'an admin of the organization': { deletes: 'some', edits: 'some', opens: 'some' },
  'a viewer of the organization': { deletes: 'none', edits: 'none', opens: 'none' },
  'a key that only reads': { deletes: 'none', edits: 'none', opens: 'none' },
  'a key that neither deletes users nor edits anything': { deletes: 'none', edits: 'none', opens: 'none' },
  'a key of tenant a': { deletes: 'some', edits: 'some', opens: 'some' },
  'a key of tenants a and b': { deletes: 'some', edits: 'some', opens: 'some' },
  'an admin of tenant a': { deletes: 'some', edits: 'some', opens: 'some' },
  'an admin of tenants a and b, in a': { deletes: 'some', edits: 'some', opens: 'some' },
  'a manager of tenant a': { deletes: 'none', edits: 'none', opens: 'none' },
  'who views tenant a': { deletes: 'none', edits: 'none', opens: 'none' },
  'a key of a customer': { deletes: 'some', edits: 'none', opens: 'none' },
  'an admin of a customer': { deletes: 'some', edits: 'none', opens: 'none' },
  'a member of a customer': { deletes: 'none', edits: 'none', opens: 'none' },
};

const secrets = new Map<string, string | undefined>();

beforeAll(async () => {
  for (const name of NAMES) tenants.set(name, (await newTenant()).id);
  const at = (name: (typeof NAMES)[number]) => idOf(tenants, name);
  const customer = (await newCustomer({ tenantIdentifiers: [{ id: at('a') }, { id: at('b') }] })).id;
  const other = (await newCustomer({ tenantIdentifiers: [{ id: at('a') }] })).id;
  const strong = (await newRole({ permissions: ['tenant:read', 'tenant:delete'] })).name;
  const role = (name: string) => ({ roleIdentifier: { name } });

  for (const name of NAMES) users.set(`view in ${name}`, (await newTenantUser(at(name))).id);
  for (const name of ['owner', 'admin', 'viewer']) users.set(name, (await newTeamMember(role(name))).id);
  for (const name of ['admin', 'manage', 'view'])
    users.set(`${name} of a`, (await newTenantUser(at('a'), role(name))).id);
  for (const name of ['admin', 'member']) users.set(`${name} of c`, (await newCustomerUser(customer, role(name))).id);
  users.set('of the team and in a', (await newTeamMember()).id);
  users.set('of c and in a', (await newCustomerUser(customer)).id);
  users.set('of another customer', (await newCustomerUser(other)).id);
  users.set('admin of a and b', (await newTenantUser(at('a'), role('admin'))).id);
  users.set('in a and b', (await newTenantUser(at('a'))).id);
  users.set('in a and gone', (await newTenantUser(at('a'))).id);
  users.set('strong in a', (await newTenantUser(at('a'), role(strong))).id);
  users.set('the only admin of kept', (await newTenantUser(at('kept'), role('admin'))).id);
  users.set('deactivated', (await newTenantUser(at('a'))).id);
  users.set('deleted', (await newTenantUser(at('a'))).id);
  for (const name of ['of the team and in a', 'of c and in a']) await assign(idOf(users, name), at('a'), 'view');
  for (const name of ['in a and b', 'admin of a and b']) {
    await assign(idOf(users, name), at('b'), name === 'in a and b' ? 'view' : 'admin');
  }
  await assign(idOf(users, 'in a and gone'), at('gone'), 'view');
  await succeed('updateUser', 'user { id }', { id: idOf(users, 'deactivated'), status: 'DEACTIVATED' });
  await succeed('deleteUser', 'user { id }', { id: idOf(users, 'deleted') });

  const tokenFor = (name: string, tenant?: string) => tokenOf(idOf(users, name), tenant);
  const neither = allBut('user:delete', 'user:edit', 'tenant:edit');
  secrets.set('the root key', undefined);
  secrets.set('the owner', await tokenFor('owner'));
  secrets.set('an admin of the organization', await tokenFor('admin'));
  secrets.set('a viewer of the organization', await tokenFor('viewer'));
  secrets.set('a key that only reads', (await newKey({ access: 'READ' })).secret);
  secrets.set('a key that neither deletes users nor edits anything', (await newKey({ permissions: neither })).secret);
  secrets.set('a key of tenant a', (await newKey({ tenants: [at('a')] })).secret);
  secrets.set('a key of tenants a and b', (await newKey({ tenants: [at('a'), at('b')] })).secret);
  secrets.set('an admin of tenant a', await tokenFor('admin of a', at('a')));
  secrets.set('an admin of tenants a and b, in a', await tokenFor('admin of a and b', at('a')));
  secrets.set('a manager of tenant a', await tokenFor('manage of a', at('a')));
  secrets.set('who views tenant a', await tokenFor('view of a', at('a')));
  secrets.set('a key of a customer', (await newKey({ customer })).secret);
  secrets.set('an admin of a customer', await tokenFor('admin of c'));
  secrets.set('a member of a customer', await tokenFor('member of c'));

  await succeed('deleteTenant', 'tenant { id }', { id: at('gone') });
  await env.DB.prepare('CREATE TABLE saved_session AS SELECT * FROM session').run();
});

/** Brings a user back who was deleted just now, and signed in where the user was. */
async function bringBack(id: string): Promise<void> {
  await succeed('restoreUser', 'user { id }', { id });
  await env.DB.prepare(
    'INSERT INTO session SELECT * FROM saved_session WHERE id NOT IN (SELECT id FROM session)',
  ).run();
}

const isDone = ({ __typename }: { __typename: string }) => __typename.endsWith('Payload');

const amount = (yes: boolean[]) => (yes.some(Boolean) ? 'some' : 'none');

describe.each(Object.keys(VIEWERS))('what can be done by %s', (viewer) => {
  const secret = () => secrets.get(viewer);

  it('is said of users as it is', async () => {
    const { data, errors } = await ask(
      '{ users(first: 100, filter: { deleted: INCLUDE }) { nodes { id viewerCanDelete } } }',
      {},
      secret(),
    );
    expect(errors).toEqual([]);
    const said: boolean[] = [];
    for (const { id, viewerCanDelete } of data.users.nodes) {
      const result = await mutate('deleteUser', 'user { id viewerCanDelete }', { id }, secret());
      expect(viewerCanDelete, `${nameOf(users, id)}: ${JSON.stringify(result)}`).toBe(isDone(result));
      said.push(viewerCanDelete);
      if (!isDone(result)) continue;
      expect(result.user.viewerCanDelete, 'a user is not deleted twice').toBe(false);
      await bringBack(id);
    }
    expect(said.length).toBeGreaterThan(0);
    expect(amount(said)).toBe(VIEWERS[viewer]?.deletes);
  });

  it('is said of tenants as it is', async () => {
    const isOfCustomer = viewer.endsWith('customer');
    const { data, errors } = await ask(
      `{ tenants(first: 100${isOfCustomer ? '' : ', filter: { deleted: INCLUDE }'}) {
        nodes { id viewerCanView viewerCanEditSettings viewerCanEditUsers } } }`,
      {},
      secret(),
    );
    expect(errors).toEqual([]);
    expect(data.tenants.nodes.length).toBeGreaterThan(0);
    for (const { id, viewerCanView, viewerCanEditSettings, viewerCanEditUsers } of data.tenants.nodes) {
      const name = nameOf(tenants, id);
      const shown = await ask('query($id: ID!) { tenant(id: $id) { status } }', { id }, secret());
      if (name !== 'gone') expect(viewerCanView, name).toBe(shown.errors.length === 0);
      const edited = await mutate('updateTenant', 'tenant { id }', { id, description: unique('text') }, secret());
      expect(viewerCanEditSettings, `${name}: ${JSON.stringify(edited)}`).toBe(isDone(edited));
      const assigned = await assign(peerIn(name), id, 'view', secret());
      expect(viewerCanEditUsers, `${name}: ${JSON.stringify(assigned)}`).toBe(isDone(assigned));
    }
    const said = (field: string) => amount(data.tenants.nodes.map((node: Record<string, boolean>) => node[field]));
    expect(said('viewerCanEditSettings')).toBe(VIEWERS[viewer]?.edits);
    expect(said('viewerCanEditUsers')).toBe(VIEWERS[viewer]?.opens);
    expect(said('viewerCanView')).toBe(isOfCustomer ? 'none' : 'some');
  });
});

const canDelete = async (name: string, secret?: string): Promise<boolean> =>
  (await ask('query($id: ID!) { user(id: $id) { viewerCanDelete } }', { id: idOf(users, name) }, secret)).data.user
    .viewerCanDelete;

describe('viewerCanDelete', () => {
  it('follows whether there is another owner, and another admin', async () => {
    expect([await canDelete('owner'), await canDelete('the only admin of kept')]).toEqual([false, false]);
    const owner = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    const admin = await newTenantUser(idOf(tenants, 'kept'), { roleIdentifier: { name: 'admin' } });
    // The one who is active stays: an invited one may never come.
    expect(await canDelete('owner')).toBe(false);
    expect(await canDelete('the only admin of kept')).toBe(true);
    await enter(owner);
    expect(await canDelete('owner')).toBe(true);
    expect(await canDelete('owner', secrets.get('the owner')), 'of oneself').toBe(true);
    for (const { id } of [owner, admin]) await succeed('deleteUser', 'user { id }', { id });
    expect([await canDelete('owner'), await canDelete('the only admin of kept')]).toEqual([false, false]);
  });
});

describe('isViewer', () => {
  it('is true of the user who asks, and of nobody else', async () => {
    const document = '{ viewer { user { id isViewer } } users(first: 100) { nodes { id isViewer } } }';
    const { data } = await ask(document, {}, secrets.get('an admin of tenant a'));
    const own = idOf(users, 'admin of a');
    expect(data.viewer.user).toEqual({ id: own, isViewer: true });
    const those = data.users.nodes.filter(({ isViewer }: { isViewer: boolean }) => isViewer);
    expect(those).toEqual([{ id: own, isViewer: true }]);
    const byRoot = await ask(document);
    expect(byRoot.text).not.toContain('true');
  });
});

describe('what a payload says that the caller can do', () => {
  const CAN = 'viewerCanView viewerCanEditSettings viewerCanEditUsers';

  it('needs no permission to be asked', async () => {
    const { secret } = await newKey({ permissions: ['tenant:create'] });
    const { tenant } = await succeed('createTenant', `tenant { ${CAN} }`, { name: unique('T') }, secret);
    expect(tenant).toEqual({ viewerCanView: false, viewerCanEditSettings: false, viewerCanEditUsers: false });
    const editor = await newKey({ permissions: ['tenant:create', 'tenant:edit', 'user:edit'] });
    const result = await succeed('createTenant', `tenant { ${CAN} }`, { name: unique('T') }, editor.secret);
    expect(result.tenant).toEqual({ viewerCanView: false, viewerCanEditSettings: true, viewerCanEditUsers: true });
  });

  it('is nothing for what is gone', async () => {
    const { id } = await newTenant();
    const { tenant } = await succeed('deleteTenant', `tenant { ${CAN} }`, { id, permanently: true });
    expect(tenant).toEqual({ viewerCanView: true, viewerCanEditSettings: false, viewerCanEditUsers: false });
  });
});

class CountingStatements extends CountingD1 {
  statements = 0;

  override prepare(sql: string) {
    this.statements += 1;
    return super.prepare(sql);
  }
}

/** How many statements a query takes, and how many records it answers. */
async function statementsOf(document: string): Promise<{ statements: number; records: number }> {
  const d1 = new CountingStatements(env.DB);
  const { data, errors } = await send(graphqlRequest(document), { DB: d1 as unknown as D1Database });
  expect(errors).toEqual([]);
  const [{ nodes }] = Object.values<{ nodes: unknown[] }>(data) as [{ nodes: unknown[] }];
  return { statements: d1.statements, records: nodes.length };
}

describe('a whole list', () => {
  it.each([
    ['users', 'isViewer viewerCanDelete', 1],
    // However often it is asked: what decides may be a role in each of a thousand tenants.
    ['users', Array.from({ length: 29 }, (_, name) => `can${name}: viewerCanDelete`).join(' '), 1],
    ['tenants', 'a: viewerCanEditUsers b: viewerCanEditUsers ... on Tenant { c: viewerCanEditUsers }', 1],
    ['tenants', 'viewerCanView viewerCanEditSettings viewerCanEditUsers', 2],
  ] as const)('of %s is asked about in one D1 call and one statement for each question', async (list, fields, more) => {
    const { calls } = await ask(`{ ${list}(first: 100) { nodes { ${fields} } } }`);
    expect(calls).toBe(1);
    const plain = await statementsOf(`{ ${list}(first: 100) { nodes { id } } }`);
    expect(plain.records).toBeGreaterThan(3);
    const asked = await statementsOf(`{ ${list}(first: 100) { nodes { id ${fields} } } }`);
    expect(asked).toEqual({ statements: plain.statements + more, records: plain.records });
  });

  it('is not asked about for who may not do it to any', async () => {
    const secret = secrets.get('a key that only reads');
    const { data, calls } = await ask(
      '{ users { nodes { viewerCanDelete } } tenants { nodes { viewerCanEditSettings viewerCanEditUsers } } }',
      {},
      secret,
    );
    expect(JSON.stringify(data)).not.toContain('true');
    expect(calls).toBe(1);
  });
});
