import { schema } from '../../../src/dialects/capig/schema.ts';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import { mutationDocument, rawId, unique } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import type { World } from '../../shared/world.ts';
import { type DialectOperation, type DialectTable, operationsOf, posted } from '../../walks/dialects/table.ts';
import createTenant from './create-tenant.example.txt?raw';
import deleteTenant from './delete-tenant.example.txt?raw';
import tenant from './tenant.example.txt?raw';
import tenantUsage from './tenant-usage.full.txt?raw';
import updateTenant from './update-tenant.example.txt?raw';

const PATH = '/hub/graphql/';

const userMutation = (name: string, selection = '') =>
  `mutation($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) { userMutations { ${name}(input: $input) ${selection} } }`;

const email = () => `${unique('new')}@x.example`;

const operation = (
  name: string,
  permissions: readonly Permission[],
  document: string,
  variables: (world: World) => Variables,
  own: DialectOperation['own'],
  more: Partial<DialectOperation> = {},
): DialectOperation => ({
  name,
  permissions,
  writes: name.includes('.'),
  request: (world, key) => posted(PATH, document, variables(world), key),
  own,
  ...more,
});

const command = (name: string, payload: string, input: (world: World) => Variables) => (world: World) => ({
  query: mutationDocument(name, payload),
  variables: { input: input(world) },
});

/** What the role `view` of a tenant holds, as whoever gives or takes it must. */
const VIEW: readonly Permission[] = ['tenant:read', 'customer:read', 'user:read', 'usage:read'];

export const capig: DialectTable = {
  dialect: 'capig',
  served: async () => operationsOf(schema),
  operations: [
    operation(
      'tenant',
      ['tenant:read', 'user:read', 'role:read'],
      tenant,
      (world) => ({ tenantId: rawId(world.tenant.id) }),
      (world) => ({
        query: `query($id: ID!) {
          tenant(id: $id) { id name users { nodes { id email tenantRoles { nodes { role { name } } } } } } }`,
        variables: { id: world.tenant.id },
      }),
    ),
    operation(
      'tenantUsage',
      ['usage:read'],
      tenantUsage,
      (world) => ({ tenantId: rawId(world.tenant.id) }),
      (world) => ({
        query: 'query($id: ID!) { tenant(id: $id) { usage { pixels { total } eventsReceived } } }',
        variables: { id: world.tenant.id },
      }),
    ),
    operation(
      'tenantMutations.createTenant',
      ['tenant:create'],
      createTenant,
      () => ({ input: { name: unique('Tenant'), canPartnerManage: true, eventEnrichment: true } }),
      command('createTenant', 'tenant { id }', () => ({ name: unique('Tenant') })),
      { unreached: 'nothing' },
    ),
    operation(
      'tenantMutations.updateTenant',
      ['tenant:edit'],
      updateTenant,
      (world) => ({
        input: { tenantId: rawId(world.tenant.id), name: unique('Tenant'), status: 2, canPartnerManage: false },
      }),
      command('updateTenant', 'tenant { id }', (world) => ({ id: world.tenant.id, name: unique('Tenant') })),
    ),
    operation(
      'tenantMutations.deleteTenant',
      ['tenant:delete'],
      deleteTenant,
      (world) => ({ tenantId: rawId(world.tenant.id) }),
      command('deleteTenant', 'tenant { id }', (world) => ({ id: world.tenant.id })),
    ),
    operation(
      'userMutations.addUserWithRole',
      ['user:create', 'user:edit', ...VIEW],
      userMutation('addUserWithRole', '{ userAlreadyExist invitationLink user { id email } }'),
      (world) => ({ input: { email: email(), roleName: `advertiser-view-${rawId(world.tenant.id)}` } }),
      command('addTenantUser', 'user { id } isNew invitationLink', (world) => ({
        email: email(),
        roleIdentifier: { name: 'view' },
        tenantIdentifier: { id: world.tenant.id },
        handOutLink: true,
      })),
    ),
    operation(
      'userMutations.changeRoleForUser',
      ['user:edit', ...VIEW],
      userMutation('changeRoleForUser', '{ user { id } }'),
      (world) => ({
        input: {
          userId: rawId(world.tenantUser.id),
          roleToRevoke: `advertiser-view-${rawId(world.tenant.id)}`,
          roleToAdd: `advertiser-view-${rawId(world.otherTenant.id)}`,
        },
      }),
      command('changeRole', 'user { id }', (world) => ({
        userIdentifier: { id: world.tenantUser.id },
        revoke: { roleIdentifier: { name: 'view' }, tenantIdentifier: { id: world.tenant.id } },
        assign: {
          roleIdentifier: { name: 'view' },
          tenantIdentifier: { id: world.otherTenant.id },
        },
      })),
    ),
    operation(
      'userMutations.sendInvitation',
      ['user:create', ...VIEW],
      userMutation('sendInvitation'),
      (world) => ({
        input: { email: world.tenantUser.email, tenantId: rawId(world.tenant.id), userType: 'ADVERTISER' },
      }),
      command('inviteUser', 'user { id } invitationLink', (world) => ({
        userIdentifier: { email: world.tenantUser.email },
        handOutLink: true,
      })),
    ),
  ],
  outcomeOf: ({ status }) => {
    if (status === 200) return 'done';
    if (status === 401) return 'forbidden';
    if (status === 404) return 'absent';
    return status === 409 ? 'taken' : 'refused';
  },
};
