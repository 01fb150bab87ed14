import type { Permission } from '../src/directory/permission-names.ts';
import { mutationDocument, newCustomer, newKey, newTenant, unique } from './fixtures.ts';
import { ask, type Variables } from './gateway.ts';

/** Records that the operations below work on. */
export interface World {
  tenantId: string;
  otherTenantId: string;
  customerId: string;
  deletedCustomerId: string;
  deletedTenantId: string;
  apiKeyId: string;
  eventId: string;
  externalIds: { tenant: string; customer: string };
  email: string;
}

export async function newWorld(): Promise<World> {
  const [tenant, other, deletedTenant] = [await newTenant(), await newTenant(), await newTenant()];
  const email = `${unique('world')}@x.example`;
  const customer = await newCustomer({ email: { address: email }, tenantIdentifiers: [{ id: tenant.id }] });
  const deletedCustomer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
  await ask(mutationDocument('deleteCustomer', 'customer { id }'), { input: { id: deletedCustomer.id } });
  await ask(mutationDocument('deleteTenant', 'tenant { id }'), { input: { id: deletedTenant.id } });
  const { data } = await ask('query($s: ID!) { events(filter: { subjectId: $s }) { nodes { id } } }', {
    s: customer.id,
  });
  return {
    tenantId: tenant.id,
    otherTenantId: other.id,
    customerId: customer.id,
    deletedCustomerId: deletedCustomer.id,
    deletedTenantId: deletedTenant.id,
    apiKeyId: (await newKey({ tenants: [tenant.id] })).id,
    eventId: data.events.nodes[0].id,
    externalIds: { tenant: tenant.externalId, customer: customer.externalId },
    email,
  };
}

export interface Query {
  /** The field of Query that is asked. */
  field: string;
  document: string;
  variables?: (world: World) => Variables;
  needs: readonly Permission[];
  /** How many lists stand inside each other. */
  depth: number;
}

/** At least one document for every field of Query; a test fails when one is missing. */
export const QUERIES: readonly Query[] = [
  { field: 'viewer', document: '{ viewer { type permissions access reach { kind tenantIds } } }', needs: [], depth: 0 },
  { field: 'viewer', document: '{ viewer { apiKey { name } } }', needs: [], depth: 0 },
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
    document: `{ tenants(first: 10) { nodes { name customers(first: 5) { totalCount nodes { name
      tenants(first: 5) { nodes { name } pageInfo { hasNextPage } } } } } } }`,
    needs: ['tenant:read', 'customer:read'],
    depth: 3,
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
    field: 'apiKeys',
    document: '{ apiKeys { nodes { name permissions reach { tenantIds } lastUsedAt } totalCount } }',
    needs: ['apiKey:read'],
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

export interface Mutation {
  name: string;
  document: string;
  variables: (world: World) => Variables;
  /** How many lists stand inside each other in the payload. */
  depth: number;
}

const mutation = (name: string, payload: string, input: (world: World) => Variables, depth = 0): Mutation => ({
  name,
  document: mutationDocument(name, payload),
  variables: (world) => ({ input: input(world) }),
  depth,
});

const joining = ({ customerId, otherTenantId }: World) => ({
  customerIdentifier: { id: customerId },
  tenantIdentifiers: [{ id: otherTenantId }],
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
    2,
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
  mutation('deleteCustomer', 'customer { deletedAt }', ({ customerId }) => ({ id: customerId })),
  mutation('restoreCustomer', 'customer { deletedAt }', ({ deletedCustomerId }) => ({ id: deletedCustomerId })),
  mutation('addCustomerToTenants', 'customer { name }', joining),
  mutation('addCustomerToTenants', 'customer { name tenants { nodes { name } totalCount } }', joining, 1),
  mutation('removeCustomerFromTenants', 'customer { name }', ({ customerId, tenantId }) => ({
    customerIdentifier: { id: customerId },
    tenantIdentifiers: [{ id: tenantId }],
  })),
  mutation('setCustomerTenants', 'customer { name }', joining),
  mutation('createApiKey', 'apiKey { id name permissions reach { tenantIds } } secret', ({ tenantId }) => ({
    name: unique('K'),
    permissions: ['tenant:read'],
    reach: 'TENANTS',
    tenantIdentifiers: [{ id: tenantId }],
  })),
  mutation('rotateApiKey', 'apiKey { name previousSecretExpiresAt } secret', ({ apiKeyId }) => ({ id: apiKeyId })),
  mutation('revokeApiKey', 'apiKey { revokedAt }', ({ apiKeyId }) => ({ id: apiKeyId })),
];
