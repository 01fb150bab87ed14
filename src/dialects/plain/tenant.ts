import * as z from 'zod';
import { flag, MAX_IDENTIFIERS, parse } from '../../directory/kernel/input.ts';
import { lazily } from '../../directory/kernel/lazily.ts';
import {
  findTenant,
  listTenants,
  type TenantListArguments,
  type TenantRecord,
} from '../../directory/tenants/queries.ts';
import { resolveConnection } from '../../graphql/shared/connection.ts';
import { resolveFound } from '../../graphql/shared/per-record.ts';
import { COVERED, price } from '../../graphql/shared/prices.ts';
import { detail } from '../../graphql/shared/tenant-details.ts';
import { InternalActor, shownActor } from './actors.ts';
import { builder, DateTime } from './builder.ts';
import { fromPlainId, localId, toPlainId } from './ids.ts';
import { DatetimeFilter, termOf, updatedWithin } from './lists.ts';
import { ThreadChannelAssociation, Tier } from './support.ts';
import { TenantField } from './tenant-fields.ts';

const TenantSource = builder.enumType('TenantSource', {
  description: 'Where a tenant comes from.',
  values: { API: { description: 'It was made by a program or a person, through an API.' } } as const,
});

export const Tenant = builder.objectRef<TenantRecord>('Tenant');

/** In place of an external id that is none, or that would be read as the id of another tenant. */
const shownExternalId = ({ id, externalId }: TenantRecord): string =>
  externalId === null || fromPlainId('Tenant', externalId) !== null ? toPlainId('Tenant', id) : externalId;

Tenant.implement({
  description:
    'An account of the product that the organization sells. Callers who reach one customer may ask only for `id` and `name`, of the tenants that it belongs to.',
  fields: (t) => ({
    id: t.id({ description: 'Begins with `te_`.', resolve: ({ id }) => toPlainId('Tenant', id) }),
    name: t.exposeString('name', { description: 'The name, 1 to 256 characters.' }),
    externalId: t.string({
      description:
        'The id of this tenant in your own system: unique among live tenants, with regard to case. The `id` of a tenant that has none, or one that is spelled like an `id`.',
      resolve: detail(shownExternalId),
    }),
    url: t.string({
      nullable: true,
      description: 'A page about the tenant, as it was given: free text, up to 2048 characters. Null if there is none.',
      resolve: detail(({ url }) => url),
    }),
    source: t.field({
      type: TenantSource,
      description: 'Always API: there are no other sources.',
      resolve: () => 'API' as const,
    }),
    tier: t.field({ type: Tier, nullable: true, description: 'Always null: there are no tiers.', resolve: () => null }),
    tenantFields: t.field({
      type: [TenantField],
      ...price(COVERED),
      description: 'Always empty: there are no fields of your own.',
      resolve: () => [],
    }),
    threadChannelAssociations: t.field({
      type: [ThreadChannelAssociation],
      ...price(COVERED),
      description: 'Always empty: there are no channels.',
      resolve: () => [],
    }),
    primaryDomain: t.string({ nullable: true, description: 'Always null: none are kept.', resolve: () => null }),
    alternateDomains: t.stringList({ description: 'Always empty: none are kept.', resolve: () => [] }),
    isDomainAutoJoinEnabled: t.boolean({
      description: 'Always false: nobody joins a tenant by an e-mail address.',
      resolve: () => false,
    }),
    logoUrl: t.string({ nullable: true, description: 'Always null: none are kept.', resolve: () => null }),
    createdAt: t.field({
      type: DateTime,
      description: 'When the tenant was created.',
      resolve: detail(({ createdAt }) => createdAt),
    }),
    createdBy: t.field({
      type: InternalActor,
      description: 'Who created the tenant.',
      resolve: detail(({ createdByType, createdById }) => shownActor(createdByType, createdById)),
    }),
    updatedAt: t.field({
      type: DateTime,
      description: 'When the tenant was last changed.',
      resolve: detail(({ updatedAt }) => updatedAt),
    }),
    updatedBy: t.field({
      type: InternalActor,
      description: 'Who changed the tenant last, or created it.',
      resolve: detail(({ updatedByType, updatedById }) => shownActor(updatedByType, updatedById)),
    }),
  }),
});

const TenantsFilter = builder.inputType('TenantsFilter', {
  description: 'Which tenants a list has: those that satisfy everything given here.',
  fields: (t) => ({
    isDeleted: t.boolean({
      description:
        'True for those that are deleted, which only callers see who reach the whole organization; else those that are not.',
    }),
    tenantIds: t.idList({
      description: 'Those with these ids, 1 to 100. One that is not there, or out of your reach, is left out.',
    }),
    updatedAt: t.field({ type: DatetimeFilter, description: 'Last changed within.' }),
  }),
});

const tenantsFilter = lazily(() =>
  z.object({
    isDeleted: flag().nullish(),
    tenantIds: z
      .array(z.string().transform((id) => localId('Tenant', id)))
      .min(1, 'must not be empty')
      .max(MAX_IDENTIFIERS, `must be at most ${MAX_IDENTIFIERS}`)
      .nullish(),
    updatedAt: updatedWithin(),
  }),
);

function tenantFilter(given: typeof TenantsFilter.$inferInput | null | undefined): TenantListArguments['filter'] {
  if (given == null) return null;
  const { isDeleted, tenantIds: ids, updatedAt } = parse(tenantsFilter, given, 'filters');
  return { deleted: isDeleted ? 'ONLY' : 'EXCLUDE', ids, updatedAt };
}

const TenantConnection = builder.connectionObject(
  { type: Tenant, name: 'TenantConnection', description: 'One page of tenants.' },
  { name: 'TenantEdge', description: 'A tenant at its place in a list.' },
);

const TenantSearchResult = builder.objectRef<TenantRecord>('TenantSearchResult').implement({
  description: 'A tenant that a search found.',
  fields: (t) => ({ tenant: t.field({ type: Tenant, description: 'The tenant.', resolve: (tenant) => tenant }) }),
});

const TenantSearchResultConnection = builder.connectionObject(
  { type: TenantSearchResult, name: 'TenantSearchResultConnection', description: 'One page of what a search found.' },
  { name: 'TenantSearchResultEdge', description: 'A tenant that was found, at its place in a list.' },
);

const TenantsSearchQuery = builder.inputType('TenantsSearchQuery', {
  description: 'What to look for.',
  fields: (t) => ({
    term: t.string({
      required: true,
      description:
        'At least 2 characters, without regard to case and accents: words in any order, of three characters and more anywhere in the name, of one or two where a word begins; or an external id as a whole, with regard to case.',
    }),
  }),
});

const filters = 'Which tenants; all live ones if not given.';
const ORDER = 'the oldest first, or, filtered by `updatedAt`, as they changed';

builder.queryFields((t) => ({
  tenant: t.field({
    type: Tenant,
    nullable: true,
    description: 'The tenant with this id; null when there is none in your reach. Needs `tenant:read`.',
    args: { tenantId: t.arg.id({ required: true, description: 'Begins with `te_`, or is a UUID.' }) },
    resolve: (_, { tenantId }, caller, info) =>
      resolveFound(findTenant(caller, { id: localId('Tenant', tenantId) }), caller, info),
  }),
  tenants: t.connection(
    {
      type: Tenant,
      description: `The tenants in your reach, ${ORDER}. Needs \`tenant:read\`.`,
      args: { filters: t.arg({ type: TenantsFilter, description: filters }) },
      resolve: (_, { filters, ...page }, caller, info) =>
        resolveConnection(listTenants(caller, { ...page, filter: tenantFilter(filters) }), caller, info),
    },
    TenantConnection,
  ),
  searchTenants: t.connection(
    {
      type: TenantSearchResult,
      description: `The tenants in your reach that are found, ${ORDER}. Needs \`tenant:read\`.`,
      args: {
        searchQuery: t.arg({ type: TenantsSearchQuery, required: true, description: 'What to look for.' }),
        filters: t.arg({ type: TenantsFilter, description: filters }),
      },
      resolve: (_, { searchQuery, filters, ...page }, caller, info) =>
        resolveConnection(
          listTenants(caller, { ...page, filter: { ...tenantFilter(filters), search: termOf(searchQuery) } }),
          caller,
          info,
        ),
    },
    TenantSearchResultConnection,
  ),
}));
