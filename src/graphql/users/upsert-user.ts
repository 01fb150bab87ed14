import { run } from '../../directory/commands/command.ts';
import { upsertUser } from '../../directory/users/upsert-user.ts';
import { CustomerIdentifier } from '../customers/customer.ts';
import { RoleIdentifier } from '../roles/role-identifier.ts';
import { builder } from '../shared/builder.ts';
import { HAND_OUT_LINK } from '../shared/hand-out-link.ts';
import { localIdentifier } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { UpsertOutcome } from '../shared/mutation-parts.ts';
import { recordLeft } from '../shared/payload.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { invitationLink, userFields } from './mutations.ts';
import { ANOTHER_EMAIL, USER_DESCRIPTIONS, User, UserIdentifier } from './user.ts';

builder.relayMutationField(
  upsertUser.name,
  {
    description:
      'What a user should be like, whether they exist or not. A field left out is untouched; null clears what can be null.',
    inputFields: (t) => ({
      identifier: t.field({
        type: UserIdentifier,
        required: true,
        description: 'What names the user. By an `id` they are only changed, never created.',
      }),
      email: t.string({
        description: `${USER_DESCRIPTIONS.email} Required if the user does not exist yet and is named otherwise. ${ANOTHER_EMAIL}`,
      }),
      ...userFields(t),
      roleIdentifier: t.field({
        type: RoleIdentifier,
        description:
          'What names the role: of scope TENANT, if there is a tenant; else of scope CUSTOMER, for a user of a customer, or ORGANIZATION. Required if the user does not exist yet. It takes the place of another that the user has there, and can hold no more than you do.',
      }),
      customerIdentifier: t.field({
        type: CustomerIdentifier,
        description:
          'What names the customer that a new user belongs to. One who exists belongs to it already: `moveUser` moves users.',
      }),
      tenantIdentifier: t.field({
        type: TenantIdentifier,
        description:
          'What names the tenant where the user is to have the role, and where a new user starts. Not beside a customer. Without either, a new user is a team member, which is only for callers who reach the whole organization.',
      }),
      handOutLink: t.boolean({ description: `${HAND_OUT_LINK} Without effect for a user who exists.` }),
    }),
  },
  {
    ...commandField(
      upsertUser,
      'Changes the user who is named so, or creates and invites them. Another e-mail address, other details or another role of their own need all that the user holds and reaches; a role in a tenant what it allows, and the one before. Nobody is reactivated by it, or moved to another customer.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, upsertUser, {
        ...input,
        identifier: localIdentifier('User', input.identifier),
        roleIdentifier: input.roleIdentifier && localIdentifier('Role', input.roleIdentifier),
        customerIdentifier: input.customerIdentifier && localIdentifier('Customer', input.customerIdentifier),
        tenantIdentifier: input.tenantIdentifier && localIdentifier('Tenant', input.tenantIdentifier),
      }),
  },
  {
    description: 'The user is as the input says.',
    outputFields: (t) => ({
      user: t.field({ type: User, description: 'The user as they are now.', ...recordLeft('user') }),
      outcome: t.expose('outcome', { type: UpsertOutcome, description: 'What was done for it.' }),
      invitationLink: invitationLink(t),
    }),
  },
);
