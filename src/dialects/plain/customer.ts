import { type CustomerRecord, findCustomer } from '../../directory/customers/queries.ts';
import { listMembershipsOfCustomers, type MembershipRecord } from '../../directory/tenants/queries.ts';
import { nestedList } from '../../graphql/shared/connection.ts';
import { resolveFound } from '../../graphql/shared/per-record.ts';
import { COVERED, extended, price } from '../../graphql/shared/prices.ts';
import { needs } from '../shared/needs.ts';
import { Actor, CustomerActor, InternalActor, shownActor, UserActor } from './actors.ts';
import { builder, DateTime } from './builder.ts';
import {
  CustomerGroupMembership,
  CustomerGroupMembershipConnection,
  CustomerGroupMembershipsFilter,
  EMPTY_PAGE_PRICE,
  emptyPage,
} from './customer-groups.ts';
import { localId, toPlainId } from './ids.ts';
import { none } from './lacking.ts';
import { Company, DiscordCustomerIdentity, SlackCustomerIdentity } from './support.ts';
import { Tenant } from './tenant.ts';

const EmailAddress = builder.objectRef<CustomerRecord>('EmailAddress').implement({
  description: 'The e-mail address of a customer.',
  fields: (t) => ({
    email: t.string({
      description: 'The address, as it was given; empty if the customer has none.',
      resolve: ({ email }) => email ?? '',
    }),
    isVerified: t.exposeBoolean('emailVerified', { description: 'Whether it is known to be the customer’s.' }),
    verifiedAt: t.field({
      type: DateTime,
      nullable: true,
      description: 'Always null: it is not kept since when it is known.',
      resolve: () => null,
    }),
  }),
});

const EmailCustomerIdentity = builder.objectRef<{ email: string }>('EmailCustomerIdentity').implement({
  description: 'A customer by e-mail.',
  fields: (t) => ({ email: t.exposeString('email', { description: 'The address.' }) }),
});

const CustomerIdentity = builder.unionType('CustomerIdentity', {
  description: 'Where a customer is known, and as whom.',
  types: [EmailCustomerIdentity, DiscordCustomerIdentity, SlackCustomerIdentity],
  resolveType: () => EmailCustomerIdentity,
});

const CustomerStatus = builder.enumType('CustomerStatus', {
  description: 'Whether a customer waits for somebody, as older clients ask.',
  values: {
    ACTIVE: { description: 'The customer waits for an answer. Nobody does here.' },
    IDLE: { description: 'Nobody waits for anybody.' },
    SNOOZED: { description: 'The customer is waited for. Nobody is here.' },
  } as const,
});

const Membership = builder.objectRef<MembershipRecord>('CustomerTenantMembership').implement({
  description: 'That a customer belongs to a tenant. It begins and ends, and does not change in between.',
  fields: (t) => {
    const since = (description: string) =>
      t.field({ type: DateTime, description, resolve: ({ createdAt }) => createdAt });
    const by = (description: string) =>
      t.field({
        type: InternalActor,
        description,
        resolve: ({ createdByType, createdById }) => shownActor(createdByType, createdById),
      });
    return {
      tenant: t.expose('tenant', { type: Tenant, description: 'The tenant.' }),
      createdAt: since('Since when the customer belongs to the tenant.'),
      createdBy: by('Who added the customer to the tenant.'),
      updatedAt: since('The same as `createdAt`.'),
      updatedBy: by('The same as `createdBy`.'),
    };
  },
});

const MembershipConnection = builder.connectionObject(
  { type: Membership, name: 'CustomerTenantMembershipConnection', description: 'One page of memberships.' },
  { name: 'CustomerTenantMembershipEdge', description: 'A membership at its place in a list.' },
);

export const Customer = builder.objectRef<CustomerRecord>('Customer').implement({
  description: 'A person or company whom the organization serves, in any number of tenants.',
  fields: (t) => ({
    id: t.id({ description: 'Begins with `c_`.', resolve: ({ id }) => toPlainId('Customer', id) }),
    fullName: t.exposeString('name', { description: 'The name, 1 to 256 characters.' }),
    shortName: t.exposeString('shortName', {
      nullable: true,
      description: 'What the customer is called for short. Null if there is nothing.',
    }),
    email: t.field({ type: EmailAddress, description: 'The e-mail address.', resolve: (customer) => customer }),
    externalId: t.exposeID('externalId', {
      nullable: true,
      description:
        'The id of this customer in your own system: unique among live customers, with regard to case. Null if there is none.',
    }),
    avatarUrl: t.string({ nullable: true, description: 'Always null: none are kept.', resolve: () => null }),
    assignedToUser: t.field({
      type: UserActor,
      nullable: true,
      description: 'Always null: customers are assigned to nobody.',
      resolve: () => null,
    }),
    assignedAt: t.field({
      type: DateTime,
      nullable: true,
      description: 'Always null: customers are assigned to nobody.',
      resolve: () => null,
    }),
    company: t.field({
      type: Company,
      nullable: true,
      description: 'Always null: there are no companies beside the customers themselves.',
      resolve: () => null,
    }),
    status: t.field({
      type: CustomerStatus,
      nullable: true,
      description: 'Always IDLE: there are no conversations that a customer could wait in.',
      resolve: () => 'IDLE' as const,
    }),
    statusChangedAt: t.field({
      type: DateTime,
      nullable: true,
      description: 'Always null: the status never changes.',
      resolve: () => null,
    }),
    lastIdleAt: t.field({
      type: DateTime,
      nullable: true,
      description: 'Always null: the status never changes.',
      resolve: () => null,
    }),
    customerGroupMemberships: t.connection(
      {
        type: CustomerGroupMembership,
        ...price(EMPTY_PAGE_PRICE),
        description: 'Always empty: there are no groups of customers.',
        args: {
          filters: t.arg({ type: CustomerGroupMembershipsFilter, description: 'Which memberships: there are none.' }),
        },
        resolve: (_, { filters: _filters, ...page }) => emptyPage('Customer.customerGroupMemberships', page),
      },
      CustomerGroupMembershipConnection,
    ),
    isAnonymous: t.boolean({ description: 'Always false: every customer has a name.', resolve: () => false }),
    identities: t.field({
      type: [CustomerIdentity],
      ...price(COVERED),
      description: 'Where the customer is known: by the e-mail address, if there is one.',
      resolve: ({ email }) => (email === null ? [] : [{ email }]),
    }),
    markedAsSpamAt: t.field({
      type: DateTime,
      nullable: true,
      description: 'Always null: nobody is marked as spam.',
      resolve: () => null,
    }),
    markedAsSpamBy: t.field({
      type: InternalActor,
      nullable: true,
      description: 'Always null: nobody is marked as spam.',
      resolve: () => null,
    }),
    createdAt: t.expose('createdAt', { type: DateTime, description: 'When the customer was created.' }),
    createdBy: t.field({
      type: Actor,
      description: 'Who created the customer.',
      resolve: ({ createdByType, createdById }) => shownActor(createdByType, createdById),
    }),
    updatedAt: t.expose('updatedAt', { type: DateTime, description: 'When the customer was last changed.' }),
    updatedBy: t.field({
      type: Actor,
      description: 'Who changed the customer last, or created it.',
      resolve: ({ updatedByType, updatedById }) => shownActor(updatedByType, updatedById),
    }),
    tenantMemberships: t.connection(
      {
        type: Membership,
        description:
          'The live tenants in your reach that the customer belongs to, the oldest first. Needs `tenant:read`.',
        ...extended(nestedList(listMembershipsOfCustomers), needs('tenant:read')),
      },
      MembershipConnection,
    ),
  }),
});

builder.objectField(CustomerActor, 'customer', (t) =>
  t.field({ type: Customer, description: 'The customer.', resolve: none }),
);

const absent = 'null when there is none in your reach. Needs `customer:read`.';

builder.queryFields((t) => ({
  customer: t.field({
    type: Customer,
    nullable: true,
    description: `The customer with this id; ${absent}`,
    args: { customerId: t.arg.id({ required: true, description: 'Begins with `c_`, or is a UUID.' }) },
    resolve: (_, { customerId }, caller, info) =>
      resolveFound(findCustomer(caller, { id: localId('Customer', customerId) }), caller, info),
  }),
  customerByEmail: t.field({
    type: Customer,
    nullable: true,
    description: `The customer with this e-mail address; ${absent}`,
    args: { email: t.arg.string({ required: true, description: 'The address, without regard to case.' }) },
    resolve: (_, { email }, caller, info) => resolveFound(findCustomer(caller, { email }), caller, info),
  }),
  customerByExternalId: t.field({
    type: Customer,
    nullable: true,
    description: `The customer with this external id; ${absent}`,
    args: { externalId: t.arg.id({ required: true, description: 'The external id, with regard to case.' }) },
    resolve: (_, { externalId }, caller, info) => resolveFound(findCustomer(caller, { externalId }), caller, info),
  }),
}));
