import { editableTenants } from '../../directory/tenants/commands.ts';
import { findTenant, listTenants, readsTenantDetails, tenantsByIds } from '../../directory/tenants/queries.ts';
import { tenantsWhoseUsersAreEditable } from '../../directory/users/tenant-role-commands.ts';
import { auditFields } from '../shared/audit-fields.ts';
import { builder } from '../shared/builder.ts';
import { resolveConnection } from '../shared/connection.ts';
import { localIdentifier, requireIdOf } from '../shared/ids.ts';
import { entityFilterFields, ORDER_BY, RecordOrder } from '../shared/list-inputs.ts';
import { entityNode } from '../shared/node.ts';
import { recordWithGlobalId, resolveFound } from '../shared/per-record.ts';
import { columnsRead, reads } from '../shared/reads.ts';
import { detail } from '../shared/tenant-details.ts';
import { viewerCan } from '../shared/viewer-can.ts';
import { BillingProfile } from './billing.ts';

/** The statuses of a tenant, for its field, its filter and its inputs. */
export const TenantStatus = builder.enumType('TenantStatus', {
  description: 'Where a tenant stands.',
  values: {
    ACTIVE: { description: 'It is in use.' },
    PENDING: { description: 'It is not set up yet.' },
    DEACTIVATED: { description: 'It is switched off, but still there.' },
  } as const,
});

/** Descriptions of the fields that tenants have in the output type, in inputs and in imports alike. */
export const TENANT_DESCRIPTIONS = {
  name: 'The name, 1 to 256 characters.',
  externalId: 'The id of this tenant in your own system: unique among live tenants, with regard to case.',
  url: 'A page about the tenant, as it was given: free text, up to 2048 characters. Link it only if it is http or https.',
  description: 'Free text, up to 4096 characters.',
  status: 'Where the tenant stands.',
  partnerManaged: 'Whether a partner manages the tenant.',
  eventEnrichment: 'Whether events are enriched with advanced matching data.',
  test: 'Whether this tenant is there for testing only.',
  billing: 'How the tenant is invoiced.',
} as const;

/**
 * Tenants as nodes. `node` is null for one that is deleted or out of reach.
 * Callers who reach one customer find the tenants that it belongs to, and may ask for little of them: see `detail`.
 * @throws {ForbiddenError} for a caller without `tenant:read`.
 */
export const Tenant = entityNode('Tenant', tenantsByIds);

Tenant.implement({
  description:
    'An account of the product that the organization sells. Reading it needs `tenant:read`; callers who reach one customer may ask only for `id`, `name` and the `viewerCan…` fields, of the tenants that it belongs to.',
  fields: (t) => ({
    name: t.exposeString('name', { description: TENANT_DESCRIPTIONS.name }),
    externalId: t.string({
      nullable: true,
      description: `${TENANT_DESCRIPTIONS.externalId} Null if there is none.`,
      resolve: detail(({ externalId }) => externalId),
    }),
    url: t.string({
      nullable: true,
      description: `${TENANT_DESCRIPTIONS.url} Null if there is none.`,
      resolve: detail(({ url }) => url),
    }),
    description: t.string({
      nullable: true,
      description: `${TENANT_DESCRIPTIONS.description} Null if there is none.`,
      resolve: detail(({ description }) => description),
    }),
    status: t.field({
      type: TenantStatus,
      description: TENANT_DESCRIPTIONS.status,
      resolve: detail(({ status }) => status),
    }),
    partnerManaged: t.boolean({
      description: TENANT_DESCRIPTIONS.partnerManaged,
      resolve: detail(({ partnerManaged }) => partnerManaged),
    }),
    eventEnrichment: t.boolean({
      description: TENANT_DESCRIPTIONS.eventEnrichment,
      resolve: detail(({ eventEnrichment }) => eventEnrichment),
    }),
    test: t.boolean({ description: TENANT_DESCRIPTIONS.test, resolve: detail(({ test }) => test) }),
    billing: t.field({
      type: BillingProfile,
      description: TENANT_DESCRIPTIONS.billing,
      resolve: detail((tenant) => tenant),
    }),
    ...auditFields(t, 'tenant', detail),
    viewerCanView: t.boolean({
      description: 'Whether you may read more of it than its id and its name.',
      ...reads(),
      resolve: (_tenant, _args, { viewer }) => readsTenantDetails(viewer),
    }),
    viewerCanEditSettings: t.boolean({
      description: 'Whether `updateTenant` would change it now, if you asked for it.',
      ...viewerCan(editableTenants),
    }),
    viewerCanEditUsers: t.boolean({
      description:
        'Whether you may give and take roles in it, as `assignTenantRole` and `revokeTenantRole` do: those that hold no more than you do.',
      ...viewerCan(tenantsWhoseUsersAreEditable),
    }),
  }),
});

/** The one page type of every list of tenants, so that clients read all of them alike. */
export const TenantConnection = builder.connectionObject(
  { type: Tenant, name: 'TenantConnection', description: 'One page of tenants.' },
  { name: 'TenantEdge', description: 'A tenant at its place in a list.' },
);

/** Names one tenant in an input. Commands take it with a local id: see `localIdentifier`. */
export const TenantIdentifier = builder.inputType('TenantIdentifier', {
  description: 'Names one tenant, by exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'Its global id.' }),
    externalId: t.string({ description: 'Its external id, with regard to case.' }),
  }),
});

const TenantFilter = builder.inputType('TenantFilter', {
  description: 'Which tenants a list has: those that satisfy everything given here.',
  fields: (t) => ({
    ...entityFilterFields(t, {
      deleted:
        'Whether deleted tenants are listed; EXCLUDE if not given. They are only ever shown to callers who reach the whole organization.',
      searched: 'name',
    }),
    statuses: t.field({ type: [TenantStatus], description: 'Any of these, at least one.' }),
  }),
});

builder.queryFields((t) => ({
  tenant: t.field({
    type: Tenant,
    nullable: true,
    description:
      'The tenant with this id; null when there is none, or it is deleted or out of your reach. Needs `tenant:read`.',
    args: { id: t.arg.id({ required: true, description: 'The global id of a tenant.' }) },
    resolve: (_, { id }, caller, info) => recordWithGlobalId('Tenant', tenantsByIds, id, caller, info),
  }),
  tenantBy: t.field({
    type: Tenant,
    nullable: true,
    description:
      'The tenant that is named so; null when there is none, or it is deleted or out of your reach. Needs `tenant:read`.',
    args: { identifier: t.arg({ type: TenantIdentifier, required: true, description: 'What names the tenant.' }) },
    resolve: (_, { identifier }, caller, info) => {
      const found = findTenant(caller, localIdentifier('Tenant', identifier));
      requireIdOf('Tenant', identifier.id, 'identifier.id');
      return resolveFound(found, caller, info);
    },
  }),
  tenants: t.connection(
    {
      type: Tenant,
      description: 'The tenants in your reach. Needs `tenant:read`.',
      args: {
        filter: t.arg({ type: TenantFilter, description: 'Which tenants; all live ones if not given.' }),
        orderBy: t.arg({
          type: RecordOrder,
          description: ORDER_BY,
        }),
      },
      resolve: (_, args, caller, info) =>
        resolveConnection(listTenants(caller, { ...args, columns: columnsRead(info) }), caller, info),
    },
    TenantConnection,
  ),
}));
