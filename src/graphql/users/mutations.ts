import { run } from '../../directory/commands/command.ts';
import { deleteUser, restoreUser, updateUser } from '../../directory/users/commands.ts';
import {
  createCustomerUser,
  createOrganizationUser,
  createTenantUser,
} from '../../directory/users/creation-commands.ts';
import type { InvitedResult, UserResult } from '../../directory/users/entity.ts';
import { CustomerIdentifier } from '../customers/customer.ts';
import { RoleIdentifier } from '../roles/role-identifier.ts';
import { builder, type InputFields, type OutputFields } from '../shared/builder.ts';
import { deletionMutation, namingFields, restorationMutation } from '../shared/entity-mutations.ts';
import { HAND_OUT_LINK } from '../shared/hand-out-link.ts';
import { localIdentifier, localNaming } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { EXPECTED_VERSION } from '../shared/mutation-parts.ts';
import { recordLeft } from '../shared/payload.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { ANOTHER_EMAIL, USER_DESCRIPTIONS, User, UserIdentifier, UserStatus } from './user.ts';

/** The input fields that describe a user, for whatever creates or changes one, imports included. */
export const userFields = (t: InputFields) => ({
  name: t.string({ description: USER_DESCRIPTIONS.name }),
  phone: t.string({ description: USER_DESCRIPTIONS.phone }),
  avatarUrl: t.string({ description: USER_DESCRIPTIONS.avatarUrl }),
  externalId: t.string({ description: USER_DESCRIPTIONS.externalId }),
});

const newUserFields = (t: InputFields, scope: string) => ({
  email: t.string({ required: true, description: USER_DESCRIPTIONS.email }),
  ...userFields(t),
  roleIdentifier: t.field({
    type: RoleIdentifier,
    required: true,
    description: `What names the role, of scope ${scope}. It can hold no more than you do.`,
  }),
  handOutLink: t.boolean({ description: HAND_OUT_LINK }),
});

/** Returns the field with the link of an invitation, for the payload of a mutation that takes `handOutLink`. */
export const invitationLink = <Result extends Pick<InvitedResult, 'linkToken'>>(t: OutputFields<Result>) =>
  t.string({
    nullable: true,
    description:
      'The link of the invitation, if you asked for it: null if the user has a password already or holds more than you do, and where PUBLIC_URL is not set. It is shown once: null for a repetition under the same `Idempotency-Key`. `inviteUser` makes another.',
    resolve: ({ linkToken }, _, caller) => linkToken && caller.linkTo('INVITATION', linkToken),
  });

const created = {
  description: 'The user was created, INVITED, and is mailed an invitation.',
  outputFields: (t: OutputFields<InvitedResult>) => ({
    user: t.field({ type: User, description: 'The new user.', ...recordLeft('user') }),
    invitationLink: invitationLink(t),
  }),
};

builder.relayMutationField(
  createOrganizationUser.name,
  { description: 'A new team member.', inputFields: (t) => newUserFields(t, 'ORGANIZATION') },
  {
    ...commandField(
      createOrganizationUser,
      'Creates a user with a role in the organization. Only for callers who reach the whole organization. An API key that expires creates nobody who could let in others: with `apiKey:edit`, `role:edit`, `user:create` or `organization:edit`.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, createOrganizationUser, {
        ...input,
        roleIdentifier: localIdentifier('Role', input.roleIdentifier),
      }),
  },
  created,
);

builder.relayMutationField(
  createCustomerUser.name,
  {
    description: 'A new user of a customer.',
    inputFields: (t) => ({
      ...newUserFields(t, 'CUSTOMER'),
      customerIdentifier: t.field({
        type: CustomerIdentifier,
        required: true,
        description: 'What names the customer that the user belongs to. It stays so.',
      }),
    }),
  },
  {
    ...commandField(
      createCustomerUser,
      'Creates a user of a customer, with a role there. Only for callers who reach the whole organization, or that customer.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, createCustomerUser, {
        ...input,
        roleIdentifier: localIdentifier('Role', input.roleIdentifier),
        customerIdentifier: localIdentifier('Customer', input.customerIdentifier),
      }),
  },
  created,
);

builder.relayMutationField(
  createTenantUser.name,
  {
    description: 'A new user with a role in a tenant.',
    inputFields: (t) => ({
      ...newUserFields(t, 'TENANT'),
      tenantIdentifier: t.field({
        type: TenantIdentifier,
        required: true,
        description: 'What names the tenant where the user has the role, and starts.',
      }),
    }),
  },
  {
    ...commandField(createTenantUser, 'Creates a user with a role in one tenant, and none in the organization.'),
    resolve: (_, { input }, caller) =>
      run(caller, createTenantUser, {
        ...input,
        roleIdentifier: localIdentifier('Role', input.roleIdentifier),
        tenantIdentifier: localIdentifier('Tenant', input.tenantIdentifier),
      }),
  },
  created,
);

builder.relayMutationField(
  updateUser.name,
  {
    description: 'Changes to a user: a field left out is untouched; null clears what can be null.',
    inputFields: (t) => ({
      ...namingFields(t, 'user', UserIdentifier),
      expectedVersion: t.int({ description: EXPECTED_VERSION }),
      email: t.string({ description: `${USER_DESCRIPTIONS.email} ${ANOTHER_EMAIL}` }),
      ...userFields(t),
      status: t.field({
        type: UserStatus,
        description:
          'DEACTIVATED or, to end that, ACTIVE: who has not accepted an invitation is INVITED then. INVITED is not given.',
      }),
      roleIdentifier: t.field({
        type: RoleIdentifier,
        description:
          'What names the new role in the organization or in the customer, of the same scope as the present one. It can hold no more than you do.',
      }),
      defaultTenantIdentifier: t.field({
        type: TenantIdentifier,
        description: 'What names the tenant to start in: one where the user has a role.',
      }),
    }),
  },
  {
    ...commandField(
      updateUser,
      'Changes, deactivates or reactivates a user. You must hold all that the user holds, and reach all that the user reaches.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, updateUser, {
        ...input,
        ...localNaming('User', input),
        roleIdentifier: input.roleIdentifier && localIdentifier('Role', input.roleIdentifier),
        defaultTenantIdentifier:
          input.defaultTenantIdentifier && localIdentifier('Tenant', input.defaultTenantIdentifier),
      }),
  },
  {
    description: 'The user is as the input says. If it was so before, nothing was written.',
    outputFields: (t) => ({
      user: t.field({ type: User, description: 'The user as it is now.', ...recordLeft('user') }),
    }),
  },
);

const target = { type: 'User', ref: User, identifier: UserIdentifier, record: ({ user }: UserResult) => user } as const;

deletionMutation(
  deleteUser,
  target,
  'Hides a user, until it is restored, or erases it for good. You must hold all that the user holds, and reach all that the user reaches.',
);

restorationMutation(
  restoreUser,
  target,
  'Brings a deleted user back, with its roles; one who is live stays as it is. A user whose customer is deleted comes back with the customer. You must hold all that the user holds.',
);
