import { describe } from 'vitest';
import { ROLE_OPERATIONS, seesRole } from './isolation/roles.ts';
import { USER_STATES } from './isolation/user-rows.ts';
import { seesUser, USER_OPERATIONS } from './isolation/users.ts';
import { walk } from './isolation/walk.ts';

describe('users', () => {
  walk('users', USER_OPERATIONS, USER_STATES, 'unknown', (viewer, state) => !seesUser(viewer, state));
});

describe('roles', () => {
  const states = ['ORGANIZATION', 'CUSTOMER', 'TENANT', 'none'] as const;
  walk('roles', ROLE_OPERATIONS, states, 'none', (viewer, state) => !seesRole(viewer, state));
});
