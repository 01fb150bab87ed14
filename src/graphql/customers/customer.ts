import { type CustomerRecord, customersByIds, findCustomer, listCustomers } from '../../directory/customers/queries.ts';
import { auditFields } from '../shared/audit-fields.ts';
import { builder } from '../shared/builder.ts';
import { resolveConnection } from '../shared/connection.ts';
import { localIdentifier, requireIdOf } from '../shared/ids.ts';
import { entityFilterFields, ORDER_BY, RecordOrder, TEXT_FILTERS } from '../shared/list-inputs.ts';
import { entityNode } from '../shared/node.ts';
import { recordWithGlobalId, resolveFound } from '../shared/per-record.ts';
import { columnsRead, reads } from '../shared/reads.ts';

export const CustomerKind = builder.enumType('CustomerKind', {
  description: 'What a customer is.',
  values: {
    COMPANY: { description: 'A company. Its name is unique among live companies.' },
    PERSON: { description: 'A person. Several may have the same name.' },
  } as const,
});

/** Descriptions of the fields that customers have in the output type, in inputs and in imports alike. */
export const CUSTOMER_DESCRIPTIONS = {
  kind: 'Whether the customer is a company or a person.',
  name: 'The name, 1 to 256 characters; that of a company is unique among live companies, without regard to case.',
  shortName: 'What the customer is called for short, up to 256 characters.',
  email: 'The e-mail address: unique among live customers, without regard to case.',
  externalId: 'The id of this customer in your own system: unique among live customers, with regard to case.',
  description: 'Free text, up to 4096 characters.',
  labels:
    'Labels to sort customers by: at most 50, of up to 64 characters each. Of two that differ in case alone, the first stays.',
} as const;

type WithEmail = CustomerRecord & { email: string };

const CustomerEmail = builder.objectRef<WithEmail>('CustomerEmail').implement({
  description: 'The e-mail address of a customer.',
  fields: (t) => ({
    address: t.exposeString('email', { description: 'The address, as it was given.' }),
    isVerified: t.exposeBoolean('emailVerified', { description: 'Whether it is known to be the customer’s.' }),
  }),
});

/**
 * Customers as nodes. `node` is null for one that is deleted or out of reach.
 * @throws {ForbiddenError} for a caller without `customer:read`.
 */
export const Customer = entityNode('Customer', customersByIds);

const hasEmail = (customer: CustomerRecord): customer is WithEmail => customer.email !== null;

Customer.implement({
  description:
    'A company or person whom the organization serves, in any number of tenants. Reading it needs `customer:read`.',
  fields: (t) => ({
    kind: t.expose('kind', { type: CustomerKind, description: CUSTOMER_DESCRIPTIONS.kind }),
    name: t.exposeString('name', { description: CUSTOMER_DESCRIPTIONS.name }),
    shortName: t.exposeString('shortName', {
      nullable: true,
      description: `${CUSTOMER_DESCRIPTIONS.shortName} Null if there is none.`,
    }),
    email: t.field({
      type: CustomerEmail,
      nullable: true,
      description: `${CUSTOMER_DESCRIPTIONS.email} Null if there is none.`,
      ...reads('email', 'emailVerified'),
      resolve: (customer) => (hasEmail(customer) ? customer : null),
    }),
    externalId: t.exposeString('externalId', {
      nullable: true,
      description: `${CUSTOMER_DESCRIPTIONS.externalId} Null if there is none.`,
    }),
    description: t.exposeString('description', {
      nullable: true,
      description: `${CUSTOMER_DESCRIPTIONS.description} Null if there is none.`,
    }),
    labels: t.exposeStringList('labels', { description: CUSTOMER_DESCRIPTIONS.labels }),
    ...auditFields(t, 'customer'),
  }),
});

/** The one page type of every list of customers, so that clients read all of them alike. */
export const CustomerConnection = builder.connectionObject(
  { type: Customer, name: 'CustomerConnection', description: 'One page of customers.' },
  { name: 'CustomerEdge', description: 'A customer at its place in a list.' },
);

/** Names one customer in an input. Commands take it with a local id: see `localIdentifier`. */
export const CustomerIdentifier = builder.inputType('CustomerIdentifier', {
  description: 'Names one customer, by exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'Its global id.' }),
    email: t.string({ description: 'Its e-mail address, without regard to case.' }),
    externalId: t.string({ description: 'Its external id, with regard to case.' }),
  }),
});

const CustomerFilter = builder.inputType('CustomerFilter', {
  description: 'Which customers a list has: those that satisfy everything given here.',
  fields: (t) => ({
    ...entityFilterFields(t, {
      deleted: 'Whether deleted customers are listed; EXCLUDE if not given.',
      searched: 'name or the e-mail address',
    }),
    kinds: t.field({ type: [CustomerKind], description: 'Any of these, at least one.' }),
    labels: t.stringList({ description: 'Those that carry all of these, at least one, without regard to case.' }),
    name: t.string({
      description: `${TEXT_FILTERS.name}: at most one company, and any number of persons.`,
    }),
    nameStartsWith: t.string({ description: TEXT_FILTERS.nameStartsWith }),
    nameContains: t.string({ description: TEXT_FILTERS.nameContains }),
    descriptionContains: t.string({ description: TEXT_FILTERS.descriptionContains }),
  }),
});

builder.queryFields((t) => ({
  customer: t.field({
    type: Customer,
    nullable: true,
    description:
      'The customer with this id; null when there is none, or it is deleted or out of your reach. Needs `customer:read`.',
    args: { id: t.arg.id({ required: true, description: 'The global id of a customer.' }) },
    resolve: (_, { id }, caller, info) => recordWithGlobalId('Customer', customersByIds, id, caller, info),
  }),
  customerBy: t.field({
    type: Customer,
    nullable: true,
    description:
      'The customer that is named so; null when there is none, or it is deleted or out of your reach. Needs `customer:read`.',
    args: { identifier: t.arg({ type: CustomerIdentifier, required: true, description: 'What names the customer.' }) },
    resolve: (_, { identifier }, caller, info) => {
      const found = findCustomer(caller, localIdentifier('Customer', identifier));
      requireIdOf('Customer', identifier.id, 'identifier.id');
      return resolveFound(found, caller, info);
    },
  }),
  customers: t.connection(
    {
      type: Customer,
      description: 'The customers in your reach. Needs `customer:read`.',
      args: {
        filter: t.arg({ type: CustomerFilter, description: 'Which customers; all live ones if not given.' }),
        orderBy: t.arg({
          type: RecordOrder,
          description: ORDER_BY,
        }),
      },
      resolve: (_, args, caller, info) =>
        resolveConnection(listCustomers(caller, { ...args, columns: columnsRead(info) }), caller, info),
    },
    CustomerConnection,
  ),
}));
