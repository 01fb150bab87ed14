import { env } from 'cloudflare:workers';
import { isUnionType } from 'graphql';
import { expect } from 'vitest';
import { SCHEMA_OBJECTS } from '../../src/cli/shared/printed-tables.ts';
import { PERMISSIONS, type Permission, type PermissionName } from '../../src/directory/kernel/permission-names.ts';
import { schema } from '../../src/graphql/schema.ts';
import { type Answer, ask, SIGNING_KEYS, type Variables } from './gateway.ts';

let serial = 0;

/** A value that no other test uses. */
export const unique = (word: string): string => `${word}-${++serial}-${crypto.randomUUID().slice(0, 8)}`;

export const globalId = (type: string, id: string): string => btoa(`${type}:${id}`);

/** The id that the database and some of the dialects know a record by, of a global one. */
export const rawId = (id: string): string => atob(id).split(':')[1] ?? '';

const ERROR_FIELDS: Record<string, string> = {
  ValidationError: 'issues { path message kind }',
  NotFoundError: 'references { path message }',
  AlreadyExistsError: 'path existing { __typename id }',
  ForbiddenError: 'missingPermissions',
  VersionConflictError: 'current { __typename id }',
  LastAdminError: 'tenantIds',
  RoleInUseError: 'userCount',
};

const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** The names of the errors that a mutation declares. */
export function declaredErrors(name: string): string[] {
  const union = schema.getType(`${capitalized(name)}Result`);
  if (!isUnionType(union)) throw new Error(`${name} answers no union`);
  return union
    .getTypes()
    .map((type) => type.name)
    .filter((type) => !type.endsWith('Payload'));
}

/** The document of a mutation that asks for these fields of its payload, and for everything about its errors. */
export function mutationDocument(name: string, payload: string): string {
  const errors = declaredErrors(name).map((type) => `... on ${type} { ${ERROR_FIELDS[type] ?? 'code'} }`);
  return `mutation($input: ${capitalized(name)}Input!) {
    ${name}(input: $input) {
      __typename ... on ${capitalized(name)}Payload { ${payload} } ... on MutationError { message code } ${errors.join(' ')}
    }
  }`;
}

export interface Result {
  __typename: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a mutation answers depends on what was asked of it
  [field: string]: any;
}

/** What one mutation answers, payload or error. */
export async function mutate(name: string, payload: string, input: Variables, key?: string): Promise<Result> {
  const { data, text } = await ask(mutationDocument(name, payload), { input }, key);
  expect(data, text).not.toBeNull();
  return data[name];
}

/** The same, for when the payload is taken for granted. */
export async function succeed(name: string, payload: string, input: Variables, key?: string): Promise<Result> {
  const result = await mutate(name, payload, input, key);
  expect(result.__typename, JSON.stringify(result)).toBe(`${capitalized(name)}Payload`);
  return result;
}

export const CUSTOMER_FIELDS =
  'id kind name shortName email { address isVerified } externalId description labels createdAt updatedAt deletedAt version';

export const TENANT_FIELDS = `id name externalId url description status partnerManaged eventEnrichment test
  createdAt updatedAt deletedAt version
  billing { companyName vatId taxType taxExempt isBusinessCustomer isInvoicePending oneTimePaymentValidThrough
    billingAddress { name line1 line2 city postalCode state country type }
    shippingAddress { name line1 line2 city postalCode state country type } }`;

export async function newTenant(input: Variables = {}): Promise<Result> {
  const given = { name: unique('Tenant'), externalId: unique('tenant'), ...input };
  return (await succeed('createTenant', `tenant { ${TENANT_FIELDS} }`, given)).tenant;
}

export async function newCustomer(input: Variables = {}, key?: string): Promise<Result> {
  const given = { name: unique('Customer'), externalId: unique('customer'), ...input };
  return (await succeed('createCustomer', `customer { ${CUSTOMER_FIELDS} }`, given, key)).customer;
}

export const USER_FIELDS = 'id email name phone avatarUrl externalId status createdAt updatedAt deletedAt version';

const newUserInput = () => ({ email: `${unique('user')}@x.example`, name: unique('User') });

/** A team member: a viewer, unless another role is given. */
export async function newTeamMember(input: Variables = {}): Promise<Result> {
  const given = { ...newUserInput(), roleIdentifier: { name: 'viewer' }, ...input };
  return (await succeed('createOrganizationUser', `user { ${USER_FIELDS} }`, given)).user;
}

/** A user of this customer: a member, unless another role is given. */
export async function newCustomerUser(customerId: string, input: Variables = {}, key?: string): Promise<Result> {
  const given = {
    ...newUserInput(),
    roleIdentifier: { name: 'member' },
    customerIdentifier: { id: customerId },
    ...input,
  };
  return (await succeed('createCustomerUser', `user { ${USER_FIELDS} }`, given, key)).user;
}

/** A user with a role in this tenant: \`view\`, unless another is given. */
export async function newTenantUser(tenantId: string, input: Variables = {}, key?: string): Promise<Result> {
  const given = { ...newUserInput(), roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenantId }, ...input };
  return (await succeed('createTenantUser', `user { ${USER_FIELDS} }`, given, key)).user;
}

export const assign = (userId: string, tenantId: string, role: string, key?: string): Promise<Result> =>
  mutate(
    'assignTenantRole',
    'user { id }',
    { userIdentifier: { id: userId }, tenantIdentifier: { id: tenantId }, roleIdentifier: { name: role } },
    key,
  );

export async function newRole(input: Variables = {}): Promise<Result> {
  const given = { scope: 'TENANT', name: unique('Role'), permissions: ['tenant:read'], ...input };
  return (await succeed('createRole', 'role { id scope name description level }', given)).role;
}

/** A permission of the product, which nobody has but root and owners; returns its name. */
export async function newPermission(name = `${unique('invoice')}:approve`): Promise<string> {
  await succeed('createPermission', 'permission { name }', { name, description: 'Approve invoices.' });
  return name;
}

const { kty, crv, x } = JSON.parse(SIGNING_KEYS).keys[0];
/** What tokens could be verified with. */
export const PUBLIC_KEY = { kty, crv, x };

/** Somebody who may sign in members of a customer. */
export async function newTrustedIssuer(customerId: string, input: Variables = {}): Promise<Result> {
  const given = {
    name: unique('Issuer'),
    issuer: unique('issuer'),
    audience: 'https://tenantry.test',
    keys: [PUBLIC_KEY],
    roleIdentifiers: [{ name: 'member' }],
    customerIdentifiers: [{ id: customerId }],
    ...input,
  };
  return (await succeed('createTrustedIssuer', 'trustedIssuer { id issuer }', given)).trustedIssuer;
}

export const DATA_SOURCE_FIELDS = 'id name externalId status createdAt updatedAt';

/** A pixel of this tenant, ACTIVE. */
export async function newPixel(tenantId: string, input: Variables = {}, key?: string): Promise<Result> {
  const given = { tenantIdentifier: { id: tenantId }, name: unique('Pixel'), ...input };
  return (await succeed('registerPixel', `pixel { ${DATA_SOURCE_FIELDS} }`, given, key)).pixel;
}

/** A pipeline of this tenant, ACTIVE. */
export async function newPipeline(tenantId: string, input: Variables = {}, key?: string): Promise<Result> {
  const given = { tenantIdentifier: { id: tenantId }, name: unique('Pipeline'), ...input };
  return (await succeed('registerPipeline', `pipeline { ${DATA_SOURCE_FIELDS} }`, given, key)).pipeline;
}

interface KeyOptions {
  permissions?: readonly PermissionName[];
  access?: 'READ' | 'WRITE';
  /** The global ids of the tenants that the key is limited to; the whole organization without them. */
  tenants?: readonly string[];
  /** The global id of the customer that the key is limited to. */
  customer?: string;
  expiresAt?: string;
}

export interface Key {
  id: string;
  secret: string;
}

export interface NewWebhook {
  tenants?: readonly string[];
  permissions?: readonly Permission[];
  url?: string;
  eventTypes?: readonly string[];
}

/** A webhook of some tenants, or of the organization, that nobody listens to unless a test does. */
export async function newWebhook({
  tenants,
  permissions = [],
  ...input
}: NewWebhook = {}): Promise<{ id: string; secret: string }> {
  const { webhook, secret } = await succeed('createWebhook', 'webhook { id } secret', {
    url: `https://${unique('receiver')}.example/`,
    permissions,
    ...(tenants ? { reach: 'TENANTS', tenantIdentifiers: tenants.map((id) => ({ id })) } : { reach: 'ORGANIZATION' }),
    ...input,
  });
  return { id: webhook.id, secret };
}

export async function newKey(options: KeyOptions = {}): Promise<Key> {
  const { permissions = PERMISSIONS, access, tenants, customer, expiresAt } = options;
  const limited = tenants ? 'TENANTS' : 'ORGANIZATION';
  const { apiKey, secret } = await succeed('createApiKey', 'apiKey { id } secret', {
    name: unique('Key'),
    permissions,
    access,
    expiresAt,
    reach: customer ? 'CUSTOMER' : limited,
    tenantIdentifiers: tenants?.map((id) => ({ id })),
    customerIdentifier: customer && { id: customer },
  });
  return { id: apiKey.id, secret };
}

export const allBut = (...left: Permission[]): Permission[] => PERMISSIONS.filter((name) => !left.includes(name));

/** The names of the tenants that a customer belongs to, as a key sees them. */
export async function tenantsOf(customerId: string, key?: string): Promise<string[]> {
  const { data } = await ask(
    'query($id: ID!) { customer(id: $id) { tenants { nodes { id } } } }',
    { id: customerId },
    key,
  );
  return data.customer.tenants.nodes.map(({ id }: { id: string }) => id);
}

/** The types of the events about a record, the oldest first. */
export async function eventsAbout(id: string): Promise<string[]> {
  const { data } = await ask('query($id: ID!) { events(first: 100, filter: { subjectId: $id }) { nodes { type } } }', {
    id,
  });
  return data.events.nodes.map(({ type }: { type: string }) => type);
}

/** What is derived, the same in every deployment, or no part of the directory. */
const OTHER_TABLES = ['attempt', 'label_count'];

/** The tables of the directory, each behind those that it refers to: whatever is written, is written there. */
export const TABLES: readonly string[] = await tablesOfTheDirectory();

async function tablesOfTheDirectory(): Promise<string[]> {
  const { results } = await env.DB.prepare(SCHEMA_OBJECTS).all<{ type: string; name: string; sql: string }>();
  return results
    .filter(({ type, name, sql }) => type === 'table' && !/^CREATE VIRTUAL/.test(sql) && !OTHER_TABLES.includes(name))
    .map(({ name }) => name);
}

/** Everything that the database holds, but for when keys were last used, and how often signing in was tried. */
export async function dump(): Promise<string> {
  const results = await env.DB.batch(TABLES.map((table) => env.DB.prepare(`SELECT * FROM ${table}`)));
  return JSON.stringify(
    results.map(({ results }) => results),
    (name, value) => (name === 'last_used_at' || name === 'idle_since' ? null : value),
  );
}

export const codeOf = ({ errors }: Answer): string | undefined => errors[0]?.extensions?.code;
