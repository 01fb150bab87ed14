import { type GraphQLObjectType, type GraphQLSchema, getNamedType, isObjectType } from 'graphql';
import { newId } from '../../../src/directory/kernel/ids.ts';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import type { DialectName } from '../../../src/http/shared/environment.ts';
import { globalId, rawId, succeed, unique } from '../../shared/fixtures.ts';
import { type Answer, PUBLIC_URL, type Variables } from '../../shared/gateway.ts';
import { type Known, type KnownByEmail, newWorld, type World } from '../../shared/world.ts';

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
  /** Puts there what the operations are about beside the world. */
  prepare?: (world: World) => Promise<void>;
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

/** Records that were deleted, where somebody who reaches what is near could have found them. */
export async function newHiddenWorld(near: World): Promise<World> {
  const world = await newWorld(near.tenant);
  const { tenant, otherTenant, customer, tenantUser, customerUser, teamMember } = world;
  for (const { id } of [tenantUser, customerUser, teamMember]) await succeed('deleteUser', 'user { id }', { id });
  await succeed('deleteCustomer', 'customer { id }', { id: customer.id });
  for (const { id } of [tenant, otherTenant]) await succeed('deleteTenant', 'tenant { id }', { id });
  return world;
}

/** Records of which there is none. */
export function nowhere(): World {
  const nothing = (type: 'Tenant' | 'Customer' | 'User'): KnownByEmail => ({
    id: globalId(type, newId()),
    name: unique('Nothing'),
    externalId: unique('nothing'),
    email: `${unique('nothing')}@x.example`,
  });
  return {
    tenant: nothing('Tenant'),
    otherTenant: nothing('Tenant'),
    customer: nothing('Customer'),
    tenantUser: nothing('User'),
    customerUser: nothing('User'),
    teamMember: nothing('User'),
  };
}

/** Everything by which the records of a world can be told. */
export const tracesOf = (world: World): string[] =>
  Object.values(world).flatMap(({ id, name, externalId, email }: Known & Partial<KnownByEmail>) => [
    id,
    rawId(id),
    name,
    externalId,
    ...(email === undefined ? [] : [email]),
  ]);
