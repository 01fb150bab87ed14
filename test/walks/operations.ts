import type { PermissionName } from '../../src/directory/kernel/permission-names.ts';
import {
  assign,
  globalId,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newPermission,
  newPipeline,
  newPixel,
  newRole,
  newTeamMember,
  newTenant,
  newTrustedIssuer,
  newWebhook,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import { ask, type Variables } from '../shared/gateway.ts';
import { sessionOf, TOKENS } from '../shared/people.ts';
import { rememberAll } from '../shared/rewind.ts';
import { newWorld, type World } from '../shared/world.ts';

/** Records that the queries and mutations work on: the shared world, and one of everything else. */
export interface OperationWorld extends World {
  deletedTenantId: string;
  deletedCustomerId: string;
  deletedUserId: string;
  /** Has nobody yet. */
  otherCustomerId: string;
  apiKeyId: string;
  apiKeySecret: string;
  /** An old one of that key. */
  apiKeySecretId: string;
  /** Where the user of the customer is signed in. */
  sessionId: string;
  /** Of scope TENANT; nobody has it. */
  roleId: string;
  /** Of the product; nobody has it but owners. */
  permission: string;
  /** Signs in members of the customer. */
  trustedIssuerId: string;
  /** Of the tenant. */
  pixelId: string;
  pipelineId: string;
  /** About the customer. */
  eventId: string;
  /** Of the tenant; sees tenants and customers. */
  webhookId: string;
  /** To that webhook, of its test. */
  webhookDeliveryId: string;
}

let lastRole: string | undefined;

/** There may be a hundred roles, and there are more worlds. */
async function freshRole(): Promise<string> {
  if (lastRole !== undefined) await mutate('deleteRole', 'role { id }', { id: lastRole });
  lastRole = (await newRole()).id;
  return lastRole ?? '';
}

let lastPermission: string | undefined;

/** There may be two hundred permissions of the product. */
async function freshPermission(): Promise<string> {
  if (lastPermission !== undefined) await mutate('deletePermission', 'permission { name }', { name: lastPermission });
  lastPermission = await newPermission();
  return lastPermission;
}

/** There may be a hundred webhooks, too. */
let lastWebhook: string | undefined;

async function testedWebhook(tenantId: string): Promise<Pick<OperationWorld, 'webhookId' | 'webhookDeliveryId'>> {
  if (lastWebhook !== undefined) await mutate('deleteWebhook', 'webhook { id }', { id: lastWebhook });
  const { id } = await newWebhook({ tenants: [tenantId], permissions: ['tenant:read', 'customer:read'] });
  lastWebhook = id;
  const { webhook } = await succeed('testWebhook', 'webhook { deliveries { nodes { id } } }', { id });
  return { webhookId: id, webhookDeliveryId: webhook.deliveries.nodes[0].id };
}

/** Makes a new world for the queries and mutations. */
export async function newOperationWorld(): Promise<OperationWorld> {
  const world = await newWorld();
  const { tenant, customer, customerUser } = world;
  const deletedTenant = await newTenant();
  const deletedCustomer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
  const deletedUser = await newCustomerUser(customer.id);
  await succeed('deleteCustomer', 'customer { id }', { id: deletedCustomer.id });
  await succeed('deleteTenant', 'tenant { id }', { id: deletedTenant.id });
  await succeed('deleteUser', 'user { id }', { id: deletedUser.id });
  const { data } = await ask('query($s: ID!) { events(filter: { subjectId: $s }) { nodes { id } } }', {
    s: customer.id,
  });
  const key = await newKey({ tenants: [tenant.id], permissions: ['tenant:read', 'customer:read'] });
  const { apiKey, secret } = await succeed('rotateApiKey', 'secret apiKey { secrets { id } }', { id: key.id });
  return {
    ...world,
    deletedTenantId: deletedTenant.id,
    deletedCustomerId: deletedCustomer.id,
    deletedUserId: deletedUser.id,
    otherCustomerId: (await newCustomer()).id,
    apiKeyId: key.id,
    apiKeySecret: secret,
    apiKeySecretId: apiKey.secrets[0].id,
    sessionId: globalId('Session', (await sessionOf(customerUser.id)).sessionId),
    roleId: await freshRole(),
    permission: await freshPermission(),
    trustedIssuerId: (await newTrustedIssuer(customer.id)).id,
    pixelId: (await newPixel(tenant.id)).id,
    pipelineId: (await newPipeline(tenant.id)).id,
    eventId: data.events.nodes[0].id,
    ...(await testedWebhook(tenant.id)),
  };
}

/** A world that `rewind` puts back as it was: to make one takes two dozen requests. */
export async function lastingWorld(): Promise<OperationWorld> {
  const world = await newOperationWorld();
  await rememberAll();
  return world;
}

/** A document that the walks ask, and who asks it. */
export interface Operation {
  document: string;
  variables?: (world: OperationWorld) => Variables;
  /** For what is asked about the caller: a user who signed in asks it, and not a key. */
  as?: 'user' | undefined;
}

/** Custom roles of the organization, by what they allow. */
const roles = new Map<string, string>();

async function roleWith(permissions: readonly PermissionName[]): Promise<string> {
  const key = permissions.join();
  const id = roles.get(key) ?? (await newRole({ scope: 'ORGANIZATION', permissions })).id;
  roles.set(key, id);
  return id;
}

/** Who asks an operation, and with what: a key with these permissions, or somebody with such a role who just signed in. */
export async function asker(
  { variables, as }: Pick<Operation, 'variables' | 'as'>,
  world: OperationWorld,
  permissions: readonly PermissionName[],
): Promise<{ secret: string; input: Variables | undefined }> {
  if (as !== 'user') return { secret: (await newKey({ permissions })).secret, input: variables?.(world) };
  const { id } = await newTeamMember({ roleIdentifier: { id: await roleWith(permissions) } });
  await assign(id, world.otherTenant.id, 'view');
  const grant = await sessionOf(id);
  return {
    secret: await TOKENS.issue(grant),
    input: variables?.({ ...world, sessionId: globalId('Session', grant.sessionId) }),
  };
}

/** One entry of a report of traffic. */
export const entryOf = (pixelId: string) => ({
  entryId: unique('entry'),
  pixelId,
  at: new Date().toISOString(),
  events: 1,
  publishErrors: 1,
});
