import type { Caller } from '../../directory/access/viewer.ts';
import { MAX_DESCRIPTION_SORT } from '../../directory/customers/columns.ts';
import { type CustomerListArguments, type CustomerRecord, listCustomers } from '../../directory/customers/queries.ts';
import { ValidationError } from '../../directory/kernel/errors.ts';
import type { Connection } from '../../directory/lists/connection.ts';
import { MAX_OFFSET } from '../../directory/lists/page-arguments.ts';
import { resolveConnection } from '../../graphql/shared/connection.ts';
import { builder } from './builder.ts';
import { Customer, CustomerConnection } from './customer.ts';
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

const OrderDirection = builder.enumType('OrderDirection', {
  description: 'Which way a list is sorted.',
  values: {
    ASC: { description: 'The smallest, earliest or alphabetically first comes first.' },
    DESC: { description: 'The largest, latest or alphabetically last comes first.' },
  } as const,
});

const CustomerOrder = builder.inputType('CustomerOrder', {
  description: 'How a list of customers is sorted.',
  fields: (t) => ({
    field: t.field({ type: CustomerOrderField, required: true, description: 'What to sort by.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'Which way to sort.' }),
  }),
});

type Order = NonNullable<CustomerListArguments['orderBy']>;

/** One order is served. Another behind it says nothing where no two customers are equal in the first. */
function orderOf(sortBy: readonly (Order | null | undefined)[] | null | undefined): Order | undefined {
  const [first, ...others] = (sortBy ?? []).filter((order) => order != null);
  const isTotal = first?.field === 'CREATED_AT' || others.every(({ field }) => field === first?.field);
  if (!isTotal) throw ValidationError.at('sortBy', 'must have one element: a list is sorted by one field');
  return first;
}

/** Forms send what was left empty as an empty text, which asks for nothing. */
const given = (text: string | null | undefined): string | null => (text?.trim() ? text : null);

/** What the directory's filter calls something else than the arguments do. */
const ARGUMENTS: Record<string, string> = {
  nameContains: 'name_Icontains',
  nameStartsWith: 'name_Istartswith',
  descriptionContains: 'description_Icontains',
  externalIds: 'externalId',
  labels: 'labels_Contains',
};

/**
 * Returns the list of the directory that the arguments ask for.
 *
 * @throws ValidationError that names what is wrong as the arguments do.
 */
function listBy(caller: Caller, args: CustomerListArguments): Connection<CustomerRecord> {
  try {
    return listCustomers(caller, args);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError(
      error.issues.map((issue) => {
        const [, name = issue.path] = /^filter\.(\w+)/.exec(issue.path) ?? [];
        return { ...issue, path: ARGUMENTS[name] ?? name };
      }),
    );
  }
}

/** Returns the list without its records. Those who may not ask for any have been refused by then. */
const withoutRecords = <Row>(listing: Connection<Row>): Connection<Row> => ({
  ...listing,
  page: async () => ({ rows: [], start: null, end: null, hasNextPage: false, hasPreviousPage: false }),
  count: async () => 0,
});

/** At this moment or before: the directory asks before when, and has milliseconds. */
const upTo = (time: Date | null | undefined): Date | undefined =>
  time == null ? undefined : new Date(time.getTime() + 1);

builder.queryField('customers', (t) =>
  t.connection(
    {
      type: Customer,
      description: 'The customers in your reach that satisfy everything given here. Needs `customer:read`.',
      args: {
        offset: t.arg.int({
          description: `How many records to skip before the page, at most ${MAX_OFFSET}: go on by \`after\`. None if not given.`,
        }),
        isSystem: t.arg.boolean({
          description: 'True for those that the system made, of which there are none; else it says nothing.',
        }),
        name: t.arg.string({ description: 'Those with this name, without regard to case.' }),
        name_Icontains: t.arg.string({ description: 'Those with this in their name, without regard to case.' }),
        name_Istartswith: t.arg.string({ description: 'Those whose name begins so, without regard to case.' }),
        description_Icontains: t.arg.string({
          description: 'Those with this in their description, without regard to case.',
        }),
        externalId: t.arg.string({ description: 'The one with this external id, without regard to case.' }),
        createdAt_Gte: t.arg({ type: 'DateTime', description: 'Created at this moment or later.' }),
        createdAt_Lte: t.arg({ type: 'DateTime', description: 'Created at this moment or before.' }),
        updatedAt_Gte: t.arg({ type: 'DateTime', description: 'Last changed at this moment or later.' }),
        updatedAt_Lte: t.arg({ type: 'DateTime', description: 'Last changed at this moment or before.' }),
        labels_Contains: t.arg({
          type: ['String'],
          required: { list: false, items: false },
          description: 'Those that carry all of these, exactly as written. An empty list says nothing.',
        }),
        sortBy: t.arg({
          type: [CustomerOrder],
          required: { list: false, items: false },
          description:
            'How they are sorted, by one field; if not given, by UPDATED_AT for a range of updates alone, else by CREATED_AT.',
        }),
      },
      resolve: (_, args, caller, info) => {
        const externalId = given(args.externalId);
        const labels = (args.labels_Contains ?? []).filter((label) => label != null);
        const listing = listBy(caller, {
          ...pageOf(args),
          offset: args.offset,
          orderBy: orderOf(args.sortBy),
          filter: {
            name: given(args.name),
            nameContains: given(args.name_Icontains),
            nameStartsWith: given(args.name_Istartswith),
            descriptionContains: given(args.description_Icontains),
            externalIds: externalId === null ? null : [externalId],
            createdAt: { from: args.createdAt_Gte, to: upTo(args.createdAt_Lte) },
            updatedAt: { from: args.updatedAt_Gte, to: upTo(args.updatedAt_Lte) },
            labels: labels.length > 0 ? labels : null,
          },
        });
        return resolveConnection(args.isSystem ? withoutRecords(listing) : listing, caller, info);
      },
    },
    CustomerConnection,
  ),
);
