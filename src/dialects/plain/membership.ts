import * as z from 'zod';
import { run } from '../../directory/commands/command.ts';
import {
  addCustomerToTenants,
  type MembershipResult,
  removeCustomerFromTenants,
  setCustomerTenants,
} from '../../directory/customers/membership-commands.ts';
import { shown } from '../../directory/kernel/repetition-errors.ts';
import { RECORD_LEFT } from '../../graphql/shared/ahead.ts';
import { capitalized, mutationOptions } from '../../graphql/shared/mutation.ts';
import { declared, type GraphQLFields, shapeOf, spelled } from '../shared/fields.ts';
import { builder, type InputFields } from './builder.ts';
import { Customer } from './customer.ts';
import { type Answered, answered, errorField } from './errors.ts';
import {
  CustomerIdentifierInput,
  customerIdentifier,
  TenantIdentifierInput,
  tenantIdentifiers,
} from './identifiers.ts';

const MEMBERSHIP = {
  customerIdentifier: {
    type: (t) => t.field({ type: CustomerIdentifierInput, required: true, description: 'What names the customer.' }),
    schema: customerIdentifier,
  },
  tenantIdentifiers: {
    type: (t) =>
      t.field({
        type: [TenantIdentifierInput],
        required: true,
        description: 'What names the tenants, at most 100.',
      }),
    schema: tenantIdentifiers,
  },
} as const satisfies GraphQLFields<InputFields>;

/** The three commands take the same input and answer the same payload. */
function membershipMutation(original: typeof addCustomerToTenants, description: string): void {
  const { name } = original;
  const typeName = capitalized(name);
  const asSpelled = spelled(original, () => z.object(shapeOf(MEMBERSHIP)));
  const Input = builder.inputType(`${typeName}Input`, {
    description: 'A customer, and tenants.',
    fields: (t) => declared(t, MEMBERSHIP),
  });
  const Output = builder.objectRef<Answered<MembershipResult>>(`${typeName}Output`).implement({
    description: `What \`${name}\` answers.`,
    fields: (t) => ({
      customer: t.field({
        type: Customer,
        nullable: true,
        description: 'The customer; null with an error.',
        ...RECORD_LEFT,
        resolve: ({ done }) => done && shown(done.customer),
      }),
      ...errorField(t),
    }),
  });
  builder.mutationField(name, (t) =>
    t.field({
      type: Output,
      ...mutationOptions(original, description),
      args: { input: t.arg({ type: Input, required: true, description: 'Which customer, and which tenants.' }) },
      resolve: (_, { input }, caller) => answered(run(caller, asSpelled, input), input),
    }),
  );
}

membershipMutation(
  addCustomerToTenants,
  'Adds a customer to all of the tenants, or to none. Doing so again changes nothing.',
);
membershipMutation(
  removeCustomerFromTenants,
  'Removes a customer from all of the tenants, or from none. Doing so again changes nothing.',
);
membershipMutation(
  setCustomerTenants,
  'Makes the tenants the only ones that a customer belongs to. Memberships out of your reach, or in deleted tenants, are left as they are.',
);
