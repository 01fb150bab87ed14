import { type GraphQLObjectType, type GraphQLSchema, getNamedType, isObjectType } from 'graphql';
import { newId } from '../../../src/directory/kernel/ids.ts';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import type { DialectName } from '../../../src/http/shared/environment.ts';
import {
  globalId,
  newCustomer,
  newCustomerUser,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { type Answer, PUBLIC_URL, type Variables } from '../../shared/gateway.ts';

/** A record as any API may be asked for it. */
export interface Known {
  /** The UUID, which each API spells in its way. */
  id: string;
  name: string;
  externalId: string;
}

export interface KnownByEmail extends Known {
  email: string;
}

/** Records that the operations below work on. */
export interface World {
  tenant: Known;
  /** Has nobody yet. */
  otherTenant: Known;
  /** A company, in `tenant` only. */
  customer: KnownByEmail;
  /** Has the role `view` in `tenant`. */
  tenantUser: KnownByEmail;
  /** Has the role `member` in `customer`. */
  customerUser: KnownByEmail;
  /** Has the role `viewer` in the organization. */
  teamMember: KnownByEmail;
}

export type Outcome = 'done' | 'absent' | 'forbidden' | 'taken' | 'refused';

export interface DialectOperation {
  /** As its schema says: a field of Query or Mutation, or of what stands below, with dots; or a method and a path. */
  name: string;
  /** All that is needed for it, and nothing else. */
  permissions: readonly Permission[];
  writes: boolean;
  /** For what is asked about the caller: a user who signed in asks it, and not a key. */
  as?: 'tenant user' | 'team member';
  /** As a client of the documented API sends it. */
  request(world: World, key: string): Request;
  /** The same as /graphql is asked for it: what it may cost. */
  own(world: World): { query: string; variables: Variables };
  /** Of a write: that it tells who does not reach the world that a value is taken, or that it names nothing that exists. */
  unreached?: 'taken' | 'nothing';
}

export interface DialectTable {
  dialect: DialectName;
  /** All that it serves, by the names of its operations. */
  served: () => Promise<readonly string[]>;
  operations: readonly DialectOperation[];
  outcomeOf(answer: Answer, operation: DialectOperation): Outcome;
}

/** A request to a dialect in GraphQL. */
export const posted = (path: string, query: string, variables: Variables, key: string): Request =>
  new Request(`${PUBLIC_URL}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });

/** The operations of a dialect in GraphQL: the fields of its roots, and of what only keeps mutations together. */
export function operationsOf(schema: GraphQLSchema): string[] {
  const fieldsOf = (type: GraphQLObjectType | null | undefined): string[] =>
    Object.values(type?.getFields() ?? {}).flatMap((field) => {
      const below = getNamedType(field.type);
      const isNamespace = isObjectType(below) && below.name.endsWith('Mutations');
      return isNamespace ? fieldsOf(below).map((name) => `${field.name}.${name}`) : [field.name];
    });
  return [...fieldsOf(schema.getQueryType()), ...fieldsOf(schema.getMutationType())];
}

const rawId = (globalId: string): string => atob(globalId).split(':')[1] ?? '';

const known = ({ id, name, externalId }: Result): Known => ({ id: rawId(id), name, externalId });
const knownByEmail = (record: Result): KnownByEmail => ({
  ...known(record),
  email: typeof record.email === 'string' ? record.email : record.email.address,
});

export async function newWorld(): Promise<World> {
  const [tenant, otherTenant] = [await newTenant(), await newTenant()];
  const email = { address: `${unique('customer')}@x.example` };
  const customer = await newCustomer({ email, tenantIdentifiers: [{ id: tenant.id }] });
  const withExternalId = () => ({ externalId: unique('user') });
  return {
    tenant: known(tenant),
    otherTenant: known(otherTenant),
    customer: knownByEmail(customer),
    tenantUser: knownByEmail(await newTenantUser(tenant.id, withExternalId())),
    customerUser: knownByEmail(await newCustomerUser(customer.id, withExternalId())),
    teamMember: knownByEmail(await newTeamMember(withExternalId())),
  };
}

/** Records that were deleted, where somebody who reaches what is near could have found them. */
export async function newHiddenWorld(near: World): Promise<World> {
  const tenantId = globalId('Tenant', near.tenant.id);
  const [tenant, otherTenant] = [await newTenant(), await newTenant()];
  const email = { address: `${unique('customer')}@x.example` };
  const customer = await newCustomer({ email, tenantIdentifiers: [{ id: tenantId }] });
  const tenantUser = await newTenantUser(tenantId, { externalId: unique('user') });
  const customerUser = await newCustomerUser(customer.id, { externalId: unique('user') });
  const teamMember = await newTeamMember({ externalId: unique('user') });
  for (const { id } of [tenantUser, customerUser, teamMember]) await succeed('deleteUser', 'user { id }', { id });
  await succeed('deleteCustomer', 'customer { id }', { id: customer.id });
  for (const { id } of [tenant, otherTenant]) await succeed('deleteTenant', 'tenant { id }', { id });
  return {
    tenant: known(tenant),
    otherTenant: known(otherTenant),
    customer: knownByEmail(customer),
    tenantUser: knownByEmail(tenantUser),
    customerUser: knownByEmail(customerUser),
    teamMember: knownByEmail(teamMember),
  };
}

/** Records of which there is none. */
export function nowhere(): World {
  const nothing = (): KnownByEmail => ({
    id: newId(),
    name: unique('Nothing'),
    externalId: unique('nothing'),
    email: `${unique('nothing')}@x.example`,
  });
  return {
    tenant: nothing(),
    otherTenant: nothing(),
    customer: nothing(),
    tenantUser: nothing(),
    customerUser: nothing(),
    teamMember: nothing(),
  };
}

/** Everything by which the records of a world can be told. */
export const tracesOf = (world: World): string[] =>
  Object.values(world).flatMap((record: Known) => Object.values(record as unknown as Record<string, string>));
