import { findUser, listUsers } from '../../directory/users/queries.ts';
import { resolveConnection } from '../../graphql/shared/connection.ts';
import { localId } from '../../graphql/shared/ids.ts';
import { resolveFound } from '../../graphql/shared/per-record.ts';
import { builder } from './builder.ts';
import { recordNotFound } from './errors.ts';
import { asked } from './given.ts';
import { CONTAINED, LIST_ARGUMENTS, listedBy, OrderDirection, orderOf, upTo } from './list-arguments.ts';
import { pageOf } from './pages.ts';
import { User, UserConnection } from './user.ts';

const UserOrderField = builder.enumType('UserOrderField', {
  description: 'What users can be sorted by. Those who are equal in it are sorted by id.',
  values: {
    NAME: { description: 'The name, without regard to case; those without one come first.' },
    EMAIL: { description: 'The e-mail address, without regard to case.' },
    CREATED_AT: { description: 'When the user was created.' },
    UPDATED_AT: { description: 'When the user was last changed.' },
  } as const,
});

const UserOrder = builder.inputType('UserOrder', {
  description: 'How a list of users is sorted.',
  fields: (t) => ({
    field: t.field({ type: UserOrderField, required: true, description: 'What to sort by.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'Which way to sort.' }),
  }),
});

/** What the directory's filter calls something else than the arguments do. */
const NAMES = {
  createdAt: 'createdAt_Gte',
  updatedAt: 'updatedAt_Gte',
  nameContains: 'name_Icontains',
  emailContains: 'email_Icontains',
  externalIds: 'externalId',
  hasExternalId: 'externalId_Isnull',
  customerId: 'customer',
  hasCustomer: 'customer_Isnull',
};

/** Whether there is a value, where an argument says whether there is none. */
const unless = (isNull: boolean | null | undefined): boolean | null => (isNull == null ? null : !isNull);

builder.queryFields((t) => ({
  user: t.field({
    type: User,
    description:
      'The user with this id. Fails with `Record not found` when there is none, or the user is out of your reach. Needs `user:read`.',
    args: { id: t.arg.id({ required: true, description: 'The id of a user.' }) },
    resolve: async (_, { id }, caller, info) => {
      const named = findUser(caller, { id: localId('User', id).toLowerCase() });
      const found = await resolveFound(named, caller, info);
      if (found === null) throw recordNotFound();
      return found;
    },
  }),
  users: t.connection(
    {
      type: User,
      description:
        'The users in your reach who satisfy everything given here. Needs `user:read`, and `customer:read` for who asks by customers.',
      args: {
        offset: t.arg.int({ description: LIST_ARGUMENTS.offset }),
        customer: t.arg.id({ description: 'Those of the customer with this id.' }),
        customer_Isnull: t.arg.boolean({
          description: 'True for those who belong to no customer that is in your reach, false for those who do.',
        }),
        email: t.arg.string({ description: 'The one with this e-mail address, without regard to case.' }),
        email_Icontains: t.arg.string({ description: `Those with this in their e-mail address, ${CONTAINED}.` }),
        externalId: t.arg.string({ description: 'The one with this external id, with regard to case.' }),
        externalId_Isnull: t.arg.boolean({
          description: 'True for those who have no external id, false for those who have one.',
        }),
        name: t.arg.string({ description: 'Those with this name, without regard to case.' }),
        name_Icontains: t.arg.string({ description: `Those with this in their name, ${CONTAINED}.` }),
        createdAt_Gte: t.arg({ type: 'DateTime', description: LIST_ARGUMENTS.createdAt_Gte }),
        createdAt_Lte: t.arg({ type: 'DateTime', description: LIST_ARGUMENTS.createdAt_Lte }),
        updatedAt_Gte: t.arg({ type: 'DateTime', description: LIST_ARGUMENTS.updatedAt_Gte }),
        updatedAt_Lte: t.arg({ type: 'DateTime', description: LIST_ARGUMENTS.updatedAt_Lte }),
        sortBy: t.arg({
          type: [UserOrder],
          required: { list: false, items: false },
          description: LIST_ARGUMENTS.sortBy,
        }),
        orderBy: t.arg({ type: UserOrder, description: LIST_ARGUMENTS.orderBy }),
      },
      resolve: (_, args, caller, info) => {
        const [externalId, customer] = [asked(args.externalId), asked(args.customer)];
        const listing = listedBy(NAMES, () =>
          listUsers(caller, {
            ...pageOf(args),
            offset: args.offset,
            orderBy: orderOf(args),
            filter: {
              customerId: customer && localId('Customer', customer),
              hasCustomer: unless(args.customer_Isnull),
              email: asked(args.email),
              emailContains: asked(args.email_Icontains),
              externalIds: externalId === null ? null : [externalId],
              hasExternalId: unless(args.externalId_Isnull),
              name: asked(args.name),
              nameContains: asked(args.name_Icontains),
              createdAt: { from: args.createdAt_Gte, to: upTo(args.createdAt_Lte) },
              updatedAt: { from: args.updatedAt_Gte, to: upTo(args.updatedAt_Lte) },
            },
          }),
        );
        return resolveConnection(listing, caller, info);
      },
    },
    UserConnection,
  ),
}));
