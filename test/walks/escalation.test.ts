import { beforeAll, describe, expect, it } from 'vitest';
import type { Permission } from '../../src/directory/kernel/permission-names.ts';
import {
  assign,
  dump,
  globalId,
  mutationDocument,
  newCustomer,
  newCustomerUser,
  newKey,
  newPermission,
  newRole,
  newTeamMember,
  newTenantUser,
  newTrustedIssuer,
  type Result,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import { ask, type Variables } from '../shared/gateway.ts';
import { type Known, type KnownByEmail, newWorld, type World } from '../shared/world.ts';

/**
 * An admin of one tenant and an admin of one customer try to get at more than they have. Their keys hold what the built-in
 * roles of those names hold.
 */

const OWNER = globalId('Role', '00000000-0000-7000-8000-000000000101');
const email = () => `${unique('attacker')}@x.example`;

async function permissionsOf(role: string): Promise<Permission[]> {
  const { data } = await ask(
    'query($id: ID!) { node(id: $id) { ... on Role { permissions(first: 100) { nodes { name } } } } }',
    { id: globalId('Role', `00000000-0000-7000-8000-000000000${role}`) },
  );
  return data.node.permissions.nodes.map(({ name }: { name: Permission }) => name);
}

/** The shared world, in which the keys below have `tenant` and `customer`, and what else they try to get at. */
interface Targets extends World {
  /** The other tenant. */
  foreign: Known;
  /** In no tenant. */
  foreignCustomer: Result;
  /** Belongs to both tenants. */
  sharedCustomer: Result;
  owner: Result;
  /** Has a role in both tenants. */
  shared: KnownByEmail;
  /** Has a role in the foreign tenant. */
  stranger: Result;
  /** Of the customer, with a role in the tenant. */
  colleague: KnownByEmail;
  /** Of the foreign customer. */
  theirs: Result;
  /** Deleted; has a role in both tenants. */
  deleted: Result;
  /** Of scope TENANT and CUSTOMER, each with a permission that no admin of those scopes holds. */
  strongTenantRole: string;
  strongCustomerRole: string;
  organizationKey: string;
  /** Of the tenant. */
  ownKey: string;
  foreignKey: string;
  /** An old one of that key. */
  foreignSecretId: string;
}

async function newTargets(): Promise<Targets> {
  const world = await newWorld();
  const { tenant, otherTenant: foreign, tenantUser: shared, customerUser: colleague } = world;
  const foreignCustomer = await newCustomer();
  const sharedCustomer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }, { id: foreign.id }] });
  const owner = await newTeamMember({ roleIdentifier: { name: 'owner' }, externalId: unique('owner') });
  await assign(owner.id, tenant.id, 'view');
  const deleted = await newTenantUser(tenant.id);
  await assign(shared.id, foreign.id, 'view');
  await assign(deleted.id, foreign.id, 'view');
  await succeed('deleteUser', 'user { id }', { id: deleted.id });
  await assign(colleague.id, tenant.id, 'view');
  const foreignKey = (await newKey({ tenants: [foreign.id], permissions: ['tenant:read'] })).id;
  const { apiKey } = await succeed('rotateApiKey', 'apiKey { secrets { id } }', { id: foreignKey });
  return {
    ...world,
    foreign,
    foreignCustomer,
    sharedCustomer,
    owner,
    shared,
    stranger: await newTenantUser(foreign.id),
    colleague,
    theirs: await newCustomerUser(foreignCustomer.id),
    deleted,
    strongTenantRole: (await newRole({ permissions: ['tenant:read', 'tenant:delete'] })).name,
    strongCustomerRole: (await newRole({ scope: 'CUSTOMER', permissions: ['customer:read', 'customer:edit'] })).name,
    organizationKey: (await newKey()).id,
    ownKey: (await newKey({ tenants: [tenant.id], permissions: ['tenant:read'] })).id,
    foreignKey,
    foreignSecretId: apiKey.secrets[0].id,
  };
}

let targets: Targets;
const keys = { tenant: '', customer: '' };

beforeAll(async () => {
  targets = await newTargets();
  const { tenant, customer } = targets;
  keys.tenant = (await newKey({ tenants: [tenant.id], permissions: await permissionsOf('301') })).secret;
  keys.customer = (await newKey({ customer: customer.id, permissions: await permissionsOf('201') })).secret;
});

type Attempt = [what: string, mutation: string, input: (targets: Targets) => Variables];

const at = ({ id }: Known | Result) => ({ tenantIdentifier: { id } });
const named = (name: string) => ({ roleIdentifier: { name } });

const BY_TENANT_ADMIN: Attempt[] = [
  ['becomes a team member', 'createOrganizationUser', () => ({ email: email(), ...named('viewer') })],
  [
    'becomes a user of a customer',
    'createCustomerUser',
    ({ sharedCustomer }) => ({ email: email(), ...named('member'), customerIdentifier: { id: sharedCustomer.id } }),
  ],
  [
    'makes a user in a foreign tenant',
    'createTenantUser',
    ({ foreign }) => ({ email: email(), ...named('view'), ...at(foreign) }),
  ],
  [
    'makes a user with a role of the organization',
    'createTenantUser',
    ({ tenant }) => ({ email: email(), roleIdentifier: { id: OWNER }, ...at(tenant) }),
  ],
  [
    'makes a user with a custom role that holds more',
    'createTenantUser',
    ({ tenant, strongTenantRole }) => ({ email: email(), ...named(strongTenantRole), ...at(tenant) }),
  ],
  [
    'gives a colleague a custom role that holds more',
    'assignTenantRole',
    ({ shared, tenant, strongTenantRole }) => ({
      userIdentifier: { id: shared.id },
      ...at(tenant),
      ...named(strongTenantRole),
    }),
  ],
  [
    'gives a colleague a role in a foreign tenant',
    'assignTenantRole',
    ({ shared, foreign }) => ({ userIdentifier: { id: shared.id }, ...at(foreign), ...named('admin') }),
  ],
  [
    'lets a stranger in, whom it cannot see',
    'assignTenantRole',
    ({ stranger, tenant }) => ({ userIdentifier: { email: stranger.email }, ...at(tenant), ...named('view') }),
  ],
  [
    'throws a colleague out of a foreign tenant',
    'revokeTenantRole',
    ({ shared, foreign }) => ({ userIdentifier: { id: shared.id }, ...at(foreign) }),
  ],
  [
    'adds a stranger, whom it cannot see, for the link of the invitation',
    'addTenantUser',
    ({ stranger, tenant }) => ({ email: stranger.email, ...at(tenant), ...named('view'), handOutLink: true }),
  ],
  [
    'adds a user with a custom role that holds more',
    'addTenantUser',
    ({ tenant, strongTenantRole }) => ({ email: email(), ...named(strongTenantRole), ...at(tenant) }),
  ],
  [
    'gets the link of an invitation of the owner',
    'inviteUser',
    ({ owner }) => ({ userIdentifier: { id: owner.id }, handOutLink: true }),
  ],
  ['takes the invitation of the owner back', 'revokeInvitation', ({ owner }) => ({ userIdentifier: { id: owner.id } })],
  [
    'takes the invitation of a user of two tenants back',
    'revokeInvitation',
    ({ shared }) => ({ userIdentifier: { email: shared.email } }),
  ],
  [
    'changes the role of a colleague for one that holds more',
    'changeRole',
    ({ shared, tenant, strongTenantRole }) => ({
      userIdentifier: { id: shared.id },
      assign: { ...at(tenant), ...named(strongTenantRole) },
    }),
  ],
  [
    'moves a colleague to a foreign tenant',
    'changeRole',
    ({ shared, tenant, foreign }) => ({
      userIdentifier: { id: shared.id },
      revoke: { ...at(tenant), ...named('view') },
      assign: { ...at(foreign), ...named('admin') },
    }),
  ],
  ['demotes the owner', 'changeRole', ({ owner }) => ({ userIdentifier: { id: owner.id }, assign: named('viewer') })],
  ['takes over the owner by the e-mail address', 'updateUser', ({ owner }) => ({ id: owner.id, email: email() })],
  ['takes over a user of two tenants', 'updateUser', ({ shared }) => ({ id: shared.id, email: email() })],
  ['takes over a user of a customer', 'updateUser', ({ colleague }) => ({ id: colleague.id, email: email() })],
  ['promotes itself in the organization', 'updateUser', ({ owner }) => ({ id: owner.id, ...named('owner') })],
  ['deactivates the owner', 'updateUser', ({ owner }) => ({ id: owner.id, status: 'DEACTIVATED' })],
  ['deletes the owner', 'deleteUser', ({ owner }) => ({ id: owner.id })],
  ['deletes a user of two tenants', 'deleteUser', ({ shared }) => ({ id: shared.id })],
  ['brings back a user of two tenants', 'restoreUser', ({ deleted }) => ({ id: deleted.id })],
  ['erases a user', 'deleteUser', ({ shared }) => ({ id: shared.id, permanently: true })],
  ['makes a role', 'createRole', () => ({ scope: 'TENANT', name: unique('r'), permissions: ['tenant:read'] })],
  ['changes a role', 'updateRole', () => ({ id: OWNER, permissions: [] })],
  [
    'makes a key that reaches everything',
    'createApiKey',
    () => ({ name: 'k', permissions: ['tenant:read'], reach: 'ORGANIZATION' }),
  ],
  [
    'makes a key that reaches a customer',
    'createApiKey',
    ({ sharedCustomer }) => ({
      name: 'k',
      permissions: ['customer:read'],
      reach: 'CUSTOMER',
      customerIdentifier: { id: sharedCustomer.id },
    }),
  ],
  [
    'makes a key for a foreign tenant',
    'createApiKey',
    ({ foreign }) => ({
      name: 'k',
      permissions: ['tenant:read'],
      reach: 'TENANTS',
      tenantIdentifiers: [{ id: foreign.id }],
    }),
  ],
  [
    'makes a key that may do more',
    'createApiKey',
    ({ tenant }) => ({
      name: 'k',
      permissions: ['tenant:delete'],
      reach: 'TENANTS',
      tenantIdentifiers: [{ id: tenant.id }],
    }),
  ],
  [
    'gives a key of its tenant more than it has',
    'updateApiKey',
    ({ ownKey }) => ({ id: ownKey, permissions: ['tenant:read', 'tenant:delete'] }),
  ],
  ['renames a key of the organization', 'updateApiKey', ({ organizationKey }) => ({ id: organizationKey, name: 'x' })],
  [
    'takes permissions from a key of a foreign tenant',
    'updateApiKey',
    ({ foreignKey }) => ({ id: foreignKey, permissions: ['tenant:read'] }),
  ],
  ['rotates a key of the organization', 'rotateApiKey', ({ organizationKey }) => ({ id: organizationKey })],
  ['rotates a key of a foreign tenant', 'rotateApiKey', ({ foreignKey }) => ({ id: foreignKey })],
  [
    'ends a secret of a key of a foreign tenant',
    'revokeApiKeySecret',
    ({ foreignKey, foreignSecretId }) => ({ id: foreignKey, secretId: foreignSecretId }),
  ],
  [
    'makes a tenant of its own',
    'createTenant',
    () => ({ name: unique('t'), partnerManaged: false, adminEmail: email() }),
  ],
  [
    'makes itself the admin of a foreign tenant',
    'upsertTenant',
    ({ foreign }) => ({ identifier: { externalId: foreign.externalId }, name: 'x', adminEmail: email() }),
  ],
  ['upserts a team member', 'upsertUser', () => ({ identifier: { email: email() }, ...named('owner') })],
  [
    'upserts a role in a foreign tenant',
    'upsertUser',
    ({ shared, foreign }) => ({ identifier: { email: shared.email }, ...at(foreign), ...named('admin') }),
  ],
  [
    'upserts a custom role that holds more',
    'upsertUser',
    ({ tenant, strongTenantRole }) => ({ identifier: { email: email() }, ...at(tenant), ...named(strongTenantRole) }),
  ],
  [
    'takes over the owner by an upsert',
    'upsertUser',
    ({ owner }) => ({ identifier: { externalId: owner.externalId }, email: email() }),
  ],
  [
    'upserts a stranger, whom it cannot see, for the link of the invitation',
    'upsertUser',
    ({ stranger, tenant }) => ({
      identifier: { email: stranger.email },
      ...at(tenant),
      ...named('view'),
      handOutLink: true,
    }),
  ],
  [
    'takes over the owner, named by the address',
    'updateUser',
    ({ owner }) => ({ identifier: { email: owner.email }, email: email() }),
  ],
  ['deletes the owner, named by the address', 'deleteUser', ({ owner }) => ({ identifier: { email: owner.email } })],
  [
    'moves a colleague to another customer',
    'moveUser',
    ({ colleague, sharedCustomer }) => ({
      userIdentifier: { id: colleague.id },
      customerIdentifier: { id: sharedCustomer.id },
      ...named('admin'),
    }),
  ],
  ['imports a team member', 'importUsers', () => ({ rows: [{ email: email(), ...named('owner') }] })],
  [
    'imports a role for itself in a foreign tenant',
    'importUsers',
    ({ shared, foreign }) => ({
      rows: [{ email: shared.email, tenantRoles: [{ ...at(foreign), ...named('admin') }] }],
    }),
  ],
  [
    'imports another e-mail address for the owner',
    'importUsers',
    ({ owner }) => ({ rows: [{ externalId: owner.externalId, email: email() }] }),
  ],
  [
    'imports a change to a shared customer',
    'importCustomers',
    ({ sharedCustomer }) => ({ rows: [{ externalId: sharedCustomer.externalId, name: unique('mine') }] }),
  ],
  ['imports a tenant', 'importTenants', () => ({ rows: [{ externalId: unique('t'), name: 'x' }] })],
  [
    'takes a shared customer out of a foreign tenant',
    'removeCustomerFromTenants',
    ({ sharedCustomer, foreign }) => ({
      customerIdentifier: { id: sharedCustomer.id },
      tenantIdentifiers: [{ id: foreign.id }],
    }),
  ],
  [
    'sets the tenants of a shared customer to a foreign one',
    'setCustomerTenants',
    ({ sharedCustomer, foreign }) => ({
      customerIdentifier: { id: sharedCustomer.id },
      tenantIdentifiers: [{ id: foreign.id }],
    }),
  ],
  ['deletes a shared customer', 'deleteCustomer', ({ sharedCustomer }) => ({ id: sharedCustomer.id })],
  ['renames the organization', 'updateOrganization', () => ({ name: 'mine' })],
];

const BY_CUSTOMER_ADMIN: Attempt[] = [
  ['adds a user to a tenant', 'addTenantUser', ({ tenant }) => ({ email: email(), ...named('view'), ...at(tenant) })],
  [
    'gets the link of an invitation of a user who also works in a tenant',
    'inviteUser',
    ({ colleague }) => ({ userIdentifier: { id: colleague.id }, handOutLink: true }),
  ],
  [
    'takes the invitation of a user back who also works in a tenant',
    'revokeInvitation',
    ({ colleague }) => ({ userIdentifier: { id: colleague.id } }),
  ],
  ['becomes a team member', 'createOrganizationUser', () => ({ email: email(), ...named('viewer') })],
  ['becomes a tenant user', 'createTenantUser', ({ tenant }) => ({ email: email(), ...named('view'), ...at(tenant) })],
  [
    'makes a user of another customer',
    'createCustomerUser',
    ({ foreignCustomer }) => ({ email: email(), ...named('member'), customerIdentifier: { id: foreignCustomer.id } }),
  ],
  [
    'makes a user with a custom role that holds more',
    'createCustomerUser',
    ({ customer, strongCustomerRole }) => ({
      email: email(),
      ...named(strongCustomerRole),
      customerIdentifier: { id: customer.id },
    }),
  ],
  [
    'makes a user with a role of the organization',
    'createCustomerUser',
    ({ customer }) => ({ email: email(), roleIdentifier: { id: OWNER }, customerIdentifier: { id: customer.id } }),
  ],
  [
    'takes over a user who also works in a tenant',
    'updateUser',
    ({ colleague }) => ({ id: colleague.id, email: email() }),
  ],
  ['takes over a user of another customer', 'updateUser', ({ theirs }) => ({ id: theirs.id, email: email() })],
  ['takes over the owner', 'updateUser', ({ owner }) => ({ id: owner.id, email: email() })],
  ['deletes a user who also works in a tenant', 'deleteUser', ({ colleague }) => ({ id: colleague.id })],
  ['erases a user', 'deleteUser', ({ colleague }) => ({ id: colleague.id, permanently: true })],
  [
    'gives itself a role in a tenant',
    'assignTenantRole',
    ({ colleague, tenant }) => ({ userIdentifier: { id: colleague.id }, ...at(tenant), ...named('view') }),
  ],
  ['edits its own customer', 'updateCustomer', ({ customer }) => ({ id: customer.id, name: unique('mine') })],
  [
    'lets its customer join a tenant',
    'addCustomerToTenants',
    ({ customer, foreign }) => ({ customerIdentifier: { id: customer.id }, tenantIdentifiers: [{ id: foreign.id }] }),
  ],
  ['deletes its own customer', 'deleteCustomer', ({ customer }) => ({ id: customer.id })],
  ['makes a key', 'createApiKey', () => ({ name: 'k', permissions: ['user:read'], reach: 'ORGANIZATION' })],
  ['upserts a team member', 'upsertUser', () => ({ identifier: { email: email() }, ...named('viewer') })],
  [
    'upserts a user of another customer',
    'upsertUser',
    ({ foreignCustomer }) => ({
      identifier: { email: email() },
      ...named('member'),
      customerIdentifier: { id: foreignCustomer.id },
    }),
  ],
  [
    'upserts a custom role that holds more',
    'upsertUser',
    ({ customer, strongCustomerRole }) => ({
      identifier: { email: email() },
      ...named(strongCustomerRole),
      customerIdentifier: { id: customer.id },
    }),
  ],
  [
    'upserts a user who also works in a tenant',
    'upsertUser',
    ({ colleague }) => ({ identifier: { email: colleague.email }, ...named('admin') }),
  ],
  [
    'takes over a user of another customer by an upsert',
    'upsertUser',
    ({ theirs }) => ({ identifier: { email: theirs.email }, phone: '1' }),
  ],
  [
    'fetches a user of another customer',
    'moveUser',
    ({ theirs, customer }) => ({
      userIdentifier: { email: theirs.email },
      customerIdentifier: { id: customer.id },
      ...named('member'),
    }),
  ],
  ['imports a team member', 'importUsers', () => ({ rows: [{ email: email(), ...named('viewer') }] })],
  [
    'imports a user of another customer',
    'importUsers',
    ({ foreignCustomer }) => ({
      rows: [{ email: email(), ...named('member'), customerIdentifier: { id: foreignCustomer.id } }],
    }),
  ],
  [
    'imports a role in a tenant for a colleague',
    'importUsers',
    ({ colleague, tenant }) => ({
      rows: [{ email: colleague.email, tenantRoles: [{ ...at(tenant), ...named('user') }] }],
    }),
  ],
  [
    'imports another e-mail address for the owner',
    'importUsers',
    ({ owner }) => ({ rows: [{ externalId: owner.externalId, email: email() }] }),
  ],
];

describe.each([
  ['an admin of a tenant', 'tenant', BY_TENANT_ADMIN],
  ['an admin of a customer', 'customer', BY_CUSTOMER_ADMIN],
] as const)('%s gets no further than that', (_, reach, attempts) => {
  for (const [what, mutation, input] of attempts) {
    it(`and never ${what}`, async () => {
      const before = await dump();
      const payload = mutation.startsWith('import') ? 'rows { outcome errors { code } }' : '__typename';
      const { data, errors, text } = await ask(
        mutationDocument(mutation, payload),
        { input: input(targets) },
        keys[reach],
      );
      expect(errors, text).toEqual([]);
      const { code, rows } = data[mutation];
      const codes = rows ? rows.map((row: { errors: { code: string }[] }) => row.errors[0]?.code) : [code];
      for (const refused of codes) {
        expect(
          ['insufficient_permissions', 'out_of_reach', 'not_found', 'already_exists'],
          `${what}: ${text}`,
        ).toContain(refused);
      }
      expect((await dump()) === before, 'the database is unchanged').toBe(true);
    });
  }

  it('while it does what it is there for', async () => {
    const input =
      reach === 'tenant'
        ? { email: email(), ...named('admin'), ...at(targets.tenant) }
        : { email: email(), ...named('admin'), customerIdentifier: { id: targets.customer.id } };
    const mutation = reach === 'tenant' ? 'createTenantUser' : 'createCustomerUser';
    const { data, text } = await ask(mutationDocument(mutation, 'user { id }'), { input }, keys[reach]);
    expect(data[mutation].user, text).toBeTruthy();
  });
});

/** Who and what has a permission of the product. */
interface Holders {
  permission: string;
  role: Result;
  /** A role of the same scope that does not have it. */
  otherRole: Result;
  /** A user with that role in the tenant, who is live, and another who is deleted. */
  user: Result;
  deleted: Result;
  /** A key with two secrets. */
  keyId: string;
  /** A key that does not have it. */
  plainKeyId: string;
  oldSecretId: string;
  /** Signs people in with a role that has it. */
  issuerId: string;
  /** A role and an issuer that do not have it, to be given it. */
  plainRole: Result;
  plainIssuerId: string;
  customerRole: Result;
}

const key = (permission: string) => ({ name: 'k', permissions: ['tenant:read', permission], reach: 'ORGANIZATION' });

/** What a key tries that has every built-in permission, and so may do everything but hand on what it lacks. */
const BY_KEY_WITHOUT_IT: [what: string, mutation: string, input: (holders: Holders) => Variables][] = [
  ['makes a key with it', 'createApiKey', ({ permission }) => key(permission)],
  [
    'gives it to a key',
    'updateApiKey',
    ({ plainKeyId, permission }) => ({ id: plainKeyId, permissions: ['tenant:read', permission] }),
  ],
  ['takes it from a key', 'updateApiKey', ({ keyId }) => ({ id: keyId, permissions: ['tenant:read'] })],
  ['renames a key that has it', 'updateApiKey', ({ keyId }) => ({ id: keyId, name: 'x' })],
  [
    'lets a key that has it live longer',
    'updateApiKey',
    ({ keyId }) => ({ id: keyId, expiresAt: '2100-01-01T00:00:00Z' }),
  ],
  ['rotates a key that has it', 'rotateApiKey', ({ keyId }) => ({ id: keyId })],
  [
    'ends a secret of that key',
    'revokeApiKeySecret',
    ({ keyId, oldSecretId }) => ({ id: keyId, secretId: oldSecretId }),
  ],
  ['revokes that key', 'revokeApiKey', ({ keyId }) => ({ id: keyId })],
  [
    'makes a role with it',
    'createRole',
    ({ permission }) => ({ scope: 'TENANT', name: unique('r'), permissions: [permission] }),
  ],
  [
    'gives it to a role',
    'updateRole',
    ({ plainRole, permission }) => ({ id: plainRole.id, permissions: ['tenant:read', permission] }),
  ],
  ['takes it from a role', 'updateRole', ({ role }) => ({ id: role.id, permissions: ['tenant:read'] })],
  ['renames a role that has it', 'updateRole', ({ role }) => ({ id: role.id, name: unique('r') })],
  ['deletes a role that has it', 'deleteRole', ({ otherRole }) => ({ id: otherRole.id })],
  [
    'puts a role that has it in the place of another',
    'deleteRole',
    ({ plainRole, role }) => ({ id: plainRole.id, replacement: { id: role.id } }),
  ],
  ['becomes an owner', 'createOrganizationUser', () => ({ email: email(), ...named('owner') })],
  ['imports an owner', 'importUsers', () => ({ rows: [{ email: email(), ...named('owner') }] })],
  [
    'makes a user who has it',
    'createTenantUser',
    ({ role }) => ({ email: email(), ...at(targets.tenant), roleIdentifier: { id: role.id } }),
  ],
  [
    'makes a user of a customer who has it',
    'createCustomerUser',
    ({ customerRole }) => ({
      email: email(),
      customerIdentifier: { id: targets.customer.id },
      roleIdentifier: { id: customerRole.id },
    }),
  ],
  [
    'adds a user who has it',
    'addTenantUser',
    ({ role }) => ({ email: email(), ...at(targets.tenant), roleIdentifier: { id: role.id } }),
  ],
  [
    'gives a user a role that has it',
    'assignTenantRole',
    ({ role }) => ({
      userIdentifier: { id: targets.stranger.id },
      ...at(targets.tenant),
      roleIdentifier: { id: role.id },
    }),
  ],
  [
    'takes such a role away',
    'revokeTenantRole',
    ({ user }) => ({ userIdentifier: { id: user.id }, ...at(targets.tenant) }),
  ],
  [
    'changes such a role for another',
    'changeRole',
    ({ user }) => ({ userIdentifier: { id: user.id }, assign: { ...at(targets.tenant), ...named('view') } }),
  ],
  [
    'gets the link of an invitation of who has it',
    'inviteUser',
    ({ user }) => ({ userIdentifier: { id: user.id }, handOutLink: true }),
  ],
  ['takes over who has it by the e-mail address', 'updateUser', ({ user }) => ({ id: user.id, email: email() })],
  ['deletes who has it', 'deleteUser', ({ user }) => ({ id: user.id })],
  ['brings back who has it', 'restoreUser', ({ deleted }) => ({ id: deleted.id })],
  [
    'imports a role that has it',
    'importUsers',
    ({ role }) => ({
      rows: [{ email: email(), tenantRoles: [{ ...at(targets.tenant), roleIdentifier: { id: role.id } }] }],
    }),
  ],
  [
    'has an issuer give it',
    'createTrustedIssuer',
    ({ customerRole }) => ({
      name: 'i',
      issuer: unique('issuer'),
      audience: 'a',
      jwksUrl: 'https://keys.example/jwks',
      roleIdentifiers: [{ id: customerRole.id }],
      customerIdentifiers: [{ id: targets.customer.id }],
    }),
  ],
  [
    'has another issuer give it',
    'updateTrustedIssuer',
    ({ plainIssuerId, customerRole }) => ({ id: plainIssuerId, roleIdentifiers: [{ id: customerRole.id }] }),
  ],
  ['deletes an issuer that gives it', 'deleteTrustedIssuer', ({ issuerId }) => ({ id: issuerId })],
];

describe('who has every built-in permission and may make those of the product', () => {
  let holders: Holders;
  let secret: string;
  beforeAll(async () => {
    secret = (await newKey()).secret;
    const permission = await newPermission();
    const { tenant, customer } = targets;
    const permissions = ['tenant:read', permission];
    const role = await newRole({ permissions });
    const customerRole = await newRole({ scope: 'CUSTOMER', permissions: [permission] });
    const user = await newTenantUser(tenant.id, { roleIdentifier: { id: role.id } });
    const deleted = await newTenantUser(tenant.id, { roleIdentifier: { id: role.id } });
    await succeed('deleteUser', 'user { id }', { id: deleted.id });
    const { id: keyId } = await newKey({ permissions });
    const { apiKey } = await succeed('rotateApiKey', 'apiKey { secrets { id } }', { id: keyId });
    holders = {
      permission,
      role,
      otherRole: await newRole({ permissions }),
      user,
      deleted,
      keyId,
      plainKeyId: (await newKey({ permissions: ['tenant:read'] })).id,
      oldSecretId: apiKey.secrets[0].id,
      issuerId: (await newTrustedIssuer(customer.id, { roleIdentifiers: [{ id: customerRole.id }] })).id,
      plainRole: await newRole(),
      plainIssuerId: (await newTrustedIssuer(customer.id)).id,
      customerRole,
    };
  });

  for (const [what, mutation, input] of BY_KEY_WITHOUT_IT) {
    it(`never ${what} without holding it`, async () => {
      const before = await dump();
      const payload = mutation.startsWith('import')
        ? 'rows { errors { code ... on ForbiddenError { missingPermissions } } }'
        : '__typename';
      const document = mutationDocument(mutation, payload);
      const { data, errors, text } = await ask(document, { input: input(holders) }, secret);
      expect(errors, text).toEqual([]);
      const refused = data[mutation].rows?.[0].errors[0] ?? data[mutation];
      const { missingPermissions: missing } = refused;
      expect([refused.code, missing], text).toEqual(['insufficient_permissions', [holders.permission]]);
      expect((await dump()) === before, 'the database is unchanged').toBe(true);
    });
  }

  it('not even by making it anew: whoever creates a permission does not have it', async () => {
    const name = `${unique('invoice')}:approve`;
    await succeed('createPermission', 'permission { name }', { name, description: 'x' }, secret);
    const { data } = await ask(mutationDocument('createApiKey', 'secret'), { input: key(name) }, secret);
    expect(data.createApiKey.missingPermissions).toEqual([name]);
    await succeed('deletePermission', 'permission { name }', { name }, secret);
  });
});
