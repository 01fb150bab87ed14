import { listPermissions, type PermissionRecord } from '../../directory/roles/permissions.ts';
import { builder } from '../shared/builder.ts';
import { resolveConnection } from '../shared/connection.ts';
import { PAGE_OF_VALUES, price } from '../shared/prices.ts';

/** Permissions as records of lists. They have a name and no global id, and are no nodes. */
export const Permission = builder.objectRef<PermissionRecord>('Permission').implement({
  description: 'Something that a credential may be allowed to do.',
  fields: (t) => ({
    name: t.exposeString('id', { description: 'Its name, `noun:verb`.' }),
    description: t.exposeString('description', { description: 'What it allows.' }),
    isBuiltIn: t.exposeBoolean('builtIn', {
      description: 'Whether every deployment has it, because it is needed here; false for one of the product.',
    }),
  }),
});

/** The page type of all permissions, and of those that a role holds. */
export const PermissionConnection = builder.connectionObject(
  {
    type: Permission,
    name: 'PermissionConnection',
    description: 'One page of permissions.',
    ...price(PAGE_OF_VALUES),
  },
  { name: 'PermissionEdge', description: 'A permission at its place in a list.' },
);

const PermissionFilter = builder.inputType('PermissionFilter', {
  description: 'Which permissions a list has.',
  fields: (t) => ({
    isBuiltIn: t.boolean({ description: 'True for built-in ones, false for those of the product; all if not given.' }),
  }),
});

builder.queryField('permissions', (t) =>
  t.connection(
    {
      type: Permission,
      description:
        'Every permission there is, by name: the built-in ones, and those of the product. Needs `role:read`.',
      args: { filter: t.arg({ type: PermissionFilter, description: 'Which permissions; all if not given.' }) },
      resolve: (_, args, caller, info) => resolveConnection(listPermissions(caller, args), caller, info),
    },
    PermissionConnection,
  ),
);
