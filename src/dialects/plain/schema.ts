import { builder } from './builder.ts';
import './tenant.ts';
import './tenant-mutations.ts';
import './customer.ts';
import './customer-lists.ts';
import './customer-mutations.ts';
import './membership.ts';
import './permissions.ts';

/** The schema of Plain's tenants and customers. */
export const schema = builder.toSchema({ sortSchema: false });
