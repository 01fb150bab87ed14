import type { PlainClient as Newer } from '@team-plain/graphql';
import { expect } from 'vitest';

/** What the clients of all versions have in common: methods that answer data, or an error. */
export type Older = Record<string, (input: unknown) => Promise<{ data?: unknown; error?: unknown }>>;

/** What a run of all calls is about: everything in it is the client's own. */
export interface Subject {
  externalId: string;
  emailAddress: string;
  personId: string;
  /** The ids that the API shows, once the client has been told them. */
  customerId: string;
  tenantId: string;
  webhookTargetId: string;
}

/** A call of the documented API, as each of its clients makes it. */
export interface Call {
  /** The field that it asks for. */
  name: string;
  /** The method of the older clients, where any of them has one. */
  older?: string;
  /** What the method takes. */
  input: (subject: Subject) => object;
  newer?: (client: Newer, subject: Subject) => Promise<unknown>;
  /** What every client shows of the answer, wherever in it. */
  shows: (subject: Subject) => readonly unknown[];
}

const upsertTenant = ({ externalId }: Subject) => ({
  identifier: { externalId },
  externalId,
  name: `Tenant ${externalId}`,
  // As in the vendor's own example.
  url: { value: 'acme.com' },
});

const upsertCustomer = ({ emailAddress, personId }: Subject) => ({
  identifier: { emailAddress },
  onCreate: {
    fullName: 'Jane Fargate',
    shortName: 'Jane',
    externalId: personId,
    email: { email: emailAddress, isVerified: true },
  },
  onUpdate: { fullName: { value: 'Jane Fargate' } },
});

const membership = ({ emailAddress, externalId }: Subject) => ({
  customerIdentifier: { emailAddress },
  tenantIdentifiers: [{ externalId }],
});

/** A webhook target of a client: nothing answers there, and nothing is sent. */
export const webhookTarget = ({ externalId }: Pick<Subject, 'externalId'>) => ({
  url: `https://${externalId}.example/hook`,
  description: 'Customers',
  isEnabled: false,
  eventSubscriptions: [{ eventType: 'customer.customer_created' }],
});

const jane = ({ customerId, emailAddress, personId }: Subject) => [customerId, 'Jane Fargate', emailAddress, personId];
const tenant = ({ tenantId, externalId }: Subject) => [tenantId, externalId, 'acme.com'];

const target = (subject: Subject) => [subject.webhookTargetId, webhookTarget(subject).url, 'customer.customer_created'];

/** In the order in which they are made: each finds what the ones before it have left. */
export const CALLS: readonly Call[] = [
  {
    name: 'myPermissions',
    input: () => ({}),
    newer: (client) => client.query.myPermissions(),
    shows: () => ['customer:edit', 'tenant:read'],
  },
  {
    name: 'upsertTenant',
    older: 'upsertTenant',
    input: upsertTenant,
    newer: (client, subject) => client.mutation.upsertTenant({ input: upsertTenant(subject) }),
    shows: tenant,
  },
  {
    name: 'tenant',
    older: 'getTenantById',
    input: ({ tenantId }) => ({ tenantId }),
    newer: (client, { tenantId }) => client.query.tenant({ tenantId }),
    shows: tenant,
  },
  {
    name: 'tenants',
    older: 'getTenants',
    input: () => ({ first: 100 }),
    newer: async (client, { tenantId }) =>
      (await client.query.tenants({ first: 100, filters: { tenantIds: [tenantId] } })).nodes,
    shows: tenant,
  },
  {
    name: 'searchTenants',
    older: 'searchTenants',
    input: ({ externalId }) => ({ searchQuery: { term: externalId } }),
    newer: async (client, { externalId }) =>
      (await client.query.searchTenants({ searchQuery: { term: externalId } })).edges.map(({ node }) => node.tenant),
    shows: tenant,
  },
  {
    name: 'upsertCustomer',
    older: 'upsertCustomer',
    input: upsertCustomer,
    newer: (client, subject) => client.mutation.upsertCustomer({ input: upsertCustomer(subject) }),
    shows: (subject) => jane(subject),
  },
  {
    name: 'customer',
    older: 'getCustomerById',
    input: ({ customerId }) => ({ customerId }),
    newer: (client, { customerId }) => client.query.customer({ customerId }),
    shows: jane,
  },
  {
    name: 'customerByEmail',
    older: 'getCustomerByEmail',
    input: ({ emailAddress: email }) => ({ email }),
    newer: (client, { emailAddress: email }) => client.query.customerByEmail({ email }),
    shows: jane,
  },
  {
    name: 'customerByExternalId',
    older: 'getCustomerByExternalId',
    input: ({ personId: externalId }) => ({ externalId }),
    newer: (client, { personId: externalId }) => client.query.customerByExternalId({ externalId }),
    shows: jane,
  },
  {
    name: 'addCustomerToTenants',
    older: 'addCustomerToTenants',
    input: membership,
    newer: (client, subject) => client.mutation.addCustomerToTenants({ input: membership(subject) }),
    shows: () => [],
  },
  {
    name: 'Customer.tenantMemberships',
    older: 'getCustomerTenantMemberships',
    input: ({ customerId }) => ({ customerId }),
    shows: tenant,
  },
  {
    name: 'customers',
    older: 'getCustomers',
    input: () => ({ first: 100, filters: { isMarkedAsSpam: false } }),
    newer: async (client, { tenantId }) => {
      const { totalCount, nodes } = await client.query.customers({
        first: 100,
        filters: { isMarkedAsSpam: false, tenantIdentifiers: [{ tenantId }] },
      });
      return [totalCount, ...nodes];
    },
    shows: jane,
  },
  {
    name: 'searchCustomers',
    input: () => ({}),
    newer: async (client, { emailAddress }) => {
      const or = [{ email: { caseInsensitiveContains: emailAddress } }];
      return (await client.query.searchCustomers({ searchQuery: { or } })).nodes;
    },
    shows: jane,
  },
  {
    name: 'Customer.customerGroupMemberships',
    older: 'getCustomerCustomerGroupMemberships',
    input: ({ customerId }) => ({ customerId, first: 5 }),
    newer: async (client, { customerId }) =>
      (await (await client.query.customer({ customerId })).customerGroupMemberships({ first: 5 })).nodes,
    shows: () => [],
  },
  {
    name: 'setCustomerTenants',
    older: 'setCustomerTenants',
    input: membership,
    newer: (client, subject) => client.mutation.setCustomerTenants({ input: membership(subject) }),
    shows: () => [],
  },
  {
    name: 'removeCustomerFromTenants',
    older: 'removeCustomerFromTenants',
    input: membership,
    newer: (client, subject) => client.mutation.removeCustomerFromTenants({ input: membership(subject) }),
    shows: () => [],
  },
  {
    name: 'deleteCustomer',
    older: 'deleteCustomer',
    input: ({ customerId }) => ({ customerId }),
    newer: (client, { customerId }) => client.mutation.deleteCustomer({ input: { customerId } }),
    shows: () => [],
  },
  {
    name: 'subscriptionEventTypes',
    input: () => ({}),
    newer: (client) => client.query.subscriptionEventTypes(),
    shows: () => ['customer.customer_created', 'customer.customer_updated', 'customer.customer_deleted'],
  },
  {
    name: 'webhookVersions',
    input: () => ({}),
    newer: (client) => client.query.webhookVersions({ first: 5 }),
    shows: () => ['2026-02-27'],
  },
  {
    name: 'createWebhookTarget',
    older: 'createWebhookTarget',
    input: webhookTarget,
    newer: (client, subject) =>
      client.mutation.createWebhookTarget({ input: { ...webhookTarget(subject), version: '2026-02-27' } }),
    shows: (subject) => [webhookTarget(subject).url, 'customer.customer_created'],
  },
  {
    name: 'webhookTarget',
    older: 'getWebhookTargetById',
    input: ({ webhookTargetId: id }) => ({ id }),
    newer: (client, { webhookTargetId }) => client.query.webhookTarget({ webhookTargetId }),
    shows: target,
  },
  {
    name: 'webhookTargets',
    older: 'getWebhookTargets',
    input: () => ({ first: 100 }),
    newer: async (client) => (await client.query.webhookTargets({ first: 100 })).nodes,
    shows: target,
  },
  {
    name: 'updateWebhookTarget',
    older: 'updateWebhookTarget',
    input: ({ webhookTargetId }) => ({ webhookTargetId, description: { value: 'All customers' } }),
    newer: (client, { webhookTargetId }) =>
      client.mutation.updateWebhookTarget({ input: { webhookTargetId, description: { value: 'All customers' } } }),
    shows: (subject) => [...target(subject), 'All customers'],
  },
  {
    name: 'deleteWebhookTarget',
    older: 'deleteWebhookTarget',
    input: ({ webhookTargetId }) => ({ webhookTargetId }),
    newer: (client, { webhookTargetId }) => client.mutation.deleteWebhookTarget({ input: { webhookTargetId } }),
    shows: () => [],
  },
  {
    name: 'workspaceHmac',
    input: () => ({}),
    newer: (client) => client.query.workspaceHmac(),
    shows: () => [expect.stringMatching(/^[0-9a-f]{64}$/)],
  },
  {
    name: 'regenerateWorkspaceHmac',
    input: () => ({}),
    newer: (client) => client.mutation.regenerateWorkspaceHmac(),
    shows: () => [expect.stringMatching(/^[0-9a-f]{64}$/)],
  },
  {
    name: 'deleteTenant',
    input: () => ({}),
    newer: (client, { tenantId }) => client.mutation.deleteTenant({ input: { tenantIdentifier: { tenantId } } }),
    shows: ({ tenantId }) => [tenantId],
  },
];
