import { assignableRoles } from '../../directory/roles/queries.ts';
import { editableTenants } from '../../directory/tenants/commands.ts';
import {
  findTenant,
  readsTenantDetails,
  requireTenantDetails,
  type TenantRecord,
} from '../../directory/tenants/queries.ts';
import { DEFAULT_WINDOW_HOURS } from '../../directory/usage/traffic-hours.ts';
import { usageOfTenants } from '../../directory/usage/usage.ts';
import { listUsersOfTenants, type UserRecord } from '../../directory/users/queries.ts';
import { tenantsWhoseUsersAreEditable } from '../../directory/users/tenant-role-commands.ts';
import { once } from '../../graphql/shared/eventually.ts';
import { foundPerId, perRecord, resolveFound } from '../../graphql/shared/per-record.ts';
import { extended, price, WHOLE_LIST } from '../../graphql/shared/prices.ts';
import { detail } from '../../graphql/shared/tenant-details.ts';
import { viewerCan } from '../../graphql/shared/viewer-can.ts';
import { needs } from '../shared/needs.ts';
import { builder } from './builder.ts';
import { notFound } from './errors.ts';
import { count, everyBelow, LISTED_ROLES } from './lists.ts';
import { idGiven } from './records.ts';
import { type PlacedRole, Role } from './role.ts';
import { TenantUsage } from './usage.ts';
import { User } from './user-type.ts';

/** The document's numbers. */
export const SPELLED_STATUSES: Record<TenantRecord['status'], number> = { ACTIVE: 0, PENDING: 1, DEACTIVATED: 2 };

export const TENANT_STATUS = 'Where the tenant stands: 0 active, 1 not set up yet, 2 deactivated.';

export const Tenant = builder.objectRef<TenantRecord>('Tenant');

const usersOfTenants = perRecord<TenantRecord, object, readonly UserRecord[]>(
  ['id'],
  (caller, records, _args, asked) => {
    requireTenantDetails(caller.viewer);
    const every = everyBelow(caller, records, listUsersOfTenants, asked);
    return every && (({ id }) => every.of(id));
  },
);

/** The same for every tenant. */
const rolesOfTenants = perRecord<TenantRecord, object, PlacedRole[]>(['id', 'name'], (caller) => {
  requireTenantDetails(caller.viewer);
  const found = once(() => assignableRoles(caller, 'TENANT').rows());
  found();
  return async (tenant) => {
    const roles = count(caller, await found());
    return roles.map((role) => ({ role, tenantId: tenant.id, tenant }));
  };
});

const usageOfTenant = foundPerId((caller, ids) => usageOfTenants(caller, ids, DEFAULT_WINDOW_HOURS));

Tenant.implement({
  description:
    'An account of the product. Reading it needs `tenant:read`; callers who reach one customer may ask only for `id`, `name` and what they can do in it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id: a UUID.' }),
    name: t.exposeString('name', { description: 'The name, 1 to 256 characters.' }),
    status: t.int({ description: TENANT_STATUS, resolve: detail(({ status }) => SPELLED_STATUSES[status]) }),
    canPartnerManage: t.boolean({
      description: 'Whether a partner manages the tenant.',
      resolve: detail(({ partnerManaged }) => partnerManaged),
    }),
    users: t.field({
      type: [User],
      ...extended(usersOfTenants, needs('user:read'), price(WHOLE_LIST)),
      description: 'The users with a role in the tenant, the oldest first. Needs `user:read`.',
    }),
    availableRoles: t.field({
      type: [Role],
      ...extended(rolesOfTenants, needs('role:read'), price(LISTED_ROLES)),
      description: 'The roles that you could give in the tenant, the highest first. Needs `role:read`.',
    }),
    tenantUsage: t.field({
      type: TenantUsage,
      ...extended(usageOfTenant, needs('usage:read')),
      nullable: true,
      description: 'What it has, and its traffic; null when it has just been deleted. Needs `usage:read`.',
    }),
    canEditTenantSettingsInUI: t.boolean({
      description: 'Whether `updateTenant` would change it now, if you asked for it.',
      ...viewerCan(editableTenants),
    }),
    canViewTenantInUI: t.boolean({
      description: 'Whether you may read more of it than its id and its name.',
      resolve: (_tenant, _args, { viewer }) => readsTenantDetails(viewer),
    }),
    canEditTenantUsersInUI: t.boolean({
      description: 'Whether you may give and take roles in it: those that hold no more than you do.',
      ...viewerCan(tenantsWhoseUsersAreEditable),
    }),
  }),
});

builder.queryField('tenant', (t) =>
  t.field({
    type: Tenant,
    description: 'The tenant with this id. Needs `tenant:read`.',
    args: { tenantId: t.arg.string({ required: true, description: 'The id of the tenant.' }) },
    resolve: async (_, { tenantId }, caller, info) => {
      const tenant = await resolveFound(findTenant(caller, { id: idGiven('Tenant', tenantId) }), caller, info);
      if (tenant === null) throw notFound('tenant');
      return tenant;
    },
  }),
);
