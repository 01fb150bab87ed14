import { globalId, mutationDocument, unique } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import {
  type Operation,
  ownCustomer,
  PRODUCT_PERMISSION,
  reaches,
  readOutcome,
  tenantIds,
  type ViewerKind,
  writeOutcome,
} from './world.ts';

export type RoleState = 'ORGANIZATION' | 'CUSTOMER' | 'TENANT' | 'none';

/** Of the built-in roles the lowest of each scope. */
const ROLE_IDS: Record<RoleState, string> = {
  ORGANIZATION: '00000000-0000-7000-8000-000000000104',
  CUSTOMER: '00000000-0000-7000-8000-000000000202',
  TENANT: '00000000-0000-7000-8000-000000000304',
  none: '00000000-0000-7000-8000-000000000999',
};
const NAMES = { ORGANIZATION: 'viewer', CUSTOMER: 'member', TENANT: 'view' };
export const roleId = (state: RoleState) => globalId('Role', ROLE_IDS[state]);

export const seesRole = (viewer: ViewerKind, state: RoleState): boolean => {
  if (state === 'none') return false;
  if (viewer.customer) return state === 'CUSTOMER';
  return viewer.reach === null || state === 'TENANT';
};

const read = (
  covers: string,
  document: string,
  variables: (state: RoleState) => Variables,
  path: string,
  scope?: RoleState,
): Operation<RoleState> => ({
  covers,
  name: `roles: ${document}`,
  ask: (state) => ({ document, variables: variables(state) }),
  outcome: (answer, state) =>
    readOutcome(answer, (data) => {
      const found = path.split('.').reduce((value, step) => value?.[step], data);
      return [found].flat().some((role) => role?.id === roleId(state));
    }),
  expected: (viewer, state) =>
    seesRole(viewer, state) && (scope === undefined || scope === state) ? 'found' : 'absent',
});

const write = (
  covers: string,
  input: (state: RoleState) => Variables,
  expected: (state: RoleState) => string,
): Operation<RoleState> => ({
  covers,
  name: covers,
  ask: (state) => ({ document: mutationDocument(covers, 'role { id }'), variables: { input: input(state) } }),
  outcome: writeOutcome,
  expected: (viewer, state) => (viewer.reach === null ? expected(state) : 'out_of_reach') as 'done',
});

/** Each by its name, and the one that is not there by the name of another scope. */
const named = (state: RoleState): Variables =>
  state === 'none'
    ? { identifier: { name: 'member' }, scope: 'TENANT' }
    : { identifier: { name: NAMES[state] }, scope: state };

const builtIn = (state: RoleState) => (state === 'none' ? 'not_found' : 'built_in_role');

/** Permissions of the product are there for all who read roles; those who reach the whole organization change them. */
const ofProduct = (covers: string, given: Variables = {}): Operation<RoleState> => ({
  ...write(
    covers,
    (state) => ({ name: state === 'none' ? 'nothing:read' : PRODUCT_PERMISSION, ...given }),
    (state) => (state === 'none' ? 'not_found' : 'done'),
  ),
  ask: (state) => ({
    document: mutationDocument(covers, 'permission { name }'),
    variables: { input: { name: state === 'none' ? 'nothing:read' : PRODUCT_PERMISSION, ...given } },
  }),
});

export const ROLE_OPERATIONS: Operation<RoleState>[] = [
  read('node', 'query($id: ID!) { node(id: $id) { id } }', (state) => ({ id: roleId(state) }), 'node'),
  read('organizationRoles', '{ organizationRoles { id } }', () => ({}), 'organizationRoles', 'ORGANIZATION'),
  read('customerRoles', '{ customerRoles { id } }', () => ({}), 'customerRoles', 'CUSTOMER'),
  {
    ...read(
      'tenant',
      'query($t: ID!) { tenant(id: $t) { availableRoles { id } } }',
      () => ({ t: tenantIds.a }),
      'tenant.availableRoles',
      'TENANT',
    ),
    expected: (viewer, state) => {
      if (ownCustomer(viewer)?.tenants.includes('a')) return 'forbidden';
      return reaches(viewer, ['a']) && state === 'TENANT' ? 'found' : 'absent';
    },
  },
  write('updateRole', (state) => ({ id: roleId(state), name: unique('r') }), builtIn),
  write('deleteRole', (state) => ({ id: roleId(state) }), builtIn),
  ...['updateRole', 'deleteRole'].map((name) => write(name, named, builtIn)),
  write('deleteRole', (state) => ({ id: roleId(state), replacement: { name: 'admin' } }), builtIn),
  write(
    'createRole',
    (state) => ({ scope: state === 'none' ? 'TENANT' : state, name: unique('r'), permissions: ['tenant:read'] }),
    () => 'done',
  ),
  {
    ...ofProduct('createPermission'),
    ask: () => ({
      document: mutationDocument('createPermission', 'permission { name }'),
      variables: { input: { name: `${unique('invoice')}:approve`, description: 'Approve.' } },
    }),
    expected: (viewer) => (viewer.reach === null ? 'done' : 'out_of_reach'),
  },
  ofProduct('updatePermission', { description: 'Said anew' }),
  ofProduct('deletePermission'),
];
