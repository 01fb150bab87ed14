import { expect } from 'vitest';
import type { Variables } from '../../shared/gateway.ts';
import { roleId, seesRole } from './roles.ts';
import { identified, isHidden, knowsUser, seesUser, type UserOperation, visible } from './user-reach.ts';
import { USERS, type UserState, userEventId, userId, userSlug } from './user-rows.ts';
import { USER_WRITES } from './user-writes.ts';
import {
  CUSTOMERS,
  idOf,
  type Outcome,
  ownCustomer,
  reaches,
  readOutcome,
  type State,
  sees,
  someNode,
  tenantIds,
  type ViewerKind,
} from './world.ts';

const query = (document: string, variables: (state: UserState) => Variables) => (state: UserState) => ({
  document,
  variables: variables(state),
});

const read = (
  covers: string,
  document: string,
  variables: (state: UserState) => Variables = () => ({}),
  path?: string,
): UserOperation => ({
  covers,
  name: `users: ${document}`,
  ask: query(document, variables),
  outcome: (answer, state) =>
    readOutcome(answer, (data) => (path ? someNode(data, path, userId(state)) : Object.values(data)[0])),
  expected: visible,
});

const reads: UserOperation[] = [
  read('user', 'query($id: ID!) { user(id: $id) { id } }', (state) => ({ id: userId(state) })),
  read('node', 'query($id: ID!) { node(id: $id) { id } }', (state) => ({ id: userId(state) })),
  read('nodes', 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }', (state) => ({ ids: [userId(state)] }), 'nodes'),
  ...(['id', 'externalId', 'email'] as const).map((by) =>
    read('userBy', `query($i: UserIdentifier!) { userBy(identifier: $i) { id ${by} } }`, (state) => ({
      i: identified(by, state),
    })),
  ),
  ...['CREATED_AT', 'UPDATED_AT', 'NAME', 'EMAIL'].map((field) =>
    read('users', `{ users(first: 100, orderBy: { field: ${field} }) { nodes { id } } }`, undefined, 'users.nodes'),
  ),
  read('users', '{ users(last: 100, filter: { statuses: [ACTIVE] }) { nodes { id } } }', undefined, 'users.nodes'),
  ...(['CREATED_AT', 'NAME'] as const).flatMap((field) =>
    [
      ['the external id', (slug: string) => slug],
      ['a part of the name', (slug: string) => slug.slice(2)],
      ['a part of the e-mail address', (slug: string) => `${slug.slice(3)}@x.ex`],
    ].map(([by, part]) => ({
      ...read(
        'users',
        `query($s: String!) { users(filter: { search: $s }, orderBy: { field: ${field} }) { nodes { id } totalCount } } # ${by}`,
        (state) => ({ s: typeof part === 'function' ? part(userSlug(state)) : part }),
        'users.nodes',
      ),
      // The names of some of these users begin like those of others.
      tellsApart: true,
    })),
  ),
  read(
    'users',
    'query($x: [String!]) { users(filter: { externalIds: $x }) { nodes { id } } }',
    (state) => ({ x: [userSlug(state)] }),
    'users.nodes',
  ),
];

/** Whom somebody is shown as a user of this customer. */
const shownCustomer = (viewer: ViewerKind, state: UserState): State | null => {
  const { customer } = USERS[state];
  return customer && sees(viewer, CUSTOMERS[customer]) ? customer : null;
};

/** By what only users are asked for: their customers show in the list no more than in the user. */
const filtered: UserOperation[] = [
  ...(
    [
      ['name: $s', (slug: string) => slug],
      ['email: $s', (slug: string) => `${slug}@x.example`],
      ['emailContains: $s', (slug: string) => `${slug}@`],
      ['hasExternalId: true, nameContains: $s', (slug: string) => slug.slice(1)],
    ] as const
  ).map(([filter, part]) => ({
    ...read(
      'users',
      `query($s: String!) { users(first: 100, filter: { ${filter} }) { nodes { id } } }`,
      (state) => ({ s: part(userSlug(state)) }),
      'users.nodes',
    ),
    tellsApart: true,
  })),
  ...(['in reach of a', 'in reach of b', 'shared', 'deleted', 'not existing'] as const).flatMap((customer: State) =>
    // By a name, too, whose index leads to others first.
    (customer === 'in reach of b' ? ['', ', nameStartsWith: "user"'] : ['']).map(
      (more): UserOperation => ({
        ...read(
          'users',
          `query($c: ID!) { users(first: 100, filter: { customerId: $c${more} }) { nodes { id } totalCount } } # ${customer}`,
          () => ({ c: idOf(customer) }),
          'users.nodes',
        ),
        expected: (viewer, state) =>
          seesUser(viewer, state) && shownCustomer(viewer, state) === customer ? 'found' : 'absent',
      }),
    ),
  ),
  ...[true, false].map(
    (hasCustomer): UserOperation => ({
      ...read(
        'users',
        `{ users(first: 100, filter: { hasCustomer: ${hasCustomer} }) { nodes { id } totalCount } }`,
        undefined,
        'users.nodes',
      ),
      expected: (viewer, state) =>
        seesUser(viewer, state) && (shownCustomer(viewer, state) !== null) === hasCustomer ? 'found' : 'absent',
    }),
  ),
  // Whoever reaches a part of the organization reaches nobody without a place.
  ...[true, false].map(
    (hasPlace): UserOperation => ({
      ...read(
        'users',
        `{ users(first: 100, filter: { hasPlace: ${hasPlace} }) { nodes { id } totalCount } }`,
        undefined,
        'users.nodes',
      ),
      expected: (viewer, state) => {
        const { home, tenants } = USERS[state];
        const isSomewhere = home !== 'TENANT' || tenants.some((tenant) => tenant !== 'gone');
        return seesUser(viewer, state) && isSomewhere === hasPlace ? 'found' : 'absent';
      },
    }),
  ),
];

/** The roles that users have in the world: a member's, and a view of tenants. */
const byRole: UserOperation[] = (['ORGANIZATION', 'CUSTOMER', 'TENANT', 'none'] as const).flatMap((scope) =>
  (['EXCLUDE', 'INCLUDE'] as const).map(
    (deleted): UserOperation => ({
      ...read(
        'users',
        `query($r: ID!) { users(first: 100, filter: { roleId: $r, deleted: ${deleted} }) { nodes { id } totalCount } } # ${scope}`,
        () => ({ r: roleId(scope) }),
        'users.nodes',
      ),
      expected: (viewer, state) => {
        if (!(deleted === 'INCLUDE' ? knowsUser : seesUser)(viewer, state) || !seesRole(viewer, scope)) return 'absent';
        const { home, tenants } = USERS[state];
        const shows = scope === 'TENANT' ? tenants.some((tenant) => reaches(viewer, [tenant])) : home === scope;
        return shows ? 'found' : 'absent';
      },
    }),
  ),
);

const hiddenLists: UserOperation[] = (['ONLY', 'INCLUDE'] as const).flatMap((deleted) =>
  ['', ', externalIds: $x'].map((more) => ({
    ...read(
      'users',
      `query${more && '($x: [String!])'} { users(first: 100, filter: { deleted: ${deleted}${more} }) { nodes { id } } }`,
      (state) => (more ? { x: [userSlug(state)] } : {}),
      'users.nodes',
    ),
    expected: (viewer: ViewerKind, state: UserState): Outcome =>
      knowsUser(viewer, state) && (isHidden(state) || deleted === 'INCLUDE') ? 'found' : 'absent',
  })),
);

const nested: UserOperation[] = [
  {
    ...read(
      'organization',
      '{ organization { users(first: 100) { nodes { id } } } }',
      undefined,
      'organization.users.nodes',
    ),
    expected: (viewer, state) =>
      viewer.reach === null && seesUser(viewer, state) && USERS[state].home === 'ORGANIZATION' ? 'found' : 'absent',
  },
  ...(['in reach of a', 'shared', 'deleted'] as const).map(
    (customer: State): UserOperation => ({
      ...read(
        'customer',
        `query($c: ID!) { customer(id: $c) { id users(first: 100) { totalCount nodes { id } } } } # ${customer}`,
        () => ({ c: idOf(customer) }),
        'customer.users.nodes',
      ),
      expected: (viewer, state) =>
        sees(viewer, CUSTOMERS[customer]) && seesUser(viewer, state) && USERS[state].customer === customer
          ? 'found'
          : 'absent',
    }),
  ),
  ...(['a', 'b', 'gone'] as const).map(
    (tenant): UserOperation => ({
      ...read(
        'tenant',
        `query($t: ID!) { tenant(id: $t) { users(first: 100) { totalCount nodes { id } } } } # ${tenant}`,
        () => ({ t: tenantIds[tenant] }),
        'tenant.users.nodes',
      ),
      expected: (viewer, state) => {
        if (ownCustomer(viewer)?.tenants.includes(tenant)) return 'forbidden';
        const shows = tenant !== 'gone' && reaches(viewer, [tenant]);
        return shows && seesUser(viewer, state) && USERS[state].tenants.includes(tenant) ? 'found' : 'absent';
      },
    }),
  ),
];

/** Everybody in the world whose address is not that of somebody deleted was invited. */
const invitations: UserOperation[] = [
  ...['first', 'last'].map((end) =>
    read('invitations', `{ invitations(${end}: 100) { nodes { user { id } } totalCount } }`),
  ),
  read('user', 'query($id: ID!) { user(id: $id) { invitation { user { id } } } }', (state) => ({ id: userId(state) })),
].map((operation, index) => ({
  ...operation,
  outcome: (answer, state) =>
    readOutcome(answer, ({ invitations: list, user }) =>
      index < 2
        ? list.nodes.some(({ user: invited }: { user: { id: string } }) => invited.id === userId(state))
        : user?.invitation?.user.id === userId(state),
    ),
}));

/** What of a user shows, beside the user. */
const parts: UserOperation[] = [
  ...(['a', 'b', 'gone'] as const).map(
    (tenant): UserOperation => ({
      ...read(
        'user',
        `query($id: ID!) { user(id: $id) { tenantRoles { totalCount nodes { tenantId tenant { id } } } } } # ${tenant}`,
        (state) => ({
          id: userId(state),
        }),
      ),
      outcome: (answer) =>
        readOutcome(answer, ({ user }) =>
          user?.tenantRoles.nodes.some((node: { tenantId: string; tenant: { id: string } }) => {
            expect(node.tenantId).toBe(node.tenant.id);
            return node.tenantId === tenantIds[tenant];
          }),
        ),
      expected: (viewer, state) =>
        seesUser(viewer, state) &&
        USERS[state].tenants.includes(tenant) &&
        tenant !== 'gone' &&
        reaches(viewer, [tenant])
          ? 'found'
          : 'absent',
    }),
  ),
  {
    ...read('user', 'query($id: ID!) { user(id: $id) { role { name } } }', (state) => ({ id: userId(state) })),
    outcome: (answer) => readOutcome(answer, ({ user }) => user?.role),
    expected: (viewer, state) =>
      seesUser(viewer, state) && USERS[state].home !== 'TENANT' && (viewer.reach === null || viewer.customer)
        ? 'found'
        : 'absent',
  },
  {
    ...read('user', 'query($id: ID!) { user(id: $id) { customer { id } } }', (state) => ({ id: userId(state) })),
    outcome: (answer) => readOutcome(answer, ({ user }) => user?.customer),
    expected: (viewer, state) => {
      const { customer } = USERS[state];
      return seesUser(viewer, state) && customer && sees(viewer, CUSTOMERS[customer]) ? 'found' : 'absent';
    },
  },
];

const inFeed = (viewer: ViewerKind, state: UserState): Outcome =>
  !viewer.customer && USERS[state].exists && reaches(viewer, USERS[state].tenants) ? 'found' : 'absent';
const events: UserOperation[] = [
  ...[
    'query($s: ID!) { events(filter: { subjectId: $s }) { nodes { subjectId } } }',
    '{ events(first: 100) { nodes { subjectId } } }',
    '{ events(last: 100, filter: { types: ["user.created"] }) { nodes { subjectId } } }',
  ].map(
    (document): UserOperation => ({
      ...read('events', document, (state) => (document.includes('$s') ? { s: userId(state) } : {})),
      outcome: (answer, state) =>
        readOutcome(answer, (data) =>
          data.events.nodes.some(({ subjectId }: { subjectId: string }) => subjectId === userId(state)),
        ),
      expected: inFeed,
    }),
  ),
  {
    ...read('node', 'query($id: ID!) { event: node(id: $id) { id } }', (state) => ({ id: userEventId(state) })),
    expected: inFeed,
  },
];

export const USER_OPERATIONS: UserOperation[] = [
  ...reads,
  ...filtered,
  ...byRole,
  ...hiddenLists,
  ...nested,
  ...invitations,
  ...parts,
  ...events,
  ...USER_WRITES,
];
