import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/directory/kernel/permission-names.ts';
import { MAX_DATA_SOURCES } from '../../src/directory/usage/data-source-commands.ts';
import { changes, countChanges } from '../shared/changes.ts';
import {
  assign,
  declaredErrors,
  globalId,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newPipeline,
  newPixel,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  newTrustedIssuer,
  PUBLIC_KEY,
  unique,
} from '../shared/fixtures.ts';
import { ask, type Variables } from '../shared/gateway.ts';
import { COMMANDS } from './commands.ts';
import { asker, entryOf, MUTATIONS, newWorld, type World } from './operations.ts';

/** For every command, and every error that it declares, an input that produces it. */
type Provocation = (world: World & Taken) => Variables | Promise<Variables>;

interface Taken {
  tenantExternalId: string;
  customerExternalId: string;
  deletedTenantOfTaken: string;
  deletedCustomerOfTaken: string;
  userExternalId: string;
  deletedUserOfTaken: string;
  deactivatedId: string;
  roleName: string;
  /** The only owner there is, and the only admin of a tenant, a user of a customer. */
  ownerId: string;
  adminId: string;
  adminTenantId: string;
  customerOfAdmin: string;
}

const builtIn = (last: string) => globalId('Role', `00000000-0000-7000-8000-000000000${last}`);
const none = (type: string) => globalId(type, '01900000-0000-7000-8000-000000000000');
const tooLong = 'x'.repeat(257);
const unknownTenants = { tenantIdentifiers: [{ externalId: 'nobody' }] };

const newIssuer = (customerId: string) => ({
  name: 'x',
  issuer: unique('issuer'),
  audience: 'x',
  keys: [PUBLIC_KEY],
  roleIdentifiers: [{ name: 'member' }],
  customerIdentifiers: [{ id: customerId }],
});

/** As many data sources as a tenant may have. */
async function fillWith(type: 'Pixel' | 'Pipeline', tenantId: string): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO data_source (id, tenant_id, kind, name, status, created_at, updated_at)
     WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${MAX_DATA_SOURCES})
     SELECT ?1 || ?2 || n, ?1, upper(?2), 'x', 'INACTIVE', 1, 1 FROM numbers`,
  )
    .bind(atob(tenantId).slice('Tenant:'.length), type)
    .run();
}

const PROVOCATIONS: Record<string, Record<string, Provocation>> = {
  updateOrganization: { ValidationError: () => ({ name: tooLong }) },
  createTenant: {
    ValidationError: () => ({ name: ' ' }),
    AlreadyExistsError: ({ tenantExternalId }) => ({ name: unique('T'), externalId: tenantExternalId }),
  },
  updateTenant: {
    ValidationError: ({ tenantId }) => ({ id: tenantId, url: 'ftp://x.example' }),
    NotFoundError: () => ({ id: none('Tenant'), name: 'x' }),
    AlreadyExistsError: ({ tenantId, tenantExternalId }) => ({ id: tenantId, externalId: tenantExternalId }),
    VersionConflictError: ({ tenantId }) => ({ id: tenantId, name: 'x', expectedVersion: 7 }),
  },
  upsertTenant: {
    ValidationError: () => ({ identifier: { externalId: unique('t') } }),
    NotFoundError: () => ({ identifier: { id: none('Tenant') }, name: 'x' }),
    AlreadyExistsError: ({ tenantId, tenantExternalId }) => ({
      identifier: { id: tenantId },
      externalId: tenantExternalId,
    }),
  },
  deleteTenant: { ValidationError: () => ({ id: 'junk' }), NotFoundError: () => ({ id: none('Tenant') }) },
  restoreTenant: {
    ValidationError: () => ({ id: 'junk' }),
    NotFoundError: () => ({ id: none('Tenant') }),
    AlreadyExistsError: ({ deletedTenantOfTaken }) => ({ id: deletedTenantOfTaken }),
  },
  createCustomer: {
    ValidationError: () => ({ name: unique('C'), email: { address: 'nowhere' } }),
    NotFoundError: () => ({ name: unique('C'), ...unknownTenants }),
    AlreadyExistsError: ({ customerExternalId }) => ({ name: unique('C'), externalId: customerExternalId }),
  },
  updateCustomer: {
    ValidationError: ({ customerId }) => ({ id: customerId, shortName: tooLong }),
    NotFoundError: () => ({ id: none('Customer'), name: unique('C') }),
    AlreadyExistsError: ({ customerId, customerExternalId }) => ({ id: customerId, externalId: customerExternalId }),
    VersionConflictError: ({ customerId }) => ({ id: customerId, name: unique('C'), expectedVersion: 7 }),
  },
  upsertCustomer: {
    ValidationError: ({ email }) => ({ identifier: { email }, email: null }),
    NotFoundError: () => ({ identifier: { id: none('Customer') } }),
    AlreadyExistsError: ({ email, customerExternalId }) => ({ identifier: { email }, externalId: customerExternalId }),
  },
  deleteCustomer: {
    ValidationError: () => ({ id: 'junk' }),
    NotFoundError: () => ({ id: none('Customer') }),
    LastAdminError: ({ customerOfAdmin }) => ({ id: customerOfAdmin }),
  },
  restoreCustomer: {
    ValidationError: () => ({ id: 'junk' }),
    NotFoundError: () => ({ id: none('Customer') }),
    AlreadyExistsError: ({ deletedCustomerOfTaken }) => ({ id: deletedCustomerOfTaken }),
  },
  ...Object.fromEntries(
    ['addCustomerToTenants', 'removeCustomerFromTenants', 'setCustomerTenants'].map((name) => [
      name,
      {
        ValidationError: ({ tenantId }) => ({
          customerIdentifier: { id: 'junk' },
          tenantIdentifiers: [{ id: tenantId }],
        }),
        NotFoundError: ({ customerId }) => ({ customerIdentifier: { id: customerId }, ...unknownTenants }),
      } satisfies Record<string, Provocation>,
    ]),
  ),
  createRole: {
    ValidationError: () => ({ scope: 'TENANT', name: unique('R'), permissions: ['tenant:fly'], level: 101 }),
    AlreadyExistsError: ({ roleName }) => ({ scope: 'TENANT', name: roleName, permissions: [] }),
    TooManyRolesError: async () => {
      const { data } = await ask('{ customerRoles { id } }');
      for (let count = data.customerRoles.length; count < 100; count += 1) await newRole({ scope: 'CUSTOMER' });
      return { scope: 'CUSTOMER', name: unique('R'), permissions: [] };
    },
  },
  updateRole: {
    ValidationError: ({ roleId }) => ({ id: roleId, name: ' ' }),
    NotFoundError: () => ({ id: none('Role'), name: 'x' }),
    AlreadyExistsError: ({ roleId }) => ({ id: roleId, name: 'Admin' }),
    BuiltInRoleError: () => ({ id: builtIn('301'), name: 'x' }),
  },
  deleteRole: {
    ValidationError: () => ({ id: 'junk' }),
    NotFoundError: () => ({ id: none('Role') }),
    BuiltInRoleError: () => ({ id: builtIn('104') }),
    RoleInUseError: async ({ tenantId }) => {
      const role = await newRole();
      await newTenantUser(tenantId, { roleIdentifier: { id: role.id } });
      return { id: role.id };
    },
  },
  createOrganizationUser: {
    ValidationError: () => ({ email: 'nowhere', roleIdentifier: { name: 'viewer' } }),
    NotFoundError: () => ({ email: 'a@x.example', roleIdentifier: { name: 'nobody' } }),
    AlreadyExistsError: ({ userEmail }) => ({ email: userEmail, roleIdentifier: { name: 'viewer' } }),
  },
  createCustomerUser: {
    ValidationError: ({ customerId }) => ({
      email: 'a@x.example',
      avatarUrl: 'javascript:alert()',
      roleIdentifier: { name: 'member' },
      customerIdentifier: { id: customerId },
    }),
    NotFoundError: () => ({
      email: 'a@x.example',
      roleIdentifier: { name: 'member' },
      customerIdentifier: { id: none('Customer') },
    }),
    AlreadyExistsError: ({ customerId, userExternalId }) => ({
      email: 'a@x.example',
      externalId: userExternalId,
      roleIdentifier: { name: 'member' },
      customerIdentifier: { id: customerId },
    }),
  },
  createTenantUser: {
    ValidationError: ({ tenantId }) => ({
      email: '',
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenantId },
    }),
    NotFoundError: () => ({
      email: 'a@x.example',
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { externalId: 'nobody' },
    }),
    AlreadyExistsError: ({ tenantId, userEmail }) => ({
      email: userEmail,
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenantId },
    }),
  },
  updateUser: {
    ValidationError: ({ userId }) => ({ id: userId, phone: tooLong, status: 'INVITED' }),
    NotFoundError: () => ({ id: none('User'), name: 'x' }),
    AlreadyExistsError: ({ userId, userExternalId }) => ({ id: userId, externalId: userExternalId }),
    VersionConflictError: ({ userId }) => ({ id: userId, name: 'x', expectedVersion: 7 }),
    LastOwnerError: ({ ownerId }) => ({ id: ownerId, roleIdentifier: { name: 'admin' } }),
    LastAdminError: ({ adminId }) => ({ id: adminId, status: 'DEACTIVATED' }),
  },
  deleteUser: {
    ValidationError: () => ({ id: 'junk' }),
    NotFoundError: () => ({ id: none('User') }),
    LastOwnerError: ({ ownerId }) => ({ id: ownerId }),
    LastAdminError: ({ adminId }) => ({ id: adminId, permanently: true }),
  },
  restoreUser: {
    ValidationError: () => ({ id: 'junk' }),
    NotFoundError: () => ({ id: none('User') }),
    AlreadyExistsError: ({ deletedUserOfTaken }) => ({ id: deletedUserOfTaken }),
  },
  assignTenantRole: {
    ValidationError: ({ userId, tenantId }) => ({
      userIdentifier: { id: userId },
      tenantIdentifier: { id: tenantId },
      roleIdentifier: { name: '' },
    }),
    NotFoundError: ({ userId, tenantId }) => ({
      userIdentifier: { id: userId },
      tenantIdentifier: { id: tenantId },
      roleIdentifier: { name: 'owner' },
    }),
    LastAdminError: ({ adminId, adminTenantId }) => ({
      userIdentifier: { id: adminId },
      tenantIdentifier: { id: adminTenantId },
      roleIdentifier: { name: 'view' },
    }),
  },
  revokeTenantRole: {
    ValidationError: ({ tenantId }) => ({ userIdentifier: { id: 'junk' }, tenantIdentifier: { id: tenantId } }),
    NotFoundError: ({ userId }) => ({ userIdentifier: { id: userId }, tenantIdentifier: { id: none('Tenant') } }),
    LastAdminError: ({ adminId, adminTenantId }) => ({
      userIdentifier: { id: adminId },
      tenantIdentifier: { id: adminTenantId },
    }),
  },
  importCustomers: { ValidationError: () => ({ rows: [] }) },
  importTenants: { ValidationError: () => ({ rows: [] }) },
  importUsers: {
    ValidationError: () => ({ rows: Array.from({ length: 501 }, () => ({ email: 'a@x.example' })) }),
  },
  addTenantUser: {
    ValidationError: ({ tenantId }) => ({
      email: 'nowhere',
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenantId },
    }),
    NotFoundError: () => ({
      email: 'a@x.example',
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { externalId: 'nobody' },
    }),
    AlreadyExistsError: async ({ tenantUserId, tenantId }) => ({
      email: (await ask('query($id: ID!) { user(id: $id) { email } }', { id: tenantUserId })).data.user.email,
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenantId },
    }),
  },
  changeRole: {
    ValidationError: ({ teamMemberId }) => ({
      userIdentifier: { id: teamMemberId },
      revoke: { roleIdentifier: { name: 'viewer' } },
    }),
    NotFoundError: ({ tenantUserId, tenantId }) => ({
      userIdentifier: { id: tenantUserId },
      revoke: { roleIdentifier: { name: 'admin' }, tenantIdentifier: { id: tenantId } },
    }),
    LastOwnerError: ({ ownerId }) => ({
      userIdentifier: { id: ownerId },
      assign: { roleIdentifier: { name: 'viewer' } },
    }),
    LastAdminError: ({ adminId, adminTenantId, tenantId }) => ({
      userIdentifier: { id: adminId },
      revoke: { roleIdentifier: { name: 'admin' }, tenantIdentifier: { id: adminTenantId } },
      assign: { roleIdentifier: { name: 'admin' }, tenantIdentifier: { id: tenantId } },
    }),
  },
  inviteUser: {
    ValidationError: ({ deactivatedId }) => ({ userIdentifier: { id: deactivatedId } }),
    NotFoundError: () => ({ userIdentifier: { email: 'nobody@x.example' } }),
  },
  signOut: { ForbiddenError: () => ({}) },
  revokeSession: { ValidationError: () => ({ id: 'junk' }), NotFoundError: () => ({ id: none('Session') }) },
  switchTenant: {
    ValidationError: () => ({ tenantIdentifier: { externalId: tooLong } }),
    NotFoundError: ({ tenantId }) => ({ tenantIdentifier: { id: tenantId } }),
  },
  createApiKey: {
    ValidationError: () => ({ name: 'k', permissions: ['tenant:fly'], reach: 'ORGANIZATION' }),
    NotFoundError: () => ({ name: 'k', permissions: ['tenant:read'], reach: 'TENANTS', ...unknownTenants }),
  },
  rotateApiKey: {
    ValidationError: ({ apiKeyId }) => ({ id: apiKeyId, overlapSeconds: 604_801 }),
    NotFoundError: () => ({ id: none('ApiKey') }),
  },
  revokeApiKey: { ValidationError: () => ({ id: 'junk' }), NotFoundError: () => ({ id: none('ApiKey') }) },
  createTrustedIssuer: {
    ValidationError: ({ customerId }) => ({ ...newIssuer(customerId), jwksUrl: 'https://keys.example' }),
    NotFoundError: ({ customerId }) => ({ ...newIssuer(customerId), roleIdentifiers: [{ name: 'owner' }] }),
    AlreadyExistsError: async ({ customerId }) => ({
      ...newIssuer(customerId),
      issuer: (await newTrustedIssuer(customerId)).issuer,
    }),
  },
  updateTrustedIssuer: {
    ValidationError: ({ trustedIssuerId }) => ({ id: trustedIssuerId, jwksUrl: 'http://keys.example' }),
    NotFoundError: () => ({ id: none('TrustedIssuer'), name: 'x' }),
    AlreadyExistsError: async ({ trustedIssuerId, customerId }) => ({
      id: trustedIssuerId,
      issuer: (await newTrustedIssuer(customerId)).issuer,
    }),
  },
  deleteTrustedIssuer: {
    ValidationError: () => ({ id: 'junk' }),
    NotFoundError: () => ({ id: none('TrustedIssuer') }),
  },
  ...Object.fromEntries(
    (['Pixel', 'Pipeline'] as const).flatMap((type) => {
      const make = type === 'Pixel' ? newPixel : newPipeline;
      const idOf = ({ pixelId, pipelineId }: World) => (type === 'Pixel' ? pixelId : pipelineId);
      const taken = async ({ tenantId }: World) => (await make(tenantId, { externalId: unique('d') })).externalId;
      const input = (world: World) => ({ tenantIdentifier: { id: world.tenantId }, name: unique('D') });
      const ofUnknown: Record<string, Provocation> = {
        ValidationError: () => ({ id: 'junk' }),
        NotFoundError: () => ({ id: none(type) }),
      };
      const commands: Record<string, Record<string, Provocation>> = {
        register: {
          ValidationError: (world) => ({ ...input(world), name: ' ' }),
          NotFoundError: (world) => ({ ...input(world), tenantIdentifier: { externalId: 'nobody' } }),
          AlreadyExistsError: async (world) => ({ ...input(world), externalId: await taken(world) }),
          TooManyDataSourcesError: async (world) => {
            const { id } = await newTenant();
            await fillWith(type, id);
            return { ...input(world), tenantIdentifier: { id } };
          },
        },
        update: {
          ...ofUnknown,
          AlreadyExistsError: async (world) => ({ id: idOf(world), externalId: await taken(world) }),
        },
        remove: ofUnknown,
      };
      return Object.entries(commands).map(([verb, provocations]) => [`${verb}${type}`, provocations]);
    }),
  ),
  recordTraffic: {
    ValidationError: ({ pixelId }) => ({ entries: [{ ...entryOf(pixelId), events: -1 }] }),
    NotFoundError: ({ pixelId }) => ({ entries: [entryOf(pixelId), entryOf(none('Pixel'))] }),
  },
};

const PAYLOADS: Record<string, string> = { createApiKey: 'secret', rotateApiKey: 'secret' };
const payloadOf = (name: string) => PAYLOADS[name] ?? '__typename';

describe('every error that a mutation declares', () => {
  let world: World & Taken;
  beforeAll(async () => {
    await countChanges();
    const [taken, takenCustomer] = [await newTenant(), await newCustomer()];
    const input = { externalId: taken.externalId };
    await mutate('deleteTenant', 'tenant { id }', { id: taken.id });
    const now = await newTenant(input);
    await mutate('deleteCustomer', 'customer { id }', { id: takenCustomer.id });
    const nowCustomer = await newCustomer({ externalId: takenCustomer.externalId });
    const takenUser = await newTeamMember({ externalId: unique('taken') });
    await mutate('deleteUser', 'user { id }', { id: takenUser.id });
    const nowUser = await newTeamMember({ externalId: takenUser.externalId });
    const deactivated = await newTeamMember();
    await mutate('updateUser', 'user { id }', { id: deactivated.id, status: 'DEACTIVATED' });
    const [adminTenant, customerOfAdmin] = [await newTenant(), await newCustomer()];
    const admin = await newCustomerUser(customerOfAdmin.id);
    await assign(admin.id, adminTenant.id, 'admin');
    world = {
      ...(await newWorld()),
      userExternalId: nowUser.externalId,
      deletedUserOfTaken: takenUser.id,
      deactivatedId: deactivated.id,
      roleName: (await newRole()).name,
      ownerId: (await newTeamMember({ roleIdentifier: { name: 'owner' } })).id,
      adminId: admin.id,
      adminTenantId: adminTenant.id,
      customerOfAdmin: customerOfAdmin.id,
      tenantExternalId: now.externalId,
      customerExternalId: nowCustomer.externalId,
      deletedTenantOfTaken: taken.id,
      deletedCustomerOfTaken: takenCustomer.id,
    };
  });

  for (const { name } of COMMANDS) {
    for (const error of declaredErrors(name)) {
      it(`${name} answers ${error}, and changes nothing`, async () => {
        const as = MUTATIONS.find((mutation) => mutation.name === name)?.as;
        const { secret } =
          error === 'ForbiddenError' ? await newKey({ access: 'READ' }) : await asker({ as }, world, PERMISSIONS);
        const provoke =
          error === 'ForbiddenError' ? Object.values(PROVOCATIONS[name] ?? {})[0] : PROVOCATIONS[name]?.[error];
        if (!provoke) throw new Error(`No test produces ${error} of ${name}`);
        const input = await provoke(world);
        const before = await changes();
        const result = await mutate(name, payloadOf(name), input, secret);
        expect(result.__typename, JSON.stringify(result)).toBe(error);
        expect(result.code).toMatch(/^[a-z]+(_[a-z]+)*$/);
        expect(await changes()).toBe(before);
      });
    }
  }
});
