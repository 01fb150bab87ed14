import { expect } from 'vitest';
import { mutationDocument } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import { editable, identified, seesUser, type UserOperation } from './user-reach.ts';
import { USERS, type UserState, userId, userSlug } from './user-rows.ts';
import { CUSTOMERS, idOf, type Outcome, reaches, sees, tenantIds, writeOutcome } from './world.ts';

const upsert = (
  name: string,
  input: (state: UserState) => Variables,
  expected: UserOperation['expected'],
): UserOperation => ({
  covers: 'upsertUser',
  name: `upsertUser ${name}`,
  tellsApart: true,
  ask: (state) => ({
    document: mutationDocument('upsertUser', 'user { id } outcome invitationLink'),
    variables: { input: input(state) },
  }),
  outcome: (answer, state, viewer) => {
    const { upsertUser: result } = answer.data;
    if (result.code === 'already_exists')
      expect(result.existing?.id ?? null).toBe(seesUser(viewer, state) ? userId(state) : null);
    if (result.outcome) expect(result.outcome === 'CREATED').toBe(!seesUser(viewer, state));
    return writeOutcome(answer);
  },
  expected,
});

/** Somebody holds the address, and the viewer is told no more than that. */
const isTaken = (state: UserState) => USERS[state].exists && !USERS[state].deleted;
const INVALID = 'validation_failed' as Outcome;

/** What makes and changes users, by each identifier and to each place. */
export const UPSERTS: UserOperation[] = [
  ...(['id', 'externalId', 'email'] as const).map((by) =>
    upsert(
      `by ${by}, to a profile`,
      (state) => ({ identifier: identified(by, state), phone: '1' }),
      (viewer, state) => {
        if (by === 'id' || seesUser(viewer, state)) return editable(viewer, state);
        return viewer.reach === null ? INVALID : 'out_of_reach';
      },
    ),
  ),
  ...(['a', 'b', 'gone'] as const).map((tenant) =>
    upsert(
      `to a role in ${tenant}`,
      (state) => ({
        identifier: identified('externalId', state),
        email: `${userSlug(state)}@x.example`,
        tenantIdentifier: { id: tenantIds[tenant] },
        roleIdentifier: { name: 'user' },
        handOutLink: true,
      }),
      (viewer, state) => {
        if (viewer.customer && !seesUser(viewer, state)) return 'out_of_reach';
        if (viewer.customer || tenant === 'gone' || !reaches(viewer, [tenant])) return 'not_found';
        return isTaken(state) && !seesUser(viewer, state) ? 'already_exists' : 'done';
      },
    ),
  ),
  upsert(
    'to another role of their own',
    (state) => ({ identifier: identified('email', state), roleIdentifier: { name: 'member' } }),
    (viewer, state) => {
      const outcome = editable(viewer, state);
      if (outcome === 'done') return USERS[state].home === 'TENANT' ? 'not_found' : 'done';
      if (outcome === 'out_of_reach' || viewer.reach !== null) return 'out_of_reach';
      return isTaken(state) ? 'already_exists' : 'done';
    },
  ),
  upsert(
    'as a user of a customer',
    (state) => ({
      identifier: identified('email', state),
      roleIdentifier: { name: 'member' },
      customerIdentifier: { id: idOf('in reach of a') },
    }),
    (viewer, state) => {
      const outcome = editable(viewer, state);
      const seesCustomer = sees(viewer, CUSTOMERS['in reach of a']);
      if (outcome === 'done') {
        if (!seesCustomer) return 'not_found';
        return USERS[state].customer === 'in reach of a' ? 'done' : INVALID;
      }
      if (outcome === 'out_of_reach' || (viewer.reach !== null && !viewer.customer)) return 'out_of_reach';
      if (!seesCustomer) return 'not_found';
      return isTaken(state) ? 'already_exists' : 'done';
    },
  ),
];
