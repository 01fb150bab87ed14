import { expect } from 'vitest';
import { CHECK_FIELDS } from '../../shared/checks.ts';
import { globalId, mutationDocument } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import { holdsSubject, knowsSubject } from './user-reach.ts';
import { hasSession, sessionId, tokensOfUsers, USER_STATES, USERS, type UserState, userId } from './user-rows.ts';
import {
  type Operation,
  type Outcome,
  ownCustomer,
  ownIds,
  readOutcome,
  SIGNED_IN,
  type State,
  secrets,
  someNode,
  type TenantName,
  tenantIds,
  type ViewerKind,
  writeOutcome,
} from './world.ts';

/** Whose session it is: that of one of the users, or of a viewer, by name. */
export type SessionState = UserState | `the viewer: ${string}`;

const viewerOf = (state: SessionState): ViewerKind | undefined => SIGNED_IN.find((viewer) => stateOf(viewer) === state);
const stateOf = ({ name }: ViewerKind): SessionState => `the viewer: ${name}`;
const isUserState = (state: SessionState): state is UserState => USER_STATES.some((known) => known === state);

export const SESSION_STATES: readonly SessionState[] = [...USER_STATES, ...SIGNED_IN.map(stateOf)];

/** The global ids of the session and of its user; of one that is not there, ids that nothing has. */
function idsOf(state: SessionState): { user: string; session: string } {
  if (isUserState(state)) return { user: userId(state), session: sessionId(state) };
  const nothing = '01900000-0000-7000-8000-00000000cccc';
  const found = ownIds.get(viewerOf(state)?.name ?? '');
  return found ?? { user: globalId('User', nothing), session: globalId('Session', nothing) };
}

const isOwn = (viewer: ViewerKind, state: SessionState) => viewer.user !== undefined && stateOf(viewer) === state;

/** One's own, or that of a user in reach who reaches nothing else. */
export function seesSession(viewer: ViewerKind, state: SessionState): boolean {
  if (isOwn(viewer, state)) return true;
  const subject = isUserState(state) ? hasSession(state) && USERS[state] : viewerOf(state)?.user;
  return subject ? knowsSubject(viewer, subject) && holdsSubject(viewer, subject) : false;
}

const tokenOfSession = (state: SessionState): string =>
  (isUserState(state) ? tokensOfUsers.get(state) : secrets.get(viewerOf(state)?.name ?? '')) ?? '';

/** Where the token of a session was made for: a tenant, a customer, or the whole organization. Null for one that is not good. */
function placeOf(state: SessionState): { tenant?: TenantName; customer?: State } | null {
  const viewer = viewerOf(state);
  if (viewer)
    return viewer.customer ? { customer: viewer.customer } : { ...(viewer.reach?.[0] && { tenant: viewer.reach[0] }) };
  if (!isUserState(state) || !hasSession(state)) return null;
  const { home, customer, tenants } = USERS[state];
  if (home === 'TENANT') return tenants[0] && tenants[0] !== 'gone' ? { tenant: tenants[0] } : null;
  return customer ? { customer } : {};
}

/** A token is seen where it was made for, wherever else its user has a role. */
function seesToken(viewer: ViewerKind, state: SessionState): boolean {
  const place = placeOf(state);
  if (place === null) return false;
  if (viewer.customer) return place.customer !== undefined && ownCustomer(viewer)?.state === place.customer;
  return viewer.reach === null || (place.tenant !== undefined && viewer.reach.includes(place.tenant));
}

const read = (
  covers: string,
  document: string,
  variables: (state: SessionState) => Variables,
  path?: string,
): Operation<SessionState> => ({
  covers,
  name: `sessions: ${document}`,
  ask: (state) => ({ document, variables: variables(state) }),
  outcome: (answer, state) =>
    readOutcome(answer, (data) => (path ? someNode(data, path, idsOf(state).session) : Object.values(data)[0])),
  expected: (viewer, state) => (seesSession(viewer, state) ? 'found' : 'absent'),
});

export const SESSION_OPERATIONS: Operation<SessionState>[] = [
  read('node', 'query($id: ID!) { node(id: $id) { id } }', (state) => ({ id: idsOf(state).session })),
  read(
    'sessions',
    'query($id: ID!) { sessions(first: 50, userId: $id) { totalCount nodes { id user { id } } } }',
    (state) => ({ id: idsOf(state).user }),
    'sessions.nodes',
  ),
  {
    ...read('sessions', '{ sessions(first: 50) { totalCount nodes { id } } }', () => ({}), 'sessions.nodes'),
    expected: (viewer, state) => (isOwn(viewer, state) ? 'found' : 'absent'),
    // A list of one's own has something in it, whoever else is asked about.
    tellsApart: true,
  },
  // Below the users who are in reach, themselves among them.
  ...['users(first: 100) { nodes', 'viewer { user'].map(
    (place): Operation<SessionState> => ({
      covers: place.startsWith('users') ? 'users' : 'viewer',
      name: `sessions: below ${place}`,
      ask: () => ({ document: `{ ${place} { sessions(first: 5) { nodes { id } } } } }`, variables: {} }),
      outcome: (answer, state) =>
        readOutcome(answer, ({ users, viewer }) => {
          const people = users?.nodes ?? (viewer.user ? [viewer.user] : []);
          return people.some((user: object) => someNode(user, 'sessions.nodes', idsOf(state).session));
        }),
      expected: (viewer, state) =>
        (place.startsWith('users') ? seesSession : isOwn)(viewer, state) ? 'found' : 'absent',
      tellsApart: true,
    }),
  ),
  {
    covers: 'checkAccess',
    name: 'checkAccess of the token of a session',
    ask: (state) => ({
      document: `query($c: [AccessCheckInput!]!) { checkAccess(checks: $c) { ${CHECK_FIELDS} } }`,
      variables: { c: [{ credential: tokenOfSession(state), permissions: [{ permission: 'user:read' }] }] },
    }),
    outcome: (answer) => readOutcome(answer, (data) => data.checkAccess[0].isGood),
    expected: (viewer, state) => (seesToken(viewer, state) ? 'found' : 'absent'),
  },
  {
    covers: 'revokeSession',
    name: 'revokeSession',
    ask: (state) => ({
      document: mutationDocument('revokeSession', 'session { id }'),
      variables: { input: { id: idsOf(state).session } },
    }),
    outcome: writeOutcome,
    expected: (viewer, state) => (seesSession(viewer, state) ? 'done' : 'not_found'),
  },
];

/** Nothing of this is about a record. */
export const SIGNING_OUT: Operation<'anything'>[] = [true, false].map((everywhere) => ({
  covers: 'signOut',
  name: everywhere ? 'signOut everywhere' : 'signOut',
  ask: () => ({ document: mutationDocument('signOut', 'sessionCount'), variables: { input: { everywhere } } }),
  outcome: (answer) => {
    const { code, sessionCount } = answer.data.signOut;
    return code ?? (sessionCount === 1 ? 'done' : 'absent');
  },
  expected: ({ user }): Outcome => (user ? 'done' : 'not_signed_in'),
}));

/** Where somebody has a role shows to themselves, wherever they are signed in; of nobody else, and of no tenant that is deleted. */
export const OWN_TENANTS: Operation<TenantName>[] = [
  {
    covers: 'viewer',
    name: 'own tenants: { viewer { user { tenantRoles } } }',
    ask: () => ({
      document: '{ viewer { user { tenantRoles(first: 50) { nodes { tenantId tenantName } } } } }',
      variables: {},
    }),
    outcome: (answer, tenant) =>
      readOutcome(answer, ({ viewer }) =>
        viewer.user?.tenantRoles.nodes.some((node: { tenantId: string; tenantName: string }) => {
          expect(node.tenantName).toMatch(/^tenant [ab]$/);
          return node.tenantId === tenantIds[tenant];
        }),
      ),
    expected: ({ user }, tenant) => (tenant !== 'gone' && user?.tenants.includes(tenant) ? 'found' : 'absent'),
    tellsApart: true,
  },
];
