import { isHiddenUser, USERS, type UserState, type UserSubject, userId, userSlug } from './user-rows.ts';
import { type Operation, type Outcome, ownCustomer, reaches, reachesAll, type ViewerKind } from './world.ts';

export type UserOperation = Operation<UserState>;

/** A reach of one customer has its users; every other has those with a role in its tenants. */
export function knowsSubject(viewer: ViewerKind, { exists, customer, tenants }: UserSubject): boolean {
  if (!exists) return false;
  if (viewer.customer) return customer !== null && ownCustomer(viewer)?.state === customer;
  return reaches(viewer, tenants);
}
export const knowsUser = (viewer: ViewerKind, state: UserState) => knowsSubject(viewer, USERS[state]);

export const isHidden = (state: UserState) => isHiddenUser(USERS[state]);
export const seesUser = (viewer: ViewerKind, state: UserState) => knowsUser(viewer, state) && !isHidden(state);

export const holdsUser = (viewer: ViewerKind, state: UserState) => holdsSubject(viewer, USERS[state]);
/** Whether all that the user reaches is in the viewer's reach. */
export function holdsSubject(viewer: ViewerKind, { home, tenants }: UserSubject): boolean {
  if (viewer.customer) return home === 'CUSTOMER' && tenants.length === 0;
  return viewer.reach === null || (home === 'TENANT' && reachesAll(viewer, tenants));
}

export const visible = (viewer: ViewerKind, state: UserState): Outcome =>
  seesUser(viewer, state) ? 'found' : 'absent';
export const editable = (viewer: ViewerKind, state: UserState): Outcome => {
  if (!seesUser(viewer, state)) return 'not_found';
  return holdsUser(viewer, state) ? 'done' : 'out_of_reach';
};

export const identified = (by: 'id' | 'externalId' | 'email', state: UserState) => ({
  [by]: { id: userId(state), externalId: userSlug(state), email: `${userSlug(state)}@x.example` }[by],
});
