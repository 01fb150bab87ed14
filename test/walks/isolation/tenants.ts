import { globalId, mutationDocument, unique } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import {
  nameOf,
  type Operation,
  ORDERS,
  ownCustomer,
  reaches,
  readOutcome,
  someNode,
  type TenantName,
  tenantIds,
  type ViewerKind,
  writeOutcome,
} from './world.ts';

export type TenantState = TenantName | 'none';
const tenantId = (name: TenantState) =>
  name === 'none' ? globalId('Tenant', '01900000-0000-7000-8000-00000000ffff') : tenantIds[name];
export const seesTenant = (viewer: ViewerKind, name: TenantState) =>
  (name === 'a' || name === 'b') && (reaches(viewer, [name]) || (ownCustomer(viewer)?.tenants ?? []).includes(name));
const tenantQuery = (
  covers: string,
  document: string,
  variables: (name: TenantState) => Variables,
  path?: string,
): Operation<TenantState> => ({
  covers,
  name: `${covers} ${document}`,
  ask: (name) => ({ document, variables: variables(name) }),
  outcome: (answer, name) =>
    readOutcome(answer, (data) => (path ? someNode(data, path, tenantId(name)) : Object.values(data)[0])),
  expected: (viewer, name) => {
    if (viewer.customer && asksForDetails.test(document)) return 'forbidden';
    return seesTenant(viewer, name) ? 'found' : 'absent';
  },
});
/** Who reaches one customer may not even look tenants up or sort them by what it does not see of them. */
const asksForDetails = /orderBy|filter|TenantIdentifier!\) \{ tenantBy\(identifier: \$i\) \{ id name/;
const tenantMutation = (
  covers: string,
  input: (name: TenantState) => Variables,
  expected: Operation<TenantState>['expected'],
): Operation<TenantState> => ({
  covers,
  name: `${covers} ${Object.keys(input('none')).join(' ')}`,
  tellsApart: covers === 'createTenant',
  ask: (name) => ({ document: mutationDocument(covers, 'tenant { id }'), variables: { input: input(name) } }),
  outcome: writeOutcome,
  expected,
});
const organizationOnly =
  (then: Operation<TenantState>['expected']): Operation<TenantState>['expected'] =>
  (viewer, name) =>
    viewer.reach === null ? then(viewer, name) : 'out_of_reach';

const refusedToCustomers =
  (then: Operation<TenantState>['expected']): Operation<TenantState>['expected'] =>
  (viewer, name) =>
    viewer.customer ? 'out_of_reach' : then(viewer, name);

export const TENANT_OPERATIONS: Operation<TenantState>[] = [
  tenantQuery('tenant', 'query($id: ID!) { tenant(id: $id) { id } }', (name) => ({ id: tenantId(name) })),
  tenantQuery('node', 'query($id: ID!) { node(id: $id) { id } }', (name) => ({ id: tenantId(name) })),
  tenantQuery(
    'nodes',
    'query($ids: [ID!]!) { nodes(ids: $ids) { id } }',
    (name) => ({ ids: [tenantId(name)] }),
    'nodes',
  ),
  tenantQuery('tenantBy', 'query($i: TenantIdentifier!) { tenantBy(identifier: $i) { id } }', (name) => ({
    i: { id: tenantId(name) },
  })),
  tenantQuery('tenantBy', 'query($i: TenantIdentifier!) { tenantBy(identifier: $i) { id name } }', (name) => ({
    i: { externalId: name },
  })),
  ...ORDERS.map((field) =>
    tenantQuery(
      'tenants',
      `{ tenants(first: 100, orderBy: { field: ${field} }) { nodes { id } } }`,
      () => ({}),
      'tenants.nodes',
    ),
  ),
  tenantQuery(
    'tenants',
    'query($x: [String!]) { tenants(filter: { externalIds: $x }) { nodes { id } } }',
    (name) => ({ x: [name] }),
    'tenants.nodes',
  ),
  ...[nameOf, (name: TenantState) => nameOf(name).slice(1), (name: TenantState) => name].map((textOf) =>
    tenantQuery(
      'tenants',
      'query($s: String) { tenants(filter: { search: $s }) { nodes { id } totalCount } }',
      (name) => ({ s: textOf(name) }),
      'tenants.nodes',
    ),
  ),
  {
    ...tenantQuery('tenants', '{ tenants(filter: { search: "te" }) { nodes { id } } }', () => ({}), 'tenants.nodes'),
    tellsApart: true,
  },
  tenantQuery('tenants', '{ tenants(filter: { statuses: [ACTIVE] }) { nodes { id } } }', () => ({}), 'tenants.nodes'),
  tenantQuery('tenants', '{ tenants(last: 100) { nodes { id name } } }', () => ({}), 'tenants.nodes'),
  tenantMutation(
    'updateTenant',
    (name) => ({ id: tenantId(name), description: unique('d') }),
    refusedToCustomers((viewer, name) => (seesTenant(viewer, name) ? 'done' : 'not_found')),
  ),
  tenantMutation(
    'updateTenant',
    (name) => ({ identifier: { externalId: name }, description: unique('d') }),
    refusedToCustomers((viewer, name) => (seesTenant(viewer, name) ? 'done' : 'not_found')),
  ),
  ...[{}, { permanently: true }].map((more) =>
    tenantMutation(
      'deleteTenant',
      (name) => ({ identifier: { externalId: name }, ...more }),
      organizationOnly((viewer, name) => (seesTenant(viewer, name) ? 'done' : 'not_found')),
    ),
  ),
  tenantMutation(
    'upsertTenant',
    (name) => ({ identifier: { id: tenantId(name) }, description: unique('d') }),
    refusedToCustomers((viewer, name) => (seesTenant(viewer, name) ? 'done' : 'not_found')),
  ),
  tenantMutation(
    'upsertTenant',
    (name) => ({ identifier: { externalId: name }, name: unique('upserted') }),
    refusedToCustomers((viewer, name) => {
      return viewer.reach === null || seesTenant(viewer, name) ? 'done' : 'out_of_reach';
    }),
  ),
  tenantMutation(
    'createTenant',
    (name) => ({ name: unique('created'), externalId: name }),
    organizationOnly((_, name) => (name === 'a' || name === 'b' ? 'already_exists' : 'done')),
  ),
  tenantMutation(
    'deleteTenant',
    (name) => ({ id: tenantId(name) }),
    organizationOnly((viewer, name) => (seesTenant(viewer, name) ? 'done' : 'not_found')),
  ),
  tenantMutation(
    'deleteTenant',
    (name) => ({ id: tenantId(name), permanently: true }),
    organizationOnly((_, name) => (name === 'none' ? 'not_found' : 'done')),
  ),
  tenantMutation(
    'restoreTenant',
    (name) => ({ id: tenantId(name) }),
    organizationOnly((_, name) => (name === 'none' ? 'not_found' : 'done')),
  ),
  {
    covers: 'importTenants',
    name: 'importTenants',
    tellsApart: true,
    ask: (name) => ({
      document: mutationDocument('importTenants', 'rows { errors { code } }'),
      variables: { input: { rows: [{ externalId: name, name: unique('imported') }] } },
    }),
    outcome: (answer) => (answer.data.importTenants.rows?.[0].errors[0] ? 'absent' : writeOutcome(answer)),
    expected: organizationOnly(() => 'done'),
  },
  ...(['id', 'externalId'] as const).flatMap((by) =>
    [
      { covers: 'switchTenant', payload: 'expiresIn', path: 'tenantIdentifier' },
      { covers: 'updateViewer', payload: 'user { id }', path: 'defaultTenantIdentifier' },
    ].map(
      ({ covers, payload, path }): Operation<TenantState> => ({
        covers,
        name: `${covers} by ${by}`,
        ask: (name) => ({
          document: mutationDocument(covers, payload),
          variables: { input: { [path]: by === 'id' ? { id: tenantId(name) } : { externalId: name } } },
        }),
        outcome: writeOutcome,
        // What decides is where the user has a role, and not what the token reaches.
        expected: ({ user }, name) => {
          if (!user) return 'not_signed_in';
          return name !== 'none' && name !== 'gone' && user.tenants.includes(name) ? 'done' : 'not_found';
        },
      }),
    ),
  ),
  {
    covers: 'updateOrganization',
    name: 'updateOrganization',
    ask: () => ({
      document: mutationDocument('updateOrganization', 'organization { id }'),
      variables: { input: { name: unique('o') } },
    }),
    outcome: writeOutcome,
    expected: organizationOnly(() => 'done'),
  },
];
