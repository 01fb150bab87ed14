import { targetIdOf } from '../../dialects/plain/webhook-table.ts';
import { rawId } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import type { World } from '../../shared/world.ts';

/** What a row creates has these. */
export const NEW = {
  externalId: 'optional-tenant',
  name: 'Optional',
  email: 'optional@x.example',
  personId: 'optional-person',
};

/** What null or nothing does: it leaves things as if the place were left out, which is none for what is new, or clears. */
type Effect = 'leaves' | 'clears';

export interface Row {
  /** The operation, and where in its input. */
  place: string;
  /** All that is sent beside it. */
  rest: (world: World) => Variables;
  /** A value, where it shows, and as what. */
  given: (world: World) => unknown;
  shows: string;
  shown: (world: World) => unknown;
  effect: Effect;
}

const row = (
  place: string,
  rest: Row['rest'],
  effect: Effect,
  shows: string,
  given: Row['given'],
  shown: Row['shown'] = given,
): Row => ({ place, rest, given, shows, shown, effect });

const X = () => 'x';
const CHANGE_TO_X = () => ({ value: 'x' });

export const tenant = ({ tenant: { externalId, name } }: World) => ({ identifier: { externalId }, externalId, name });
const newTenant = () => ({ identifier: { externalId: NEW.externalId }, externalId: NEW.externalId, name: NEW.name });
const onCreate = { fullName: NEW.name, email: { email: NEW.email, isVerified: false } };
export const customer = (world: World) => ({
  identifier: { emailAddress: world.customer.email },
  onCreate,
  onUpdate: {},
});
const newCustomer = () => ({ identifier: { emailAddress: NEW.email }, onCreate, onUpdate: {} });
const tenants = (world: World) => [{ externalId: world.tenant.externalId }];

/** The webhook target of the world. */
const target = (world: World) => ({ webhookTargetId: targetIdOf(world) });
const newTarget = () => ({
  url: 'https://new.example/hook',
  description: '',
  isEnabled: false,
  eventSubscriptions: [{ eventType: 'customer.customer_created' }],
});
const anotherUrl = () => 'https://other.example/hook';

const hubTenant = (world: World) => ({ tenantId: rawId(world.tenant.id) });
const newHubTenant = () => ({ name: NEW.name, canPartnerManage: true, eventEnrichment: false });
const userOf = (world: World) => ({ userId: rawId(world.tenantUser.id) });
const role =
  (name: string, place: 'tenant' | 'otherTenant' = 'tenant') =>
  (world: World) =>
    `advertiser-${name}-${rawId(world[place].id)}`;
const withRole = (email: string, name: string) => [{ email, tenantRoles: { nodes: [{ role: { name } }] } }];

/** What clears, and what leaves, by the documents: on create there is nothing to clear. */
export const ROWS: readonly Row[] = [
  row('upsertTenant input.url', tenant, 'leaves', 'tenant.url', CHANGE_TO_X, X),
  row('upsertTenant input.url.value', tenant, 'clears', 'tenant.url', X),
  row('upsertTenant input.url', newTenant, 'leaves', 'newTenant.url', CHANGE_TO_X, X),
  row('upsertTenant input.url.value', newTenant, 'leaves', 'newTenant.url', X),
  row('upsertCustomer input.onCreate.shortName', newCustomer, 'leaves', 'newCustomer.shortName', X),
  row('upsertCustomer input.onCreate.externalId', newCustomer, 'leaves', 'newCustomer.externalId', () => NEW.personId),
  row('upsertCustomer input.onCreate.tenantIdentifiers', newCustomer, 'leaves', 'newCustomer.tenants.nodes', tenants),
  row('upsertCustomer input.onUpdate.fullName', customer, 'leaves', 'customer.name', CHANGE_TO_X, X),
  row('upsertCustomer input.onUpdate.shortName', customer, 'leaves', 'customer.shortName', CHANGE_TO_X, X),
  row('upsertCustomer input.onUpdate.shortName.value', customer, 'clears', 'customer.shortName', X),
  row('upsertCustomer input.onUpdate.externalId', customer, 'leaves', 'customer.externalId', CHANGE_TO_X, X),
  row('upsertCustomer input.onUpdate.externalId.value', customer, 'clears', 'customer.externalId', X),
  row(
    'upsertCustomer input.onUpdate.email',
    customer,
    'leaves',
    'customer.email.address',
    () => ({ email: NEW.email, isVerified: true }),
    () => NEW.email,
  ),
  row('updateWebhookTarget input.url', target, 'leaves', 'target.url', () => ({ value: anotherUrl() }), anotherUrl),
  row('updateWebhookTarget input.description', target, 'leaves', 'target.description', CHANGE_TO_X, X),
  row(
    'updateWebhookTarget input.isEnabled',
    target,
    'leaves',
    'target.isEnabled',
    () => ({ value: true }),
    () => true,
  ),
  row('updateWebhookTarget input.eventSubscriptions', target, 'leaves', 'target.eventSubscriptions', () => [
    { eventType: 'customer.customer_deleted' },
  ]),
  row(
    'updateWebhookTarget input.version',
    target,
    'leaves',
    'target.version',
    () => ({ value: '2026-02-27' }),
    () => '2026-02-27',
  ),
  row(
    'tenantMutations.createTenant input.adminEmail',
    newHubTenant,
    'leaves',
    'newTenant.users.nodes',
    () => NEW.email,
    () => withRole(NEW.email, 'admin'),
  ),
  row('tenantMutations.updateTenant input.name', hubTenant, 'leaves', 'tenant.name', X),
  row(
    'tenantMutations.updateTenant input.status',
    hubTenant,
    'leaves',
    'tenant.status',
    () => 2,
    () => 'DEACTIVATED',
  ),
  row('tenantMutations.updateTenant input.canPartnerManage', hubTenant, 'leaves', 'tenant.partnerManaged', () => false),
  row(
    'userMutations.changeRoleForUser input.roleToRevoke',
    (world) => ({ ...userOf(world), roleToAdd: role('view', 'otherTenant')(world) }),
    'leaves',
    'tenant.users.nodes',
    role('view'),
    () => [],
  ),
  row(
    'userMutations.changeRoleForUser input.roleToAdd',
    (world) => ({ ...userOf(world), roleToRevoke: role('view')(world) }),
    'leaves',
    'tenant.users.nodes',
    role('manage'),
    (world) => withRole(world.tenantUser.email, 'manage'),
  ),
];

/** Optional, and there is nothing that it could change: an invitation of a team member goes to no tenant, and there is one version. */
export const CHANGES_NOTHING: Record<string, (world: World) => Variables> = {
  'createWebhookTarget input.version': newTarget,
  'userMutations.sendInvitation input.tenantId': (world) => ({ email: world.teamMember.email, userType: 'AGENCY' }),
};
