import { assignableRoles, listPermissionsOfRoles, MAX_ROLES, rolesByIds } from '../../directory/roles/queries.ts';
import { requireTenantDetails } from '../../directory/tenants/queries.ts';
import { builder } from '../shared/builder.ts';
import { nestedList } from '../shared/connection.ts';
import { entityNode } from '../shared/node.ts';
import { resolveRows, sameForAll } from '../shared/per-record.ts';
import { extended, type Price, price } from '../shared/prices.ts';
import { Tenant } from '../tenants/tenant.ts';
import { Permission, PermissionConnection } from './permission.ts';

export const RoleScope = builder.enumType('RoleScope', {
  description: 'Where users have a role, and so how far it reaches.',
  values: {
    ORGANIZATION: { description: 'In the organization: team members, who reach everything.' },
    CUSTOMER: { description: 'In the customer that the user belongs to, and no further.' },
    TENANT: { description: 'In one tenant: a user may have one role in each of several.' },
  } as const,
});

export const ROLE_DESCRIPTIONS = {
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
    name: t.exposeString('name', { description: ROLE_DESCRIPTIONS.name }),
    description: t.exposeString('description', {
      nullable: true,
      description: `${ROLE_DESCRIPTIONS.description} Null if there is none.`,
    }),
    level: t.exposeInt('level', { description: ROLE_DESCRIPTIONS.level }),
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
