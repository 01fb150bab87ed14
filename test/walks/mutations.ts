import { PERMISSIONS, type Permission } from '../../src/directory/kernel/permission-names.ts';
import { mutationDocument, PUBLIC_KEY, unique } from '../shared/fixtures.ts';
import type { Variables } from '../shared/gateway.ts';
import { entryOf, type Operation, type OperationWorld } from './operations.ts';

export interface Mutation extends Operation {
  name: string;
  variables: (world: OperationWorld) => Variables;
  /** How many D1 calls it takes beside the first: totals are read after the change. */
  fallsBack?: number;
  /** What it needs beyond the permissions of its command: what is handed on, taken over or shown must be held. */
  also: readonly Permission[];
}

interface Beyond {
  also?: readonly Permission[];
  fallsBack?: number;
  as?: 'user';
}

const mutation = (
  name: string,
  payload: string,
  input: (world: OperationWorld) => Variables,
  { also = [], ...more }: Beyond = {},
): Mutation => ({
  name,
  document: mutationDocument(name, payload),
  variables: (world) => ({ input: input(world) }),
  also,
  ...more,
});

/** What the lowest role of a customer or tenant allows. */
const LOWEST: readonly Permission[] = ['tenant:read', 'customer:read', 'user:read'];
/** The same for roles of a tenant, where usage is read as well. */
const LOWEST_OF_TENANT: readonly Permission[] = [...LOWEST, 'usage:read'];
const TEAM_MEMBER: readonly Permission[] = [
  ...LOWEST_OF_TENANT,
  'customer:create',
  'customer:edit',
  'customerTenantMembership:create',
  'customerTenantMembership:delete',
  'role:read',
  'event:read',
];
const CUSTOMER_ADMIN: readonly Permission[] = [...LOWEST, 'user:create', 'user:edit', 'user:delete', 'role:read'];

const joining = ({ customer, otherTenant }: OperationWorld) => ({
  customerIdentifier: { id: customer.id },
  tenantIdentifiers: [{ id: otherTenant.id }],
});

/** What admins of tenants do not hold. */
const OF_NO_TENANT_ADMIN: readonly Permission[] = [
  'organization:edit',
  'role:edit',
  'tenant:delete',
  'permission:edit',
  'access:check',
];

/** At least one document for every command; a test fails when one is missing. Each works on a new world. */
export const MUTATIONS: readonly Mutation[] = [
  mutation('updateOrganization', 'organization { name }', () => ({ name: unique('Organization') })),
  mutation('createTenant', 'tenant { id name version }', () => ({ name: unique('T'), externalId: unique('t') })),
  mutation('upsertTenant', 'tenant { name } outcome', ({ tenant }) => ({
    identifier: { externalId: tenant.externalId },
    name: unique('T'),
  })),
  mutation('upsertTenant', 'tenant { name } outcome', () => ({
    identifier: { externalId: unique('t') },
    name: unique('T'),
  })),
  mutation('updateTenant', 'tenant { name billing { vatId } }', ({ tenant }) => ({
    id: tenant.id,
    name: unique('T'),
    billing: { vatId: 'CHE-1', billingAddress: { city: 'Bern' } },
  })),
  mutation('deleteTenant', 'tenant { deletedAt }', ({ tenant }) => ({ id: tenant.id })),
  mutation('restoreTenant', 'tenant { deletedAt }', ({ deletedTenantId }) => ({ id: deletedTenantId })),
  mutation('createCustomer', 'customer { id name }', ({ tenant }) => ({
    name: unique('C'),
    tenantIdentifiers: [{ id: tenant.id }],
  })),
  mutation(
    'createCustomer',
    'customer { id name tenants { nodes { name customers { nodes { name } } } } }',
    ({ tenant }) => ({ name: unique('C'), tenantIdentifiers: [{ id: tenant.id }] }),
    { also: ['customer:read', 'tenant:read'] },
  ),
  mutation('upsertCustomer', 'customer { name } outcome', ({ customer, tenant }) => ({
    identifier: { email: customer.email },
    name: unique('C'),
    tenantIdentifiers: [{ id: tenant.id }],
  })),
  mutation('updateCustomer', 'customer { name version }', ({ customer }) => ({
    id: customer.id,
    name: unique('C'),
    labels: ['new'],
    expectedVersion: 1,
  })),
  mutation('deleteCustomer', 'customer { deletedAt }', ({ customer }) => ({ id: customer.id }), { also: LOWEST }),
  mutation('restoreCustomer', 'customer { deletedAt }', ({ deletedCustomerId }) => ({ id: deletedCustomerId })),
  mutation('addCustomerToTenants', 'customer { name }', joining),
  mutation('addCustomerToTenants', 'customer { name tenants { nodes { name } totalCount } }', joining, {
    fallsBack: 1,
    also: ['tenant:read'],
  }),
  mutation('removeCustomerFromTenants', 'customer { name }', ({ customer, tenant }) => ({
    customerIdentifier: { id: customer.id },
    tenantIdentifiers: [{ id: tenant.id }],
  })),
  mutation('setCustomerTenants', 'customer { name }', joining),
  mutation(
    'createRole',
    'role { id name }',
    () => ({
      scope: 'CUSTOMER',
      name: unique('R'),
      permissions: ['customer:read'],
    }),
    { also: ['customer:read'] },
  ),
  mutation(
    'updateRole',
    'role { name }',
    ({ roleId }) => ({
      id: roleId,
      name: unique('R'),
      permissions: ['customer:read'],
    }),
    { also: ['tenant:read', 'customer:read'] },
  ),
  mutation('deleteRole', 'role { name }', ({ roleId }) => ({ id: roleId }), { also: ['tenant:read'] }),
  mutation('deleteRole', 'role { name }', ({ roleId }) => ({ id: roleId, replacement: { name: 'view' } }), {
    also: ['user:edit', ...LOWEST_OF_TENANT],
  }),
  mutation('createPermission', 'permission { name isBuiltIn }', () => ({
    name: `${unique('invoice')}:approve`,
    description: 'Approve invoices.',
  })),
  mutation('updatePermission', 'permission { description }', ({ permission }) => ({
    name: permission,
    description: unique('Said anew'),
  })),
  mutation('deletePermission', 'permission { name }', ({ permission }) => ({ name: permission })),
  mutation(
    'createOrganizationUser',
    'user { id email }',
    () => ({
      email: `${unique('u')}@x.example`,
      roleIdentifier: { name: 'viewer' },
    }),
    { also: [...LOWEST, 'role:read', 'event:read', 'usage:read'] },
  ),
  mutation(
    'createCustomerUser',
    'user { id email }',
    ({ customer }) => ({
      email: `${unique('u')}@x.example`,
      roleIdentifier: { name: 'member' },
      customerIdentifier: { id: customer.id },
    }),
    { also: LOWEST },
  ),
  mutation(
    'createTenantUser',
    'user { id email }',
    ({ tenant }) => ({
      email: `${unique('u')}@x.example`,
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenant.id },
    }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation(
    'upsertUser',
    'user { name } outcome invitationLink',
    ({ customer }) => ({
      identifier: { email: `${unique('u')}@x.example` },
      roleIdentifier: { name: 'member' },
      customerIdentifier: { id: customer.id },
      handOutLink: true,
    }),
    { also: LOWEST },
  ),
  mutation(
    'upsertUser',
    'user { name version } outcome',
    ({ tenantUser, otherTenant }) => ({
      identifier: { externalId: tenantUser.externalId },
      name: unique('U'),
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: otherTenant.id },
    }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation(
    'moveUser',
    'user { name version }',
    ({ customerUser, otherCustomerId }) => ({
      userIdentifier: { id: customerUser.id },
      customerIdentifier: { id: otherCustomerId },
      roleIdentifier: { name: 'admin' },
    }),
    { also: CUSTOMER_ADMIN },
  ),
  mutation(
    'updateUser',
    'user { name version }',
    ({ customerUser }) => ({
      id: customerUser.id,
      name: unique('U'),
      status: 'DEACTIVATED',
      roleIdentifier: { name: 'admin' },
      expectedVersion: 1,
    }),
    { also: CUSTOMER_ADMIN },
  ),
  mutation(
    'updateUser',
    'user { name }',
    ({ tenantUser, tenant }) => ({
      id: tenantUser.id,
      name: unique('U'),
      defaultTenantIdentifier: { id: tenant.id },
    }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation(
    'assignTenantRole',
    'user { name }',
    ({ tenantUser, otherTenant }) => ({
      userIdentifier: { id: tenantUser.id },
      tenantIdentifier: { id: otherTenant.id },
      roleIdentifier: { name: 'manage' },
    }),
    {
      also: [
        ...LOWEST_OF_TENANT,
        'usage:record',
        'customer:create',
        'customer:edit',
        'customer:delete',
        'customerTenantMembership:create',
        'customerTenantMembership:delete',
        'role:read',
        'event:read',
      ],
    },
  ),
  mutation(
    'revokeTenantRole',
    'user { name }',
    ({ tenantUser, tenant }) => ({
      userIdentifier: { id: tenantUser.id },
      tenantIdentifier: { id: tenant.id },
    }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation('deleteUser', 'user { deletedAt }', ({ customerUser }) => ({ id: customerUser.id }), { also: LOWEST }),
  mutation('deleteUser', 'user { email }', ({ customerUser }) => ({ id: customerUser.id, permanently: true }), {
    also: LOWEST,
  }),
  mutation('deleteCustomer', 'customer { name }', ({ customer }) => ({ id: customer.id, permanently: true }), {
    also: ['user:delete', ...LOWEST],
  }),
  mutation('deleteTenant', 'tenant { name }', ({ tenant }) => ({ id: tenant.id, permanently: true })),
  mutation('restoreUser', 'user { deletedAt }', ({ deletedUserId }) => ({ id: deletedUserId }), { also: LOWEST }),
  mutation(
    'createTenant',
    'tenant { id } admin { email tenantRoles { nodes { tenantId } } } invitationLink',
    () => ({
      name: unique('T'),
      partnerManaged: false,
      adminEmail: `${unique('a')}@x.example`,
      handOutLink: true,
    }),
    { also: PERMISSIONS.filter((name) => !OF_NO_TENANT_ADMIN.includes(name)) },
  ),
  mutation(
    'upsertTenant',
    'outcome admin { email } invitationLink',
    () => ({
      identifier: { externalId: unique('t') },
      name: unique('T'),
      adminEmail: `${unique('a')}@x.example`,
      handOutLink: true,
    }),
    { also: PERMISSIONS.filter((name) => !OF_NO_TENANT_ADMIN.includes(name)) },
  ),
  mutation('inviteUser', 'user { email }', ({ tenantUser }) => ({ userIdentifier: { id: tenantUser.id } }), {
    also: LOWEST_OF_TENANT,
  }),
  mutation('revokeInvitation', 'user { email }', ({ tenantUser }) => ({ userIdentifier: { id: tenantUser.id } }), {
    also: LOWEST_OF_TENANT,
  }),
  mutation(
    'inviteUser',
    'user { email } invitationLink',
    ({ tenantUser }) => ({ userIdentifier: { id: tenantUser.id }, handOutLink: true }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation(
    'addTenantUser',
    'user { id email } isNew invitationLink',
    ({ tenant }) => ({
      email: `${unique('u')}@x.example`,
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenant.id },
      handOutLink: true,
    }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation(
    'changeRole',
    'user { name }',
    ({ tenantUser, tenant, otherTenant }) => ({
      userIdentifier: { id: tenantUser.id },
      revoke: { roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenant.id } },
      assign: { roleIdentifier: { name: 'view' }, tenantIdentifier: { id: otherTenant.id } },
    }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation(
    'changeRole',
    'user { name }',
    ({ teamMember }) => ({
      userIdentifier: { id: teamMember.id },
      revoke: { roleIdentifier: { name: 'viewer' } },
      assign: { roleIdentifier: { name: 'member' } },
    }),
    { also: TEAM_MEMBER },
  ),
  mutation('signOut', 'sessionCount', () => ({ everywhere: true }), { as: 'user' }),
  mutation('signOut', 'sessionCount', () => ({}), { as: 'user' }),
  mutation('revokeSession', 'session { isCurrent }', ({ sessionId }) => ({ id: sessionId }), { as: 'user' }),
  mutation('revokeSession', 'session { isCurrent }', ({ sessionId }) => ({ id: sessionId }), {
    also: ['user:edit', ...LOWEST],
  }),
  mutation(
    'switchTenant',
    'accessToken expiresIn',
    ({ otherTenant }) => ({ tenantIdentifier: { id: otherTenant.id } }),
    { as: 'user' },
  ),
  mutation(
    'updateViewer',
    'user { name version }',
    ({ otherTenant }) => ({ name: unique('U'), defaultTenantIdentifier: { id: otherTenant.id } }),
    { as: 'user' },
  ),
  mutation('importCustomers', 'rows { path outcome id errors { code } }', ({ tenant, customer }) => ({
    rows: [
      { externalId: unique('c'), name: unique('C'), tenantIdentifiers: [{ id: tenant.id }] },
      { externalId: customer.externalId, description: unique('d') },
    ],
  })),
  mutation('importTenants', 'rows { path outcome id errors { code } }', ({ tenant }) => ({
    rows: [
      { externalId: unique('t'), name: unique('T') },
      { externalId: tenant.externalId, description: unique('d') },
    ],
  })),
  mutation('importUsers', 'rows { path outcome id errors { code } }', () => ({
    rows: [{ email: `${unique('u')}@x.example`, roleIdentifier: { name: 'viewer' } }],
  })),
  mutation(
    'createApiKey',
    'apiKey { id name permissions reach { tenantIds } } secret',
    ({ tenant }) => ({
      name: unique('K'),
      permissions: ['tenant:read'],
      reach: 'TENANTS',
      tenantIdentifiers: [{ id: tenant.id }],
    }),
    { also: ['tenant:read'] },
  ),
  mutation(
    'updateApiKey',
    'apiKey { name permissions expiresAt }',
    ({ apiKeyId }) => ({
      id: apiKeyId,
      name: unique('K'),
      permissions: ['tenant:read', 'user:read'],
      expiresAt: new Date(Date.now() + 1_800_000).toISOString(),
    }),
    { also: ['tenant:read', 'customer:read', 'user:read'] },
  ),
  mutation('rotateApiKey', 'apiKey { name previousSecretExpiresAt } secret', ({ apiKeyId }) => ({ id: apiKeyId }), {
    also: ['tenant:read', 'customer:read'],
  }),
  mutation(
    'createTrustedIssuer',
    'trustedIssuer { id issuer roleIds }',
    ({ customer }) => ({
      name: unique('I'),
      issuer: unique('issuer'),
      audience: 'https://tenantry.test',
      keys: [PUBLIC_KEY],
      roleIdentifiers: [{ name: 'member' }],
      customerIdentifiers: [{ id: customer.id }],
    }),
    { also: LOWEST },
  ),
  mutation(
    'updateTrustedIssuer',
    'trustedIssuer { name }',
    ({ trustedIssuerId }) => ({ id: trustedIssuerId, name: unique('I'), roleIdentifiers: [{ name: 'admin' }] }),
    { also: CUSTOMER_ADMIN },
  ),
  mutation('deleteTrustedIssuer', 'trustedIssuer { name }', ({ trustedIssuerId }) => ({ id: trustedIssuerId }), {
    also: LOWEST,
  }),
  ...['Pixel', 'Pipeline'].flatMap((type) => {
    const payload = `${type.toLowerCase()} { id name status }`;
    const idOf = ({ pixelId, pipelineId }: OperationWorld) => (type === 'Pixel' ? pixelId : pipelineId);
    return [
      mutation(`register${type}`, payload, ({ tenant }) => ({
        tenantIdentifier: { id: tenant.id },
        name: unique('D'),
      })),
      mutation(`update${type}`, payload, (world) => ({ id: idOf(world), name: unique('D'), status: 'INACTIVE' })),
      mutation(`remove${type}`, payload, (world) => ({ id: idOf(world) })),
    ];
  }),
  mutation('recordTraffic', 'entries { entryId outcome }', ({ pixelId }) => ({
    entries: [entryOf(pixelId), entryOf(pixelId)],
  })),
  mutation(
    'revokeApiKeySecret',
    'apiKey { secrets { expiresAt } }',
    ({ apiKeyId, apiKeySecretId }) => ({ id: apiKeyId, secretId: apiKeySecretId }),
    { also: ['tenant:read', 'customer:read'] },
  ),
  mutation('revokeApiKey', 'apiKey { revokedAt }', ({ apiKeyId }) => ({ id: apiKeyId }), {
    also: ['tenant:read', 'customer:read'],
  }),
  mutation(
    'createWebhook',
    'webhook { id url permissions reach { tenantIds } } secret',
    ({ tenant }) => ({
      url: 'https://receiver.example/',
      permissions: ['tenant:read', 'customer:read'],
      reach: 'TENANTS',
      tenantIdentifiers: [{ id: tenant.id }],
    }),
    { also: ['event:read', 'tenant:read', 'customer:read'] },
  ),
  mutation(
    'updateWebhook',
    'webhook { url description isEnabled }',
    ({ webhookId }) => ({ id: webhookId, url: 'https://other.example/', description: 'Other', isEnabled: false }),
    { also: ['event:read', 'tenant:read', 'customer:read'] },
  ),
  mutation(
    'rotateWebhookSecret',
    'webhook { previousSecretExpiresAt } secret',
    ({ webhookId }) => ({ id: webhookId }),
    {
      also: ['event:read', 'tenant:read', 'customer:read'],
    },
  ),
  ...['testWebhook', 'deleteWebhook'].map((name) =>
    mutation(name, 'webhook { url }', ({ webhookId }) => ({ id: webhookId }), {
      also: ['event:read', 'tenant:read', 'customer:read'],
    }),
  ),
  mutation(
    'replayWebhook',
    'webhook { url }',
    ({ webhookId }) => ({ id: webhookId, from: new Date(0).toISOString() }),
    {
      also: ['event:read', 'tenant:read', 'customer:read'],
    },
  ),
  mutation('redeliverWebhook', 'webhook { url }', ({ webhookDeliveryId }) => ({ deliveryId: webhookDeliveryId }), {
    also: ['event:read', 'tenant:read', 'customer:read'],
  }),
];
