import { toPlainId } from '../../../src/dialects/plain/ids.ts';
import { schema } from '../../../src/dialects/plain/schema.ts';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import { rawId, unique } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import type { World } from '../../shared/world.ts';
import { type DialectOperation, type DialectTable, operationsOf } from '../../walks/dialects/table.ts';
import { CUSTOMER, PAGE, reading, TENANT, writing } from './ways.ts';
import { prepareTarget, WEBHOOK_OPERATIONS } from './webhook-table.ts';

export { CUSTOMER, ERROR, mutation, PATH, TENANT } from './ways.ts';

const OWN_ACTORS = 'createdBy { type id } updatedBy { type id }';

const membership = (name: string, permissions: readonly Permission[], tenant: 'tenant' | 'otherTenant') =>
  writing({
    name,
    permissions,
    payload: `customer { ${CUSTOMER} }`,
    input: (world) => ({
      customerIdentifier: { emailAddress: world.customer.email },
      tenantIdentifiers: [{ externalId: world[tenant].externalId }],
    }),
    ownInput: (world) => ({
      customerIdentifier: { email: world.customer.email },
      tenantIdentifiers: [{ externalId: world[tenant].externalId }],
    }),
    ownPayload: 'customer { id }',
  });

const customerBy = (
  name: string,
  argument: string,
  given: (world: World) => string,
  own: (world: World) => Variables,
) =>
  reading({
    name,
    permissions: ['customer:read'],
    query: `query($given: ${argument === 'email' ? 'String' : 'ID'}!) { ${name}(${argument}: $given) { ${CUSTOMER} } }`,
    variables: (world) => ({ given: given(world) }),
    own: (world) => ({
      query: `query($i: CustomerIdentifier!) { customerBy(identifier: $i) { id ${OWN_ACTORS} } }`,
      variables: { i: own(world) },
    }),
  });

const OPERATIONS: readonly DialectOperation[] = [
  reading({
    name: 'tenant',
    permissions: ['tenant:read'],
    query: `query($tenantId: ID!) { tenant(tenantId: $tenantId) { ${TENANT} } }`,
    variables: ({ tenant }) => ({ tenantId: toPlainId('Tenant', rawId(tenant.id)) }),
    own: ({ tenant }) => ({
      query: `query($id: ID!) { tenant(id: $id) { id ${OWN_ACTORS} } }`,
      variables: { id: tenant.id },
    }),
  }),
  reading({
    name: 'tenants',
    permissions: ['tenant:read'],
    query: `query($last: Int, $filters: TenantsFilter) { tenants(last: $last, filters: $filters) {
      edges { cursor node { ${TENANT} } } ${PAGE} } }`,
    variables: ({ tenant }) => ({ last: 3, filters: { tenantIds: [rawId(tenant.id)] } }),
    own: () => ({ query: '{ tenants(last: 3) { nodes { id } pageInfo { endCursor } } }', variables: {} }),
  }),
  reading({
    name: 'searchTenants',
    permissions: ['tenant:read'],
    query: `query($term: String!) { searchTenants(searchQuery: { term: $term }) {
      edges { cursor node { tenant { ${TENANT} } } } ${PAGE} } }`,
    variables: ({ tenant }) => ({ term: tenant.externalId }),
    own: ({ tenant }) => ({
      query: 'query($s: String!) { tenants(filter: { search: $s }) { nodes { id } } }',
      variables: { s: tenant.externalId },
    }),
  }),
  customerBy(
    'customer',
    'customerId',
    ({ customer }) => toPlainId('Customer', rawId(customer.id)),
    ({ customer }) => ({ id: customer.id }),
  ),
  customerBy(
    'customerByEmail',
    'email',
    ({ customer }) => customer.email,
    ({ customer }) => ({ email: customer.email }),
  ),
  customerBy(
    'customerByExternalId',
    'externalId',
    ({ customer }) => customer.externalId,
    ({ customer }) => ({ externalId: customer.externalId }),
  ),
  reading({
    name: 'customers',
    permissions: ['customer:read', 'tenant:read'],
    query: `query($filters: CustomersFilter) { customers(last: 3, filters: $filters) {
      edges { cursor node { ${CUSTOMER} } } ${PAGE} totalCount } }`,
    variables: ({ tenant: { externalId } }) => ({
      filters: { isMarkedAsSpam: false, tenantIdentifiers: [{ externalId }] },
    }),
    own: () => ({ query: '{ customers(last: 3) { nodes { id } totalCount } }', variables: {} }),
  }),
  reading({
    name: 'searchCustomers',
    permissions: ['customer:read'],
    query: `query($q: CustomersSearchQuery!) { searchCustomers(searchQuery: $q) {
      edges { cursor node { ${CUSTOMER} } } ${PAGE} } }`,
    variables: ({ customer }) => ({ q: { or: [{ email: { caseInsensitiveContains: customer.email } }] } }),
    own: ({ customer }) => ({
      query: 'query($s: String!) { customers(filter: { search: $s }) { nodes { id } } }',
      variables: { s: customer.email },
    }),
  }),
  reading({
    name: 'myPermissions',
    permissions: [],
    query: '{ myPermissions { permissions } }',
    variables: () => ({}),
    own: () => ({ query: '{ viewer { permissions } }', variables: {} }),
  }),
  membership('addCustomerToTenants', ['customer:edit', 'customerTenantMembership:create'], 'otherTenant'),
  membership('removeCustomerFromTenants', ['customer:edit', 'customerTenantMembership:delete'], 'tenant'),
  membership(
    'setCustomerTenants',
    ['customer:edit', 'customerTenantMembership:create', 'customerTenantMembership:delete'],
    'otherTenant',
  ),
  writing({
    name: 'upsertTenant',
    permissions: ['tenant:create', 'tenant:edit'],
    payload: `result tenant { ${TENANT} }`,
    input: ({ tenant: { externalId } }) => ({ identifier: { externalId }, externalId, name: unique('Tenant') }),
    ownInput: ({ tenant: { externalId } }) => ({ identifier: { externalId }, externalId, name: unique('Tenant') }),
    ownPayload: 'outcome tenant { id }',
  }),
  writing({
    name: 'deleteTenant',
    permissions: ['tenant:delete'],
    payload: `tenant { ${TENANT} }`,
    input: ({ otherTenant }) => ({ tenantIdentifier: { externalId: otherTenant.externalId } }),
    ownInput: ({ otherTenant }) => ({ id: otherTenant.id }),
    ownPayload: 'tenant { id }',
  }),
  writing({
    name: 'upsertCustomer',
    permissions: ['customer:create', 'customer:edit'],
    payload: `result customer { ${CUSTOMER} }`,
    input: ({ customer: { email }, tenant }) => ({
      identifier: { emailAddress: email },
      onCreate: {
        fullName: unique('Customer'),
        email: { email, isVerified: false },
        tenantIdentifiers: [{ tenantId: toPlainId('Tenant', rawId(tenant.id)) }],
      },
      onUpdate: { fullName: { value: unique('Customer') } },
    }),
    ownInput: ({ customer: { email }, tenant }) => ({
      identifier: { email },
      name: unique('Customer'),
      tenantIdentifiers: [{ id: tenant.id }],
    }),
    ownPayload: 'outcome customer { id }',
    unreached: 'taken',
  }),
  writing({
    name: 'deleteCustomer',
    // Whoever deletes a customer holds what its users hold: here, those who have the role `member`.
    permissions: ['customer:delete', 'customer:read', 'tenant:read', 'user:read'],
    input: ({ customer }) => ({ customerId: toPlainId('Customer', rawId(customer.id)) }),
    ownInput: ({ customer }) => ({ id: customer.id }),
    ownPayload: 'customer { id }',
  }),
  ...WEBHOOK_OPERATIONS,
];

export const plain: DialectTable = {
  dialect: 'plain',
  prepare: prepareTarget,
  served: async () => operationsOf(schema),
  operations: OPERATIONS,
  outcomeOf({ status, data, text }, { name, writes }) {
    if (status === 403) return 'forbidden';
    const answered = status === 200 ? data[name] : undefined;
    if (answered === undefined) return 'refused';
    if (answered === null || answered.edges?.length === 0) return 'absent';
    if (!writes || answered.error === null) return 'done';
    if (answered.error.type === 'FORBIDDEN') return 'forbidden';
    if (answered.error.code === 'not_found') return 'absent';
    return text.includes('belongs to another record') ? 'taken' : 'refused';
  },
};
