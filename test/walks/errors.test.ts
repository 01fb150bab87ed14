import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_SECRETS } from '../../src/directory/api-keys/secret-commands.ts';
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
  rawId,
  unique,
} from '../shared/fixtures.ts';
import { ask, type Variables } from '../shared/gateway.ts';
import { COMMANDS } from './commands.ts';
import { MUTATIONS } from './mutations.ts';
import { asker, entryOf, newOperationWorld, type OperationWorld } from './operations.ts';

/** For every command, and every error that it declares, an input that produces it. */
type Provocation = (world: OperationWorld & Taken) => Variables | Promise<Variables>;

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
    .bind(rawId(tenantId), type)
    .run();
}

/** As many secrets as a key may have, all of them used. */
const FULL_OF_WEBHOOKS = `INSERT INTO webhook (id, url, reach, enabled, secret, position, created_at, updated_at)
  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100)
  SELECT 'full-' || n, 'https://receiver.example/', 'ORGANIZATION', 0, 'none', 0, 0, 0 FROM numbers`;

const FULL_OF_PERMISSIONS = `INSERT INTO permission (name, description)
  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200)
  SELECT 'full:of' || n, 'x' FROM numbers`;

async function fillWithSecrets(apiKeyId: string): Promise<void> {
  const used = env.DB.prepare('UPDATE api_key_secret SET last_used_at = 1 WHERE api_key_id = ?1').bind(rawId(apiKeyId));
  const older = env.DB.prepare(
    `INSERT INTO api_key_secret (id, api_key_id, secret_hash, expires_at, created_at)
     WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${MAX_SECRETS})
     SELECT n, ?1, printf('%064d', n), ?2, 1 FROM numbers`,
  ).bind(rawId(apiKeyId), Date.now() + 60_000);
  await env.DB.batch([used, older]);
}

const PROVOCATIONS: Record<string, Record<string, Provocation>> = {
  updateOrganization: { ValidationError: () => ({ name: tooLong }) },
  createTenant: {
    ValidationError: () => ({ name: ' ' }),
    AlreadyExistsError: ({ tenantExternalId }) => ({ name: unique('T'), externalId: tenantExternalId }),
  },
  updateTenant: {
    ValidationError: ({ tenant }) => ({ id: tenant.id, url: 'x'.repeat(2049) }),
    NotFoundError: () => ({ id: none('Tenant'), name: 'x' }),
    AlreadyExistsError: ({ tenant, tenantExternalId }) => ({ id: tenant.id, externalId: tenantExternalId }),
    VersionConflictError: ({ tenant }) => ({ id: tenant.id, name: 'x', expectedVersion: 7 }),
  },
  upsertTenant: {
    ValidationError: () => ({ identifier: { externalId: unique('t') } }),
    NotFoundError: () => ({ identifier: { id: none('Tenant') }, name: 'x' }),
    AlreadyExistsError: ({ tenant, tenantExternalId }) => ({
      identifier: { id: tenant.id },
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
    ValidationError: ({ customer }) => ({ id: customer.id, shortName: tooLong }),
    NotFoundError: () => ({ id: none('Customer'), name: unique('C') }),
    AlreadyExistsError: ({ customer, customerExternalId }) => ({ id: customer.id, externalId: customerExternalId }),
    VersionConflictError: ({ customer }) => ({ id: customer.id, name: unique('C'), expectedVersion: 7 }),
  },
  upsertCustomer: {
    ValidationError: ({ customer }) => ({ identifier: { email: customer.email }, email: null }),
    NotFoundError: () => ({ identifier: { id: none('Customer') } }),
    AlreadyExistsError: ({ customer, customerExternalId }) => ({
      identifier: { email: customer.email },
      externalId: customerExternalId,
    }),
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
        ValidationError: ({ tenant }) => ({
          customerIdentifier: { id: 'junk' },
          tenantIdentifiers: [{ id: tenant.id }],
        }),
        NotFoundError: ({ customer }) => ({ customerIdentifier: { id: customer.id }, ...unknownTenants }),
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
    RoleInUseError: async ({ tenant }) => {
      const role = await newRole();
      await newTenantUser(tenant.id, { roleIdentifier: { id: role.id } });
      return { id: role.id };
    },
  },
  createPermission: {
    ValidationError: () => ({ name: 'tenant:fly', description: 'Fly.' }),
    TooManyPermissionsError: async () => {
      await env.DB.prepare(FULL_OF_PERMISSIONS).run();
      return { name: 'invoice:pay', description: 'Pay.' };
    },
  },
  updatePermission: {
    ValidationError: ({ permission }) => ({ name: permission, description: ' ' }),
    NotFoundError: () => ({ name: 'nothing:read', description: 'x' }),
  },
  deletePermission: {
    ValidationError: () => ({ name: 'tenant:read' }),
    NotFoundError: () => ({ name: 'nothing:read' }),
    PermissionInUseError: async ({ permission }) => {
      await newKey({ permissions: [permission] });
      return { name: permission };
    },
  },
  createOrganizationUser: {
    ValidationError: () => ({ email: 'nowhere', roleIdentifier: { name: 'viewer' } }),
    NotFoundError: () => ({ email: 'a@x.example', roleIdentifier: { name: 'nobody' } }),
    AlreadyExistsError: ({ customerUser }) => ({ email: customerUser.email, roleIdentifier: { name: 'viewer' } }),
  },
  createCustomerUser: {
    ValidationError: ({ customer }) => ({
      email: 'a@x.example',
      avatarUrl: 'javascript:alert()',
      roleIdentifier: { name: 'member' },
      customerIdentifier: { id: customer.id },
    }),
    NotFoundError: () => ({
      email: 'a@x.example',
      roleIdentifier: { name: 'member' },
      customerIdentifier: { id: none('Customer') },
    }),
    AlreadyExistsError: ({ customer, userExternalId }) => ({
      email: 'a@x.example',
      externalId: userExternalId,
      roleIdentifier: { name: 'member' },
      customerIdentifier: { id: customer.id },
    }),
  },
  createTenantUser: {
    ValidationError: ({ tenant }) => ({
      email: '',
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenant.id },
    }),
    NotFoundError: () => ({
      email: 'a@x.example',
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { externalId: 'nobody' },
    }),
    AlreadyExistsError: ({ tenant, customerUser }) => ({
      email: customerUser.email,
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenant.id },
    }),
  },
  updateUser: {
    ValidationError: ({ customerUser }) => ({ id: customerUser.id, phone: tooLong, status: 'INVITED' }),
    NotFoundError: () => ({ id: none('User'), name: 'x' }),
    AlreadyExistsError: ({ customerUser, userExternalId }) => ({ id: customerUser.id, externalId: userExternalId }),
    VersionConflictError: ({ customerUser }) => ({ id: customerUser.id, name: 'x', expectedVersion: 7 }),
    LastOwnerError: ({ ownerId }) => ({ id: ownerId, roleIdentifier: { name: 'admin' } }),
    LastAdminError: ({ adminId }) => ({ id: adminId, status: 'DEACTIVATED' }),
  },
  upsertUser: {
    ValidationError: ({ tenantUser, customer }) => ({
      identifier: { externalId: tenantUser.externalId },
      externalId: null,
      customerIdentifier: { id: customer.id },
    }),
    NotFoundError: () => ({ identifier: { id: none('User') }, name: 'x' }),
    AlreadyExistsError: ({ customerUser, userExternalId }) => ({
      identifier: { email: customerUser.email },
      externalId: userExternalId,
    }),
    LastOwnerError: ({ ownerId }) => ({ identifier: { id: ownerId }, roleIdentifier: { name: 'admin' } }),
    LastAdminError: ({ adminId, adminTenantId }) => ({
      identifier: { id: adminId },
      tenantIdentifier: { id: adminTenantId },
      roleIdentifier: { name: 'view' },
    }),
  },
  moveUser: {
    ValidationError: ({ tenantUser, customer }) => ({
      userIdentifier: { id: tenantUser.id },
      customerIdentifier: { id: customer.id },
      roleIdentifier: { name: 'member' },
    }),
    NotFoundError: ({ customerUser }) => ({
      userIdentifier: { id: customerUser.id },
      customerIdentifier: { id: none('Customer') },
      roleIdentifier: { name: 'member' },
    }),
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
    ValidationError: ({ customerUser, tenant }) => ({
      userIdentifier: { id: customerUser.id },
      tenantIdentifier: { id: tenant.id },
      roleIdentifier: { name: '' },
    }),
    NotFoundError: ({ customerUser, tenant }) => ({
      userIdentifier: { id: customerUser.id },
      tenantIdentifier: { id: tenant.id },
      roleIdentifier: { name: 'owner' },
    }),
    LastAdminError: ({ adminId, adminTenantId }) => ({
      userIdentifier: { id: adminId },
      tenantIdentifier: { id: adminTenantId },
      roleIdentifier: { name: 'view' },
    }),
  },
  revokeTenantRole: {
    ValidationError: ({ tenant }) => ({ userIdentifier: { id: 'junk' }, tenantIdentifier: { id: tenant.id } }),
    NotFoundError: ({ customerUser }) => ({
      userIdentifier: { id: customerUser.id },
      tenantIdentifier: { id: none('Tenant') },
    }),
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
    ValidationError: ({ tenant }) => ({
      email: 'nowhere',
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenant.id },
    }),
    NotFoundError: () => ({
      email: 'a@x.example',
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { externalId: 'nobody' },
    }),
    AlreadyExistsError: async ({ tenantUser, tenant }) => ({
      email: tenantUser.email,
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenant.id },
    }),
  },
  changeRole: {
    ValidationError: ({ teamMember }) => ({
      userIdentifier: { id: teamMember.id },
      revoke: { roleIdentifier: { name: 'viewer' } },
    }),
    NotFoundError: ({ tenantUser, tenant }) => ({
      userIdentifier: { id: tenantUser.id },
      revoke: { roleIdentifier: { name: 'admin' }, tenantIdentifier: { id: tenant.id } },
    }),
    LastOwnerError: ({ ownerId }) => ({
      userIdentifier: { id: ownerId },
      assign: { roleIdentifier: { name: 'viewer' } },
    }),
    LastAdminError: ({ adminId, adminTenantId, tenant }) => ({
      userIdentifier: { id: adminId },
      revoke: { roleIdentifier: { name: 'admin' }, tenantIdentifier: { id: adminTenantId } },
      assign: { roleIdentifier: { name: 'admin' }, tenantIdentifier: { id: tenant.id } },
    }),
  },
  inviteUser: {
    ValidationError: ({ deactivatedId }) => ({ userIdentifier: { id: deactivatedId } }),
    NotFoundError: () => ({ userIdentifier: { email: 'nobody@x.example' } }),
  },
  revokeInvitation: {
    ValidationError: () => ({ userIdentifier: { id: 'junk' } }),
    NotFoundError: () => ({ userIdentifier: { email: 'nobody@x.example' } }),
  },
  signOut: { ForbiddenError: () => ({}) },
  revokeSession: { ValidationError: () => ({ id: 'junk' }), NotFoundError: () => ({ id: none('Session') }) },
  switchTenant: {
    ValidationError: () => ({ tenantIdentifier: { externalId: tooLong } }),
    NotFoundError: ({ tenant }) => ({ tenantIdentifier: { id: tenant.id } }),
  },
  updateViewer: {
    ValidationError: () => ({ avatarUrl: 'no address' }),
    NotFoundError: ({ tenant }) => ({ defaultTenantIdentifier: { id: tenant.id } }),
    VersionConflictError: () => ({ expectedVersion: 7 }),
  },
  createApiKey: {
    ValidationError: () => ({ name: 'k', permissions: ['tenant:fly'], reach: 'ORGANIZATION' }),
    NotFoundError: () => ({ name: 'k', permissions: ['tenant:read'], reach: 'TENANTS', ...unknownTenants }),
  },
  updateApiKey: {
    ValidationError: ({ apiKeyId }) => ({ id: apiKeyId, expiresAt: new Date(0).toISOString() }),
    NotFoundError: () => ({ id: none('ApiKey'), name: 'k' }),
  },
  rotateApiKey: {
    ValidationError: ({ apiKeyId }) => ({ id: apiKeyId, overlapSeconds: 604_801 }),
    NotFoundError: () => ({ id: none('ApiKey') }),
    TooManySecretsError: async () => {
      const { id } = await newKey();
      await fillWithSecrets(id);
      return { id };
    },
    VersionConflictError: async () => {
      const { id } = await newKey();
      await mutate('rotateApiKey', 'secret', { id });
      return { id, overlapSeconds: 0 };
    },
  },
  revokeApiKeySecret: {
    ValidationError: ({ apiKeyId }) => ({ id: apiKeyId, secretId: 'junk' }),
    NotFoundError: ({ apiKeyId }) => ({ id: apiKeyId, secretId: rawId(none('ApiKey')) }),
  },
  revokeApiKey: { ValidationError: () => ({ id: 'junk' }), NotFoundError: () => ({ id: none('ApiKey') }) },
  createWebhook: {
    ValidationError: () => ({ url: 'https://10.0.0.1/', reach: 'ORGANIZATION' }),
    NotFoundError: () => ({ url: 'https://receiver.example/', reach: 'TENANTS', ...unknownTenants }),
    TooManyWebhooksError: async () => {
      await env.DB.prepare(FULL_OF_WEBHOOKS).run();
      return { url: 'https://receiver.example/', reach: 'ORGANIZATION' };
    },
  },
  ...Object.fromEntries(
    ['updateWebhook', 'rotateWebhookSecret', 'testWebhook', 'deleteWebhook'].map((name) => [
      name,
      { ValidationError: () => ({ id: 'junk' }), NotFoundError: () => ({ id: none('Webhook') }) },
    ]),
  ),
  replayWebhook: {
    ValidationError: ({ webhookId }) => ({ id: webhookId, after: 'junk' }),
    NotFoundError: () => ({ id: none('Webhook'), from: new Date(0).toISOString() }),
  },
  redeliverWebhook: {
    ValidationError: () => ({ deliveryId: 'junk' }),
    NotFoundError: () => ({ deliveryId: none('WebhookDelivery') }),
  },
  createTrustedIssuer: {
    ValidationError: ({ customer }) => ({ ...newIssuer(customer.id), jwksUrl: 'https://keys.example' }),
    NotFoundError: ({ customer }) => ({ ...newIssuer(customer.id), roleIdentifiers: [{ name: 'owner' }] }),
    AlreadyExistsError: async ({ customer }) => ({
      ...newIssuer(customer.id),
      issuer: (await newTrustedIssuer(customer.id)).issuer,
    }),
  },
  updateTrustedIssuer: {
    ValidationError: ({ trustedIssuerId }) => ({ id: trustedIssuerId, jwksUrl: 'http://keys.example' }),
    NotFoundError: () => ({ id: none('TrustedIssuer'), name: 'x' }),
    AlreadyExistsError: async ({ trustedIssuerId, customer }) => ({
      id: trustedIssuerId,
      issuer: (await newTrustedIssuer(customer.id)).issuer,
    }),
  },
  deleteTrustedIssuer: {
    ValidationError: () => ({ id: 'junk' }),
    NotFoundError: () => ({ id: none('TrustedIssuer') }),
  },
  ...Object.fromEntries(
    (['Pixel', 'Pipeline'] as const).flatMap((type) => {
      const make = type === 'Pixel' ? newPixel : newPipeline;
      const idOf = ({ pixelId, pipelineId }: OperationWorld) => (type === 'Pixel' ? pixelId : pipelineId);
      const taken = async ({ tenant }: OperationWorld) =>
        (await make(tenant.id, { externalId: unique('d') })).externalId;
      const input = (world: OperationWorld) => ({ tenantIdentifier: { id: world.tenant.id }, name: unique('D') });
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

const PAYLOADS: Record<string, string> = {
  createApiKey: 'secret',
  rotateApiKey: 'secret',
  createWebhook: 'secret',
  rotateWebhookSecret: 'secret',
};
const payloadOf = (name: string) => PAYLOADS[name] ?? '__typename';

describe('every error that a mutation declares', () => {
  let world: OperationWorld & Taken;
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
      ...(await newOperationWorld()),
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
          error === 'ForbiddenError'
            ? await newKey({ access: 'READ' })
            : await asker({ as }, world, [...PERMISSIONS, world.permission]);
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
