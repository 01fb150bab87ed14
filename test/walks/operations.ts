import { PERMISSIONS, type Permission } from '../../src/directory/kernel/permission-names.ts';
import {
  assign,
  globalId,
  mutate,
  mutationDocument,
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
  TABLES,
  unique,
} from '../shared/fixtures.ts';
import { ask, type Variables } from '../shared/gateway.ts';
import { sessionOf, TOKENS } from '../shared/people.ts';
import { remember } from '../shared/rewind.ts';

/** Records that the operations below work on. */
export interface World {
  tenantId: string;
  otherTenantId: string;
  customerId: string;
  deletedCustomerId: string;
  deletedTenantId: string;
  apiKeyId: string;
  /** Of the customer. */
  userId: string;
  deletedUserId: string;
  /** Has the role `view` in the tenant. */
  tenantUserId: string;
  teamMemberId: string;
  /** Where the user of the customer is signed in. */
  sessionId: string;
  /** Of scope TENANT; nobody has it. */
  roleId: string;
  /** Signs in members of the customer. */
  trustedIssuerId: string;
  /** Of the tenant. */
  pixelId: string;
  pipelineId: string;
  userEmail: string;
  eventId: string;
  externalIds: { tenant: string; customer: string; user: string };
  email: string;
}

let lastRole: string | undefined;

/** There may be a hundred roles, and there are more worlds. */
async function freshRole(): Promise<string> {
  if (lastRole !== undefined) await mutate('deleteRole', 'role { id }', { id: lastRole });
  lastRole = (await newRole()).id;
  return lastRole ?? '';
}

export async function newWorld(): Promise<World> {
  const [tenant, other, deletedTenant] = [await newTenant(), await newTenant(), await newTenant()];
  const email = `${unique('world')}@x.example`;
  const customer = await newCustomer({ email: { address: email }, tenantIdentifiers: [{ id: tenant.id }] });
  const deletedCustomer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
  await ask(mutationDocument('deleteCustomer', 'customer { id }'), { input: { id: deletedCustomer.id } });
  await ask(mutationDocument('deleteTenant', 'tenant { id }'), { input: { id: deletedTenant.id } });
  const user = await newCustomerUser(customer.id, { externalId: unique('user') });
  const deletedUser = await newCustomerUser(customer.id);
  await ask(mutationDocument('deleteUser', 'user { id }'), { input: { id: deletedUser.id } });
  const { data } = await ask('query($s: ID!) { events(filter: { subjectId: $s }) { nodes { id } } }', {
    s: customer.id,
  });
  return {
    tenantId: tenant.id,
    otherTenantId: other.id,
    customerId: customer.id,
    deletedCustomerId: deletedCustomer.id,
    deletedTenantId: deletedTenant.id,
    apiKeyId: (await newKey({ tenants: [tenant.id], permissions: ['tenant:read', 'customer:read'] })).id,
    userId: user.id,
    deletedUserId: deletedUser.id,
    tenantUserId: (await newTenantUser(tenant.id)).id,
    teamMemberId: (await newTeamMember()).id,
    sessionId: globalId('Session', (await sessionOf(user.id)).sessionId),
    roleId: await freshRole(),
    trustedIssuerId: (await newTrustedIssuer(customer.id)).id,
    pixelId: (await newPixel(tenant.id)).id,
    pipelineId: (await newPipeline(tenant.id)).id,
    userEmail: user.email,
    eventId: data.events.nodes[0].id,
    externalIds: { tenant: tenant.externalId, customer: customer.externalId, user: user.externalId },
    email,
  };
}

/** Keys and roles that are made for many tests stay, and what they hold. */
const GOING: Record<string, string> = {
  api_key: 'FALSE',
  api_key_permission: 'api_key_id IN (SELECT id FROM saved_api_key)',
  api_key_tenant: 'api_key_id IN (SELECT id FROM saved_api_key)',
  role: 'FALSE',
  role_permission: 'role_id IN (SELECT id FROM saved_role)',
};

/** From now on, everything is as it is now whenever `rewind` has run: to make a world takes two dozen requests. */
export async function rememberAll(): Promise<void> {
  // The labels follow their customer by themselves.
  const tables = TABLES.filter((table) => table !== 'customer_label');
  await remember(tables.map((table) => ({ table, going: GOING[table] })));
}

export async function lastingWorld(): Promise<World> {
  const world = await newWorld();
  await rememberAll();
  return world;
}

interface Operation {
  document: string;
  variables?: (world: World) => Variables;
  /** For what is asked about the caller: a user who signed in asks it, and not a key. */
  as?: 'user' | undefined;
}

/** Custom roles of the organization, by what they allow. */
const roles = new Map<string, string>();

async function roleWith(permissions: readonly Permission[]): Promise<string> {
  const key = permissions.join();
  const id = roles.get(key) ?? (await newRole({ scope: 'ORGANIZATION', permissions })).id;
  roles.set(key, id);
  return id;
}

/** Who asks an operation, and with what: a key with these permissions, or somebody with such a role who just signed in. */
export async function asker(
  { variables, as }: Pick<Operation, 'variables' | 'as'>,
  world: World,
  permissions: readonly Permission[],
): Promise<{ secret: string; input: Variables | undefined }> {
  if (as !== 'user') return { secret: (await newKey({ permissions })).secret, input: variables?.(world) };
  const { id } = await newTeamMember({ roleIdentifier: { id: await roleWith(permissions) } });
  await assign(id, world.otherTenantId, 'view');
  const grant = await sessionOf(id);
  return {
    secret: await TOKENS.issue(grant),
    input: variables?.({ ...world, sessionId: globalId('Session', grant.sessionId) }),
  };
}

export interface Query extends Operation {
  /** The field of Query that is asked. */
  field: string;
  needs: readonly Permission[];
  /** How many lists stand inside each other. */
  depth: number;
}

/** At least one document for every field of Query; a test fails when one is missing. */
export const QUERIES: readonly Query[] = [
  { field: 'viewer', document: '{ viewer { type permissions access reach { kind tenantIds } } }', needs: [], depth: 0 },
  { field: 'viewer', document: '{ viewer { apiKey { name } } }', needs: [], depth: 0 },
  { field: 'viewer', document: '{ viewer { user { name } } }', needs: ['user:read'], depth: 0, as: 'user' },
  { field: 'organization', document: '{ organization { id name createdAt updatedAt } }', needs: [], depth: 0 },
  {
    field: 'node',
    document: 'query($id: ID!) { node(id: $id) { id ... on Customer { name } } }',
    variables: ({ customerId }) => ({ id: customerId }),
    needs: ['customer:read'],
    depth: 0,
  },
  {
    field: 'nodes',
    document: 'query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Customer { name } ... on Tenant { name } } }',
    variables: ({ customerId, deletedCustomerId, tenantId, apiKeyId, eventId }) => ({
      ids: [customerId, deletedCustomerId, tenantId, apiKeyId, eventId, 'junk'],
    }),
    needs: ['customer:read', 'tenant:read', 'apiKey:read', 'event:read'],
    depth: 1,
  },
  {
    field: 'tenant',
    document: 'query($id: ID!) { tenant(id: $id) { name billing { vatId billingAddress { city } } } }',
    variables: ({ tenantId }) => ({ id: tenantId }),
    needs: ['tenant:read'],
    depth: 0,
  },
  {
    field: 'tenant',
    document: 'query($id: ID!) { tenant(id: $id) { name customers { nodes { name } totalCount } } }',
    variables: ({ tenantId }) => ({ id: tenantId }),
    needs: ['tenant:read', 'customer:read'],
    depth: 1,
  },
  {
    field: 'tenantBy',
    document: 'query($i: TenantIdentifier!) { tenantBy(identifier: $i) { name } }',
    variables: ({ externalIds }) => ({ i: { externalId: externalIds.tenant } }),
    needs: ['tenant:read'],
    depth: 0,
  },
  {
    field: 'tenants',
    document: '{ tenants { nodes { name } edges { cursor } pageInfo { endCursor hasNextPage } totalCount } }',
    needs: ['tenant:read'],
    depth: 1,
  },
  {
    field: 'tenants',
    document: '{ tenants(last: 100) { nodes { viewerCanView viewerCanEditSettings viewerCanEditUsers } } }',
    needs: ['tenant:read'],
    depth: 2,
  },
  {
    field: 'tenants',
    document: `{ tenants(first: 10) { nodes { name customers(first: 5) { totalCount nodes { name
      tenants(first: 5) { nodes { name } pageInfo { hasNextPage } } } } } } }`,
    needs: ['tenant:read', 'customer:read'],
    depth: 3,
  },
  {
    field: 'node',
    document: 'query($id: ID!) { node(id: $id) { id ... on Pixel { name status tenant { name } } } }',
    variables: ({ pixelId }) => ({ id: pixelId }),
    needs: ['tenant:read'],
    depth: 1,
  },
  {
    field: 'tenants',
    document: `{ tenants(last: 10) { nodes { pixels { nodes { name status } totalCount }
      pipelines(first: 5) { nodes { externalId tenant { name } } } } } }`,
    needs: ['tenant:read'],
    depth: 3,
  },
  {
    field: 'tenants',
    document: `{ tenants(last: 10) { nodes { usage { pixels { total active } eventsReceived publishFailed }
      month: usage(durationInHours: 720) { eventsReceived lastUpdatedAt } } } }`,
    needs: ['tenant:read', 'usage:read'],
    depth: 2,
  },
  {
    field: 'customer',
    document: 'query($id: ID!) { customer(id: $id) { name email { address } } }',
    variables: ({ customerId }) => ({ id: customerId }),
    needs: ['customer:read'],
    depth: 0,
  },
  {
    field: 'customer',
    document: `query($id: ID!) { one: customer(id: $id) { name tenants { nodes { name } } }
      other: customer(id: $id) { tenants(last: 3) { totalCount nodes { name } } } }`,
    variables: ({ customerId }) => ({ id: customerId }),
    needs: ['customer:read', 'tenant:read'],
    depth: 1,
  },
  ...['email', 'externalId', 'id'].map(
    (by): Query => ({
      field: 'customerBy',
      document: 'query($i: CustomerIdentifier!) { customerBy(identifier: $i) { name } }',
      variables: ({ customerId, email, externalIds }) => ({
        i: { [by]: { email, externalId: externalIds.customer, id: customerId }[by] },
      }),
      needs: ['customer:read'],
      depth: 0,
    }),
  ),
  {
    field: 'customers',
    document: '{ customers { nodes { name } totalCount pageInfo { hasNextPage } } }',
    needs: ['customer:read'],
    depth: 1,
  },
  {
    field: 'customers',
    document: '{ customers(last: 10) { edges { cursor node { name tenants { nodes { name } totalCount } } } } }',
    needs: ['customer:read', 'tenant:read'],
    depth: 2,
  },
  ...['abc', 'ab', 'a'].flatMap((search): Query[] => [
    {
      field: 'customers',
      document: `{ customers(filter: { search: "${search}" }, orderBy: { field: NAME }) { nodes { name } totalCount } }`,
      needs: ['customer:read'],
      depth: 1,
    },
    {
      field: 'tenants',
      document: `{ tenants(filter: { search: "${search}" }) { nodes { name } totalCount } }`,
      needs: ['tenant:read'],
      depth: 1,
    },
  ]),
  {
    field: 'organization',
    document: '{ organization { name users { nodes { email } totalCount pageInfo { hasNextPage } } } }',
    needs: ['user:read'],
    depth: 1,
  },
  {
    field: 'customers',
    document: '{ customers(last: 10) { nodes { id name users { nodes { id email name externalId } } } } }',
    needs: ['customer:read', 'user:read'],
    depth: 2,
  },
  {
    field: 'tenant',
    document: `query($id: ID!) { tenant(id: $id) { availableRoles { name level permissions { nodes { name } } }
      users { nodes { email } totalCount } } }`,
    variables: ({ tenantId }) => ({ id: tenantId }),
    needs: ['tenant:read', 'role:read', 'user:read'],
    depth: 2,
  },
  {
    field: 'user',
    document: 'query($id: ID!) { user(id: $id) { email name phone avatarUrl externalId status version deletedAt } }',
    variables: ({ userId }) => ({ id: userId }),
    needs: ['user:read'],
    depth: 0,
  },
  {
    field: 'user',
    document: `query($id: ID!) { user(id: $id) { email role { name } customer { name } defaultTenant { name }
      tenantRoles { nodes { createdAt tenant { name } role { name } } totalCount } } }`,
    variables: ({ tenantUserId }) => ({ id: tenantUserId }),
    needs: ['user:read', 'role:read', 'tenant:read'],
    depth: 2,
  },
  {
    field: 'user',
    document: 'query($id: ID!) { user(id: $id) { email role { name } customer { name } } }',
    variables: ({ userId }) => ({ id: userId }),
    needs: ['user:read', 'role:read', 'customer:read'],
    depth: 1,
  },
  ...['email', 'externalId', 'id'].map(
    (by): Query => ({
      field: 'userBy',
      document: 'query($i: UserIdentifier!) { userBy(identifier: $i) { email } }',
      variables: ({ userId, userEmail, externalIds }) => ({
        i: { [by]: { email: userEmail, externalId: externalIds.user, id: userId }[by] },
      }),
      needs: ['user:read'],
      depth: 0,
    }),
  ),
  {
    field: 'users',
    document: '{ users { nodes { email invitation { sentAt expiresAt lastError } } } }',
    needs: ['user:read'],
    depth: 2,
  },
  {
    field: 'users',
    document: '{ users(last: 100) { nodes { isViewer viewerCanDelete } } }',
    needs: ['user:read'],
    depth: 2,
  },
  {
    field: 'sessions',
    document: '{ sessions { nodes { id isCurrent userAgent createdAt refreshedAt expiresAt } totalCount } }',
    needs: [],
    depth: 1,
    as: 'user',
  },
  {
    field: 'sessions',
    document: 'query($id: ID!) { sessions(userId: $id) { nodes { user { email } tenant { name } } } }',
    variables: ({ userId }) => ({ id: userId }),
    needs: ['user:edit', 'user:read'],
    depth: 2,
  },
  {
    field: 'users',
    document: '{ users { nodes { email name } totalCount pageInfo { hasNextPage } } }',
    needs: ['user:read'],
    depth: 1,
  },
  {
    field: 'users',
    document: `{ users(last: 10, orderBy: { field: EMAIL, direction: DESC }, filter: { statuses: [INVITED] }) {
      nodes { email role { name permissions { nodes { name } } } } } }`,
    needs: ['user:read', 'role:read'],
    depth: 3,
  },
  {
    field: 'users',
    document: '{ users(filter: { search: "world" }, orderBy: { field: NAME }) { nodes { name } totalCount } }',
    needs: ['user:read'],
    depth: 1,
  },
  {
    field: 'organizationRoles',
    document: 'query { organizationRoles { id name permissions { nodes { name description } } } }',
    needs: ['role:read'],
    depth: 2,
  },
  {
    field: 'customerRoles',
    document: '{ customerRoles { id name description level isBuiltIn scope } }',
    needs: ['role:read'],
    depth: 1,
  },
  {
    field: 'apiKeys',
    document: '{ apiKeys { nodes { name permissions reach { tenantIds } lastUsedAt } totalCount } }',
    needs: ['apiKey:read'],
    depth: 1,
  },
  {
    field: 'trustedIssuers',
    document: '{ trustedIssuers { nodes { name issuer keys roleIds customerIds } totalCount } }',
    needs: ['organization:edit'],
    depth: 1,
  },
  {
    field: 'permissions',
    document: '{ permissions { nodes { name description } totalCount } }',
    needs: ['role:read'],
    depth: 1,
  },
  {
    field: 'events',
    document: '{ events { nodes { type subjectId actor { type id } before after createdAt } totalCount } }',
    needs: ['event:read'],
    depth: 1,
  },
];

export interface Mutation extends Operation {
  name: string;
  variables: (world: World) => Variables;
  /** How many lists stand inside each other in the payload. */
  depth: number;
  /** What it needs beyond the permissions of its command: what is handed on, taken over or shown must be held. */
  also: readonly Permission[];
}

interface Beyond {
  depth?: number;
  also?: readonly Permission[];
  as?: 'user';
}

const mutation = (
  name: string,
  payload: string,
  input: (world: World) => Variables,
  { depth = 0, also = [], ...more }: Beyond = {},
): Mutation => ({
  name,
  document: mutationDocument(name, payload),
  variables: (world) => ({ input: input(world) }),
  depth,
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

const joining = ({ customerId, otherTenantId }: World) => ({
  customerIdentifier: { id: customerId },
  tenantIdentifiers: [{ id: otherTenantId }],
});

export const entryOf = (pixelId: string) => ({
  entryId: unique('entry'),
  pixelId,
  at: new Date().toISOString(),
  events: 1,
  publishErrors: 1,
});

/** At least one document for every command; a test fails when one is missing. Each works on a new world. */
export const MUTATIONS: readonly Mutation[] = [
  mutation('updateOrganization', 'organization { name }', () => ({ name: unique('Organization') })),
  mutation('createTenant', 'tenant { id name version }', () => ({ name: unique('T'), externalId: unique('t') })),
  mutation('upsertTenant', 'tenant { name } outcome', ({ externalIds }) => ({
    identifier: { externalId: externalIds.tenant },
    name: unique('T'),
  })),
  mutation('upsertTenant', 'tenant { name } outcome', () => ({
    identifier: { externalId: unique('t') },
    name: unique('T'),
  })),
  mutation('updateTenant', 'tenant { name billing { vatId } }', ({ tenantId }) => ({
    id: tenantId,
    name: unique('T'),
    billing: { vatId: 'CHE-1', billingAddress: { city: 'Bern' } },
  })),
  mutation('deleteTenant', 'tenant { deletedAt }', ({ tenantId }) => ({ id: tenantId })),
  mutation('restoreTenant', 'tenant { deletedAt }', ({ deletedTenantId }) => ({ id: deletedTenantId })),
  mutation('createCustomer', 'customer { id name }', ({ tenantId }) => ({
    name: unique('C'),
    tenantIdentifiers: [{ id: tenantId }],
  })),
  mutation(
    'createCustomer',
    'customer { id name tenants { nodes { name customers { nodes { name } } } } }',
    ({ tenantId }) => ({ name: unique('C'), tenantIdentifiers: [{ id: tenantId }] }),
    { depth: 2, also: ['customer:read', 'tenant:read'] },
  ),
  mutation('upsertCustomer', 'customer { name } outcome', ({ email, tenantId }) => ({
    identifier: { email },
    name: unique('C'),
    tenantIdentifiers: [{ id: tenantId }],
  })),
  mutation('updateCustomer', 'customer { name version }', ({ customerId }) => ({
    id: customerId,
    name: unique('C'),
    labels: ['new'],
    expectedVersion: 1,
  })),
  mutation('deleteCustomer', 'customer { deletedAt }', ({ customerId }) => ({ id: customerId }), { also: LOWEST }),
  mutation('restoreCustomer', 'customer { deletedAt }', ({ deletedCustomerId }) => ({ id: deletedCustomerId })),
  mutation('addCustomerToTenants', 'customer { name }', joining),
  mutation('addCustomerToTenants', 'customer { name tenants { nodes { name } totalCount } }', joining, {
    depth: 1,
    also: ['tenant:read'],
  }),
  mutation('removeCustomerFromTenants', 'customer { name }', ({ customerId, tenantId }) => ({
    customerIdentifier: { id: customerId },
    tenantIdentifiers: [{ id: tenantId }],
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
    ({ customerId }) => ({
      email: `${unique('u')}@x.example`,
      roleIdentifier: { name: 'member' },
      customerIdentifier: { id: customerId },
    }),
    { also: LOWEST },
  ),
  mutation(
    'createTenantUser',
    'user { id email }',
    ({ tenantId }) => ({
      email: `${unique('u')}@x.example`,
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenantId },
    }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation(
    'updateUser',
    'user { name version }',
    ({ userId }) => ({
      id: userId,
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
    ({ tenantUserId, tenantId }) => ({
      id: tenantUserId,
      name: unique('U'),
      defaultTenantIdentifier: { id: tenantId },
    }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation(
    'assignTenantRole',
    'user { name }',
    ({ tenantUserId, otherTenantId }) => ({
      userIdentifier: { id: tenantUserId },
      tenantIdentifier: { id: otherTenantId },
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
    ({ tenantUserId, tenantId }) => ({
      userIdentifier: { id: tenantUserId },
      tenantIdentifier: { id: tenantId },
    }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation('deleteUser', 'user { deletedAt }', ({ userId }) => ({ id: userId }), { also: LOWEST }),
  mutation('deleteUser', 'user { email }', ({ userId }) => ({ id: userId, permanently: true }), { also: LOWEST }),
  mutation('deleteCustomer', 'customer { name }', ({ customerId }) => ({ id: customerId, permanently: true }), {
    also: ['user:delete', ...LOWEST],
  }),
  mutation('deleteTenant', 'tenant { name }', ({ tenantId }) => ({ id: tenantId, permanently: true })),
  mutation('restoreUser', 'user { deletedAt }', ({ deletedUserId }) => ({ id: deletedUserId }), { also: LOWEST }),
  mutation(
    'createTenant',
    'tenant { id }',
    () => ({
      name: unique('T'),
      partnerManaged: false,
      adminEmail: `${unique('a')}@x.example`,
    }),
    { also: PERMISSIONS.filter((name) => !['organization:edit', 'role:edit', 'tenant:delete'].includes(name)) },
  ),
  mutation('inviteUser', 'user { email }', ({ userId }) => ({ userIdentifier: { id: userId } }), { also: LOWEST }),
  mutation(
    'inviteUser',
    'user { email } invitationLink',
    ({ userId }) => ({ userIdentifier: { id: userId }, handOutLink: true }),
    { also: LOWEST },
  ),
  mutation(
    'addTenantUser',
    'user { id email } isNew invitationLink',
    ({ tenantId }) => ({
      email: `${unique('u')}@x.example`,
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenantId },
      handOutLink: true,
    }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation(
    'changeRole',
    'user { name }',
    ({ tenantUserId, tenantId, otherTenantId }) => ({
      userIdentifier: { id: tenantUserId },
      revoke: { roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenantId } },
      assign: { roleIdentifier: { name: 'view' }, tenantIdentifier: { id: otherTenantId } },
    }),
    { also: LOWEST_OF_TENANT },
  ),
  mutation(
    'changeRole',
    'user { name }',
    ({ teamMemberId }) => ({
      userIdentifier: { id: teamMemberId },
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
    ({ otherTenantId }) => ({ tenantIdentifier: { id: otherTenantId } }),
    { as: 'user' },
  ),
  mutation('importCustomers', 'rows { path outcome id error { code } }', ({ tenantId, externalIds }) => ({
    rows: [
      { externalId: unique('c'), name: unique('C'), tenantIdentifiers: [{ id: tenantId }] },
      { externalId: externalIds.customer, description: unique('d') },
    ],
  })),
  mutation('importTenants', 'rows { path outcome id error { code } }', ({ externalIds }) => ({
    rows: [
      { externalId: unique('t'), name: unique('T') },
      { externalId: externalIds.tenant, description: unique('d') },
    ],
  })),
  mutation('importUsers', 'rows { path outcome id error { code } }', () => ({
    rows: [{ email: `${unique('u')}@x.example`, roleIdentifier: { name: 'viewer' } }],
  })),
  mutation(
    'createApiKey',
    'apiKey { id name permissions reach { tenantIds } } secret',
    ({ tenantId }) => ({
      name: unique('K'),
      permissions: ['tenant:read'],
      reach: 'TENANTS',
      tenantIdentifiers: [{ id: tenantId }],
    }),
    { also: ['tenant:read'] },
  ),
  mutation('rotateApiKey', 'apiKey { name previousSecretExpiresAt } secret', ({ apiKeyId }) => ({ id: apiKeyId }), {
    also: ['tenant:read', 'customer:read'],
  }),
  mutation(
    'createTrustedIssuer',
    'trustedIssuer { id issuer roleIds }',
    ({ customerId }) => ({
      name: unique('I'),
      issuer: unique('issuer'),
      audience: 'https://tenantry.test',
      keys: [PUBLIC_KEY],
      roleIdentifiers: [{ name: 'member' }],
      customerIdentifiers: [{ id: customerId }],
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
    const idOf = ({ pixelId, pipelineId }: World) => (type === 'Pixel' ? pixelId : pipelineId);
    return [
      mutation(`register${type}`, payload, ({ tenantId }) => ({
        tenantIdentifier: { id: tenantId },
        name: unique('D'),
      })),
      mutation(`update${type}`, payload, (world) => ({ id: idOf(world), name: unique('D'), status: 'INACTIVE' })),
      mutation(`remove${type}`, payload, (world) => ({ id: idOf(world) })),
    ];
  }),
  mutation('recordTraffic', 'entries { entryId outcome }', ({ pixelId }) => ({
    entries: [entryOf(pixelId), entryOf(pixelId)],
  })),
  mutation('revokeApiKey', 'apiKey { revokedAt }', ({ apiKeyId }) => ({ id: apiKeyId }), {
    also: ['tenant:read', 'customer:read'],
  }),
];
