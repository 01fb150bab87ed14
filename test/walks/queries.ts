import type { Permission } from '../../src/directory/kernel/permission-names.ts';
import { globalId } from '../shared/fixtures.ts';
import type { Operation } from './operations.ts';

export interface Query extends Operation {
  /** The field of Query that is asked. */
  field: string;
  needs: readonly Permission[];
  /** How many D1 calls it takes beside the first, as a part of it cannot be read with what it is a part of. */
  fallsBack?: number;
}

/** At least one document for every field of Query; a test fails when one is missing. */
export const QUERIES: readonly Query[] = [
  { field: 'viewer', document: '{ viewer { type permissions access reach { kind tenantIds } } }', needs: [] },
  { field: 'viewer', document: '{ viewer { apiKey { name } } }', needs: [] },
  {
    field: 'viewer',
    document: `{ viewer { user { name lastSignInAt sessions { nodes { isCurrent } totalCount }
      tenantRoles { nodes { tenantId tenantName roleId roleName isCurrent } totalCount } } } }`,
    needs: [],
    as: 'user',
  },
  { field: 'organization', document: '{ organization { id name createdAt updatedAt } }', needs: [] },
  {
    field: 'node',
    document: 'query($id: ID!) { node(id: $id) { id ... on Customer { name } } }',
    variables: ({ customer }) => ({ id: customer.id }),
    needs: ['customer:read'],
  },
  {
    field: 'nodes',
    document: 'query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Customer { name } ... on Tenant { name } } }',
    variables: ({ customer, deletedCustomerId, tenant, apiKeyId, eventId }) => ({
      ids: [
        customer.id,
        deletedCustomerId,
        tenant.id,
        apiKeyId,
        eventId,
        globalId('Customer', '01900000-0000-7000-8000-00000000dead'),
      ],
    }),
    needs: ['customer:read', 'tenant:read', 'apiKey:read', 'event:read'],
  },
  {
    field: 'tenant',
    document: 'query($id: ID!) { tenant(id: $id) { name billing { vatId billingAddress { city } } } }',
    variables: ({ tenant }) => ({ id: tenant.id }),
    needs: ['tenant:read'],
  },
  {
    field: 'tenant',
    document: 'query($id: ID!) { tenant(id: $id) { name customers { nodes { name } totalCount } } }',
    variables: ({ tenant }) => ({ id: tenant.id }),
    needs: ['tenant:read', 'customer:read'],
  },
  {
    field: 'tenantBy',
    document: 'query($i: TenantIdentifier!) { tenantBy(identifier: $i) { name } }',
    variables: ({ tenant }) => ({ i: { externalId: tenant.externalId } }),
    needs: ['tenant:read'],
  },
  {
    field: 'tenants',
    document: '{ tenants { nodes { name } edges { cursor } pageInfo { endCursor hasNextPage } totalCount } }',
    needs: ['tenant:read'],
  },
  {
    field: 'tenants',
    document: '{ tenants(last: 100) { nodes { viewerCanView viewerCanEditSettings viewerCanEditUsers } } }',
    needs: ['tenant:read'],
  },
  {
    field: 'tenants',
    document: `{ tenants(first: 10) { nodes { name customers(first: 5) { totalCount nodes { name
      tenants(first: 5) { nodes { name } pageInfo { hasNextPage } } } } } } }`,
    needs: ['tenant:read', 'customer:read'],
  },
  {
    field: 'node',
    document: 'query($id: ID!) { node(id: $id) { id ... on Pixel { name status tenant { name } } } }',
    variables: ({ pixelId }) => ({ id: pixelId }),
    needs: ['tenant:read'],
  },
  {
    field: 'tenants',
    document: `{ tenants(last: 10) { nodes { pixels { nodes { name status } totalCount }
      pipelines(first: 5) { nodes { externalId tenant { name } } } } } }`,
    needs: ['tenant:read'],
  },
  {
    field: 'tenants',
    document: `{ tenants(last: 10) { nodes { usage { pixels { total active } eventsReceived publishFailed }
      month: usage(durationInHours: 720) { eventsReceived lastUpdatedAt } } } }`,
    needs: ['tenant:read', 'usage:read'],
  },
  {
    field: 'customer',
    document: 'query($id: ID!) { customer(id: $id) { name email { address } } }',
    variables: ({ customer }) => ({ id: customer.id }),
    needs: ['customer:read'],
  },
  {
    field: 'customer',
    document: `query($id: ID!) { one: customer(id: $id) { name tenants { nodes { name } } }
      other: customer(id: $id) { tenants(last: 3) { totalCount nodes { name } } } }`,
    variables: ({ customer }) => ({ id: customer.id }),
    needs: ['customer:read', 'tenant:read'],
  },
  ...['email', 'externalId', 'id'].map(
    (by): Query => ({
      field: 'customerBy',
      document: 'query($i: CustomerIdentifier!) { customerBy(identifier: $i) { name } }',
      variables: ({ customer }) => ({
        i: { [by]: { email: customer.email, externalId: customer.externalId, id: customer.id }[by] },
      }),
      needs: ['customer:read'],
    }),
  ),
  {
    field: 'customers',
    document: '{ customers { nodes { name } totalCount pageInfo { hasNextPage } } }',
    needs: ['customer:read'],
  },
  {
    field: 'customers',
    document: '{ customers(last: 10) { edges { cursor node { name tenants { nodes { name } totalCount } } } } }',
    needs: ['customer:read', 'tenant:read'],
  },
  ...['abc', 'ab', 'a'].flatMap((search): Query[] => [
    {
      field: 'customers',
      document: `{ customers(filter: { search: "${search}" }, orderBy: { field: NAME }) { nodes { name } totalCount } }`,
      needs: ['customer:read'],
    },
    {
      field: 'tenants',
      document: `{ tenants(filter: { search: "${search}" }) { nodes { name } totalCount } }`,
      needs: ['tenant:read'],
    },
  ]),
  {
    field: 'organization',
    document: '{ organization { name users { nodes { email } totalCount pageInfo { hasNextPage } } } }',
    needs: ['user:read'],
  },
  {
    field: 'customers',
    document: '{ customers(last: 10) { nodes { id name users { nodes { id email name externalId } } } } }',
    needs: ['customer:read', 'user:read'],
  },
  {
    field: 'tenant',
    document: `query($id: ID!) { tenant(id: $id) { availableRoles { name level permissions { nodes { name } } }
      users { nodes { email } totalCount } } }`,
    variables: ({ tenant }) => ({ id: tenant.id }),
    needs: ['tenant:read', 'role:read', 'user:read'],
  },
  {
    field: 'user',
    document: 'query($id: ID!) { user(id: $id) { email name phone avatarUrl externalId status version deletedAt } }',
    variables: ({ customerUser }) => ({ id: customerUser.id }),
    needs: ['user:read'],
  },
  {
    field: 'user',
    document: `query($id: ID!) { user(id: $id) { email role { name } customer { name } defaultTenant { name }
      tenantRoles { nodes { createdAt tenantId roleName tenant { name } role { name } } totalCount } } }`,
    variables: ({ tenantUser }) => ({ id: tenantUser.id }),
    needs: ['user:read', 'role:read', 'tenant:read'],
  },
  {
    field: 'user',
    document: 'query($id: ID!) { user(id: $id) { email role { name } customer { name } } }',
    variables: ({ customerUser }) => ({ id: customerUser.id }),
    needs: ['user:read', 'role:read', 'customer:read'],
  },
  ...['email', 'externalId', 'id'].map(
    (by): Query => ({
      field: 'userBy',
      document: 'query($i: UserIdentifier!) { userBy(identifier: $i) { email } }',
      variables: ({ customerUser }) => ({
        i: { [by]: { email: customerUser.email, externalId: customerUser.externalId, id: customerUser.id }[by] },
      }),
      needs: ['user:read'],
    }),
  ),
  {
    field: 'users',
    document:
      '{ users { nodes { email invitation { invitedBy { type id } sentAt expiresAt isExpired lastError user { email } } } } }',
    needs: ['user:read'],
  },
  {
    field: 'invitations',
    document: `{ invitations { nodes { user { email tenantRoles { nodes { tenantId } } } invitedBy { type id } createdAt isExpired }
      totalCount pageInfo { endCursor } } }`,
    needs: ['user:read', 'tenant:read'],
  },
  {
    field: 'invitations',
    document: '{ invitations(last: 3) { edges { cursor node { sentAt expiresAt lastError } } } }',
    needs: ['user:read'],
  },
  {
    field: 'users',
    document: '{ users { nodes { lastSignInAt sessions { nodes { userAgent } totalCount } } } }',
    needs: ['user:read', 'user:edit'],
  },
  {
    field: 'users',
    document: '{ users(last: 100) { nodes { isViewer viewerCanDelete } } }',
    needs: ['user:read'],
  },
  {
    field: 'sessions',
    document: '{ sessions { nodes { id isCurrent userAgent createdAt refreshedAt expiresAt } totalCount } }',
    needs: [],
    as: 'user',
  },
  {
    field: 'sessions',
    document: 'query($id: ID!) { sessions(userId: $id) { nodes { user { email } tenant { name } } } }',
    variables: ({ customerUser }) => ({ id: customerUser.id }),
    needs: ['user:edit', 'user:read'],
  },
  {
    field: 'users',
    document: '{ users { nodes { email name } totalCount pageInfo { hasNextPage } } }',
    needs: ['user:read'],
  },
  {
    field: 'users',
    document: `{ users(last: 10, orderBy: { field: EMAIL, direction: DESC }, filter: { statuses: [INVITED] }) {
      nodes { email role { name permissions { nodes { name } } } } } }`,
    needs: ['user:read', 'role:read'],
  },
  {
    field: 'users',
    document: '{ users(filter: { search: "world" }, orderBy: { field: NAME }) { nodes { name } totalCount } }',
    needs: ['user:read'],
  },
  {
    field: 'organizationRoles',
    document: 'query { organizationRoles { id name permissions { nodes { name description } } } }',
    needs: ['role:read'],
  },
  {
    field: 'customerRoles',
    document: '{ customerRoles { id name description level isBuiltIn scope } }',
    needs: ['role:read'],
  },
  {
    field: 'apiKeys',
    document:
      '{ apiKeys { nodes { name permissions reach { tenantIds } lastUsedAt createdBy { type id } hint secrets { id hint createdAt expiresAt lastUsedAt } } totalCount } }',
    needs: ['apiKey:read'],
  },
  {
    field: 'apiKeys',
    document: `query($t: ID!) { apiKeys(filter: { tenantId: $t, permission: "tenant:read", state: ACTIVE, isUsed: false },
      orderBy: { field: LAST_USED_AT }) { nodes { name } pageInfo { endCursor } totalCount } }`,
    variables: ({ tenant }) => ({ t: tenant.id }),
    needs: ['apiKey:read'],
  },
  {
    field: 'checkAccess',
    document: `query($checks: [AccessCheckInput!]!) { checkAccess(checks: $checks) {
      isGood name reach { tenantIds } answers { permission isAllowed } } }`,
    variables: ({ apiKeySecret, tenant, customer }) => ({
      checks: [
        {
          credential: apiKeySecret,
          permissions: [
            { permission: 'tenant:read', tenantIdentifier: { id: tenant.id } },
            { permission: 'customer:read', customerIdentifier: { externalId: customer.externalId } },
          ],
        },
        { credential: 'invented' },
      ],
    }),
    needs: ['access:check'],
  },
  {
    field: 'trustedIssuers',
    document: '{ trustedIssuers { nodes { name issuer keys roleIds customerIds } totalCount } }',
    needs: ['organization:edit'],
  },
  {
    field: 'permissions',
    document: '{ permissions { nodes { name description } totalCount } }',
    needs: ['role:read'],
  },
  {
    field: 'events',
    document:
      '{ events { nodes { type subjectId subjectVersion tenantIds hasMoreTenantIds commandId actor { type id } before after createdAt } totalCount } }',
    needs: ['event:read'],
  },
  {
    field: 'webhooks',
    document:
      '{ webhooks { nodes { url eventTypes permissions reach { tenantIds } isEnabled deliveries { nodes { tries eventId } } } totalCount } }',
    needs: ['webhook:read'],
  },
  {
    field: 'webhookDeliveries',
    document: 'query($e: ID!) { webhookDeliveries(eventId: $e) { nodes { tries webhook { url } } totalCount } }',
    variables: ({ eventId }) => ({ e: eventId }),
    needs: ['webhook:read'],
  },
];
