import { run } from '../../directory/commands/command.ts';
import { type CustomerUpsertResult, deleteCustomer, upsertCustomer } from '../../directory/customers/commands.ts';
import { emailAddress, flag, text } from '../../directory/kernel/input.ts';
import type { InputOf } from '../../directory/kernel/lazily.ts';
import { shown } from '../../directory/kernel/repetition-errors.ts';
import { RECORD_LEFT } from '../../graphql/shared/ahead.ts';
import { mutationOptions } from '../../graphql/shared/mutation.ts';
import { orNone } from '../shared/blanks.ts';
import { declared, type GraphQLFields, given, pathGiven, spelled } from '../shared/fields.ts';
import { builder, type InputFields } from './builder.ts';
import { changeTo, OptionalStringInput, StringInput } from './changes.ts';
import { Customer } from './customer.ts';
import { type Answered, answered, errorField, type Spelling, UpsertResult } from './errors.ts';
import {
  customerIdentifier,
  idOf,
  TenantIdentifierInput,
  tenantIdentifiers,
  UpsertCustomerIdentifierInput,
} from './identifiers.ts';

const EMAIL_ADDRESS = {
  email: {
    type: (t) =>
      t.string({ required: true, description: 'The address, up to 254 characters: unique among live customers.' }),
    schema: emailAddress,
    to: 'address',
  },
  isVerified: {
    type: (t) => t.boolean({ required: true, description: 'Whether it is known to be the customer’s.' }),
    schema: flag,
  },
} as const satisfies GraphQLFields<InputFields>;

const EmailAddressInput = builder.inputType('EmailAddressInput', {
  description: 'An e-mail address.',
  fields: (t) => declared(t, EMAIL_ADDRESS),
});

const NAME = 'The name, 1 to 256 characters.';
const EMAIL = 'The e-mail address.';

const ON_CREATE = {
  fullName: { type: (t) => t.string({ required: true, description: NAME }), schema: text, to: 'name' },
  shortName: {
    type: (t) => t.string({ description: 'What the customer is called for short, up to 256 characters.' }),
    schema: () => orNone(text()),
  },
  email: {
    type: (t) => t.field({ type: EmailAddressInput, required: true, description: EMAIL }),
    schema: () => given(EMAIL_ADDRESS),
  },
  externalId: {
    type: (t) => t.id({ description: 'The id of this customer in your own system: unique among live customers.' }),
    schema: () => orNone(text()),
  },
  tenantIdentifiers: {
    type: (t) =>
      t.field({
        type: [TenantIdentifierInput],
        description:
          'The tenants that the customer joins, at most 100; at least one if your reach is limited to tenants.',
      }),
    schema: () => tenantIdentifiers().nullish(),
  },
} as const satisfies GraphQLFields<InputFields>;

const ON_UPDATE = {
  fullName: {
    type: (t) => t.field({ type: StringInput, description: NAME }),
    schema: () => changeTo(text()),
    to: 'name',
  },
  shortName: {
    type: (t) => t.field({ type: OptionalStringInput, description: 'What the customer is called for short.' }),
    schema: () => changeTo(orNone(text())),
  },
  email: {
    type: (t) => t.field({ type: EmailAddressInput, description: EMAIL }),
    schema: () =>
      given(EMAIL_ADDRESS)
        .nullish()
        .transform((email) => email ?? undefined),
  },
  externalId: {
    type: (t) =>
      t.field({
        type: OptionalStringInput,
        description: 'The id of this customer in your own system. It cannot be cleared where it is the identifier.',
      }),
    schema: () => changeTo(orNone(text())),
  },
} as const satisfies GraphQLFields<InputFields>;

const UpsertCustomerOnCreateInput = builder.inputType('UpsertCustomerOnCreateInput', {
  description: 'What a customer is like who does not exist yet: a person.',
  fields: (t) => declared(t, ON_CREATE),
});

const UpsertCustomerOnUpdateInput = builder.inputType('UpsertCustomerOnUpdateInput', {
  description: 'What changes about a customer who exists: a field left out is untouched.',
  fields: (t) => declared(t, ON_UPDATE),
});

const UPSERT_CUSTOMER = {
  identifier: {
    type: (t) =>
      t.field({ type: UpsertCustomerIdentifierInput, required: true, description: 'What names the customer.' }),
    schema: customerIdentifier,
  },
  onCreate: {
    type: (t) =>
      t.field({
        type: UpsertCustomerOnCreateInput,
        required: true,
        description: 'Counts if there is no such customer.',
      }),
    schema: () => given(ON_CREATE),
  },
  onUpdate: {
    type: (t) => t.field({ type: UpsertCustomerOnUpdateInput, required: true, description: 'Counts if there is one.' }),
    schema: () => given(ON_UPDATE),
  },
} as const satisfies GraphQLFields<InputFields>;

const UpsertCustomerInput = builder.inputType('UpsertCustomerInput', {
  description: 'What a customer should be like, whether there is one or not.',
  fields: (t) => declared(t, UPSERT_CUSTOMER),
});

const upsertAsSpelled = spelled(upsertCustomer, () =>
  given(UPSERT_CUSTOMER).transform(
    ({ identifier, onCreate: { tenantIdentifiers, ...onCreate }, onUpdate }): InputOf<typeof upsertCustomer.input> => ({
      identifier,
      tenantIdentifiers,
      onCreate: { kind: 'PERSON', ...onCreate },
      onUpdate,
    }),
  ),
);

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

const UpsertCustomerOutput = builder.objectRef<Answered<CustomerUpsertResult>>('UpsertCustomerOutput').implement({
  description: 'What `upsertCustomer` answers.',
  fields: (t) => ({
    customer: t.field({
      type: Customer,
      nullable: true,
      description: 'The customer as it is now; null with an error.',
      ...RECORD_LEFT,
      resolve: ({ done }) => done && shown(done.customer),
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

const DELETE_CUSTOMER = {
  customerId: {
    type: (t) => t.id({ required: true, description: 'Begins with `c_`, or is a UUID.' }),
    schema: () => idOf('Customer'),
    to: 'id',
  },
} as const satisfies GraphQLFields<InputFields>;

const DeleteCustomerInput = builder.inputType('DeleteCustomerInput', {
  description: 'Which customer to delete.',
  fields: (t) => declared(t, DELETE_CUSTOMER),
});

const deleteAsSpelled = spelled(deleteCustomer, () => given(DELETE_CUSTOMER));

const DeleteCustomerOutput = builder.objectRef<Answered<unknown>>('DeleteCustomerOutput').implement({
  description: 'What `deleteCustomer` answers.',
  fields: (t) => errorField(t),
});

builder.mutationFields((t) => ({
  upsertCustomer: t.field({
    type: UpsertCustomerOutput,
    ...mutationOptions(upsertCustomer, 'Changes the customer who is named so, or creates one.'),
    args: { input: t.arg({ type: UpsertCustomerInput, required: true, description: 'The customer.' }) },
    resolve: (_, { input }, caller) => answered(run(caller, upsertAsSpelled, input), input, SPELLING),
  }),
  deleteCustomer: t.field({
    type: DeleteCustomerOutput,
    ...mutationOptions(deleteCustomer, 'Hides a customer with its users, until it is restored at /graphql.'),
    args: { input: t.arg({ type: DeleteCustomerInput, required: true, description: 'Which customer.' }) },
    resolve: (_, { input }, caller) =>
      answered(run(caller, deleteAsSpelled, input), input, {
        places: (path) => pathGiven(DELETE_CUSTOMER, path),
      }),
  }),
}));
