// Apollo with dataloader, as their guides show them.
import { ApolloServer } from '@apollo/server';
import { startServerAndCreateCloudflareWorkersHandler } from '@as-integrations/cloudflare-workers';
import DataLoader from 'dataloader';
import { drizzle } from 'drizzle-orm/d1';
import * as reads from '../reads.ts';

const typeDefs = `
  scalar DateTime
  type Email { address: String! isVerified: Boolean! }
  type User { id: ID! email: String! name: String }
  type UserPage { nodes: [User!]! }
  type Customer {
    id: ID! name: String! kind: String! externalId: String email: Email createdAt: DateTime!
    users(first: Int!): UserPage!
  }
  type CustomerPage { nodes: [Customer!]! }
  type Tenant { id: ID! name: String! customers(first: Int!): CustomerPage! }
  type TenantPage { nodes: [Tenant!]! }
  type Query { customer(id: ID!): Customer customers(first: Int!): CustomerPage! tenants(first: Int!): TenantPage! }
  input CustomerIdentifierInput { externalId: String! }
  input TenantIdentifierInput { externalId: String! }
  input AddCustomerToTenantsInput {
    customerIdentifier: CustomerIdentifierInput! tenantIdentifiers: [TenantIdentifierInput!]!
  }
  input UpsertCustomerInput { identifier: CustomerIdentifierInput! name: String! }
  type AddCustomerToTenantsPayload { customer: Customer! }
  type UpsertCustomerPayload { outcome: String! customer: Customer! }
  type Mutation {
    addCustomerToTenants(input: AddCustomerToTenantsInput!): AddCustomerToTenantsPayload!
    upsertCustomer(input: UpsertCustomerInput!): UpsertCustomerPayload!
  }`;

interface Context {
  db: reads.Db;
  users: DataLoader<string, reads.User[]>;
  customers: DataLoader<string, reads.Customer[]>;
}
interface First {
  first: number;
}
interface Input<Fields> {
  input: Fields;
}

const resolvers = {
  User: { id: ({ id }: reads.User) => reads.globalId('User', id) },
  Customer: {
    id: ({ id }: reads.Customer) => reads.globalId('Customer', id),
    email: ({ email, emailVerified }: reads.Customer) => email && { address: email, isVerified: emailVerified },
    createdAt: ({ createdAt }: reads.Customer) => createdAt.toISOString(),
    users: async ({ id }: reads.Customer, { first }: First, { users }: Context) => ({
      nodes: (await users.load(id)).slice(0, first),
    }),
  },
  Tenant: {
    id: ({ id }: reads.Tenant) => reads.globalId('Tenant', id),
    customers: async ({ id }: reads.Tenant, { first }: First, { customers }: Context) => ({
      nodes: (await customers.load(id)).slice(0, first),
    }),
  },
  Query: {
    customer: (_: unknown, { id }: { id: string }, { db }: Context) => reads.customerById(db, id),
    customers: async (_: unknown, { first }: First, { db }: Context) => ({ nodes: await reads.customers(db, first) }),
    tenants: async (_: unknown, { first }: First, { db }: Context) => ({ nodes: await reads.tenants(db, first) }),
  },
  Mutation: {
    addCustomerToTenants: (_: unknown, { input }: Input<reads.AddInput>, { db }: Context) =>
      reads.addCustomerToTenants(db, input),
    upsertCustomer: (_: unknown, { input }: Input<reads.UpsertInput>, { db }: Context) =>
      reads.upsertCustomer(db, input),
  },
};

const server = new ApolloServer<Context>({ typeDefs, resolvers });

export default {
  fetch: startServerAndCreateCloudflareWorkersHandler<{ DB: D1Database }, Context>(server, {
    context: async ({ env, request }) => {
      const db = drizzle(env.DB);
      await reads.requireKey(db, request);
      return {
        db,
        users: new DataLoader((ids) => reads.usersOf(db, ids)),
        customers: new DataLoader((ids) => reads.customersOf(db, ids)),
      };
    },
  }),
};
