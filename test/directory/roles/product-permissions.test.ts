import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/directory/kernel/permission-names.ts';
import { MAX_PRODUCT_PERMISSIONS } from '../../../src/directory/roles/permission-commands.ts';
import { hub } from '../../dialects/capig/hub.ts';
import { call } from '../../dialects/plain/asked.ts';
import { api } from '../../dialects/prismatic/api.ts';
import {
  dump,
  mutate,
  mutationDocument,
  newCustomer,
  newCustomerUser,
  newKey,
  newPermission,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, graphqlRequest, overtaken, send, type Variables } from '../../shared/gateway.ts';
import { tokenOf } from '../../shared/people.ts';

const viewerPermissions = async (key?: string): Promise<string[]> =>
  (await ask('{ viewer { permissions } }', {}, key)).data.viewer.permissions;

const rolePermissions = async (id: string): Promise<string[]> => {
  const { data } = await ask(
    'query($id: ID!) { node(id: $id) { ... on Role { permissions(first: 100) { nodes { name } } } } }',
    { id },
  );
  return data.node.permissions.nodes.map(({ name }: { name: string }) => name);
};

/** Lets the end of a key lie in the past. */
const expire = (apiKeyId: string) =>
  env.DB.prepare('UPDATE api_key SET expires_at = 1 WHERE id = ?').bind(rawId(apiKeyId)).run();

const OWNER = btoa('Role:00000000-0000-7000-8000-000000000101');
const ADMIN = btoa('Role:00000000-0000-7000-8000-000000000102');

const listed = async (filter: Variables) => {
  const { data } = await ask(
    'query($f: PermissionFilter) { permissions(first: 100, filter: $f) { nodes { name isBuiltIn description } totalCount } }',
    { f: filter },
  );
  return data.permissions;
};

const eventsOf = async (name: string, key?: string) => {
  const { data } = await ask(
    'query($s: ID!) { events(filter: { subjectId: $s }) { nodes { type subjectId tenantIds before after } } }',
    { s: name },
    key,
  );
  return data.events.nodes;
};

describe('a permission of the product', () => {
  it('is held by root and owners from the moment it is created, and by nobody else', async () => {
    const owner = await newTeamMember({ roleIdentifier: { name: 'owner' } });
    const admin = await newTeamMember({ roleIdentifier: { name: 'admin' } });
    const [ofOwner, ofAdmin] = [await tokenOf(owner.id), await tokenOf(admin.id)];
    const creator = await newKey();
    const before = await viewerPermissions(ofOwner);
    const name = `${unique('invoice')}:approve`;
    const { permission } = await succeed(
      'createPermission',
      'permission { name description isBuiltIn }',
      { name: ` ${name} `, description: 'Approve invoices.' },
      creator.secret,
    );
    expect(permission).toEqual({ name, description: 'Approve invoices.', isBuiltIn: false });
    expect(await viewerPermissions(ofOwner)).toEqual([...before, name].sort());
    expect(await viewerPermissions()).toContain(name);
    expect(await viewerPermissions(creator.secret)).not.toContain(name);
    expect(await viewerPermissions(ofAdmin)).not.toContain(name);
    expect(await rolePermissions(OWNER)).toContain(name);
    expect(await rolePermissions(ADMIN)).not.toContain(name);
  });

  it('is listed beside the built-in ones, described anew, and deleted, with its events', async () => {
    const name = await newPermission();
    const { nodes } = await listed({ isBuiltIn: false });
    expect(nodes).toContainEqual({ name, isBuiltIn: false, description: 'Approve invoices.' });
    expect(nodes.every(({ isBuiltIn }: { isBuiltIn: boolean }) => !isBuiltIn)).toBe(true);
    expect((await listed({ isBuiltIn: true })).nodes.map((one: { name: string }) => one.name)).toEqual(
      [...PERMISSIONS].sort(),
    );
    expect((await listed({})).totalCount).toBe(PERMISSIONS.length + (await listed({ isBuiltIn: false })).totalCount);

    for (const description of ['Pay.', 'Pay.'])
      await succeed('updatePermission', 'permission { name }', { name, description });
    await succeed('deletePermission', 'permission { description }', { name });
    expect((await listed({})).nodes.map((one: { name: string }) => one.name)).not.toContain(name);
    const [first, second] = [
      { name, description: 'Approve invoices.' },
      { name, description: 'Pay.' },
    ];
    const event = { subjectId: name, tenantIds: [] };
    expect(await eventsOf(name)).toEqual([
      { ...event, type: 'permission.created', before: null, after: first },
      { ...event, type: 'permission.updated', before: first, after: second },
      { ...event, type: 'permission.deleted', before: second, after: null },
    ]);
    const blind = await newKey({ permissions: ['event:read'] });
    expect((await eventsOf(name, blind.secret)).map(({ after }: { after: unknown }) => after)).toEqual([
      null,
      null,
      null,
    ]);
    const ofTenant = await newKey({ tenants: [(await newTenant()).id] });
    expect(await eventsOf(name, ofTenant.secret)).toEqual([]);
  });

  it('costs no read to see what root may do, unless that is asked for', async () => {
    const name = await newPermission();
    const asked = await ask('{ viewer { type permissions } }');
    expect([asked.calls, asked.data.viewer.permissions.includes(name)]).toEqual([1, true]);
    expect((await ask('{ viewer { type } }')).calls).toBe(0);
    const plain = await call('{ myPermissions { permissions } }');
    expect(plain.data.myPermissions.permissions).toContain(name);
  });
});

describe('the name of a permission', () => {
  const GOOD = [
    'a:b',
    'invoice:approveAll',
    'purchase-order:read',
    'billing.invoice:void_2',
    `${'n'.repeat(58)}:read2`,
  ];
  const BAD = [
    '',
    ' ',
    'invoice',
    'invoice:',
    ':approve',
    'invoice:approve:all',
    'invoice::approve',
    'Invoice:approve',
    'invoice:Approve',
    '1nvoice:approve',
    'invoice-:approve',
    'in--voice:approve',
    '-invoice:approve',
    'invoice approve:all',
    'invoice:*',
    '*:*',
    'rechnungsprüfung:frei',
    'invoice:appr\u043eve',
    'invoice:approve\u200b',
    'invoice:app\nrove',
    `${'n'.repeat(60)}:read`,
    "invoice:approve'--",
  ];

  it.each(GOOD)('may be %s', async (name) => {
    await succeed('createPermission', 'permission { name }', { name, description: 'x' });
    expect(await rolePermissions(OWNER)).toContain(name);
  });

  it.each(BAD)('may not be %j, and the error says why', async (name) => {
    const before = await dump();
    const result = await mutate('createPermission', 'permission { name }', { name, description: 'x' });
    expect(result).toMatchObject({ code: 'validation_failed', issues: [{ path: 'name' }] });
    expect(await dump()).toBe(before);
  });

  it('has no noun of a built-in one, in whatever case', async () => {
    const nouns = new Set(PERMISSIONS.map((name) => name.split(':')[0] ?? ''));
    for (const noun of [...nouns, ...[...nouns].map((noun) => noun.toLowerCase()), 'tEnAnT']) {
      const result = await mutate('createPermission', 'permission { name }', { name: `${noun}:fly`, description: 'x' });
      expect(result.issues?.[0]?.message, noun).toContain('reserved');
    }
    for (const name of ['updatePermission', 'deletePermission']) {
      const input = { name: 'tenant:read', ...(name === 'updatePermission' && { description: 'x' }) };
      expect(await mutate(name, 'permission { name }', input)).toMatchObject({ code: 'validation_failed' });
    }
  });

  it('is taken only once, without regard to case', async () => {
    const name = await newPermission(`${unique('invoice')}:approveAll`);
    for (const taken of [name, name.replace('All', 'all'), name.replace('invoice', 'invOice')]) {
      expect(await mutate('createPermission', 'permission { name }', { name: taken, description: 'x' })).toMatchObject({
        issues: [{ path: 'name', kind: 'INVALID' }],
      });
    }
  });

  it('is looked for to the letter', async () => {
    const name = await newPermission(`${unique('invoice')}:approveAll`);
    const other = name.replace('All', 'all');
    const input = { scope: 'TENANT', name: unique('r'), permissions: ['tenant:read', other, name, 'nothing:there'] };
    expect((await mutate('createRole', 'role { id }', input)).issues).toMatchObject([
      { path: 'permissions.1' },
      { path: 'permissions.3' },
    ]);
    expect(await mutate('deletePermission', 'permission { name }', { name: other })).toMatchObject({
      references: [{ path: 'name' }],
    });
  });

  it('is refused where there are two hundred, also to those who ask at the same time', async () => {
    const fill = `INSERT INTO permission (name, description)
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers
        WHERE n < ?1 - (SELECT count(*) FROM permission WHERE NOT built_in)) SELECT 'filler:of' || n, 'x' FROM numbers`;
    await env.DB.prepare(fill)
      .bind(MAX_PRODUCT_PERMISSIONS - 1)
      .run();
    const names = ['last:one', 'last:two', 'last:three'];
    const answers = await Promise.all(
      names.map((name) => mutate('createPermission', 'permission { name }', { name, description: 'x' })),
    );
    expect(answers.map(({ __typename }) => __typename).sort()).toEqual([
      'CreatePermissionPayload',
      'TooManyPermissionsError',
      'TooManyPermissionsError',
    ]);
    expect((await listed({ isBuiltIn: false })).totalCount).toBe(MAX_PRODUCT_PERMISSIONS);
    await env.DB.prepare("DELETE FROM permission WHERE name LIKE 'filler:%'").run();
  });
});

describe('in roles and keys, a permission of the product', () => {
  it('is given by an owner, who has just made it, to users of each scope, who then have it where the role counts', async () => {
    const owner = await tokenOf((await newTeamMember({ roleIdentifier: { name: 'owner' } })).id);
    const name = `${unique('invoice')}:approve`;
    await succeed('createPermission', 'permission { name }', { name, description: 'x' }, owner);
    const roleOf = async (scope: string): Promise<Result> =>
      (
        await succeed(
          'createRole',
          'role { id name permissions { nodes { name } } }',
          { scope, name: unique('r'), permissions: [name, 'user:read', name] },
          owner,
        )
      ).role;
    const [tenant, other, customer] = [await newTenant(), await newTenant(), await newCustomer()];
    const inTenant = await roleOf('TENANT');
    expect(inTenant.permissions.nodes).toEqual([{ name }, { name: 'user:read' }]);
    const by = (role: Result) => ({ roleIdentifier: { id: role.id } });
    const ofTeam = await newTeamMember(by(await roleOf('ORGANIZATION')));
    const ofCustomer = await newCustomerUser(customer.id, by(await roleOf('CUSTOMER')));
    const ofTenant = await newTenantUser(tenant.id, by(inTenant));
    await succeed('assignTenantRole', 'user { id }', {
      userIdentifier: { id: ofTenant.id },
      tenantIdentifier: { id: other.id },
      roleIdentifier: { name: 'view' },
    });
    expect(await viewerPermissions(await tokenOf(ofTeam.id))).toEqual([name, 'user:read']);
    expect(await viewerPermissions(await tokenOf(ofCustomer.id))).toEqual([name, 'user:read']);
    const there = await tokenOf(ofTenant.id, tenant.id);
    expect(await viewerPermissions(there)).toEqual([name, 'user:read']);
    expect(await viewerPermissions(await tokenOf(ofTenant.id, other.id))).not.toContain(name);
    await succeed('updateRole', 'role { id }', { id: inTenant.id, permissions: ['user:read'] }, owner);
    expect(await viewerPermissions(there)).toEqual(['user:read']);
  });

  it('is shown by every API that shows roles, and what they can do stays as it is', async () => {
    const name = await newPermission();
    const permissions = [name, 'user:read', 'role:read'];
    const roles = Object.fromEntries(
      await Promise.all(
        ['ORGANIZATION', 'CUSTOMER', 'TENANT'].map(async (scope) => [scope, await newRole({ scope, permissions })]),
      ),
    ) as Record<'ORGANIZATION' | 'CUSTOMER' | 'TENANT', Result>;
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    const by = (role: Result) => ({ roleIdentifier: { id: role.id } });
    const member = await newTeamMember(by(roles.ORGANIZATION));
    const ofCustomer = await newCustomerUser(customer.id, by(roles.CUSTOMER));
    const ofTenant = await newTenantUser(tenant.id, by(roles.TENANT));

    const shown = await api(
      `query($m: ID!, $c: ID!) { organizationRoles { id permissions { nodes { name description } } }
        customerRoles { id permissions { nodes { name } } }
        member: user(id: $m) { role { permissions { nodes { name } } } } customer: user(id: $c) { role { name } } }`,
      { m: member.id, c: ofCustomer.id },
    );
    expect(shown.errors, shown.text).toEqual([]);
    for (const [list, role] of [
      ['organizationRoles', roles.ORGANIZATION],
      ['customerRoles', roles.CUSTOMER],
    ] as const) {
      const found = shown.data[list].find(({ id }: Result) => id === role.id);
      expect(found.permissions.nodes.map((one: Result) => one.name)).toEqual([...permissions].sort());
    }
    expect(shown.data.member.role.permissions.nodes).toHaveLength(3);
    expect(shown.data.customer.role.name).toBe(roles.CUSTOMER.name);

    const atHub = await hub('query($t: String!) { tenant(tenantId: $t) { availableRoles { displayName } } }', {
      t: rawId(tenant.id),
    });
    expect(atHub.errors, atHub.text).toEqual([]);
    expect(atHub.data.tenant.availableRoles.map((one: Result) => one.displayName)).toContain(roles.TENANT.name);

    for (const [id, at] of [[member.id], [ofCustomer.id], [ofTenant.id, tenant.id]] as const) {
      const own = await call('{ myPermissions { permissions } }', {}, await keyLike(permissions));
      expect(own.data.myPermissions.permissions).toEqual([...permissions].sort());
      const { data } = await ask(
        '{ viewer { permissions } users(first: 1) { nodes { id } } }',
        {},
        await tokenOf(id, at),
      );
      expect(data.viewer.permissions).toEqual([...permissions].sort());
      expect(data.users.nodes).toHaveLength(1);
    }
  });

  const keyLike = async (permissions: readonly string[]) => (await newKey({ permissions, access: 'READ' })).secret;

  it('is in no webhook, whose permissions say which records it may see', async () => {
    const name = await newPermission();
    const input = { url: 'https://receiver.example/', reach: 'ORGANIZATION', permissions: ['tenant:read', name] };
    expect((await mutate('createWebhook', 'webhook { id }', input)).issues).toMatchObject([{ path: 'permissions.1' }]);
  });

  it('is unknown to who lacks it as to who holds it: what is no permission is said first', async () => {
    const { secret } = await newKey({ permissions: ['role:edit', 'apiKey:edit'] });
    const name = await newPermission();
    const roleWith = (permissions: string[]) =>
      mutate('createRole', 'role { id }', { scope: 'TENANT', name: unique('r'), permissions }, secret);
    expect((await roleWith(['nothing:there', name])).issues).toMatchObject([{ path: 'permissions.0' }]);
    expect((await roleWith([name, 'tenant:read'])).missingPermissions.sort()).toEqual([name, 'tenant:read'].sort());
    for (const permissions of [['junk'], ['tenant:fly'], ['TENANT:READ']]) {
      expect((await roleWith(permissions)).issues).toMatchObject([{ path: 'permissions.0' }]);
    }
  });
});

describe('deleting a permission', () => {
  it('is refused while a role or a key has it, which are named to who may read them', async () => {
    const name = await newPermission();
    const role = await newRole({ scope: 'CUSTOMER', permissions: [name] });
    const key = await newKey({ permissions: [name] });
    const fields =
      '... on PermissionInUseError { roleCount roles { id name } apiKeyCount apiKeys { id } } ... on MutationError { code message }';
    const attempt = async (secret?: string) =>
      (await ask(`mutation($n: String!) { deletePermission(input: { name: $n }) { ${fields} } }`, { n: name }, secret))
        .data.deletePermission;
    const before = await dump();
    expect(await attempt()).toEqual({
      code: 'permission_in_use',
      message: 'The permission belongs to 1 role and 1 API key: take it from these first.',
      roleCount: 1,
      roles: [{ id: role.id, name: role.name }],
      apiKeyCount: 1,
      apiKeys: [{ id: key.id }],
    });
    const { secret } = await newKey({ permissions: ['permission:edit'] });
    expect(await attempt(secret)).toMatchObject({ roleCount: 1, roles: [], apiKeyCount: 1, apiKeys: [] });
    expect((await dump()).length).toBeGreaterThan(before.length);
    await succeed('updateRole', 'role { id }', { id: role.id, permissions: ['user:read'] });
    expect(await attempt()).toMatchObject({ roleCount: 0, apiKeyCount: 1 });
  });

  it('takes it from keys that are revoked or have expired: who gets the name later shares nothing with them', async () => {
    const name = await newPermission();
    const revoked = await newKey({ permissions: [name, 'tenant:read'] });
    await succeed('revokeApiKey', 'apiKey { id }', { id: revoked.id });
    const expired = await newKey({ permissions: [name], expiresAt: new Date(Date.now() + 60_000).toISOString() });
    await expire(expired.id);
    await succeed('deletePermission', 'permission { name }', { name });
    expect(await rolePermissions(OWNER)).not.toContain(name);
    await newPermission(name);
    const { data } = await ask('query($ids: [ID!]!) { nodes(ids: $ids) { ... on ApiKey { permissions } } }', {
      ids: [revoked.id, expired.id],
    });
    expect(data.nodes).toEqual([{ permissions: ['tenant:read'] }, { permissions: [] }]);
    expect(await rolePermissions(OWNER)).toContain(name);
  });

  it('and giving it at the same time, one of the two is refused, with its reason', async () => {
    const creations: [string, string, Variables][] = [
      ['createRole', 'role { id }', { scope: 'TENANT', name: unique('r') }],
      ['createApiKey', 'apiKey { id }', { name: 'k', reach: 'ORGANIZATION' }],
      ['updateRole', 'role { id }', { id: (await newRole()).id }],
    ];
    for (const [creation, payload, given] of creations) {
      const name = await newPermission();
      const input = { ...given, permissions: ['tenant:read', name] };
      const remove = () => mutate('deletePermission', 'permission { name }', { name });
      const late = await send(graphqlRequest(mutationDocument(creation, payload), { input }), {
        DB: overtaken(1, remove),
      });
      expect(late.data[creation].issues, late.text).toMatchObject([{ path: 'permissions.1' }]);
      await newPermission(name);
      const give = () =>
        succeed(creation, payload, { ...input, ...(creation === 'createRole' && { name: unique('r') }) });
      const document = mutationDocument('deletePermission', 'permission { name }');
      const refused = await send(graphqlRequest(document, { input: { name } }), { DB: overtaken(1, give) });
      expect(refused.data.deletePermission.code, refused.text).toBe('permission_in_use');
    }
  });
});
