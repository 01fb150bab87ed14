import { run } from '../../directory/commands/command.ts';
import { onlyTenant } from '../../directory/commands/references.ts';
import {
  type CustomerResult,
  createCustomer,
  deleteCustomer,
  updateCustomer,
} from '../../directory/customers/commands.ts';
import { shown } from '../../directory/kernel/repetition-errors.ts';
import { RECORD_LEFT } from '../../graphql/shared/ahead.ts';
import { localId } from '../../graphql/shared/ids.ts';
import { builder, type InputFields } from './builder.ts';
import { CUSTOMER_DESCRIPTIONS, Customer } from './customer.ts';
import { errorsField, type MutationOutcome, type OutputFields, outcomeOf } from './errors.ts';
import { HOW_TO_CHANGE, HOW_TO_CREATE, ofChange, ofNew } from './given.ts';
import { mutationField } from './mutation.ts';

const customerFields = (t: InputFields) => ({
  description: t.string({ description: CUSTOMER_DESCRIPTIONS.description }),
  externalId: t.string({ description: CUSTOMER_DESCRIPTIONS.externalId }),
  labels: t.field({
    type: ['String'],
    required: { list: false, items: false },
    description: CUSTOMER_DESCRIPTIONS.labels,
  }),
});

const idField = (t: InputFields) => t.id({ description: 'The id of the customer. It is needed.' });

const payload = (description: string) => ({
  description: 'The customer, or why nothing was changed.',
  outputFields: (t: OutputFields<MutationOutcome<CustomerResult>>) => ({
    customer: t.field({
      type: Customer,
      nullable: true,
      description: `${description} Null if nothing was changed because of \`errors\`.`,
      ...RECORD_LEFT,
      resolve: ({ done }) => done && shown(done.customer),
    }),
    errors: errorsField(t),
  }),
});

builder.relayMutationField(
  createCustomer.name,
  {
    description: `A new customer. ${HOW_TO_CREATE}`,
    inputFields: (t) => ({
      name: t.string({ required: true, description: CUSTOMER_DESCRIPTIONS.name }),
      ...customerFields(t),
    }),
  },
  {
    ...mutationField(
      createCustomer,
      'Creates a customer, a company. For who reaches one tenant, it belongs to that tenant.',
    ),
    resolve: (_, { input }, caller) =>
      outcomeOf(run(caller, createCustomer, { ...ofNew(input), tenantIdentifiers: onlyTenant(caller.viewer) })),
  },
  payload('The new customer.'),
);

builder.relayMutationField(
  updateCustomer.name,
  {
    description: `Changes to a customer. ${HOW_TO_CHANGE}`,
    inputFields: (t) => ({
      id: idField(t),
      name: t.string({ description: CUSTOMER_DESCRIPTIONS.name }),
      ...customerFields(t),
    }),
  },
  {
    ...mutationField(updateCustomer, 'Changes a customer.'),
    resolve: (_, { input }, caller) => {
      const { id, ...given } = ofChange(input);
      return outcomeOf(run(caller, updateCustomer, { ...given, id: id && localId('Customer', id) }));
    },
  },
  payload('The customer as it is now.'),
);

builder.relayMutationField(
  deleteCustomer.name,
  { description: 'Which customer to delete.', inputFields: (t) => ({ id: idField(t) }) },
  {
    ...mutationField(deleteCustomer, 'Deletes a customer and, with it, its users.'),
    resolve: (_, { input }, caller) => {
      const { id } = ofChange(input);
      return outcomeOf(run(caller, deleteCustomer, { id: id && localId('Customer', id) }));
    },
  },
  payload('The customer as it was.'),
);
