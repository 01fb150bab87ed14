import * as z from 'zod';
import type { Caller } from '../../directory/access/viewer.ts';
import { run } from '../../directory/commands/command.ts';
import { ValidationError } from '../../directory/kernel/errors.ts';
import { emailAddress, otherwise } from '../../directory/kernel/input.ts';
import { type InputOf, lazily } from '../../directory/kernel/lazily.ts';
import { shown } from '../../directory/kernel/repetition-errors.ts';
import { type AddedUserResult, addTenantUser } from '../../directory/users/add-tenant-user.ts';
import { changeRole } from '../../directory/users/change-role.ts';
import { createOrganizationUser } from '../../directory/users/creation-commands.ts';
import type { InvitedResult, UserResult } from '../../directory/users/entity.ts';
import { inviteUser } from '../../directory/users/invite-user.ts';
import { RECORD_LEFT } from '../../graphql/shared/ahead.ts';
import { mutationOptions } from '../../graphql/shared/mutation.ts';
import { MUTATION, price } from '../../graphql/shared/prices.ts';
import { orNone } from '../shared/blanks.ts';
import { declared, type GraphQLFields, given, shapeOf, spelled } from '../shared/fields.ts';
import { builder, type InputFields } from './builder.ts';
import { conflict, orRefused } from './errors.ts';
import { idGiven, NO_ID } from './records.ts';
import { type NamedRole, namedRole } from './role-names.ts';
import { User } from './user-type.ts';

const EMAIL = 'The e-mail address of the user, without regard to case.';
const ROLE_NAME = 'The name of a role, as `Role.name` has it.';

/** What names no role is a name that none has. */
const roleName = lazily(() =>
  z.string().transform((name): NamedRole => namedRole(name) ?? { roleIdentifier: { id: NO_ID }, tenantId: null }),
);

const rolePlace = lazily(() =>
  roleName().transform(({ roleIdentifier, tenantId }) => ({
    roleIdentifier,
    tenantIdentifier: tenantId === null ? null : { id: tenantId },
  })),
);

const ADD_USER_WITH_ROLE = {
  email: { type: (t) => t.string({ required: true, description: EMAIL }), schema: emailAddress },
  roleName: {
    type: (t) => t.string({ required: true, description: `${ROLE_NAME} It can hold no more than you do.` }),
    schema: rolePlace,
    to: 'roleIdentifier',
  },
} as const satisfies GraphQLFields<InputFields>;

const newUser = lazily(() => given(ADD_USER_WITH_ROLE));

const addToAgency = spelled(createOrganizationUser, () =>
  newUser().transform(({ email, roleIdentifier: place }) => ({
    email,
    roleIdentifier: place.roleIdentifier,
    handOutLink: true,
  })),
);

const addToAdvertiser = spelled(addTenantUser, () =>
  newUser().transform(({ email, roleIdentifier: place }) => ({ email, ...place, handOutLink: true })),
);

const CHANGE_ROLE_FOR_USER = {
  userId: {
    type: (t) => t.string({ required: true, description: 'The id of the user.' }),
    schema: () => z.string().transform((id) => ({ id: idGiven('User', id) })),
    to: 'userIdentifier',
  },
  roleToRevoke: {
    type: (t) =>
      t.string({ description: `${ROLE_NAME} The user has it; an agency role is only changed for another one.` }),
    schema: () => orNone(rolePlace()),
    to: 'revoke',
  },
  roleToAdd: {
    type: (t) =>
      t.string({
        description: `${ROLE_NAME} It takes the place of another that the user has in the same place. An agency role is only for who has one.`,
      }),
    schema: () => orNone(rolePlace()),
    to: 'assign',
  },
} as const satisfies GraphQLFields<InputFields>;

const changeAsSpelled = spelled(changeRole, () => given(CHANGE_ROLE_FOR_USER));

const UserType = builder.enumType('UserType', {
  description: 'Where a user has a role.',
  values: {
    AGENCY: { description: 'In the whole organization.' },
    ADVERTISER: { description: 'In a tenant.' },
  } as const,
});

const SEND_INVITATION = {
  email: { type: (t) => t.string({ required: true, description: EMAIL }), schema: emailAddress },
  tenantId: {
    type: (t) =>
      t.string({
        description: 'The id of a tenant where the user has a role: for an ADVERTISER, and required then.',
      }),
    schema: () => orNone(z.string()),
  },
  userType: {
    type: (t) => t.field({ type: UserType, required: true, description: 'Where the user has a role.' }),
    schema: () => z.enum(['AGENCY', 'ADVERTISER']),
  },
} as const satisfies GraphQLFields<InputFields>;

/** `inviteUser` of the directory, for a member of the organization's team or a user of a tenant. */
const inviteAsSpelled = spelled(inviteUser, () =>
  z
    .object(shapeOf(SEND_INVITATION))
    .refine(({ tenantId, userType }) => userType === 'AGENCY' || tenantId != null, {
      path: ['tenantId'],
      error: otherwise('is required for an ADVERTISER'),
    })
    .transform(
      ({ email, tenantId, userType }): InputOf<typeof inviteUser.input> => ({
        userIdentifier: { email },
        ...(userType === 'AGENCY'
          ? { teamMember: true }
          : { tenantIdentifier: { id: idGiven('Tenant', tenantId ?? '') } }),
        handOutLink: true,
      }),
    ),
);

const AddUserWithRoleInput = builder.inputType('AddUserWithRoleInput', {
  description: 'Who is to have which role.',
  fields: (t) => declared(t, ADD_USER_WITH_ROLE),
});

const ChangeRoleForUserInput = builder.inputType('ChangeRoleForUserInput', {
  description: 'A user, and at least one of the two roles.',
  fields: (t) => declared(t, CHANGE_ROLE_FOR_USER),
});

const SendInvitationInput = builder.inputType('SendInvitationInput', {
  description: 'Whom to invite again.',
  fields: (t) => declared(t, SEND_INVITATION),
});

const linkOf = ({ linkToken }: InvitedResult, caller: Caller): string | null =>
  linkToken && caller.linkTo('INVITATION', linkToken);

const AddUserWithRoleResult = builder.objectRef<AddedUserResult>('AddUserWithRoleResult').implement({
  description: 'The user has the role.',
  fields: (t) => ({
    userAlreadyExist: t.boolean({
      description: 'Whether there was such a user before.',
      resolve: ({ isNew }) => !isNew,
    }),
    invitationLink: t.string({
      nullable: true,
      description:
        'Where the user chooses a password, which is mailed as well. It lets in whoever has it: null if the user has a password already or holds more than you do, and where it is not known where people reach the deployment.',
      resolve: (result, _, caller) => linkOf(result, caller),
    }),
    user: t.field({ type: User, description: 'The user.', ...RECORD_LEFT, resolve: ({ user }) => shown(user) }),
  }),
});

const ChangeRoleForUserResult = builder.objectRef<UserResult>('ChangeRoleForUserResult').implement({
  description: 'The user has the one role and not the other.',
  fields: (t) => ({
    user: t.field({ type: User, description: 'The user.', ...RECORD_LEFT, resolve: ({ user }) => shown(user) }),
  }),
});

async function addUserWithRole(input: { email: string; roleName: string }, caller: Caller): Promise<AddedUserResult> {
  if (namedRole(input.roleName)?.tenantId != null) return run(caller, addToAdvertiser, input);
  return { ...(await run(caller, addToAgency, input)), isNew: true };
}

/** What stands against an invitation is no fault of the input, but how things are with the user. */
function inConflict(error: unknown): never {
  const issues = error instanceof ValidationError ? error.issues : [];
  const reason = issues.find(({ path }) => path.startsWith('userIdentifier'));
  throw reason ? conflict(`The user ${reason.message}.`) : error;
}

const UserMutations = builder.objectRef<object>('UserMutations').implement({
  description: 'Changes of users.',
  fields: (t) => ({
    addUserWithRole: t.field({
      type: AddUserWithRoleResult,
      ...price(MUTATION),
      description:
        'Gives a role in a tenant to the user with this e-mail address, or creates one who has the role, there or in the organization, and mails an invitation. Needs `user:create`, and for a role in a tenant `user:edit`.',
      args: { input: t.arg({ type: AddUserWithRoleInput, required: true, description: 'Who, and which.' }) },
      resolve: (_, { input }, caller) => orRefused(addUserWithRole(input, caller), ADD_USER_WITH_ROLE),
    }),
    changeRoleForUser: t.field({
      type: ChangeRoleForUserResult,
      ...mutationOptions(changeAsSpelled, 'Takes a role of a user away, gives one, or both: all of it or nothing.'),
      args: { input: t.arg({ type: ChangeRoleForUserInput, required: true, description: 'Who, and which.' }) },
      resolve: (_, { input }, caller) => orRefused(run(caller, changeAsSpelled, input), CHANGE_ROLE_FOR_USER),
    }),
    sendInvitation: t.string({
      nullable: true,
      ...mutationOptions(
        inviteAsSpelled,
        'Mails another invitation to a user who has not joined yet, and answers the link, which lets in whoever has it; the one before stops working. Null where it is not known where people reach the deployment. You must hold all that the user does.',
      ),
      args: { input: t.arg({ type: SendInvitationInput, required: true, description: 'Whom to invite.' }) },
      resolve: async (_, { input }, caller) => {
        const invited = await orRefused(run(caller, inviteAsSpelled, input).catch(inConflict));
        return linkOf(invited, caller);
      },
    }),
  }),
});

builder.mutationField('userMutations', (t) =>
  t.field({ type: UserMutations, description: 'Changes of users.', resolve: () => ({}) }),
);
