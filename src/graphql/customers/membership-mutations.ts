import { run } from '../../directory/commands/command.ts';
import {
  addCustomerToTenants,
  removeCustomerFromTenants,
  setCustomerTenants,
} from '../../directory/customers/membership-commands.ts';
import { builder } from '../shared/builder.ts';
import { localIdentifier, localTenants } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { Customer, CustomerIdentifier } from './customer.ts';

interface Words {
  input: string;
  field: string;
  payload: string;
}

/** Adds a mutation of memberships. The three commands differ in nothing but words: input and payload are the same. */
function membershipMutation(command: typeof addCustomerToTenants, { input, field, payload }: Words): void {
  builder.relayMutationField(
    command.name,
    {
      description: input,
      inputFields: (t) => ({
        customerIdentifier: t.field({
          type: CustomerIdentifier,
          required: true,
          description: 'What names the customer.',
        }),
        tenantIdentifiers: t.field({
          type: [TenantIdentifier],
          required: true,
          description: 'What names the tenants, at most 100.',
        }),
      }),
    },
    {
      ...commandField(command, field),
      resolve: (_, { input }, caller) =>
        run(caller, command, {
          customerIdentifier: localIdentifier('Customer', input.customerIdentifier),
          tenantIdentifiers: localTenants(input.tenantIdentifiers),
        }),
    },
    {
      description: payload,
      outputFields: (t) => ({
        customer: t.field({ type: Customer, description: 'The customer.', ...recordLeft('customer') }),
      }),
    },
  );
}

membershipMutation(addCustomerToTenants, {
  input: 'A customer, and the tenants that it joins.',
  field: 'Adds a customer to all of the tenants, or to none. Doing so again changes nothing.',
  payload: 'The customer belongs to the tenants.',
});

membershipMutation(removeCustomerFromTenants, {
  input: 'A customer, and the tenants that it leaves.',
  field: 'Removes a customer from all of the tenants, or from none. Doing so again changes nothing.',
  payload: 'The customer does not belong to the tenants.',
});

membershipMutation(setCustomerTenants, {
  input: 'A customer, and the only tenants that it is to belong to.',
  field:
    'Makes the tenants the only ones that a customer belongs to. Memberships out of your reach, or in deleted tenants, are left as they are.',
  payload: 'Of the tenants in your reach, the customer belongs to these and no others.',
});
