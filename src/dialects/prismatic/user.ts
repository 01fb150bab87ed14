import { customersByIds } from '../../directory/customers/queries.ts';
import type { PageArguments } from '../../directory/lists/page-arguments.ts';
import type { OrganizationRecord } from '../../directory/organization/queries.ts';
import { rolesByIds } from '../../directory/roles/queries.ts';
import { listUsersOfCustomers, listUsersOfOrganization, type UserRecord } from '../../directory/users/queries.ts';
import { nestedList, resolveConnection } from '../../graphql/shared/connection.ts';
import { toGlobalId } from '../../graphql/shared/ids.ts';
import { reference, sameForAll } from '../../graphql/shared/per-record.ts';
import { extended } from '../../graphql/shared/prices.ts';
import { needs } from '../shared/needs.ts';
import { builder } from './builder.ts';
import { Customer } from './customer.ts';
import { Organization, organizationOf } from './organization.ts';
import { pageOf } from './pages.ts';
import { Role } from './role.ts';

export const USER_DESCRIPTIONS = {
  email: 'The e-mail address: unique among users who are not deleted themselves, without regard to case.',
  name: 'The name, 1 to 256 characters.',
  phone: 'The phone number, up to 256 characters, as it was given.',
  avatarUrl: 'A picture of the user, http or https.',
  externalId:
    'The id of this user in your own system: unique among users who are not deleted themselves, with regard to case.',
} as const;

/** A user; the organization has been read along with the one who signed in. */
export type ShownUser = UserRecord & { organization?: OrganizationRecord };

const isTeamMember = ({ roleId, customerId }: UserRecord): boolean => roleId !== null && customerId === null;

export const User = builder.objectRef<ShownUser>('User').implement({
  description:
    'A person who signs in: a team member with a role in the organization, or a user of a customer with a role there. Reading it needs `user:read`.',
  fields: (t) => ({
    id: t.id({
      description: 'The id: opaque, and unique among all types.',
      resolve: ({ id }) => toGlobalId('User', id),
    }),
    email: t.exposeString('email', { description: USER_DESCRIPTIONS.email }),
    name: t.exposeString('name', { nullable: true, description: `${USER_DESCRIPTIONS.name} Null if there is none.` }),
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
    role: t.field({
      type: Role,
      nullable: true,
      description:
        'The role in the organization or in the customer; null for a user with neither, and for callers who reach some tenants only. Needs `role:read`.',
      ...extended(reference('roleId', rolesByIds), needs('role:read')),
    }),
    customer: t.field({
      type: Customer,
      nullable: true,
      description:
        'The customer that the user belongs to; null for a team member, and if it is out of your reach. Needs `customer:read`.',
      ...extended(reference('customerId', customersByIds), needs('customer:read')),
    }),
    org: t.field({
      type: Organization,
      nullable: true,
      description: 'The organization, of a team member; null for anybody else.',
      resolve: (user, _, caller) => (isTeamMember(user) ? (user.organization ?? organizationOf(caller)) : null),
    }),
    tenantId: t.id({
      nullable: true,
      description:
        'Where the user who asks is signed in: the id of the tenant, or else of the organization. Null for every other user.',
      resolve: ({ organization }, _, { viewer: { reach } }) => {
        if (!organization) return null;
        const [tenantId] = reach.kind === 'TENANTS' ? reach.tenantIds : [];
        return tenantId === undefined ? toGlobalId('Organization', organization.id) : toGlobalId('Tenant', tenantId);
      },
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the user was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When the user was last changed.' }),
  }),
});

export const UserConnection = builder.connectionObject(
  { type: User, name: 'UserConnection', description: 'One page of users.' },
  { name: 'UserEdge', description: 'A user at its place in a list.' },
);

const team = sameForAll((caller, args: PageArguments, asked) =>
  resolveConnection<ShownUser>(listUsersOfOrganization(caller, pageOf(args)), caller, asked),
);

builder.objectField(Customer, 'users', (t) =>
  t.connection(
    {
      type: User,
      description: 'The live users of the customer in your reach, the oldest first. Needs `user:read`.',
      ...extended(nestedList<ShownUser>(listUsersOfCustomers, { page: pageOf }), needs('user:read')),
    },
    UserConnection,
  ),
);

builder.objectField(Organization, 'users', (t) =>
  t.connection(
    {
      type: User,
      description:
        'The team: users with a role in the organization, the oldest first. Only callers who reach the whole organization see any. Needs `user:read`.',
      ...extended(team, needs('user:read')),
    },
    UserConnection,
  ),
);
