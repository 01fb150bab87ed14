import { type Caller, isViewer, requireUnlessOwn } from '../../directory/access/viewer.ts';
import type { Permission } from '../../directory/kernel/permission-names.ts';
import { rolesByIds } from '../../directory/roles/queries.ts';
import { tenantsByIds } from '../../directory/tenants/queries.ts';
import { listTenantRolesWithOwn, type NamedTenantRoleRecord } from '../../directory/users/tenant-roles.ts';
import { Role } from '../roles/role.ts';
import { builder } from '../shared/builder.ts';
import { nestedList } from '../shared/connection.ts';
import { toGlobalId } from '../shared/ids.ts';
import { reference } from '../shared/per-record.ts';
import { reads } from '../shared/reads.ts';
import { Tenant } from '../tenants/tenant.ts';
import { User } from './user.ts';

/** Returns a resolver of what needs a permission, unless the role is the viewer's own. */
const unlessOwn =
  <Value>(needed: Permission, read: (role: NamedTenantRoleRecord) => Value) =>
  (role: NamedTenantRoleRecord, _args: object, { viewer }: Caller): Value => {
    requireUnlessOwn(viewer, role.userId, needed);
    return read(role);
  };

const UNLESS_OWN = (permission: Permission) => `Needs \`${permission}\`, unless the role is your own.`;

const TenantRole = builder.objectRef<NamedTenantRoleRecord>('TenantRole').implement({
  description:
    'That a user has a role in a tenant. Of your own, the ids and names need no permission: they are what you can give to `switchTenant`.',
  fields: (t) => ({
    tenantId: t.id({
      nullable: true,
      description: `The global id of the tenant. ${UNLESS_OWN('tenant:read')}`,
      ...reads('id', 'userId'),
      resolve: unlessOwn('tenant:read', ({ id }) => toGlobalId('Tenant', id)),
    }),
    tenantName: t.string({
      nullable: true,
      description: `The name of the tenant. ${UNLESS_OWN('tenant:read')}`,
      ...reads('tenantName', 'userId'),
      resolve: unlessOwn('tenant:read', ({ tenantName }) => tenantName),
    }),
    roleId: t.id({
      nullable: true,
      description: `The global id of the role there. ${UNLESS_OWN('role:read')}`,
      ...reads('roleId', 'userId'),
      resolve: unlessOwn('role:read', ({ roleId }) => toGlobalId('Role', roleId)),
    }),
    roleName: t.string({
      nullable: true,
      description: `The name of the role there. ${UNLESS_OWN('role:read')}`,
      ...reads('roleName', 'userId'),
      resolve: unlessOwn('role:read', ({ roleName }) => roleName),
    }),
    isCurrent: t.boolean({
      description: 'Whether it is yours, and where the token reaches that you are asking with.',
      ...reads('id', 'userId'),
      resolve: ({ id, userId }, _, { viewer }) =>
        isViewer(viewer, userId) && viewer.reach.kind === 'TENANTS' && viewer.reach.tenantIds.includes(id),
    }),
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The tenant; null if it is out of your reach. Needs `tenant:read`.',
      ...reference('id', tenantsByIds),
    }),
    role: t.field({
      type: Role,
      nullable: true,
      description: 'The role there. Needs `role:read`.',
      ...reference('roleId', rolesByIds),
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'Since when the user has a role in the tenant, whichever it was at first.',
    }),
  }),
});

const TenantRoleConnection = builder.connectionObject(
  { type: TenantRole, name: 'TenantRoleConnection', description: 'One page of roles in tenants.' },
  { name: 'TenantRoleEdge', description: 'A role in a tenant at its place in a list.' },
);

builder.objectField(User, 'tenantRoles', (t) =>
  t.connection(
    {
      type: TenantRole,
      description:
        'The roles of the user in live tenants, in the order of the tenants’ creation: your own in all of them, wherever your token reaches, and those of others in your reach. Needs `user:read`, unless they are your own.',
      ...nestedList(listTenantRolesWithOwn, {
        requireOf: (viewer, id) => requireUnlessOwn(viewer, id, 'user:read'),
      }),
    },
    TenantRoleConnection,
  ),
);
