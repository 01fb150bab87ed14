import { run } from '../../directory/commands/command.ts';
import { assignTenantRole, revokeTenantRole } from '../../directory/users/tenant-role-commands.ts';
import { RoleIdentifier } from '../roles/role-identifier.ts';
import { builder } from '../shared/builder.ts';
import { localIdentifier } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { User, UserIdentifier } from './user.ts';

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
