import * as z from 'zod';
import { command, run } from '../../directory/commands/command.ts';
import { type CustomerUpsertResult, deleteCustomer, upsertCustomer } from '../../directory/customers/commands.ts';
import { emailAddress, flag, text } from '../../directory/kernel/input.ts';
import { needing } from '../../graphql/shared/mutation.ts';
import { builder } from './builder.ts';
import { Customer } from './customer.ts';
import { type Answered, answered, errorField, type Spelling, UpsertResult } from './errors.ts';
import {
  customerIdentifier,
  idOf,
  TenantIdentifierInput,
  tenantIdentifiers,
  UpsertCustomerIdentifierInput,
} from './identifiers.ts';
import { OptionalStringInput } from './lists.ts';

const email = z.object({ email: emailAddress, isVerified: flag });
const spelledEmail = (given: z.output<typeof email> | null | undefined) =>
  given == null ? undefined : { address: given.email, isVerified: given.isVerified };

const upsertAsSpelled = command({
  ...upsertCustomer,
  input: z
    .object({
      identifier: customerIdentifier,
      onCreate: z.object({
        fullName: text,
        shortName: text.nullish(),
        email,
        externalId: text.nullish(),
        tenantIdentifiers: tenantIdentifiers.nullish(),
      }),
      onUpdate: z.object({
        fullName: z.object({ value: text }).nullish(),
        shortName: z.object({ value: text.nullish() }).nullish(),
        email: email.nullish(),
        externalId: z.object({ value: text.nullish() }).nullish(),
      }),
    })
    .transform(
      ({ identifier, onCreate, onUpdate }): z.input<typeof upsertCustomer.input> => ({
        identifier,
        tenantIdentifiers: onCreate.tenantIdentifiers,
        onCreate: {
          kind: 'PERSON',
          name: onCreate.fullName,
          shortName: onCreate.shortName,
          email: spelledEmail(onCreate.email),
          externalId: onCreate.externalId,
        },
        onUpdate: {
          name: onUpdate.fullName?.value,
          shortName: onUpdate.shortName?.value,
          email: spelledEmail(onUpdate.email),
          externalId: onUpdate.externalId?.value,
        },
      }),
    )
    .pipe(upsertCustomer.input),
});

const deleteAsSpelled = command({
  ...deleteCustomer,
  input: z
    .object({ customerId: idOf('Customer') })
    .transform(({ customerId }): z.input<typeof deleteCustomer.input> => ({ id: customerId }))
    .pipe(deleteCustomer.input),
});

/** Where in the input the values of a customer come from, whether it is created or changed. */
const PLACES: Record<string, readonly string[]> = {
  name: ['onUpdate.fullName.value'],
  externalId: ['onCreate.externalId', 'onUpdate.externalId.value'],
  'email.address': ['onCreate.email.email', 'onUpdate.email.email'],
  'onUpdate.externalId': ['onUpdate.externalId.value'],
};

const SPELLING: Spelling = {
  places: (path) => PLACES[path] ?? path.replace(/^tenantIdentifiers/, 'onCreate.tenantIdentifiers'),
  taken(path) {
    if (/email/.test(path)) return 'customer_already_exists_with_email';
    return path.endsWith('externalId') ? 'customer_already_exists_with_external_id' : 'input_validation';
  },
};

const EmailAddressInput = builder.inputType('EmailAddressInput', {
  description: 'An e-mail address.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'The address, up to 254 characters: unique among live customers.' }),
    isVerified: t.boolean({ required: true, description: 'Whether it is known to be the customer’s.' }),
  }),
});

const StringInput = builder.inputType('StringInput', {
  description: 'A change of a value that is always there.',
  fields: (t) => ({ value: t.string({ required: true, description: 'The value from now on.' }) }),
});

const UpsertCustomerOnCreateInput = builder.inputType('UpsertCustomerOnCreateInput', {
  description: 'What a customer is like who does not exist yet: a person.',
  fields: (t) => ({
    fullName: t.string({ required: true, description: 'The name, 1 to 256 characters.' }),
    shortName: t.string({ description: 'What the customer is called for short, up to 256 characters.' }),
    email: t.field({ type: EmailAddressInput, required: true, description: 'The e-mail address.' }),
    externalId: t.id({ description: 'The id of this customer in your own system: unique among live customers.' }),
    tenantIdentifiers: t.field({
      type: [TenantIdentifierInput],
      description:
        'The tenants that the customer joins, at most 100; at least one if your reach is limited to tenants.',
    }),
  }),
});

const UpsertCustomerOnUpdateInput = builder.inputType('UpsertCustomerOnUpdateInput', {
  description: 'What changes about a customer who exists: a field left out is untouched.',
  fields: (t) => ({
    fullName: t.field({ type: StringInput, description: 'The name, 1 to 256 characters.' }),
    shortName: t.field({ type: OptionalStringInput, description: 'What the customer is called for short.' }),
    email: t.field({ type: EmailAddressInput, description: 'The e-mail address.' }),
    externalId: t.field({
      type: OptionalStringInput,
      description: 'The id of this customer in your own system. It cannot be cleared where it is the identifier.',
    }),
  }),
});

const UpsertCustomerInput = builder.inputType('UpsertCustomerInput', {
  description: 'What a customer should be like, whether there is one or not.',
  fields: (t) => ({
    identifier: t.field({
      type: UpsertCustomerIdentifierInput,
      required: true,
      description: 'What names the customer.',
    }),
    onCreate: t.field({
      type: UpsertCustomerOnCreateInput,
      required: true,
      description: 'Counts if there is no such customer.',
    }),
    onUpdate: t.field({
      type: UpsertCustomerOnUpdateInput,
      required: true,
      description: 'Counts if there is one.',
    }),
  }),
});

const UpsertCustomerOutput = builder.objectRef<Answered<CustomerUpsertResult>>('UpsertCustomerOutput').implement({
  description: 'What `upsertCustomer` answers.',
  fields: (t) => ({
    customer: t.field({
      type: Customer,
      nullable: true,
      description: 'The customer as it is now; null with an error.',
      resolve: ({ done }) => done?.customer,
    }),
    result: t.field({
      type: UpsertResult,
      nullable: true,
      description: 'What was done for it; null with an error.',
      resolve: ({ done }) => done?.outcome,
    }),
    ...errorField(t),
  }),
});

const DeleteCustomerInput = builder.inputType('DeleteCustomerInput', {
  description: 'Which customer to delete.',
  fields: (t) => ({ customerId: t.id({ required: true, description: 'Begins with `c_`, or is a UUID.' }) }),
});

const DeleteCustomerOutput = builder.objectRef<Answered<unknown>>('DeleteCustomerOutput').implement({
  description: 'What `deleteCustomer` answers.',
  fields: (t) => errorField(t),
});

builder.mutationFields((t) => ({
  upsertCustomer: t.field({
    type: UpsertCustomerOutput,
    description: needing(upsertCustomer, 'Changes the customer who is named so, or creates one.'),
    args: { input: t.arg({ type: UpsertCustomerInput, required: true, description: 'The customer.' }) },
    resolve: (_, { input }, caller) => answered(run(caller, upsertAsSpelled, input), input, SPELLING),
  }),
  deleteCustomer: t.field({
    type: DeleteCustomerOutput,
    description: needing(deleteCustomer, 'Hides a customer with its users, until it is restored at /graphql.'),
    args: { input: t.arg({ type: DeleteCustomerInput, required: true, description: 'Which customer.' }) },
    resolve: (_, { input }, caller) =>
      answered(run(caller, deleteAsSpelled, input), input, {
        places: (path) => (path === 'id' ? 'customerId' : path),
      }),
  }),
}));
