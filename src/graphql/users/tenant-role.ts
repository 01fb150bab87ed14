import { type Caller, isViewer, requireUnlessOwn } from '../../directory/access/viewer.ts';
import { run } from '../../directory/commands/command.ts';
import type { Permission } from '../../directory/kernel/permission-names.ts';
import { rolesByIds } from '../../directory/roles/queries.ts';
import { tenantsByIds } from '../../directory/tenants/queries.ts';
import { assignTenantRole, revokeTenantRole } from '../../directory/users/tenant-role-commands.ts';
import { listTenantRolesWithOwn, type NamedTenantRoleRecord } from '../../directory/users/tenant-roles.ts';
import { Role, RoleIdentifier } from '../roles/role.ts';
import { builder } from '../shared/builder.ts';
import { nestedList } from '../shared/connection.ts';
import { localIdentifier, toGlobalId } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { reference } from '../shared/per-record.ts';
import { reads } from '../shared/reads.ts';
import { Tenant, TenantIdentifier } from '../tenants/tenant.ts';
import { User, UserIdentifier } from './user.ts';

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

builder.relayMutationField(
  assignTenantRole.name,
  {
    description: 'A user, a tenant, and the role that the user is to have there.',
    inputFields: (t) => ({
      userIdentifier: t.field({ type: UserIdentifier, required: true, description: 'What names the user.' }),
      tenantIdentifier: t.field({ type: TenantIdentifier, required: true, description: 'What names the tenant.' }),
      roleIdentifier: t.field({
        type: RoleIdentifier,
        required: true,
        description: 'What names the role, of scope TENANT.',
      }),
    }),
  },
  {
    ...commandField(
      assignTenantRole,
      'Gives a user a role in a tenant, in place of the one that the user has there. You must hold what both allow. Whoever is DEACTIVATED is added to no tenant.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, assignTenantRole, {
        userIdentifier: localIdentifier('User', input.userIdentifier),
        tenantIdentifier: localIdentifier('Tenant', input.tenantIdentifier),
        roleIdentifier: localIdentifier('Role', input.roleIdentifier),
      }),
  },
  {
    description: 'The user has the role in the tenant. If it was so before, nothing was written.',
    outputFields: (t) => ({ user: t.field({ type: User, description: 'The user.', ...recordLeft('user') }) }),
  },
);

builder.relayMutationField(
  revokeTenantRole.name,
  {
    description: 'A user, and the tenant where the user is to have no role.',
    inputFields: (t) => ({
      userIdentifier: t.field({ type: UserIdentifier, required: true, description: 'What names the user.' }),
      tenantIdentifier: t.field({ type: TenantIdentifier, required: true, description: 'What names the tenant.' }),
    }),
  },
  {
    ...commandField(
      revokeTenantRole,
      'Takes the role of a user in a tenant away. Doing so again changes nothing. You must hold what it allows.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, revokeTenantRole, {
        userIdentifier: localIdentifier('User', input.userIdentifier),
        tenantIdentifier: localIdentifier('Tenant', input.tenantIdentifier),
      }),
  },
  {
    description: 'The user has no role in the tenant.',
    outputFields: (t) => ({ user: t.field({ type: User, description: 'The user.', ...recordLeft('user') }) }),
  },
);
