import { isGranted, requirePermissions } from '../../directory/access/viewer.ts';
import type { Ids, Source } from '../../directory/lists/found.ts';
import { rolesByIds } from '../../directory/roles/queries.ts';
import { type TenantRecord, tenantsByIds } from '../../directory/tenants/queries.ts';
import { deletableUsers } from '../../directory/users/commands.ts';
import type { UserRecord } from '../../directory/users/queries.ts';
import { listTenantRolesOfUsers, type TenantRoleRecord } from '../../directory/users/tenant-roles.ts';
import { fieldsBelow } from '../../graphql/shared/ahead.ts';
import { once } from '../../graphql/shared/eventually.ts';
import { perRecord, reference, resolveRows } from '../../graphql/shared/per-record.ts';
import { extended, price, WHOLE_LIST } from '../../graphql/shared/prices.ts';
import { viewerCan } from '../../graphql/shared/viewer-can.ts';
import { needs } from '../shared/needs.ts';
import { everyBelow, LISTED_ROLES } from './lists.ts';
import { roleWith, tenantWith } from './records.ts';
import { type PlacedRole, Role } from './role.ts';
import { Tenant } from './tenant.ts';
import { User } from './user-type.ts';

const SPELLED_STATUSES: Record<UserRecord['status'], number> = { DEACTIVATED: 0, ACTIVE: 1, INVITED: 2 };

/** Begins to read the records whose ids a source has in a column. Returns how each of them is found by its id. */
function readBy<Row extends { id: string }>(records: Source, column: string, read: (ids: Ids) => Promise<Row[]>) {
  const ids = records.values(column);
  if (!ids) return null;
  const rows = once(async () => new Map((await read(ids)).map((row) => [row.id, row])));
  rows();
  return async (id: string): Promise<Row | null> => (await rows()).get(id) ?? null;
}

/**
 * The role in the organization, unless it is out of reach, and those in tenants: those of customers are no roles here. The
 * tenants are read as well where their names are asked for.
 */
const placesOfUsers = perRecord<UserRecord, object, PlacedRole[]>(
  ['id', 'roleId', 'customerId'],
  (caller, records, _args, asked) => {
    const readRoles = (ids: Ids) => rolesByIds(caller, ids).rows();
    const every = everyBelow(caller, records, listTenantRolesOfUsers, null);
    const ownRole = readBy(records, 'roleId', readRoles);
    const roleInTenant = every && readBy(every.source, 'roleId', readRoles);
    if (!every || !ownRole || !roleInTenant) return null;
    const readsNames =
      fieldsBelow(asked).some(({ definition }) => definition.name === 'tenantName') &&
      isGranted(() => requirePermissions(caller.viewer, ['tenant:read']));
    const tenant = readsNames ? readBy(every.source, 'id', (ids) => tenantsByIds(caller, ids).rows()) : null;

    async function ownPlace({ roleId, customerId }: UserRecord): Promise<PlacedRole[]> {
      const role = roleId !== null && customerId === null ? await ownRole?.(roleId) : null;
      return role ? [{ role, tenantId: null }] : [];
    }
    async function tenantPlace({ id, roleId }: TenantRoleRecord, index: number): Promise<PlacedRole[]> {
      const isRead = index < (every?.first ?? 0);
      const role = await (isRead ? roleInTenant?.(roleId) : roleWith(caller, roleId));
      const known = isRead && tenant ? await tenant(id) : null;
      return role ? [{ role, tenantId: id, ...(known && { tenant: known }) }] : [];
    }
    return async (user) => {
      const inTenants = (await every.of(user.id)).map(tenantPlace);
      return (await Promise.all([ownPlace(user), ...inTenants])).flat();
    };
  },
);

const tenantsOfUsers = perRecord<UserRecord, object, TenantRecord[]>(['id'], (caller, records, _args, asked) => {
  const every = everyBelow(caller, records, listTenantRolesOfUsers, null);
  const tenant =
    every &&
    readBy(every.source, 'id', (ids) => {
      const { rows, values } = tenantsByIds(caller, ids);
      return resolveRows({ rows, values, most: every.source.most ?? 0 }, caller, asked);
    });
  if (!every || !tenant) return null;
  return async ({ id }) => {
    const held = await every.of(id);
    const tenants = held.map((role, index) => (index < every.first ? tenant(role.id) : tenantWith(caller, role.id)));
    return (await Promise.all(tenants)).filter((found) => found !== null);
  };
});

const defaultTenantOfUsers = reference<UserRecord, TenantRecord>('defaultTenantId', tenantsByIds);

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
      ...extended(placesOfUsers, needs('user:read', 'role:read'), price(LISTED_ROLES)),
      description:
        'The roles of the user in your reach: the one in the organization, then those in live tenants, in the order of their creation. Needs `user:read` and `role:read`.',
    }),
    tenants: t.field({
      type: [Tenant],
      ...extended(tenantsOfUsers, needs('user:read', 'tenant:read'), price(WHOLE_LIST)),
      description:
        'The live tenants in your reach where the user has a role, the oldest first. Needs `user:read` and `tenant:read`.',
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
      ...extended(defaultTenantOfUsers, needs('tenant:read')),
      nullable: true,
      description:
        'Of the tenants where the user has a role, the id of the one to start in; null if there is none, or it is deleted or out of your reach. Needs `tenant:read`.',
      resolve: async (...asked) => (await defaultTenantOfUsers.resolve(...asked))?.id ?? null,
    }),
    userExpiry: t.string({
      nullable: true,
      description: 'When the user ceases to be one. Nobody does here by the mere lapse of time: always null.',
      resolve: () => null,
    }),
  }),
});
