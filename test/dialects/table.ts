import { type GraphQLObjectType, type GraphQLSchema, getNamedType, isObjectType } from 'graphql';
import { newId } from '../../src/directory/ids.ts';
import type { Permission } from '../../src/directory/permission-names.ts';
import type { DialectName } from '../../src/http/environment.ts';
import {
  newCustomer,
  newCustomerUser,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  unique,
} from '../fixtures.ts';
import { type Answer, PUBLIC_URL, type Variables } from '../gateway.ts';

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
  /**
   * What who does not reach the world is answered, beside being told that there is no such thing: that a unique value is
   * taken. Null for what does not name anything that exists: a list, which begins with the newest, or something new.
   */
  unreached?: 'taken' | null;
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
