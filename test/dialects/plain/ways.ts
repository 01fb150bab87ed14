import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import { mutationDocument } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import type { World } from '../../shared/world.ts';
import { type DialectOperation, posted } from '../../walks/dialects/table.ts';

export const PATH = '/plain/graphql/v1';

const ACTOR = `{ __typename ... on UserActor { userId user { id } } ... on MachineUserActor { machineUserId }
  ... on SystemActor { systemId } }`;
export const AUTHORED = `createdAt { iso8601 unixTimestamp } createdBy ${ACTOR} updatedAt { iso8601 unixTimestamp } updatedBy ${ACTOR}`;
export const TENANT = `id name externalId url source tier { id } ${AUTHORED}`;
export const CUSTOMER = `id fullName shortName externalId email { email isVerified verifiedAt { iso8601 } }
  company { id } identities { ... on EmailCustomerIdentity { email } } ${AUTHORED}`;
export const ERROR = 'error { message type code fields { field message type } }';
export const PAGE = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** The document of a mutation, and of what it answers beside an error. */
export const mutation = (name: string, payload: string): string =>
  `mutation($input: ${capitalized(name)}Input!) { ${name}(input: $input) { ${payload} ${ERROR} } }`;

interface Reading {
  name: string;
  permissions: readonly Permission[];
  query: string;
  variables: (world: World) => Variables;
  own: DialectOperation['own'];
}

export const reading = ({ query, variables, ...rest }: Reading): DialectOperation => ({
  ...rest,
  writes: false,
  request: (world, key) => posted(PATH, query, variables(world), key),
});

interface Writing {
  name: string;
  permissions: readonly Permission[];
  payload?: string;
  input: (world: World) => Variables;
  /** The same for /graphql. */
  ownInput: (world: World) => Variables;
  ownPayload: string;
  unreached?: 'taken';
}

export const writing = ({ name, payload = '', input, ownInput, ownPayload, ...rest }: Writing): DialectOperation => ({
  ...rest,
  name,
  writes: true,
  request: (world, key) => posted(PATH, mutation(name, payload), { input: input(world) }, key),
  own: (world) => ({ query: mutationDocument(name, ownPayload), variables: { input: ownInput(world) } }),
});
