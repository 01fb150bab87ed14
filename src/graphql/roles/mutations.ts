import { run } from '../../directory/commands/command.ts';
import { createRole, updateRole } from '../../directory/roles/commands.ts';
import { deleteRole } from '../../directory/users/delete-role.ts';
import { builder, type InputFields } from '../shared/builder.ts';
import { namingFields } from '../shared/entity-mutations.ts';
import { localIdentifier, localNaming } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { ROLE_DESCRIPTIONS, Role, RoleScope } from './role.ts';
import { RoleIdentifier } from './role-identifier.ts';

/** The input fields that name the role which a mutation is about, which is not a built-in one. */
const roleNamingFields = (t: InputFields) => ({
  ...namingFields(t, 'role', RoleIdentifier),
  scope: t.field({
    type: RoleScope,
    description: 'The scope of the role: required beside a name, because another scope may have it, too.',
  }),
});

builder.relayMutationField(
  createRole.name,
  {
    description: 'A new role. It can hold no more than you hold yourself.',
    inputFields: (t) => ({
      scope: t.field({ type: RoleScope, required: true, description: 'Where users will have it. It stays so.' }),
      name: t.string({ required: true, description: ROLE_DESCRIPTIONS.name }),
      description: t.string({ description: ROLE_DESCRIPTIONS.description }),
      level: t.int({ description: `${ROLE_DESCRIPTIONS.level} 0 if not given.` }),
      permissions: t.stringList({ required: true, description: ROLE_DESCRIPTIONS.permissions }),
    }),
  },
  {
    ...commandField(createRole, 'Creates a role, beside the built-in ones.'),
    resolve: (_, { input }, caller) => run(caller, createRole, input),
  },
  {
    description: 'The role was created.',
    outputFields: (t) => ({ role: t.field({ type: Role, description: 'The new role.', ...recordLeft('role') }) }),
  },
);

builder.relayMutationField(
  updateRole.name,
  {
    description: 'Changes to a role: a field left out is untouched; null clears what can be null.',
    inputFields: (t) => ({
      ...roleNamingFields(t),
      name: t.string({ description: ROLE_DESCRIPTIONS.name }),
      description: t.string({ description: ROLE_DESCRIPTIONS.description }),
      level: t.int({ description: ROLE_DESCRIPTIONS.level }),
      permissions: t.stringList({
        description: `${ROLE_DESCRIPTIONS.permissions} All of them: others are taken away.`,
      }),
    }),
  },
  {
    ...commandField(
      updateRole,
      'Changes a role, for everyone who has it. You must hold what it allows, before and afterwards.',
    ),
    resolve: (_, { input }, caller) => run(caller, updateRole, { ...input, ...localNaming('Role', input) }),
  },
  {
    description: 'The role is as the input says. If it was so before, nothing was written.',
    outputFields: (t) => ({
      role: t.field({ type: Role, description: 'The role as it is now.', ...recordLeft('role') }),
    }),
  },
);

builder.relayMutationField(
  deleteRole.name,
  {
    description: 'Which role to delete, and which takes its place.',
    inputFields: (t) => ({
      ...roleNamingFields(t),
      replacement: t.field({
        type: RoleIdentifier,
        description:
          'What names another role of the same scope, for all who have the one that is deleted, hidden users included. It can hold no more than you do, and needs `user:edit`. Without it, nobody may have the role.',
      }),
    }),
  },
  {
    ...commandField(deleteRole, 'Deletes a role that nobody has, or puts another in its place, for good.'),
    resolve: (_, { input }, caller) =>
      run(caller, deleteRole, {
        ...input,
        ...localNaming('Role', input),
        replacement: input.replacement && localIdentifier('Role', input.replacement),
      }),
  },
  {
    description: 'The role is gone.',
    outputFields: (t) => ({
      role: t.field({ type: Role, description: 'The role as it was.', ...recordLeft('role') }),
    }),
  },
);
