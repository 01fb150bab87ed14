import { expect } from 'vitest';
import { mutationDocument, unique } from '../../shared/fixtures.ts';
import type { Answer, Variables } from '../../shared/gateway.ts';
import { editable, holdsUser, identified, knowsUser, seesUser, type UserOperation } from './user-reach.ts';
import { USERS, type UserState, userId, userSlug } from './user-rows.ts';
import { UPSERTS } from './user-upserts.ts';
import {
  CUSTOMERS,
  idOf,
  type Outcome,
  reaches,
  type State,
  sees,
  tenantIds,
  type ViewerKind,
  writeOutcome,
} from './world.ts';

const mutation = (name: string, payload: string, input: (state: UserState) => Variables) => (state: UserState) => ({
  document: mutationDocument(name, payload),
  variables: { input: input(state) },
});

const write = (
  covers: string,
  name: string,
  input: (state: UserState) => Variables,
  expected: UserOperation['expected'],
  tellsApart = false,
): UserOperation => ({
  covers,
  name,
  tellsApart,
  ask: mutation(covers, 'user { id }', input),
  outcome: (answer) => {
    const outcome = writeOutcome(answer);
    return outcome === ('version_conflict' as Outcome) ? 'done' : outcome;
  },
  expected,
});

const organizationOnly =
  (then: UserOperation['expected']): UserOperation['expected'] =>
  (viewer, state) =>
    viewer.reach === null ? then(viewer, state) : 'out_of_reach';

/** What decides is whether the viewer holds all that the user does. */
export const EDITS: UserOperation[] = [
  write('updateUser', 'updateUser', (state) => ({ id: userId(state), phone: '1' }), editable),
  write(
    'updateUser',
    'updateUser at another version',
    (state) => ({ id: userId(state), phone: '1', expectedVersion: 9 }),
    editable,
  ),
  ...(['admin', 'member'] as const).map((name) =>
    write(
      'updateUser',
      `updateUser to the role ${name}`,
      (state) => ({ id: userId(state), roleIdentifier: { name } }),
      (viewer, state) => {
        const outcome = editable(viewer, state);
        return outcome === 'done' && USERS[state].home === 'TENANT' ? 'not_found' : outcome;
      },
    ),
  ),
  ...(['a', 'b'] as const).map((tenant) =>
    write(
      'updateUser',
      `updateUser to start in ${tenant}`,
      (state) => ({ id: userId(state), defaultTenantIdentifier: { externalId: tenant } }),
      (viewer, state) => {
        const isThere = USERS[state].tenants.includes(tenant) && reaches(viewer, [tenant]);
        return isThere ? editable(viewer, state) : 'not_found';
      },
    ),
  ),
  ...(['id', 'email'] as const).map((by) =>
    write('inviteUser', `inviteUser by ${by}`, (state) => ({ userIdentifier: identified(by, state) }), editable),
  ),
  ...(['id', 'email'] as const).map((by) =>
    write(
      'revokeInvitation',
      `revokeInvitation by ${by}`,
      (state) => ({ userIdentifier: identified(by, state) }),
      editable,
    ),
  ),
  write('deleteUser', 'deleteUser', (state) => ({ id: userId(state) }), editable),
  write(
    'deleteUser',
    'deleteUser for good',
    (state) => ({ id: userId(state), permanently: true }),
    organizationOnly((_, state) => (USERS[state].exists ? 'done' : 'not_found')),
  ),
  ...(['externalId', 'email'] as const).flatMap((by) => {
    const named = (state: UserState) => ({ identifier: identified(by, state) });
    return [
      write('updateUser', `updateUser by ${by}`, (state) => ({ ...named(state), phone: '1' }), editable),
      write('deleteUser', `deleteUser by ${by}`, named, editable),
      write(
        'deleteUser',
        `deleteUser for good by ${by}`,
        (state) => ({ ...named(state), permanently: true }),
        organizationOnly(editable),
      ),
    ];
  }),
  write(
    'restoreUser',
    'restoreUser',
    (state) => ({ id: userId(state) }),
    (viewer, state) => {
      const { customer } = USERS[state];
      const isWithCustomer = customer !== null && CUSTOMERS[customer].deleted;
      if (!knowsUser(viewer, state) || isWithCustomer) return 'not_found';
      return holdsUser(viewer, state) ? 'done' : 'out_of_reach';
    },
  ),
];

/** How the user is named does not depend on the tenant: both ways for one tenant are enough. */
const roles: UserOperation[] = (['a', 'b', 'gone'] as const).flatMap((tenant) =>
  (tenant === 'a' ? (['id', 'email'] as const) : (['id'] as const)).flatMap((by) => {
    const given = (state: UserState) => ({
      userIdentifier: identified(by, state),
      tenantIdentifier: { id: tenantIds[tenant] },
    });
    const expected: UserOperation['expected'] = (viewer, state) => {
      if (viewer.customer) return 'out_of_reach';
      const isOpen = tenant !== 'gone' && reaches(viewer, [tenant]);
      return seesUser(viewer, state) && isOpen ? 'done' : 'not_found';
    };
    return [
      write(
        'assignTenantRole',
        `assignTenantRole in ${tenant}, by ${by}`,
        (state) => ({ ...given(state), roleIdentifier: { name: 'user' } }),
        expected,
      ),
      write('revokeTenantRole', `revokeTenantRole in ${tenant}, by ${by}`, given, expected),
      write(
        'changeRole',
        `changeRole to one in ${tenant}, by ${by}`,
        (state) => ({
          userIdentifier: identified(by, state),
          assign: { roleIdentifier: { name: 'user' }, tenantIdentifier: { id: tenantIds[tenant] } },
        }),
        expected,
      ),
      write(
        'changeRole',
        `changeRole from one in ${tenant}, by ${by}`,
        (state) => ({
          userIdentifier: identified(by, state),
          revoke: { roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenantIds[tenant] } },
        }),
        (viewer, state) => {
          const outcome = expected(viewer, state);
          return outcome === 'done' && !USERS[state].tenants.includes(tenant) ? 'not_found' : outcome;
        },
      ),
    ];
  }),
);

const moves: UserOperation[] = (['in reach of b', 'deleted'] as const).map((customer) =>
  write(
    'moveUser',
    `moveUser to the customer ${customer}`,
    (state) => ({
      userIdentifier: identified('email', state),
      customerIdentifier: { id: idOf(customer) },
      roleIdentifier: { name: 'member' },
    }),
    organizationOnly((viewer, state) => {
      if (customer === 'deleted' || !seesUser(viewer, state)) return 'not_found';
      return USERS[state].home === 'CUSTOMER' ? 'done' : ('validation_failed' as Outcome);
    }),
  ),
);

const invitations: UserOperation[] = [
  ...(['a', 'b', 'gone'] as const).map((tenant) =>
    write(
      'inviteUser',
      `inviteUser, if in ${tenant}`,
      (state) => ({ userIdentifier: identified('email', state), tenantIdentifier: { id: tenantIds[tenant] } }),
      (viewer, state) => {
        const isThere = tenant !== 'gone' && !viewer.customer && reaches(viewer, [tenant]);
        return isThere && USERS[state].tenants.includes(tenant) ? editable(viewer, state) : 'not_found';
      },
    ),
  ),
  write(
    'inviteUser',
    'inviteUser, if in the team',
    (state) => ({ userIdentifier: identified('id', state), teamMember: true }),
    organizationOnly((viewer, state) => (USERS[state].home === 'ORGANIZATION' ? editable(viewer, state) : 'not_found')),
  ),
];

/** Nobody becomes a team member so. */
const teamRole = write(
  'changeRole',
  'changeRole to another in the organization',
  (state) => ({ userIdentifier: { id: userId(state) }, assign: { roleIdentifier: { name: 'member' } } }),
  organizationOnly((viewer, state) => {
    if (!seesUser(viewer, state)) return 'not_found';
    return USERS[state].home === 'ORGANIZATION' ? 'done' : ('validation_failed' as Outcome);
  }),
);

/** With the e-mail address of the record: that it is taken shows, and by whom to those who may see it. */
const creation = (covers: string, more: Variables, refusal: (viewer: ViewerKind) => Outcome | null): UserOperation => ({
  covers,
  name: `${covers} with the e-mail address of the record ${JSON.stringify(more)}`,
  tellsApart: true,
  ask: mutation(covers, 'user { id }', (state) => ({ email: `${userSlug(state)}@x.example`, ...resolved(more) })),
  outcome: (answer, state, viewer) => {
    const result = answer.data[covers];
    if (result.code === 'already_exists') {
      expect(result.existing?.id ?? null).toBe(seesUser(viewer, state) ? userId(state) : null);
    }
    return writeOutcome(answer);
  },
  expected: (viewer, state) =>
    refusal(viewer) ?? (USERS[state].exists && !USERS[state].deleted ? 'already_exists' : 'done'),
});

/** The ids of tenants and customers are known when the world stands. */
const resolved = ({ tenant, customer, ...more }: Variables): Variables => ({
  ...more,
  externalId: unique('new'),
  ...(tenant !== undefined && { tenantIdentifier: { id: tenantIds[tenant as 'a'] } }),
  ...(customer !== undefined && { customerIdentifier: { id: idOf(customer as State) } }),
});

/** What became of the one row of an import. */
const importOutcome = ({ data, errors, text }: Answer): Outcome => {
  expect(errors, text).toEqual([]);
  return data.importUsers.rows[0].errors[0]?.code ?? 'done';
};

const imports: UserOperation[] = (['externalId', 'email'] as const).flatMap((by) => [
  {
    covers: 'importUsers',
    name: `importUsers by ${by}, to a profile`,
    ask: mutation('importUsers', 'rows { errors { code } }', (state) => ({
      rows: [{ ...identified(by, state), phone: '1' }],
    })),
    outcome: importOutcome,
    expected: (viewer, state) => (seesUser(viewer, state) ? editable(viewer, state) : noSuchUser(viewer)),
  },
  ...(by === 'email' ? (['a', 'b', 'gone'] as const) : (['a'] as const)).map(
    (tenant): UserOperation => ({
      covers: 'importUsers',
      name: `importUsers by ${by}, to a role in ${tenant}`,
      tellsApart: true,
      ask: mutation('importUsers', 'rows { errors { code } }', (state) => ({
        rows: [
          {
            ...identified(by, state),
            email: `${userSlug(state)}@x.example`,
            tenantRoles: [{ tenantIdentifier: { id: tenantIds[tenant] }, roleIdentifier: { name: 'user' } }],
          },
        ],
      })),
      outcome: importOutcome,
      expected: (viewer, state) => {
        const { exists, deleted } = USERS[state];
        const isOpen = !viewer.customer && tenant !== 'gone' && reaches(viewer, [tenant]);
        if (viewer.customer && !seesUser(viewer, state)) return 'out_of_reach';
        if (!isOpen) return 'not_found';
        return exists && !deleted && !seesUser(viewer, state) ? 'already_exists' : 'done';
      },
    }),
  ),
]);

/** By an external id alone no user is made; by an e-mail address, one with roles in tenants, of which none is given. */
const noSuchUser = ({ customer }: ViewerKind): Outcome =>
  customer ? 'out_of_reach' : ('validation_failed' as Outcome);

const creations: UserOperation[] = [
  creation('createOrganizationUser', { roleIdentifier: { name: 'viewer' } }, ({ reach }) =>
    reach === null ? null : 'out_of_reach',
  ),
  ...(['in reach of a', 'shared', 'deleted'] as const).map((customer) =>
    creation('createCustomerUser', { roleIdentifier: { name: 'member' }, customer }, (viewer) => {
      if (viewer.reach !== null && !viewer.customer) return 'out_of_reach';
      return sees(viewer, CUSTOMERS[customer]) ? null : 'not_found';
    }),
  ),
  ...(['a', 'b', 'gone'] as const).map((tenant) =>
    creation('createTenantUser', { roleIdentifier: { name: 'view' }, tenant }, (viewer) => {
      if (viewer.customer) return 'out_of_reach';
      return tenant !== 'gone' && reaches(viewer, [tenant]) ? null : 'not_found';
    }),
  ),
];

/** Who has a role there, or is out of reach, is not added. */
const additions: UserOperation[] = (['a', 'b', 'gone'] as const).map((tenant) => ({
  covers: 'addTenantUser',
  name: `addTenantUser to ${tenant}`,
  tellsApart: true,
  ask: mutation('addTenantUser', 'user { id } invitationLink', (state) => ({
    email: `${userSlug(state)}@x.example`,
    tenantIdentifier: { id: tenantIds[tenant] },
    roleIdentifier: { name: 'view' },
    handOutLink: true,
  })),
  outcome: (answer, state, viewer) => {
    const { addTenantUser: result } = answer.data;
    if (result.code === 'already_exists') {
      expect(result.existing?.id ?? null).toBe(seesUser(viewer, state) ? userId(state) : null);
    }
    if (result.user) {
      const isNew = !USERS[state].exists || USERS[state].deleted;
      expect(result.invitationLink !== null).toBe(isNew || holdsUser(viewer, state));
    }
    return writeOutcome(answer);
  },
  expected: (viewer, state) => {
    if (viewer.customer) return 'out_of_reach';
    if (tenant === 'gone' || !reaches(viewer, [tenant])) return 'not_found';
    const { exists, deleted, tenants } = USERS[state];
    if (!exists || deleted) return 'done';
    return seesUser(viewer, state) && !tenants.includes(tenant) ? 'done' : 'already_exists';
  },
}));

export const USER_WRITES: UserOperation[] = [
  ...EDITS,
  ...roles,
  teamRole,
  ...moves,
  ...invitations,
  ...additions,
  ...imports,
  ...UPSERTS,
  ...creations,
];
