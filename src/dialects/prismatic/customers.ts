import { listCustomers } from '../../directory/customers/queries.ts';
import { MAX_DESCRIPTION_SORT } from '../../directory/kernel/derived-columns.ts';
import type { Connection } from '../../directory/lists/connection.ts';
import { resolveConnection } from '../../graphql/shared/connection.ts';
import { builder } from './builder.ts';
import { Customer, CustomerConnection } from './customer.ts';
import { asked } from './given.ts';
import { CONTAINED, LIST_ARGUMENTS, listedBy, OrderDirection, orderOf, upTo } from './list-arguments.ts';
import { pageOf } from './pages.ts';

const CustomerOrderField = builder.enumType('CustomerOrderField', {
  description: 'What customers can be sorted by. Those that are equal in it are sorted by id.',
  values: {
    NAME: { description: 'The name, without regard to case.' },
    DESCRIPTION: {
      description: `The first ${MAX_DESCRIPTION_SORT} characters of the description, without regard to case; those without one come first.`,
    },
    CREATED_AT: { description: 'When the customer was created.' },
    UPDATED_AT: { description: 'When the customer was last changed.' },
  } as const,
});

const CustomerOrder = builder.inputType('CustomerOrder', {
  description: 'How a list of customers is sorted.',
  fields: (t) => ({
    field: t.field({ type: CustomerOrderField, required: true, description: 'What to sort by.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'Which way to sort.' }),
  }),
});

/** What the directory's filter calls something else than the arguments do. */
const NAMES = {
  createdAt: 'createdAt_Gte',
  updatedAt: 'updatedAt_Gte',
  nameContains: 'name_Icontains',
  nameStartsWith: 'name_Istartswith',
  descriptionContains: 'description_Icontains',
  externalIds: 'externalId',
  labels: 'labels_Contains',
};

/** Returns the list without its records. Those who may not ask for any have been refused by then. */
const withoutRecords = <Row>(listing: Connection<Row>): Connection<Row> => ({
  ...listing,
  page: async () => ({ rows: [], start: null, end: null, hasNextPage: false, hasPreviousPage: false }),
  count: async () => 0,
  // Nothing is to be read ahead below them.
  values: () => null,
});

builder.queryField('customers', (t) =>
  t.connection(
    {
      type: Customer,
      description: 'The customers in your reach that satisfy everything given here. Needs `customer:read`.',
      args: {
        offset: t.arg.int({ description: LIST_ARGUMENTS.offset }),
        isSystem: t.arg.boolean({
          description: 'True for those that the system made, of which there are none; else it says nothing.',
        }),
        name: t.arg.string({ description: 'Those with this name, without regard to case.' }),
        name_Icontains: t.arg.string({ description: `Those with this in their name, ${CONTAINED}.` }),
        name_Istartswith: t.arg.string({
          description: 'Those whose name begins so, without regard to case and accents.',
        }),
        description_Icontains: t.arg.string({ description: `Those with this in their description, ${CONTAINED}.` }),
        externalId: t.arg.string({ description: 'The one with this external id, with regard to case.' }),
        createdAt_Gte: t.arg({ type: 'DateTime', description: LIST_ARGUMENTS.createdAt_Gte }),
        createdAt_Lte: t.arg({ type: 'DateTime', description: LIST_ARGUMENTS.createdAt_Lte }),
        updatedAt_Gte: t.arg({ type: 'DateTime', description: LIST_ARGUMENTS.updatedAt_Gte }),
        updatedAt_Lte: t.arg({ type: 'DateTime', description: LIST_ARGUMENTS.updatedAt_Lte }),
        labels_Contains: t.arg({
          type: ['String'],
          required: { list: false, items: false },
          description: 'Those that carry all of these, exactly as written. An empty list says nothing.',
        }),
        sortBy: t.arg({
          type: [CustomerOrder],
          required: { list: false, items: false },
          description: LIST_ARGUMENTS.sortBy,
        }),
        orderBy: t.arg({ type: CustomerOrder, description: LIST_ARGUMENTS.orderBy }),
      },
      resolve: (_, args, caller, info) => {
        const externalId = asked(args.externalId);
        const labels = (args.labels_Contains ?? []).flatMap((label) => asked(label) ?? []);
        const listing = listedBy(NAMES, () =>
          listCustomers(caller, {
            ...pageOf(args),
            offset: args.offset,
            orderBy: orderOf(args),
            filter: {
              name: asked(args.name),
              nameContains: asked(args.name_Icontains),
              nameStartsWith: asked(args.name_Istartswith),
              descriptionContains: asked(args.description_Icontains),
              externalIds: externalId === null ? null : [externalId],
              createdAt: { from: args.createdAt_Gte, to: upTo(args.createdAt_Lte) },
              updatedAt: { from: args.updatedAt_Gte, to: upTo(args.updatedAt_Lte) },
              labels: labels.length > 0 ? labels : null,
            },
          }),
        );
        return resolveConnection(args.isSystem ? withoutRecords(listing) : listing, caller, info);
      },
    },
    CustomerConnection,
  ),
);
