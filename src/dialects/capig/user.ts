import type { Caller } from '../../directory/access/viewer.ts';
import { deletableUsers } from '../../directory/users/commands.ts';
import type { UserRecord } from '../../directory/users/queries.ts';
import { listTenantRolesOfUsers } from '../../directory/users/tenant-roles.ts';
import { extended, price, WHOLE_LIST } from '../../graphql/shared/prices.ts';
import { viewerCan } from '../../graphql/shared/viewer-can.ts';
import { needs } from '../shared/needs.ts';
import { everyOf, LISTED_ROLES } from './lists.ts';
import { roleWith, tenantWith } from './records.ts';
import { type PlacedRole, Role } from './role.ts';
import { Tenant } from './tenant.ts';
import { User } from './user-type.ts';

const SPELLED_STATUSES: Record<UserRecord['status'], number> = { DEACTIVATED: 0, ACTIVE: 1, INVITED: 2 };

const tenantRolesOf = ({ id }: UserRecord, caller: Caller) =>
  everyOf(caller, 'User.tenantRoles', id, listTenantRolesOfUsers);

/** The role in the organization, unless it is out of reach: those of customers are no roles here. */
async function agencyPlace({ roleId, customerId }: UserRecord, caller: Caller): Promise<PlacedRole[]> {
  const role = roleId !== null && customerId === null ? await roleWith(caller, roleId) : null;
  return role ? [{ role, tenantId: null }] : [];
}

async function tenantPlaces(user: UserRecord, caller: Caller): Promise<PlacedRole[]> {
  const tenantRoles = await tenantRolesOf(user, caller);
  const places = tenantRoles.map(async ({ id: tenantId, roleId }): Promise<PlacedRole[]> => {
    const role = await roleWith(caller, roleId);
    return role ? [{ role, tenantId }] : [];
  });
  return (await Promise.all(places)).flat();
}

User.implement({
  description: 'A person who signs in. Reading it needs `user:read`.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id: a UUID.' }),
    email: t.exposeString('email', { description: 'The e-mail address.' }),
    status: t.int({
      description: 'Where the user stands: 0 deactivated, 1 active, 2 invited and not signed in yet.',
      resolve: ({ status }) => SPELLED_STATUSES[status],
    }),
    roles: t.field({
      type: [Role],
      ...extended(needs('user:read', 'role:read'), price(LISTED_ROLES)),
      description:
        'The roles of the user in your reach: the one in the organization, then those in live tenants, in the order of their creation. Needs `user:read` and `role:read`.',
      resolve: async (user, _, caller) =>
        (await Promise.all([agencyPlace(user, caller), tenantPlaces(user, caller)])).flat(),
    }),
    tenants: t.field({
      type: [Tenant],
      ...extended(needs('user:read', 'tenant:read'), price(WHOLE_LIST)),
      description:
        'The live tenants in your reach where the user has a role, the oldest first. Needs `user:read` and `tenant:read`.',
      resolve: async (user, _, caller) => {
        const tenantRoles = await tenantRolesOf(user, caller);
        const tenants = await Promise.all(tenantRoles.map(({ id }) => tenantWith(caller, id)));
        return tenants.filter((tenant) => tenant !== null);
      },
    }),
    isSelf: t.boolean({
      description: 'Whether it is you: the user who signed in and asks.',
      resolve: ({ id }, _, { viewer: { actor } }) => actor.type === 'USER' && actor.id === id,
    }),
    canBeDeleted: t.boolean({
      description:
        'Whether you could delete the user now: you have the permission and hold all that the user does, and it is neither the last admin of a tenant nor the last owner.',
      ...viewerCan(deletableUsers),
    }),
    defaultTenantId: t.id({
      ...needs('tenant:read'),
      nullable: true,
      description:
        'Of the tenants where the user has a role, the id of the one to start in; null if there is none, or it is deleted or out of your reach. Needs `tenant:read`.',
      resolve: async ({ defaultTenantId }, _, caller) =>
        defaultTenantId === null ? null : ((await tenantWith(caller, defaultTenantId))?.id ?? null),
    }),
    userExpiry: t.string({
      nullable: true,
      description: 'When the user ceases to be one. Nobody does here by the mere lapse of time: always null.',
      resolve: () => null,
    }),
  }),
});
