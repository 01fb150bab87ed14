import { listCustomersOfTenants } from '../../directory/customers/queries.ts';
import { listTenantsOfCustomers, requireTenantDetails } from '../../directory/tenants/queries.ts';
import { builder } from '../shared/builder.ts';
import { nestedList } from '../shared/connection.ts';
import { Tenant, TenantConnection } from '../tenants/tenant.ts';
import { Customer, CustomerConnection } from './customer.ts';

builder.objectField(Customer, 'tenants', (t) =>
  t.connection(
    {
      type: Tenant,
      description:
        'The live tenants in your reach that the customer belongs to, the oldest first. Needs `tenant:read`.',
      ...nestedList(listTenantsOfCustomers),
    },
    TenantConnection,
  ),
);

builder.objectField(Tenant, 'customers', (t) =>
  t.connection(
    {
      type: Customer,
      description: 'The live customers that belong to the tenant, the oldest first. Needs `customer:read`.',
      ...nestedList(listCustomersOfTenants, { require: requireTenantDetails }),
    },
    CustomerConnection,
  ),
);
