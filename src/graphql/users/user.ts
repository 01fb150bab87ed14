import { isViewer } from '../../directory/access/viewer.ts';
import { customersByIds } from '../../directory/customers/queries.ts';
import type { PageArguments } from '../../directory/lists/page-arguments.ts';
import { rolesByIds } from '../../directory/roles/queries.ts';
import { requireTenantDetails, tenantsByIds } from '../../directory/tenants/queries.ts';
import { deletableUsers } from '../../directory/users/commands.ts';
import {
  findUser,
  listUsers,
  listUsersOfCustomers,
  listUsersOfOrganization,
  listUsersOfTenants,
  usersByIds,
} from '../../directory/users/queries.ts';
import { Customer } from '../customers/customer.ts';
import { Organization } from '../organization/organization.ts';
import { Role } from '../roles/role.ts';
import { builder } from '../shared/builder.ts';
import { nestedList, resolveConnection } from '../shared/connection.ts';
import { localId, localIdentifier, requireIdOf } from '../shared/ids.ts';
import { entityFilterFields, ORDER_BY, TEXT_FILTERS, UserOrder } from '../shared/list-inputs.ts';
import { entityNode } from '../shared/node.ts';
import { recordWithGlobalId, reference, resolveFound, sameForAll } from '../shared/per-record.ts';
import { columnsRead, reads } from '../shared/reads.ts';
import { viewerCan } from '../shared/viewer-can.ts';
import { Tenant } from '../tenants/tenant.ts';

/** The statuses of a user, for the field, the filter and the inputs. */
export const UserStatus = builder.enumType('UserStatus', {
  description:
    'Where a user stands. Only DEACTIVATED is switched on and off: the rest follows from how the user can sign in.',
  values: {
    INVITED: { description: 'The user has neither a password nor the identity of a trusted issuer.' },
    ACTIVE: { description: 'The user has one of the two, and may sign in by it.' },
    DEACTIVATED: { description: 'The user may not sign in, but is still there.' },
  } as const,
});

/** Says what another e-mail address does to a user who has one, where an input can change it. */
export const ANOTHER_EMAIL =
  'Another one signs the user out everywhere; who had a password has none any more, and is mailed an invitation to choose one.';

/** Descriptions of the fields that users have in the output type, in inputs and in imports alike. */
export const USER_DESCRIPTIONS = {
  email: 'The e-mail address: unique among users who are not deleted themselves, without regard to case.',
  name: 'The name, 1 to 256 characters.',
  phone: 'The phone number, up to 256 characters, as it was given.',
  avatarUrl: 'A picture of the user, http or https.',
  externalId:
    'The id of this user in your own system: unique among users who are not deleted themselves, with regard to case.',
  status: 'Where the user stands.',
} as const;

/**
 * Users as nodes. `node` is null for one that is deleted or out of reach.
 * @throws {ForbiddenError} for a caller without `user:read`.
 */
export const User = entityNode('User', usersByIds);

User.implement({
  description:
    'A person who signs in: a team member with a role in the organization, a user of a customer with a role there, or neither; and with a role in any number of tenants besides. Reading it needs `user:read`.',
  fields: (t) => ({
    email: t.exposeString('email', { description: USER_DESCRIPTIONS.email }),
    name: t.exposeString('name', {
      nullable: true,
      description: `${USER_DESCRIPTIONS.name} Null if there is none.`,
    }),
    phone: t.exposeString('phone', {
      nullable: true,
      description: `${USER_DESCRIPTIONS.phone} Null if there is none.`,
    }),
    avatarUrl: t.exposeString('avatarUrl', {
      nullable: true,
      description: `${USER_DESCRIPTIONS.avatarUrl} Null if there is none.`,
    }),
    externalId: t.exposeString('externalId', {
      nullable: true,
      description: `${USER_DESCRIPTIONS.externalId} Null if there is none.`,
    }),
    status: t.expose('status', { type: UserStatus, description: USER_DESCRIPTIONS.status }),
    role: t.field({
      type: Role,
      nullable: true,
      description:
        'The role in the organization or in the customer; null for a user with neither, and for callers who reach some tenants only. Needs `role:read`.',
      ...reference('roleId', rolesByIds),
    }),
    customer: t.field({
      type: Customer,
      nullable: true,
      description:
        'The customer that the user belongs to; null if there is none, or it is out of your reach. Needs `customer:read`.',
      ...reference('customerId', customersByIds),
    }),
    defaultTenant: t.field({
      type: Tenant,
      nullable: true,
      description:
        'Of the tenants where the user has a role, the one to start in; null if there is none, or it is deleted or out of your reach. Needs `tenant:read`.',
      ...reference('defaultTenantId', tenantsByIds),
    }),
    lastSignInAt: t.expose('lastSignedInAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the user last signed in, by a password or a trusted issuer; null if never, or only before this was kept. It moves neither `updatedAt` nor `version`.',
    }),
    isViewer: t.boolean({
      description: 'Whether it is you: the user who signed in and asks.',
      ...reads('id'),
      resolve: ({ id }, _, { viewer }) => isViewer(viewer, id),
    }),
    viewerCanDelete: t.boolean({
      description:
        'Whether `deleteUser` would delete the user now, if you asked for it: you have the permission, hold all that the user does, and it is neither the last owner nor the last admin of a tenant.',
      ...viewerCan(deletableUsers),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the user was created. It never changes.' }),
    updatedAt: t.expose('updatedAt', {
      type: 'DateTime',
      description:
        'When the user was last changed. Its own fields move it, as well as its own role, that it accepted its invitation, its deletion and its restoration: a role in a tenant is a record of its own, and moves no user. Nor does a customer that is deleted or restored with its users.',
    }),
    deletedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the user, or else its customer, was deleted; null while both are live.',
      ...reads('deletedAt', 'customerDeletedAt'),
      resolve: ({ deletedAt, customerDeletedAt }) => deletedAt ?? customerDeletedAt,
    }),
    version: t.exposeInt('version', { description: 'Counts the changes, from 1.' }),
  }),
});

/** The one page type of every list of users, so that clients read all of them alike. */
export const UserConnection = builder.connectionObject(
  { type: User, name: 'UserConnection', description: 'One page of users.' },
  { name: 'UserEdge', description: 'A user at its place in a list.' },
);

/** Names one user in an input. Commands take it with a local id: see `localIdentifier`. */
export const UserIdentifier = builder.inputType('UserIdentifier', {
  description: 'Names one user, by exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'Its global id.' }),
    email: t.string({ description: 'Its e-mail address, without regard to case.' }),
    externalId: t.string({ description: 'Its external id, with regard to case.' }),
  }),
});

const UserFilter = builder.inputType('UserFilter', {
  description: 'Which users a list has: those who satisfy everything given here.',
  fields: (t) => ({
    ...entityFilterFields(t, {
      deleted: 'Whether deleted users, and those of deleted customers, are listed; EXCLUDE if not given.',
      searched: 'name or the e-mail address',
    }),
    statuses: t.field({ type: [UserStatus], description: 'Any of these, at least one.' }),
    name: t.string({ description: `${TEXT_FILTERS.name}.` }),
    nameStartsWith: t.string({ description: TEXT_FILTERS.nameStartsWith }),
    nameContains: t.string({ description: TEXT_FILTERS.nameContains }),
    email: t.string({ description: 'With this e-mail address, without regard to case.' }),
    emailContains: t.string({ description: TEXT_FILTERS.emailContains }),
    hasExternalId: t.boolean({ description: 'Whether they have an external id.' }),
    customerId: t.id({ description: 'Who belong to the customer with this global id. Needs `customer:read`.' }),
    hasPlace: t.boolean({
      description:
        'Whether they have a role anywhere: in the organization, in their customer, or in a tenant that is not deleted. False for those whose tenants were deleted or erased, and whose roles were taken. Only who reaches the whole organization finds any of these.',
    }),
    hasCustomer: t.boolean({
      description: 'Whether they belong to a customer that is in your reach. Needs `customer:read`.',
    }),
    roleId: t.id({
      description:
        'Who have the role with this global id: in the organization, in their customer or in a tenant, deleted tenants included, as far as these are in your reach. Needs `role:read`.',
    }),
  }),
});

builder.queryFields((t) => ({
  user: t.field({
    type: User,
    nullable: true,
    description:
      'The user with this id; null when there is none, or it is deleted or out of your reach. Needs `user:read`.',
    args: { id: t.arg.id({ required: true, description: 'The global id of a user.' }) },
    resolve: (_, { id }, caller, info) => recordWithGlobalId('User', usersByIds, id, caller, info),
  }),
  userBy: t.field({
    type: User,
    nullable: true,
    description:
      'The user who is named so; null when there is none, or it is deleted or out of your reach. Needs `user:read`.',
    args: { identifier: t.arg({ type: UserIdentifier, required: true, description: 'What names the user.' }) },
    resolve: (_, { identifier }, caller, info) => {
      const found = findUser(caller, localIdentifier('User', identifier));
      requireIdOf('User', identifier.id, 'identifier.id');
      return resolveFound(found, caller, info);
    },
  }),
  users: t.connection(
    {
      type: User,
      description: 'The users in your reach. Needs `user:read`.',
      args: {
        filter: t.arg({ type: UserFilter, description: 'Which users; all live ones if not given.' }),
        orderBy: t.arg({
          type: UserOrder,
          description: ORDER_BY,
        }),
      },
      resolve: (_, args, caller, info) => {
        const { customerId, roleId } = args.filter ?? {};
        const filter = {
          ...args.filter,
          customerId: customerId && localId('Customer', customerId),
          roleId: roleId && localId('Role', roleId),
        };
        return resolveConnection(listUsers(caller, { ...args, filter, columns: columnsRead(info) }), caller, info);
      },
    },
    UserConnection,
  ),
}));

builder.objectField(Organization, 'users', (t) =>
  t.connection(
    {
      type: User,
      description:
        'The team: users with a role in the organization, the oldest first. Only callers who reach the whole organization see any. Needs `user:read`.',
      ...sameForAll((caller, args: PageArguments, asked) =>
        resolveConnection(listUsersOfOrganization(caller, { ...args, columns: columnsRead(asked) }), caller, asked),
      ),
    },
    UserConnection,
  ),
);

builder.objectField(Customer, 'users', (t) =>
  t.connection(
    {
      type: User,
      description: 'The live users of the customer in your reach, the oldest first. Needs `user:read`.',
      ...nestedList(listUsersOfCustomers),
    },
    UserConnection,
  ),
);

builder.objectField(Tenant, 'users', (t) =>
  t.connection(
    {
      type: User,
      description: 'The live users with a role in the tenant, the oldest first. Needs `user:read`.',
      ...nestedList(listUsersOfTenants, { require: requireTenantDetails }),
    },
    UserConnection,
  ),
);
