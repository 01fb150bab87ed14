import { run } from '../../directory/commands/command.ts';
import {
  type CustomerResult,
  createCustomer,
  deleteCustomer,
  restoreCustomer,
  updateCustomer,
  upsertCustomer,
} from '../../directory/customers/commands.ts';
import { builder, type InputFields } from '../shared/builder.ts';
import { deletionMutation, namingFields, restorationMutation } from '../shared/entity-mutations.ts';
import { localIdentifier, localNaming, localTenants } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { EXPECTED_VERSION, UpsertOutcome } from '../shared/mutation-parts.ts';
import { recordLeft } from '../shared/payload.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { CUSTOMER_DESCRIPTIONS, Customer, CustomerIdentifier, CustomerKind } from './customer.ts';

const CustomerEmailInput = builder.inputType('CustomerEmailInput', {
  description: 'The e-mail address of a customer.',
  fields: (t) => ({
    address: t.string({ required: true, description: 'The address, up to 254 characters.' }),
    isVerified: t.boolean({
      description:
        'Whether it is known to be the customer’s. If not given: what was known of this address, else false.',
    }),
  }),
});

/** The input fields that describe a customer, except its name, which only some inputs require. */
export const customerFields = (t: InputFields) => ({
  kind: t.field({
    type: CustomerKind,
    description: `${CUSTOMER_DESCRIPTIONS.kind} COMPANY for a new customer, if not given.`,
  }),
  shortName: t.string({ description: CUSTOMER_DESCRIPTIONS.shortName }),
  email: t.field({ type: CustomerEmailInput, description: CUSTOMER_DESCRIPTIONS.email }),
  externalId: t.string({ description: CUSTOMER_DESCRIPTIONS.externalId }),
  description: t.string({ description: CUSTOMER_DESCRIPTIONS.description }),
  labels: t.stringList({ description: CUSTOMER_DESCRIPTIONS.labels }),
});

const JOINS = 'The tenants that a new customer joins, at most 100; at least one if your reach is limited to tenants.';

builder.relayMutationField(
  createCustomer.name,
  {
    description: 'A new customer.',
    inputFields: (t) => ({
      name: t.string({ required: true, description: CUSTOMER_DESCRIPTIONS.name }),
      ...customerFields(t),
      tenantIdentifiers: t.field({ type: [TenantIdentifier], description: JOINS }),
    }),
  },
  {
    ...commandField(createCustomer, 'Creates a customer, as a member of all the given tenants.'),
    resolve: (_, { input }, caller) =>
      run(caller, createCustomer, { ...input, tenantIdentifiers: localTenants(input.tenantIdentifiers ?? []) }),
  },
  {
    description: 'The customer was created.',
    outputFields: (t) => ({
      customer: t.field({ type: Customer, description: 'The new customer.', ...recordLeft('customer') }),
    }),
  },
);

builder.relayMutationField(
  updateCustomer.name,
  {
    description: 'Changes to a customer: a field left out is untouched; null clears what can be null.',
    inputFields: (t) => ({
      ...namingFields(t, 'customer', CustomerIdentifier),
      expectedVersion: t.int({ description: EXPECTED_VERSION }),
      name: t.string({ description: CUSTOMER_DESCRIPTIONS.name }),
      ...customerFields(t),
    }),
  },
  {
    ...commandField(updateCustomer, 'Changes a customer all of whose tenants are in your reach.'),
    resolve: (_, { input }, caller) => run(caller, updateCustomer, { ...input, ...localNaming('Customer', input) }),
  },
  {
    description: 'The customer is as the input says. If it was so before, nothing was written.',
    outputFields: (t) => ({
      customer: t.field({ type: Customer, description: 'The customer as it is now.', ...recordLeft('customer') }),
    }),
  },
);

builder.relayMutationField(
  upsertCustomer.name,
  {
    description:
      'What a customer should be like, whether it exists or not. A field left out is untouched; null clears what can be null.',
    inputFields: (t) => ({
      identifier: t.field({
        type: CustomerIdentifier,
        required: true,
        description: 'What names the customer. By an `id` it is only changed, never created.',
      }),
      name: t.string({ description: `${CUSTOMER_DESCRIPTIONS.name} Required if the customer does not exist yet.` }),
      ...customerFields(t),
      tenantIdentifiers: t.field({
        type: [TenantIdentifier],
        description: `${JOINS} An existing customer’s memberships are left as they are.`,
      }),
    }),
  },
  {
    ...commandField(upsertCustomer, 'Changes the customer that is named so, or creates it.'),
    resolve: (_, { input }, caller) =>
      run(caller, upsertCustomer, {
        ...input,
        tenantIdentifiers: localTenants(input.tenantIdentifiers ?? []),
        identifier: localIdentifier('Customer', input.identifier),
      }),
  },
  {
    description: 'The customer is as the input says.',
    outputFields: (t) => ({
      customer: t.field({ type: Customer, description: 'The customer as it is now.', ...recordLeft('customer') }),
      outcome: t.expose('outcome', { type: UpsertOutcome, description: 'What was done for it.' }),
    }),
  },
);

const target = {
  type: 'Customer',
  ref: Customer,
  identifier: CustomerIdentifier,
  record: ({ customer }: CustomerResult) => customer,
} as const;

deletionMutation(
  deleteCustomer,
  target,
  'Hides a customer with its users, until it is restored, or erases them for good. Memberships stay when it is hidden. Erasing it revokes the API keys that reach it. To erase its users needs `user:delete`, too.',
);

restorationMutation(
  restoreCustomer,
  target,
  'Brings a deleted customer back, with its memberships; one that is live stays as it is.',
);
