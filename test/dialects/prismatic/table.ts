import { schema } from '../../../src/dialects/prismatic/schema.ts';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import { mutationDocument, unique } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import type { World } from '../../shared/world.ts';
import { type DialectOperation, type DialectTable, operationsOf, posted } from '../../walks/dialects/table.ts';
import { CUSTOMER_MEMBER, TEAM_VIEWER } from './api.ts';

/** Who makes, changes or ends somebody holds what they do. */
const HELD_BY_TEAM_VIEWER: Permission[] = [
  'tenant:read',
  'customer:read',
  'user:read',
  'role:read',
  'event:read',
  'usage:read',
];
const HELD_BY_CUSTOMER_MEMBER: Permission[] = ['tenant:read', 'customer:read', 'user:read'];

const newEmail = () => `${unique('new')}@x.example`;

type Own = DialectOperation['own'];

const ownMutation =
  (name: string, payload: string, input: (world: World) => Variables): Own =>
  (world) => ({ query: mutationDocument(name, payload), variables: { input: input(world) } });

interface Mutation {
  permissions: DialectOperation['permissions'];
  payload: string;
  input: (world: World) => Variables;
  ownInput: (world: World) => Variables;
  unreached?: DialectOperation['unreached'];
}

const MUTATIONS: Record<string, Mutation> = {
  createCustomer: {
    permissions: ['customer:create'],
    payload: 'customer { id }',
    input: () => ({ name: unique('Customer'), externalId: unique('customer'), labels: ['a'] }),
    ownInput: () => ({ name: unique('Customer'), externalId: unique('customer'), labels: ['a'] }),
    unreached: 'nothing',
  },
  updateCustomer: {
    permissions: ['customer:edit'],
    payload: 'customer { id }',
    input: (world) => ({ id: world.customer.id, description: unique('description') }),
    ownInput: (world) => ({ id: world.customer.id, description: unique('description') }),
  },
  deleteCustomer: {
    permissions: ['customer:delete', ...HELD_BY_CUSTOMER_MEMBER],
    payload: 'customer { id name }',
    input: (world) => ({ id: world.customer.id }),
    ownInput: (world) => ({ id: world.customer.id }),
  },
  createOrganizationUser: {
    permissions: ['user:create', ...HELD_BY_TEAM_VIEWER],
    payload: 'user { id }',
    input: () => ({ email: newEmail(), name: 'Lisa', role: TEAM_VIEWER }),
    ownInput: () => ({ email: newEmail(), name: 'Lisa', roleIdentifier: { id: TEAM_VIEWER } }),
    unreached: 'nothing',
  },
  createCustomerUser: {
    permissions: ['user:create', ...HELD_BY_CUSTOMER_MEMBER],
    payload: 'user { id }',
    input: (world) => ({ email: newEmail(), role: CUSTOMER_MEMBER, customer: world.customer.id }),
    ownInput: (world) => ({
      email: newEmail(),
      roleIdentifier: { id: CUSTOMER_MEMBER },
      customerIdentifier: { id: world.customer.id },
    }),
  },
  updateUser: {
    permissions: ['user:edit', ...HELD_BY_CUSTOMER_MEMBER],
    payload: 'user { id }',
    input: (world) => ({ id: world.customerUser.id, phone: unique('phone') }),
    ownInput: (world) => ({ id: world.customerUser.id, phone: unique('phone') }),
  },
  deleteUser: {
    permissions: ['user:delete', ...HELD_BY_CUSTOMER_MEMBER],
    payload: 'user { id email }',
    input: (world) => ({ id: world.customerUser.id }),
    ownInput: (world) => ({ id: world.customerUser.id }),
  },
  updateOrganization: {
    permissions: ['organization:edit'],
    payload: 'organization { id }',
    input: () => ({ name: unique('Organization') }),
    ownInput: () => ({ name: unique('Organization') }),
    unreached: 'nothing',
  },
};

const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

const ROLES = 'id name description level permissions { nodes { name description } }';
const WHOAMI = 'name email tenantId org { id name } customer { id name }';

/** What the vendor's own command line asks who it is by. */
const ownWhoAmI = '{ viewer { user { name email customer { id name } } } organization { id name } }';

interface Query {
  permissions: DialectOperation['permissions'];
  query: string;
  own: string;
  variables?: (world: World) => Variables;
  as?: DialectOperation['as'];
}

const QUERIES: Record<string, Query> = {
  customer: {
    permissions: ['customer:read', 'user:read'],
    query: 'query($id: ID!) { customer(id: $id) { id name externalId users { nodes { id email } } } }',
    own: 'query($id: ID!) { customer(id: $id) { id name externalId users { nodes { id email } } } }',
    variables: (world) => ({ id: world.customer.id }),
  },
  customers: {
    permissions: ['customer:read', 'user:read'],
    query: '{ customers(last: 100) { nodes { id name users { nodes { id email } } } totalCount } }',
    own: '{ customers(last: 100) { nodes { id name users { nodes { id email } } } totalCount } }',
  },
  user: {
    permissions: ['user:read', 'customer:read'],
    query: 'query($id: ID!) { user(id: $id) { id email name externalId customer { id } } }',
    own: 'query($id: ID!) { user(id: $id) { id email name externalId customer { id } } }',
    variables: (world) => ({ id: world.customerUser.id }),
  },
  users: {
    permissions: ['user:read', 'customer:read'],
    query: `query($customer: ID!, $email: String!) {
      users(customer: $customer, customer_Isnull: false, email: $email, name_Icontains: "u") { nodes { id email } totalCount } }`,
    own: `query($customer: ID!, $email: String!) {
      users(filter: { customerId: $customer, hasCustomer: true, email: $email, nameContains: "u" }) { nodes { id email } totalCount } }`,
    variables: ({ customer, customerUser }) => ({ customer: customer.id, email: customerUser.email }),
  },
  organizationRoles: {
    permissions: ['role:read'],
    query: `{ organizationRoles { ${ROLES} } }`,
    own: `{ organizationRoles { ${ROLES} } }`,
  },
  customerRoles: {
    permissions: ['role:read'],
    query: `{ customerRoles { ${ROLES} } }`,
    own: `{ customerRoles { ${ROLES} } }`,
  },
  organization: {
    permissions: ['user:read'],
    query: '{ organization { id name users { nodes { id email } } } }',
    own: '{ organization { id name users { nodes { id email } } } }',
  },
  authenticatedUser: {
    permissions: ['user:read'],
    query: `{ authenticatedUser { id ${WHOAMI} } }`,
    own: ownWhoAmI,
    as: 'team member',
  },
};

export const prismatic: DialectTable = {
  dialect: 'prismatic',
  served: async () => operationsOf(schema),
  operations: [
    ...Object.entries(QUERIES).map(
      ([name, { permissions, query, own, variables = () => ({}), as }]): DialectOperation => ({
        name,
        permissions,
        writes: false,
        request: (world, key) => posted('/api', query, variables(world), key),
        own: (world) => ({ query: own, variables: variables(world) }),
        ...(as && { as }),
      }),
    ),
    ...Object.entries(MUTATIONS).map(
      ([name, { permissions, payload, input, ownInput, unreached }]): DialectOperation => ({
        name,
        permissions,
        writes: true,
        request: (world, key) =>
          posted(
            '/api',
            `mutation($input: ${capitalized(name)}Input!) { ${name}(input: $input) { ${payload} errors { field messages } } }`,
            { input: input(world) },
            key,
          ),
        own: ownMutation(name, payload, ownInput),
        ...(unreached !== undefined && { unreached }),
      }),
    ),
  ],
  outcomeOf: ({ data, errors }, { name }) => {
    const [failure] = errors;
    if (failure) {
      if (failure.message === 'Record not found') return 'absent';
      return failure.extensions.code === 'FORBIDDEN' ? 'forbidden' : 'refused';
    }
    const refusals: { messages: string[] }[] = data[name].errors ?? [];
    const messages = refusals.flatMap((refusal) => refusal.messages);
    if (messages.length === 0) return 'done';
    if (messages.includes('Record not found')) return 'absent';
    return messages.some((message) => message.includes('another record')) ? 'taken' : 'refused';
  },
};
