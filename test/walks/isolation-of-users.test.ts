import { describe } from 'vitest';
import { ROLE_OPERATIONS, seesRole } from './isolation/roles.ts';
import { OWN_TENANTS, SESSION_OPERATIONS, SESSION_STATES, SIGNING_OUT, seesSession } from './isolation/sessions.ts';
import { seesUser } from './isolation/user-reach.ts';
import { USER_STATES } from './isolation/user-rows.ts';
import { EDITS } from './isolation/user-writes.ts';
import { USER_OPERATIONS } from './isolation/users.ts';
import { walk } from './isolation/walk.ts';
import { OF_TENANT_A, OWNER, VIEWERS } from './isolation/world.ts';

// The root key stands for every key that reaches everything.
const viewers = VIEWERS.filter(({ name }) => name !== 'a key of the organization');

describe('users', () => {
  walk('users', USER_OPERATIONS, USER_STATES, 'unknown', (viewer, state) => !seesUser(viewer, state), viewers);
});

describe('users, by an owner', () => {
  walk('by an owner', EDITS, USER_STATES, 'unknown', (viewer, state) => !seesUser(viewer, state), [OWNER]);
});

describe('sessions', () => {
  const all = [...viewers, OWNER, OF_TENANT_A];
  walk('sessions', SESSION_OPERATIONS, SESSION_STATES, 'unknown', (viewer, state) => !seesSession(viewer, state), all);
  walk('own tenants', OWN_TENANTS, ['a', 'b', 'gone'], 'gone', () => false, all);
  walk('signing out', SIGNING_OUT, ['anything'], 'anything', () => false, all);
});

describe('roles', () => {
  const states = ['ORGANIZATION', 'CUSTOMER', 'TENANT', 'none'] as const;
  walk('roles', ROLE_OPERATIONS, states, 'none', (viewer, state) => !seesRole(viewer, state));
});
