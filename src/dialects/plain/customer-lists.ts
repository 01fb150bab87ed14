import * as z from 'zod';
import { type CustomerListArguments, listCustomers } from '../../directory/customers/queries.ts';
import { ValidationError } from '../../directory/kernel/errors.ts';
import { parse } from '../../directory/kernel/input.ts';
import { lazily } from '../../directory/kernel/lazily.ts';
import { resolveConnection } from '../../graphql/shared/connection.ts';
import { price, totalOf } from '../../graphql/shared/prices.ts';
import { builder } from './builder.ts';
import { Customer } from './customer.ts';
import { TenantIdentifierInput, tenantIdentifiers } from './identifiers.ts';
import { DatetimeFilter, searchTerm, updatedWithin } from './lists.ts';

const CustomersFilter = builder.inputType('CustomersFilter', {
  description: 'Which customers a list has: those that satisfy everything given here.',
  fields: (t) => ({
    isMarkedAsSpam: t.boolean({ description: 'Nobody is marked as spam: false has everybody, and true is refused.' }),
    tenantIdentifiers: t.field({
      type: [TenantIdentifierInput],
      description:
        'Those who belong to any of these tenants, 1 to 100. One that is not there, or out of your reach, has nobody. Needs `tenant:read`.',
    }),
    updatedAt: t.field({ type: DatetimeFilter, description: 'Last changed within.' }),
  }),
});

const customersFilter = lazily(() =>
  z.object({
    isMarkedAsSpam: z.literal(false, { error: 'must be false: nobody is marked as spam here' }).nullish(),
    tenantIdentifiers: tenantIdentifiers().min(1, 'must not be empty').nullish(),
    updatedAt: updatedWithin(),
  }),
);

type Filter = NonNullable<CustomerListArguments['filter']>;

function customerFilter(given: typeof CustomersFilter.$inferInput | null | undefined): Filter {
  const { tenantIdentifiers, updatedAt } = parse(customersFilter, given ?? {}, 'filters');
  return { tenantIdentifiers, updatedAt };
}

const SortDirection = builder.enumType('SortDirection', {
  description: 'Which way a list is sorted.',
  values: {
    ASC: { description: 'What is alphabetically first comes first.' },
    DESC: { description: 'What is alphabetically last comes first.' },
  } as const,
});

const CustomersSortField = builder.enumType('CustomersSortField', {
  description: 'What customers can be sorted by.',
  values: { FULL_NAME: { description: 'The name, without regard to case.' } } as const,
});

const CustomersSort = builder.inputType('CustomersSort', {
  description: 'How a list of customers is sorted.',
  fields: (t) => ({
    field: t.field({ type: CustomersSortField, required: true, description: 'What to sort by.' }),
    direction: t.field({ type: SortDirection, required: true, description: 'Which way to sort.' }),
  }),
});

const StringSearchExpression = builder.inputType('StringSearchExpression', {
  description: 'What to look for.',
  fields: (t) => ({
    caseInsensitiveContains: t.string({
      description:
        'A text of 2 characters and more, without regard to case and accents; its words are found in any order.',
    }),
  }),
});

const CustomerSearchCondition = builder.inputType('CustomerSearchCondition', {
  description: 'Where to look for it: in one of these.',
  fields: (t) => ({
    fullName: t.field({
      type: StringSearchExpression,
      description: 'Three characters and more anywhere in the name, two as its beginning.',
    }),
    email: t.field({
      type: StringSearchExpression,
      description: 'Three characters and more anywhere in the e-mail address.',
    }),
    externalId: t.field({
      type: StringSearchExpression,
      description: 'The external id, as a whole and with regard to case.',
    }),
  }),
});

const CustomersSearchQuery = builder.inputType('CustomersSearchQuery', {
  description: 'One text, and where to look for it.',
  fields: (t) => ({
    or: t.field({
      type: [CustomerSearchCondition],
      description: 'Customers that satisfy any of these are found: 1 to 3, all with the same text.',
    }),
  }),
});

const PLACES = { fullName: 'name', email: 'email', externalId: 'externalId' } as const;
type SearchedColumn = keyof typeof PLACES;
const isPlace = (name: string): name is SearchedColumn => name in PLACES;

const expression = lazily(() => z.object({ caseInsensitiveContains: searchTerm() }).nullish());

const searchQuery = lazily(() =>
  z.object({
    or: z
      .array(
        z
          .object({ fullName: expression(), email: expression(), externalId: expression() })
          .refine((given) => Object.values(given).filter((value) => value != null).length === 1, {
            error: `must have exactly one of ${Object.keys(PLACES).join(', ')}`,
          }),
        { error: 'is required' },
      )
      .min(1, 'must not be empty')
      .max(3, 'must be at most 3'),
  }),
);

/** The directory looks for one text, in one place or several. */
function foundBy(given: typeof CustomersSearchQuery.$inferInput): Pick<Filter, 'search' | 'searchIn'> {
  const conditions = parse(searchQuery, given, 'searchQuery').or.flatMap((condition, index) =>
    Object.entries(condition).flatMap(([name, value]) =>
      value != null && isPlace(name) ? [{ name, term: value.caseInsensitiveContains, index }] : [],
    ),
  );
  const [first] = conditions;
  const other = conditions.find(({ term }) => term !== first?.term);
  if (other) {
    const path = `searchQuery.or.${other.index}.${other.name}.caseInsensitiveContains`;
    throw ValidationError.at(path, 'must be the same text as in the first condition');
  }
  return { search: first?.term, searchIn: conditions.map(({ name }) => PLACES[name]) };
}

const CustomerConnection = builder.connectionObject(
  {
    type: Customer,
    name: 'CustomerConnection',
    description: 'One page of customers.',
    fields: (t) => ({
      totalCount: t.int({
        ...price(totalOf(2)),
        description: 'How many customers the whole list has, exactly. Reads every one of them, and is priced so.',
        resolve: ({ total }) => total(),
      }),
    }),
  },
  { name: 'CustomerEdge', description: 'A customer at its place in a list.' },
);

const CustomerSearchConnection = builder.connectionObject(
  { type: Customer, name: 'CustomerSearchConnection', description: 'One page of what a search found.' },
  { name: 'CustomerSearchEdge', description: 'A customer who was found, at its place in a list.' },
);

const filters = 'Which customers; all live ones if not given.';

builder.queryFields((t) => ({
  customers: t.connection(
    {
      type: Customer,
      description: 'The customers in your reach. Needs `customer:read`.',
      args: {
        filters: t.arg({ type: CustomersFilter, description: filters }),
        sortBy: t.arg({
          type: CustomersSort,
          description:
            'How they are sorted; if not given, the oldest first, or, filtered by `updatedAt`, as they changed.',
        }),
      },
      resolve: (_, { filters, sortBy, ...page }, caller, info) => {
        const orderBy = sortBy && { field: 'NAME' as const, direction: sortBy.direction };
        const listing = listCustomers(caller, { ...page, orderBy, filter: customerFilter(filters) });
        return resolveConnection(listing, caller, info);
      },
    },
    CustomerConnection,
  ),
  searchCustomers: t.connection(
    {
      type: Customer,
      description:
        'The customers in your reach who are found, the oldest first, or, filtered by `updatedAt`, as they changed. Needs `customer:read`.',
      args: {
        searchQuery: t.arg({ type: CustomersSearchQuery, required: true, description: 'What to look for, and where.' }),
        filters: t.arg({ type: CustomersFilter, description: filters }),
      },
      resolve: (_, { searchQuery, filters, ...page }, caller, info) =>
        resolveConnection(
          listCustomers(caller, { ...page, filter: { ...customerFilter(filters), ...foundBy(searchQuery) } }),
          caller,
          info,
        ),
    },
    CustomerSearchConnection,
  ),
}));
