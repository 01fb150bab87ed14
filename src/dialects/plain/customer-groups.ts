import { BY_CREATION, type PageArguments, parsePageArguments, toPage } from '../../directory/lists/page-arguments.ts';
import { ShownConnection } from '../../graphql/shared/connection.ts';
import type { Price } from '../../graphql/shared/prices.ts';
import { InternalActor } from './actors.ts';
import { builder, DateTime } from './builder.ts';
import { type Lacking, none } from './lacking.ts';

const CustomerGroup = builder.objectRef<Lacking>('CustomerGroup').implement({
  description: 'A group of customers. There are none.',
  fields: (t) => ({
    id: t.id({ description: 'The id of the group.', resolve: none }),
    name: t.string({ description: 'Its name.', resolve: none }),
    key: t.string({ description: 'What programs call it.', resolve: none }),
    color: t.string({ description: 'The color that it is shown in.', resolve: none }),
    externalId: t.string({ nullable: true, description: 'Its id in your own system.', resolve: none }),
  }),
});

export const CustomerGroupMembership = builder.objectRef<Lacking>('CustomerGroupMembership').implement({
  description: 'That a customer belongs to a group. None does.',
  fields: (t) => ({
    customerId: t.id({ description: 'The id of the customer.', resolve: none }),
    customerGroup: t.field({ type: CustomerGroup, description: 'The group.', resolve: none }),
    createdAt: t.field({ type: DateTime, description: 'Since when.', resolve: none }),
    createdBy: t.field({ type: InternalActor, description: 'Who added the customer.', resolve: none }),
    updatedAt: t.field({ type: DateTime, description: 'When it was last changed.', resolve: none }),
    updatedBy: t.field({ type: InternalActor, description: 'Who changed it last.', resolve: none }),
  }),
});

export const CustomerGroupMembershipsFilter = builder.inputType('CustomerGroupMembershipsFilter', {
  description: 'Which memberships in groups a list has. There are none anyway.',
  fields: (t) => ({
    customerGroupExternalIds: t.stringList({ description: 'In groups with these ids of your own.' }),
  }),
});

export const CustomerGroupMembershipConnection = builder.connectionObject(
  { type: CustomerGroupMembership, name: 'CustomerGroupMembershipConnection', description: 'A page without anything.' },
  { name: 'CustomerGroupMembershipEdge', description: 'A membership at its place in a list. There are none.' },
);

/** A list that never has a record costs what a field does, whatever page of it is asked for. */
export const EMPTY_PAGE_PRICE: Price = { own: 1, rows: { arguments: ['first', 'last'], default: 1, max: 1 } };

/** Returns a page of a list that never has a record, if its arguments are good ones. */
export function emptyPage(list: string, page: PageArguments) {
  const request = parsePageArguments(page, BY_CREATION, list);
  return new ShownConnection<Lacking>(
    () => toPage(request, []),
    () => 0,
    none,
  );
}
