import { toPlainId } from '../../../src/dialects/plain/ids.ts';
import { newId } from '../../../src/directory/kernel/ids.ts';
import { newCustomer, newTenant, unique } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import { customerId, email, newPerson } from './asked.ts';

/** Paths of the input, and kinds of mistakes. */
type Field = [field: string, type: 'VALIDATION' | 'REQUIRED' | 'NOT_FOUND'];

export const records = { tenant: '', customer: '', email: '', taken: '', takenId: '', takenTenant: '', company: '' };

/** Makes the records that the inputs below name. */
export async function makeRecords(): Promise<void> {
  const [tenant, customer, other, company] = [
    await newTenant(),
    await newPerson(),
    await newPerson(),
    await newCustomer(),
  ];
  Object.assign(records, {
    tenant: tenant.externalId,
    customer: customerId(customer),
    email: customer.email.address,
    taken: other.email.address,
    takenId: other.externalId,
    takenTenant: (await newTenant()).externalId,
    company: company.externalId,
  });
}

export const onCreate = (more: Variables = {}) => ({
  fullName: 'x',
  email: { email: email(), isVerified: true },
  ...more,
});
export const member = (more: Variables) => ({
  customerIdentifier: { customerId: records.customer },
  tenantIdentifiers: [],
  ...more,
});
export const upserting = (more: Variables) => ({
  identifier: { customerId: records.customer },
  onCreate: onCreate(),
  onUpdate: {},
  ...more,
});
export const tenant = (more: Variables) => ({
  identifier: { externalId: records.tenant },
  externalId: records.tenant,
  name: 'x',
  ...more,
});
const long = 'x'.repeat(257);
const none = toPlainId('Customer', newId());

export const CONDITIONS: [
  condition: string,
  mutation: string,
  input: () => Variables,
  code: string,
  fields: Field[],
][] = [
  [
    'an unknown customer by e-mail',
    'addCustomerToTenants',
    () => member({ customerIdentifier: { emailAddress: email() } }),
    'not_found',
    [['customerIdentifier.emailAddress', 'NOT_FOUND']],
  ],
  [
    'an unknown customer by id, and tenants',
    'setCustomerTenants',
    () =>
      member({
        customerIdentifier: { customerId: none },
        tenantIdentifiers: [{ externalId: 'nobody' }, { tenantId: newId() }],
      }),
    'not_found',
    [
      ['customerIdentifier.customerId', 'NOT_FOUND'],
      ['tenantIdentifiers.0.externalId', 'NOT_FOUND'],
      ['tenantIdentifiers.1.tenantId', 'NOT_FOUND'],
    ],
  ],
  [
    'a malformed id',
    'removeCustomerFromTenants',
    () => member({ customerIdentifier: { customerId: 'c_1' } }),
    'input_validation',
    [['customerIdentifier.customerId', 'VALIDATION']],
  ],
  [
    'two identifiers at once',
    'addCustomerToTenants',
    () => member({ tenantIdentifiers: [{ externalId: records.tenant, tenantId: newId() }] }),
    'input_validation',
    [['tenantIdentifiers.0', 'VALIDATION']],
  ],
  [
    'no identifier',
    'upsertTenant',
    () => tenant({ identifier: {} }),
    'input_validation',
    [['identifier', 'VALIDATION']],
  ],
  [
    'too many tenants',
    'setCustomerTenants',
    () => member({ tenantIdentifiers: Array(101).fill({ externalId: 'x' }) }),
    'input_validation',
    [['tenantIdentifiers', 'VALIDATION']],
  ],
  [
    'an e-mail address that is none',
    'addCustomerToTenants',
    () => member({ customerIdentifier: { emailAddress: 'x' } }),
    'input_validation',
    [['customerIdentifier.emailAddress', 'VALIDATION']],
  ],
  [
    'an address that is too long',
    'upsertTenant',
    () => tenant({ url: { value: 'x'.repeat(2049) } }),
    'input_validation',
    [['url.value', 'VALIDATION']],
  ],
  ['an empty name', 'upsertTenant', () => tenant({ name: ' ' }), 'input_validation', [['name', 'VALIDATION']]],
  [
    'an external id of another tenant',
    'upsertTenant',
    () => tenant({ externalId: records.takenTenant }),
    'input_validation',
    [['externalId', 'VALIDATION']],
  ],
  [
    'an unknown tenant by id',
    'upsertTenant',
    () => tenant({ identifier: { tenantId: newId() } }),
    'not_found',
    [['identifier.tenantId', 'NOT_FOUND']],
  ],
  [
    'an unknown tenant to delete',
    'deleteTenant',
    () => ({ tenantIdentifier: { externalId: 'nobody' } }),
    'not_found',
    [['tenantIdentifier.externalId', 'NOT_FOUND']],
  ],
  [
    'an unknown id to delete',
    'deleteTenant',
    () => ({ tenantIdentifier: { tenantId: newId() } }),
    'not_found',
    [['tenantIdentifier.tenantId', 'NOT_FOUND']],
  ],
  [
    'no tenant to delete',
    'deleteTenant',
    () => ({ tenantIdentifier: {} }),
    'input_validation',
    [['tenantIdentifier', 'VALIDATION']],
  ],
  [
    'an unknown customer to delete',
    'deleteCustomer',
    () => ({ customerId: none }),
    'not_found',
    [['customerId', 'NOT_FOUND']],
  ],
  [
    'a malformed id to delete',
    'deleteCustomer',
    () => ({ customerId: 'x' }),
    'input_validation',
    [['customerId', 'VALIDATION']],
  ],
  [
    'an unknown customer to change',
    'upsertCustomer',
    () => upserting({ identifier: { customerId: none } }),
    'not_found',
    [['identifier.customerId', 'NOT_FOUND']],
  ],
  [
    'unknown tenants of a new customer',
    'upsertCustomer',
    () =>
      upserting({
        identifier: { externalId: unique('x') },
        onCreate: onCreate({ tenantIdentifiers: [{ externalId: records.tenant }, { tenantId: newId() }] }),
      }),
    'not_found',
    [['onCreate.tenantIdentifiers.1.tenantId', 'NOT_FOUND']],
  ],
  [
    'values that are not allowed',
    'upsertCustomer',
    () =>
      upserting({
        onCreate: onCreate({ fullName: '', externalId: long }),
        onUpdate: { fullName: { value: long }, email: { email: 'x', isVerified: true } },
      }),
    'input_validation',
    [
      ['onCreate.fullName', 'VALIDATION'],
      ['onCreate.externalId', 'VALIDATION'],
      ['onUpdate.fullName.value', 'VALIDATION'],
      ['onUpdate.email.email', 'VALIDATION'],
    ],
  ],
  [
    'an identifier that would be cleared',
    'upsertCustomer',
    () => upserting({ identifier: { externalId: records.takenId }, onUpdate: { externalId: { value: null } } }),
    'input_validation',
    [['onUpdate.externalId.value', 'VALIDATION']],
  ],
  [
    'the e-mail address of another, for a new customer',
    'upsertCustomer',
    () =>
      upserting({
        identifier: { externalId: unique('x') },
        onCreate: onCreate({ email: { email: records.taken, isVerified: true } }),
      }),
    'customer_already_exists_with_email',
    [['onCreate.email.email', 'VALIDATION']],
  ],
  [
    'the external id of another, for a new customer',
    'upsertCustomer',
    () => upserting({ identifier: { emailAddress: email() }, onCreate: onCreate({ externalId: records.takenId }) }),
    'customer_already_exists_with_external_id',
    [['onCreate.externalId', 'VALIDATION']],
  ],
  [
    'the external id of another, for one who exists',
    'upsertCustomer',
    () => upserting({ onUpdate: { externalId: { value: records.takenId } } }),
    'customer_already_exists_with_external_id',
    [['onUpdate.externalId.value', 'VALIDATION']],
  ],
  [
    'the e-mail address of another, where both are given',
    'upsertCustomer',
    () => upserting({ onUpdate: { email: { email: records.taken, isVerified: true } } }),
    'customer_already_exists_with_email',
    [
      ['onCreate.email.email', 'VALIDATION'],
      ['onUpdate.email.email', 'VALIDATION'],
    ],
  ],
  [
    'the name of another company',
    'upsertCustomer',
    () =>
      upserting({ identifier: { externalId: records.company }, onUpdate: { fullName: { value: 'Only One Inc.' } } }),
    'input_validation',
    [['onUpdate.fullName.value', 'VALIDATION']],
  ],
];
