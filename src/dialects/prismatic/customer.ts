import { type CustomerRecord, customersByIds, findCustomer } from '../../directory/customers/queries.ts';
import { localId, toGlobalId } from '../../graphql/shared/ids.ts';
import { resolveFound, UNCACHED } from '../../graphql/shared/per-record.ts';
import { builder } from './builder.ts';
import { recordNotFound } from './errors.ts';

export const CUSTOMER_DESCRIPTIONS = {
  name: 'The name, 1 to 256 characters: unique among companies, without regard to case.',
  description: 'Free text, up to 4096 characters.',
  externalId: 'The id of this customer in your own system: unique among live customers, with regard to case.',
  labels:
    'Labels to sort customers by: at most 50, of up to 64 characters each. Of two that differ in case alone, the first stays.',
} as const;

export const Customer = builder.loadableObjectRef('Customer', {
  load: async (ids: string[], caller) => customersByIds(caller, ids).rows(),
  sort: ({ id }: CustomerRecord) => id,
  loaderOptions: UNCACHED,
});

Customer.implement({
  description: 'A company or person whom the organization serves. Reading it needs `customer:read`.',
  fields: (t) => ({
    id: t.id({
      description: 'The id: opaque, and unique among all types.',
      resolve: ({ id }) => toGlobalId('Customer', id),
    }),
    name: t.exposeString('name', { description: CUSTOMER_DESCRIPTIONS.name }),
    description: t.exposeString('description', {
      nullable: true,
      description: `${CUSTOMER_DESCRIPTIONS.description} Null if there is none.`,
    }),
    externalId: t.exposeString('externalId', {
      nullable: true,
      description: `${CUSTOMER_DESCRIPTIONS.externalId} Null if there is none.`,
    }),
    labels: t.exposeStringList('labels', { description: CUSTOMER_DESCRIPTIONS.labels }),
    // Embedded pages ask for it as soon as they have signed in, and take it for granted.
    allowEmbeddedDesigner: t.boolean({ description: 'False: there is nothing to design here.', resolve: () => false }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the customer was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When the customer was last changed.' }),
  }),
});

export const CustomerConnection = builder.connectionObject(
  { type: Customer, name: 'CustomerConnection', description: 'One page of customers.' },
  { name: 'CustomerEdge', description: 'A customer at its place in a list.' },
);

builder.queryField('customer', (t) =>
  t.field({
    type: Customer,
    description:
      'The customer with this id. Fails with `Record not found` when there is none, or it is out of your reach. Needs `customer:read`.',
    args: { id: t.arg.id({ required: true, description: 'The id of a customer.' }) },
    resolve: async (_, { id }, caller, info) => {
      const named = findCustomer(caller, { id: localId('Customer', id).toLowerCase() });
      const found = await resolveFound(named, caller, info);
      if (found === null) throw recordNotFound();
      return found;
    },
  }),
);
