import { expect } from 'vitest';
import { mutationDocument, unique } from '../../shared/fixtures.ts';
import type { Answer, Variables } from '../../shared/gateway.ts';
import { USERS } from './user-rows.ts';
import {
  CUSTOMERS,
  eventIdOf,
  idOf,
  knows,
  type Operation,
  ORDERS,
  type Outcome,
  ownCustomer,
  reaches,
  reachesAll,
  readOutcome,
  type State,
  sees,
  slug,
  someNode,
  tenantIds,
  type ViewerKind,
  writeOutcome,
} from './world.ts';

const query = (document: string, variables: (state: State) => Variables) => (state: State) => ({
  document,
  variables: variables(state),
});
const mutation = (name: string, payload: string, input: (state: State) => Variables) => (state: State) => ({
  document: mutationDocument(name, payload),
  variables: { input: input(state) },
});

/** Users are hidden with their customer, and come back with it: wherever they work. */
const reachesUsersOf = (viewer: ViewerKind, state: State): boolean =>
  Object.values(USERS).every(({ customer, tenants }) => customer !== state || reachesAll(viewer, tenants));

const visible = (viewer: ViewerKind, state: State): Outcome => (sees(viewer, CUSTOMERS[state]) ? 'found' : 'absent');
const editable = (viewer: ViewerKind, state: State): Outcome => {
  if (!sees(viewer, CUSTOMERS[state])) return 'not_found';
  return reachesAll(viewer, CUSTOMERS[state].tenants) ? 'done' : 'out_of_reach';
};

const emailOf = (state: State) => `${slug(state)}@x.EX`.slice(2);
const twoOf = (state: State) => slug(state).slice(0, 2);

const reads: Operation<State>[] = [
  ['customer', 'query($id: ID!) { customer(id: $id) { id } }', (state: State) => ({ id: idOf(state) })],
  ['node', 'query($id: ID!) { node(id: $id) { id } }', (state: State) => ({ id: idOf(state) })],
  ...(['id', 'externalId', 'email'] as const).map((by): [string, string, (state: State) => Variables] => [
    'customerBy',
    'query($i: CustomerIdentifier!) { customerBy(identifier: $i) { id } }',
    (state) => ({ i: { [by]: { id: idOf(state), externalId: slug(state), email: `${slug(state)}@x.example` }[by] } }),
  ]),
].map(([covers, document, variables]) => ({
  covers: covers as string,
  name: `${covers} ${document}`,
  ask: query(document as string, variables as (state: State) => Variables),
  outcome: (answer) => readOutcome(answer, (data) => Object.values(data)[0]),
  expected: visible,
}));

const lists: Operation<State>[] = [
  ['nodes', 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }', 'nodes', (state: State) => ({ ids: [idOf(state)] })],
  ...ORDERS.map((field) => [
    'customers',
    `{ customers(first: 100, orderBy: { field: ${field} }) { nodes { id } } }`,
    'customers.nodes',
    () => ({}),
  ]),
  [
    'customers',
    '{ customers(filter: { kinds: [COMPANY] }, last: 100) { nodes { id } } }',
    'customers.nodes',
    () => ({}),
  ],
  [
    'customers',
    'query($ids: [String!]) { customers(filter: { externalIds: $ids }) { nodes { id } } }',
    'customers.nodes',
    (state: State) => ({ ids: [slug(state)] }),
  ],
].map(([covers, document, path, variables]) => ({
  covers: covers as string,
  name: `${covers} ${document}`,
  ask: query(document as string, variables as (state: State) => Variables),
  outcome: (answer, state) => readOutcome(answer, (data) => someNode(data, path as string, idOf(state))),
  expected: visible,
}));

/** By the name, a piece of it, a piece of the e-mail address, and two characters, which others begin with as well. */
const searches: Operation<State>[] = [slug, (state: State) => slug(state).slice(1), emailOf, twoOf].flatMap((textOf) =>
  ORDERS.map((field) => ({
    covers: 'customers',
    name: `customers with search: ${textOf('in reach of a')} by ${field}`,
    tellsApart: textOf === twoOf,
    ask: query(
      `query($s: String) { customers(filter: { search: $s }, orderBy: { field: ${field} }) { nodes { id } totalCount } }`,
      (state) => ({ s: textOf(state) }),
    ),
    outcome: (answer: Answer, state: State) =>
      readOutcome(answer, (data) => someNode(data, 'customers.nodes', idOf(state))),
    expected: visible,
  })),
);

const deletedLists: Operation<State>[] = (['ONLY', 'INCLUDE'] as const).flatMap((deleted) =>
  ['', ', labels: ["l"]', ', externalIds: [$id]', ', search: $id', ', search: "de"'].map((more) => ({
    covers: 'customers',
    name: `customers with deleted: ${deleted}${more}`,
    ask: query(
      `query${more.includes('$') ? '($id: String!)' : ''} {
        customers(first: 100, filter: { deleted: ${deleted}${more} }) { nodes { id } } }`,
      (state) => (more.includes('$') ? { id: slug(state) } : {}),
    ),
    outcome: (answer: Answer, state: State) =>
      readOutcome(answer, (data) => someNode(data, 'customers.nodes', idOf(state))),
    expected: (viewer: ViewerKind, state: State): Outcome => {
      if (more.includes('de"') && !slug(state).startsWith('de')) return 'absent';
      const isListed = CUSTOMERS[state].deleted || deleted === 'INCLUDE';
      return knows(viewer, CUSTOMERS[state]) && isListed ? 'found' : 'absent';
    },
  })),
);

const nested: Operation<State>[] = (['a', 'b'] as const).flatMap((tenant) => [
  {
    covers: 'tenant',
    name: `Tenant.customers of ${tenant}`,
    ask: query('query($id: ID!) { tenant(id: $id) { customers { nodes { id } } } }', () => ({ id: tenantIds[tenant] })),
    outcome: (answer, state) => readOutcome(answer, (data) => someNode(data, 'tenant.customers.nodes', idOf(state))),
    expected: (viewer, state) => {
      if (ownCustomer(viewer)?.tenants.includes(tenant)) return 'forbidden';
      return reaches(viewer, [tenant]) &&
        visible(viewer, state) === 'found' &&
        CUSTOMERS[state].tenants.includes(tenant)
        ? 'found'
        : 'absent';
    },
  },
  {
    covers: 'customer',
    name: `Customer.tenants has ${tenant}`,
    ask: query('query($id: ID!) { customer(id: $id) { tenants { nodes { id } totalCount } } }', (state) => ({
      id: idOf(state),
    })),
    outcome: (answer) => readOutcome(answer, (data) => someNode(data, 'customer.tenants.nodes', tenantIds[tenant])),
    expected: (viewer, state) =>
      visible(viewer, state) === 'found' &&
      CUSTOMERS[state].tenants.includes(tenant) &&
      (reaches(viewer, [tenant]) || viewer.customer === state)
        ? 'found'
        : 'absent',
  },
]);

const events: Operation<State>[] = [
  ['events', 'query($s: ID!) { events(filter: { subjectId: $s }) { nodes { subjectId } } }'],
  ['events', '{ events(first: 100) { nodes { subjectId } } }'],
  ['events', '{ events(first: 100, filter: { types: ["customer.created"] }) { nodes { subjectId } } }'],
  ['events', '{ events(first: 100, filter: { actor: { type: ROOT } }) { nodes { subjectId } } }'],
].map(([covers, document]) => ({
  covers: covers as string,
  name: `${covers} ${document}`,
  ask: query(document as string, (state) => ((document as string).includes('$s') ? { s: idOf(state) } : {})),
  outcome: (answer, state) =>
    readOutcome(answer, (data) =>
      data.events.nodes.some(({ subjectId }: { subjectId: string }) => subjectId === idOf(state)),
    ),
  expected: (viewer, state) =>
    CUSTOMERS[state].exists && reaches(viewer, CUSTOMERS[state].tenants) ? 'found' : 'absent',
}));

const eventNodes: Operation<State>[] = ['node(id: $id)', 'nodes(ids: [$id])'].map((field) => ({
  covers: 'node',
  name: `an event by ${field}`,
  ask: query(`query($id: ID!) { found: ${field} { id } }`, (state) => ({ id: eventIdOf(state) })),
  outcome: (answer) => readOutcome(answer, (data) => [data.found].flat()[0]),
  expected: (viewer, state) =>
    CUSTOMERS[state].exists && reaches(viewer, CUSTOMERS[state].tenants) ? 'found' : 'absent',
}));

/** Users are hidden with their customer. */
const deletable = (viewer: ViewerKind, state: State): Outcome => {
  const outcome = editable(viewer, state);
  return outcome === 'done' && !reachesUsersOf(viewer, state) ? 'out_of_reach' : outcome;
};

const edits: Operation<State>[] = [
  {
    covers: 'updateCustomer',
    name: 'updateCustomer',
    ask: mutation('updateCustomer', 'customer { id }', (state) => ({ id: idOf(state), description: 'changed' })),
    outcome: writeOutcome,
    expected: editable,
  },
  {
    covers: 'updateCustomer',
    name: 'updateCustomer at another version',
    ask: mutation('updateCustomer', 'customer { id }', (state) => ({
      id: idOf(state),
      description: 'x',
      expectedVersion: 9,
    })),
    outcome: (answer) => (writeOutcome(answer) === ('version_conflict' as Outcome) ? 'done' : writeOutcome(answer)),
    expected: editable,
  },
  {
    covers: 'deleteCustomer',
    name: 'deleteCustomer',
    ask: mutation('deleteCustomer', 'customer { id }', (state) => ({ id: idOf(state) })),
    outcome: writeOutcome,
    expected: deletable,
  },
  {
    covers: 'deleteCustomer',
    name: 'deleteCustomer for good',
    ask: mutation('deleteCustomer', 'customer { id }', (state) => ({ id: idOf(state), permanently: true })),
    outcome: writeOutcome,
    expected: (viewer, state) => {
      if (viewer.reach !== null) return 'out_of_reach';
      return CUSTOMERS[state].exists ? 'done' : 'not_found';
    },
  },
  ...(['externalId', 'email'] as const).flatMap((by): Operation<State>[] => {
    const named = (state: State) => ({
      identifier: { [by]: { externalId: slug(state), email: `${slug(state)}@x.example` }[by] },
    });
    return [
      {
        covers: 'updateCustomer',
        name: `updateCustomer by ${by}`,
        ask: mutation('updateCustomer', 'customer { id }', (state) => ({ ...named(state), description: 'changed' })),
        outcome: writeOutcome,
        expected: editable,
      },
      {
        covers: 'deleteCustomer',
        name: `deleteCustomer by ${by}`,
        ask: mutation('deleteCustomer', 'customer { id }', named),
        outcome: writeOutcome,
        expected: deletable,
      },
      {
        covers: 'deleteCustomer',
        name: `deleteCustomer for good by ${by}`,
        ask: mutation('deleteCustomer', 'customer { id }', (state) => ({ ...named(state), permanently: true })),
        outcome: writeOutcome,
        expected: (viewer, state) => (viewer.reach === null ? editable(viewer, state) : 'out_of_reach'),
      },
    ];
  }),
  {
    covers: 'restoreCustomer',
    name: 'restoreCustomer',
    ask: mutation('restoreCustomer', 'customer { id }', (state) => ({ id: idOf(state) })),
    outcome: writeOutcome,
    expected: (viewer, state) => {
      const { exists, tenants } = CUSTOMERS[state];
      if (!exists || !reaches(viewer, tenants)) return 'not_found';
      return reachesAll(viewer, tenants) && reachesUsersOf(viewer, state) ? 'done' : 'out_of_reach';
    },
  },
];

const upserts: Operation<State>[] = (['id', 'externalId', 'email'] as const).flatMap((by) =>
  (['a', null] as const).map((joined) => ({
    covers: 'upsertCustomer',
    name: `upsertCustomer by ${by}, joining ${joined ?? 'none'}`,
    tellsApart: by !== 'id',
    ask: mutation('upsertCustomer', 'customer { id } outcome', (state) => ({
      identifier: { [by]: { id: idOf(state), externalId: slug(state), email: `${slug(state)}@x.example` }[by] },
      name: unique('Upserted'),
      tenantIdentifiers: joined ? [{ id: tenantIds[joined] }] : [],
    })),
    outcome: writeOutcome,
    expected: (viewer: ViewerKind, state: State): Outcome => {
      const subject = CUSTOMERS[state];
      if (viewer.reach !== null && joined === null) return 'out_of_reach';
      if (joined !== null && !reaches(viewer, [joined])) return 'not_found';
      if (by === 'id') return editable(viewer, state);
      if (!subject.exists || subject.deleted) return 'done';
      return sees(viewer, subject) ? editable(viewer, state) : 'already_exists';
    },
  })),
);

const membershipCommands = ['addCustomerToTenants', 'removeCustomerFromTenants', 'setCustomerTenants'];
const membershipChanges: Operation<State>[] = membershipCommands.flatMap((name) =>
  (['a', 'b'] as const).map((tenant) => ({
    covers: name,
    name: `${name} ${tenant}`,
    ask: mutation(name, 'customer { id }', (state) => ({
      customerIdentifier: { id: idOf(state) },
      tenantIdentifiers: [{ externalId: tenant }],
    })),
    outcome: writeOutcome,
    expected: (viewer: ViewerKind, state: State): Outcome =>
      sees(viewer, CUSTOMERS[state]) && reaches(viewer, [tenant]) ? 'done' : 'not_found',
  })),
);

const creations: Operation<State>[] = (['a', 'b', 'gone', null] as const).map((tenant) => ({
  covers: 'createCustomer',
  name: `createCustomer in ${tenant ?? 'no tenant'} with the external id of the record`,
  tellsApart: true,
  ask: mutation('createCustomer', 'customer { id }', (state) => ({
    name: unique('New'),
    externalId: slug(state),
    tenantIdentifiers: tenant ? [{ id: tenantIds[tenant] }] : [],
  })),
  outcome: (answer, state, viewer) => {
    const result = answer.data.createCustomer;
    if (result.code === 'already_exists') {
      // Who has the value is shown to those only who may see it.
      expect(result.existing?.id ?? null).toBe(sees(viewer, CUSTOMERS[state]) ? idOf(state) : null);
    }
    return writeOutcome(answer);
  },
  expected: (viewer, state) => {
    if (viewer.reach !== null && tenant === null) return 'out_of_reach';
    if (tenant !== null && (tenant === 'gone' || !reaches(viewer, [tenant]))) return 'not_found';
    return CUSTOMERS[state].exists && !CUSTOMERS[state].deleted ? 'already_exists' : 'done';
  },
}));

/** What became of the one row of an import. */
const importOutcome = ({ data, errors, text }: Answer): Outcome => {
  expect(errors, text).toEqual([]);
  const { rows, code } = data.importCustomers;
  return rows ? (rows[0].errors[0]?.code ?? 'done') : code;
};

const imports: Operation<State>[] = (['externalId', 'email'] as const).flatMap((by) =>
  (['a', null] as const).map((joined) => ({
    covers: 'importCustomers',
    name: `importCustomers by ${by}, joining ${joined ?? 'none'}`,
    tellsApart: true,
    ask: mutation('importCustomers', 'rows { id errors { code } }', (state) => ({
      rows: [
        {
          ...(by === 'email' ? { email: { address: `${slug(state)}@x.example` } } : { externalId: slug(state) }),
          name: unique('Imported'),
          tenantIdentifiers: joined ? [{ id: tenantIds[joined] }] : [],
        },
      ],
    })),
    outcome: importOutcome,
    expected: (viewer: ViewerKind, state: State): Outcome => {
      const subject = CUSTOMERS[state];
      if (sees(viewer, subject)) return editable(viewer, state);
      if (viewer.reach !== null && joined === null) return 'out_of_reach';
      if (joined !== null && !reaches(viewer, [joined])) return 'not_found';
      return subject.exists && !subject.deleted ? 'already_exists' : 'done';
    },
  })),
);

/** Who reaches one customer writes its users, and nothing of the customer itself. */
const refusedToCustomers = (operations: readonly Operation<State>[]): Operation<State>[] =>
  operations.map((operation) => ({
    ...operation,
    expected: (viewer, state) => (viewer.customer ? 'out_of_reach' : operation.expected(viewer, state)),
  }));

export const CUSTOMER_OPERATIONS = [
  ...reads,
  ...lists,
  ...searches,
  ...deletedLists,
  ...nested,
  ...events,
  ...eventNodes,
  ...refusedToCustomers([...edits, ...upserts, ...imports, ...membershipChanges, ...creations]),
];
