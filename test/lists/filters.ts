import { globalId } from '../shared/fixtures.ts';
import { FEW, type Made, ROLE_IDS, ROWS, type Row } from './directory.ts';

/** Whom the one who asks reaches. */
export type Who = 'all' | 'a tenant' | 'a customer';

export type ListName = 'tenants' | 'customers' | 'users';

/** A condition of a filter: what is asked for, and who satisfies it. */
interface Condition {
  given: object;
  has: (row: Row) => boolean;
  /** For whom there is an index for it in every order, so that nothing is read that it leaves out; for nobody, if not given. */
  served?: readonly Who[];
  /** For whom something leads to those who satisfy it; for everyone, if not given. Else it is tried on all in reach. */
  leads?: readonly Who[];
}

export interface Filter {
  what: string;
  conditions: readonly Condition[];
  /** Who asks for it; everyone, if not given. */
  by?: readonly Who[];
}

const at = (milliseconds: number) => new Date(milliseconds).toISOString();
const contains = (text: string) => (row: Row) => row.name.toLowerCase().includes(text) || row.email.includes(text);
const SECOND = 1000;

const EVERYONE: readonly Who[] = ['all', 'a tenant', 'a customer'];
/** Who finds the users of a customer by an index of them; in a tenant, there is one in the order of their creation. */
const OF_CUSTOMER: readonly Who[] = ['all', 'a customer'];
/** Whose search an index serves: that of a customer's users is not told apart in it. */
const INDEXED: readonly Who[] = ['all', 'a tenant'];

const searching = (text: string): Condition => ({ given: { search: text }, has: contains(text), leads: INDEXED });
const labelled = (label: string): Condition => ({
  given: { labels: [label] },
  has: (row) => row.labels.includes(label),
  served: ['all'],
  leads: ['all'],
});
const statuses = (...given: Row['status'][]): Condition => ({
  given: { statuses: given },
  has: ({ status }) => given.includes(status),
  served: EVERYONE,
});
const kinds = (kind: Row['kind']): Condition => ({
  given: { kinds: [kind] },
  has: (row) => row.kind === kind,
  served: EVERYONE,
});

const createdFrom = (n: number, to = ROWS + 1): Condition => ({
  given: { createdAt: { from: at(n * SECOND), to: at(to * SECOND) } },
  has: (row) => row.createdAt >= n * SECOND && row.createdAt < to * SECOND,
});
const updatedFrom = (n: number): Condition => ({
  given: { updatedAt: { from: at(n * SECOND) } },
  has: (row) => row.updatedAt >= n * SECOND,
});
const externalIds = (...given: string[]): Condition => ({
  given: { externalIds: given },
  has: ({ externalId }) => externalId !== null && given.includes(externalId),
});

/** Returns the filter that asks for all of these, as a client gives it. */
export function givenBy({ conditions }: Filter): Record<string, unknown> {
  const labels = conditions.flatMap(({ given }) => ('labels' in given ? (given.labels as string[]) : []));
  return { ...Object.assign({}, ...conditions.map(({ given }) => given)), ...(labels.length > 0 && { labels }) };
}

const of = (what: string, ...conditions: Condition[]): Filter => ({ what, conditions });
const by = (who: readonly Who[], what: string, condition: Condition): Filter => ({
  what,
  conditions: [condition],
  by: who,
});

const ofAll = (end: Condition): Filter[] => [
  of('nothing'),
  of('deleted ones only', { given: { deleted: 'ONLY' }, has: (row) => row.deleted, served: EVERYONE }),
  of('the state of those at the end', end),
  of('created in a long time', createdFrom(ROWS / 4)),
  of('created in a short time', createdFrom(ROWS - 50)),
  of('changed in a short time', updatedFrom(ROWS - 50)),
  of('created and changed in long times', createdFrom(ROWS / 2), updatedFrom(ROWS / 2)),
  of('created in a long time, changed in a short one', createdFrom(ROWS / 2), updatedFrom(ROWS - 200)),
  of('external ids', externalIds('X17', 'X18', 'nobody')),
  of('a search that finds those at the end', searching('zeta')),
  of('a search that finds a few at the end', searching('last')),
  of('a search that finds nothing', searching('nobody')),
  of('a search and the state of those at the end', searching('zeta'), end),
  of('a search and the time of creation', searching('zeta'), createdFrom(ROWS - 200)),
];

const names: Filter[] = [
  of('the beginning of names at the end', { given: { nameStartsWith: 'zeta' }, has: contains('zeta') }),
  of('a text in a few names at the end', {
    given: { nameContains: 'last' },
    has: contains('last'),
    leads: INDEXED,
  }),
  of('a name', { given: { name: 'NAME 000042' }, has: ({ name }) => name === 'Name 000042' }),
];

const hasExternalId: Condition = {
  given: { hasExternalId: false },
  has: ({ externalId }) => externalId === null,
  leads: ['all'],
};

const nowhere: Condition = { given: { hasPlace: false }, has: ({ isNowhere }) => isNowhere };

/** The filters of a list, each with those who satisfy each of its conditions. */
export function filtersOf(list: ListName, { many, few }: Made): readonly Filter[] {
  if (list === 'tenants') return ofAll(statuses('DEACTIVATED'));
  if (list === 'customers') {
    const lower = labelled('lower half');
    return [
      ...ofAll(kinds('PERSON')),
      ...names,
      of('a search that finds all', searching('mail.example')),
      of('a label that all carry', labelled('all')),
      of('a label of half', lower),
      of(`a label of the last ${FEW}`, labelled('last')),
      of(`two labels of half that meet in the last ${FEW}`, labelled('lower half'), labelled('upper half')),
      of('three labels, one of which is rare', labelled('all'), labelled('upper half'), labelled('last')),
      of('a label of half and the other kind', labelled('upper half'), kinds('PERSON')),
      of('a label of half and a search', lower, searching('zeta')),
      of(`a label of the last ${FEW} and a search for all`, labelled('last'), searching('mail.example')),
      of('a label of half and the time of creation', lower, createdFrom(ROWS - 200)),
    ];
  }
  const manyOf: Condition = {
    given: { customerId: many },
    has: (row) => row.ofCustomer === 'many',
    served: OF_CUSTOMER,
  };
  return [
    ...ofAll(statuses('DEACTIVATED')),
    ...names,
    of('an e-mail address', {
      given: { email: 'box.42@mail.example' },
      has: ({ email }) => email === 'box.42@mail.example',
    }),
    of('a text in addresses', {
      given: { emailContains: 'zeta' },
      has: contains('zeta'),
      leads: INDEXED,
    }),
    of('a customer with many users', manyOf),
    of('a customer with few users', {
      given: { customerId: few },
      has: (row) => row.ofCustomer === 'few',
      served: OF_CUSTOMER,
    }),
    of('a customer with many users and a search', manyOf, searching('zeta')),
    of('users of customers', { given: { hasCustomer: true }, has: (row) => row.ofCustomer !== null, leads: ['all'] }),
    of('users of no customer', {
      given: { hasCustomer: false },
      has: (row) => row.ofCustomer === null,
      leads: ['all'],
    }),
    of('users without a place', nowhere),
    of('users without a place, and a search', nowhere, searching('last')),
    by(['all'], 'users with a place', { given: { hasPlace: true }, has: ({ isNowhere }) => !isNowhere, leads: [] }),
    of('users without an external id', hasExternalId),
    of('users without an external id, and a search', hasExternalId, searching('last')),
    by(['all'], 'a role at the end', {
      given: { roleId: globalId('Role', ROLE_IDS.ORGANIZATION) },
      has: (row) => row.name.startsWith('Zeta') && row.ofCustomer === null,
    }),
    by(['all', 'a customer'], 'a role that many have', {
      given: { roleId: globalId('Role', ROLE_IDS.CUSTOMER) },
      has: (row) => row.ofCustomer !== null,
    }),
    by(['all', 'a tenant'], 'a role that many have in a tenant', {
      given: { roleId: globalId('Role', ROLE_IDS.TENANT) },
      has: (row) => row.isInTenant,
    }),
  ];
}
