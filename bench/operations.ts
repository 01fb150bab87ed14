import { customerId } from './database.ts';

/** An operation that every contestant answers alike. */
export interface Operation {
  query: string;
  variables: object;
  /** Whether it changes something, so that what it changed is taken back before it is measured. */
  writes?: boolean;
}

const CUSTOMER = 'id name email { address } createdAt';

/** By their names, as the columns of the table. In variables, `#customer`, `#tenant` and `#number` are others each time. */
export const OPERATIONS: Record<string, Operation> = {
  trivial: { query: '{ __typename }', variables: {} },
  byId: {
    query: 'query ($id: ID!) { customer(id: $id) { id name email { address isVerified } createdAt externalId kind } }',
    variables: { id: btoa(`Customer:${customerId(17)}`) },
  },
  page: { query: `query ($n: Int!) { customers(first: $n) { nodes { ${CUSTOMER} } } }`, variables: { n: 50 } },
  nested: {
    query: `query ($n: Int!, $m: Int!) { customers(first: $n) { nodes { ${CUSTOMER} users(first: $m) { nodes { id email name } } } } }`,
    variables: { n: 50, m: 5 },
  },
  tree: {
    query: `query ($n: Int!, $m: Int!, $k: Int!) { tenants(first: $n) { nodes { id name
      customers(first: $m) { nodes { id name users(first: $k) { nodes { id email } } } } } } }`,
    variables: { n: 10, m: 10, k: 3 },
  },
  addCustomerToTenants: {
    query: `mutation ($input: AddCustomerToTenantsInput!) { addCustomerToTenants(input: $input) {
      ... on AddCustomerToTenantsPayload { customer { id name } } } }`,
    variables: {
      input: { customerIdentifier: { externalId: 'C-#customer' }, tenantIdentifiers: [{ externalId: 'T-#tenant' }] },
    },
    writes: true,
  },
  upsertCustomer: {
    query: `mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) {
      ... on UpsertCustomerPayload { outcome customer { id name } } } }`,
    variables: { input: { identifier: { externalId: 'C-#customer' }, name: 'Customer #number' } },
    writes: true,
  },
};
