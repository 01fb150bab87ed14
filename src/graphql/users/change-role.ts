import { run } from '../../directory/commands/command.ts';
import { addTenantUser } from '../../directory/users/add-tenant-user.ts';
import { changeRole } from '../../directory/users/change-role.ts';
import { RoleIdentifier } from '../roles/role-identifier.ts';
import { builder } from '../shared/builder.ts';
import { HAND_OUT_LINK } from '../shared/hand-out-link.ts';
import { localIdentifier } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { invitationLink } from './mutations.ts';
import { USER_DESCRIPTIONS, User, UserIdentifier } from './user.ts';

builder.relayMutationField(
  addTenantUser.name,
  {
    description: 'Who is to have which role in a tenant.',
    inputFields: (t) => ({
      email: t.string({ required: true, description: USER_DESCRIPTIONS.email }),
      roleIdentifier: t.field({
        type: RoleIdentifier,
        required: true,
        description: 'What names the role, of scope TENANT. It can hold no more than you do.',
      }),
      tenantIdentifier: t.field({ type: TenantIdentifier, required: true, description: 'What names the tenant.' }),
      handOutLink: t.boolean({ description: HAND_OUT_LINK }),
    }),
  },
  {
    ...commandField(
      addTenantUser,
      'Gives a role in a tenant to the user with this e-mail address, or creates one who has it. Whoever cannot sign in yet is mailed an invitation, unless one is open. Who has a role in the tenant already, or is out of your reach, is an AlreadyExistsError, and who is DEACTIVATED a ValidationError.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, addTenantUser, {
        ...input,
        roleIdentifier: localIdentifier('Role', input.roleIdentifier),
        tenantIdentifier: localIdentifier('Tenant', input.tenantIdentifier),
      }),
  },
  {
    description: 'The user has the role in the tenant.',
    outputFields: (t) => ({
      user: t.field({ type: User, description: 'The user.', ...recordLeft('user') }),
      isNew: t.exposeBoolean('isNew', { description: 'Whether there was no such user before.' }),
      invitationLink: invitationLink(t),
    }),
  },
);

const RolePlace = builder.inputType('RolePlaceInput', {
  description: 'A role, in the organization or in a tenant.',
  fields: (t) => ({
    roleIdentifier: t.field({
      type: RoleIdentifier,
      required: true,
      description: 'What names the role: of scope TENANT, if there is a tenant, else of scope ORGANIZATION.',
    }),
    tenantIdentifier: t.field({
      type: TenantIdentifier,
      description:
        'What names the tenant. Not given, the organization is meant, which is only for callers who reach all of it.',
    }),
  }),
});

/** Returns where a role is taken away or given, with its global ids replaced by local ids; nothing for nothing. */
const localPlace = (place: typeof RolePlace.$inferInput | null | undefined) =>
  place && {
    roleIdentifier: localIdentifier('Role', place.roleIdentifier),
    tenantIdentifier: place.tenantIdentifier && localIdentifier('Tenant', place.tenantIdentifier),
  };

builder.relayMutationField(
  changeRole.name,
  {
    description: 'A user, and which role to take away, which to give, or both.',
    inputFields: (t) => ({
      userIdentifier: t.field({ type: UserIdentifier, required: true, description: 'What names the user.' }),
      revoke: t.field({
        type: RolePlace,
        description:
          'The role to take away, which the user has. One in the organization only together with another one to give there.',
      }),
      assign: t.field({
        type: RolePlace,
        description:
          'The role to give, in place of another that the user has in the same place. One in the organization only to a team member.',
      }),
    }),
  },
  {
    ...commandField(
      changeRole,
      'Takes a role of a user away and gives another, both or neither. You must hold what they allow, and, for a role in the organization, all that the user holds.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, changeRole, {
        userIdentifier: localIdentifier('User', input.userIdentifier),
        revoke: localPlace(input.revoke),
        assign: localPlace(input.assign),
      }),
  },
  {
    description: 'The user has the one role and not the other.',
    outputFields: (t) => ({ user: t.field({ type: User, description: 'The user.', ...recordLeft('user') }) }),
  },
);
