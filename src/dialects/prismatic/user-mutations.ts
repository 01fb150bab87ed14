import * as z from 'zod';
import { command, run } from '../../directory/commands/command.ts';
import { lazily } from '../../directory/kernel/lazily.ts';
import { shown } from '../../directory/kernel/repetition-errors.ts';
import { deleteUser, updateUser } from '../../directory/users/commands.ts';
import { createCustomerUser, createOrganizationUser } from '../../directory/users/creation-commands.ts';
import type { UserResult } from '../../directory/users/entity.ts';
import { RECORD_LEFT } from '../../graphql/shared/ahead.ts';
import { localId } from '../../graphql/shared/ids.ts';
import { builder, type InputFields } from './builder.ts';
import { errorsField, type MutationOutcome, type OutputFields, outcomeOf } from './errors.ts';
import { HOW_TO_CHANGE, HOW_TO_CREATE, ofChange, ofNew } from './given.ts';
import { mutationField } from './mutation.ts';
import { USER_DESCRIPTIONS, User } from './user.ts';

const newUserFields = (t: InputFields, roles: string) => ({
  email: t.string({ required: true, description: USER_DESCRIPTIONS.email }),
  name: t.string({ description: USER_DESCRIPTIONS.name }),
  phone: t.string({ description: USER_DESCRIPTIONS.phone }),
  externalId: t.string({ description: USER_DESCRIPTIONS.externalId }),
  role: t.id({ required: true, description: `The id of a role, as \`${roles}\` lists them.` }),
});

const payload = (description: string) => ({
  description: 'The user, or why nothing was changed.',
  outputFields: (t: OutputFields<MutationOutcome<UserResult>>) => ({
    user: t.field({
      type: User,
      nullable: true,
      description: `${description} Null if nothing was changed because of \`errors\`.`,
      ...RECORD_LEFT,
      resolve: ({ done }) => done && shown(done.user),
    }),
    errors: errorsField(t),
  }),
});

/** What the directory does not have: only no value at all is taken, so that none is lost. */
const notKept = lazily(() => z.undefined({ error: 'is not kept here: leave it out' }).optional());

/** `updateUser` of the directory in the document's words: only its input is spelled differently. */
const updateAsSpelled = command({
  ...updateUser,
  input: () =>
    z
      .looseObject({ darkMode: notKept(), darkModeSyncWithOs: notKept() })
      .transform(({ darkMode: _darkMode, darkModeSyncWithOs: _sync, ...given }) => given)
      .pipe(updateUser.input()),
});

const named = (type: 'Role' | 'Customer', id: string | null | undefined) => id && { id: localId(type, id) };

builder.relayMutationField(
  createOrganizationUser.name,
  { description: `A new team member. ${HOW_TO_CREATE}`, inputFields: (t) => newUserFields(t, 'organizationRoles') },
  {
    ...mutationField(createOrganizationUser, 'Creates a team member, who is mailed an invitation to set a password.'),
    resolve: (_, { input }, caller) => {
      const { role, ...given } = ofNew(input);
      return outcomeOf(run(caller, createOrganizationUser, { ...given, roleIdentifier: named('Role', role) }));
    },
  },
  payload('The new user.'),
);

builder.relayMutationField(
  createCustomerUser.name,
  {
    description: `A new user of a customer. ${HOW_TO_CREATE}`,
    inputFields: (t) => ({
      ...newUserFields(t, 'customerRoles'),
      customer: t.id({ required: true, description: 'The id of the customer that the user belongs to. It stays so.' }),
    }),
  },
  {
    ...mutationField(
      createCustomerUser,
      'Creates a user of a customer, who is mailed an invitation to set a password.',
    ),
    resolve: (_, { input }, caller) => {
      const { role, customer, ...given } = ofNew(input);
      const roleIdentifier = named('Role', role);
      const customerIdentifier = named('Customer', customer);
      return outcomeOf(run(caller, createCustomerUser, { ...given, roleIdentifier, customerIdentifier }));
    },
  },
  payload('The new user.'),
);

const idField = (t: InputFields) => t.id({ description: 'The id of the user. It is needed.' });

builder.relayMutationField(
  updateUser.name,
  {
    description: `Changes to a user. ${HOW_TO_CHANGE}`,
    inputFields: (t) => ({
      id: idField(t),
      name: t.string({ description: USER_DESCRIPTIONS.name }),
      phone: t.string({ description: USER_DESCRIPTIONS.phone }),
      externalId: t.string({ description: USER_DESCRIPTIONS.externalId }),
      avatarUrl: t.string({ description: USER_DESCRIPTIONS.avatarUrl }),
      role: t.id({
        description: 'The id of the new role, of the same kind as the present one. It can hold no more than you do.',
      }),
      darkMode: t.boolean({ description: 'Not kept here: anything but null is refused.' }),
      darkModeSyncWithOs: t.boolean({ description: 'Not kept here: anything but null is refused.' }),
    }),
  },
  {
    ...mutationField(updateUser, 'Changes a user.'),
    resolve: (_, { input }, caller) => {
      const { id, role, ...given } = ofChange(input);
      const roleIdentifier = named('Role', role);
      return outcomeOf(run(caller, updateAsSpelled, { ...given, id: id && localId('User', id), roleIdentifier }));
    },
  },
  payload('The user as it is now.'),
);

builder.relayMutationField(
  deleteUser.name,
  { description: 'Which user to delete.', inputFields: (t) => ({ id: idField(t) }) },
  {
    ...mutationField(deleteUser, 'Deletes a user.'),
    resolve: (_, { input }, caller) => {
      const { id } = ofChange(input);
      return outcomeOf(run(caller, deleteUser, { id: id && localId('User', id) }));
    },
  },
  payload('The user as it was.'),
);
