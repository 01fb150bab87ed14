import { describe } from 'vitest';
import { ROLE_OPERATIONS, seesRole } from './isolation/roles.ts';
import { USER_STATES } from './isolation/user-rows.ts';
import { seesUser, USER_OPERATIONS } from './isolation/users.ts';
import { walk } from './isolation/walk.ts';
import { VIEWERS } from './isolation/world.ts';

describe('users', () => {
  // The root key stands for whoever reaches everything.
  const viewers = VIEWERS.filter(({ name }) => name !== 'a key of the organization');
  walk('users', USER_OPERATIONS, USER_STATES, 'unknown', (viewer, state) => !seesUser(viewer, state), viewers);
});

describe('roles', () => {
  const states = ['ORGANIZATION', 'CUSTOMER', 'TENANT', 'none'] as const;
  walk('roles', ROLE_OPERATIONS, states, 'none', (viewer, state) => !seesRole(viewer, state));
});
