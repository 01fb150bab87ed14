import { run } from '../../directory/commands/command.ts';
import { createRole, MAX_ROLES, updateRole } from '../../directory/roles/commands.ts';
import { assignableRoles, listPermissionsOfRoles, rolesByIds } from '../../directory/roles/queries.ts';
import { requireTenantDetails } from '../../directory/tenants/queries.ts';
import { deleteRole } from '../../directory/users/delete-role.ts';
import { builder, type InputFields } from '../shared/builder.ts';
import { nestedList } from '../shared/connection.ts';
import { namingFields } from '../shared/entity-mutations.ts';
import { localIdentifier, localNaming } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { entityNode } from '../shared/node.ts';
import { recordLeft } from '../shared/payload.ts';
import { resolveRows, sameForAll } from '../shared/per-record.ts';
import { extended, type Price, price } from '../shared/prices.ts';
import { Tenant } from '../tenants/tenant.ts';
import { Permission, PermissionConnection } from './permission.ts';

const RoleScope = builder.enumType('RoleScope', {
  description: 'Where users have a role, and so how far it reaches.',
  values: {
    ORGANIZATION: { description: 'In the organization: team members, who reach everything.' },
    CUSTOMER: { description: 'In the customer that the user belongs to, and no further.' },
    TENANT: { description: 'In one tenant: a user may have one role in each of several.' },
  } as const,
});

const DESCRIPTIONS = {
  name: 'The name, 1 to 256 characters: unique in its scope, without regard to case.',
  description: 'What the role is for, up to 4096 characters.',
  level: 'How high the role stands among those of its scope, 0 to 100. It is for sorting, and grants nothing.',
  permissions:
    'What the role allows: names, as `permissions` lists them. An API key that expires gives no role of the organization one by which team members let in others.',
} as const;

/**
 * Roles as nodes. `node` is null for one that does not exist or is out of reach.
 * @throws {ForbiddenError} for a caller without `role:read`.
 */
export const Role = entityNode('Role', rolesByIds);

Role.implement({
  description: 'A named set of permissions, for users to have. Reading it needs `role:read`.',
  fields: (t) => ({
    scope: t.expose('scope', { type: RoleScope, description: 'Where users have it.' }),
    name: t.exposeString('name', { description: DESCRIPTIONS.name }),
    description: t.exposeString('description', {
      nullable: true,
      description: `${DESCRIPTIONS.description} Null if there is none.`,
    }),
    level: t.exposeInt('level', { description: DESCRIPTIONS.level }),
    isBuiltIn: t.exposeBoolean('builtIn', {
      description: 'Whether it is one of the roles that every deployment has: those stay as they are.',
    }),
    permissions: t.connection(
      {
        type: Permission,
        description: 'What the role allows, by name.',
        ...nestedList(listPermissionsOfRoles),
      },
      PermissionConnection,
    ),
  }),
});

/** Names one role in an input. A name is looked up in the scope that the command means, and case does not matter. */
export const RoleIdentifier = builder.inputType('RoleIdentifier', {
  description: 'Names one role, by exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'Its global id.' }),
    name: t.string({ description: 'Its name, without regard to case, among the roles of the scope that is meant.' }),
  }),
});

/** The input fields that name the role which a mutation is about, which is not a built-in one. */
const roleNamingFields = (t: InputFields) => ({
  ...namingFields(t, 'role', RoleIdentifier),
  scope: t.field({
    type: RoleScope,
    description: 'The scope of the role: required beside a name, because another scope may have it, too.',
  }),
});

/** A scope has no more. They are read once, however many records they stand below: one costs half of another record. */
const ROLES: Price = { times: MAX_ROLES, each: 0.5 };

const ASSIGNABLE = 'Only roles that hold no more than you do, the highest first. Needs `role:read`.';

builder.queryFields((t) => ({
  organizationRoles: t.field({
    type: [Role],
    nullable: true,
    ...price(ROLES),
    description: `The roles that team members can have. ${ASSIGNABLE}`,
    resolve: (_, _args, caller, info) => resolveRows(assignableRoles(caller, 'ORGANIZATION'), caller, info),
  }),
  customerRoles: t.field({
    type: [Role],
    nullable: true,
    ...price(ROLES),
    description: `The roles that users of customers can have. ${ASSIGNABLE}`,
    resolve: (_, _args, caller, info) => resolveRows(assignableRoles(caller, 'CUSTOMER'), caller, info),
  }),
}));

const rolesOfTenants = sameForAll((caller, _args: object, asked) => {
  requireTenantDetails(caller.viewer);
  return resolveRows(assignableRoles(caller, 'TENANT'), caller, asked);
});

builder.objectField(Tenant, 'availableRoles', (t) =>
  t.field({
    type: [Role],
    nullable: true,
    description: `The roles that users can have in the tenant. ${ASSIGNABLE}`,
    ...extended(rolesOfTenants, price(ROLES)),
  }),
);

builder.relayMutationField(
  createRole.name,
  {
    description: 'A new role. It can hold no more than you hold yourself.',
    inputFields: (t) => ({
      scope: t.field({ type: RoleScope, required: true, description: 'Where users will have it. It stays so.' }),
      name: t.string({ required: true, description: DESCRIPTIONS.name }),
      description: t.string({ description: DESCRIPTIONS.description }),
      level: t.int({ description: `${DESCRIPTIONS.level} 0 if not given.` }),
      permissions: t.stringList({ required: true, description: DESCRIPTIONS.permissions }),
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
      name: t.string({ description: DESCRIPTIONS.name }),
      description: t.string({ description: DESCRIPTIONS.description }),
      level: t.int({ description: DESCRIPTIONS.level }),
      permissions: t.stringList({ description: `${DESCRIPTIONS.permissions} All of them: others are taken away.` }),
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
