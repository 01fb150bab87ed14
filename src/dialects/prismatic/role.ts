import type { PermissionRecord } from '../../directory/roles/permissions.ts';
import { assignableRoles, listPermissionsOfRoles, type RoleRecord, rolesByIds } from '../../directory/roles/queries.ts';
import { nestedList } from '../../graphql/shared/connection.ts';
import { toGlobalId } from '../../graphql/shared/ids.ts';
import { capitalized } from '../../graphql/shared/mutation.ts';
import { resolveRows, UNCACHED } from '../../graphql/shared/per-record.ts';
import { price, WHOLE_LIST } from '../../graphql/shared/prices.ts';
import { builder } from './builder.ts';
import { pageOf } from './pages.ts';

const Permission = builder.objectRef<PermissionRecord>('Permission').implement({
  description: 'Something that a role allows.',
  fields: (t) => ({
    name: t.exposeString('id', { description: 'Its name, `noun:verb`.' }),
    description: t.exposeString('description', { description: 'What it allows.' }),
  }),
});

const PermissionConnection = builder.connectionObject(
  { type: Permission, name: 'PermissionConnection', description: 'One page of permissions.' },
  { name: 'PermissionEdge', description: 'A permission at its place in a list.' },
);

export const Role = builder.loadableObjectRef('Role', {
  load: async (ids: string[], caller) => rolesByIds(caller, ids).rows(),
  sort: ({ id }: RoleRecord) => id,
  loaderOptions: UNCACHED,
});

Role.implement({
  description: 'A named set of permissions, for users to have. Reading it needs `role:read`.',
  fields: (t) => ({
    id: t.id({
      description: 'The id: opaque, and unique among all types.',
      resolve: ({ id }) => toGlobalId('Role', id),
    }),
    name: t.string({
      description:
        'The name: unique in its scope, without regard to case. Those of built-in roles begin with a capital, such as `Member`.',
      resolve: ({ builtIn, name }) => (builtIn ? capitalized(name) : name),
    }),
    description: t.exposeString('description', {
      nullable: true,
      description: 'What the role is for. Null if nobody has said it.',
    }),
    level: t.exposeInt('level', {
      description: 'How high the role stands among those of its scope, 0 to 100. It grants nothing.',
    }),
    permissions: t.connection(
      {
        type: Permission,
        description: 'What the role allows, by name.',
        ...nestedList(listPermissionsOfRoles, { page: pageOf }),
      },
      PermissionConnection,
    ),
  }),
});

const ASSIGNABLE = 'Only roles that hold no more than you do, the highest first. Needs `role:read`.';

builder.queryFields((t) => ({
  organizationRoles: t.field({
    type: [Role],
    ...price(WHOLE_LIST),
    description: `The roles that team members can have. ${ASSIGNABLE}`,
    resolve: (_, _args, caller, info) => resolveRows(assignableRoles(caller, 'ORGANIZATION'), caller, info),
  }),
  customerRoles: t.field({
    type: [Role],
    ...price(WHOLE_LIST),
    description: `The roles that users of customers can have. ${ASSIGNABLE}`,
    resolve: (_, _args, caller, info) => resolveRows(assignableRoles(caller, 'CUSTOMER'), caller, info),
  }),
}));
