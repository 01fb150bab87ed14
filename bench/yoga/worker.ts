// Yoga and Pothos with its dataloader plugin, as their guides show them.
import SchemaBuilder from '@pothos/core';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import { drizzle } from 'drizzle-orm/d1';
import { createYoga } from 'graphql-yoga';
import * as reads from '../reads.ts';

interface Page<Row> {
  nodes: Row[];
}

const builder = new SchemaBuilder<{
  Context: { db: reads.Db };
  DefaultFieldNullability: false;
  Objects: {
    Customer: reads.Customer;
    Tenant: reads.Tenant;
    User: reads.User;
    Email: { address: string; isVerified: boolean };
    CustomerPage: Page<reads.Customer>;
    TenantPage: Page<reads.Tenant>;
    UserPage: Page<reads.User>;
    AddCustomerToTenantsPayload: { customer: reads.Customer };
    UpsertCustomerPayload: { outcome: string; customer: reads.Customer };
  };
  Scalars: { DateTime: { Input: Date; Output: Date }; ID: { Input: string; Output: string } };
}>({ plugins: [DataloaderPlugin], defaultFieldNullability: false });

builder.scalarType('DateTime', { serialize: (date) => date.toISOString() });
builder.objectType('Email', {
  fields: (t) => ({ address: t.exposeString('address'), isVerified: t.exposeBoolean('isVerified') }),
});
builder.objectType('User', {
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => reads.globalId('User', id) }),
    email: t.exposeString('email'),
    name: t.exposeString('name', { nullable: true }),
  }),
});
builder.objectType('UserPage', { fields: (t) => ({ nodes: t.expose('nodes', { type: ['User'] }) }) });
builder.objectType('CustomerPage', { fields: (t) => ({ nodes: t.expose('nodes', { type: ['Customer'] }) }) });
builder.objectType('TenantPage', { fields: (t) => ({ nodes: t.expose('nodes', { type: ['Tenant'] }) }) });
builder.objectType('Customer', {
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => reads.globalId('Customer', id) }),
    name: t.exposeString('name'),
    kind: t.exposeString('kind'),
    externalId: t.exposeString('externalId', { nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    email: t.field({
      type: 'Email',
      nullable: true,
      resolve: ({ email, emailVerified }) => (email === null ? null : { address: email, isVerified: emailVerified }),
    }),
    users: t.loadable({
      type: 'UserPage',
      args: { first: t.arg.int({ required: true }) },
      byPath: true,
      load: async (ids: string[], { db }, { first }) =>
        (await reads.usersOf(db, ids)).map((users) => ({ nodes: users.slice(0, first) })),
      resolve: ({ id }) => id,
    }),
  }),
});
builder.objectType('Tenant', {
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => reads.globalId('Tenant', id) }),
    name: t.exposeString('name'),
    customers: t.loadable({
      type: 'CustomerPage',
      args: { first: t.arg.int({ required: true }) },
      byPath: true,
      load: async (ids: string[], { db }, { first }) =>
        (await reads.customersOf(db, ids)).map((customers) => ({ nodes: customers.slice(0, first) })),
      resolve: ({ id }) => id,
    }),
  }),
});
builder.queryType({
  fields: (t) => ({
    customer: t.field({
      type: 'Customer',
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (_, { id }, { db }) => reads.customerById(db, id),
    }),
    customers: t.field({
      type: 'CustomerPage',
      args: { first: t.arg.int({ required: true }) },
      resolve: async (_, { first }, { db }) => ({ nodes: await reads.customers(db, first) }),
    }),
    tenants: t.field({
      type: 'TenantPage',
      args: { first: t.arg.int({ required: true }) },
      resolve: async (_, { first }, { db }) => ({ nodes: await reads.tenants(db, first) }),
    }),
  }),
});
const CustomerIdentifier = builder.inputType('CustomerIdentifierInput', {
  fields: (t) => ({ externalId: t.string({ required: true }) }),
});
const TenantIdentifier = builder.inputType('TenantIdentifierInput', {
  fields: (t) => ({ externalId: t.string({ required: true }) }),
});
const AddInput = builder.inputType('AddCustomerToTenantsInput', {
  fields: (t) => ({
    customerIdentifier: t.field({ type: CustomerIdentifier, required: true }),
    tenantIdentifiers: t.field({ type: [TenantIdentifier], required: true }),
  }),
});
const UpsertInput = builder.inputType('UpsertCustomerInput', {
  fields: (t) => ({
    identifier: t.field({ type: CustomerIdentifier, required: true }),
    name: t.string({ required: true }),
  }),
});
builder.objectType('AddCustomerToTenantsPayload', {
  fields: (t) => ({ customer: t.expose('customer', { type: 'Customer' }) }),
});
builder.objectType('UpsertCustomerPayload', {
  fields: (t) => ({ outcome: t.exposeString('outcome'), customer: t.expose('customer', { type: 'Customer' }) }),
});
builder.mutationType({
  fields: (t) => ({
    addCustomerToTenants: t.field({
      type: 'AddCustomerToTenantsPayload',
      args: { input: t.arg({ type: AddInput, required: true }) },
      resolve: (_, { input }, { db }) => reads.addCustomerToTenants(db, input),
    }),
    upsertCustomer: t.field({
      type: 'UpsertCustomerPayload',
      args: { input: t.arg({ type: UpsertInput, required: true }) },
      resolve: (_, { input }, { db }) => reads.upsertCustomer(db, input),
    }),
  }),
});

const yoga = createYoga<{ DB: D1Database }>({
  schema: builder.toSchema(),
  logging: false,
  context: async ({ request, DB }) => {
    const db = drizzle(DB);
    await reads.requireKey(db, request);
    return { db };
  },
});

export default { fetch: (request: Request, env: { DB: D1Database }) => yoga.fetch(request, env) };
